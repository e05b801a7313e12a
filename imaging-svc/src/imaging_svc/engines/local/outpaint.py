"""How does a picture go on beyond its border?  Ring by ring, with patches of itself.

At a small size PatchMatch fills one narrow ring after the other, so that structures grow outwards; the subject may not
be copied, or it would appear twice.  Every ring is then redrawn from the pixels of the picture that match it best:
PatchMatch fits brightness to the surroundings, which from ring to ring would drift to white or black.  SPAN brings the
canvas to size, and the same matches lend it the fine texture of the picture at its full size.  The picture itself is
put back untouched.

Sources: Barnes et al., "PatchMatch", SIGGRAPH 2009; Wan et al., "SPAN", CVPR Workshops 2024; the texture transfer
follows the residual aggregation of Yi et al., "Contextual residual aggregation for ultra high-resolution image
inpainting", CVPR 2020, with patch matches in place of attention.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from imaging_svc.weights import Weights

from .cutout import subject_mask
from .guided import Floats, stretched, tiles
from .patches import Field, nearest_patches, voted
from .rendering import Pixels, Progress, Rendered, no_progress
from .superres import Factor, bled, upscale

__all__ = ["expand"]

_MOST = 2048
_WORK_PIXELS = 230_000
"""Pixels of the whole canvas while patches are sought: about five seconds' worth."""
_LEAST_SIDE = 96
"""The picture is not shrunk below this side for the sake of a large canvas …"""
_WORK_LIMIT = 450_000
"""… unless the canvas would get larger than this."""
_PATCH = 5
"""Radius of the compared patches, 11 x 11 pixels."""
_RING = 0.08
"""Width of a ring as a share of what is there already."""
_DRIFT = 2.0
"""Levels by which a ring may be brighter or darker than the pixels it is redrawn from."""
_BEAT_SECONDS = 0.5
_TILE = 512


