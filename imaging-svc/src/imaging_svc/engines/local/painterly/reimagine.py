"""How is a picture told anew?  A variation: another crop, another palette, another hand, from gentle to wild."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from imaging_svc.engines.local.light_words import lighting_for
from imaging_svc.engines.local.matte import Subject, without_alpha
from imaging_svc.engines.local.relight import relight
from imaging_svc.engines.local.rendering import Pixels, Progress, Rendered, no_progress
from imaging_svc.engines.local.wording import find_words, fold

from .canvas import Floats, blur, clipped, light_of, mix
from .filters import FILTERS

__all__ = ["IMAGINATIONS", "reimagine"]

_WORKING_PIXELS = 1_100_000
"""Larger pictures are painted at this size and enlarged again; a painting has no finer detail than its brush."""


@dataclass(frozen=True, slots=True)
class _Freedom:
    """How far a variation may go: `share` of the filter, `hue` degrees, `zoom` of the crop, its own choice of looks."""

    share: float
    hue: float
    zoom: float
    faithful: float
    looks: tuple[str, ...]


_FREEDOMS: Final[Mapping[str, _Freedom]] = {
    "subtle": _Freedom(0.62, 6, 0.02, 0.55, ("film", "pastel", "oil", "watercolor", "vintage")),
    "vivid": _Freedom(0.9, 16, 0.05, 0.38, ("oil", "watercolor", "anime", "impressionist", "cartoon", "colored-pencil")),
    "wild": _Freedom(1.0, 48, 0.1, 0.22, ("neon", "pop-art", "comic", "low-poly", "pixel-art", "anime")),
}
_ALIASES: Final = {"moderate": "subtle", "creative": "vivid", "extreme": "wild"}

IMAGINATIONS: Final = (*_FREEDOMS, *_ALIASES)

_LOOK_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "oil": ("oil", "oil paint*", "oils", "renaissance", "rembrandt", "tranh son dau", "son dau", "tranh dau"),
    "impressionist": ("impressionis*", "monet", "van gogh", "starry night", "brush strokes", "an tuong", "tranh an tuong"),
    "watercolor": ("watercolo*", "water colo*", "aquarelle", "mau nuoc", "tranh mau nuoc", "thuy hoa"),
    "pastel": ("pastel*", "chalk", "phan mau", "mau phan", "phan tien"),
    "pencil": ("pencil", "pencil sketch", "sketch*", "graphite", "charcoal", "but chi", "ve chi", "phac thao", "ky hoa", "than chi"),
    "colored-pencil": ("colored pencil*", "coloured pencil*", "color pencil*", "crayon*", "chi mau", "but chi mau", "but mau", "sap mau"),
    "ink": (
        "ink",
        "ink wash",
        "woodcut",
        "manga",
        "sumi*",
        "linocut",
        "noir",
        "muc tau",
        "tranh thuy mac",
        "thuy mac",
        "muc nho",
        "khac go",
    ),
    "cartoon": ("cartoon*", "pixar", "disney", "hoat hinh", "phim hoat hinh"),
    "anime": ("anime", "ghibli", "cel shad*", "hoat hinh nhat", "hoat hinh nhat ban", "phong cach nhat"),
    "comic": ("comic*", "comic book", "superhero", "halftone", "truyen tranh"),
    "pop-art": ("pop art", "pop", "warhol", "lichtenstein", "nghe thuat dai chung", "tranh pop"),
    "low-poly": ("low poly", "lowpoly", "polygon*", "geometric", "triangle*", "origami", "da giac", "hinh hoc", "tam giac"),
    "pixel-art": ("pixel*", "pixel art", "8 bit", "8bit", "16 bit", "retro game", "tranh pixel", "diem anh"),
    "neon": ("neon", "cyberpunk", "cyber", "vaporwave", "synthwave", "futuristic", "sci fi", "tuong lai", "vien tuong"),
    "vintage": (
        "vintage",
        "retro",
        "old photo",
        "old photograph",
        "nostalgi*",
        "sepia",
        "co dien",
        "hoai co",
        "hoai niem",
        "anh cu",
        "xua cu",
        "ngay xua",
    ),
    "film": ("film", "cinematic", "cinema", "movie", "dien anh", "phim dien anh", "kich tinh"),
}

_LOOSE_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "oil": ("painting", "painted", "canvas", "tranh", "buc tranh", "hoi hoa"),
    "pencil": ("drawing", "drawn", "ve tay", "hinh ve"),
}
"""What to make of words that name no look in particular."""
_LIGHT_WORDS: Final = {True: ("light*", "lit", "glow*", "lamp*", "anh sang", "den", "chieu sang")}


def reimagine(
    picture: Pixels,
    *,
    prompt: str = "",
    imagination: str = "subtle",
    aspect_ratio: str | None = None,
    seed: int = 0,
    subject: Subject | None,
    progress: Progress = no_progress,
) -> Rendered:
    """A variation of `picture` (h, w, 3 | 4), the same for the same arguments; alpha comes along.

    `prompt` may name a look ("like a watercolor", "tranh sơn dầu") and a light ("at sunset"), English or Vietnamese;
    without a look the seed picks one that fits the `imagination`: subtle, vivid or wild (also moderate, creative,
    extreme). `aspect_ratio` such as "16:9" cuts the picture to that ratio around the subject; else the size stays.
    `subject` finds the subject (float32 (h, w) 0..1), whose features are kept readable; None keeps all alike and marks
    the result degraded. Raises ValueError for an unknown imagination.
    """
    name = _ALIASES.get(imagination, imagination)
    if name not in _FREEDOMS:
        raise ValueError(f"{imagination!r} is not an imagination; these are: {', '.join(IMAGINATIONS)}")
    freedom, random = _FREEDOMS[name], np.random.default_rng(seed)
    progress(0.02)
    mask = _mask_of(picture, subject)
    picture, mask, details = _recut(picture, mask, aspect_ratio, freedom, random)
    look = _look(prompt, freedom, random)
    hue = float(random.uniform(-freedom.hue, freedom.hue))
    progress(0.15)
    small, cover = _working_copy(picture, mask)
    lit, light = _relit(small, cover, prompt, look, seed)
    progress(0.3)
    painted = _painted(lit, cover, look, freedom, hue, random, lambda share: progress(0.3 + 0.6 * share))
    progress(0.9)
    details |= {"look": look, "imagination": name, "seed": seed, "hue_degrees": round(hue, 1), "light": light}
    degraded = "no subject finder is at hand: details were kept alike everywhere" if subject is None else None
    result = Rendered(_onto(picture, painted), f"painterly-{look}", degraded, details)
    progress(1.0)
    return result


def _mask_of(picture: Pixels, subject: Subject | None) -> Floats:
    """Where details matter, (h, w) 0..1: the subject, or a third everywhere when nobody can tell."""
    if subject is None:
        return np.full(picture.shape[:2], 0.35, np.float32)
    return clipped(np.nan_to_num(np.asarray(subject(picture), np.float32)))


def _look(prompt: str, freedom: _Freedom, random: np.random.Generator) -> str:
    """The first look that the prompt names; the seed's choice without one (drawn always, so later draws stay alike)."""
    chosen = freedom.looks[int(random.integers(len(freedom.looks)))]
    named = find_words(fold(prompt), _LOOK_WORDS) or find_words(fold(prompt), _LOOSE_WORDS)
    return next(iter(named), chosen)


