"""Is the picture to be another kind of file?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re

from ..text import Words
from .base import Facts, Found

__all__ = ["file_format"]

_NAMES = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "webp": "webp"}
_NAME = r"(?:jpe?g|png|webp)"
_CONVERT = re.compile(
    rf"\b(?:convert|save|export|change|turn|make|give|get|send|download|need|want|output|as|into|to|in|chuyen|doi|luu|xuat|cho|muon|can|tai|thanh|sang|qua|duoi|dang|dinh dang|file|tep)\b[\w\s]{{0,30}}?\.?\b(?P<name>{_NAME})\b|^\.?(?P<bare>{_NAME})(?: (?:please|version|file|format|instead|di|nha|nhe))*$|\b(?P<only>{_NAME}) (?:file|format|version|image|picture)\b"
)
_OTHER = re.compile(r"\b(?:from|tu)\s+(?:an? )?\.?(?:jpe?g|png|webp)\s+")
_CUT_OUT = re.compile(r"\btransparent|trong suot|\bno background|see.?through")


def file_format(words: Words, facts: Facts) -> Found | None:
    """An adjustment with nothing but an output format."""
    key = _OTHER.sub(" ", words.key)
    match = _CONVERT.search(key)
    if not match or _CUT_OUT.search(key):
        return None
    name = match["name"] or match["bare"] or match["only"]
    return Found("adjust", {"operations": [], "output_format": _NAMES[name]})
