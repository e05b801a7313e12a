"""Which earlier picture do words mean?  The one to edit, and the one to go back to."""

# ruff: noqa: E501, SIM102 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from dataclasses import dataclass

from photofun_common.contracts.prompt import UndoTarget

from . import slots
from .leftover import FILLER, left_over
from .lexicon import NUMBERS
from .rules import IMAGE, without_politeness
from .text import Words
from .words import split

__all__ = ["Mentioned", "mentioned", "undo_of"]

_ORDINAL = r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|1st|2nd|3rd|4th|5th|6th|dau tien|dau|thu (?:nhat|hai|ba|tu|nam|sau|bay|tam|\d+)|so \d+|original|goc|ban dau|last|latest|newest|most recent|previous|moi nhat|gan nhat|cuoi cung|cuoi|truoc do|truoc)"
_BACK = r"(?:go(?:ing)? back|back|return|revert|roll ?back|restore|switch back|take me back|bring back|get back|use|lay lai|quay lai|quay ve|tro lai|tro ve|ve lai|dung lai|khoi phuc|lui lai|lui ve|chuyen ve|cho (?:minh|toi) (?:xem )?lai|tra lai)"
_UNDO = re.compile(
    r"^(?:(?:please|no|nope|khong|oh|oops|wait|actually|ok|thoi|hay|xin|not that(?: one)?|i don'?t like (?:it|this|that)|khong thich)[,.!\s]*)*"
    rf"(?:undo\b.*|ctrl ?\+? ?z|revert(?: (?:it|that|this|the last (?:change|edit|step)|back|changes?))?|roll ?back.*|(?:take|step|go|move|change|put|turn|switch|set) (?:it |that |this )?back(?: (?:one|a|two|three|\d+) steps?)?(?: please)?|back|one step back|"
    rf"(?:go back |back |return |revert |switch back |get back |bring back )+(?:to )?(?:the )?(?:one |{IMAGE} |version |step )?(?:before|previous|earlier|how it was|what it was|last one)?.*|(?:the )?(?:previous|earlier|last|prior) (?:one|version|{IMAGE}|step)(?: please)?|(?:the )?one before(?: that| it)?|not that(?: one)?,? (?:the )?(?:one|{IMAGE}) before.*|the (?:one|{IMAGE}|version) before.*|before that|as it was(?: before)?|how it was before|"
    rf"hoan tac.*|quay lai.*|quay ve.*|tro lai.*|tro ve.*|lui lai.*|ve lai (?:anh|buc|cai|nhu|ban).*|(?:lay|tra|dung|khoi phuc) lai (?:mau|anh|hinh|buc|cai|tam|nhu|ban|truoc|ve|phien).*|khoi phuc.*|(?:anh|cai|buc|ban|tam) (?:truoc|truoc do|luc nay|vua nay|ban dau)(?: di| nhe| co)?|bo (?:thay doi|buoc|chinh sua)(?: .*)?|huy (?:bo|thay doi|buoc|chinh sua|thao tac).*|dung nhu (?:cu|truoc)|nhu (?:cu|truoc|ban dau)(?: di)?|(?:khong phai|k phai) cai (?:nay|do),? cai truoc.*|undo di)"
    r"[\s.!?]*$"
)
_EDIT_AFTER = re.compile(r"\b(?:and|then|va|roi|,)\s+(?:\w+ )?(?:make|remove|crop|rotate|upscale|blur|add|xoa|lam|cat|xoay|phong|them)\b")


_PREFERS = re.compile(
    rf"^(?:no,? |hmm,? |actually,? )*(?:i (?:like|liked|prefer|preferred|want)|(?:minh |em |toi )?thich) (?:the |cai |anh |hinh |buc |tam )*{_ORDINAL}(?: (?:{IMAGE}|one|version))?(?: more| better| instead| hon| co)*[\s.!]*$"
)

