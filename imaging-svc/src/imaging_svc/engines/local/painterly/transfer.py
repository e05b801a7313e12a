"""How does one picture take on another's style?  Its colours by optimal transport, its texture patch by patch.

There is no style network here. Colours: the linear Monge-Kantorovitch map between the two clouds of Lab colours,
bent by sliced optimal transport (Pitié, Kokaram, Dahyot, "Automated colour grading using colour distribution
transfer", 2007), learnt as a smooth 3-D table. Texture: for every patch of the recoloured picture one of the most alike
patches of the reference, at two sizes, averaged where they overlap (after Elad, Milanfar, "Style Transfer via Texture
Synthesis", 2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from imaging_svc.engines.local.matte import Subject, without_alpha
from imaging_svc.engines.local.rendering import Pixels, Progress, Rendered, no_progress

from .canvas import Floats, Random, blur, clipped, light_of, mix

__all__ = ["style_transfer"]

_WORKING_PIXELS = 600_000
_TABLE = 25
_SAMPLES = 12_000


def style_transfer(
    picture: Pixels,
    *,
    reference: Pixels,
    style_strength: float = 0.75,
    structure_strength: float = 0.75,
    is_portrait: bool = False,
    portrait_style: str | None = None,
    subject: Subject | None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Rendered:
    """`picture` (h, w, 3 | 4) in the colours and the texture of `reference` (any size); size and alpha stay.

    `style_strength` 0 gives the picture back, 1 all of the style; `structure_strength` 1 keeps every line of the
    drawing, 0 leaves it to the reference's texture. `is_portrait` holds the subject's features and skin more;
    `portrait_style` is "standard", "pop" (livelier colours) or "super_pop" (louder still). `subject` finds the subject
    (float32 (h, w) 0..1); None treats all alike and marks the result degraded. The same arguments give the same bytes.
    """
    style, structure = (min(max(float(value), 0.0), 1.0) for value in (style_strength, structure_strength))
    details: dict[str, Any] = {
        "style_strength": style,
        "structure_strength": structure,
        "is_portrait": is_portrait,
        "portrait_style": portrait_style,
        "colors": "sliced-optimal-transport",
        "texture": "patches",
        "seed": seed,
    }
    degraded = "no subject finder is at hand: faces were not treated with more care" if subject is None else None
    if style == 0:
        return Rendered(picture, "patch-style", degraded, details)
    random = np.random.default_rng(seed)
    progress(0.05)
    guard = _guard(picture, subject, is_portrait)
    model = _opaque(reference)
    colored = _recolored(picture, model, portrait_style, random)
    progress(0.25)
    painted = _textured(colored, model, structure, guard, random, progress)
    progress(0.9)
    styled = _blended(picture, colored, painted, guard, style, structure, is_portrait)
    progress(1.0)
    return Rendered(styled, "patch-style", degraded, details)


def _guard(picture: Pixels, subject: Subject | None, is_portrait: bool) -> Floats:
    """How much of the own drawing must be kept, (h, w) 0..1: more on the subject, most on a portrait's."""
    if subject is None:
        return np.full(picture.shape[:2], 0.25, np.float32)
    mask = np.clip(np.nan_to_num(np.asarray(subject(picture), np.float32)), 0, 1)
    return np.asarray(mask * (0.75 if is_portrait else 0.45), np.float32)


def _opaque(reference: Pixels) -> Pixels:
    """The reference without alpha, at working size."""
    height, width = reference.shape[:2]
    factor = min(1.0, math.sqrt(_WORKING_PIXELS / (height * width)))
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    return without_alpha(np.asarray(cv2.resize(reference, size, interpolation=cv2.INTER_AREA), np.uint8))


# --- colour -----------------------------------------------------------------------------------------------------------


def _recolored(picture: Pixels, model: Pixels, portrait_style: str | None, random: Random) -> Pixels:
    """The full picture (h, w, 3) through the colour table from its own colours to the model's."""
    opaque = without_alpha(picture)
    table = _color_table(opaque, model, random)
    table = _louder(table, {"pop": 1.25, "super_pop": 1.6}.get(portrait_style or "", 1.0))
    lookup = ImageFilter.Color3DLUT(_TABLE, table.reshape(-1).tolist())
    colored = Image.fromarray(np.ascontiguousarray(opaque)).filter(lookup)
    return np.asarray(colored, np.uint8)


def _louder(table: Floats, factor: float) -> Floats:
    grey = light_of(table)[..., None]
    return clipped(grey + (table - grey) * factor)


