"""Which light does a prompt ask for?  Direction, colour and preset words in English and Vietnamese become lamps."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from .wording import erase, find_words, fold

__all__ = ["STYLES", "Lamp", "Lighting", "lighting_for", "styled"]

Vector = tuple[float, float, float]
Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Lamp:
    """One light: `direction` points to it (x right, y down, z to the viewer), `color` is sRGB, `level` about 1."""

    direction: Vector
    color: Rgb = (255, 244, 229)
    level: float = 1.0


@dataclass(frozen=True, slots=True)
class Lighting:
    """All that a picture is lit with. Levels are relative: the exposure is set afterwards.

    `ambient` light of `ambient_color` reaches everything; `exposure` is the mean brightness against the original's;
    `falloff` how fast light fades across the picture; `wrap` how far it reaches round forms (0 hard, 1 soft); `shadow`
    the depth of the subject's shadow; `rim` its bright edge; `haze` the glow of the source in the air; `relief` how
    much form is seen; `flatten` how much of the old light is taken off first; `bloom` soft focus; `contrast` of the
    grade; `saturation` of the colours; `tint` splits shadows (teal) from lights (orange). All but exposure, contrast
    and saturation (1 is neutral) run from 0 to about 1.
    """

    lamps: tuple[Lamp, ...]
    ambient_color: Rgb = (200, 208, 224)
    ambient: float = 0.3
    exposure: float = 1.0
    falloff: float = 0.85
    wrap: float = 0.45
    shadow: float = 0.3
    rim: float = 0.7
    haze: float = 0.0
    relief: float = 1.0
    flatten: float = 0.4
    bloom: float = 0.0
    contrast: float = 1.0
    saturation: float = 1.0
    tint: float = 0.0
    directions: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()
    preset: str | None = None


_DIRECTIONS: Final[Mapping[str, Vector]] = {
    "left": (-1.0, -0.15, 0.5),
    "right": (1.0, -0.15, 0.5),
    "top": (0.0, -1.0, 0.5),
    "below": (0.0, 1.0, 0.5),
    "behind": (0.0, -0.35, -0.9),
    "front": (0.0, -0.15, 1.0),
}

_DIRECTION_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "left": ("left", "left side", "ben trai", "phia trai", "tu trai", "goc trai", "canh trai", "trai"),
    "right": ("right", "right side", "ben phai", "phia phai", "tu phai", "goc phai", "canh phai", "phai"),
    "top": ("top", "above", "overhead", "upper", "ben tren", "phia tren", "tu tren", "tren cao", "tren", "tren dau"),
    "below": ("below", "beneath", "under", "underneath", "bottom", "lower", "ben duoi", "phia duoi", "tu duoi", "duoi"),
    "behind": (
        "behind",
        "back",
        "backlit",
        "backlight",
        "backlighting",
        "rim light",
        "rim lighting",
        "contre jour",
        "phia sau",
        "dang sau",
        "ben sau",
        "tu sau",
        "sau lung",
        "nguoc sang",
        "anh sang nguoc",
        "sau",
    ),
    "front": ("front", "frontal", "head on", "phia truoc", "truoc mat", "tu truoc", "chinh dien", "dang truoc"),
    "": (
        "right now",
        "just right",
        "all right",
        "con trai",
        "be trai",
        "em trai",
        "phai co",
        "phai that",
        "come back",
        "background",
        "mau sau",
        "sau do",
        "sau khi",
    ),
}
"""The words for each direction; those under "" hold one of the words but mean something else."""

_COLORS: Final[Mapping[str, Rgb]] = {
    "warm": (255, 204, 146),
    "cool": (160, 204, 255),
    "golden": (255, 192, 104),
    "amber": (255, 172, 80),
    "orange": (255, 150, 66),
    "red": (255, 44, 40),
    "pink": (255, 120, 176),
    "neon pink": (255, 40, 170),
    "magenta": (255, 48, 220),
    "purple": (160, 70, 255),
    "blue": (64, 120, 255),
    "neon blue": (30, 120, 255),
    "cyan": (40, 220, 255),
    "teal": (40, 190, 180),
    "green": (70, 235, 100),
    "yellow": (255, 222, 70),
    "white": (255, 252, 246),
}

_COLOR_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "warm": ("warm", "warmer", "warmth", "am ap", "am ang", "anh sang am", "anh am", "tong am", "mau am"),
    "cool": ("cool", "cooler", "cold", "icy", "lanh", "lanh leo", "mat me", "tong lanh"),
    "golden": ("gold", "golden", "honey", "vang kim", "vang ong", "anh vang", "vang am", "hoang kim"),
    "amber": ("amber", "tungsten", "ho phach"),
    "orange": ("orange", "anh sang cam", "mau cam", "da cam"),
    "red": ("red", "crimson", "mau do", "do ruc", "do tham", "anh sang do", "den do"),
    "pink": ("pink", "rose", "rosy", "hong", "mau hong"),
    "neon pink": ("neon pink", "hot pink", "pink neon", "hong neon", "neon hong", "hong canh sen"),
    "magenta": ("magenta", "fuchsia", "hong tim"),
    "purple": ("purple", "violet", "lavender", "mau tim", "anh sang tim", "den tim"),
    "blue": ("blue", "azure", "xanh duong", "xanh lam", "xanh da troi", "xanh bien", "xanh nuoc bien", "xanh", "mau xanh"),
    "neon blue": ("neon blue", "electric blue", "blue neon", "xanh neon", "neon xanh"),
    "cyan": ("cyan", "turquoise", "aqua", "xanh lo", "xanh ngoc"),
    "teal": ("teal", "xanh co vit", "xanh mong ket"),
    "green": ("green", "emerald", "xanh la", "xanh la cay", "xanh luc"),
    "yellow": ("yellow", "vang", "mau vang"),
    "white": ("white", "neutral", "pure white", "trang", "trung tinh"),
}

_PRESETS: Final[Mapping[str, Lighting]] = {
    "golden hour": Lighting(
        (Lamp((0.9, -0.1, 0.42), (255, 190, 112), 1.35),),
        (176, 152, 150),
        0.3,
        1.04,
        0.85,
        0.4,
        0.5,
        1.0,
        0.34,
        saturation=1.1,
    ),
    "sunset": Lighting(
        (Lamp((-0.9, 0.05, 0.3), (255, 156, 86), 1.45),),
        (150, 126, 160),
        0.28,
        0.86,
        0.95,
        0.4,
        0.5,
        1.1,
        0.4,
        saturation=1.15,
    ),
    "sunrise": Lighting(
        (Lamp((0.9, -0.05, 0.4), (255, 196, 156), 1.25),),
        (172, 178, 212),
        0.36,
        1.02,
        0.8,
        0.55,
        0.35,
        0.9,
        0.36,
    ),
    "night": Lighting(
        (Lamp((-0.7, -0.6, 0.4), (130, 166, 255), 1.0),),
        (44, 66, 130),
        0.42,
        0.3,
        0.9,
        0.3,
        0.5,
        0.8,
        0.06,
        saturation=0.72,
        contrast=1.1,
    ),
    "moonlight": Lighting(
        (Lamp((0.6, -0.8, 0.3), (170, 200, 255), 1.15),),
        (48, 70, 124),
        0.34,
        0.44,
        0.85,
        0.3,
        0.5,
        1.2,
        0.14,
        saturation=0.62,
        contrast=1.08,
    ),
    "neon": Lighting(
        (Lamp((-1.0, -0.1, 0.35), (255, 36, 170), 1.5), Lamp((1.0, -0.1, 0.35), (20, 140, 255), 1.4)),
        (70, 50, 140),
        0.22,
        0.72,
        0.85,
        0.35,
        0.3,
        1.5,
        0.3,
        saturation=1.15,
        contrast=1.12,
    ),
    "studio": Lighting(
        (Lamp((-0.7, -0.55, 0.8), (255, 250, 243), 1.25), Lamp((0.9, -0.2, 0.4), (226, 236, 255), 0.35)),
        (232, 236, 244),
        0.4,
        1.08,
        0.55,
        0.55,
        0.45,
        0.9,
        0.0,
        contrast=1.08,
    ),
    "candle": Lighting(
        (Lamp((-0.25, 1.0, 0.5), (255, 160, 84), 1.6),),
        (74, 52, 62),
        0.16,
        0.56,
        1.25,
        0.35,
        0.6,
        0.8,
        0.24,
        saturation=1.05,
        contrast=1.08,
    ),
    "fire": Lighting(
        (Lamp((0.3, 1.0, 0.4), (255, 140, 62), 1.7),),
        (60, 44, 70),
        0.16,
        0.58,
        1.25,
        0.3,
        0.6,
        1.1,
        0.34,
        saturation=1.12,
        contrast=1.1,
    ),
    "window light": Lighting(
        (Lamp((-1.0, -0.25, 0.45), (244, 248, 255), 1.35),),
        (190, 178, 166),
        0.28,
        0.94,
        1.0,
        0.6,
        0.5,
        0.8,
        0.22,
        contrast=1.04,
    ),
    "backlight": Lighting(
        (Lamp((0.0, -0.35, -0.9), (255, 232, 196), 1.5),),
        (176, 184, 206),
        0.4,
        0.94,
        0.8,
        0.4,
        0.3,
        1.7,
        0.42,
    ),
    "overcast": Lighting(
        (Lamp((0.0, -1.0, 0.9), (222, 230, 242), 0.5),),
        (206, 214, 228),
        0.95,
        0.97,
        0.3,
        0.9,
        0.15,
        0.1,
        0.05,
        flatten=0.6,
        saturation=0.86,
        contrast=0.94,
    ),
    "sunny": Lighting(
        (Lamp((0.55, -0.9, 0.6), (255, 241, 214), 1.35),),
        (170, 196, 236),
        0.38,
        1.14,
        0.5,
        0.25,
        0.6,
        0.7,
        0.12,
        saturation=1.1,
        contrast=1.08,
    ),
    "spotlight": Lighting(
        (Lamp((0.1, -1.0, 0.7), (255, 246, 226), 1.9),),
        (60, 64, 84),
        0.12,
        0.66,
        1.7,
        0.2,
        0.6,
        0.9,
        0.22,
        contrast=1.12,
    ),
}

_PRESET_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("studio ghibli", "ghibli studio", "fire truck", "fire engine", "lua chon"),
    "golden hour": ("golden hour", "gio vang", "magic hour", "late afternoon", "chieu ta", "nang chieu"),
    "sunset": ("sunset", "dusk", "hoang hon", "mat troi lan", "chieu tim"),
    "sunrise": ("sunrise", "dawn", "morning", "binh minh", "rang dong", "ban mai", "buoi sang", "nang som"),
    "night": ("night", "nighttime", "midnight", "dem", "ban dem", "dem toi", "buoi toi"),
    "moonlight": ("moonlight", "moonlit", "moon", "anh trang", "trang sang", "mat trang", "dem trang"),
    "neon": ("neon", "neon light", "neon lights", "cyberpunk", "den neon", "anh neon", "anh sang neon"),
    "studio": ("studio", "softbox", "beauty light", "phong chup", "den studio", "anh sang studio", "chan dung studio"),
    "candle": ("candle", "candles", "candlelight", "candle light", "candlelit", "anh nen", "anh sang nen", "ngon nen", "den cay"),
    "fire": ("fire", "firelight", "campfire", "fireplace", "lua", "lua trai", "anh lua", "lo suoi"),
    "window light": ("window", "window light", "cua so", "anh sang cua so"),
    "backlight": (
        "backlight",
        "backlit",
        "backlighting",
        "silhouette",
        "contre jour",
        "rim light",
        "rim lighting",
        "nguoc sang",
        "nguoc nang",
    ),
    "overcast": ("overcast", "cloudy", "foggy", "troi may", "nhieu may", "am u", "u am", "suong mu"),
    "sunny": (
        "sunny",
        "sunlight",
        "sunshine",
        "noon",
        "midday",
        "daylight",
        "sun",
        "nang",
        "nang gat",
        "troi nang",
        "buoi trua",
        "giua trua",
        "anh nang",
        "anh mat troi",
        "ban ngay",
    ),
    "spotlight": ("spotlight", "spot light", "stage light", "stage", "san khau", "den san khau", "den roi"),
}
"""The words for each preset; those under "" hold one of the words but mean something else."""

_MOODS: Final[Mapping[str, tuple[str, ...]]] = {
    "dramatic": ("dramatic", "moody", "chiaroscuro", "low key", "kich tinh", "tuong phan manh"),
    "soft": (
        "soft",
        "softer",
        "gentle",
        "diffused",
        "dreamy",
        "diu",
        "diu nhe",
        "mem",
        "mem mai",
        "nhe nhang",
        "mo ao",
    ),
    "cinematic": ("cinematic", "movie", "film look", "dien anh", "phim"),
    "clean": ("clean", "high key", "airy", "bright and clean", "sach", "trong treo", "trong sang"),
    "darker_but_realistic": ("darker", "toi hon", "u toi"),
    "natural": ("natural", "tu nhien"),
}

_BREAKS: Final = r"[,;.+&/]|\b(?:and|with|và|va|còn|con|với|voi)\b"
_NOT_COLORS: Final = tuple(phrase for preset, words in _PRESET_WORDS.items() if preset != "neon" for phrase in words)
"""Preset phrases that hold a colour word ("golden hour") say nothing about the lamp's colour."""
_BASE: Final = Lighting((Lamp((-0.75, -0.6, 0.55), level=1.4),))


