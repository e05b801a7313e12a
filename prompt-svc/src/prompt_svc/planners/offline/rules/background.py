"""Is the subject to be cut out, or the background's colour to change?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re

from .. import slots
from ..lexicon import COLORS
from ..text import Words
from .base import BG, REMOVE, Facts, Found

__all__ = ["background", "bare_color", "is_backdrop"]

_BARE_COLOR = re.compile(
    r"^(?:put|make|use|add|set|give|with|replace|paint|color|fill|thay|them|cho|dat|doi|to)(?: it| that| this| in| with| me| bang| thanh| sang| vao| the)*(?: an?)?(?: solid| plain| pure| new| mau| nen)* [\w# ]{2,12}?(?: one| background| instead| color| di| nhe)*$"
)
_KEEPS = re.compile(
    r"^(?:i |we )?(?:just |only )?(?:want|need|keep|leave|take|show|get|extract|save|give me)\s+(?:only|just)\s+(?:the |my |this |that |his |her )?(?!mask)[\w ]{2,40}$|^(?:i )?(?:just|only) (?:want|need|keep|leave|extract|get) (?:the|my|this|his|her) [\w ]{2,40}$|^(?:just|only) the [\w ]{2,30}$|^keep the (?:subject|person|foreground|product|main \w+)$|^keep the [\w ]{2,30} only$|\bnothing else\b|\bby (?:itself|himself|herself|themselves) (?:on|with) (?:nothing|no)|"
    r"\beverything (?:else |behind |around |except |but )[\w ]{0,24}\b(?:gone|out|away|off|invisible|vanish|disappear|removed?|delete[d]?|erased?)\b|\b(?:remove|delete|erase|get rid of|lose|cut) everything (?:else|behind|around|except|but)\b|"
    r"\b(?:tach|lay|giu|cat|de)(?: lai| lay| ra| rieng)* (?:chi|moi|rieng|duy nhat|mot minh)\b|\b(?:chi|moi) (?:lay|giu|can|de|muon lay|muon giu)(?: lai)? (?!mau|mask)[\w ]{2,30}$|^tach lay\b|^tach (?:con|cai|chiec|doi|nguoi|co|chau|em|be|chai|lo|hop|san pham|mon) [\w ]+$|\bbo het (?:xung quanh|phia sau)"
)
_PART = re.compile(
    r"\b(?:part|half|top|bottom|left|right|middle|center|corner|color|colors|phan|nua|goc|giua|mau|ben|picture|image|photo|text|words|change|edit|little|bit|way|answer|help|question)\b"
)
_MASK = re.compile(r"\b(?:mask|alpha (?:channel|matte)|matte|mat na|silhouette)\b")


def bare_color(key: str) -> str | None:
    """The colour in 'put it in blue', which after a cut-out is the new background's."""
    found = slots.color_in(key) if _BARE_COLOR.match(key) else None
    return found[0] if found else None


_REMOVE_BG = re.compile(
    rf"\b{REMOVE}\b[\w\s']{{0,40}}?\b{BG}\b|\b{BG}\b[\w\s]{{0,20}}\b(?:removed|removal|remove|gone|vanish\w*|disappear\w*|see.?through|invisible|transparent|trong suot|away|out|off|bo di|xoa di|di)\b|"
    rf"\b(?:transparent|clear|empty|see.?through)\s+(?:png|{BG})|\b(?:see.?through|invisible)\b|\btransparent\b|\btrong suot\b|\bcut ?out\b|\bcut\s+(?:\w+\s+){{1,4}}out\b|\bisolate\b|\bextract (?:the|my|this|him|her)\b|"
    r"\btach (?:rieng )?(?:chu the|nguoi|doi tuong|vat the|san pham|nhan vat|con|cai|hinh)\b|\bcat (?:rieng )?(?:chu the|nguoi|doi tuong|nhan vat|con \w+|san pham) ra\b|\bmask only\b|\b(?:only|just) (?:keep )?the (?:main )?(?:subject|person|product|foreground)\b|\bkeep (?:only|just) the (?:subject|person|product|foreground)\b|\bchi giu(?: lai)? (?:chu the|nguoi|san pham|nhan vat)|\bknock ?out\b|\bnen trang\b|\bsilhouette mask\b"
)  # fmt: skip

_ON_COLOR = re.compile(
    rf"\b(?:put|place|set|dat|cho|de|move)\b[\w\s]{{0,24}}?\b(?:on|onto|over|against|in front of|len|tren)\b\s+(?:an?\s+|the\s+|mot\s+)?(?:solid\s+|plain\s+|pure\s+|bright\s+)?(?:{BG}\s+)?(?:mau\s+)?(?P<c>[\w# ]+?)(?:\s+{BG})?$"
)

_BG_COLOR = re.compile(
    rf"\b(?P<before>[\w#]+(?: [\w]+)?)\s+(?:solid\s+)?(?:color(?:ed)?\s+)?{BG}\b|\b{BG}\b(?:\s+(?:color|mau|cua (?:anh|hinh)|anh|nay|cua no|sang|thanh|to|into|with|be|is|as|trong|qua|la|in|solid|plain|a|phia sau|dang sau|hinh|it|the|no))*\s+(?P<after>[\w#]+(?: [\w]+){{0,2}})"
)


