"""What to draw when there is nothing to depict?  Silk-like flows, geometric compositions and soft colour fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from .colour import RGB, gradient, harmony, linear, mixed
from .noise import Array, fractal, rng_for, sample, smoothstep
from .vocabulary import SceneSpec

__all__ = ["paint_abstract"]


_CANDY: tuple[RGB, ...] = ((244, 132, 150), (250, 190, 120), (246, 226, 120), (130, 210, 160), (120, 180, 240), (178, 140, 226))
"""What pastel tones are made of: clear hues, which the finish then pales."""


def paint_abstract(spec: SceneSpec, width: int, height: int, seed: int, palette: Sequence[RGB], progress: Callable[[float], None]) -> Array:
    """An abstract picture in linear light: (height, width, 3).  Its colours come from `palette`, or from the words."""
    rng = rng_for(seed, f"abstract {spec.words}")
    colours = _full_palette(rng, palette)
    if "pastel" in spec.tones and not palette:
        colours = [_CANDY[k] for k in rng.permutation(len(_CANDY))[:5]]
    progress(0.1)
    if "geometric" in spec.places:
        painter = (_facets, _discs, _ribbon_grid)[int(rng.integers(3))]
    elif "gradient" in spec.places:
        painter = _mesh
        colours = _relatives(palette) if palette else colours
    else:
        painter = (_silk, _layers, _silk)[int(rng.integers(3))]
    picture = painter(rng, width, height, colours)
    progress(1.0)
    return picture


def _full_palette(rng: np.random.Generator, palette: Sequence[RGB]) -> list[RGB]:
    """Five colours, dark to light: the given ones first, their darker and lighter relatives after."""
    if not palette:
        return harmony(rng)
    colours = list(palette[:5])
    for shade in (0.35, 1.6, 0.65, 1.28):
        if len(colours) < 5:
            base = np.array(palette[len(colours) % len(palette)], np.float64)
            moved = base * shade if shade < 1 else 255 - (255 - base) / shade
            colours.append((int(moved[0]), int(moved[1]), int(moved[2])))
    return sorted(colours, key=lambda c: 0.21 * c[0] + 0.72 * c[1] + 0.07 * c[2])


def _relatives(palette: Sequence[RGB]) -> list[RGB]:
    """The asked colours alone, in their order; a single one with a lighter and a deeper neighbour."""
    if len(palette) > 1:
        return list(palette)
    base = np.array(palette[0], np.float64)
    deep, light = base * 0.72, 255 - (255 - base) * 0.45
    return [(round(float(c[0])), round(float(c[1])), round(float(c[2]))) for c in (deep, base, light)]


def _ramp(colours: Sequence[RGB]) -> list[tuple[float, RGB]]:
    return [(k / (len(colours) - 1), colour) for k, colour in enumerate(colours)]


def _grid(width: int, height: int) -> tuple[Array, Array]:
    unit = float(np.sqrt(width * height))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return (x - width / 2) / unit, (y - height / 2) / unit


def _silk(rng: np.random.Generator, width: int, height: int, colours: Sequence[RGB]) -> Array:
    """Folds of cloth: a twice-warped field read as height, lit from the side, coloured along the folds."""
    # The folds are smooth: a quarter of the size is enough, and enlarging is smoother than sampling.
    small = max(8, width // 4), max(8, height // 4)
    u, v = _grid(*small)
    flow = fractal(rng, slope=2.7, largest=256)
    angle = float(rng.uniform(-0.7, 0.7))
    u, v = u * math.cos(angle) - v * math.sin(angle), u * math.sin(angle) + v * math.cos(angle)
    wx, wy = sample(flow, u * 60 + 30, v * 90 + 10), sample(flow, u * 60 + 300, v * 90 + 210)
    qx = sample(flow, u * 70 + 26 * wx + 120, v * 100 + 26 * wy + 90)
    phase, qx, wy = (
        cv2.resize(cv2.GaussianBlur(part, (0, 0), 2.2), (width, height), interpolation=cv2.INTER_CUBIC)
        for part in ((3.2 * v + 0.62 * qx + 0.42 * wx + 0.2 * u).astype(np.float32), qx, wy)
    )
    fold = np.sin(phase * 5.2)
    fine = np.sin(phase * 5.2 * 6 + 1.4 * wy)
    height_map = cv2.GaussianBlur((fold + 0.10 * fine).astype(np.float32), (0, 0), max(width, height) / 900)
    gy, gx = np.gradient(height_map)
    scale = math.sqrt(width * height) / 9.0
    up = 1.0 / np.sqrt(1 + (gx * scale) ** 2 + (gy * scale) ** 2)
    nx, ny = -gx * scale * up, -gy * scale * up
    light = np.clip(0.55 * nx - 0.62 * ny + 0.56 * up, 0, 1)
    shine = np.clip(0.30 * nx - 0.36 * ny + 0.88 * up, 0, 1) ** 26
    tone = np.clip(0.5 + 0.30 * wy + 0.22 * qx + 0.16 * fold, 0, 1)
    base = gradient(_ramp(colours), tone)
    picture = base * (0.22 + 1.05 * light)[..., None] + (0.36 * shine)[..., None] * linear(colours[-1])
    return np.asarray(picture, np.float32)


def _layers(rng: np.random.Generator, width: int, height: int, colours: Sequence[RGB]) -> Array:
    """Cut-paper waves: stacked sheets, each with a wavy edge and a soft shadow on the one behind."""
    unit = float(np.sqrt(width * height))
    x = np.arange(width, dtype=np.float32)
    y = np.arange(height, dtype=np.float32)[:, None]
    picture = np.empty((height, width, 3), np.float32)
    picture[:] = gradient([(0.0, colours[-1]), (1.0, colours[-2])], (y / height)[:, 0])[:, None]
    sheets = 9
    tile = fractal(rng, slope=2.9, largest=256)
    for k in range(sheets):
        t = (k + 1) / sheets
        wave = sample(tile, (x / unit * 95)[None] + 40 * k, np.full((1, width), 21.0 * k + 5, np.float32))[0]
        edge = height * (0.10 + 0.86 * t) - 0.13 * unit * wave * (1.0 - 0.3 * t) - height * 0.10
        distance = y - edge[None]
        shadow = np.exp(-np.maximum(-distance, 0) / (0.028 * unit)) * (distance < 0)
        picture *= 1.0 - 0.42 * shadow[..., None]
        colour = gradient(_ramp(colours[::-1]), np.full((1,), t, np.float32))[0]
        body = np.clip(distance + 0.5, 0, 1)[..., None]
        lit = 1.0 + 0.35 * np.exp(-np.maximum(distance, 0) / (0.05 * unit)) - 0.12 * t
        picture[:] = mixed(picture, colour * lit[..., None], body)
    return picture


def _mesh(rng: np.random.Generator, width: int, height: int, colours: Sequence[RGB]) -> Array:
    """A mesh gradient: soft colour sources, gently warped, blended where they meet."""
    u, v = _grid(width, height)
    flow = fractal(rng, slope=3.0, largest=256)
    du, dv = sample(flow, u * 40 + 100, v * 40 + 40), sample(flow, u * 40 + 340, v * 40 + 250)
    u, v = u + 0.10 * du, v + 0.10 * dv
    total = np.full(u.shape, 1e-4, np.float32)
    picture = np.zeros((height, width, 3), np.float32)
    reach_x, reach_y = u.max() - u.min(), v.max() - v.min()
    order = rng.permutation(len(colours))
    for k in range(8):
        colour = np.array(colours[order[k % len(colours)]], np.float32) / 255.0
        cx = ((k * 0.618034 + float(rng.uniform(0, 0.25))) % 1.0 - 0.5) * reach_x * 1.1
        cy = ((k * 0.381966 + float(rng.uniform(0, 0.35))) % 1.0 - 0.5) * reach_y * 1.1
        weight = np.exp(-((u - cx) ** 2 + (v - cy) ** 2) / (2 * float(rng.uniform(0.17, 0.27)) ** 2)) * float(rng.uniform(0.7, 1.2))
        picture += weight[..., None] * colour
        total += weight
    return linear(picture / total[..., None] * 255.0)


def _facets(rng: np.random.Generator, width: int, height: int, colours: Sequence[RGB]) -> Array:
    """Crystal facets: jittered triangles whose colours follow a slow field and whose light follows their tilt."""
    unit = float(np.sqrt(width * height))
    cell = unit / float(rng.uniform(8.0, 12.0))
    columns, rows = int(width / cell) + 3, int(height / cell) + 3
    gx, gy = np.meshgrid(np.arange(columns + 1) - 1.0, np.arange(rows + 1) - 1.0)
    gx = (gx + 0.5 * (np.arange(rows + 1) % 2)[:, None] + rng.uniform(-0.32, 0.32, gx.shape)) * cell
    gy = (gy + rng.uniform(-0.32, 0.32, gy.shape)) * cell
    gz = rng.normal(0, 0.36, gx.shape) * cell
    flow = fractal(rng, slope=2.6)
    scale = 2
    canvas = np.zeros((height * scale, width * scale, 3), np.float32)
    points = np.stack([gx, gy, gz], 2)
    light = np.array([-0.5, -0.6, 0.62])
    for r in range(rows):
        for c in range(columns):
            a, b, d, e = points[r, c], points[r, c + 1], points[r + 1, c], points[r + 1, c + 1]
            for triangle in ((a, b, d), (b, e, d)) if (r % 2) else ((a, b, e), (a, e, d)):
                normal = np.cross(triangle[1] - triangle[0], triangle[2] - triangle[0])
                normal = normal / (np.linalg.norm(normal) + 1e-9)
                normal = normal if normal[2] > 0 else -normal
                centre = (triangle[0] + triangle[1] + triangle[2]) / 3
                at = (
                    np.float32(centre[0] / unit * 90 + 60).reshape(1, 1),
                    np.float32(centre[1] / unit * 90 + 30).reshape(1, 1),
                )
                tone = 0.5 + 0.26 * float(sample(flow, *at)[0, 0]) + 0.25 * float((centre[1] / height) - 0.5) + 0.06 * float(rng.normal())
                colour = gradient(_ramp(colours), np.clip(np.array([tone], np.float32), 0, 1))[0]
                shade = 0.50 + 0.72 * float(np.clip(normal @ light, 0, 1))
                corner = (np.array(triangle)[:, :2] * scale * 16).round().astype(np.int32)
                cv2.fillConvexPoly(canvas, corner, [float(s) for s in colour * shade], cv2.LINE_AA, 4)
    return np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _discs(rng: np.random.Generator, width: int, height: int, colours: Sequence[RGB]) -> Array:
    """A Bauhaus sheet: a grid of quarter discs, rings, stripes and half squares on paper."""
    unit = float(np.sqrt(width * height))
    count = int(rng.integers(5, 8))
    cell = unit / count
    y, x = np.mgrid[:height, :width].astype(np.float32)
    column, row = np.floor(x / cell).astype(np.int32), np.floor(y / cell).astype(np.int32)
    u, v = x / cell - column, y / cell - row
    columns, rows = int(column.max()) + 1, int(row.max()) + 1
    kind, turn = rng.integers(0, 6, (rows, columns))[row, column], rng.integers(0, 4, (rows, columns))[row, column]
    for quarter in (1, 2, 3):
        here = turn >= quarter
        u, v = np.where(here, 1 - v, u), np.where(here, u, v)
    soft = 1.0 / cell
    inside = np.zeros_like(u)
    ring = np.hypot(u, v)
    shapes = (
        smoothstep(soft, -soft, ring - 0.98),
        smoothstep(soft, -soft, np.hypot(u - 0.5, v - 0.5) - 0.40),
        smoothstep(soft, -soft, u + v - 1.0),
        smoothstep(soft, -soft, np.abs(((u * 4) % 1) - 0.5) / 4 - 0.0625),
        smoothstep(soft, -soft, np.abs(ring - 0.62) - 0.20),
        smoothstep(soft, -soft, np.hypot(u - 0.5, v) - 0.49),
    )
    for k, shape in enumerate(shapes):
        inside = np.where(kind == k, shape, inside)
    tones = linear(np.array(colours))
    back = rng.integers(0, len(colours), (rows, columns))
    fore = (back + rng.integers(1, len(colours), (rows, columns))) % len(colours)
    picture = mixed(tones[back[row, column]], tones[fore[row, column]], inside[..., None])
    paper = sample(fractal(rng, slope=1.0), x / unit * 400, y / unit * 400)
    return np.asarray(picture * (1.0 + 0.022 * paper[..., None]), np.float32)


def _ribbon_grid(rng: np.random.Generator, width: int, height: int, colours: Sequence[RGB]) -> Array:
    """Isometric blocks of different heights, three shades each."""
    unit = float(np.sqrt(width * height))
    size = unit / float(rng.uniform(7.5, 11.0))
    dx, dy = size * 0.866, size * 0.5
    scale = 2
    canvas = np.zeros((height * scale, width * scale, 3), np.float32)
    canvas[:] = linear(colours[0])
    flow = fractal(rng, slope=2.4)
    columns, rows = int(width / dx) + 3, int(height / dy) + 14
    for r in range(-2, rows):
        for c in range(-1, columns):
            cx = (c + 0.5 * (r % 2)) * 2 * dx * 0.5 * 2
            if cx > width + 2 * dx:
                break
            at = np.array([[cx / unit * 80 + 30]], np.float32), np.array([[r * dy / unit * 80 + 10]], np.float32)
            level = float(sample(flow, *at)[0, 0])
            lift = size * (0.9 + 0.75 * np.clip(level, -1.1, 1.8)) + size * 0.2 * float(rng.random())
            cy = r * dy - lift
            colour = gradient(_ramp(colours), np.clip(np.array([0.52 + 0.27 * level + 0.07 * float(rng.normal())], np.float32), 0, 1))[0]
            top = [(cx, cy - dy), (cx + dx, cy), (cx, cy + dy), (cx - dx, cy)]
            left = [(cx - dx, cy), (cx, cy + dy), (cx, cy + dy + 6 * size), (cx - dx, cy + 6 * size)]
            right = [(cx + dx, cy), (cx, cy + dy), (cx, cy + dy + 6 * size), (cx + dx, cy + 6 * size)]
            for face, shade in ((left, 0.34), (right, 0.66), (top, 1.10)):
                corners = (np.array(face) * scale * 16).round().astype(np.int32)
                cv2.fillConvexPoly(canvas, corners, [float(s) for s in colour * shade], cv2.LINE_AA, 4)
    return np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA), np.float32)