def _recut(
    picture: Pixels, mask: Floats, aspect_ratio: str | None, freedom: _Freedom, random: np.random.Generator
) -> tuple[Pixels, Floats, dict[str, Any]]:
    """Another frame: the wished ratio around the subject, a little closer in; a wild one may be mirrored.

    A picture with alpha comes no closer: its outline is not resampled.
    """
    height, width = picture.shape[:2]
    wide, high = _cover(width, height, aspect_ratio)
    zoom = freedom.zoom if picture.shape[2] == 3 else 0.0
    closer = 1 - float(random.uniform(0.3, 1.0)) * zoom
    shift = random.uniform(-0.5, 0.5, 2) * zoom
    mirrored = bool(random.random() < 0.35) and freedom.zoom >= 0.1
    box = max(1, round(wide * closer)), max(1, round(high * closer))
    left, top = (
        int(np.clip(round(middle + shift[axis] * side - box[axis] / 2), 0, side - box[axis]))
        for axis, (middle, side) in enumerate(zip(_middle(mask), (width, height), strict=True))
    )
    area = (slice(top, top + box[1]), slice(left, left + box[0]))
    cut, cover = picture[area], mask[area]
    if mirrored:
        cut, cover = cut[:, ::-1], cover[:, ::-1]
    cut = cv2.resize(np.ascontiguousarray(cut), (wide, high), interpolation=cv2.INTER_CUBIC).reshape(high, wide, -1)
    cover = cv2.resize(np.ascontiguousarray(cover), (wide, high), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cut, np.uint8), np.asarray(cover, np.float32), {"crop": [left, top, *box], "mirrored": mirrored}


