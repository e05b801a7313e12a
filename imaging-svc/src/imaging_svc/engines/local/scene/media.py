"""With what does the picture seem to be made?  One function per style, sRGB floats in and out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import cv2
import numpy as np

from imaging_svc.engines.local.blurring import gaussian
from imaging_svc.engines.local.rendering import Pixels, Progress

from .colour import luma, mixed
from .noise import Array, fractal, sample, smoothstep

__all__ = ["MEDIA", "pixel_art"]

Medium = Callable[[Array, np.random.Generator, Progress], Array]
"""Takes and gives a picture (height, width, 3), sRGB encoded 0..1, and tells how far it is, 0..1."""


def _unit(picture: Array) -> float:
    return float(np.sqrt(picture.shape[0] * picture.shape[1]))


def _blur(picture: Array, sigma: float) -> Array:
    return np.asarray(gaussian(picture, sigma), np.float32)


def _saturate(picture: Array, factor: float) -> Array:
    grey = luma(picture)[..., None]
    return np.asarray(np.clip(grey + (picture - grey) * factor, 0, 1), np.float32)


def _smooth(picture: Array, passes: int, reach: float) -> Array:
    """Flatten texture and keep edges: guided filtering of the picture by its own lightness (K. He et al., 2010)."""
    size = max(3, round(reach * _unit(picture))) | 1
    guide = luma(picture)
    for _ in range(passes):
        mean = cv2.blur(guide, (size, size))
        spread = cv2.blur(guide * guide, (size, size)) - mean * mean
        gain = spread / (spread + 0.0025)
        local = cv2.blur(picture, (size, size))
        cross = cv2.blur(picture * guide[..., None], (size, size)) - local * mean[..., None]
        slope = cross / (spread + 0.0025)[..., None]
        offset = local - slope * mean[..., None]
        picture = cv2.blur(slope, (size, size)) * guide[..., None] + cv2.blur(offset, (size, size))
        guide = luma(picture)
        del gain
    return np.asarray(np.clip(picture, 0, 1), np.float32)


def _paper(shape: tuple[int, ...], rng: np.random.Generator, scale: float = 1.0) -> Array:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return sample(fractal(rng, slope=0.9, largest=40), x * scale, y * scale)


def photorealistic(picture: Array, rng: np.random.Generator, tell: Progress) -> Array:
    """A camera's print: local contrast, a gentle curve, slightly calmer colour."""
    unit = _unit(picture)
    clear = picture + 0.22 * (picture - _blur(picture, unit * 0.03)) + 0.35 * (picture - _blur(picture, 0.9))
    eased = smoothstep(-0.03, 1.03, np.clip(clear, 0, 1))
    return _saturate(mixed(np.clip(clear, 0, 1), eased, 0.35), 0.93)


def digital_art(picture: Array, rng: np.random.Generator, tell: Progress) -> Array:
    """A painter's tablet: simplified masses, rich colour, crisp edges and a glow."""
    flat = _smooth(picture, 2, 0.007)
    unit = _unit(picture)
    crisp = flat + 0.9 * (flat - _blur(flat, 1.4)) + 0.30 * (flat - _blur(flat, unit * 0.035))
    rich = _saturate(np.clip(crisp, 0, 1), 1.34)
    glow = _blur(np.clip(rich - 0.6, 0, 1), unit * 0.025)
    return np.asarray(np.clip(smoothstep(-0.06, 1.04, rich) * 0.6 + rich * 0.4 + glow * 0.7, 0, 1), np.float32)


