"""Which of the offered choices does an answer take?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re

from photofun_common.contracts.conversation import HistoryEntry

from .planners.offline.text import fold

__all__ = ["chosen"]

_PLACES = (
    r"1|1st|one|first|a|mot|nhat|dau|dau tien", r"2|2nd|two|second|b|hai", r"3|3rd|three|third|c|ba", r"4|4th|four|fourth|last|d|bon|tu|cuoi|cuoi cung",
)  # fmt: skip
_ORDINAL = r"(?:the |number |no\.? ?|option |choice |#|cai |so |thu |y |lua chon |cai thu )*(?:{0})\.?(?: one| option| choice| please| di| nhe| nha| a)*"
_YES = re.compile(
    r"^(?:yes|yep|yeah|yup|sure|ok|okay|right|exactly|correct|that one|please do|go ahead|do it|u|uh|vang|da|dung roi|dung|duoc|oke|lam di)[\s.!]*$"
)


def chosen(text: str, history: tuple[HistoryEntry, ...]) -> str:
    """The message of the choice that the words take, by its label, its number or a yes to the first; else the words as they are."""
    last = history[-1] if history else None
    if last is None or last.role != "assistant" or not last.choices:
        return text
    said = " ".join(fold(text).split()).strip(" .!?")
    for choice in last.choices:
        if said in (" ".join(fold(choice.label).split()), " ".join(fold(choice.message).split())):
            return choice.message
    for choice, words in zip(last.choices, _PLACES, strict=False):
        if re.fullmatch(_ORDINAL.format(words), said):
            return choice.message
    return last.choices[0].message if _YES.match(said) else text
