"""Is the light to change?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from typing import Any

from .. import slots
from ..lexicon import LIGHT_STYLES
from ..text import Words
from .base import Facts, Found, trimmed

__all__ = ["relight"]

_RELIGHT = re.compile(
    r"\bre-?light\w*\b|\blighting\b|\b(?:light|sunlight|moonlight|glow|shadows?|lit)\b[\w\s]{0,14}\b(?:from|on (?:the|his|her|my)|by|behind|left|right|above|below)\b|\b(?:golden hour|blue hour|backlit|back ?light|rim light|candle ?light|studio light\w*|(?:window|stage|morning|evening|ambient|diffused?|street|fire|star|rim|key|fill|natural) ?light\w*|spot ?light|neon light\w*|sunset light|sunrise light|moonlight|sunlight|day ?light|warm light|cold light|soft(?:er)? light|hard light|stage light)\b|"
    r"\b(?:dramatic|cinematic|moody|soft|natural|warm|cool|harsh|better|different|new|change the|fix the|improve the) (?:light|lights|lighting)\b|\b(?:make|get|look)\b[\w\s]{0,40}\b(?:sunset|sunrise|night|day time|daytime|evening|morning|night ?time|nighttime|moonlit|dusk|dawn|golden hour|dramatic|cinematic|moody)\b|\b(?:light|illuminate) (?:it|this|the|him|her|my)\b|^(?:more )?(?:dramatic|cinematic|moody)\b|"
    r"\banh (?:sang(?! (?:len|ra|xiu|chut|trai|phai|hon|nhieu|mot chut|them))|nang|den(?! trang)|lamp|moon)\b|\bchieu sang\b|\bchieu (?:den|lamp|tu)\b|\b(?:den|lamp) (?:chieu|studio|neon|san khau)\b|\bdoi nguon sang\b|\bchup (?:luc|vao|buoi|duoi)\b|\b(?:shot|taken|photographed) (?:at|in|during|under)\b|\bnguoc sang\b|\bkieu (?:hoang hon|binh minh)\b|\b(?:nhu|giong) (?:hoang hon|binh minh|ban dem|buoi toi|luc hoang hon|dang hoang hon)\b|\bgio vang\b|\bkich tinh\b|\bnang (?:chieu|sang|vang|tu|ben|phia)\b"
)  # fmt: skip


def relight(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if not _RELIGHT.search(key):
        return None
    if re.search(
        r"\b(?:tang|giam|them|bot|increase|reduce|more|less|decrease)\s+(?:\w+\s+)?(?:anh sang|light)\b(?!\w)", key
    ) and not re.search(r"\b(?:from|tu|left|right|trai|phai|phia)\b", key):
        return None
    params: dict[str, Any] = {"prompt": trimmed(words).raw}
    style = next(
        (LIGHT_STYLES[name] for name in sorted(LIGHT_STYLES, key=len, reverse=True) if re.search(rf"\b{re.escape(name)}\b", key)), None
    )
    if style:
        params["style"] = style
    if (percent := slots.percent_of(key)) is not None:
        params["light_transfer_strength"] = percent / 100
    elif match := re.search(r"\b(?:strength|do manh|cuong do)\D{0,6}(0?\.\d+|[01](?:\.0)?)\b", key):
        params["light_transfer_strength"] = float(match[1])
    return Found("relight", params)