def anime(picture: Array, rng: np.random.Generator, tell: Progress) -> Array:
    """Painted cels: flat steps of light with crisp borders, clear bright colour, thin dark outlines."""
    unit = _unit(picture)
    flat = _kuwahara(_kuwahara(picture, max(2, round(unit * 0.0042))), max(1, round(unit * 0.0030)))
    tell(0.6)
    flat = np.clip(flat + 0.8 * (flat - _blur(flat, 1.6)), 0, 1)
    lab = cv2.cvtColor(flat, cv2.COLOR_RGB2Lab)
    level = lab[..., 0] / 100.0 * 9.0
    step = np.floor(level)
    lab[..., 0] = (step + smoothstep(0.36, 0.64, level - step)) / 9.0 * 96.0 + 5.0
    lab[..., 1:] *= 1.5
    cel = np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0, 1)
    grey = luma(flat)
    ink = smoothstep(0.010, 0.038, _blur(grey, 0.0026 * unit) - _blur(grey, 0.0011 * unit))[..., None]
    lifted = cel ** np.float32(0.84)
    # Lamps, stars and glitter are smaller than the strokes: they go back on top.
    sparks = np.clip(luma(picture) - luma(flat) - 0.06, 0, 1)[..., None] * 1.6
    return np.asarray(
        np.clip(lifted * (1 - 0.5 * ink) + sparks * picture / np.maximum(picture.max(2, keepdims=True), 0.05), 0, 1), np.float32
    )


def watercolor(picture: Array, rng: np.random.Generator, tell: Progress) -> Array:
    """Washes on rough paper: wobbling outlines, darker edges, granulation, and a bare border.

    Source: the pigment density model of A. Bousseau et al., "Interactive watercolor rendering", NPAR 2006.
    """
    height, width = picture.shape[:2]
    unit = _unit(picture)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    tile = fractal(rng, slope=1.9, largest=160)
    scale = np.float32(760.0 / unit)
    wobble_x, wobble_y = (
        sample(tile, x * 0.6 * scale, y * 0.6 * scale),
        sample(tile, x * 0.6 * scale + 200, y * 0.6 * scale + 90),
    )
    reach = np.float32(unit * 0.0022)
    moved = cv2.remap(picture, x + wobble_x * reach, y + wobble_y * reach, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    wash = _kuwahara(_kuwahara(np.asarray(moved, np.float32), max(2, round(unit * 0.0050))), max(1, round(unit * 0.003)))
    tell(0.6)
    wash = _lift(wash)
    # Pigment gathers where a wash ends: a thin dark seam inside each edge.
    grey = luma(wash)
    seams = np.clip(_blur(grey, unit * 0.0042) - grey, 0.0, 0.10) + 0.5 * np.abs(grey - _blur(grey, unit * 0.0018))
    bloom = sample(tile, x * 0.22 * scale + 50, y * 0.22 * scale)
    grain = _paper(picture.shape, rng, float(0.9 * scale + 0.1))
    density = 1.0 + 3.0 * seams + 0.10 * bloom + 0.055 * grain
    painted = wash - (wash - wash * wash) * (density - 1.0)[..., None]
    border = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y)) / unit + 0.0045 * wobble_x + 0.0015 * grain
    inside = smoothstep(0.022, 0.030, border)[..., None]
    rim = np.exp(-(((border - 0.031) / 0.004) ** 2))[..., None] * 0.10
    paper = np.array([0.985, 0.975, 0.952], np.float32) * (1.0 + 0.010 * grain[..., None])
    return np.asarray(np.clip(mixed(paper, painted * (1 - rim), inside * 0.98), 0, 1), np.float32)


def _lift(picture: Array) -> Array:
    """Lightness spread over what paper and thin paint can show, colour kept clear."""
    lab = cv2.cvtColor(np.clip(picture, 0, 1).astype(np.float32), cv2.COLOR_RGB2Lab)
    low, high = (float(v) for v in np.quantile(lab[::4, ::4, 0], (0.02, 0.98)))
    part = np.clip((lab[..., 0] - low) / max(high - low, 8.0), 0.0, 1.0)
    lab[..., 0] = 30.0 + 67.0 * part**0.85
    lab[..., 1:] *= 1.28
    return np.asarray(np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0, 1), np.float32)