def lighting_for(prompt: str, style: str) -> Lighting:
    """The lighting that `prompt` (any language, may be empty) and `style` (one of STYLES) describe together.

    A preset word sets the scene; direction and colour words then move and colour its lamps. Two clauses that hold both
    a direction and a colour ("red from the left, blue from the right") become two lamps; two colours and one
    direction put the second lamp opposite. A mood word in the prompt is taken for the style when that is "standard".
    """
    prompt = _spelt_out(prompt)
    folded = fold(prompt)
    preset = next((name for name in find_words(folded, _PRESET_WORDS) if name), None)
    lighting = replace(_PRESETS[preset] if preset else _BASE, preset=preset)
    lighting = _with_lamps(lighting, _clauses(prompt), folded)
    mood = next(iter(find_words(folded, _MOODS)), None)
    return styled(lighting, mood if style == "standard" and mood else style)


_ACCENTED: Final[Mapping[str, str]] = {
    "đỏ": "mau do",
    "cam": "mau cam",
    "ấm": "am ap",
    "mát": "mat me",
    "tím": "mau tim",
    "nến": "anh nen",
    "trăng": "anh trang",
}
"""Short words that only their accents tell from others ("do", "am"), and what they are called without accents."""


def _spelt_out(prompt: str) -> str:
    composed = unicodedata.normalize("NFC", prompt).lower()
    return re.sub(r"\w+", lambda match: _ACCENTED.get(match[0], match[0]), composed)