def _cover(width: int, height: int, aspect_ratio: str | None) -> tuple[int, int]:
    """Width and height of the largest part with the ratio."""
    if not aspect_ratio:
        return width, height
    across, down = (float(part) for part in aspect_ratio.split(":"))
    return min(width, max(1, round(height * across / down))), min(height, max(1, round(width * down / across)))


def _middle(mask: Floats) -> tuple[float, float]:
    """x and y of the subject's middle in pixels, drawn halfway to the picture's."""
    height, width = mask.shape
    mass = float(mask.sum())
    if mass < 1:
        return width / 2, height / 2
    x = float(mask.sum(0) @ np.arange(width)) / mass
    y = float(mask.sum(1) @ np.arange(height)) / mass
    return (x + width / 2) / 2, (y + height / 2) / 2


def _working_copy(picture: Pixels, mask: Floats) -> tuple[Pixels, Floats]:
    height, width = picture.shape[:2]
    factor = min(1.0, math.sqrt(_WORKING_PIXELS / (height * width)))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = cv2.resize(without_alpha(picture), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.float32)


def _relit(small: Pixels, mask: Floats, prompt: str, look: str, seed: int) -> tuple[Pixels, str | None]:
    """The light that the prompt names as well ("at sunset", "ánh sáng ấm"); the neon look brings its own.

    A colour counts only where the prompt speaks of light: a blue dress is no blue lamp.
    """
    lighting = lighting_for(prompt, "standard")
    speaks_of_light = bool(find_words(fold(prompt), _LIGHT_WORDS))
    named = lighting.preset or (next(iter(lighting.colors), None) if speaks_of_light else None)
    if named is None or look == "neon":
        return small, None
    words = prompt if speaks_of_light or lighting.preset is None else lighting.preset
    return relight(small, prompt=words, strength=0.75, subject=lambda _picture: mask).pixels, named


def _painted(
    small: Pixels,
    mask: Floats,
    look: str,
    freedom: _Freedom,
    hue: float,
    random: np.random.Generator,
    progress: Progress,
) -> Floats:
    """The look over the working copy, its features held, its palette turned."""
    plain = np.asarray(small / 255, np.float32)
    painted = FILTERS[look](_turned(plain, hue * (1 - 0.6 * mask)), mask, random, progress)
    if look not in _OWN_DRAWING:
        painted = _featured(painted, plain, mask, freedom.faithful)
    return clipped(mix(plain, painted, freedom.share))


_OWN_DRAWING: Final = frozenset({"pencil", "colored-pencil", "ink", "low-poly", "pixel-art", "vintage", "film"})
"""Looks that carry a picture's features already, or would be spoilt by them."""


def _featured(painted: Floats, plain: Floats, mask: Floats, amount: float) -> Floats:
    """The subject's features (its finer light and dark) laid back over the paint, so that a face stays a face."""
    own, drawn = light_of(plain), light_of(painted)
    reach = 0.006 * math.sqrt(own.size)
    lost = (own - blur(own, reach)) - (drawn - blur(drawn, reach))
    return clipped(painted + (amount * mask * lost)[..., None])


def _turned(plain: Floats, degrees: Floats) -> Floats:
    """Colours turned in Lab by `degrees` (h, w), lightness kept; a subject turns less, for skin to stay skin."""
    lab = cv2.cvtColor(plain, cv2.COLOR_RGB2Lab)
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    a, b = lab[..., 1].copy(), lab[..., 2].copy()
    lab[..., 1], lab[..., 2] = cosine * a - sine * b, sine * a + cosine * b
    return clipped(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB))


def _onto(picture: Pixels, painted: Floats) -> Pixels:
    """The painting at the picture's size, with its alpha."""
    height, width = picture.shape[:2]
    shown = (painted * 255 + 0.5).astype(np.uint8)
    if shown.shape[:2] != (height, width):
        shown = cv2.resize(shown, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(shown if picture.shape[2] == 3 else np.dstack([shown, picture[..., 3]]), np.uint8)