def oil_painting(picture: Array, rng: np.random.Generator, tell: Progress) -> Array:
    """Brush strokes that follow the forms, with the relief of thick paint.

    Source: Kuwahara filtering in the manner of J. E. Kyprianidis et al. (2009); line integral convolution for the
    bristles (B. Cabral and L. Leedom, 1993).
    """
    unit = _unit(picture)
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    strokes = _kuwahara(picture, max(2, round(unit * 0.0050)))
    tell(0.3)
    along_x, along_y = _tangents(luma(strokes), unit * 0.008, rng)
    tell(0.5)
    # Each stroke carries one colour: patches of the picture are shifted along the form by a coarse noise.
    patch = cv2.resize(
        rng.standard_normal((max(2, picture.shape[0] // 7), max(2, picture.shape[1] // 7)), dtype=np.float32),
        picture.shape[1::-1],
        interpolation=cv2.INTER_CUBIC,
    )
    shift = np.float32(unit * 0.006) * patch
    strokes = cv2.remap(strokes, x + along_x * shift, y + along_y * shift, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    smeared = _smear(np.asarray(strokes, np.float32), along_x, along_y, 6, 1.2)
    tell(0.65)
    bristle = _smear(rng.standard_normal(picture.shape[:2], dtype=np.float32), along_x, along_y, 16, 1.0)
    bristle = _blur(bristle / (bristle.std() + 1e-6), 0.5)
    tones = _smear(patch, along_x, along_y, 16, 1.5)
    tell(0.85)
    relief = bristle * 0.75 + tones * 0.8 + luma(smeared) * 7.0
    gy, gx = np.gradient(relief)
    lit = np.clip(-0.7 * gx - 0.7 * gy, -1.3, 1.3) * 0.095
    rich = _saturate(
        np.clip(smeared + 0.7 * (smeared - _blur(smeared, 2.2)) + 0.2 * (smeared - _blur(smeared, unit * 0.04)), 0, 1),
        1.32,
    )
    rich = rich * (1.0 + 0.045 * tones)[..., None]
    return np.asarray(np.clip(rich * (1.0 + lit)[..., None] + 0.22 * np.maximum(lit, 0)[..., None], 0, 1), np.float32)


def _kuwahara(picture: Array, radius: int) -> Array:
    """Each pixel takes the mean of the calmest of four windows beside it, softly chosen."""
    size = 2 * radius + 1
    grey = luma(picture)
    mean = cv2.blur(picture, (size, size))
    grey_mean = cv2.blur(grey, (size, size))
    spread = np.maximum(cv2.blur(grey * grey, (size, size)) - grey_mean**2, 0)
    total = np.zeros_like(picture)
    weights = np.zeros_like(grey)
    for dx, dy in ((-1, -1), (1, -1), (-1, 1), (1, 1), (0, -1), (0, 1), (-1, 0), (1, 0)):
        shift = np.array([[1, 0, dx * radius], [0, 1, dy * radius]], np.float32)
        where = (picture.shape[1], picture.shape[0])
        moved = cv2.warpAffine(mean, shift, where, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        calm = 1.0 / (1.0 + (cv2.warpAffine(spread, shift, where, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE) * 3000.0) ** 2)
        total += moved * calm[..., None]
        weights += calm
    return np.asarray(total / np.maximum(weights, 1e-6)[..., None], np.float32)


def _tangents(grey: Array, sigma: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Unit vectors along the edges of a smoothed structure tensor; flat places follow a slow random field."""
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    xx, yy, xy = _blur(gx * gx, sigma), _blur(gy * gy, sigma), _blur(gx * gy, sigma)
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32)
    slow = sample(fractal(rng, slope=2.4), x * 0.22, y * 0.22) * 0.9 + 0.5
    weight = 0.00025
    double_x = (xx - yy) + weight * np.cos(2 * slow + np.pi)
    double_y = 2 * xy + weight * np.sin(2 * slow + np.pi)
    angle = 0.5 * np.arctan2(double_y, double_x) + np.pi / 2
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def _smear(picture: Array, along_x: Array, along_y: Array, steps: int, stride: float) -> Array:
    """Average along the tangents, both ways: doubling steps reach far in few passes."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    reach = stride
    for _ in range(max(1, int(np.log2(steps)))):
        ahead = cv2.remap(picture, x + along_x * reach, y + along_y * reach, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        back = cv2.remap(picture, x - along_x * reach, y - along_y * reach, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        picture = (picture + ahead + back) / np.float32(3.0)
        reach *= 2.0
    return np.asarray(picture, np.float32)


def sketch(picture: Array, rng: np.random.Generator, tell: Progress) -> Array:
    """Graphite on warm paper: contour lines, and three directions of fine hatching that thicken with shadow."""
    unit = _unit(picture)
    grey = luma(_kuwahara(picture, max(1, round(unit * 0.003))))
    low, high = (float(v) for v in np.quantile(grey[::4, ::4], (0.02, 0.97)))
    grey = np.clip((grey - low) / max(high - low, 0.08), 0, 1) ** np.float32(0.8)
    # A draughtsman sets each form off from its neighbour, however close their tones.
    grey = np.clip(grey + 1.1 * (grey - _blur(grey, unit * 0.022)), 0, 1)
    scale = 760.0 / unit
    fine, wide = _blur(grey, 0.8 / scale), _blur(grey, 2.6 / scale)
    line = smoothstep(0.010, 0.070, wide - fine)
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32)
    tile = fractal(rng, slope=0.35, largest=24)
    wobble = sample(fractal(rng, slope=2.4), x * 0.4 * scale, y * 0.4 * scale)
    dark = 1.0 - _blur(grey, 1.2 / scale)
    tone = np.zeros_like(grey)
    for angle, start, strength in ((-0.95, 0.30, 0.20), (-0.55, 0.50, 0.24), (0.75, 0.72, 0.30)):
        cos, sin = math.cos(angle), math.sin(angle)
        along, across = x * cos + y * sin, y * cos - x * sin + 2.2 * wobble
        hatch = sample(tile, along * np.float32(0.045 * scale), across * np.float32(0.62 * scale))
        cover = smoothstep(start - 0.20, start + 0.50, dark)
        tone += strength * _inked(hatch - 0.9 + 2.2 * cover) * (0.35 + 0.65 * cover) * (cover > 0)
    soft = 0.42 * smoothstep(0.15, 1.1, dark)
    grain = _paper(picture.shape, rng, scale)
    graphite = np.clip((0.80 * line + tone + soft) * np.clip(0.88 + 0.24 * grain, 0.3, 1.25), 0, 0.95)
    paper = np.array([0.972, 0.960, 0.932], np.float32) * (1.0 + 0.010 * grain[..., None])
    lead = np.array([0.16, 0.16, 0.18], np.float32)
    return np.asarray(np.clip(mixed(paper, lead, graphite[..., None]), 0, 1), np.float32)


def _inked(value: Array) -> Array:
    return smoothstep(0.0, 0.8, value)


def low_poly(picture: Array, rng: np.random.Generator, tell: Progress) -> Array:
    """Facets: a triangle mesh whose corners sit on the picture's edges, one colour and one tilt of light each."""
    height, width = picture.shape[:2]
    picture = _kuwahara(picture, max(2, round(_unit(picture) * 0.0055)))
    cell = _unit(picture) / 38.0
    columns, rows = max(4, round(width / cell)), max(4, round(height / cell))
    corners = _corners(luma(_blur(picture, 1.5)), columns, rows, rng)
    tell(0.6)
    triangles = _triangles(corners, luma(picture))
    scale = 16
    labels = np.zeros((height, width), np.int32)
    for number, triangle in enumerate(triangles):
        cv2.fillConvexPoly(labels, (triangle * scale).round().astype(np.int32), number, cv2.LINE_8, 4)
    flat = labels.ravel()
    count = np.maximum(np.bincount(flat, minlength=len(triangles)), 1)
    colours = np.stack([np.bincount(flat, picture[..., k].ravel(), len(triangles)) / count for k in range(3)], 1)
    tilt = 1.0 + rng.normal(0, 0.034, len(triangles))
    table = np.clip(colours * tilt[:, None], 0, 1).astype(np.float32)
    faces = table[labels]
    smooth = cv2.resize(faces, (width * 2, height * 2), interpolation=cv2.INTER_LINEAR) if width * height < 400_000 else faces
    faces = (
        _blur(faces, 0.55) if smooth is faces else np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    )
    return _saturate(np.clip(faces + 0.12 * (faces - _blur(faces, cell * 1.5)), 0, 1), 1.22)


def _corners(grey: Array, columns: int, rows: int, rng: np.random.Generator) -> np.ndarray:
    """A grid of points, each moved to the strongest edge in its cell: (rows + 1, columns + 1, 2) as x, y."""
    height, width = grey.shape
    strength = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    strength = strength + rng.random(grey.shape, dtype=np.float32) * 0.02
    points = np.zeros((rows + 1, columns + 1, 2))
    for r in range(rows + 1):
        for c in range(columns + 1):
            cx, cy = c * width / columns, r * height / rows
            half_x, half_y = width / columns * 0.42, height / rows * 0.42
            x0, x1 = int(max(0, cx - half_x)), int(min(width, cx + half_x + 1))
            y0, y1 = int(max(0, cy - half_y)), int(min(height, cy + half_y + 1))
            if r in (0, rows) or c in (0, columns):
                points[r, c] = cx, cy
                continue
            best = int(strength[y0:y1, x0:x1].argmax())
            points[r, c] = x0 + best % (x1 - x0), y0 + best // (x1 - x0)
    return points


def _triangles(points: np.ndarray, grey: Array) -> list[np.ndarray]:
    """Two triangles per cell, cut along the diagonal whose ends are more alike (edges are then not crossed)."""
    limit = np.array(grey.shape[::-1]) - 1
    at = np.clip(points.round().astype(int), 0, limit)
    tone = grey[at[..., 1], at[..., 0]]
    found = []
    for r in range(points.shape[0] - 1):
        for c in range(points.shape[1] - 1):
            a, b, d, e = points[r, c], points[r, c + 1], points[r + 1, c], points[r + 1, c + 1]
            if abs(tone[r, c] - tone[r + 1, c + 1]) < abs(tone[r, c + 1] - tone[r + 1, c]):
                found += [np.array([a, b, e]), np.array([a, e, d])]
            else:
                found += [np.array([a, b, d]), np.array([b, e, d])]
    return found


_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16.0 - 0.47


def pixel_art(picture: Array, size: tuple[int, int]) -> Pixels:
    """Big pixels in 32 colours with ordered dither, scaled up without smoothing to `size` (width, height)."""
    short = 112
    factor = max(1.0, min(size) / short)
    wide, tall = max(8, round(size[0] / factor)), max(8, round(size[1] / factor))
    small = cv2.resize(picture, (wide, tall), interpolation=cv2.INTER_AREA)
    small = _saturate(np.clip(small + 0.45 * (small - _blur(small, 1.0)), 0, 1), 1.25)
    dither = np.tile(_BAYER, (tall // 4 + 1, wide // 4 + 1))[:tall, :wide, None] * 0.040
    palette = _median_cut(small.reshape(-1, 3), 32)
    wanted = (small + dither).reshape(-1, 3)
    nearest = np.zeros(len(wanted), np.int64)
    best = np.full(len(wanted), np.inf, np.float32)
    for number, colour in enumerate(palette):
        distance = ((wanted - colour) ** 2 * np.array([0.3, 0.59, 0.25], np.float32)).sum(1)
        closer = distance < best
        nearest[closer], best[closer] = number, distance[closer]
    blocks = np.clip(palette[nearest].reshape(tall, wide, 3) * 255.0 + 0.5, 0, 255).astype(np.uint8)
    rows = np.minimum((np.arange(size[1]) * tall) // size[1], tall - 1)
    columns = np.minimum((np.arange(size[0]) * wide) // size[0], wide - 1)
    return np.ascontiguousarray(blocks[rows][:, columns])


def _median_cut(colours: Array, count: int) -> Array:
    """A palette (count, 3): the box with the largest spread is split at its median (P. Heckbert, 1982)."""
    boxes = [colours]
    while len(boxes) < count:
        spreads = [float(box.std(0).max()) * len(box) ** 0.5 if len(box) > 1 else 0.0 for box in boxes]
        widest = int(np.argmax(spreads))
        if spreads[widest] == 0.0:
            break
        box = boxes.pop(widest)
        box = box[np.argsort(box[:, int(box.std(0).argmax())], kind="stable")]
        boxes += [box[: len(box) // 2], box[len(box) // 2 :]]
    return np.stack([box.mean(0) for box in boxes]).astype(np.float32)


MEDIA: Mapping[str, Medium] = {
    "photorealistic": photorealistic,
    "digital-art": digital_art,
    "anime": anime,
    "watercolor": watercolor,
    "oil-painting": oil_painting,
    "sketch": sketch,
    "3d": low_poly,
}
