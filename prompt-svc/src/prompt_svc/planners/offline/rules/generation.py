"""Is a new picture to be drawn?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from typing import Any

from .. import slots
from ..text import Words
from .base import IMAGE, Facts, Found, cut, trimmed

__all__ = ["generated", "generation"]

_MAKE = r"(?:create|generate|draw|paint|sketch|render|design|imagine|illustrate|produce|compose|show me|give me|make me|make|visualize|dream up|tao|ve|sinh|sinh ra|thiet ke|dung|sang tac|lam|hien thi|phac hoa|i want|i need|i'd like|i would like|want|need|muon|can)"

_TO_WHOM = r"(?:\s+(?:me|us|for me|cho minh|cho toi|cho em|giup minh|giup toi|giup em|giup|gium minh|gium|ra|nen|luon|hinh anh|anh cho))*"

_A = r"(?:\s+(?:a|an|the|one|some|new|another|mot|cai|cho|mot cai|nhung|moi))*"

_COUNT = r"(?:\s+(?P<count>\d{1,2}|two|three|four|five|six|hai|ba|bon|nam|a couple of)(?=\s+(?:different |various |new |nice |cool |beautiful )*(?:pictures?|images?|photos?|versions?|variations?|options?|paintings?|drawings?|illustrations?|buc|tam|anh|hinh|phien ban|ban)\b))?"

_KIND = rf"(?:\s+(?:different|various|new|nice|beautiful|cool|high quality|{IMAGE}|buc tranh|buc|tam|canh|versions?|variations?)(?=\s|$))*(?:\s+(?:of|about|showing|depicting|with|ve|cua|mo ta|the hien))?"

_ART = r"(?:logos?|posters?|banners?|wallpapers?|covers?|flyers?|cards?|postcards?|invitations?|illustrations?|stickers?|icons?|mascots?|avatars?|(?:book|album|magazine) covers?|emblems?|(?:paintings?|drawings?|portraits?|sketch(?:es)?|pictures?|photos?|images?|pics?)(?= of )|bia sach|anh bia|hinh bia|thiep\w*|to roi|ap phich|hinh nen|minh hoa|hinh minh hoa|nhan dan|bieu tuong|linh vat|tranh|buc tranh|bang hieu)"
_COMMISSION = re.compile(
    rf"^(?:(?:i |we )?(?:want|need|would like|'d like)|i'd like|can i (?:get|have)|could i (?:get|have)|minh can|can|muon|minh muon|lam|lam cho minh|cho minh|cho)\s+(?:an? |some |one |new |the |mot |cai |tam |buc )*(?P<subject>(?:(?!giong|nhu|thanh|kieu|lai|no|nay|into|like)\w+ )?{_ART}\b.{{4,}})$"
)
_GENERATE = re.compile(rf"^(?P<verb>{_MAKE}){_TO_WHOM}{_A}{_COUNT}{_KIND}\s+(?P<subject>.+)$")

_PICTURE_OF = re.compile(
    rf"^(?:{_A.strip()}\s*)?(?:\w+\s+)?(?:picture|image|illustration|photo|photograph|painting|drawing|portrait|poster|logo|wallpaper|anh|hinh|tranh|buc tranh|buc anh|tam anh)\s+(?:of|about|showing|ve|cua|chup)\s+(?P<subject>.+)$"
)

_NEEDS_ARTICLE = frozenset(
    {"make", "lam", "give me", "show me", "i want", "i need", "i'd like", "i would like", "want", "need", "muon", "can", "dung", "sinh"}
)

_MAKES_OTHER = re.compile(
    rf"^(?:make|lam|muon|i want|i need|i'd like|want|need|can)\s+(?:the\s+|cho\s+)?{IMAGE}\b(?! (?:of|about|ve|cua|chup))|^(?:{_MAKE})\s+(?:me\s+|cho minh\s+)?(?:(?:a|an|the|some|mot|this|that|my|it|these)\s+)?(?:(?:it|this|that|my|everything|no|nay)\b(?! (?:of|about|ve|cua))|them\b|lai\b|background|nen\b|phong\b|colors?\b|lights?\b|lighting\b|anh sang\b|"
    r"(?:\w+\s+)?(?:variations?(?! of (?:an?|some|mot)\b)|variants?|version|remix|take|spin|bien the|phien ban|ban khac|cutout|mask|black and white|grayscale)\b|sang\b|toi\b|net\b|mo\b|dep\b|am\b|lanh\b|nho\b|lon\b|to\b|ro\b|min\b|muot\b|cho (?:no|anh|hinh)\b|"
    r"more\b|less\b|undo|help|hinh (?:nay|do|tren|goc)|anh (?:nay|do|tren|goc)|transparent|nhu\b|giong\b|diu\b|dam\b|nhat\b|tuoi\b|ruc\b|him\b|her\b|them\b|everyone\b|no\b)"
)  # fmt: skip

_DRAWS = frozenset({"create", "generate", "draw", "paint", "render", "illustrate", "tao", "ve", "phac hoa", "thiet ke"})

_SAYS_IT = re.compile(
    r"^(?:\s+(?:a|an|the|mot|some|me|cho minh))*\s+(?:\w+\s+)?(?:variations?(?! of (?:an?|some|mot)\b)|variants?|version|remix|take on|spin on|bien the|phien ban|ban khac|cutout|mask)\b|^(?:\s+(?:a|an|the|mot))*\s+(?:it|this|that|my|them|lai|no|nay|undo|help|background|nen|phong|more|him|her|anh sang|hinh (?:nay|do)|hieu ung)\b"
)


def generation(words: Words, facts: Facts) -> Found | None:
    key = words.key
    picture_of = _PICTURE_OF.match(key)
    match = _GENERATE.match(key)
    if (ordered := _COMMISSION.match(key)) and not re.search(r"\b(?:nay|this|that|it)\b", key[:40]):
        return generated(words, ordered.start("subject"), key, confidence=0.9)
    if not match and not picture_of:
        return None
    verb = match["verb"] if match else ""
    if match:
        of_mine = not facts.has_picture and re.match(r"\s+my\b", key[match.end("verb") :])
        if not of_mine and _MAKES_OTHER.match(key) and not (verb in _DRAWS and not _SAYS_IT.match(key[match.end("verb") :])):
            return None
        rest = key[match.start("verb") + len(verb) :]
        if verb in _NEEDS_ARTICLE and not re.match(
            rf"{_TO_WHOM}\s+(?:a|an|another|some|mot|\d+|two|three|four|hai|ba|bon|buc|tam|{IMAGE}|canh|new|tranh|logo|poster)\b", rest
        ):
            return None
        if verb == "tao" and re.match(r"\s+(?:bong|hieu ung|vien|phong nen|nen)\b", rest):
            return None
        start = match.start("subject")
        if re.match(r"^(?:different|style|it|them|this|that|one|mot cai|no|khac|nua)$", match["subject"]):
            return None
    else:
        assert picture_of
        start = picture_of.start("subject")
        head = re.match(r"^(?:an? |the |mot )?((?:\w+ )?(?:painting|drawing|portrait|poster|logo|wallpaper|illustration|tranh))", key)
        if head:
            start = head.start(1)
    return generated(words, start, key, confidence=0.95 if picture_of or verb in _DRAWS else 0.85)


def generated(words: Words, start: int, whole: str, *, confidence: float = 0.95) -> Found | None:
    params: dict[str, Any] = {}
    subject = words.slice(start, len(words.key))
    if ratio := slots.ratio_in(subject.key):
        params["aspect_ratio"] = ratio[0]
        subject = cut(subject, ratio[1], ratio[2])
    elif ratio := slots.ratio_in(whole):
        params["aspect_ratio"] = ratio[0]
    if (size := slots.size_of(subject.key)) and all(64 <= side <= 2048 for side in size):
        params["size"] = f"{size[0]}x{size[1]}"
    if (count := slots.count_of(whole)) and count >= 1:
        params["num_images"] = min(count, 4)
    if (style := slots.style_in(whole)) and style[0]:
        params["styling"] = {"style": style[0]}
    if seed := re.search(r"\bseed\s*[:=]?\s*(\d{1,9})\b", subject.key):
        params["seed"] = int(seed[1])
        subject = cut(subject, *seed.span())
    subject = trimmed(subject)
    if not re.search(r"\w", subject.key):
        return None
    return Found("image_generation", {"prompt": subject.raw, **params}, confidence, subject)