_CHOOSING = (
    FILLER - frozenset(split("lam sang chinh doi chuyen sua thanh nen chu dong set make put change turn try cho get"))
) | frozenset(
    split(
        "back return revert bring take keep show switch pick choose select continue work working from liked like prefer preferred love "
        "loved get got better best nicer number no option choice good great go prettier looks looked cooler were step steps dung lay chon dep tot quay ve tro tra giu "
        "tuc thich nhin on ok bo luc nay thay xau lui xinh ngon ap"
    )
)
_BEFORE = re.compile(
    rf"\b(?:the |my )?(?:previous|earlier|prior|old|older|last) (?:one|version|{IMAGE}|result|step|state)\b|\b(?:the )?(?:one|{IMAGE}|version) (?:before|earlier)(?: that| this| it)?\b|\bbefore (?:that|this)\b|\b(?:as|how|what|the way) it was(?: before)?\b|"
    r"\b(?:anh|hinh|buc|tam|cai|ban) (?:truoc(?: do)?|cu|luc nay|vua nay|vua roi|hoi nay)\b|\bnhu (?:cu|truoc|luc nay|luc truoc|hoi nay)\b"
)
_NO_WISH = re.compile(r"\b(?:upscale|scene|like (?:in|on) |similar|giong)\b")


@dataclass(frozen=True, slots=True)
class Mentioned:
    """An earlier picture that the words name: its position from 1 (-1 the newest), and where the words stand."""

    position: int
    start: int
    end: int


_MENTION = re.compile(
    rf"(?:\b(?:on|of|for|to|from|in|tren|cua|cho|o|voi)\s+)?\b(?:the |my |that |cai )?(?P<a>first|second|third|fourth|fifth|sixth|seventh|eighth|1st|2nd|3rd|4th|5th|6th|original|last|latest|newest|previous|earlier)\s+(?P<n>{IMAGE}|one|version|result|upload)\b"
    rf"|\b(?P<b>pictures?|images?|photos?)\s+(?:number |no\.? ?|#)?(?P<num>\d{{1,2}}|one|two|three|four|five)\b(?!\s*(?:px|pixel|%|x|:|\d))"
    r"|(?:\b(?:tren|cua|cho|o|voi|ve)\s+)?\b(?:anh|hinh|buc|tam|cai|buc anh|tam anh|hinh anh|buc tranh|buc hinh|ban)\s+(?:(?:thu|so)\s+)(?P<v>nhat|hai|ba|tu|nam|sau|bay|tam|\d{1,2})\b|\b(?:anh|hinh|buc|tam|cai|buc anh|tam anh|hinh anh|buc hinh|ban)\s+(?P<w>dau tien|dau|goc|ban dau|moi nhat|gan nhat|cuoi cung|cuoi|truoc do|truoc)\b|\b(?:anh|hinh)\s+(?P<vn>[1-9])\b(?!\s*(?:px|lan|%|do|x|:|\d))"
    r"|\bthe (?P<c>original)\b"
)


def mentioned(key: str, *, current: int | None = None) -> list[Mentioned]:
    """The earlier pictures named, in order."""
    out = []
    for match in _MENTION.finditer(key):
        word = next((match[name] for name in ("a", "num", "v", "w", "vn", "c") if match[name]), "")
        position = _position(word, current)
        if position is not None:
            out.append(Mentioned(position, *match.span()))
    return out


def _position(word: str, current: int | None) -> int | None:
    if word in ("original", "goc", "ban dau", "dau", "dau tien"):
        return 1
    if word in ("last", "latest", "newest", "moi nhat", "gan nhat", "cuoi cung", "cuoi"):
        return -1
    if word in ("previous", "earlier", "truoc", "truoc do"):
        return max(1, current - 1) if current else None
    if word.isdigit():
        return int(word) or None
    return NUMBERS.get(word)


_NUMBERED = re.compile(r"(?:\b(?:number|no\.?|option|version|choice|so|ban so)\s*|#)(\d{1,2}|one|two|three|four|five)\b")
_UNHAPPY = FILLER | frozenset(
    split(
        "looks look looked looking worse worst ugly bad awful terrible weird wrong strange off horrible hate like love don't dont didn't nope better before good great nice right much so very really kind that's thats "
        "xau te ky qua thich dep on khong sai hong ghe te hon nhin trong chan di lam roi"
    )
)


