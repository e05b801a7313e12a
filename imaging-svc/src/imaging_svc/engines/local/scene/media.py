"""With what does the picture seem to be made?  One function per style, sRGB floats in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from ..rendering import Pixels
from .colour import luma, mixed
from .noise import Array, fractal, sample, smoothstep

__all__ = ["MEDIA", "pixel_art"]

Medium = Callable[[Array, np.random.Generator], Array]
"""Takes and gives a picture (height, width, 3), sRGB encoded 0..1."""


def _unit(picture: Array) -> float:
    return float(np.sqrt(picture.shape[0] * picture.shape[1]))


def _blur(picture: Array, sigma: float) -> Array:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), max(sigma, 0.3)), np.float32)


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


def photorealistic(picture: Array, rng: np.random.Generator) -> Array:
    """A camera's print: local contrast, a gentle curve, slightly calmer colour."""
    unit = _unit(picture)
    clear = picture + 0.22 * (picture - _blur(picture, unit * 0.03)) + 0.35 * (picture - _blur(picture, 0.9))
    eased = smoothstep(-0.03, 1.03, np.clip(clear, 0, 1))
    return _saturate(mixed(np.clip(clear, 0, 1), eased, 0.35), 0.93)


def digital_art(picture: Array, rng: np.random.Generator) -> Array:
    """A painter's tablet: simplified masses, rich colour, crisp edges and a glow."""
    flat = _smooth(picture, 2, 0.007)
    unit = _unit(picture)
    crisp = flat + 0.9 * (flat - _blur(flat, 1.4)) + 0.30 * (flat - _blur(flat, unit * 0.035))
    rich = _saturate(np.clip(crisp, 0, 1), 1.34)
    glow = _blur(np.clip(rich - 0.6, 0, 1), unit * 0.025)
    return np.asarray(np.clip(smoothstep(-0.06, 1.04, rich) * 0.6 + rich * 0.4 + glow * 0.7, 0, 1), np.float32)


def anime(picture: Array, rng: np.random.Generator) -> Array:
    """Painted cels: flat steps of light with soft borders, clear bright colour, thin dark outlines."""
    flat = _smooth(picture, 3, 0.010)
    lab = cv2.cvtColor(flat, cv2.COLOR_RGB2Lab)
    level = lab[..., 0] / 100.0 * 8.0
    step = np.floor(level)
    lab[..., 0] = (step + smoothstep(0.30, 0.70, level - step)) / 8.0 * 96.0 + 5.0
    lab[..., 1:] *= 1.42
    cel = np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0, 1)
    fine, wide = _blur(luma(flat), 0.8), _blur(luma(flat), 1.7)
    ink = smoothstep(0.012, 0.040, wide - fine)[..., None]
    lifted = cel ** np.float32(0.88)
    return np.asarray(lifted * (1 - 0.42 * ink), np.float32)


def watercolor(picture: Array, rng: np.random.Generator) -> Array:
    """Washes on rough paper: wobbling outlines, darker edges, granulation, and a bare deckled border.

    Source: the pigment density model of A. Bousseau et al., "Interactive watercolor rendering", NPAR 2006.
    """
    height, width = picture.shape[:2]
    unit = _unit(picture)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    tile = fractal(rng, slope=1.5, largest=120)
    scale = 760.0 / unit
    wobble_x, wobble_y = sample(tile, x * 0.5 * scale, y * 0.5 * scale), sample(tile, x * 0.5 * scale + 200, y * 0.5 * scale + 90)
    moved = cv2.remap(picture, x + wobble_x * unit * 0.0032, y + wobble_y * unit * 0.0032, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    wash = _smooth(np.asarray(moved, np.float32), 3, 0.012)
    wash = np.clip(_saturate(wash, 1.16) * 0.80 + 0.20, 0, 1)
    edges = np.abs(luma(wash) - _blur(luma(wash), unit * 0.004))
    bloom = sample(tile, x * 0.30 * scale + 50, y * 0.30 * scale)
    grain = _paper(picture.shape, rng, 0.9 * scale + 0.1)
    density = 1.0 + 3.2 * np.clip(edges, 0, 0.12) * 2.0 + 0.16 * bloom + 0.085 * grain
    painted = wash - (wash - wash * wash) * (density - 1.0)[..., None]
    border = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y)) / unit + 0.010 * wobble_x + 0.004 * grain
    inside = smoothstep(0.018, 0.032, border)[..., None]
    rim = np.exp(-(((border - 0.034) / 0.006) ** 2))[..., None] * 0.10
    paper = np.array([0.975, 0.965, 0.940], np.float32) * (1.0 + 0.014 * grain[..., None])
    return np.asarray(np.clip(mixed(paper, painted * (1 - rim), inside * 0.97), 0, 1), np.float32)


