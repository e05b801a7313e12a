"""Where does one request end and the next begin?  A message cut into clauses."""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re

from .rules import Facts, is_command, read_clause, without_politeness
from .text import Words

__all__ = ["split"]

_JOINT = re.compile(
    r"(?P<strong>\s*[;\n]+\s*|\s*[.!](?=\s+\S)\s*|\s*(?:->|=>|→)\s*|[\s,]*\b(?:and then|then also|then|after that|after which|afterwards|and after that|and finally|finally|followed by|and next|next|once (?:that's |that is )?done|"
    r"roi thi|roi lai|roi|sau do thi|sau do|xong thi|xong roi|xong|tiep theo|tiep do|ke tiep|cuoi cung|sau khi xong)\b[\s,]*)"
    r"|(?P<weak>\s*,\s*(?:and |va |also |plus )?|\s+(?:and|and also|va|&|plus|also|dong thoi|cung nhu|kem theo|with|voi|but|nhung)\s+|\s+\+\s+)"
)


_MOST_JOINTS = 32
_LONGEST_PIECE = 600


def split(words: Words, facts: Facts, *, limit: int = 12) -> list[Words]:
    """The clauses in order.  A weak joint ('and', a comma) parts only what is a request of its own."""
    quoted = [match.span() for match in re.finditer(r"\"[^\"]*\"|(?<![a-z0-9])'[^']*'(?![a-z0-9])", words.key)]
    clauses: list[Words] = []
    start = 0
    for place, joint in enumerate(_JOINT.finditer(words.key)):
        if place >= _MOST_JOINTS:
            break
        if joint.start() < start or any(low < joint.start() < high for low, high in quoted) or len(clauses) >= limit - 1:
            continue
        here = words.slice(max(start, joint.start() - _LONGEST_PIECE), joint.start())
        rest = words.slice(joint.end(), _end_of_piece(words.key, joint.end(), quoted))
        if not here.key.strip() or not rest.key.strip():
            continue
        current = read_clause(here, facts)
        after = current.feature if current else None
        if joint["strong"] is not None:
            is_cut = bool(read_clause(rest, facts)) or (after is not None and not _goes_on(joint[0], after))
        else:
            is_cut = (current is not None and is_command(rest, facts, after=after)) or (
                current is None and bool(_idle(here)) and read_clause(rest, facts) is not None
            )
        if is_cut:
            clauses.append(words.slice(start, joint.start()))
            start = joint.end()
    clauses.append(words.slice(start, len(words.key)))
    return [clause for clause in clauses if clause.key.strip(" ,.!?")]


def _end_of_piece(key: str, start: int, quoted: list[tuple[int, int]]) -> int:
    for joint in _JOINT.finditer(key, start + 1):
        if not any(low < joint.start() < high for low, high in quoted):
            return joint.start()
    return len(key)


def _goes_on(joint: str, after: str) -> bool:
    """A full stop or a line within a description to draw goes on with it."""
    return after in ("image_generation", "edit") and not re.search(r"[a-z]", joint)


def _idle(words: Words) -> bool:
    """Politeness or small talk alone, which may stand before a request."""
    stripped = without_politeness(words)
    return len(stripped.key.split()) <= 3