def _chosen(key: str) -> UndoTarget | None:
    """'The second one', 'I liked the previous version better': nothing but a picture that is named."""
    numbered = _NUMBERED.search(key)
    if numbered and len(key) < 60 and not left_over(key, [numbered.span()], filler=_CHOOSING):
        return UndoTarget(position=_position(numbered[1], None))
    if len(key) > 120 or _NO_WISH.search(key):
        return None
    found = mentioned(key)
    if len(found) == 1 and not left_over(key, [(found[0].start, found[0].end)], filler=_CHOOSING):
        return UndoTarget(position=found[0].position)
    if (
        len(found) > 1
        and len({one.position for one in found}) == 1
        and not left_over(key, [(one.start, one.end) for one in found], filler=_CHOOSING)
    ):
        return UndoTarget(position=found[0].position)
    before = [match.span() for match in _BEFORE.finditer(key)]
    if before and not found and not left_over(key, before, filler=_CHOOSING):
        return UndoTarget(steps=1)
    return None


def undo_of(words: Words) -> UndoTarget | None:
    """Where 'undo', 'go back to the second one', 'hoàn tác' goes; None when the words are no such thing."""
    if _PREFERS.match(words.key.strip()) and (liked := mentioned(words.key)):
        return UndoTarget(position=liked[0].position)
    if _PREFERS.match(words.key.strip()) and (named := re.search(rf"\b{_ORDINAL}\b", words.key)):
        word = named[0].removeprefix("thu ").removeprefix("so ")
        if (position := _position(word, None)) is not None:
            return UndoTarget(position=position)
    key = without_politeness(words).key.strip()
    whole = words.key.strip()
    if target := _chosen(whole):
        return target
    if "vẽ" in words.raw.lower():
        return None
    parts = [part for part in re.split(r"[,.;!?]+\s*", whole) if part]
    if (
        len(parts) > 1
        and any(_UNDO.match(part) for part in parts)
        and not left_over(" ".join(part for part in parts if not _UNDO.match(part)), filler=_UNHAPPY)
    ):
        whole = key = next(part for part in parts if _UNDO.match(part))
    if re.search(r"\b(?:quay|xoay) lai (?:cho )?(?:dung|thang|ngay ngan)\b", whole):
        return None
    if not _UNDO.match(whole) and not _UNDO.match(key):
        if not re.match(
            rf"^(?:show me |i want |i prefer |let'?s use |lay |cho minh xem |minh muon )?{_BACK}\s+(?:to |ve |lai )*(?:the |my |cai |buc |anh |hinh |tam )*{_ORDINAL}(?:\s+(?:{IMAGE}|one|version))?(?: please| di| nhe| nha)?[.!\s]*$",
            key,
        ):
            return None
    if _EDIT_AFTER.search(key) and not re.match(r"^undo\b", key):
        return None
    if re.match(r"^quay (?:anh|hinh)?\s*(?:\d+|ngang|doc|trai|phai)", key):
        return None
    found = mentioned(whole)
    if found and found[0].position is not None:
        return UndoTarget(position=found[0].position)
    if match := re.search(
        r"\b(?:to|ve|lai)\s+(?:the |cai |anh |hinh |buc |tam )*(?:thu |so )?(first|second|third|fourth|fifth|original|beginning|start|very first|goc|ban dau|dau tien|dau|nhat|hai|ba|tu|nam|\d{1,2})(?: (?:one|version))?(?!\s*(?:steps?|buoc|lan))\b",
        whole,
    ):
        word = match[1]
        return UndoTarget(position=1 if word in ("beginning", "start", "very first") else _position(word, None) or 1)
    if re.search(r"\b(?:everything|all|tat ca|het|the whole thing)\b", whole):
        return UndoTarget(position=1)
    if match := re.search(
        r"\b(\d{1,2}|one|two|three|four|five|mot|hai|ba|bon|nam)\s+(?:steps?|changes?|edits?|times|buoc|lan|thao tac)\b", whole
    ):
        return UndoTarget(steps=max(1, min(50, slots.number_of(match[1]) or 1)))
    if re.search(r"\btwice\b", whole):
        return UndoTarget(steps=2)
    return UndoTarget(steps=1)