def oil_painting(picture: Array, rng: np.random.Generator) -> Array:
    """Brush strokes that follow the forms, with the relief of thick paint.

    Source: structure-adaptive Kuwahara filtering (J. E. Kyprianidis et al., 2009) and line integral convolution for the bristles.
    """
    unit = _unit(picture)
    strokes = _kuwahara(picture, max(2, round(unit * 0.0052)))
    strokes = _kuwahara(strokes, max(1, round(unit * 0.0030)))
    along_x, along_y = _tangents(luma(strokes), unit * 0.009, rng)
    smeared = _smear(strokes, along_x, along_y, 6, 1.3)
    bristle = _smear(rng.standard_normal(picture.shape[:2], dtype=np.float32), along_x, along_y, 9, 1.0)
    bristle = bristle / (bristle.std() + 1e-6)
    relief = _blur(bristle, 0.6) * 0.55 + luma(smeared) * 6.0
    gy, gx = np.gradient(relief)
    lit = np.clip(-0.7 * gx - 0.7 * gy, -1.2, 1.2) * 0.085
    rich = _saturate(smeared + 0.5 * (smeared - _blur(smeared, 2.0)), 1.22)
    return np.asarray(np.clip(rich * (1.0 + lit + 0.020 * bristle)[..., None] + 0.25 * np.maximum(lit, 0)[..., None], 0, 1), np.float32)


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


def sketch(picture: Array, rng: np.random.Generator) -> Array:
    """Graphite on warm paper: contour lines and three directions of hatching that thicken with shadow."""
    unit = _unit(picture)
    grey = luma(_smooth(picture, 1, 0.006))
    low, high = np.quantile(grey[::4, ::4], (0.02, 0.98))
    grey = np.clip((grey - low) / max(float(high - low), 0.05), 0, 1)
    fine, wide = _blur(grey, 0.7 * unit / 760), _blur(grey, 2.0 * unit / 760)
    line = smoothstep(0.010, 0.075, wide - fine * 0.985)
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32)
    tile = fractal(rng, slope=0.7, largest=60)
    scale = 760.0 / unit
    dark = 1.0 - grey
    tone = np.zeros_like(grey)
    for angle, start, strength in ((-0.9, 0.16, 0.42), (-0.35, 0.42, 0.40), (0.7, 0.66, 0.42)):
        along, across = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
        hatch = sample(tile, along * 0.035 * scale, across * 0.75 * scale) * 0.5 + 0.5
        cover = smoothstep(start - 0.16, start + 0.42, dark)
        tone += strength * smoothstep(1.05 - cover * 1.1, 1.45 - cover * 1.1, hatch + 0.28) * cover
    grain = _paper(picture.shape, rng, scale)
    graphite = np.clip(0.78 * line + tone, 0, 0.94) * np.clip(0.86 + 0.20 * grain, 0.35, 1.1)
    paper = np.array([0.968, 0.955, 0.925], np.float32) * (1.0 + 0.010 * grain[..., None])
    lead = np.array([0.17, 0.17, 0.19], np.float32)
    tinted = mixed(lead, picture * 0.5, 0.22)
    return np.asarray(np.clip(mixed(paper, tinted, np.clip(graphite, 0, 1)[..., None]), 0, 1), np.float32)


def low_poly(picture: Array, rng: np.random.Generator) -> Array:
    """Facets: a triangle mesh whose corners sit on the picture's edges, one colour and one tilt of light each."""
    height, width = picture.shape[:2]
    cell = _unit(picture) / 46.0
    columns, rows = max(4, round(width / cell)), max(4, round(height / cell))
    corners = _corners(luma(_blur(picture, 1.5)), columns, rows, rng)
    triangles = _triangles(corners, luma(picture))
    scale = 16
    labels = np.zeros((height, width), np.int32)
    for number, triangle in enumerate(triangles):
        cv2.fillConvexPoly(labels, (triangle * scale).round().astype(np.int32), number, cv2.LINE_8, 4)
    flat = labels.ravel()
    count = np.maximum(np.bincount(flat, minlength=len(triangles)), 1)
    colours = np.stack([np.bincount(flat, picture[..., k].ravel(), len(triangles)) / count for k in range(3)], 1)
    tilt = 1.0 + rng.normal(0, 0.055, len(triangles))
    table = np.clip(colours * tilt[:, None], 0, 1).astype(np.float32)
    faces = table[labels]
    smooth = cv2.resize(faces, (width * 2, height * 2), interpolation=cv2.INTER_LINEAR) if width * height < 400_000 else faces
    faces = _blur(faces, 0.55) if smooth is faces else np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_AREA), np.float32)
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
    dither = np.tile(_BAYER, (tall // 4 + 1, wide // 4 + 1))[:tall, :wide, None] * 0.055
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