def _color_table(picture: Pixels, model: Pixels, random: Random) -> Floats:
    """sRGB 0..1 for each node of a cube (b, g, r, 3), as Pillow orders it."""
    axis = np.linspace(0, 1, _TABLE, dtype=np.float32)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    nodes = np.stack([red, green, blue], axis=3)
    start = _lab(nodes.reshape(-1, 1, 3))
    own = _sampled(picture, random)
    wanted = _within_reach(_sampled(model, random), own)
    linear = _linear_map(own, wanted)
    bent = _transported(linear(start), linear(own), wanted, random)
    moved = mix(linear(start), bent, 0.55)
    shift = _smooth((moved - start).reshape(_TABLE, _TABLE, _TABLE, 3)).reshape(-1, 3)
    lab = (start + shift).reshape(-1, 1, 3)
    lab[..., 0] = np.clip(lab[..., 0], 0, 100)
    return clipped(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)).reshape(nodes.shape)


def _lab(colors: Floats) -> Floats:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(colors), cv2.COLOR_RGB2Lab).reshape(-1, 3), np.float32)


def _sampled(picture: Pixels, random: Random) -> Floats:
    """Lab of a fixed number of random pixels, with a little noise, so that flat pictures have a spread, too."""
    flat = picture.reshape(-1, 3)
    chosen = flat[random.integers(0, len(flat), _SAMPLES)]
    lab = _lab(np.asarray(chosen / 255, np.float32).reshape(-1, 1, 3))
    return np.asarray(lab + random.normal(0, 0.6, lab.shape), np.float32)


def _within_reach(wanted: Floats, own: Floats) -> Floats:
    """`wanted` with a lightness near enough to the picture's own to stay readable: a night sky dims it, no more."""
    light = wanted[:, 0]
    middle = float(np.clip(light.mean(), own[:, 0].mean() - 24, own[:, 0].mean() + 24))
    spread = max(float(light.std()), 0.6 * float(own[:, 0].std()), 1e-3)
    reached = wanted.copy()
    reached[:, 0] = np.clip((light - light.mean()) * (spread / max(float(light.std()), 1e-3)) + middle, 0, 100)
    return reached


def _linear_map(own: Floats, wanted: Floats) -> Callable[[Floats], Floats]:
    """The linear Monge-Kantorovitch map (Pitié, Kokaram 2007) from one cloud's mean and covariance to the other's."""
    mean, goal = own.mean(0), wanted.mean(0)
    here, there = (np.cov(cloud.T) + 1.5 * np.eye(3) for cloud in (own, wanted))
    root = _power(here, 0.5)
    back = np.linalg.inv(root)
    matrix = _bounded(back @ _power(root @ there @ root, 0.5) @ back)
    return lambda colors: np.asarray((colors - mean) @ matrix.T + goal, np.float32)


def _power(matrix: npt.NDArray[np.float64], exponent: float) -> npt.NDArray[np.float64]:
    """A power of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 1e-6) ** exponent) @ vectors.T, np.float64)


def _bounded(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """No colour axis grows more than twice or shrinks below a quarter: noise is not blown up, nothing goes flat."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.clip(values, 0.25, 2.0)) @ vectors.T, np.float64)


def _transported(nodes: Floats, own: Floats, wanted: Floats, random: Random) -> Floats:
    """`nodes` (n, 3) carried along while the cloud `own` is moved onto `wanted`, axis by random axis."""
    nodes, own = nodes.copy(), own.copy()
    ranks = np.linspace(0.002, 0.998, 128)
    for _ in range(14):
        axes, _ = np.linalg.qr(random.standard_normal((3, 3)))
        for axis in axes.T.astype(np.float32):
            here, there = own @ axis, np.quantile(wanted @ axis, ranks)
            base = np.maximum.accumulate(np.quantile(here, ranks) + np.linspace(0, 1e-3, len(ranks)))
            for cloud, along in ((own, here), (nodes, nodes @ axis)):
                held = np.clip(along, base[0], base[-1])
                cloud += (0.85 * (np.interp(held, base, there) - held)[:, None] * axis).astype(np.float32)
    return nodes


def _smooth(cube: Floats) -> Floats:
    """The shifts of the table (n, n, n, 3) blurred along its three axes, so that no band shows."""
    for axis in range(3):
        moved = np.moveaxis(cube, axis, 0)
        flat = np.ascontiguousarray(moved).reshape(_TABLE, -1)
        flat = cv2.GaussianBlur(flat, (1, 13), sigmaX=0.1, sigmaY=2.4, borderType=cv2.BORDER_REPLICATE)
        cube = np.moveaxis(flat.reshape(moved.shape), 0, axis)
    return np.asarray(cube, np.float32)


# --- texture ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Grain:
    """One size of patches: `side` and `step` in pixels, how many of the reference are tried."""

    side: int
    step: int
    tried: int