def _clauses(prompt: str) -> list[str]:
    return [fold(part) for part in re.split(_BREAKS, prompt)]


def _with_lamps(lighting: Lighting, clauses: list[str], folded: str) -> Lighting:
    pairs = [(_directions_in(clause), _colors_in(clause)) for clause in clauses]
    both = [(where, colors[0]) for where, colors in pairs if where and colors]
    directions, colors = _directions_in(folded), _colors_in(folded)
    found = replace(lighting, directions=tuple(directions), colors=tuple(colors))
    if len(both) >= 2:
        lamps = tuple(_lamp(lighting, _towards(where), color) for where, color in both[:2])
        return replace(found, lamps=lamps, ambient=lighting.ambient * 0.7)
    first = _towards(directions) if directions else lighting.lamps[0].direction
    if len(colors) >= 2:
        opposite = (-first[0] or 0.9, first[1], first[2])
        lamps = (_lamp(lighting, first, colors[0]), _lamp(lighting, opposite, colors[1]))
        return replace(found, lamps=lamps, ambient=lighting.ambient * 0.7)
    if not directions and not colors:
        return found
    key = lighting.lamps[0]
    lamp = _lamp(lighting, first, colors[0]) if colors else replace(key, direction=first)
    found = replace(found, lamps=(lamp,) if directions else (lamp, *lighting.lamps[1:]))
    if directions:
        found = replace(found, falloff=1.25 * found.falloff)
    return _tuned(found, directions, colors)


