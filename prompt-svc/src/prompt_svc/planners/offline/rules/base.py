"""What is read out of a clause, and which words do all rules share?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ..text import Words, read

__all__ = ["BG", "IMAGE", "REMOVE", "Facts", "Found", "cut", "plainly", "trimmed", "without_politeness"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules may know beyond the words."""

    has_picture: bool = False
    has_reference: bool = False
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A step read out of a clause.  `subject` is what to draw, as written."""

    feature: str
    params: dict[str, Any] = field(default_factory=dict)
    confidence: float = 0.95
    subject: Words | None = None


_POLITE = re.compile(
    r"^(?:(?:hi|hey|hello|hi there|ok|okay|okey|so|well|alright|great|nice|perfect|cool(?=[,.!])|good|thanks|thank you|awesome|now|and|then|also|next|first|finally|lastly|just|please|kindly|"
    r"can you|could you|would you|will you|can u|could we|can we|i want you to|i want to|i'd like you to|i'd like to|i would like (?:you )?to|i need you to|i need to|"
    r"let's|lets|let us|help me(?: to)?|try to|go ahead and|what if you|maybe|after that|afterwards|once done|when done|do me a favor and|yo|bro|hmm|um|uh|but|oh|"
    r"chao|alo|xin chao|oke|da|ui|nay|ban oi|em oi|ad oi|bot oi|shop oi|ban co the|co the|ban hay|hay|lam on|xin|vui long|giup minh|giup toi|giup em|giup|gium minh|gium|cho minh|cho toi|cho em|minh muon|toi muon|em muon|"
    r"minh can|toi can|em can|nho ban|nho|roi|sau do|tiep theo|tiep|xong|va|cuoi cung|dau tien|bay gio|gio|thi|ban|dong thoi|em|minh|toi(?! (?:hon|di|lai|bot|xuong|qua|chut|mot|nhieu|them)))\b[\s,.!:]*)+"
)  # fmt: skip


def without_politeness(words: Words) -> Words:
    """The clause from its first word that matters."""
    match = _POLITE.match(words.key)
    if match and match.end() < len(words.key):
        return words.slice(match.end(), len(words.key))
    return words


_GERUNDS = {"cutting": "cut", "removing": "remove", "making": "make", "cropping": "crop", "flipping": "flip", "rotating": "rotate", "turning": "turn", "erasing": "erase", "deleting": "delete", "adding": "add", "upscaling": "upscale", "enlarging": "enlarge", "resizing": "resize", "sharpening": "sharpen", "brightening": "brighten", "darkening": "darken", "blurring": "blur", "expanding": "expand", "extending": "extend", "converting": "convert", "changing": "change", "writing": "write", "putting": "put", "getting": "get", "taking": "take", "replacing": "replace", "mirroring": "mirror", "rounding": "round"}  # fmt: skip


def plainly(words: Words) -> Words:
    """'After cutting it out' as 'cut it out'."""
    match = re.match(r"(?:(?:after|once|by|try|how about|what about|start by|then)\s+)?(\w+ing)\b", words.key)
    if match and (verb := _GERUNDS.get(match[1])):
        return read(f"{verb}{words.raw[words.at[match.end()] :]}")
    return words


IMAGE = r"(?:pictures?|images?|photos?|pics?|shots?|snaps?|photographs?|anh|hinh|hinh anh|buc anh|tam anh|buc hinh|tam hinh|buc tranh)"

BG = r"(?:back ?grounds?|backdrops?|scenery|surroundings|(?:what(?:'s| is|s)?|everything|stuff|all the stuff|the wall|wall|the room|room|the area|the mess) (?:that is |that's )?behind(?: (?:my|the|her|him|me|it|them|us|this)\b(?: \w+)?)?|phia sau lung|phong nen|hinh nen phia sau|hau canh|phong(?! cach)|nen|back ?round)"

REMOVE = r"(?:remove|removing|delete|erase|clear|strip|take (?:out|away|off)|get rid of|getting rid of|cut (?:out|away|off)|eliminate|drop|kill|ditch|lose|wipe|no|without|xoa|bo|loai bo|loai|tach|cat bo|cat|khu|lay|xoa bo|go|go bo|boc|lam sach)"

_TAIL = re.compile(
    r"(?:[\s,.!?]|\b(?:please|thanks|thank you|for me|nhe|nha|di|voi|giup minh|giup toi|giup em|a|ty le|ti le|theo ty le|kho|format|in|with|at|ratio|aspect ratio|cho minh|cho toi)\b)+$"
)


def trimmed(words: Words) -> Words:
    """Without politeness and slot leftovers at the end."""
    while (match := _TAIL.search(words.key)) and match.start() > 0:
        if match[0].strip() == "" and match.end() == match.start():
            break
        words = words.slice(0, match.start())
    return words.slice(0, len(words.key))


def cut(words: Words, start: int, end: int) -> Words:
    """The words without the part from start to end."""
    low, high = words.at[start], words.at[min(end, len(words.at) - 1)]
    raw = (
        words.raw[:low].rstrip(" ,")
        + (" " if words.raw[:low].strip() and words.raw[high:].strip() and words.raw[high] not in ",." else "")
        + words.raw[high:].lstrip(" ")
    )

    return read(raw.strip(" ,"))
