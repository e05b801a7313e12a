"""How are words read?  Folded (no case, no accents), slang and slips put right, with a way back to what was written."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from .lexicon import ACCENTED, EN_MARKERS, VI_MARKERS
from .spelling import meant

__all__ = ["Words", "fold", "language_of", "read"]

_TOKEN = re.compile(r"[a-z0-9&']+(?:/[a-z]+)?")
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "`": "'", "–": "-", "—": "-", "×": "x"})


@lru_cache(maxsize=4096)
def _base(char: str) -> str:
    if char in "đĐ":
        return "d"
    first = unicodedata.normalize("NFKD", char)[:1] or " "
    return (first.lower() or " ")[:1]


def fold(text: str) -> str:
    """Lower case without accents, one character for one (of NFC text)."""
    return "".join(char.lower() if char.isascii() else _base(char) for char in text.translate(_QUOTES))


@dataclass(frozen=True, slots=True)
class Words:
    """Words as written (`raw`) and as matched (`key`); `at[i]` is where `key[i]` stands in `raw`."""

    raw: str
    key: str
    at: tuple[int, ...]

    def slice(self, start: int, end: int) -> Words:
        """The part of the key from start to end, with what was written there, trimmed."""
        while start < end and self.key[start] in " ,;.\n\t":
            start += 1
        while end > start and self.key[end - 1] in " ,;\n\t":
            end -= 1
        low = self.at[start] if start < len(self.at) else len(self.raw)
        high = self.at[end] if end < len(self.at) else len(self.raw)
        return Words(self.raw[low:high], self.key[start:end], tuple(at - low for at in self.at[start : end + 1]))

    def written(self, start: int, end: int) -> str:
        """What was written where the key has start to end."""
        return self.raw[self.at[start] : self.at[end]].strip()


def read(text: str) -> Words:
    """Text as Words: NFC, folded, slang spelled out and command words with a slip put right (not inside quotes)."""
    raw = unicodedata.normalize("NFC", text)
    folded = fold(raw)
    quoted = [match.span() for match in re.finditer(r"\"[^\"]*\"", folded)]
    out: list[str] = []
    at: list[int] = []
    last = 0
    for match in _TOKEN.finditer(folded):
        start, end = match.span()
        out.append(folded[last:start])
        at.extend(range(last, start))
        token = match.group()
        better = token if any(low <= start < high for low, high in quoted) else ACCENTED.get(raw[start:end].lower()) or meant(token)
        out.append(better)
        at.extend(start + min(index, end - start - 1) for index in range(len(better)))
        last = end
    out.append(folded[last:])
    at.extend(range(last, len(folded) + 1))
    return Words(raw, "".join(out), tuple(at))


_VI_ONLY = re.compile("[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
_VI_TONES = re.compile("[àáãèéìíòóõùúýĩũ]", re.IGNORECASE)


def language_of(words: Words) -> str:
    """`vi` or `en`."""
    if _VI_ONLY.search(words.raw):
        return "vi"
    tokens = re.findall(r"[a-z]+", words.key)
    if not tokens:
        return "en"
    hits = sum(token in VI_MARKERS for token in tokens)
    if _VI_TONES.search(words.raw) and hits:
        return "vi"
    english = sum(token in EN_MARKERS for token in tokens)
    if english >= hits:
        return "en"
    return "vi" if hits >= 2 or hits == len(tokens) else "en"
