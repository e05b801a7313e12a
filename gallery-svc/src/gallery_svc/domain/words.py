"""Which words does a text hold, and which does a search mean?  The same folding and cutting for both, whatever the database."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["NOTHING", "fold", "phrases_of", "words_of"]

NOTHING = " "
"""A phrase that no text holds: words stand one space apart."""

_LETTERS = str.maketrans({"đ": "d", "ð": "d", "ł": "l", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe"})
_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2600-\u27bf\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U0001f300-\U0001faff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_ALONE}]|(?:(?![{_ALONE}])[^\W_])+")
_MOST = 16_000
_MOST_PHRASES = 8


def fold(text: str) -> str:
    """Lower case without accents, so that `phong` finds `phông` and `xoá` finds `xóa`."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in spread if not unicodedata.combining(letter)).translate(_LETTERS)


def words_of(text: str) -> str:
    """The text's words, folded, each with a space before it.

    Scripts that put no spaces between words (Han, Kana, Thai, Lao, Khmer, Burmese) and pictograms are cut sign by sign.
    """
    return "".join(f" {word}" for word in _WORD.findall(fold(text)))[:_MOST]


def phrases_of(query: str) -> tuple[str, ...]:
    """What a search asks for: phrases of words, all of them wanted; of each the last word may go on.

    A search without any word (`?!`) wants NOTHING; an empty one wants no phrase.
    """
    pieces = query.split()
    phrases = dict.fromkeys(found for piece in pieces if (found := " ".join(_WORD.findall(fold(piece)))))
    return tuple(phrases)[:_MOST_PHRASES] or ((NOTHING,) if pieces else ())
