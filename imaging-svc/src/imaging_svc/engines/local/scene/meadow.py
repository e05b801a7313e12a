"""What grows at the viewer's feet?  Blades of grass, and flowers when the season or the words bring them."""

from __future__ import annotations

import cv2
import numpy as np

from .colour import NAMED, RGB, linear
from .noise import Array, rng_for
from .stage import Frame, Light
from .vocabulary import SceneSpec

__all__ = ["paint_meadow"]

_GRASS: dict[str, RGB] = {"autumn": (176, 132, 58), "spring": (104, 158, 60), "": (92, 134, 54)}
_RIPE: RGB = (214, 170, 72)
_FLOWERS: tuple[RGB, ...] = ((236, 70, 60), (250, 206, 60), (246, 240, 236), (186, 110, 220), (246, 130, 170))


def paint_meadow(picture: Array, spec: SceneSpec, frame: Frame, light: Light, seed: int) -> None:
    """Grow grass and flowers over the lower part of the picture, far to near (in place)."""
    rng = rng_for(seed, "meadow")
    blooming = "flowers" in spec.things
    shine = light.ambient * 0.9 + light.key * 0.34
    grass = linear(_RIPE if "ripe" in spec.things else _GRASS.get(spec.season, _GRASS[""])) * shine * (0.55 if not light.is_night else 0.4)
    colours = [NAMED[name] for name in spec.colours] or list(_FLOWERS)
    count = 260 if blooming else 26 if spec.season in ("spring", "summer") else 0
    rows = ((0.16, 0.30), (0.30, 0.50), (0.50, 0.74), (0.74, 1.05))
    for start, end in rows:
        _grow_grass(picture, frame, rng, start, end, grass, strength=min(1.0, 1.6 * start))
        for colour in colours:
            bloom = linear(colour) * (shine * 0.85 + 0.02)
            _grow_flowers(picture, frame, rng, start, end, bloom, int(count * (1.5 - start) ** 2))


def _place(frame: Frame, rng: np.random.Generator, start: float, end: float, count: int) -> tuple[Array, Array, Array]:
    """Feet of plants between two shares of the ground's depth on screen, with their scale in pixels, far to near."""
    part = np.sort(rng.uniform(start, end, count))
    y = frame.horizon + part * (frame.height - frame.horizon)
    return rng.uniform(-0.02, 1.02, count) * frame.width, y, (y - frame.horizon) * 0.16


def _grow_grass(
    picture: Array, frame: Frame, rng: np.random.Generator, start: float, end: float, colour: Array, *, strength: float
) -> None:
    x, y, size = _place(frame, rng, start, end, int(1500 * frame.width / 1024))
    cover = np.zeros(picture.shape[:2], np.uint8)
    shade = np.zeros_like(cover)
    for foot_x, foot_y, tall in zip(x, y, size, strict=True):
        length, bend = tall * float(rng.uniform(0.5, 1.15)), tall * float(rng.normal(0.10, 0.28))
        width = max(0.6, tall * 0.035)
        t = np.linspace(0.0, 1.0, 5)
        spine_x, spine_y = foot_x + bend * t**2, foot_y - length * t
        blade = np.concatenate([np.stack([spine_x - width * (1 - t), spine_y], 1), np.stack([spine_x + width * (1 - t), spine_y], 1)[::-1]])
        points = (blade * 8).round().astype(np.int32)
        cv2.fillPoly(cover, [points], 255, cv2.LINE_AA, 3)
        cv2.fillPoly(shade, [points], int(rng.integers(88, 205)), cv2.LINE_8, 3)
    _blend(picture, cover, shade, colour, strength)


def _grow_flowers(picture: Array, frame: Frame, rng: np.random.Generator, start: float, end: float, colour: Array, count: int) -> None:
    if not count:
        return
    x, y, size = _place(frame, rng, start, end, count)
    cover = np.zeros(picture.shape[:2], np.uint8)
    shade = np.zeros_like(cover)
    for foot_x, foot_y, tall in zip(x, y, size, strict=True):
        head = tall * float(rng.uniform(0.07, 0.13))
        spot = (int(foot_x * 8), int((foot_y - tall * float(rng.uniform(0.4, 0.95))) * 8))
        axes = (max(5, int(head * 8)), max(4, int(head * 0.72 * 8)))
        cv2.ellipse(cover, spot, axes, 0, 0, 360, 255, -1, cv2.LINE_AA, 3)
        cv2.ellipse(shade, spot, axes, 0, 0, 360, int(rng.integers(120, 200)), -1, cv2.LINE_8, 3)
        inner = (max(3, axes[0] // 2), max(2, axes[1] // 2))
        cv2.ellipse(shade, spot, inner, 0, 0, 360, int(rng.integers(60, 120)), -1, cv2.LINE_8, 3)
    _blend(picture, cover, shade, colour)


def _blend(picture: Array, cover: np.ndarray, shade: np.ndarray, colour: Array, strength: float = 1.0) -> None:
    paint = colour * (shade.astype(np.float32) / 128.0)[..., None]
    picture += (paint - picture) * (cover.astype(np.float32) * (strength / 255.0))[..., None]
