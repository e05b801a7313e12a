"""Are words to be written on the picture?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from typing import Any

from .. import slots
from ..text import Words
from .base import Facts, Found

__all__ = ["caption"]

_TEXT = re.compile(
    r"\b(?:write|caption|captioned|text|title|words?|label|watermark|letters|type|inscribe|say(?:s|ing)?|overlay|viet|chu|ghi|dong chu|tieu de|chu thich|caption la|chen|de chu|dien)\b"
)

_QUOTED = re.compile(r"\"([^\"]{1,300})\"|(?<![a-z0-9])'([^']{1,300})'(?![a-z0-9])")

_WRITE = re.compile(
    r"\b(?:write|type|add (?:the |a |some )?(?:text|caption|title|words?|label|watermark)|put (?:the |a )?(?:text|caption|title|words?|label|watermark)|caption(?: it)?(?: with)?|overlay (?:the )?(?:text|words?)|text(?: saying| that says)?|title(?: it)?|label it|"
    r"viet(?: len| vao)?(?: anh| hinh)?(?: dong)?(?: chu)?|(?:chen|them|ghi|dat|de|dien)(?: vao)?(?: \w+){0,2}? (?:chu|text|dong chu|tieu de|caption|chu thich)|ghi(?: chu)?|chen chu|them chu)\b(?:\s+(?:saying|that says|which says|with|reading|la|noi|voi noi dung|noi dung|:))*\s*:?\s*(?P<text>.+)$"
)
_STATES = re.compile(
    r"\b(?:add|put|write|insert|place|overlay|stamp|slap|type|include|caption|label|watermark|them|chen|viet|ghi|dat|de|dong|gan)\b(?: \w+){0,9}? (?:(?:that |which )?(?:says?|saying|reads?|reading|goes|going)|with the (?:words?|text|message)|noi rang|noi|noi dung(?: la)?|ghi(?: la)?|(?:chu|text|caption|tieu de) la|voi noi dung)\b\s*:?\s*(?P<text>.+)$|\bwatermark(?: \w+){0,3} (?:with|as|saying|:)\s*(?P<mark>.+)$|\bwatermark (?P<sign>©.+)$"
)

_PLACE = (
    ("top-left", r"top[- ]left|upper[- ]left|(?:goc )?(?:tren|phia tren)(?: ben)? trai|goc trai(?: phia)? tren"),
    ("top-right", r"top[- ]right|upper[- ]right|(?:goc )?(?:tren|phia tren)(?: ben)? phai|goc phai(?: phia)? tren"),
    ("bottom-left", r"bottom[- ]left|lower[- ]left|(?:goc )?(?:duoi|phia duoi)(?: ben)? trai|goc trai(?: phia)? duoi"),
    ("bottom-right", r"bottom[- ]right|lower[- ]right|(?:goc )?(?:duoi|phia duoi)(?: ben)? phai|goc phai(?: phia)? duoi"),
    ("center", r"(?:center|middle|giua|chinh giua|o giua|trung tam)"),
    ("top", r"(?:top|above|upper|tren cung|phia tren|o tren|tren dau|ben tren|phan tren)"),
    ("bottom", r"(?:bottom|below|lower|underneath|duoi cung|phia duoi|o duoi|ben duoi|phan duoi|cuoi anh)"),
)  # fmt: skip


def caption(words: Words, facts: Facts) -> Found | None:
    key = words.key
    quoted = _QUOTED.search(key)
    written = _STATES.search(key) or _WRITE.search(key)
    if not written and not (
        quoted
        and (
            _TEXT.search(key)
            or re.match(
                r"^(?:put|add|place|show|stamp|slap|include|print|engrave|insert|have|give|make it say|them|dat|cho|in|dong|de|gan)\b|^\"[^\"]+\" (?:at|in|on|across|along|o|ben|phia|goc|tren|duoi|giua)\b",
                key,
            )
        )
    ):
        return None
    if (
        re.match(r"^(?:write|viet) (?:me|us|cho (?:minh|toi|em))\b(?! (?:the |a )?(?:caption|text|words?|title|dong chu|chu)\b)", key)
        and not quoted
    ):
        return None
    if re.match(r"^(?:remove|delete|erase|replace|change|swap|xoa|bo|get rid|thay|doi)\b", key):
        return None
    if quoted:
        group = 1 if quoted[1] is not None else 2
        text = words.written(quoted.start(group), quoted.end(group))
        rest = key[: quoted.start()] + key[quoted.end() :]
    else:
        assert written
        group_name = next(name for name, value in written.groupdict().items() if value)
        start, end = written.span(group_name)
        rest = key[:start]
        tail = re.search(
            r"\s*,?\s*\b(?:(?:at|on|in|to|near|along|across|o|vao|len|tai|phia|ben)\s+(?:the |phia |ben |goc )*(?:very )?(?:top|bottom|center|middle|upper|lower|corner|left|right|tren|duoi|giua|goc|chinh giua|trung tam)\b.*|in (?:big |large |small |bold )?(?:white|black|red|yellow|blue|green|orange|pink|purple|gold)\b.*|(?:mau|chu mau)\s+(?:trang|den|do|vang|xanh|hong|tim|cam)\b.*|(?:phia tren|phia duoi|tren cung|duoi cung|chinh giua|goc (?:tren|duoi|trai|phai))\b.*|(?:on|onto|vao|len) (?:it|the (?:picture|image|photo)|anh|hinh)\b.*)$",
            key[start:end],
        )
        if tail:
            rest += " " + tail[0]
            end = start + tail.start()
        text = words.written(start, end).strip(" .,:\"'")
        if (
            not text
            or text.lower() in ("it", "text", "chữ", "something", "on it", "pls", "please", "bigger", "smaller", "there")
            or re.match(r"^(?:bigger|smaller|larger|to hon|nho hon|please|pls)\b", key[start:end])
        ):
            return None
    op: dict[str, Any] = {"op": "text", "text": text}
    place = next((name for name, pattern in _PLACE if re.search(rf"\b{pattern}\b", rest)), None)
    if place:
        op["position"] = place
    if color := slots.color_in(rest):
        op["color"] = color[0]
    if size := re.search(r"\b(?:size|co chu|co)\s*[:=]?\s*(\d{1,4})\b|\b(\d{1,4})\s*(?:px|pt|pixels?)\b", rest):
        op["size"] = max(6, min(1000, int(size[1] or size[2])))
    return Found("adjust", {"operations": [op]})
