"""What hangs in the sky?  The gradient of the hour, sun, moon, stars, Milky Way, aurora, rainbow and lightning."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .colour import gradient, linear
from .noise import Array, curve, fractal, rng_for, sample, smoothstep
from .stage import Frame, Light

__all__ = [
    "add_aurora",
    "add_lightning",
    "add_milky_way",
    "add_moon",
    "add_rainbow",
    "add_stars",
    "add_sun",
    "paint_gradient",
]


def paint_gradient(frame: Frame, light: Light) -> Array:
    """The clear sky, linear (height, width, 3); below the horizon its last colour goes on.

    Rows follow the hour's gradient; the side of the sun is brighter, as forward scattering makes it.
    """
    x, y = frame.grid()
    toward = np.exp(-(((x - light.sun_x) / (0.75 * frame.unit)) ** 2)).astype(np.float32)
    height = np.clip(y / max(frame.horizon, 1.0), 0.0, 1.0)
    at = np.clip(height + 0.10 * light.glow * (toward - 0.5) * height * (1.0 - height) * 4.0 * 0.6, 0.0, 1.0)
    sky = gradient(light.sky, at)
    return np.asarray(sky * (1.0 + light.glow * 0.20 * (toward - 0.45))[..., None], np.float32)


def add_sun(picture: Array, frame: Frame, light: Light) -> None:
    """Glow around the sun, and its disc when the hour shows one (in place)."""
    x, y = frame.grid()
    distance = np.hypot(x - light.sun_x, y - light.sun_y) / frame.unit
    halo = np.exp(-((distance / 0.085) ** 1.1)) * 0.55 + np.exp(-distance * 3.6) * 0.30
    warm = light.sun * np.array([1.0, 0.86, 0.66], np.float32)
    picture += (halo * light.glow)[..., None] * warm
    if light.has_disc:
        disc = smoothstep(1.0, -1.0, (distance - 0.021) * frame.unit / 1.4)
        picture += disc[..., None] * light.sun * 2.2


def add_moon(picture: Array, frame: Frame, light: Light, seed: int, *, size: float = 0.036, is_crescent: bool = False) -> None:
    """A moon with seas and a soft shadowed limb, at the light's place (in place); `size`: its radius in frame units."""
    rng = rng_for(seed, "moon")
    radius = size * frame.unit
    x, y = frame.grid()
    distance = np.hypot(x - light.sun_x, y - light.sun_y)
    halo = np.exp(-distance / (radius * 2.2)) * 0.30 + np.exp(-distance / (radius * 9)) * 0.13
    picture += halo[..., None] * linear((176, 204, 255))
    top, left = max(0, int(light.sun_y - radius - 2)), max(0, int(light.sun_x - radius - 2))
    box = np.s_[top : int(light.sun_y + radius + 3), left : int(light.sun_x + radius + 3)]
    px, py = (x[box] - light.sun_x) / radius, (y[box] - light.sun_y) / radius
    seas = sample(fractal(rng, slope=1.7, largest=180), px * 46 + 90, py * 46 + 40)
    bright = 0.95 - 0.24 * smoothstep(-0.1, 1.0, seas) + 0.03 * seas
    limb = np.sqrt(np.clip(1.0 - px**2 - py**2, 0.0, 1.0))
    face = (bright * (0.55 + 0.45 * limb))[..., None] * linear((255, 250, 236)) * 1.15
    cover = smoothstep(1.0, -1.0, (np.hypot(px, py) - 1.0) * radius / 1.2)[..., None]
    if is_crescent:
        cover = cover * smoothstep(-1.0, 1.0, (np.hypot(px + 0.42, py + 0.20) - 0.93) * radius / 1.4)[..., None]
    picture[box] = picture[box] * (1 - cover) + face * cover


def add_stars(picture: Array, frame: Frame, seed: int, *, density: float = 1.0, down_to: float | None = None) -> None:
    """Stars of many magnitudes and a few colours, each a small soft dot; the brightest have a glow (in place)."""
    rng = rng_for(seed, "stars")
    bottom = frame.horizon if down_to is None else down_to
    count = int(1500 * density * frame.width * bottom / 590_000) + 40
    x = rng.uniform(0, frame.width - 1, count)
    y = rng.uniform(0, max(bottom, 2) - 1, count)
    power = np.clip(rng.pareto(1.9, count) * 0.10 + 0.03, 0, 1.9).astype(np.float32)
    colours = linear(np.array([(255, 255, 255), (196, 216, 255), (255, 226, 190), (255, 244, 226)]))
    colour = colours[rng.integers(0, len(colours), count)] * power[:, None]
    fade = 1.0 if down_to is not None else np.clip(1.15 - y / max(bottom, 1.0), 0.0, 1.0)[:, None]
    layer = np.zeros_like(picture)
    np.add.at(layer, (y.astype(int), x.astype(int)), (colour * fade).astype(np.float32))
    scale = max(frame.unit / 768, 0.5)
    dots = cv2.GaussianBlur(layer, (0, 0), 0.55 * scale) * (3.2 * scale * scale)
    glow = cv2.GaussianBlur(np.maximum(layer - 0.45, 0), (0, 0), 2.4 * scale) * (9.0 * scale * scale)
    picture += dots + glow


