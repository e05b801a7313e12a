"""How is a picture painted stroke by stroke?  Bristle brushes of several sizes that follow the forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from imaging_svc.engines.local.rendering import Progress

from .canvas import Floats, Random, blur, clipped, flow_of, grain, light_of

__all__ = ["paint"]

_TURNS = 20
_BRISTLES = 3


@dataclass(frozen=True, slots=True)
class _Brush:
    """One size of brush: stamps [bristles][turn] of cover (s, s, 4) and of relief (s, s, 4, only the last is used)."""

    radius: float
    cover: tuple[tuple[Floats, ...], ...]
    relief: tuple[tuple[Floats, ...], ...]


def paint(
    picture: Floats, radii: Sequence[float], random: Random, *, detail: Floats, jitter: float = 0.03, progress: Progress
) -> tuple[Floats, Floats]:
    """`picture` (h, w, 3) painted with brushes of `radii` pixels, the coarsest first, and the paint's height (h, w).

    Layers as in Hertzmann, "Painterly Rendering with Curved Brush Strokes of Multiple Sizes" (1998): each finer brush
    only goes where the canvas still differs from the picture. `detail` (h, w) 0..1 asks for more of them; `jitter` is
    the spread of the strokes' own colour.
    """
    angle, _ = flow_of(light_of(picture), max(1.5, 0.8 * radii[0]))
    angle = angle + 0.35 * grain(angle.shape, 6 * radii[0], random)
    pad = int(4 * radii[0]) + 3
    canvas = np.zeros((picture.shape[0] + 2 * pad, picture.shape[1] + 2 * pad, 4), np.float32)
    canvas[..., :3] = cv2.copyMakeBorder(blur(picture, 2 * radii[0]), pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    inner = (slice(pad, pad + picture.shape[0]), slice(pad, pad + picture.shape[1]))
    for layer, radius in enumerate(radii):
        progress(layer / len(radii))
        target = blur(picture, 0.45 * radius)
        places = _places(picture.shape, radius, random)
        if layer:
            missing = blur(np.abs(canvas[inner][..., :3] - target).mean(2), radius)
            limit = 0.035 - 0.022 * detail
            places = places[(missing > limit)[places[:, 1], places[:, 0]]]
        _lay(canvas, _brush(radius, random), places + pad, target, angle, random, jitter)
    progress(1.0)
    return clipped(canvas[inner][..., :3]), canvas[inner][..., 3]


def _places(shape: tuple[int, ...], radius: float, random: Random) -> npt.NDArray[np.intp]:
    """Where strokes go, (n, 2) x and y: a jittered grid in random order, one per square of the brush's width."""
    step = max(1.0, 1.15 * radius)
    x, y = np.meshgrid(np.arange(step / 2, shape[1], step), np.arange(step / 2, shape[0], step))
    spots = np.stack([x.ravel(), y.ravel()], axis=1) + random.uniform(-0.5, 0.5, (x.size, 2)) * step
    inside = np.clip(spots, 0, [shape[1] - 1, shape[0] - 1])
    return inside[random.permutation(len(inside))].astype(np.intp)


def _brush(radius: float, random: Random) -> _Brush:
    made = [_stamps(radius, random) for _ in range(_BRISTLES)]
    return _Brush(radius, tuple(cover for cover, _ in made), tuple(relief for _, relief in made))


def _stamps(radius: float, random: Random) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """One bristle pattern in all turns: a rounded bar of streaks, ragged where it ends, thick at its rims."""
    half = int(np.ceil(3 * radius)) + 1
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    lines = np.interp(y[:, 0], np.linspace(-half, half, 2 * half + 1), random.uniform(0, 1, 2 * half + 1))
    streaks = np.repeat(lines[:, None], x.shape[1], axis=1).astype(np.float32)
    ends = 2.3 * radius * (0.72 + 0.4 * streaks) - np.abs(x)
    sides = radius * 0.95 - np.abs(y)
    cover = np.clip(np.minimum(ends, sides) + 0.5, 0, 1) * (0.72 + 0.28 * streaks)
    relief = (0.35 + 0.65 * streaks) * cover + 0.5 * np.clip(1 - np.abs(sides) / 1.5, 0, 1) * cover
    covers, reliefs = [], []
    for turn in range(_TURNS):
        matrix = cv2.getRotationMatrix2D((half, half), -180 * turn / _TURNS, 1.0)
        turned = [cv2.warpAffine(layer, matrix, (2 * half + 1, 2 * half + 1)) for layer in (cover, relief)]
        covers.append(np.repeat(turned[0][..., None], 4, axis=2).astype(np.float32))
        lifted = np.zeros_like(covers[-1])
        lifted[..., 3] = turned[1]
        reliefs.append(lifted)
    return tuple(covers), tuple(reliefs)


def _lay(
    canvas: Floats,
    brush: _Brush,
    places: npt.NDArray[np.intp],
    target: Floats,
    angle: Floats,
    random: Random,
    jitter: float,
) -> None:
    """Lay one stroke at each of `places` (canvas pixels) on `canvas`, in the colour of `target` and along `angle`."""
    if not len(places):
        return
    pad = (canvas.shape[0] - target.shape[0]) // 2
    y, x = places[:, 1] - pad, places[:, 0] - pad
    colors = np.zeros((len(places), 4), np.float32)
    colors[:, :3] = target[y, x] + jitter * random.standard_normal((len(places), 1))
    colors[:, :3] += 0.5 * jitter * random.standard_normal((len(places), 3))
    turns = np.rint(angle[y, x] / np.pi * _TURNS).astype(int) % _TURNS
    bristles = random.integers(0, _BRISTLES, len(places))
    half = brush.cover[0][0].shape[0] // 2
    for spot, color, bristle, turn in zip(places.tolist(), colors, bristles.tolist(), turns.tolist(), strict=True):
        area = canvas[spot[1] - half : spot[1] + half + 1, spot[0] - half : spot[0] + half + 1]
        fresh = brush.relief[bristle][turn] + color
        fresh -= area
        fresh *= brush.cover[bristle][turn]
        area += fresh