def _tuned(lighting: Lighting, directions: list[str], colors: list[str]) -> Lighting:
    """A light from behind makes rims and haze; a coloured one leaves the ambient light some of its colour."""
    if "behind" in directions and lighting.preset != "backlight":
        lighting = replace(lighting, rim=max(lighting.rim, 1.5), haze=max(lighting.haze, 0.32), ambient=0.38)
    if colors and lighting.preset is None:
        color, ambient = _COLORS[colors[0]], lighting.ambient_color
        mixed = tuple(round(0.6 * a + 0.4 * c) for a, c in zip(ambient, color, strict=True))
        lighting = replace(lighting, ambient_color=(mixed[0], mixed[1], mixed[2]))
    return lighting


def _directions_in(folded: str) -> list[str]:
    return [name for name in find_words(folded, _DIRECTION_WORDS) if name]


def _colors_in(folded: str) -> list[str]:
    return find_words(erase(folded, _NOT_COLORS), _COLOR_WORDS)


def _towards(names: list[str]) -> Vector:
    """The sum of the named directions: "top" and "left" is the upper left."""
    x, y, z = (sum(axis) for axis in zip(*(_DIRECTIONS[name] for name in names), strict=True))
    return (x, y, z) if abs(x) + abs(y) + abs(z) > 0.1 else _DIRECTIONS["front"]


