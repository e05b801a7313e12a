"""Is the picture to be told anew, or in another picture's style?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from typing import Any

from .. import slots
from ..lexicon import IMAGINATION
from ..text import Words
from .base import Facts, Found, trimmed

__all__ = ["REIMAGINE", "reimagine", "transfer"]

_OTHER = r"(?:second|other|reference|sample|this painting|that painting|attached|next|ref|2nd|last|third|(?:picture|image|photo) (?:2|two)|the (?:painting|one))"

_TRANSFER = re.compile(
    rf"\b(?:transfer|copy|apply|use|borrow|take|steal|match)\b[\w\s]{{0,24}}\b(?:style|look|colors?|palette|aesthetic|vibe|texture)\b|\bstyle transfer\b|\b(?:style|look|colors?) of (?:the |this |that |my |an? )?(?:\w+ )?(?:{_OTHER}|picture|image|photo|painting|one|artwork)\b|\b(?:look|looks|looking) like (?:the |my )?{_OTHER}\b|\bin the (?:same )?style of (?:the |my |this |that )(?:\w+ )?(?:picture|image|photo|painting|reference|one|other)\b|"
    r"\bchuyen (?:doi )?phong cach\b|\bphong cach (?:cua )?(?:anh|hinh|buc|tam)\b|\b(?:dung|lay|ap dung|theo|sao chep|copy)\b[\w\s]{0,10}\b(?:phong cach|style|mau sac) (?:cua |theo |tu )?(?:anh|hinh|buc|tam|cai)|\bgiong (?:nhu )?(?:phong cach |style )?(?:cua )?(?:anh|hinh|buc|tam|cai) (?:kia|thu hai|mau|tranh|nay|2|con lai|tham khao|sau)\b|\btheo (?:anh|hinh|buc|tranh) (?:mau|tham khao|kia|thu hai)\b|\bsame style as\b|\b(?:giong|cung) (?:phong cach|style) (?:voi )?(?:anh|hinh|buc|tam)"
)  # fmt: skip


def transfer(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if not _TRANSFER.search(key):
        return None
    style = slots.style_in(key)
    if style and not facts.has_reference and not re.search(rf"\b(?:{_OTHER}|kia|thu hai|mau$|tham khao)\b", key):
        return _reimagined(words, style[1], key)
    params: dict[str, Any] = {}
    strength = slots.percent_of(key)
    if strength is not None:
        params["style_strength"] = strength / 100
    elif re.search(r"\b(?:subtl\w+|slightly|a (?:bit|little)|lightly|nhe|chut|mot chut)\b", key):
        params["style_strength"] = 0.4
    elif re.search(r"\b(?:strongly|fully|completely|heavily|manh|hoan toan)\b", key):
        params["style_strength"] = 1.0
    if re.search(r"\b(?:portrait|chan dung)\b", key):
        params["is_portrait"] = True
    return Found("style_transfer", params)


REIMAGINE = re.compile(
    r"\bre-?imagin\w*\b|\b(?:variations?|variants?|remix|re-?interpret\w*|reinvent|re-?create|redo it differently|restyle|stylize|stylise|re-?style|re-?draw|re-?paint)\b|\b(?:another|a different|alternate|alternative|new|different) (?:version|take|look|spin|interpretation)\b|\b(?:wild|crazy|creative) (?:version|take)\b|"
    r"\bbien the\b|\bphien ban (?:khac|moi|pha cach|sang tao|\w+)\b|\bsang tao lai\b|\bbien tau\b|\bbased on (?:it|this|that|my|the)\b|\b(?:wilder|crazier|bolder|stranger|weirder)\b|\bban khac\b(?! (?:di|nua)?$)|\bkieu khac\b|\bphien ban\b|\b(?:redo|redone|do|remake|reshoot|rework) (?:it |this |that )?as\b|\bsame (?:thing|picture|photo|image|scene) (?:but )?(?:in|as)\b|\b(?:version|take|spin|twist) (?:of|on) (?:it|this|that|the same)\b|\bas if (?:it|this) (?:was|were)\b|\bve lai\b|\btuong tuong lai\b|\blam lai (?:kieu|theo|phong cach|anh)\b|\bmot kieu khac\b|\bpha cach\b|\bsurprise me\b"
)  # fmt: skip

_INTO_STYLE = re.compile(
    r"\b(?:turn|make|convert|transform|change|render|redraw|repaint|bien|chuyen|lam|doi|ve|cho|style|see|want|do|get|look|looks?|nhin)\b[\w\s,']{0,40}|^(?:in|as|like|to|into|kieu|theo|phong cach|style|an?)\b|\b(?:version|style|effect|look|filter|feel|vibe|vibes|aesthetic|twist|treatment|makeover|touch|kieu|phong cach|hieu ung)\b"
)


def reimagine(words: Words, facts: Facts) -> Found | None:
    key = words.key
    style = slots.style_in(key)
    if re.search(r"\b(?:sepia|black and white|grayscale)\b", key):
        return None
    explicit = REIMAGINE.search(key)
    if not explicit:
        if not style or not _INTO_STYLE.search(key):
            return None
        if re.match(r"^(?:put|add|place|them|dat|write|viet|remove|xoa|bo)\b", key):
            return None
    return _reimagined(words, style[1] if style else "", key)


def _reimagined(words: Words, style: str, key: str) -> Found:
    params: dict[str, Any] = {}
    imagination = next(
        (
            level
            for level in ("wild", "vivid", "subtle")
            for name in IMAGINATION
            if IMAGINATION[name] == level and re.search(rf"\b{re.escape(name)}\b", key)
        ),
        None,
    )
    params["imagination"] = imagination or ("vivid" if style else "subtle")
    prompt = trimmed(words).raw
    match = re.search(
        r"\b(?:as|into|like|in|with|thanh|kieu|nhu|giong|theo phong cach|phong cach|but|set in|(?<!^)sang(?! tao))\s+(?!(?:it|this|that|the same|khac|mot chut)\b)(.+)$",
        words.key,
    )
    if match:
        prompt = trimmed(words.slice(match.start(1), len(words.key))).raw
        prompt = re.sub(r"(?i)^(?:an?|the|một|mot)\s+", "", prompt)
    if style or match:
        params["prompt"] = (
            prompt if not style or any(word in prompt.lower() for word in style.lower().split() if len(word) > 3) else f"{prompt}, {style}"
        )
    if ratio := slots.ratio_in(key):
        params["aspect_ratio"] = ratio[0]
    return Found("reimagine", params)
