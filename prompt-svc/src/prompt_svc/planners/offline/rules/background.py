"""Is the subject to be cut out, or the background's colour to change?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re

from .. import slots
from ..lexicon import COLORS
from ..text import Words
from .base import BG, REMOVE, Facts, Found

__all__ = ["background"]

_REMOVE_BG = re.compile(
    rf"\b{REMOVE}\b[\w\s']{{0,40}}?\b{BG}\b|\b{BG}\b[\w\s]{{0,20}}\b(?:removed|removal|gone|transparent|trong suot|away|out|off|bo di|xoa di|di)\b|"
    rf"\b(?:transparent|clear|empty|see.?through)\s+(?:png|{BG})|\btransparent\b|\btrong suot\b|\bcut ?out\b|\bcut\s+(?:\w+\s+){{1,4}}out\b|\bisolate\b|\bextract (?:the|my|this|him|her)\b|"
    r"\btach (?:rieng )?(?:chu the|nguoi|doi tuong|vat the|san pham|nhan vat|con|cai|hinh)\b|\bcat (?:rieng )?(?:chu the|nguoi|doi tuong|nhan vat|con \w+|san pham) ra\b|\bmask only\b|\b(?:only|just) (?:keep )?the (?:main )?(?:subject|person|product|foreground)\b|\bkeep (?:only|just) the (?:subject|person|product|foreground)\b|\bchi giu(?: lai)? (?:chu the|nguoi|san pham|nhan vat)|\bknock ?out\b|\bnen trang\b|\bsilhouette mask\b"
)  # fmt: skip

_ON_COLOR = re.compile(
    rf"\b(?:put|place|set|dat|cho|de|move)\b[\w\s]{{0,24}}?\b(?:on|onto|over|against|in front of|len|tren)\b\s+(?:an?\s+|the\s+|mot\s+)?(?:solid\s+|plain\s+|pure\s+|bright\s+)?(?:{BG}\s+)?(?:mau\s+)?(?P<c>[\w# ]+?)(?:\s+{BG})?$"
)

_BG_COLOR = re.compile(
    rf"\b(?P<before>[\w#]+(?: [\w]+)?)\s+(?:solid\s+)?(?:color(?:ed)?\s+)?{BG}\b|\b{BG}\b(?:\s+(?:color|mau|cua (?:anh|hinh)|anh|nay|cua no|sang|thanh|to|into|with|be|is|as|trong|qua|la|in|solid|plain|a|phia sau|dang sau|hinh|it|the|no))*\s+(?P<after>[\w#]+(?: [\w]+){{0,2}})"
)


def background(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if re.search(
        r"\b(?:blur\w*|lam mo|lam nhoe|xoa mo|mo nen|mo phong|phong mo|nen mo|mo (?:cai )?background|mo hau canh|mo (?:phia|dang) sau|bokeh|unfocus|defocus|out of focus)\b",
        key,
    ):
        return None
    if re.search(
        r"\b(?:people|person|man|woman|text|watermark|logo|objects?|car|cars|tourists?|nguoi|chu|vat)\b[\w\s]{0,12}\b(?:in|from|on|o|trong)\b[\w\s]{0,6}\b(?:background|nen|phong)",
        key,
    ):
        return None
    color = "#ffffff" if re.search(rf"\bwhiten (?:out )?(?:the |my )?{BG}\b", key) else _background_color(key)
    if color:
        return Found("remove_background", {"background_color": color})
    if not _REMOVE_BG.search(key) or (re.search(r"\bnen trang\b", key) and not re.search(REMOVE, key)):
        return None
    if re.search(r"\b(?:thay|replace|change|swap|doi)\b", key) and not re.search(r"\btransparent|trong suot", key):
        return None
    return Found(
        "remove_background",
        {"mask_only": True} if re.search(r"\b(?:mask only|only the mask|just the mask|chi (?:lay )?mask)\b", key) else {},
    )


def _background_color(key: str) -> str | None:
    if match := _ON_COLOR.search(key):
        found = slots.color_in("on " + match["c"])
        if found and found[2] - found[1] >= len(match["c"].strip()) - 8:
            return found[0]
    if re.search(r"\b(?:a cat|a dog|create|generate|draw|ve|tao)\b", key):
        return None
    for match in re.finditer(rf"\b{BG}\b", key):
        after = key[match.end() :]
        after = re.sub(
            r"^(?:\s+(?:colou?r|mau|cua (?:anh|hinh|no)|anh|hinh|nay|sang|thanh|to|into|with|be|is|as|qua|la|in|solid|plain|pure|an?|phia sau|dang sau|it|the|don sac|bang))*\s+",
            " ",
            after,
        )
        found = slots.color_in("nen" + after[:24])
        if found and found[1] <= 4:
            return found[0]
        before = key[: match.start()]
        name = re.search(r"((?:[\w#]+ )?[\w#]+)\s+(?:colou?r(?:ed)?\s+)?$", before)
        if name:
            for candidate in (name[1], name[1].split()[-1]):
                bare = candidate.removeprefix("plain ").removeprefix("solid ").removeprefix("a ").removeprefix("pure ")
                if (bare in COLORS and bare not in ("be", "do", "cam", "den", "bac", "tim", "kem")) or re.fullmatch(
                    r"#[0-9a-f]{3,6}", bare
                ):
                    return COLORS.get(bare, bare)
    return None