def _textured(colored: Pixels, model: Pixels, structure: float, guard: Floats, random: Random, progress: Progress) -> Floats:
    """The recoloured picture rebuilt from patches of the model, at working size, (h, w, 3) 0..1."""
    height, width = colored.shape[:2]
    factor = min(1.0, math.sqrt(_WORKING_PIXELS / (height * width)))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    canvas = np.asarray(cv2.resize(colored, size, interpolation=cv2.INTER_AREA) / 255, np.float32)
    source = np.asarray(model / 255, np.float32)
    loose = 1 - 0.75 * structure
    for number, grain in enumerate((_Grain(24, 8, 1500), _Grain(10, 4, 2500))):
        if min(*canvas.shape[:2], *source.shape[:2]) < grain.side:
            continue
        built = _rebuilt(canvas, source, grain, random)
        canvas = mix(canvas, built, 0.35 + 0.6 * loose if number == 0 else 0.6 + 0.4 * loose)
        progress(0.25 + 0.3 * (number + 1))
    return clipped(_energised(canvas, source))


def _rebuilt(canvas: Floats, source: Floats, grain: _Grain, random: Random) -> Floats:
    """`canvas` from overlapping patches of `source`, each one of the most alike among a random selection.

    A patch brings its texture, and its colour moves most of the way to the canvas's, so that a smooth sky stays smooth.
    Their places are jittered, for no grid to show.
    """
    side = grain.side
    ys, xs = _spots(canvas.shape, grain, random)
    pool = _pool(source, grain, random)
    nearest = _nearest(_features(canvas, ys, xs, side), _features_of(pool), random)
    soft = blur(canvas, 0.3 * side)
    offsets = 0.85 * (soft[ys + side // 2, xs + side // 2] - pool.mean((1, 2))[nearest])
    window = np.outer(*[np.hanning(side + 2)[1:-1]] * 2).astype(np.float32)[..., None] ** 1.5
    total = np.zeros((*canvas.shape[:2], 4), np.float32)
    weighted = np.concatenate([pool * window, np.repeat(window[None], len(pool), 0)], axis=3)
    places = zip(ys.tolist(), xs.tolist(), nearest.tolist(), np.pad(offsets, ((0, 0), (0, 1))), strict=True)
    for row, column, chosen, offset in places:
        total[row : row + side, column : column + side] += weighted[chosen] + window * offset
    return np.asarray(total[..., :3] / np.maximum(total[..., 3:], 1e-6), np.float32)


def _spots(shape: tuple[int, ...], grain: _Grain, random: Random) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Upper left corners of patches that cover the picture: a grid, each moved by up to half a step."""
    last = shape[0] - grain.side, shape[1] - grain.side
    ys, xs = (axis.ravel() for axis in np.meshgrid(*(_stops(end, grain.step) for end in last), indexing="ij"))
    reach = grain.step // 2
    moved = [axis + random.integers(-reach, reach + 1, len(axis)) for axis in (ys, xs)]
    inner = (ys > 0) & (xs > 0) & (ys < last[0]) & (xs < last[1])
    y, x = (np.where(inner, np.clip(axis, 0, end), still) for axis, end, still in zip(moved, last, (ys, xs), strict=True))
    return y, x


def _stops(last: int, step: int) -> npt.NDArray[np.intp]:
    """0, step, 2 x step … and `last`, so that the far edge is covered."""
    return np.unique(np.append(np.arange(0, last + 1, step), last))


def _pool(source: Floats, grain: _Grain, random: Random) -> Floats:
    """Random patches of the reference (n, s, s, 3), mirrored copies among them."""
    y = random.integers(0, source.shape[0] - grain.side + 1, grain.tried)
    x = random.integers(0, source.shape[1] - grain.side + 1, grain.tried)
    patches = np.stack([source[a : a + grain.side, b : b + grain.side] for a, b in zip(y, x, strict=True)])
    patches[1::2] = patches[1::2, :, ::-1]
    return patches


_CELLS = 5


def _features(canvas: Floats, ys: npt.NDArray[np.intp], xs: npt.NDArray[np.intp], side: int) -> Floats:
    """What patches at (ys, xs) look like, (n, 75): the mean colours of 5 x 5 cells, read off a blurred canvas."""
    cell = side / _CELLS
    soft = blur(canvas, 0.4 * cell)
    offsets = ((np.arange(_CELLS) + 0.5) * cell).astype(np.intp)
    rows = ys[:, None, None] + offsets[None, :, None]
    columns = xs[:, None, None] + offsets[None, None, :]
    return _weighted(soft[rows, columns])


def _features_of(pool: Floats) -> Floats:
    side = pool.shape[1]
    offsets = ((np.arange(_CELLS) + 0.5) * side / _CELLS).astype(np.intp)
    soft = np.stack([blur(patch, 0.4 * side / _CELLS) for patch in pool])
    return _weighted(soft[:, offsets][:, :, offsets])


def _weighted(cells: Floats) -> Floats:
    """Colours (n, 5, 5, 3) as lightness, its departure from the patch's mean (shape counts most), and chroma."""
    light = cells @ np.array([0.299, 0.587, 0.114], np.float32)
    mean = light.mean((1, 2), keepdims=True)
    chroma = cells[..., ::2] - light[..., None]
    parts = [light - mean, 0.3 * np.broadcast_to(mean, light.shape), 0.25 * chroma[..., 0], 0.25 * chroma[..., 1]]
    return np.ascontiguousarray(np.concatenate([part.reshape(len(cells), -1) for part in parts], axis=1), np.float32)


def _nearest(wanted: Floats, offered: Floats, random: Random) -> npt.NDArray[np.intp]:
    """For each row of `wanted` the index of a close one of `offered`: the closest after a shake, so that few repeat."""
    squares = (offered * offered).sum(1)
    chosen = np.empty(len(wanted), np.intp)
    for start in range(0, len(wanted), 1024):
        block = wanted[start : start + 1024]
        away = np.maximum((block * block).sum(1)[:, None] + squares - 2 * (block @ offered.T), 0)
        shaken = (away + 0.004) * random.uniform(0.75, 1.25, len(offered)).astype(np.float32)
        chosen[start : start + 1024] = np.argmin(shaken, axis=1)
    return chosen


def _energised(canvas: Floats, source: Floats) -> Floats:
    """Averaging patches softens them: each band of fine detail gets back the strength it has in the reference."""
    rest, result = canvas, np.zeros_like(canvas)
    wanted = source
    for sigma in (1.0, 2.2, 4.5):
        low, low_wanted = blur(rest, sigma), blur(wanted, sigma)
        gain = float(np.clip((wanted - low_wanted).std() / ((rest - low).std() + 1e-4), 0.7, 1.8))
        result += (rest - low) * gain
        rest, wanted = low, low_wanted
    return result + rest


# --- together ---------------------------------------------------------------------------------------------------------


def _blended(picture: Pixels, colored: Pixels, painted: Floats, guard: Floats, style: float, structure: float, portrait: bool) -> Pixels:
    """The painting at full size, the drawing laid back as far as `structure` and `guard` want, in bands of rows."""
    height, width = picture.shape[:2]
    reach = 0.008 * math.sqrt(height * width)
    missing = _missing_lines(colored, painted, reach)
    result = picture.copy()
    for top in range(0, height, 256):
        rows = slice(top, min(top + 256, height))
        own = np.asarray(colored[rows] / 255, np.float32)
        large, soft = (_part(field, (height, width), rows) for field in (painted, missing))
        held = guard[rows]
        keep = held * (0.75 + 0.25 * structure) + (1 - held) * (0.04 + 0.9 * structure**1.5)
        lines = light_of(own) - light_of(large) - soft
        even = 0.35 + 0.5 * structure**3
        keep = keep * (even + (1 - even) * np.clip(np.abs(lines) / 0.07, 0, 1))
        shown = mix(large, own, np.asarray(held * (0.3 + 0.3 * structure), np.float32)[..., None]) + (keep * lines)[..., None]
        plain = picture[rows, :, :3].astype(np.float32)
        share = style * (1 - 0.25 * held[..., None]) if portrait else style
        result[rows, :, :3] = np.clip(plain + share * (clipped(shown) * 255 - plain) + 0.5, 0, 255)
    return result


def _missing_lines(colored: Pixels, painted: Floats, reach: float) -> Floats:
    """The wide part (over `reach` full-size pixels) of what the painting lacks in lightness, at its size (h, w)."""
    high, wide = painted.shape[:2]
    small = cv2.resize(colored, (wide, high), interpolation=cv2.INTER_AREA)
    lack = light_of(np.asarray(small / 255, np.float32)) - light_of(painted)
    return blur(lack, reach * wide / colored.shape[1])


def _part(field: Floats, shape: tuple[int, int], rows: slice) -> Floats:
    """`rows` of `field` (h, w[, c]) enlarged to `shape`."""
    down, across = field.shape[0] / shape[0], field.shape[1] / shape[1]
    window = np.array([[across, 0, 0.5 * across - 0.5], [0, down, (rows.start + 0.5) * down - 0.5]], np.float64)
    size = (shape[1], rows.stop - rows.start)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(field, window, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)
