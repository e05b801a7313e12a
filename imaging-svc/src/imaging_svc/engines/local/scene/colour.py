"""How are colours named, mixed and moved?  Linear light inside, sRGB at the edges, CIE Lab where people judge."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from imaging_svc.engines.local.rendering import Pixels

from .noise import Array

__all__ = ["NAMED", "RGB", "gradient", "harmony", "linear", "luma", "mixed", "palette_of", "shoulder", "srgb"]

RGB = tuple[int, int, int]
"""One sRGB colour, 0..255 each."""

NAMED: dict[str, RGB] = {
    "red": (214, 40, 46),
    "crimson": (176, 20, 52),
    "orange": (244, 126, 36),
    "coral": (255, 127, 96),
    "peach": (255, 190, 150),
    "gold": (240, 186, 64),
    "amber": (255, 176, 46),
    "yellow": (250, 216, 70),
    "lime": (160, 220, 60),
    "green": (58, 158, 78),
    "emerald": (24, 150, 104),
    "mint": (150, 226, 190),
    "olive": (120, 126, 52),
    "teal": (20, 142, 146),
    "turquoise": (48, 200, 196),
    "cyan": (50, 210, 236),
    "azure": (64, 148, 236),
    "blue": (42, 96, 214),
    "navy": (22, 38, 104),
    "indigo": (66, 50, 164),
    "violet": (132, 76, 214),
    "purple": (126, 54, 176),
    "lavender": (184, 164, 232),
    "magenta": (222, 40, 160),
    "pink": (246, 124, 176),
    "rose": (232, 96, 128),
    "brown": (122, 78, 48),
    "beige": (222, 202, 168),
    "white": (246, 246, 244),
    "silver": (192, 198, 206),
    "grey": (128, 130, 134),
    "black": (18, 18, 22),
}
"""Colours a prompt can ask for, by their one name inside the package."""


def linear(colour: Sequence[float] | npt.NDArray[np.generic]) -> Array:
    """sRGB 0..255, any shape, to linear light 0..1 (power 2.2, close enough to sRGB's curve for painting)."""
    return np.asarray((np.asarray(colour, np.float32) / 255.0) ** 2.2, np.float32)


def srgb(light: Array) -> Array:
    """Linear light to sRGB-encoded 0..1; out-of-range values are clipped."""
    return np.asarray(np.clip(light, 0.0, 1.0) ** (1 / 2.2), np.float32)


def shoulder(light: Array, knee: float = 0.62) -> Array:
    """Roll highlights off softly above `knee` so that bright light keeps its colour instead of clipping."""
    room = 1.0 - knee
    over = np.maximum(light - knee, 0.0)
    return np.asarray(np.minimum(light, knee) + room * (1.0 - np.exp(-over / room)), np.float32)


def luma(picture: Array) -> Array:
    """Rec. 709 luminance of (height, width, 3): (height, width), same scale."""
    return np.asarray(cv2.transform(picture, np.array([[0.2126, 0.7152, 0.0722]], np.float32))).reshape(picture.shape[:2])


def mixed(a: Array, b: Array, amount: Array | float) -> Array:
    """a where amount is 0, b where it is 1."""
    return np.asarray(a + (b - a) * amount, np.float32)


def gradient(stops: Sequence[tuple[float, RGB]], at: Array) -> Array:
    """Linear-light colour along stops (position, sRGB), positions rising; result has shape at.shape + (3,)."""
    table_at = np.linspace(stops[0][0], stops[-1][0], 512)
    positions = [position for position, _ in stops]
    # Interpolated in encoded values: that is how painters and designers expect a gradient to pass through its middle.
    channels = [np.interp(table_at, positions, [stop[1][k] for stop in stops]) for k in range(3)]
    table = linear(np.stack(channels, 1))
    first, last = float(stops[0][0]), float(stops[-1][0])
    index = np.clip((at - first) / (last - first) * 511.0, 0, 511)
    low = np.minimum(index.astype(np.int32), 510)
    part = (index - low)[..., None].astype(np.float32)
    return np.asarray(table[low] * (1 - part) + table[low + 1] * part, np.float32)


_HARMONIES: tuple[tuple[RGB, ...], ...] = (
    ((38, 70, 83), (214, 96, 72), (42, 157, 143), (244, 162, 97), (238, 214, 150)),
    ((27, 20, 56), (92, 52, 140), (214, 72, 132), (255, 140, 110), (255, 220, 170)),
    ((10, 34, 57), (19, 96, 123), (52, 164, 168), (166, 218, 196), (252, 244, 218)),
    ((46, 16, 40), (140, 30, 66), (226, 80, 74), (248, 164, 96), (254, 230, 190)),
    ((24, 28, 44), (60, 72, 110), (130, 140, 180), (226, 180, 160), (250, 236, 224)),
    ((14, 52, 40), (46, 110, 78), (128, 172, 96), (230, 204, 120), (250, 242, 214)),
    ((20, 22, 70), (58, 60, 190), (120, 110, 250), (90, 200, 250), (226, 244, 255)),
    ((60, 22, 20), (160, 64, 40), (222, 130, 70), (150, 170, 150), (244, 230, 206)),
    ((34, 18, 62), (110, 40, 160), (240, 70, 150), (255, 170, 80), (255, 240, 190)),
    ((18, 44, 60), (200, 80, 70), (80, 150, 160), (240, 190, 140), (246, 236, 220)),
    ((28, 24, 28), (120, 90, 70), (110, 150, 150), (204, 174, 130), (240, 232, 218)),
    ((16, 38, 84), (34, 96, 180), (240, 120, 130), (250, 190, 180), (255, 240, 232)),
)


def harmony(rng: np.random.Generator) -> list[RGB]:
    """Five colours that go together, dark to light."""
    return list(_HARMONIES[int(rng.integers(len(_HARMONIES)))])


def palette_of(picture: Pixels, count: int = 5) -> list[RGB]:
    """The colours a picture lives on, dark to light: the mean of each fifth of its pixels, ordered by lightness."""
    small = cv2.resize(np.ascontiguousarray(picture[..., :3]), (48, 48), interpolation=cv2.INTER_AREA).reshape(-1, 3)
    order = np.argsort(small @ np.array([2126, 7152, 722]), kind="stable")
    groups = np.array_split(small[order].astype(np.float64), count)
    # Saturated pixels say more about a palette than grey ones do.
    weights = [1.0 + (group.max(1) - group.min(1)) / 16.0 for group in groups]
    means = [(group * weight[:, None]).sum(0) / weight.sum() for group, weight in zip(groups, weights, strict=True)]
    return [(round(float(m[0])), round(float(m[1])), round(float(m[2]))) for m in means]
