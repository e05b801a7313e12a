"""What does a Vietnamese picture wish say in English?  Word by word from the lexicon, in English order; unknown words stay as they are."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from .text import fold, language_of, read
from .vietnamese import ADJECTIVES, DROPPED, NOUNS, OTHERS, PEOPLE, PUTTING, VERBS

__all__ = ["english_of"]

Kind = Literal["verb", "put", "person", "noun", "adjective", "other", "dropped", "unknown", "mark"]
_TOKEN = re.compile(r"\"[^\"]*\"|“[^”]*”|\d+(?:[:.,/x]\d+)+|[^\W_][\w'’-]*|[^\w\s]")
_LONGEST = 5
_PLURAL_OF_ONE = {"person": "people", "tree": "trees", "flower": "flowers", "child": "children"}


@dataclass(frozen=True, slots=True)
class _Word:
    kind: Kind
    english: str
    said: str


@cache
def _table() -> tuple[dict[str, tuple[Kind, str]], dict[str, tuple[Kind, str]]]:
    """Phrases with accents, and without them (the first of two that fold alike wins)."""
    exact: dict[str, tuple[Kind, str]] = {}
    kinds: tuple[tuple[Kind, dict[str, str]], ...] = (
        ("put", PUTTING),
        ("person", PEOPLE),
        ("noun", NOUNS),
        ("adjective", ADJECTIVES),
        ("verb", VERBS),
        ("other", OTHERS),
        ("dropped", dict.fromkeys(DROPPED, "")),
    )
    for kind, words in kinds:
        for said, english in words.items():
            exact.setdefault(said, (kind, english))
    folded: dict[str, tuple[Kind, str]] = {}
    for said, found in exact.items():
        folded.setdefault(fold(said), found)
    return exact, folded


def english_of(text: str) -> str | None:
    """The wish in English; None when it is English already, or nothing of it is known."""
    raw = unicodedata.normalize("NFC", text)
    if language_of(read(raw)) != "vi":
        return None
    parts = re.split(r"(\s*[,;.!?\n]+\s+)", raw)
    said = "".join(part if at % 2 or not _is_vietnamese(part, accented=not raw.isascii()) else _said(part) for at, part in enumerate(parts))
    return said.strip(" ,;") if said != raw and said.strip(" ,;") else None


def _is_vietnamese(part: str, *, accented: bool) -> bool:
    """Whether a part between commas is to be translated: a planner adds English words to a Vietnamese wish."""
    if accented:
        return not part.isascii() or fold(part).strip() in _unaccented()
    return len(part.split()) > 1 and language_of(read(part)) == "vi"


def _said(part: str) -> str:
    words = _words(_TOKEN.findall(part), folded_too=part.isascii())
    if not any(word.kind in ("noun", "adjective", "verb", "put") for word in words):
        return part
    said = " ".join(word.english for word in _in_order(words) if word.english)
    said = re.sub(r"\s+([,.;:!?)])", r"\1", said)
    return re.sub(r"\ba (?=[aeiou])", "an ", re.sub(r"\s+", " ", said))


@cache
def _unaccented() -> frozenset[str]:
    """Vietnamese phrases of several words that have no accent at all."""
    return frozenset(said for said in _table()[0] if said.isascii() and " " in said)


def _words(tokens: list[str], *, folded_too: bool) -> list[_Word]:
    """The longest known phrases, left to right; without accents only where nothing has any."""
    exact, folded = _table()
    out: list[_Word] = []
    at = 0
    while at < len(tokens):
        for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
            said = " ".join(tokens[at : at + length]).lower()
            found = exact.get(said) or (folded.get(said) if folded_too else None)
            if found is not None:
                out.append(_Word(*found, said))
                at += length
                break
        else:
            token = tokens[at]
            out.append(_Word("mark" if not token[0].isalnum() else "unknown", token, token))
            at += 1
    return _sorted_out(out)


def _sorted_out(words: list[_Word]) -> list[_Word]:
    """Classifiers and colour markers go, unless they are the thing itself."""
    out: list[_Word] = []
    for number, word in enumerate(words):
        following = next((later for later in words[number + 1 :] if later.kind != "dropped"), None)
        if word.kind == "noun" and word.said in ("màu", "mau") and following is not None and following.kind == "adjective":
            continue
        if word.kind == "noun" and word.said in ("màu", "mau") and following is not None and following.kind == "noun":
            word = _Word("other", "color of", word.said)
        if word.kind == "noun" and word.said in ("cây", "con", "quả") and following is not None and following.kind == "noun":
            continue
        if word.kind != "dropped":
            out.append(word)
    return out


def _in_order(words: list[_Word]) -> list[_Word]:
    """Adjectives before their noun; what is put on somebody before the somebody."""
    phrases = _with_adjectives(words)
    for number, word in enumerate(phrases):
        if word.kind == "put":
            before = phrases[:number]
            if before and before[-1].kind == "noun":  # `cô gái mặc áo dài`
                return [*before, _Word("verb", "wearing", word.said), *_in_order(phrases[number + 1 :])]
            if len(before) > 1 and before[-2].said == "cho" and before[-1].kind == "person":  # `cho PERSON mặc THING`
                return [*before[:-2], *_put([word, before[-1], *phrases[number + 1 :]])]
            return [*before, *_put(phrases[number:])]
    return phrases


def _with_adjectives(words: list[_Word]) -> list[_Word]:
    out: list[_Word] = []
    for number, word in enumerate(words):
        if word.kind == "adjective" and number + 1 < len(words) and words[number + 1].said in ("hơn", "hon"):
            out.append(_Word("other", _more(word.english), word.said))
        elif word.said in ("hơn", "hon") and number and words[number - 1].kind == "adjective":
            continue
        elif word.kind == "adjective" and out and out[-1].kind == "noun":
            noun = out.pop()
            out.append(_Word("noun", f"{word.english} {noun.english}", f"{noun.said} {word.said}"))
        elif word.kind == "noun" and out and out[-1].said in ("những", "các", "nhung", "cac", "nhiều", "tất cả", "hai", "ba"):
            out.append(_Word("noun", _PLURAL_OF_ONE.get(word.english, word.english), word.said))
        else:
            out.append(word)
    return out


def _more(adjective: str) -> str:
    """The comparative of a short adjective."""
    if " " in adjective or len(adjective) > 6:
        return f"more {adjective}"
    doubled = re.search(r"[^aeiou][aeiou][gtdn]$", adjective)
    return (
        f"{adjective[:-1]}ier"
        if adjective.endswith("y")
        else f"{adjective}{adjective[-1] if doubled else ''}{'r' if adjective[-1] == 'e' else 'er'}"
    )


def _put(words: list[_Word]) -> list[_Word]:
    """`đội [cho] PERSON THING` and `đội THING cho PERSON` as `put a THING on PERSON`."""
    verb, rest = words[0], [word for word in words[1:] if word.said not in ("cho",)]
    end = next((number for number, word in enumerate(rest) if word.kind in ("mark", "verb", "put")), len(rest))
    here, later = rest[:end], rest[end:]
    person = next((word for word in here if word.kind == "person"), None)
    things = [word for word in here if word is not person]
    if things and things[0].kind == "noun" and not things[0].english.endswith("s"):
        things.insert(0, _Word("other", "a", ""))
    whom = [_Word("other", "on", ""), person] if person is not None else []
    return [verb, *things, *whom, *later]
