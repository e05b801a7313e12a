"""Is a thing in the picture to change, in free words?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re

from ..text import Words
from .base import REMOVE, Facts, Found, trimmed

__all__ = ["HARD_EDIT", "OBJECT", "OBJECT_COLOR", "REMOVE_OBJECT", "edit"]

_EDIT = re.compile(
    r"^(?:(?:now|then|please)\s+)?(?:add|put|place|insert|replace|swap|change|turn|give|dress|remove|delete|erase|get rid of|take (?:out|away|off)|clean up|fix|retouch|paint|color|colour|recolor|make|move|close|open|hide|smooth|whiten|swap out|substitute|draw|wipe|"
    r"them|dat|dan|chen|thay|doi|xoa|bo|mac|doi cho|cho|lam|sua|bien|ve them|gan|to mau|to|chinh|di chuyen|xoa bo|loai bo|go|thay the|chuyen|ghep|deo)\b"
)

OBJECT = re.compile(
    r"\b(?:hat|cap|glasses|sunglasses|shirt|dress|jacket|coat|hair|eyes?|face|skin|teeth|smile|beard|mustache|shoes|tie|scarf|person|people|man|woman|guy|girl|boy|kid|child|crowd|tourists?|car|cars|bike|tree|trees|flowers?|clouds?|sky|sea|grass|ground|wall|floor|table|chair|dog|cat|bird|birds|moon|sun|stars|wings?|rainbow|snow|rain|fire|smoke|boat|house|building|window|door|sign|"
    r"watermark|logo|stain|scratch|scratches|wrinkles?|pimples?|acne|blemish\w*|shadow|reflection|pole|wires?|object|objects|thing|fence|trash|him|her|them|his|background|water|road|"
    r"mu|non|kinh|ao|vay|quan|toc|mat|da|rang|rau|giay|nguoi|anh ay|co ay|chi ay|xe|cay|hoa|dam may|troi|bau troi|bien|tuong|san|ban|ghe|con cho|chu cho|meo|chim|trang|sao|mat troi|cau vong|tuyet|mua|lua|khoi|thuyen|nha|cua so|mun|vet|seo|nep nhan|bong|cot|day dien|vat the|vat|rac|hang rao|chu nuoc|hinh mo|dong ho|nen|canh|em be|tre em)\b"
)  # fmt: skip


def edit(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if not _EDIT.match(key) or len(key.split()) < 2:
        return None
    if re.match(
        r"^(?:make|lam|cho|change|doi|chinh|fix|sua)\s+(?:it|this|that|no|anh|hinh|them)(?:\s+(?:better|nice|nicer|pretty|dep|dep hon|tot hon|look good|look better|nay|lai|khac))*$",
        key,
    ):
        return None
    known = bool(OBJECT.search(key))
    strong = re.match(
        r"^(?:add|put|place|insert|replace|swap|dress|remove|delete|erase|get rid of|take out|them|dat|chen|thay|xoa|bo|mac|doi cho|ve them|ghep|deo|give)\b",
        key,
    )
    if not known and not strong:
        return None
    return Found("edit", {"prompt": trimmed(words).raw}, 0.9 if known else 0.75)


HARD_EDIT = re.compile(
    r"^(?:put|add|place|insert|give(?! me\b)|dress|replace|swap|them|dat|dan|thay|ghep|doi cho|mac|deo)\b(?!\s+(?:more |some |a bit of |a little |them |chut |mot chut )?(?:brightness|contrast|saturation|warmth|sharpness|blur|light\b|text|caption|title|words|rounded|round|do|tuong phan|bao hoa|anh sang|chu|sang|am|mau sac|phong cach|style|sepia|noise|grain|space|room|vien|khong gian|khoang|\d|canvas|dong chu|tieu de|sky|detail|chi tiet|khung canh|phong canh|canh vat))"
)

OBJECT_COLOR = re.compile(
    r"^(?:change|make|turn|paint|color|colour|recolor|doi|bien|lam|to|chuyen|cho|nhuom|son|dye|paint|son lai|to lai)\s+(?:lai\s+)?(?:the |his |her |my |their |mau |buc |cai |chiec |doi |con )*(?:color of (?:the |his |her )?)?(?:car|shirt|dress|hair|eyes?|sky|wall|house|hat|jacket|coat|door|flowers?|grass|shoes|t-?shirt|sea|water|ao|vay|toc|xe|mat|bau troi|troi|tuong(?! phan)|nha|mu|non|quan|giay|cua|hoa)\b"
)

REMOVE_OBJECT = re.compile(
    rf"^take (?:the |that |those |all )*[\w ]{{2,30}} (?:out|away|off)\b|^(?!cut out|cut away|cat|tach|no |without |lay )(?:{REMOVE})\s+(?:the |all (?:the )?|those |these |that |this |my |his |her |any |some |nhung |cac |het |may |cai |con |vat )*(?:people|person|man|woman|guy|girl|boy|tourists?|crowd|cars?|watermarks?|logos?|text|stain|scratch\w*|wrinkles?|pimples?|acne|blemish\w*|pole|wires?|objects?|trash|fence|sign|glasses|hat|tree|dog|cat|shadow|reflection|glare|red.?eye|nguoi|xe|chu|mun|vet|seo|nep nhan|day dien|vat the|rac|logo|watermark|bong|cot|kinh|mu|cay|cho|meo)"
)
