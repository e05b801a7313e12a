"""How do trees, palms and boats get drawn?  As stamps: masks grown once, pasted at many sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .noise import Array, rng_for

__all__ = ["Stamp", "boat", "broadleaf", "conifer", "palm", "paste", "tree_kinds"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """A thing to paste, standing on the middle of its lower edge.

    cover: (height, width) 0..1.  light: (height, width) about 1, brighter where the thing faces the light.
    """

    cover: Array
    light: Array


def conifer(rng: np.random.Generator, height: int) -> Stamp:
    """A spruce: whorls of drooping branches, longer towards the ground, ragged at their tips."""
    width = int(height * 0.46) | 1
    scale = 2
    canvas = np.zeros((height * scale, width * scale), np.uint8)
    light = np.full(canvas.shape, 110, np.uint8)
    middle = width * scale / 2
    tall = height * scale
    cv2.line(canvas, (int(middle), int(tall * 0.03)), (int(middle), tall), 255, max(1, tall // 70))
    whorls = int(np.clip(height / 4.5, 10, 34))
    lean = float(rng.uniform(0.36, 0.47))
    for k in range(whorls):
        t = (k + 0.6) / whorls
        y = tall * (0.02 + 0.90 * t)
        reach = middle * (0.06 + 0.92 * t**0.85) * float(rng.uniform(0.72, 1.05)) * (lean / 0.46)
        drop = tall * (0.018 + 0.05 * t)
        for side in (-1, 1):
            length = reach * float(rng.uniform(0.72, 1.0))
            tip = (middle + side * length, y + drop * float(rng.uniform(0.8, 1.5)))
            points = [(middle, y - drop * 0.75), tip]
            for j in range(4, 0, -1):
                s = j / 5
                points.append((middle + side * length * s, y + drop * (0.5 + 0.5 * s) + drop * float(rng.uniform(0.15, 0.75))))
                points.append((middle + side * length * (s - 0.09), y + drop * (0.1 + 0.5 * s)))
            points.append((middle, y + drop * 0.3))
            polygon = np.array(points).round().astype(np.int32)
            cv2.fillPoly(canvas, [polygon], 255, cv2.LINE_AA)
            shade = int(np.clip(88 + side * 26 - 18 * t + rng.normal(0, 12), 30, 230))
            cv2.fillPoly(light, [polygon], shade)
            # The upper edge of a branch meets the sky: brighter, and where snow lies.
            ends = (round(middle), round(y - drop * 0.6)), (round(tip[0]), round(tip[1] - drop * 0.15))
            cv2.line(light, ends[0], ends[1], min(250, shade + 95), max(1, round(drop * 0.24)))
    return _stamp(canvas, light, width, height)


def broadleaf(rng: np.random.Generator, height: int, *, bare: bool = False) -> Stamp:
    """An oak-like tree: a trunk that forks, and a crown of leafy puffs, each lit from the upper right."""
    width = int(height * 1.1) | 1
    scale = 2 if height < 260 else 1
    canvas = np.zeros((height * scale, width * scale), np.uint8)
    light = np.full(canvas.shape, 60, np.uint8)
    size = height * scale
    tips: list[tuple[float, float]] = []
    foot = (width * scale / 2, size * 0.995)
    reach = 0.27 if bare else 0.22
    _branch(canvas, rng, foot, -np.pi / 2, size * reach, max(1.5, size * 0.04), 0, 6 if bare else 3, tips)
    if not bare:
        _crown(canvas, light, rng, size, width * scale)
    return _stamp(canvas, light, width, height)


def _crown(canvas: np.ndarray, light: np.ndarray, rng: np.random.Generator, size: int, width: int) -> None:
    """Puffs over an egg-shaped crown, back to front; a puff is many leaves, shaded by where they sit on it."""
    count = 22
    angle = np.arange(count) * 2.399963 + float(rng.uniform(0, 6.28))
    spread = np.sqrt((np.arange(count) + 0.5) / count)
    px = width / 2 + np.cos(angle) * spread * size * 0.33 * rng.uniform(0.85, 1.15, count)
    py = size * 0.385 + np.sin(angle) * spread * size * 0.27 * rng.uniform(0.85, 1.12, count)
    depth = rng.random(count) - 0.4 * (py / size)
    for k in np.argsort(depth):
        radius = size * float(rng.uniform(0.085, 0.135))
        leaves = max(40, int(size * 0.55))
        turn, far = rng.uniform(0, 2 * np.pi, leaves), np.sqrt(rng.random(leaves)) * rng.uniform(0.8, 1.12, leaves)
        lx, ly = np.cos(turn) * far, np.sin(turn) * far * 0.86
        whole = 0.30 * (px[k] - width / 2) / (size * 0.4) - 0.55 * (py[k] / size - 0.36) / 0.30
        for dx, dy, wobble in zip(lx, ly, rng.normal(0, 13, leaves), strict=True):
            shade = int(np.clip(112 + 46 * whole + 30 * dx - 48 * dy + wobble, 22, 250))
            spot = (int((px[k] + dx * radius) * 8), int((py[k] + dy * radius) * 8))
            leaf = max(8, int(size * 0.0125 * 8))
            cv2.circle(canvas, spot, leaf, 255, -1, cv2.LINE_AA, 3)
            cv2.circle(light, spot, leaf, shade, -1, cv2.LINE_8, 3)


def _branch(
    canvas: np.ndarray,
    rng: np.random.Generator,
    start: tuple[float, float],
    angle: float,
    length: float,
    thick: float,
    depth: int,
    limit: int,
    tips: list[tuple[float, float]],
) -> None:
    end = (start[0] + length * np.cos(angle), start[1] + length * np.sin(angle))
    cv2.line(canvas, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), 255, max(1, round(thick)), cv2.LINE_AA)
    if depth >= 2:
        tips.append(end)
    if depth == limit:
        return
    for turn in rng.normal((-0.52, 0.08, 0.55) if depth < 3 else (-0.45, 0.45), 0.16):
        shrink = float(rng.uniform(0.66, 0.82))
        _branch(canvas, rng, end, angle + float(turn), length * shrink, thick * 0.62, depth + 1, limit, tips)


def palm(rng: np.random.Generator, height: int, lean: float) -> tuple[Stamp, Stamp]:
    """A coconut palm, trunk and crown; `lean` is how far aside of its foot the crown stands, in heights (left < 0)."""
    width = int(height * 1.5) | 1
    canvas = np.zeros((height, width), np.uint8)
    trunk_canvas = np.zeros_like(canvas)
    light = np.full(canvas.shape, 100, np.uint8)
    foot = np.array([width / 2, height - 1.0])
    crown = np.array([width / 2 + lean * height, height * 0.30])
    bend = np.array([foot[0] + lean * height * 0.15, height * 0.62])
    t = np.linspace(0, 1, 40)[:, None]
    trunk = (1 - t) ** 2 * foot + 2 * t * (1 - t) * bend + t**2 * crown
    for k in range(39):
        thick = height * (0.028 - 0.014 * k / 39)
        cv2.line(trunk_canvas, _at(trunk[k]), _at(trunk[k + 1]), 255, max(1, round(thick)), cv2.LINE_AA)
        cv2.line(light, _at(trunk[k]), _at(trunk[k + 1]), 96 if k % 2 else 140, max(1, round(thick)))
    fronds = 15
    for k in range(fronds):
        angle = -np.pi / 2 + (k - (fronds - 1) / 2) / fronds * 4.7 + float(rng.normal(0, 0.09))
        _frond(canvas, light, rng, crown, angle, height * float(rng.uniform(0.30, 0.40)))
    for _ in range(4):
        spot = crown + rng.normal(0, height * 0.014, 2) + (0, height * 0.014)
        cv2.circle(canvas, _at(spot), max(1, int(height * 0.016)), 255, -1, cv2.LINE_AA)
    shade = light.astype(np.float32) / 128.0
    return Stamp(trunk_canvas.astype(np.float32) / 255.0, shade), Stamp(canvas.astype(np.float32) / 255.0, shade)


def _frond(canvas: np.ndarray, light: np.ndarray, rng: np.random.Generator, crown: np.ndarray, angle: float, length: float) -> None:
    s = np.linspace(0, 1, 46)
    droop = 0.62 * (0.35 + np.abs(np.cos(angle)))
    px = crown[0] + length * s * np.cos(angle)
    py = crown[1] + length * (s * np.sin(angle) + droop * s**2.1)
    shade = int(np.clip(120 - 60 * np.sin(angle) + 40 * np.cos(angle), 40, 230))
    spine = np.stack([px, py], 1)
    cv2.polylines(canvas, [spine.round().astype(np.int32)], False, 255, max(1, round(length * 0.018)), cv2.LINE_AA)
    direction = np.gradient(spine, axis=0)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-6
    side = np.stack([-direction[:, 1], direction[:, 0]], 1)
    for k in range(3, 46):
        leaf = length * 0.26 * np.sin(np.pi * min(1.0, 0.12 + s[k] * 0.86)) ** 0.7
        for sign in (-1, 1):
            tip = spine[k] + direction[k] * leaf * 0.62 + side[k] * sign * leaf * 0.60 + (0, leaf * 0.46)
            tip += rng.normal(0, leaf * 0.04, 2)
            blade = np.array([spine[k] - direction[k] * length * 0.011, spine[k] + direction[k] * length * 0.011, tip])
            cv2.fillConvexPoly(canvas, blade.round().astype(np.int32), 255, cv2.LINE_AA)
            cv2.fillConvexPoly(light, blade.round().astype(np.int32), int(np.clip(shade + sign * 16, 20, 240)))


def boat(height: int) -> Stamp:
    """A small sailing boat with main and jib."""
    size = max(height, 6) * 4
    canvas = np.zeros((size, int(size * 0.9)), np.uint8)
    w = canvas.shape[1]

    def shape(points: Sequence[tuple[float, float]]) -> None:
        cv2.fillPoly(canvas, [np.array([(x * w, y * size) for x, y in points]).round().astype(np.int32)], 255, cv2.LINE_AA)

    shape([(0.10, 0.88), (0.92, 0.86), (0.82, 0.985), (0.22, 0.99)])
    shape([(0.465, 0.02), (0.485, 0.02), (0.485, 0.88), (0.465, 0.88)])
    bow = [(0.50 + 0.36 * np.sin(np.pi * t * 0.5), 0.06 + 0.76 * t) for t in np.linspace(0, 1, 12)]
    shape([(0.50, 0.06), *bow, (0.50, 0.82)])
    jib = [(0.45 - 0.33 * t**1.2, 0.14 + 0.68 * t) for t in np.linspace(0, 1, 12)]
    shape([(0.45, 0.12), *jib, (0.45, 0.80)])
    small = cv2.resize(canvas, (max(4, int(height * 0.9)), max(height, 6)), interpolation=cv2.INTER_AREA)
    return Stamp(small.astype(np.float32) / 255.0, np.ones(small.shape, np.float32))


def _at(point: np.ndarray) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _stamp(canvas: np.ndarray, light: np.ndarray, width: int, height: int) -> Stamp:
    cover = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    shade = cv2.resize(light, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 128.0
    return Stamp(cover, shade)


def paste(
    picture: Array,
    stamp: Stamp,
    foot: tuple[float, float],
    height: float,
    colour: Array,
    *,
    mirror: bool = False,
    shading: float = 0.0,
    snow: Array | None = None,
) -> None:
    """Stand a stamp on `foot` (x, y pixels), `height` pixels tall, in a linear colour (3,) (in place).

    shading 0..1: how much of the stamp's own light shows.  snow: a colour (3,) for the parts that face the sky.
    """
    tall = max(2, round(height))
    wide = max(1, round(tall * stamp.cover.shape[1] / stamp.cover.shape[0]))
    left, top = round(foot[0] - wide / 2), round(foot[1]) - tall
    x0, y0, x1, y1 = max(0, left), max(0, top), min(picture.shape[1], left + wide), min(picture.shape[0], top + tall)
    if x0 >= x1 or y0 >= y1:
        return
    cut = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    method = cv2.INTER_AREA if tall < stamp.cover.shape[0] else cv2.INTER_LINEAR
    cover = _sized(stamp.cover, wide, tall, method, mirror)[cut][..., None]
    paint = np.broadcast_to(colour, (y1 - y0, x1 - x0, 3))
    if shading:
        lit = _sized(stamp.light, wide, tall, method, mirror)[cut]
        paint = paint * (1.0 + shading * (lit - 1.0))[..., None]
        if snow is not None:
            paint = paint + (snow - paint) * np.clip((lit - 0.84) * 1.7, 0.0, 0.85)[..., None]
    view = picture[y0:y1, x0:x1]
    view += (paint - view) * cover


def _sized(mask: Array, wide: int, tall: int, method: int, mirror: bool) -> Array:
    sized = cv2.resize(mask, (wide, tall), interpolation=method)
    return np.asarray(sized[:, ::-1] if mirror else sized, np.float32)


def tree_kinds(seed: int, kind: str, height: int) -> list[Stamp]:
    """Several different trees of one kind ("conifer", "broadleaf", "bare"), at most `height` pixels tall."""
    rng = rng_for(seed, f"trees {kind}")
    height = int(np.clip(height, 24, 420))
    if kind == "conifer":
        return [conifer(rng, height) for _ in range(5)]
    return [broadleaf(rng, height, bare=kind == "bare") for _ in range(4)]
