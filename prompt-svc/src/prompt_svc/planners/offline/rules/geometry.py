"""Is the picture to be turned, mirrored, cropped, resized or rounded?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from typing import Any

from .. import slots
from .base import Facts

__all__ = ["CROP", "FLIP", "RESIZE", "ROTATE", "ROUND", "crop", "degrees", "direction", "radius", "resize"]

ROTATE = re.compile(
    r"\brotat\w*\b|\bturn\b[\w\s]{0,24}\b(?:degrees?|clockwise|counter-?clockwise|anti-?clockwise|left|right|upside|sideways|around|90|180|270)\b|\bupside down\b|\bxoay\b|\bquay (?:anh|hinh|no|sang|trai|phai|\d+|ngang|doc|nguoc|lai \d+)\b|\bnghieng\b|\btilt\w*\b|\bspin\b|\bstraighten\b|\b(?:crooked|slanted)\b|\bdung thang\b|\blon nguoc\b|\bdao nguoc\b|\bnguoc (?:dau|xuoi)\b|\b(?:bi|dang) nguoc\b|\bquay (?:lai )?cho (?:dung|thang)\b|\bright (?:way|side) (?:up|round|around)\b|\b(?:quarter|half|full)[ -]?turn\b|\b(?:counter|anti)-?clockwise\b|\bclockwise\b|\b\d+ ?(?:degrees|deg|°)|\bxoay nguoc\b"
)

FLIP = re.compile(
    r"\bflip\w*\b|\bmirror\w*\b|\breflect it\b|(?<!da )\blat\b(?! mat)|\breverse (?:it|this|the (?:image|picture|photo))\b|\bleft to right\b|\bswap (?:the )?left and right\b|\bdao (?:nguoc )?trai (?:sang )?phai\b|\bbackwards?\b|\bdoi xung\b|\b(?:phan chieu|guong)\b|\bdao chieu\b|\blat nguoc\b"
)

CROP = re.compile(
    r"\bcrop\w*\b|\btrim\b|\b(?:chop|slice|snip|cut|trim)\b[\w\s]{0,20}?\b\d{1,2} ?: ?\d{1,2}\b|\bcat cho (?:vua|khop|hop|du)\b|\bcat (?:lay )?(?:khung|phan)\b|\b(?:frame|fit|square|cut|trim) (?:it|this|that|the \w+)?(?: \w+){0,2} ?(?:to |into |in |as )?(?:an? )?squared?\b|\bcut (?:it |this |the (?:picture|image|photo) |my photo )?(?:to|into|down to|in)\b|\bcat (?:anh|hinh|xen|cup|vuong|thanh|theo|ve|lai|ti le|ty le|kho|gon|no|bot|tam|buc|con|giup|ra)\b|\bcat\b(?= \d)|\bmake (?:it|this|the (?:picture|image|photo)) (?:an? )?(?:squared?|portrait|landscape|vertical|horizontal|\d{1,2} ?[:x] ?\d{1,2})\b(?! ?\d)|\bto (?:an? )?square\b|\bsquare (?:it|crop)\b|\b(?:lam|chuyen|cho|doi)(?: \w+){0,3} (?:vuong|doc|ngang|thanh vuong|hinh vuong|ty le|ti le)\b|\binstagram (?:square|post)\b|^squared?$|^vuong$|\b(?:want|need|like|have|get) (?:it|this|that)(?: as| in| to be)?(?: an?)? (?:squared?|portrait|landscape|\d{1,2} ?: ?\d{1,2})\b|\baspect ratio\b|\bchange (?:the )?ratio\b|^(?:to |in )?\d+:\d+$|\bty le \d+|\bti le \d+|^(?:make )?(?:it )?(?:to )?\d+:\d+\b"
)

RESIZE = re.compile(
    r"\bre-?size\w*\b|\bscale (?:it |this |the (?:picture|image|photo) )?(?:down|to)\b|\bshrink\b|\b(?:width|height|wide|tall|chieu rong|chieu cao|chieu ngang|be rong|rong|cao)\b[\w\s]{0,10}\d{2,5}|\d{2,5}\s*(?:px|pixels?)?\s*(?:wide|tall|high|long|in width|in height|chieu rong|chieu cao)\b|\bsmaller\b|\b(?:thu|lam) nho\b|\bnho (?:lai|hon|di|xuong)\b|\bdoi (?:lai )?kich (?:thuoc|co)\b|\bchinh kich (?:thuoc|co)\b|\bkich (?:thuoc|co)\b|\bhalf (?:the |its |as )?(?:size|big)\b|\bgiam kich\b|\bve (?:size|co) \d|\bthanh \d{2,4} ?x ?\d{2,4}|\bto \d{2,4} ?x ?\d{2,4}|(?<!crop )(?<!crop to )\b\d{3,4} ?(?:px|pixels)? ?(?:x|by|\*) ?\d{3,4}\b|\bgiam (?:mot )?nua\b"
)

ROUND = re.compile(
    r"\bround(?:ed|ing)?\b[\w\s]{0,14}\bcorners?\b|\bcorners?\b[\w\s]{0,14}\bround\w*\b|\bbo (?:tron |cac |4 |bon )*goc\b|\bgoc (?:bo )?tron\b|\blam tron (?:cac |4 |bon )?goc\b|\bborder.?radius\b|\bround (?:it|them) off\b|\bbo tron\b"
)


def radius(key: str, facts: Facts) -> int:
    match = re.search(r"(?<![\d.])(\d{1,4})(?!\d)(?!\s*(?:corners|goc|%))", key)
    if match and int(match[1]) > 4:
        return min(int(match[1]), 4096)
    if (percent := slots.percent_of(key)) is not None and facts.width:
        return min(4096, round(facts.width * percent / 100))
    little = re.search(r"\b(?:slightly|a (?:bit|little)|nhe|chut)\b", key)
    much = re.search(r"\b(?:very|fully|a lot|nhieu|that)\b", key)
    return 20 if little else 120 if much else 48


def degrees(key: str) -> float:
    counter = bool(
        re.search(
            r"\b(?:counter-?\s?clockwise|anti-?\s?clockwise|to the left|left|nguoc chieu(?: kim dong ho)?|sang trai|trai|nguoc kim)\b", key
        )
    )
    found = slots.degrees_of(key)
    if found is None:
        match = re.search(r"(-?\d{1,3})\b(?!\s*(?:px|%|x))", key)
        if match and abs(int(match[1])) <= 360:
            found = float(match[1])
        elif re.search(
            r"\b(?:upside down|right (?:way|side) (?:up|round|around)|half(?: a)?[ -]?turn|lon nguoc|dao nguoc|nguoc (?:lai|dau|xuoi)|(?:bi|dang) nguoc|nua vong)\b",
            key,
        ):
            found = 180.0
        elif re.search(r"\b(?:slightly|a (?:bit|little)|chut|tilt(?:ed|ing)?|crooked|slanted|nghieng|straighten|xiu)\b", key):
            found = 5.0
        else:
            found = 90.0
    found = -abs(found) if counter else found
    return int(found) if found == int(found) else found


def direction(key: str) -> str:
    vertical = re.search(
        r"\b(?:vertical(?:ly)?|upside down|up and down|top to bottom|doc|tren duoi|chieu doc|theo chieu doc|len xuong|tren xuong duoi)\b",
        key,
    )
    return "vertical" if vertical else "horizontal"


def crop(key: str, facts: Facts) -> dict[str, Any]:
    if (size := slots.size_of(key)) and min(size) > 40:
        place = re.search(r"\b(?:at|from|tai|tu)\s+(\d{1,5})\s*,\s*(\d{1,5})", key)
        corner = {"x": int(place[1]), "y": int(place[2])} if place else {}
        if not place and facts.width and facts.height:
            corner = {"x": max(0, (facts.width - size[0]) // 2), "y": max(0, (facts.height - size[1]) // 2)}
        return {"op": "crop", **corner, "width": min(size[0], 30000), "height": min(size[1], 30000)}
    if ratio := slots.ratio_in(key, loose=True):
        return {"op": "crop", "aspect_ratio": ratio[0]}
    if (percent := slots.percent_of(key)) and facts.width and facts.height and percent < 100:
        share = (100 - percent) / 100 if re.search(r"\b(?:by|off|bot|di)\b", key) else percent / 100
        width, height = max(1, round(facts.width * share)), max(1, round(facts.height * share))
        return {"op": "crop", "x": (facts.width - width) // 2, "y": (facts.height - height) // 2, "width": width, "height": height}
    off = re.search(r"\b(?:top|bottom|left|right|tren|duoi|trai|phai)\b", key)
    if off and re.search(r"\b(?:off|bot|phan|bo|away|out|from)\b", key):
        return _crop_side(off[0], facts)
    return {"op": "crop", "aspect_ratio": "1:1"}


def _crop_side(side: str, facts: Facts) -> dict[str, Any]:
    """A fifth off one side; nothing when the picture's size is not known."""
    if not facts.width or not facts.height:
        return {}
    across, down = max(1, facts.width // 5), max(1, facts.height // 5)
    wide = side in ("left", "right", "trai", "phai")
    return {
        "op": "crop",
        "x": across if side in ("left", "trai") else 0,
        "y": down if side in ("top", "tren") else 0,
        "width": max(1, facts.width - across) if wide else facts.width,
        "height": facts.height if wide else max(1, facts.height - down),
    }


def resize(key: str, facts: Facts) -> dict[str, Any] | None:
    if (size := slots.size_of(key)) and min(size) >= 8:
        return {"op": "resize", "width": min(size[0], 8192), "height": min(size[1], 8192)}
    number = re.search(r"(?<![\d.])(\d{2,5})\s*(?:px|pixels?|diem anh)?\b(?!\s*(?:%|percent|phan tram))", key)
    if number and 1 <= int(number[1]) <= 8192 and not slots.percent_of(key):
        tall = re.search(r"\b(?:height|tall|high|chieu cao|cao)\b", key)
        return {"op": "resize", "height" if tall else "width": int(number[1])}
    share = None
    if (percent := slots.percent_of(key)) is not None and percent > 0:
        smaller_by = re.search(r"\b(?:by|smaller|giam|bot|di)\b", key) and not re.search(r"\b(?:to|con|xuong con|xuong)\b", key)
        share = (100 - percent) / 100 if smaller_by and percent < 100 else percent / 100
    elif re.search(r"\b(?:half|smaller|shrink|scale (?:it |this )?down|nho|thu nho|mot nua|nua|giam)\b", key):
        share = 0.5
    if share is None:
        return None
    return {"op": "resize", "width": max(1, min(8192, round((facts.width or 1024) * share)))}