def _lamp(lighting: Lighting, direction: Vector, color: str) -> Lamp:
    return Lamp(direction, _COLORS[color], max(1.2, lighting.lamps[0].level))


@dataclass(frozen=True, slots=True)
class _Manner:
    """What a style does to any lighting: multiplies some of its levels, and sets others."""

    times: Mapping[str, float]
    put: Mapping[str, Any]


_MANNERS: Final[Mapping[str, _Manner]] = {
    "standard": _Manner({"contrast": 1.05, "saturation": 1.05}, {}),
    "dramatic": _Manner(
        {"ambient": 0.2, "falloff": 1.8, "wrap": 0.4, "rim": 1.4, "exposure": 0.6, "contrast": 1.24},
        {"shadow": 0.6, "relief": 1.3},
    ),
    "soft": _Manner(
        {"ambient": 1.8, "falloff": 0.7, "shadow": 0.4, "rim": 0.5, "contrast": 0.88, "exposure": 1.08},
        {"wrap": 1.0, "bloom": 0.22},
    ),
    "natural": _Manner(
        {"ambient": 2.4, "falloff": 0.5, "rim": 0.3, "haze": 0.5, "saturation": 0.96},
        {"flatten": 0.3, "relief": 0.8},
    ),
    "darker_but_realistic": _Manner({"exposure": 0.5, "ambient": 0.8, "haze": 0.6, "contrast": 1.03, "saturation": 0.94}, {}),
    "clean": _Manner(
        {"exposure": 1.4, "ambient": 2.4, "falloff": 0.4, "shadow": 0.3, "contrast": 1.04},
        {"ambient_color": (236, 241, 248), "haze": 0.0, "flatten": 0.6},
    ),
    "smooth": _Manner({"shadow": 0.5, "rim": 0.4, "contrast": 0.97}, {"relief": 0.35, "wrap": 0.9, "flatten": 0.6, "bloom": 0.38}),
    "cinematic": _Manner(
        {"ambient": 0.5, "falloff": 1.3, "exposure": 0.66, "contrast": 1.16, "saturation": 0.9},
        {"tint": 1.0, "shadow": 0.45},
    ),
}

STYLES: Final = tuple(_MANNERS)


def styled(lighting: Lighting, style: str) -> Lighting:
    """`lighting` in the manner of `style`, one of STYLES. Raises ValueError for another."""
    if style not in _MANNERS:
        raise ValueError(f"{style!r} is not a light style; these are: {', '.join(STYLES)}")
    manner = _MANNERS[style]
    scaled = {name: getattr(lighting, name) * factor for name, factor in manner.times.items()}
    return replace(lighting, **scaled, **manner.put)