def add_milky_way(picture: Array, frame: Frame, seed: int, *, strength: float = 1.0) -> None:
    """A tilted band of unresolved stars with dark dust lanes and a warmer heart (in place)."""
    rng = rng_for(seed, "milky way")
    x, y = frame.grid()
    lean = float(rng.choice([-1, 1])) * float(rng.uniform(0.75, 1.1))
    cx, cy = frame.width * (0.5 + math.copysign(0.12, lean)), frame.horizon * 0.52
    cos, sin = math.cos(lean), math.sin(lean)
    along = ((x - cx) * sin + (y - cy) * cos) / frame.unit
    across = ((x - cx) * cos - (y - cy) * sin) / frame.unit
    cloud = fractal(rng, slope=1.55, largest=200)
    fine = sample(cloud, along * 330 + 50, across * 330 + 20)
    wide = sample(cloud, along * 130 + 300, across * 150 + 200)
    across = across + 0.022 * wide
    core = np.exp(-((along / 0.42) ** 2))
    body = np.exp(-((across / (0.085 + 0.045 * core)) ** 2)) * np.clip(0.62 + 0.20 * fine + 0.18 * wide, 0, 2)
    lane = np.exp(-(((across - 0.008 + 0.012 * fine) / 0.020) ** 2)) * smoothstep(-0.6, 0.9, wide + 0.5 * fine)
    glow = np.clip(body * (1.0 - 0.85 * lane), 0, 2) * (1.0 - smoothstep(0.80, 1.05, y / max(frame.horizon, 1)))
    warm = np.clip(core * np.exp(-((across / 0.06) ** 2)), 0, 1)[..., None]
    colour = linear((128, 140, 206)) * (1 - warm) + linear((236, 190, 170)) * warm
    picture += strength * 0.62 * (glow * (0.45 + 0.75 * core))[..., None] * colour
    dust = np.asarray(rng.random(glow.shape, dtype=np.float32) > 0.985, np.float32)
    sparkle = dust * rng.random(glow.shape, dtype=np.float32) ** 2 * glow
    picture += strength * 0.75 * cv2.GaussianBlur(sparkle, (0, 0), 0.6)[..., None] * linear((226, 232, 255))


def add_aurora(picture: Array, frame: Frame, seed: int) -> None:
    """Curtains of light: a sharp wavy lower edge, rays that fade upwards, green below and violet above (in place)."""
    rng = rng_for(seed, "aurora")
    x, y = frame.grid()
    warp = fractal(rng, slope=2.4, largest=256)
    hues = [((70, 255, 150), (130, 80, 240)), ((60, 250, 190), (210, 70, 200)), ((110, 255, 130), (70, 110, 240))]
    low, high = hues[int(rng.integers(len(hues)))]
    for layer in range(4):
        level = frame.horizon * (0.86 - 0.19 * layer + float(rng.uniform(-0.03, 0.03)))
        swing = frame.horizon * (0.10 + 0.03 * layer)
        # The fold of the curtain: the edge doubles back, so rays bunch where the curve turns.
        bend = sample(
            warp,
            x / frame.unit * (95 + 20 * layer) + 131 * layer,
            np.full_like(x, 77.0 * layer + 11) + y / frame.unit * 22,
        )
        edge = level + swing * bend
        up = (edge - y) / frame.horizon
        reach = 0.20 + 0.07 * layer + 0.08 * curve(rng, frame.width, 5, 2)[None]
        rays = sample(warp, x / frame.unit * 620 + bend * 55 + 17 * layer, y / frame.unit * 10 + 200 + 40 * layer)
        fine = sample(warp, x / frame.unit * 1700 + bend * 120, y / frame.unit * 14 + 90)
        column = np.clip(0.62 + 0.36 * rays + 0.14 * fine, 0.03, 2.0)
        shape = smoothstep(-0.012, 0.022, up) * np.exp(-np.maximum(up, 0) / np.maximum(reach * np.clip(column, 0.4, 1.4), 0.03))
        patch = smoothstep(-0.9, 0.9, sample(warp, x / frame.unit * 60 + 210 * layer, np.full_like(x, 300.0 + 50 * layer)))
        strength = shape * column * patch * (0.95 - 0.16 * layer)
        tone = smoothstep(0.02, 0.42, up)[..., None]
        picture += strength[..., None] * (linear(low) * (1 - tone) + linear(high) * 0.9 * tone) * 0.80
    glow = np.exp(-(((y / max(frame.horizon, 1) - 0.72) / 0.34) ** 2))
    picture += 0.055 * glow[..., None] * linear(low)


