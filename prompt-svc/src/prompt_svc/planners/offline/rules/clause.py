"""What does one clause ask for?  Every rule asked in turn."""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re

from ..text import Words, language_of
from .adjust import BLUR_BG, GRAYSCALE, adjust
from .background import background
from .base import BG, Facts, Found, plainly, trimmed, without_politeness
from .caption import caption
from .edit import HARD_EDIT, OBJECT, OBJECT_COLOR, REMOVE_OBJECT, edit
from .expand import expand
from .formats import file_format
from .generation import generated, generation
from .relight import relight
from .style import REIMAGINE, reimagine, transfer
from .upscale import upscale

__all__ = ["is_command", "read_clause"]

_READERS = (caption, background, generation, file_format, transfer, expand, upscale, reimagine, relight, adjust, edit)

_DESCRIBES = re.compile(
    r"^(?:an?|two|three|some|mot|hai|ba|nhung)\s+(?!(?:bit|little|lot|few|touch|tad|chut|ti|xiu|it|lan|cai|ban|kieu|transparent|white|black|square|different|new|cleaner|better|bigger|larger|brighter|darker|warmer|crop|blur|sharper|softer|plain|solid|phien)\b)\w+"
)

_SPEAKS_OF_IT = re.compile(
    r"\b(?:it|this|that|my|version|variations?|look|effect|filter|phien ban|bien the|hieu ung|more|less|please make|around|frame|hon|nay|background (?:removed|gone)|corners?|degrees|px|pixels|lighting|caption|gaussian|blur|filter|border|vignette|watermark|contrast|brightness|saturation|interpretation|rendition)\b"
)

_COLORLESS = re.compile(rf"\bsepia\b|{GRAYSCALE.pattern}")
_DRAWS = re.compile(
    r"^(?:create|generate|draw|paint|ve|tao(?! hinh| anh| hieu ung)|an?|mot|write|add|put|viet|them|chen)\b|\b(?:photo|picture|image|painting|sketch|portrait|shot) of\b"
)

_JUST_A_FILE = re.compile(
    r"^(?:(?:give|get|send|need|want|make|export|save|output|return|i need|i want|cho|muon|can|xuat|luu|tai)\s+)+(?:(?:me|it|this|that|minh|to|as|in|a|an|the|file|tep|ra|thanh|dang|duoi|anh|hinh)\s+)*\.?(?:png|jpe?g|webp)(?: (?:file|version|format|image|please|nhe|nha|di))*$"
)


def read_clause(words: Words, facts: Facts) -> Found | None:
    """The step that a clause asks for, or None when no rule knows it."""
    words = plainly(without_politeness(words))
    key = words.key.strip()
    if not key:
        return None
    if _JUST_A_FILE.match(key) and (converted := file_format(words, facts)):
        return converted
    if (
        _COLORLESS.search(key)
        and not re.search(r"\blight(?:ing|s)?\b", key)
        and not _DRAWS.match(key)
        and not REMOVE_OBJECT.match(key)
        and (toned := adjust(words, facts))
    ):
        return toned
    if OBJECT_COLOR.match(key) or (REMOVE_OBJECT.match(key) and not re.search(rf"\b{BG}$", key)):
        return edit(words, facts) or Found("edit", {"prompt": trimmed(words).raw}, 0.9)
    if HARD_EDIT.match(key) and OBJECT.search(key):
        first = caption(words, facts) or background(words, facts) or transfer(words, facts)
        first = first or (adjust(words, facts) if BLUR_BG.search(key) else reimagine(words, facts) if REIMAGINE.search(key) else None)
        return first or edit(words, facts)
    if (
        re.match(rf"^(?:change|replace|swap|doi|thay)\b[\w\s]{{0,10}}\b{BG}\b", key)
        and not background(words, facts)
        and not BLUR_BG.search(key)
    ):
        return Found("edit", {"prompt": trimmed(words).raw}, 0.9)
    if (
        _DESCRIBES.match(key)
        and not (re.match(r"an? ", key) and language_of(words) == "vi")
        and not _SPEAKS_OF_IT.search(key)
        and len(key.split()) >= 4
        and (drawn := generated(words, 0, key, confidence=0.85))
    ):
        return drawn
    for reader in _READERS:
        if found := reader(words, facts):
            return found
    return None


_IMPERATIVE = re.compile(
    r"^(?:(?:please|also|just|now|then|finally|hay|giup minh|roi)\s+)*(?:remove|delete|erase|cut|isolate|put|place|make|turn|upscale|enlarge|double|expand|extend|widen|rotate|flip|mirror|crop|resize|shrink|brighten|darken|lighten|sharpen|blur|increase|decrease|reduce|add|write|caption|convert|change|replace|swap|relight|reimagine|apply|transfer|use|round|give|boost|desaturate|saturate|"
    r"enhance|straighten|trim|scale|set|warm|cool|adjust|improve|outpaint|denoise|zoom|stylize|invert|get|create|generate|draw|paint|"
    r"xoa|bo|tach|phong|mo rong|noi|xoay|lat|cat|lam|doi|them|viet|chen|chuyen|bien|tang|giam|thay|dat|bo goc|bo tron|cho|dung|ap dung|thu nho|chinh|quay|ghi|loai|khu|tao|ve|nang|to|sang|lam net|xoa mo|dan)\b"
)


def is_command(words: Words, facts: Facts, *, after: str | None) -> bool:
    """Whether a piece after 'and' or a comma is a request of its own; after a generation it must begin with a verb."""
    piece = without_politeness(words)
    found = read_clause(piece, facts)
    if found is None:
        return False
    if after in ("image_generation", "edit", "reimagine", "relight"):
        return bool(_IMPERATIVE.match(piece.key)) and not (after == "image_generation" and found.feature in ("image_generation", "edit"))
    return bool(_IMPERATIVE.match(piece.key)) or found.feature == "adjust" or (found.confidence >= 0.9 and found.feature != "relight")
