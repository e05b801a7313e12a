"""Which values stand in the words?  Numbers, factors, ratios, sides, colours, amounts, out of folded text."""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import math
import re

from .lexicon import COLORS, NUMBERS, STYLES

__all__ = [
    "amount_of", "color_in", "count_of", "degrees_of", "factor_of", "percent_of", "pixels_of", "place_in", "ratio_in", "sides_in", "size_of", "strength_of", "style_in",
]  # fmt: skip

_RATIOS = {"1:1", "16:9", "9:16", "21:9", "4:3", "3:4", "3:2", "2:3"}
_NUMBER_WORD = "|".join(sorted((re.escape(word) for word in NUMBERS), key=len, reverse=True))

RATIO = re.compile(
    r"(?:,?\s*(?:in|with|at|an?|as|to|ty le|ti le|theo ty le|theo ti le|kho|voi|o|format|ratio|aspect ratio(?: of)?)\s+)*"
    r"(?<![\d:])(\d{1,2})\s*(?::|/|\bx\b|\bby\b|tren)\s*(\d{1,2})(?![\d:]|\s*(?:px|pixel))(?:\s*(?:aspect ratio|ratio|format|aspect))?"
)
_RATIO_WORDS = (
    (r"\b(?:ultra ?wide|panorama|panoramic|toan canh)\b(?:\s+(?:format|ratio|shot))?", "21:9"),
    (r"(?:,?\s*(?:in|as an?|in an?)\s+)?\b(?:landscape|horizontal|wide)\s+(?:format|orientation|aspect|mode|ratio|version)\b|,\s*(?:landscape|horizontal)$|\bin landscape\b|\bwide ?screen\b|\bkho (?:ngang|rong)\b|\b(?:anh|hinh|kieu|man hinh|dang) ngang\b|, ?ngang$", "16:9"),
    (r"(?:,?\s*(?:in|as an?|in an?)\s+)?\b(?:portrait|vertical|tall)\s+(?:format|orientation|mode|ratio|version)\b|,\s*(?:portrait|vertical)$|\bin (?:portrait|vertical)\b|\b(?:kho|anh|hinh|kieu|dang) (?:dung|doc)\b|, ?doc$", "9:16"),
    (r"(?:,?\s*(?:in|as an?|in an?)\s+)?\bsquared?\b(?:\s+(?:format|ratio|version|picture|image|photo))?|\b(?:hinh |anh |kho |cat )?vuong\b", "1:1"),
)  # fmt: skip

# where a picture is to be shown says its shape
_PLACES = tuple(
    (re.compile(rf"\b(?:{words})\b"), ratio)
    for words, ratio in (
        ("youtube(?: (?:thumbnail|banner|video|cover))?|thumbnail|(?:facebook|fb|linkedin|web|website|blog) (?:cover|banner|header)|presentation|powerpoint|slides?|desktop (?:wallpaper|background)|laptop (?:wallpaper|background)|(?:anh|hinh) bia(?: facebook| fb| youtube)|hinh nen (?:may tinh|laptop|desktop)|wallpaper for (?:my|the|a) (?:desktop|laptop|pc|computer|monitor)|tv screen", "16:9"),
        ("(?:instagram |insta |ig |fb |facebook |snap(?:chat)? )?stor(?:y|ies)|tik ?tok|reels?|(?:youtube )?shorts|lock ?screen|(?:phone|mobile|iphone|android) (?:wallpaper|background)|wallpaper for (?:my|the|a) (?:phone|iphone|android|mobile)|man hinh khoa|hinh nen (?:dien thoai|dt|iphone)", "9:16"),
        ("instagram|insta|ig post|(?:profile|avatar|album) (?:pic(?:ture)?|photo|image|cover)|avatar|(?:anh|hinh) dai dien", "1:1"),
        ("pinterest(?: pin)?", "2:3"),
    )
)  # fmt: skip


def ratio_in(key: str, *, loose: bool = False) -> tuple[str, int, int] | None:
    """A ratio and where it stands.  `loose` takes ratios that no generator knows (for cropping), and bare portrait, landscape."""
    for match in RATIO.finditer(key):
        ratio = f"{int(match[1])}:{int(match[2])}"
        if ratio in _RATIOS or (loose and int(match[1]) and int(match[2])):
            return ratio, *match.span()
    for pattern, ratio in _RATIO_WORDS:
        if found := re.search(pattern, key):
            return ratio, *found.span()
    for shown, ratio in _PLACES:
        if place := shown.search(key):
            return ratio, place.end(), place.end()
    if loose:
        for pattern, ratio in (
            (r"\bportrait|\bvertical|\bdoc\b|\bstor(?:y|ies)\b|\bphone\b", "9:16"),
            (r"\blandscape\b|\bhorizontal|\bngang\b", "16:9"),
        ):
            if found := re.search(pattern, key):
                return ratio, *found.span()
    return None