def add_rainbow(picture: Array, frame: Frame, light: Light) -> None:
    """A primary bow (40.6 to 42.4 degrees), a bright inside and a faint secondary, opposite the light (in place)."""
    x, y = frame.grid()
    radius = 0.62 * frame.unit
    cx, cy = frame.width * (0.5 - light.side * 0.10), frame.horizon + 0.20 * frame.unit
    distance = np.hypot(x - cx, y - cy) / radius
    position = (distance - 0.94) / 0.085
    hues = [
        (0.0, (90, 40, 190)),
        (0.2, (50, 90, 230)),
        (0.42, (40, 190, 110)),
        (0.6, (240, 230, 80)),
        (0.8, (250, 140, 50)),
        (1.0, (230, 40, 50)),
    ]
    colours = gradient([(at, (r, g, b)) for at, (r, g, b) in hues], np.clip(position, 0, 1))
    bow = smoothstep(-0.15, 0.3, position) * smoothstep(1.15, 0.7, position)
    fade = smoothstep(1.04, 0.72, y / max(frame.horizon, 1)) * 0.6 + 0.4
    picture += 0.42 * (bow * fade)[..., None] * colours
    picture *= 1.0 + 0.07 * (smoothstep(1.0, 0.9, distance) * fade)[..., None]
    second = (distance - 1.22) / 0.12
    faint = smoothstep(-0.1, 0.3, second) * smoothstep(1.1, 0.7, second)
    picture += 0.08 * (faint * fade)[..., None] * gradient([(at, (r, g, b)) for at, (r, g, b) in hues], np.clip(1 - second, 0, 1))


def add_lightning(picture: Array, frame: Frame, light: Light, seed: int) -> None:
    """A forked bolt from cloud to horizon that lights the clouds around it (in place).

    Source: midpoint displacement of a segment, with branches (a common fractal model of discharges).
    """
    rng = rng_for(seed, "lightning")
    bolt = np.zeros(picture.shape[:2], np.float32)
    start = (frame.width * float(rng.uniform(0.3, 0.7)), 0.02 * frame.horizon)
    end = (start[0] + frame.width * float(rng.uniform(-0.12, 0.12)), frame.horizon)
    _fork(bolt, rng, start, end, frame.unit, 1.0)
    near = cv2.GaussianBlur(bolt, (0, 0), frame.unit * 0.012)
    small = cv2.resize(bolt, (max(8, frame.width // 8), max(8, frame.height // 8)), interpolation=cv2.INTER_AREA)
    wide = cv2.resize(cv2.GaussianBlur(small, (0, 0), frame.unit / 8 * 0.10), (frame.width, frame.height))
    picture *= 1.0 + 14.0 * wide[..., None]
    picture += (wide * 2.6)[..., None] * linear((150, 150, 220))
    picture += (near * 2.2)[..., None] * linear((170, 170, 255)) + (bolt * 1.9)[..., None] * linear((250, 246, 255))


def _fork(
    bolt: Array,
    rng: np.random.Generator,
    start: tuple[float, float],
    end: tuple[float, float],
    unit: float,
    power: float,
) -> None:
    points = np.array([start, end], np.float64)
    length = float(np.hypot(*(points[1] - points[0])))
    shift = length * 0.11
    while len(points) < 60:
        middle = (points[1:] + points[:-1]) / 2 + rng.normal(0, shift, (len(points) - 1, 2)) * (1.0, 0.45)
        joined = np.empty((len(points) + len(middle), 2))
        joined[::2], joined[1::2] = points, middle
        points, shift = joined, shift * 0.52
    width = max(1, round(unit / 420 * power))
    line = np.round(points * 16).astype(np.int32).reshape(-1, 1, 2)
    layer = np.zeros_like(bolt)
    cv2.polylines(layer, [line], False, power, width, cv2.LINE_AA, 4)
    np.maximum(bolt, layer, out=bolt)
    if power < 0.4:
        return
    for _ in range(4):
        at = points[int(rng.integers(8, len(points) - 12))]
        reach = length * float(rng.uniform(0.15, 0.34)) * power
        angle = float(rng.uniform(0.35, 0.95)) * float(rng.choice([-1, 1]))
        tip = (float(at[0] + reach * math.sin(angle)), float(at[1] + reach * math.cos(angle)))
        _fork(bolt, rng, (float(at[0]), float(at[1])), tip, unit, power * 0.45)
