"""Where does one request end and the next begin?  A message cut into clauses."""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re

from . import slots
from .rules import Facts, Found, bare_color, is_command, read_clause, without_politeness
from .rules.base import BG
from .rules.edit import OBJECT
from .text import Words, read

__all__ = ["about_it", "completed", "restates", "split"]

_JOINT = re.compile(
    r"(?P<strong>\s*[;\n]+\s*|[\s,.;]*(?<![\w.])\(?[1-9][.)]\s+(?=[a-z])|\s*[.!](?=\s+\S)\s*|\s*(?:->|=>|→)\s*|[\s,]*\b(?:and then|then also|then|after that|after which|afterwards|and after that|and finally|finally|followed by|and next|next|once (?:that's |that is )?done|"
    r"roi thi|roi lai|roi|sau do thi|sau do|xong thi|xong roi|xong|tiep theo|tiep do|ke tiep|cuoi cung|sau khi xong)\b[\s,]*)"
    r"|(?P<weak>\s*,\s*(?:and |va |also |plus )?|\s+(?:and|n|nd|'n|and also|va|&|plus|also|dong thoi|cung nhu|kem theo|with|voi|but|nhung)\s+|\s+\+\s+)"
)


_MOST_JOINTS = 32
_LONGEST_PIECE = 600


_BEFORE = (
    re.compile(r"^(?:please |and )*before (?:you |u )?(?P<later>[^,]{3,120}),\s*(?:please )?(?P<first>.+)$"),
    re.compile(r"^(?P<first>[^,]{3,120}?),? (?:right )?before (?:you |u )?(?P<later>\w+(?:ing)?\b.+)$"),
    re.compile(r"^truoc khi (?P<later>[^,]{3,120}?)(?:,| thi)\s*(?P<first>.+)$"),
    re.compile(r"^(?P<first>[^,]{3,120}?),? truoc khi (?P<later>.+)$"),
    re.compile(r"^(?P<later>[^,]{3,120}?),? (?:after|once) (?!that|this|it\b|which|done|all)(?:you(?:'ve| have)? |u )?(?P<first>\w+(?:ing|ed)?\b.+)$"),
    re.compile(r"^(?P<later>[^,]{3,120}?) sau khi (?P<first>.+)$"),
)  # fmt: skip
_VALUE = re.compile(
    r"^(?:(?:by|to|another|again|only|just|with|also|about|around|on|at|the|them|nua|sang|ben|phia|thanh|la|x)\s+)*[+-]?\d{1,4}(?:[.,:]\d{1,3})?\s*(?:%|px|pixels?|degrees?|deg|°|x|times|percent|phan tram|do|lan)?(?:\s+(?:more|again|on|at|to|the|left|right|top|bottom|sides?|clockwise|counter-?clockwise|nua|o|ben|phia|trai|phai|tren|duoi))*$"
)
_RESTATES = re.compile(
    r"^(?:so |please |pls |can you |could you |u )*(?:fix|correct|sort|solve|help with|do something about|change|adjust|improve) (?:it|that|this)(?: (?:out|up|please|pls|for me))*$|^straighten (?:it|this|that)(?: (?:out|up|please))*$|^(?:turn|put|make|flip|rotate) (?:it )?(?:the )?right (?:way|side)(?: (?:up|round|around))*$|^(?:sua|chinh|khac phuc|xu ly)(?: lai)?(?: cho)?(?: (?:dung|no|minh|on))*$|^(?:quay|xoay) lai (?:cho )?(?:dung|thang)$"
)


def restates(clause: Words) -> bool:
    """'Fix it' after a complaint asks for nothing more than the complaint did."""
    return bool(_RESTATES.match(without_politeness(clause).key.strip(" .!")))


def completed(clause: Words, before: Words) -> Words | None:
    """A bare value with the verb of the clause before: '45' after 'rotate 90' is 'rotate 45'."""
    bare = without_politeness(clause)
    if not _VALUE.match(bare.key.strip(" .!")):
        return None
    verb = re.match(r"[a-z-]+(?: (?:rong|to|anh|hinh|goc))?", without_politeness(before).key)
    return read(f"{verb[0]} {bare.raw}") if verb else None


_REMOVES_IT = re.compile(
    r"^(?:can you |could you |please |pls |u )*(?:remove|erase|delete|get rid of|take|clean|fix|hide|lose|drop|replace|change) (?:it|them|that|those|this)(?: (?:out|away|off|up|please|pls|for me))*$|^(?:xoa|bo|go|loai|an|thay)(?: bo)?(?: no| di| cai ay| het| giup| minh| luon| nhe| dum| gium)*$"
)
_COLORS_IT = re.compile(
    r"^(?:change|make|turn|doi|thay|cho|lam)(?: it| that| this| no)?(?: to| into| in| sang| thanh| mau| qua| bang)*\s+(?P<color>[\w# ]{2,20})$"
)


def about_it(words: Words) -> Found | None:
    """'There's a stain on my shirt, remove it', 'I don't like this background, make it white': a thing named, then what to do with it."""
    parts = re.split(r"\s*[,.;!?]\s+|\s+-\s+", words.key.strip(" .!?"))
    if len(parts) != 2:
        return None
    named, done = parts[0], without_politeness(read(parts[1])).key.strip(" .!?")
    if read_clause(words.slice(0, len(parts[0])), Facts()) and not re.search(r"\b(?:khong thich|hate|don'?t like|ugly|messy|xau)\b", named):
        return None
    has_background = re.search(rf"\b{BG}\b", named)
    if has_background and (colored := _COLORS_IT.match(done)) and (color := slots.color_in(f"to {colored['color']}")):
        return Found("remove_background", {"background_color": color[0]})
    if not _REMOVES_IT.match(done):
        return None
    if has_background:
        return Found("remove_background")
    return Found("edit", {"prompt": words.raw.strip()}, 0.9) if OBJECT.search(named) else None


def split(words: Words, facts: Facts) -> list[Words]:
    """The clauses in the order in which they are to be done: 'before you upscale it, crop it' crops first."""
    for pattern in _BEFORE:
        match = pattern.match(words.key)
        if not match or re.search(
            r"\b(?:than|as|like|version|one|picture|image|photo|it was|photos|anh|hinh)$",
            words.key[: match.start("later")].rstrip(" ,").removesuffix(" before"),
        ):
            continue
        parts = [words.slice(*match.span(name)) for name in ("first", "later")]
        if all(read_clause(part, facts) for part in parts):
            return [clause for part in parts for clause in _pieces(part, facts)]
    return _pieces(words, facts)


def _pieces(words: Words, facts: Facts, *, limit: int = 12) -> list[Words]:
    """The clauses as they stand.  A weak joint ('and', a comma) parts only what is a request of its own."""
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
            joined = re.search(r"\b(?:with|voi)\b", joint[0]) is not None and after in ("image_generation", "edit", "reimagine", "relight")
            is_cut = (current is not None and not joined and is_command(rest, facts, after=after)) or (
                current is None and bool(_idle(here)) and read_clause(rest, facts) is not None
            )
            is_cut = is_cut or (after == "remove_background" and bare_color(without_politeness(rest).key) is not None)
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