def place_in(key: str) -> str | None:
    """The ratio of the place where the picture is to be shown ('for a YouTube thumbnail')."""
    return next((ratio for pattern, ratio in _PLACES if pattern.search(key)), None)


def number_of(word: str) -> int | None:
    return int(word) if word.isdigit() else NUMBERS.get(word)


_FACTOR = re.compile(
    rf"(?<![\w.])(\d+(?:[.,]\d+)?)\s*(?:x\b|times\b|lan\b|-?fold)|\bx\s?(\d+)\b|\bgap\s+({_NUMBER_WORD}|\d+)|\b({_NUMBER_WORD})\s+(?:times|lan)\b"
)


def factor_of(key: str) -> float | None:
    """`2x`, `twice`, `gấp đôi`, `4 lần` as a number."""
    if match := _FACTOR.search(key):
        found = next(group for group in match.groups() if group)
        try:
            return float(found.replace(",", ".")) if found[0].isdigit() else float(NUMBERS[found])
        except ValueError:
            return None
    if match := re.search(r"\bfactor of (\d)\b", key):
        return float(match[1])
    if re.search(r"\b(?:quadruple|fourfold|gap tu)\b", key):
        return 4.0
    if re.search(r"\b(?:triple|gap ba)\b", key):
        return 3.0
    if re.search(r"\b(?:twice|double|doubled|twofold|gap doi|2 lan|nhan doi)\b", key):
        return 2.0
    if match := re.search(r"\b(200|400)\s*(?:%|percent|phan tram)", key):
        return int(match[1]) / 100
    return None


def percent_of(key: str) -> int | None:
    match = re.search(r"(?<![\d.])(\d{1,3})(?:[.,]\d+)?\s*(?:%|percent\b|per cent\b|phan tram\b|pct\b)", key)
    return min(int(match[1]), 100) if match else None


def pixels_of(key: str) -> int | None:
    match = re.search(r"(?<![\d.])(\d{1,5})\s*(?:px|pixels?|diem anh)\b", key)
    return int(match[1]) if match else None


def size_of(key: str) -> tuple[int, int] | None:
    """`800x600`, `1920 by 1080`."""
    match = re.search(r"(?<!\d)(\d{2,5})\s*(?:px|pixels?)?\s*(?:x|by|\*)\s*(\d{2,5})(?!\d)", key)
    return (int(match[1]), int(match[2])) if match else None


def degrees_of(key: str) -> float | None:
    match = re.search(r"(-?\d{1,3}(?:[.,]\d+)?)\s*(?:°|deg\b|degrees?\b|do\b)", key)
    if match:
        return max(-360.0, min(360.0, float(match[1].replace(",", "."))))
    return None


# Vietnamese colour words that are other words too, without their accents: they count only after a word that asks for a colour
_SHY = frozenset({"do", "be", "tim", "cam", "den", "bac", "kem", "hong", "nau", "vang", "xanh", "trang", "xam"})
_COLOR = re.compile(
    r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b|\b(?:" + "|".join(sorted((re.escape(name) for name in COLORS), key=len, reverse=True)) + r")\b"
)
_ASKS_COLOR = re.compile(r"(?:mau|nen|phong|thanh|sang|background|color|to|in|on|chu)\s+$")


def color_in(key: str) -> tuple[str, int, int] | None:
    """The first colour as #rrggbb, and where it stands."""
    for match in _COLOR.finditer(key):
        if match[0] in _SHY and not _ASKS_COLOR.search(key[: match.start()]):
            continue
        return (match[0] if match[0].startswith("#") else COLORS[match[0]]), *match.span()
    return None


_STYLE = re.compile(r"\b(?:" + "|".join(sorted((re.escape(name) for name in STYLES), key=len, reverse=True)) + r")s?\b")


def style_in(key: str) -> tuple[str | None, str, int, int] | None:
    """A named style: the declaration's word (or None), the words for a prompt, and where it stands."""
    best = None
    for match in _STYLE.finditer(key):
        name = match[0] if match[0] in STYLES else match[0][:-1]
        declared, words = STYLES[name]
        if best is None or (best[0] is None and declared is not None):
            best = (declared, words, *match.span())
    return best


_LITTLE = re.compile(
    r"\b(?:a (?:tiny )?(?:bit|little|touch|tad)|slight(?:ly)?|little|somewhat|subtl[ey]|gently|gentle|a hair|chut|chut xiu|hoi|nhe|mot ti|ti xiu|ti thoi|tad|mot it)\b"
)
_MUCH = re.compile(
    r"\b(?:much|a lot|lots|very|really|strong(?:ly)?|heav(?:y|ily)|way|super|far|significantly|extremely|nhieu|rat|that|han|manh|dam|cuc|sieu|max|qua troi)\b"
)
_MOST = re.compile(r"\b(?:as much as possible|maximum|completely|fully|toi da|het co|hoan toan)\b")


