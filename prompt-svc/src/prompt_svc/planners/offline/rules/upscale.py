"""Is the picture to get more pixels?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from typing import Any

from .. import slots
from ..text import Words
from .base import Facts, Found

__all__ = ["upscale"]

_UPSCALE = re.compile(
    r"\bup-?\s?(?:scal\w*|res|siz\w*)\b|\b(?:enlarge|embiggen|magnify|blow (?:it |this )?up|super.?resolution)\b|\b(?:increase|improve|raise|boost|enhance|higher|better|double|quadruple|more|bump(?: up)?|tang|nang|nang cap|nang cao|cai thien)\b[\w\s]{0,22}\b(?:resolution|res|quality|pixels|size|dimensions|do phan giai|chat luong|kich thuoc|kich co)\b|"
    r"\b(?:twice|doubled?|tripled?|quadrupled?|\d+\s*(?:x|times))\b[\w\s]{0,16}\b(?:big|large|size|bigger|larger|resolution)\b|\b(?:make|want|need)\b[\w\s]{0,16}\b(?:bigger|larger)\b|^(?:a (?:bit|lot) |much |even |way )?(?:bigger|larger)\b|\b(?:high(?:er)?.?(?:res|resolution|quality)|hi-?res|hd|4k|8k|full hd|ultra hd|uhd)\b|"
    r"\bphong (?:to|lon|dai)\b|\bphong anh\b|\blam (?:cho )?(?:no |anh |hinh |anh nay )?(?:to|lon)\b|\b(?:to|lon) (?:hon|len|gap|ra)\b|\blam net\b[\w\s]{0,16}\b(?:lan|gap|x\d|\dx)\b|\b(?:gap doi|gap 2|gap bon|gap 4|nhan doi)\b|\b(?:khu|giam|bo) (?:nhieu|noise|hat)\b|\bde-?noise\b|\b(?:remove|reduce|clean up|get rid of|less)\b[\w\s]{0,10}\b(?:noise|grain)\b|"
    r"\b(?:double|quadruple) (?:it|this|that|the (?:picture|image|photo))\b|\b\d(?:\.\d)?\s?x\b(?!\s*\d)|\bx\s?[248]\b|\bphan giai cao\b|\btang do phan giai\b|\bsuper resolution\b|\b(?:\d|hai|bon) lan\b|\blow.?res\b|\bpixelated\b|\bpixely\b|\b(?:bi )?(?:vo hat|be hat|vo net|vo hinh)\b|\benhance (?:it|this|the (?:picture|image|photo|quality)|quality|my (?:picture|photo|image))\b|\bdo phan giai\b|\bzoom to\b|\b(?:re)?scal(?:e|ing) (?:it |this |the \w+ )?up\b"
)  # fmt: skip


def upscale(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if not _UPSCALE.search(key) or slots.size_of(key) or slots.pixels_of(key):
        return None
    if re.search(r"\b(?:brightness|contrast|saturation|text|chu|border|zoom out)\b", key):
        return None
    by = re.search(r"\bby (?:a factor of )?([2-8])\b(?!\s*(?:%|px|percent))", key)
    factor = slots.factor_of(key) or (float(by[1]) if by else 2.0)
    if re.search(r"\b(?:8k|4 lan|bon lan)\b", key):
        factor = 4.0
    params: dict[str, Any] = {"scale_factor": 4 if factor > 2 else 2}
    if re.search(r"\b(?:noise|noisy|grain|grainy|denoise|de-noise|nhieu hat|khu nhieu|giam nhieu|bo nhieu|noise|bi nhieu)\b", key):
        params["flavor"] = "photo_denoiser"
    elif re.search(r"\b(?:drawing|illustration|painting|anime|artwork|tranh|hinh ve)\b", key):
        params["flavor"] = "sublime"
    if re.search(r"\b(?:sharpen|sharper|sharp|net hon|sac net)\b", key):
        params["sharpen"] = slots.strength_of(re.sub(r"\d+\s*(?:%|percent|phan tram)", "", key), default=50)
    if re.search(r"\b(?:more detail|details?|chi tiet)\b", key):
        params["ultra_detail"] = 50
    return Found("upscale", params)
