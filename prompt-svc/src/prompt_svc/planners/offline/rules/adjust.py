"""Which everyday edits does a clause hold, in order?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .. import slots
from ..text import Words
from .base import BG, Facts, Found
from .caption import caption
from .geometry import CROP, FLIP, RESIZE, ROTATE, ROUND, crop, degrees, direction, radius, resize
from .tones import tones

__all__ = ["BLUR_BG", "GRAYSCALE", "SEPIA", "adjust"]

GRAYSCALE = re.compile(
    r"\bblack (?:and|&|n|'n) ?white\b|\bblack-and-white\b|\bgr[ae]y-? ?scale\b|\bmonochrom\w*\b|\b(?:den|trang)[ -]+(?:va )?(?:trang|den)\b|\btrang den\b|\bb ?& ?w\b|\b(?:remove|drain|turn off|switch off|take|suck|strip|lose|kill|drop|get rid of|without|no)(?: all| the| any| out| of| away)* colors?\b(?! (?:cast|from the (?:background|sky)))(?: out| away)?|\bnoir\b(?! (?:light\w*|style light\w*))|\bdon sac\b|\b(?:khong|mat|het)(?: co)? mau\b(?! (?:nen|nao|gi))|\bxoa mau\b|\bgray(?:ed)? (?:it )?out\b"
)

SEPIA = re.compile(
    r"\bsepia\b|\bold (?:photo|picture|time|fashioned)\b|\blook(?:s|ing)? (?:old|aged)\b|\baged (?:photo|look)\b|\bnau co\b|\b(?:anh|hinh) (?:co|cu|xua)\b|\bmau (?:nau|co|xua|hoai co)\b(?! (?:nen|cho))|\bhoai co\b|\b1[89]\d0s? (?:photo\w*|picture|look|style)\b|\bold[ -]?tim(?:ey|y|e)\b|\bbrown(?:ish)? (?:tint|tone|vintage|photo|effect)\b|\bantique\b|\b(?:film|anh|phim) (?:cu|xua)\b|\bhoai niem\b"
)

BLUR_BG = re.compile(
    rf"\b(?:blur\w*|unfocus|defocus|soften|lam mo|mo|lam nhoe|nhoe|xoa mo|xoa phong)\b[\w\s']{{0,24}}\b(?:{BG}|behind|phia sau|dang sau|xung quanh|surroundings)\b|\bbehind\b[\w\s]{0, 24}\bblur\w*|\b{BG}\b[\w\s]{{0,20}}\b(?:blur\w*|out of focus|mo|nhoe|mo di|mo ao)\b|\b(?:blur\w*|lam mo)\b[\w\s]{{0,12}}\b(?:everything|all|het|tat ca|moi thu)\b[\w\s]{{0,12}}\b(?:but|except|besides|other than|tru|ngoai tru)\b|\bbokeh\b|\bportrait mode\b|\bshallow depth\b|\bche do chan dung\b|\bxoa phong(?: \w+)?$|\bblurry {BG}\b"
)

_BLUR = re.compile(
    r"\bblur\w*\b|\bgaussian\b|\bsoft focus\b|\bsmudg\w+\b|\bfuzzy\b|\b(?:lam|cho)(?: \w+){0,2} (?:mo|nhoe)\b|\blam nhoe\b|\b(?:nhoe|mo) (?:hon|di|anh|hinh|ao)\b|\bhieu ung mo\b|\bout of focus\b"
)

_SHARPEN = re.compile(
    r"\bsharp(?:en|er|ness|ened|ening)?\b|\bcrisp(?:er|en)?\b|\bclearer\b|\bmore (?:clear|detailed|defined)\b|\bless blurry\b|\btoo blurry\b|\bunblur\b|\bde-?blur\b|\blam (?:cho )?(?:\w+ ){0,2}(?:sac )?net\b|\b(?:sac )?net (?:hon|len|cang)\b|\btang (?:do )?(?:sac )?net\b|\bdo (?:sac )?net\b|\blam ro\b|(?<!ruc )\bro (?:net|hon)\b|\bbi (?:mo|nhoe)\b|(?:va|voi|lai) mo\b(?! (?:nen|hau|phong|phia|dang|rong))|\bmo (?:qua|tit)\b|\bfocus(?:ed)?\b(?! on)"
)


_FITS = re.compile(
    r"^(?:make|fit|cut|crop|size|format|shape|turn|prepare|adapt|optimize|set|lam|cat|chinh|doi|cho|sua|de)\b(?=[^:]{0,60}$)"
)


@dataclass(frozen=True, slots=True)
class _Op:
    start: int
    end: int
    op: dict[str, Any]


def adjust(words: Words, facts: Facts) -> Found | None:
    text = caption(words, facts)
    if text:
        return text
    key = words.key
    ops: list[_Op] = []

    def add(match: re.Match[str] | None, op: dict[str, Any]) -> None:
        if match and not any(match.start() < other.end and other.start < match.end() for other in ops):
            ops.append(_Op(match.start(), match.end(), op))

    add(GRAYSCALE.search(key), {"op": "grayscale"})
    add(SEPIA.search(key), {"op": "sepia"})
    add(BLUR_BG.search(key), {"op": "blur-background", "amount": slots.strength_of(key, default=50)})
    if not any(op.op["op"] == "blur-background" for op in ops):
        sharpen = _SHARPEN.search(key)
        add(sharpen, {"op": "sharpen", "amount": slots.strength_of(key, default=50)})
        if not sharpen:
            add(_BLUR.search(key), {"op": "blur", "amount": slots.strength_of(key, default=50)})
    add(ROUND.search(key), {"op": "round-corners", "radius": radius(key, facts)})
    rotate = None if FLIP.search(key) and not re.search(r"\brotat|xoay|degree|clockwise|\d+ ?do\b", key) else ROTATE.search(key)
    add(rotate, {"op": "rotate", "degrees": degrees(key)})
    flip = None if rotate else FLIP.search(key)
    add(flip, {"op": "flip", "direction": direction(key)})
    if not flip and not rotate:
        add(CROP.search(key) or (_FITS.search(key) if slots.place_in(key) else None), crop(key, facts))
        sized = RESIZE.search(key)
        if sized and not any(op.op["op"] == "crop" for op in ops) and (size := resize(key, facts)):
            add(sized, size)
    for tone in tones(key, colorless=any(op.op["op"] in ("grayscale", "sepia") for op in ops)):
        if not any(tone.start < other.end and other.start < tone.end for other in ops if other.op["op"] != tone.op["op"]):
            ops.append(_Op(tone.start, tone.end, tone.op))
    if not ops:
        return None
    ops.sort(key=lambda op: op.start)
    usable = [op.op for op in ops if op.op]
    return Found("adjust", {"operations": usable[:16]}) if usable else None