def strength_of(key: str, *, default: int) -> int:
    """How much: a per cent or plain number in the words, else by 'a bit', 'much', 'as much as possible'."""
    if (percent := percent_of(key)) is not None:
        return percent
    if match := re.search(
        r"(?:\b(?:by|to|at|of|len|xuong|them|bot|muc|strength|amount|level)\s+|[+-]\s?)(\d{1,3})\b(?!\s*(?:px|pixel|degrees|x\b|:))|(?<![\d.:x-])(?<!\d )\b(\d{1,3})$",
        key,
    ):
        return min(int(match[1] or match[2]), 100)
    if _MOST.search(key):
        return 100
    if _LITTLE.search(key):
        return round(default * 0.5)
    if _MUCH.search(key):
        return min(100, default * 2)
    return default


def amount_of(key: str, *, sign: int, default: int = 25) -> int:
    return sign * strength_of(key, default=default)


def count_of(key: str) -> int | None:
    """How many pictures: '3 pictures', 'hai bức ảnh'."""
    nouns = r"(?:different |various |more |new |cool |cute |nice )*(?:logos?|posters?|icons?|wallpapers?|stickers?|avatars?|concepts?|designs?|mockups?|pics?|renders?|mau|logo|poster|pictures?|images?|photos?|versions?|variations?|options?|paintings?|drawings?|illustrations?|buc|tam|anh|hinh|phien ban|ban)\b"
    match = re.search(rf"\b(\d{{1,2}}|{_NUMBER_WORD})\s+{nouns}", key)
    if not match:
        return None
    found = number_of(match[1])
    return found if found and found > 0 else None


_SIDE = {
    "left": r"\b(?:left(?:wards?)?|trai)\b",
    "right": r"\b(?:right(?:wards?)?|phai)\b",
    "top": r"\b(?:top|up(?:wards?)?|above|upper|upwards|tren|len tren)\b",
    "bottom": r"\b(?:bottom|down(?:wards?)?|below|lower|underneath|duoi|xuong)\b",
}  # fmt: skip
_ALL = re.compile(r"\b(?:all (?:the )?(?:sides|around|directions|edges|four sides|4 sides)|every (?:side|direction|edge)|each side|(?:on )?all 4 sides|four sides|around|bon (?:phia|canh|ben|huong)|4 (?:phia|canh|ben|huong)|moi (?:phia|canh|huong|ben)|cac (?:phia|canh|ben|huong)|xung quanh|everywhere)\b")  # fmt: skip
_WIDE = re.compile(
    r"\b(?:both sides|horizontal(?:ly)?|sideways|wid(?:er|en|th|e)|sides|hai ben|2 ben|hai phia|chieu ngang|be ngang|ngang)\b"
)
_TALL = re.compile(r"\b(?:vertical(?:ly)?|taller|height|top and bottom|chieu doc|chieu cao|tren duoi|tren va duoi|doc)\b")


def sides_in(key: str, *, width: int | None = None, height: int | None = None, default: int = 256) -> dict[str, int]:
    """Pixels to add a side; sides without a number take the nearest number, or `default`."""
    found = [(match.start(), match.end(), side) for side, pattern in _SIDE.items() for match in re.finditer(pattern, key)]
    if not found or _ALL.search(key):
        if _ALL.search(key):
            names = ["left", "right", "top", "bottom"]
        elif _TALL.search(key) and not _WIDE.search(key):
            names = ["top", "bottom"]
        elif _WIDE.search(key):
            names = ["left", "right"]
        else:
            names = ["left", "right", "top", "bottom"]
        return {name: _pixels(key, name, width, height, default) for name in names}
    found.sort()
    out: dict[str, int] = {}
    numbers = [
        (match.start(), match.group()) for match in re.finditer(r"(?<![\d.])\d{1,5}\s*(?:px|pixels?|diem anh|%|percent|phan tram)?", key)
    ]
    for place, (start, _end, side) in enumerate(found):
        if len(numbers) == len(found):
            out[side] = _pixels(numbers[place][1], side, width, height, default)
            continue
        near = min(numbers, key=lambda item: abs(item[0] - start), default=None) if len(numbers) > 1 else (numbers[0] if numbers else None)
        out[side] = _pixels(near[1] if near else "", side, width, height, default)
    return out


def _pixels(key: str, side: str, width: int | None, height: int | None, default: int) -> int:
    percent = percent_of(key)
    if percent is not None:
        base = width if side in ("left", "right") else height
        return max(1, min(2048, math.ceil((base or 1024) * percent / 100)))
    match = re.search(r"(?<![\d.])\d{1,5}", key)
    if match and int(match[0]) > 0:
        return min(int(match[0]), 2048)
    return default
