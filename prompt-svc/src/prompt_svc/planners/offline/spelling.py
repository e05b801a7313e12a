"""Which command did a slip of the finger mean?"""

from __future__ import annotations

import gzip
import json
import re
from functools import cache, lru_cache
from importlib import resources

from .lexicon import COLORS, COMMAND_WORDS, IMAGINATION, LIGHT_STYLES, SLANG, STYLES

__all__ = ["meant"]

_SYLLABLE = re.compile(r"^(?:ngh|ng|nh|th|tr|ch|kh|ph|gh|gi|qu|[bcdghklmnprstvx])?[aeiouy]{1,3}(?:ng|nh|ch|[cmnpt])?$")
_COMMANDS = frozenset(COMMAND_WORDS)
_OFTEN = 500
_VOWELS = re.compile(r"[aeiou]")


@cache
def _known() -> frozenset[str]:
    """Words that are no slips: English ones that are written often, out of pyspellchecker's list, and our own."""
    with resources.files("spellchecker").joinpath("resources", "en.json.gz").open("rb") as file:
        counts: dict[str, int] = json.loads(gzip.decompress(file.read()))
    ours = " ".join((*COLORS, *STYLES, *IMAGINATION, *LIGHT_STYLES)).split()
    return frozenset((*(word for word, count in counts.items() if count >= _OFTEN), *ours))


@lru_cache(maxsize=8192)
def meant(token: str) -> str:
    """The folded token itself, or the slang word spelled out, or the one command word that it is a slip of."""
    if token in SLANG:
        return SLANG[token]
    if len(token) < 3 or token in _COMMANDS or not token.isalpha() or _SYLLABLE.match(token):
        return token
    found = [(cost, place) for place, word in enumerate(COMMAND_WORDS) if (cost := _cost(token, word)) is not None]
    if not found or token in _known():
        return token
    return COMMAND_WORDS[min(found)[1]]


def _cost(token: str, word: str) -> int | None:
    """How small a slip it is, 0 the smallest; None when it is none."""
    if token[0] != word[0] or abs(len(token) - len(word)) > 4:
        return None
    if len(token) >= 4 and len(word) >= 4:
        if len(token) == len(word):
            different = [index for index in range(len(token)) if token[index] != word[index]]
            if len(different) == 2 and different[1] == different[0] + 1 and token[different[0]] == word[different[1]]:
                return 0 if token[different[1]] == word[different[0]] else None
            if len(different) == 1:
                return 2 if len(token) >= 5 else 3
        elif len(token) + 1 == len(word) or len(token) == len(word) + 1:
            short, long = sorted((token, word), key=len)
            if long.startswith(short):
                return 1 if len(short) >= 4 and long[-1] not in "srdyne" else None
            if len(short) >= 4 and any(long[:index] + long[index + 1 :] == short for index in range(1, len(long) - 1)):
                return 1
    return 1 if _is_clipped(token, word) else None


def _is_clipped(token: str, word: str) -> bool:
    """Whether it is the word with vowels left out: 'rmv', 'bckgrnd'."""
    if (
        len(token) >= len(word)
        or _VOWELS.sub("", token) != _VOWELS.sub("", word)
        or len(_VOWELS.sub("", token)) < (2 if len(word) <= 5 else 3)
    ):
        return False
    rest = iter(word)
    return all(letter in rest for letter in token)