@dataclass(frozen=True, slots=True)
class _Sides:
    """How many pixels are added at each side."""

    left: int
    right: int
    top: int
    bottom: int

    def scaled(self, across: float, down: float) -> _Sides:
        return _Sides(round(self.left * across), round(self.right * across), round(self.top * down), round(self.bottom * down))

    @property
    def none(self) -> bool:
        return not (self.left or self.right or self.top or self.bottom)

    def rings(self, size: tuple[int, int]) -> Iterator[_Sides]:
        """The same amounts in steps, each a like share of what is there by then; `size` is (height, width)."""
        growth = 1 + max((self.top + self.bottom) / size[0], (self.left + self.right) / size[1])
        count = max(math.ceil(math.log(growth) / math.log(1 + 2 * _RING)), 1)
        before = _Sides(0, 0, 0, 0)
        for step in range(1, count + 1):
            share = (growth ** (step / count) - 1) / (growth - 1)
            now = self.scaled(share, share)
            yield _Sides(now.left - before.left, now.right - before.right, now.top - before.top, now.bottom - before.bottom)
            before = now

    def around(self, image: npt.NDArray[Any], border: int, value: int = 0) -> npt.NDArray[Any]:
        """`image` with these amounts added, filled as OpenCV's `border` says."""
        wider: npt.NDArray[Any] = cv2.copyMakeBorder(
            image, self.top, self.bottom, self.left, self.right, border, value=(value, value, value, value)
        )
        return wider

    def inside(self, canvas: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The window of a canvas in which the original lies."""
        height, width = canvas.shape[:2]
        return canvas[self.top : height - self.bottom, self.left : width - self.right]

    def distance(self, rows: slice, columns: slice, *, size: tuple[int, int]) -> Floats:
        """How far the pixels of a tile of the canvas of `size` (height, width) are from the original; 0 inside."""
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
        x = np.arange(columns.start, columns.stop, dtype=np.float32)
        down = np.maximum(np.maximum(self.top - y, y - (size[0] - self.bottom - 1)), 0)
        across = np.maximum(np.maximum(self.left - x, x - (size[1] - self.right - 1)), 0)
        apart: Floats = np.hypot(down, across)
        return apart


@dataclass(frozen=True, slots=True)
class _Growth:
    """A canvas while it grows: its pixels, where each could be copied from, from where it may be, and from where not.

    `canvas` (h, w, 3), `field` (h, w, 2) in canvas pixels, `sources` and `closed` (h, w) 255 or 0.
    """

    canvas: Pixels
    field: Field
    sources: Pixels
    closed: Pixels

    def wider(self, ring: _Sides) -> _Growth:
        moved = self.field + np.array([ring.top, ring.left], np.int32)
        return _Growth(
            ring.around(self.canvas, cv2.BORDER_CONSTANT),
            ring.around(moved, cv2.BORDER_REPLICATE),
            ring.around(self.sources, cv2.BORDER_CONSTANT),
            ring.around(self.closed, cv2.BORDER_CONSTANT),
        )


def expand(
    picture: Pixels,
    *,
    left: int = 0,
    right: int = 0,
    top: int = 0,
    bottom: int = 0,
    prompt: str | None = None,
    seed: int = 0,
    weights: Weights,
    progress: Progress = no_progress,
) -> Rendered:
    """Continue `picture` (h, w, 3 | 4) by 0..2048 pixels at each side; inside, every byte of it stays.

    The result is (top + h + bottom, left + w + right, 3 | 4).  Where the picture is transparent at its border, so is
    what is added there.  Same input and `seed`, same bytes.  `prompt` cannot steer patches; `details` says so.

    Without PatchMatch the picture is mirrored and blurred outwards; without SPAN the added parts are soft; without the
    subject's mask it may be repeated.  Each of these makes the result degraded.  Raises ValueError for an amount out of
    range.
    """
    sides = _Sides(left, right, top, bottom)
    if not all(0 <= amount <= _MOST for amount in (left, right, top, bottom)):
        raise ValueError(f"each side can be extended by 0 to {_MOST} pixels")
    details: dict[str, Any] = {"seed": seed} | ({"ignored_prompt": prompt} if prompt else {})
    canvas, model, reasons = _continued(picture, sides, seed, weights, progress)
    sides.inside(canvas)[...] = picture
    progress(1.0)
    return Rendered(canvas, model, "; ".join(reasons) or None, details)


def _continued(picture: Pixels, sides: _Sides, seed: int, weights: Weights, progress: Progress) -> tuple[Pixels, str, list[str]]:
    """The canvas, not yet with the picture inside, the name of what filled it, and what was missing."""
    if sides.none:
        return picture.copy(), "patchmatch", []
    if picture.shape[2] == 3:
        return _coloured(picture, sides, seed, weights, progress)
    alpha = sides.around(picture[..., 3], cv2.BORDER_REPLICATE)
    if not _added(alpha, sides).any():
        return np.zeros((*alpha.shape, 4), np.uint8), "transparent", []
    canvas, model, reasons = _coloured(picture, sides, seed, weights, progress)
    return np.dstack([canvas, alpha]), model, reasons


def _added(canvas: npt.NDArray[Any], sides: _Sides) -> npt.NDArray[Any]:
    """A copy of a canvas with nothing where the original lies."""
    added = canvas.copy()
    sides.inside(added)[...] = 0
    return added


def _coloured(picture: Pixels, sides: _Sides, seed: int, weights: Weights, progress: Progress) -> tuple[Pixels, str, list[str]]:
    """The RGB canvas, the name of what filled it, and what was missing."""
    colour = np.ascontiguousarray(picture[..., :3])
    if trouble := _no_patches(colour):
        return _mirrored(colour, sides), "mirror", [trouble]
    mask = subject_mask(picture, weights=weights, progress=lambda done: progress(0.1 * done))
    growth, scaled = _start(picture, mask.alpha, sides)
    small = growth.canvas.shape[:2]
    growth = _grown(growth, scaled, seed, lambda done: progress(0.1 + 0.6 * done))
    to = _Scale(sides, scaled, small[0] / colour.shape[0], small[1] / colour.shape[1])
    full = (colour.shape[0] + sides.top + sides.bottom, colour.shape[1] + sides.left + sides.right)
    canvas, soft = _to_size(growth.canvas, full, to, weights, lambda done: progress(0.7 + 0.2 * done))
    _textured(canvas, colour, growth.field, to, lambda done: progress(0.9 + 0.1 * done))
    return canvas, "patchmatch", [reason for reason in (mask.degraded, soft) if reason]


def _no_patches(colour: Pixels) -> str | None:
    """Why PatchMatch cannot run, if so."""
    if min(colour.shape[:2]) < 4 * _PATCH:
        return "the picture is too small to take patches from; it was mirrored"
    try:
        import patchmatch
    except ImportError as error:
        return f"PatchMatch cannot be loaded ({error}); the picture was mirrored"
    return None if patchmatch.patchmatch_available else "PatchMatch does not run here; the picture was mirrored"


# --- growing ----------------------------------------------------------------------------------------------------------


def _start(picture: Pixels, subject: Floats, sides: _Sides) -> tuple[_Growth, _Sides]:
    """The picture, and the amounts, at the size at which patches are sought."""
    height, width = picture.shape[:2]
    canvas = (height + sides.top + sides.bottom) * (width + sides.left + sides.right)
    scale = max((_WORK_PIXELS / canvas) ** 0.5, _LEAST_SIDE / min(height, width))
    scale = min(scale, (_WORK_LIMIT / canvas) ** 0.5, 1.0)
    tall, wide = max(round(height * scale), 2 * _PATCH + 1), max(round(width * scale), 2 * _PATCH + 1)
    small = cv2.resize(picture, (wide, tall), interpolation=cv2.INTER_AREA)
    clear = small[..., 3] < 128 if small.shape[2] == 4 else np.zeros((tall, wide), np.bool_)
    closed = _not_to_copy(cv2.resize(subject, (wide, tall), interpolation=cv2.INTER_AREA))
    if not clear.all():
        closed[clear] = 255
    sources = np.zeros_like(closed)
    sources[2:-2, 2:-2] = 255 - closed[2:-2, 2:-2]
    if not sources.any():
        sources[2:-2, 2:-2] = 255
    places = np.stack(np.meshgrid(np.arange(tall), np.arange(wide), indexing="ij"), axis=2).astype(np.int32)
    colour = bled(small) if small.shape[2] == 4 else small
    return _Growth(colour, places, sources, closed), sides.scaled(wide / width, tall / height)


def _not_to_copy(subject: Floats) -> Pixels:
    """255 where patches may not come from: the subject, except near the border that it touches, where it goes on."""
    closed = cv2.dilate((subject > 0.25).astype(np.uint8) * 255, np.ones((9, 9), np.uint8))
    rim = math.ceil(0.06 * max(closed.shape))
    touches = np.concatenate([closed[0], closed[-1], closed[:, 0], closed[:, -1]]).any()
    if touches:
        closed[:rim] = closed[-rim:] = 0
        closed[:, :rim] = closed[:, -rim:] = 0
    return np.zeros_like(closed) if (closed > 0).mean() > 0.75 else closed


def _grown(growth: _Growth, sides: _Sides, seed: int, progress: Progress) -> _Growth:
    """Fill ring after ring, each from all that is there by then."""
    random = np.random.default_rng(abs(seed))
    steps = [ring for ring in sides.rings(growth.canvas.shape[:2]) if not ring.none]
    for done, ring in enumerate(steps):
        growth = _filled(growth, ring, seed, random, _part(progress, done, len(steps)))
    return growth


def _part(progress: Progress, done: int, count: int) -> Progress:
    return lambda share: progress((done + share) / count)


def _filled(growth: _Growth, ring: _Sides, seed: int, random: np.random.Generator, progress: Progress) -> _Growth:
    import patchmatch

    hole = ring.around(np.zeros(growth.canvas.shape[:2], np.uint8), cv2.BORDER_CONSTANT, 255)
    wider = growth.wider(ring)
    patchmatch.set_random_seed(seed)
    guess = _waited_for(
        lambda: patchmatch.inpaint(wider.canvas, hole, global_mask=wider.closed, patch_size=_PATCH),
        lambda share: progress(0.7 * share),
    )
    guess = _local(guess, ring.around(growth.canvas, cv2.BORDER_REPLICATE), ring)
    wanted, sources = hole > 0, wider.sources > 0
    field = nearest_patches(
        guess,
        wider.field,
        wanted=wanted,
        sources=sources,
        random=random,
        progress=lambda share: progress(0.7 + 0.3 * share),
    )
    drawn = guess.astype(np.float32)
    drawn[wanted] = voted(guess, field, wanted=wanted, sources=sources)
    drift = cv2.GaussianBlur(guess - drawn, (0, 0), 4)[wanted]
    drawn[wanted] += np.clip(drift, -_DRIFT, _DRIFT)
    progress(1.0)
    return replace(wider, canvas=_levels(drawn), field=field)


def _local(guess: Pixels, before: Pixels, ring: _Sides) -> Pixels:
    """`guess` within the range of colours that are to be found not far away in what was there before."""
    reach = 2 * max(ring.left, ring.right, ring.top, ring.bottom) + 1
    window = np.ones((reach, reach), np.uint8)
    darkest = cv2.blur(cv2.erode(before, window), (reach, reach))
    brightest = cv2.blur(cv2.dilate(before, window), (reach, reach))
    local: Pixels = np.clip(guess, darkest, brightest)
    return local


def _waited_for(work: Callable[[], Pixels], progress: Progress) -> Pixels:
    """The answer of `work`, done in a thread while progress is told, so that a cancel is heard in the meantime."""
    answers: list[Pixels] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(np.asarray(work()))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    beats = 0
    while thread.is_alive():
        thread.join(_BEAT_SECONDS)
        beats += 1
        progress(1 - 0.8**beats)
    if errors:
        raise errors[0]
    return answers[0]


# --- back to size -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scale:
    """How the full canvas lies over the small one: exactly so that the picture lies over its small version.

    `down` and `across` are small pixels per full pixel, below or equal to 1.
    """

    sides: _Sides
    small: _Sides
    down: float
    across: float

    def rows(self, y: Floats) -> Floats:
        """Full rows to small ones; pixel centres are at whole numbers."""
        return (y - self.sides.top + np.float32(0.5)) * np.float32(self.down) + np.float32(self.small.top - 0.5)

    def columns(self, x: Floats) -> Floats:
        """Full columns to small ones."""
        return (x - self.sides.left + np.float32(0.5)) * np.float32(self.across) + np.float32(self.small.left - 0.5)


def _to_size(small: Pixels, full: tuple[int, int], to: _Scale, weights: Weights, progress: Progress) -> tuple[Pixels, str | None]:
    """The canvas at `full` (height, width), through SPAN when it has to grow by much, and what was missing for it."""
    missing = None
    factor: Factor | None = None if to.across > 0.85 else 2 if to.across >= 0.5 else 4
    if factor is not None:
        made = upscale(small, factor=factor, weights=weights, progress=lambda done: progress(0.7 * done))
        small, missing = made.pixels, made.degraded
    times = np.float32(factor or 1)
    shrink = float(times) * to.across
    if shrink > 1.1:
        small = cv2.GaussianBlur(small, (0, 0), 0.35 * shrink)
    canvas = np.empty((*full, 3), np.uint8)
    todo = tiles(*full, side=_TILE)
    for done, (rows, columns) in enumerate(todo):
        progress(0.7 + 0.3 * done / len(todo))
        y, x = _positions(rows, columns)
        y, x = (to.rows(y) + np.float32(0.5)) * times, (to.columns(x) + np.float32(0.5)) * times
        canvas[rows, columns] = _sampled(small, y - np.float32(0.5), x - np.float32(0.5), cv2.INTER_CUBIC)
    return canvas, missing


def _textured(canvas: Pixels, colour: Pixels, field: Field, to: _Scale, progress: Progress) -> None:
    """Give what was added, in place, the fine texture that the canvas lacks of the picture.

    Each pixel takes it from where its patch came from; the first few next to the border take it mirrored, so that grain
    and edges go on through the border.
    """
    size = (canvas.shape[0], canvas.shape[1])
    lacking = np.subtract(colour, to.sides.inside(canvas), dtype=np.int16)
    moved = field - np.stack(np.meshgrid(*map(np.arange, field.shape[:2]), indexing="ij"), axis=2)
    nearby = 2 / to.across
    todo = tiles(*size, side=_TILE)
    for done, (rows, columns) in enumerate(todo):
        progress(done / len(todo))
        distance = to.sides.distance(rows, columns, size=size)
        if distance.max() == 0:
            continue
        y, x = _positions(rows, columns)
        small_y = np.rint(to.rows(y)).astype(np.int32).clip(0, field.shape[0] - 1)
        small_x = np.rint(to.columns(x)).astype(np.int32).clip(0, field.shape[1] - 1)
        step = moved[small_y, small_x].astype(np.float32)
        y, x = y - to.sides.top, x - to.sides.left
        there = y + step[..., 0] / np.float32(to.down), x + step[..., 1] / np.float32(to.across)
        copied = _sampled(lacking, *there, cv2.INTER_LINEAR)
        mirrored = _sampled(lacking, y, x, cv2.INTER_LINEAR)
        share = np.exp(-((distance / nearby) ** 2))[..., None]
        canvas[rows, columns] = _levels(canvas[rows, columns] + copied + share * (mirrored - copied))


def _positions(rows: slice, columns: slice) -> tuple[Floats, Floats]:
    """A column of row numbers and a row of column numbers."""
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
    return y, np.arange(columns.start, columns.stop, dtype=np.float32)[None]


def _sampled(image: npt.NDArray[Any], y: Floats, x: Floats, method: int) -> Floats:
    """`image`, mirrored outside, at the given positions, which may be a column and a row of them."""
    rows, columns = np.broadcast_arrays(y, x)
    taken = cv2.remap(image, np.ascontiguousarray(columns), np.ascontiguousarray(rows), method, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(taken, np.float32)


# --- without patches --------------------------------------------------------------------------------------------------


def _mirrored(colour: Pixels, sides: _Sides) -> Pixels:
    """The picture mirrored outwards, ever more blurred."""
    canvas: Pixels = sides.around(colour, cv2.BORDER_REFLECT_101)
    size = (canvas.shape[0], canvas.shape[1])
    scale = min(1.0, (_WORK_PIXELS / (size[0] * size[1])) ** 0.5)
    small_size = (max(round(size[1] * scale), 1), max(round(size[0] * scale), 1))
    small = cv2.resize(canvas, small_size, interpolation=cv2.INTER_AREA).astype(np.float32)
    blurs = np.dstack([cv2.GaussianBlur(small, (0, 0), sigma) for sigma in (2, 6, 14)])
    farthest = max(sides.left, sides.right, sides.top, sides.bottom)
    for rows, columns in tiles(*size, side=_TILE):
        distance = sides.distance(rows, columns, size=size)
        if distance.max() > 0:
            local = stretched(blurs, rows, columns, size=size)
            mixed = canvas[rows, columns].astype(np.float32)
            for step in range(3):
                share = np.clip(3 * distance / farthest - step, 0, 1)[..., None]
                mixed += share * (local[..., 3 * step : 3 * step + 3] - mixed)
            canvas[rows, columns] = _levels(mixed)
    return canvas


def _levels(values: Floats) -> Pixels:
    return (np.clip(values, 0, 255) + np.float32(0.5)).astype(np.uint8)
