"""Which words does a prompt hold?  English and Vietnamese, with or without accents, in whole words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

__all__ = ["erase", "find_words", "fold"]

_Meaning = TypeVar("_Meaning")


def fold(text: str) -> str:
    """`text` in small letters without accents (đ is d), everything else than letters and digits made one space.

    >>> fold("Ánh sáng ẤM, từ bên trái!")
    'anh sang am tu ben trai'
    """
    plain = unicodedata.normalize("NFD", text.lower()).replace("đ", "d")
    kept = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", kept))


def find_words(folded: str, meanings: Mapping[_Meaning, Sequence[str]]) -> list[_Meaning]:
    """The meanings whose phrases stand in `folded` (see `fold`), in the order of the text, each once.

    Phrases are folded, too, and the longest is taken first: "neon pink" is never also "pink". A phrase may end in "*"
    to match any ending ("paint*" matches painted, painting).
    """
    phrases = sorted(
        ((phrase, meaning) for meaning, words in meanings.items() for phrase in words),
        key=lambda pair: -len(pair[0]),
    )
    found: list[tuple[int, _Meaning]] = []
    rest = folded
    for phrase, meaning in phrases:
        found += [(match.start(), meaning) for match in _pattern(phrase).finditer(rest)]
        rest = erase(rest, [phrase])
    ordered = [meaning for _, meaning in sorted(found, key=lambda pair: pair[0])]
    return list(dict.fromkeys(ordered))


def erase(folded: str, phrases: Iterable[str]) -> str:
    """`folded` with every one of `phrases` struck out, at unchanged length, so that its words mean nothing else."""
    for phrase in phrases:
        folded = _pattern(phrase).sub(lambda match: "_" * len(match[0]), folded)
    return folded


@lru_cache(maxsize=2048)
def _pattern(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(phrase).replace(chr(92) + '*', chr(92) + 'w*')}(?!\w)")
