"""Is there to be more beyond the frame?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from typing import Any

from .. import slots
from ..text import Words
from .base import Facts, Found

__all__ = ["expand"]

_EXPAND = re.compile(
    r"\b(?:expand|extend|outpaint|out-paint|uncrop|un-crop|widen|broaden|enlarge the canvas|stretch out)\w*\b|\bzoom out\b|\bzoom (?:it|this) out\b|\b(?:more|extra|add) (?:space|room|canvas|sky|scenery|surroundings?|background|margin)\b|"
    r"\badd\s+\d+\s*(?:px|pixels?|%|percent)[\w\s]{0,30}\b(?:left|right|top|bottom|side|above|below)|\b(?:mo|noi|keo|trai) (?:rong|dai)\b|\bnoi (?:anh|hinh|khung|them|ra|phia|ben|sang|len|xuong|rong)\b|\bmo (?:anh|hinh|khung) (?:rong|ra|nay ra)|\bthem (?:khong gian|khoang trong|vien canh|canh|nen|\d+ ?(?:px|pixels?))\b[\w\s]{0,20}|\b(?:wider|taller)\b|\bvuon\b|\bve tiep\b|\bkeo (?:anh|hinh)\b|\bthem (?:\w+ ){0,2}(?:hai|2|cac|bon|4) (?:ben|phia|canh)\b|\brong (?:hon|ra|them)\b|\bbigger canvas\b|\b(?:outside|beyond) the (?:frame|edges?|borders?)\b|\b(?:see|show|reveal|include) more of (?:the|my|his|her|our|what)\b|\bbigger frame\b|\bshow more of the (?:scene|surround|room|place)|\b(?:more|further) to the (?:left|right)\b"
)  # fmt: skip


def expand(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if not _EXPAND.search(key) or re.search(r"\b(?:add more (?:stars|clouds|trees))\b", key):
        return None
    if (ratio := slots.ratio_in(key)) and facts.width and facts.height and not re.search(r"\d+\s*(?:px|pixel|%)", key):
        across, down = (int(part) for part in ratio[0].split(":"))
        want = round(facts.height * across / down)
        if want > facts.width:
            half = min(2048, max(1, (want - facts.width + 1) // 2))
            return Found("image_expand", {"left": half, "right": half})
        tall = round(facts.width * down / across)
        if tall > facts.height:
            half = min(2048, max(1, (tall - facts.height + 1) // 2))
            return Found("image_expand", {"top": half, "bottom": half})
    if ratio:
        key = key[: ratio[1]] + key[ratio[2] :]
        wide = int(ratio[0].split(":")[0]) >= int(ratio[0].split(":")[1])
        if not re.search(r"\b(?:left|right|top|bottom|trai|phai|tren|duoi)\b", key):
            return Found("image_expand", {"left": 256, "right": 256} if wide else {"top": 256, "bottom": 256})
    if re.search(r"\b(?:more|extra|add) sky\b|\bthem bau troi\b", key) and not re.search(r"\b(?:left|right|bottom)\b", key):
        key += " top"
    params: dict[str, Any] = dict(slots.sides_in(key, width=facts.width, height=facts.height))
    if extra := re.search(r"\bwith (?:more )?(?!\d)([\w\s]{3,80})$", key):
        params["prompt"] = words.written(extra.start(1), extra.end(1))
    return Found("image_expand", params)