_SECOND = r"(?:first|1st|third|3rd|original|previous|thu nhat|dau tien|thu ba|second|2nd|other|last|attached|reference|another|thu hai|thu 2|kia|mau|con lai|dinh kem|so 2)"
_PICTURE = r"(?:picture|pic|image|photo|one|anh|hinh|tam anh|buc anh|tam hinh)"
_NAMED = rf"(?:{_SECOND} {_PICTURE}|{_PICTURE} (?:so )?{_SECOND})"
_ON_PICTURE = re.compile(
    rf"\b{_NAMED}\b[\w\s]{{0,12}}\b(?:as|for|lam|vao)\b[\w\s]{{0,8}}\b{BG}\b|"
    rf"\b(?!phong (?:to|lon|dai)){BG}\b[\w\s]{{0,14}}\b(?:to|with|by|bang|thanh|la|lay tu)\b[\w\s]{{0,8}}\b{_NAMED}\b|"
    rf"^(?:take|use|get|lay|dung)\b[\w\s]{{0,12}}\b{BG}\b[\w\s]{{0,6}}\b(?:from|of|tu|cua)\b[\w\s]{{0,8}}\b{_NAMED}\b|"
    rf"^(?:\w+ ){{0,2}}(?:put|place|set|paste|stick|drop|dat|ghep|cho|de|dan)\b[\w\s']{{0,40}}\b(?:in front of|over|onto|on|before|len|tren|truoc)\b[\w\s]{{0,20}}\b{_NAMED}\b(?: \w+)?$"
)


def is_backdrop(key: str) -> bool:
    """Whether another picture is to stand behind the subject."""
    return _ON_PICTURE.search(key) is not None


def background(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if facts.has_reference and is_backdrop(key):
        return Found("remove_background", {"background": "picture"})
    if re.search(
        r"\b(?:blur\w*|lam mo|lam nhoe|xoa mo|mo nen|mo phong|phong mo|nen mo|mo (?:cai )?background|mo hau canh|mo (?:phia|dang) sau|bokeh|unfocus|defocus|out of focus)\b",
        key,
    ):
        return None
    if re.search(
        r"\b(?:people|person|man|woman|text|watermark|logo|objects?|things?|stuff|car|cars|tourists?|nguoi|chu|vat)\b[\w\s]{0,12}\b(?:in|from|on|o|trong)\b[\w\s]{0,6}\b(?:background|nen|phong)",
        key,
    ):
        return None
    color = "#ffffff" if re.search(rf"\bwhiten (?:out )?(?:the |my )?{BG}\b", key) else _background_color(key)
    if color:
        return Found("remove_background", {"background_color": color})
    if _MASK.search(key) and re.search(
        r"\b(?:give|get|show|only|just|want|need|make|create|export|extract|lay|cho|xuat|tao|chi|muon|can)\b|^(?:the |an? )?\w*\s?mask", key
    ):
        return Found("remove_background", {"mask_only": True})
    keeps = _KEEPS.search(key) and not _PART.search(key)
    if (not keeps and not _REMOVE_BG.search(key)) or (re.search(r"\bnen trang\b", key) and not re.search(REMOVE, key)):
        return None
    if re.search(r"\b(?:thay|replace|change|swap|doi)\b", key) and not re.search(r"\btransparent|trong suot", key):
        return None
    return Found("remove_background")


def _background_color(key: str) -> str | None:
    if match := _ON_COLOR.search(key):
        found = slots.color_in("on " + match["c"])
        if found and found[2] - found[1] >= len(match["c"].strip()) - 8:
            return found[0]
    if re.search(r"\b(?:a cat|a dog|create|generate|draw|ve|tao)\b", key):
        return None
    for match in re.finditer(rf"\b{BG}\b", key):
        after = key[match.end() :]
        after = re.sub(
            r"^(?:\s+(?:colou?r|mau|cua (?:anh|hinh|no)|anh|hinh|nay|sang|thanh|to|into|with|be|is|as|qua|la|in|solid|plain|pure|an?|phia sau|dang sau|it|the|don sac|bang|for|voi|behind|mau don))*\s+",
            " ",
            after,
        )
        found = slots.color_in("nen" + after[:24])
        if found and found[1] <= 4:
            return found[0]
        before = key[: match.start()]
        name = re.search(r"((?:[\w#]+ )?[\w#]+)\s+(?:colou?r(?:ed)?\s+)?$", before)
        if name:
            for candidate in (name[1], name[1].split()[-1]):
                bare = candidate.removeprefix("plain ").removeprefix("solid ").removeprefix("a ").removeprefix("pure ")
                if (bare in COLORS and bare not in ("be", "do", "cam", "den", "bac", "tim", "kem")) or re.fullmatch(
                    r"#[0-9a-f]{3,6}", bare
                ):
                    return COLORS.get(bare, bare)
    return None
