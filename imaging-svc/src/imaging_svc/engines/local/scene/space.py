"""What is out there?  Star fields, nebulae, a spiral galaxy and a planet with its air, rings and night side."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from . import sky
from .colour import RGB, gradient, linear
from .noise import Array, fractal, rng_for, sample, smoothstep
from .stage import Frame
from .vocabulary import SceneSpec

__all__ = ["paint_space"]

_GASES: tuple[tuple[RGB, RGB, RGB, RGB], ...] = (
    ((30, 26, 92), (128, 40, 150), (244, 96, 130), (255, 206, 160)),
    ((12, 40, 84), (24, 120, 150), (110, 210, 200), (255, 232, 190)),
    ((46, 16, 60), (170, 40, 70), (250, 130, 70), (255, 226, 150)),
    ((16, 26, 92), (56, 84, 210), (170, 110, 240), (255, 190, 230)),
)


def paint_space(spec: SceneSpec, width: int, height: int, seed: int, progress: Callable[[float], None]) -> Array:
    """Deep space in linear light: (height, width, 3)."""
    rng = rng_for(seed, "space")
    frame = Frame(width, height, horizon=float(height), focal=float(height))
    picture = np.empty((height, width, 3), np.float32)
    picture[:] = linear((5, 6, 16))
    gas = _GASES[int(rng.integers(len(_GASES)))]
    sky.add_stars(picture, frame, seed, density=1.7, down_to=float(height))
    progress(0.2)
    if "galaxy" in spec.things:
        _galaxy(picture, frame, rng, gas)
    else:
        _nebula(picture, frame, rng, gas, strength=1.0 if "nebula" in spec.things or not spec.things & {"planet"} else 0.75)
    progress(0.6)
    _bright_stars(picture, frame, rng)
    if "planet" in spec.things or ("nebula" not in spec.things and "galaxy" not in spec.things and rng.random() < 0.7):
        _planets(picture, frame, rng, gas)
    progress(1.0)
    return picture


def _nebula(picture: Array, frame: Frame, rng: np.random.Generator, gas: tuple[RGB, RGB, RGB, RGB], *, strength: float) -> None:
    """Glowing gas as twice-warped fractal noise along a diagonal, with dark dust in front."""
    x, y = frame.grid()
    u, v = x / frame.unit * 150, y / frame.unit * 150
    flow, body = fractal(rng, slope=2.0, largest=256), fractal(rng, slope=1.75, largest=220)
    wx, wy = sample(flow, u * 0.8, v * 0.8), sample(flow, u * 0.8 + 190, v * 0.8 + 310)
    vx = sample(flow, u + 20 * wx + 77, v + 20 * wy)
    vy = sample(flow, u + 20 * wx + 400, v + 20 * wy + 230)
    cloud = sample(body, u + 30 * vx, v + 30 * vy)
    fine = 1.0 - np.abs(sample(body, u * 2.6 + 34 * vx, v * 2.6 + 34 * vy)) * 0.9
    lean = float(rng.choice([-1, 1])) * float(rng.uniform(0.35, 0.7))
    cos, sin = math.cos(lean), math.sin(lean)
    across = (-(x - frame.width * 0.5) * sin + (y - frame.height * 0.5) * cos) / frame.unit
    along = ((x - frame.width * 0.5) * cos + (y - frame.height * 0.5) * sin) / frame.unit
    belt = np.exp(-(((across + 0.07 * wx) / 0.30) ** 2)) * (0.55 + 0.45 * np.exp(-((along / 0.45) ** 2)))
    density = np.clip(0.42 + 0.34 * cloud + 0.20 * fine, 0, None) ** 1.7 * belt
    dust = smoothstep(0.25, 1.5, sample(body, u * 1.2 + 24 * vy + 300, v * 1.2 + 24 * vx + 120) + 0.25 * fine) * np.clip(belt * 1.6, 0, 1)
    heat = np.clip(0.95 * (1.0 - np.exp(-0.9 * density)) + 0.10 * vx + 0.03, 0, 1)
    colour = gradient([(0.0, gas[0]), (0.34, gas[1]), (0.68, gas[2]), (1.0, gas[3])], heat)
    shift = smoothstep(-1.0, 1.2, vy + 0.5 * wx)[..., None]
    other = gradient([(0.0, gas[0]), (0.5, (30, 110, 190)), (1.0, (150, 230, 250))], heat)
    colour = colour * (1 - 0.55 * shift) + other * 0.55 * shift
    glow = (1.5 * (1.0 - np.exp(-1.5 * density)) * strength * (1.0 - 0.82 * dust))[..., None]
    picture *= 1.0 - 0.75 * np.clip(dust * density * 2.0, 0, 1)[..., None]
    picture += colour * glow
    ridge = np.clip(fine - 0.80, 0, 1) * smoothstep(0.25, 0.8, density) * (1 - dust)
    picture += (ridge * 2.0 * strength)[..., None] * linear(gas[3])


def _galaxy(picture: Array, frame: Frame, rng: np.random.Generator, gas: tuple[RGB, RGB, RGB, RGB]) -> None:
    """A tilted two-armed logarithmic spiral with a warm core, blue arms, pink nurseries and dust lanes."""
    x, y = frame.grid()
    tile = fractal(rng, slope=1.5, largest=200)
    lean, tilt = float(rng.uniform(-0.6, 0.6)), float(rng.uniform(0.42, 0.60))
    px, py = (x - frame.width * 0.5) / frame.unit, (y - frame.height * 0.48) / frame.unit
    u = px * math.cos(lean) + py * math.sin(lean)
    v = (-px * math.sin(lean) + py * math.cos(lean)) / tilt
    radius = np.hypot(u, v)
    swirl = np.log(np.maximum(radius, 1e-3)) * 2.9
    angle = np.arctan2(v, u)
    cos, sin = np.cos(-swirl), np.sin(-swirl)
    # Noise is read in coordinates that rotate with the arms, so wisps trail along them.
    n = sample(tile, (u * cos - v * sin) * 300 + 256, (u * sin + v * cos) * 300 + 256)
    fine = sample(tile, u * 900 + 80, v * 900 + 30)
    arm = 0.5 + 0.5 * np.cos(2 * (angle - swirl) + 0.5 * n)
    disc = np.exp(-radius / 0.19) * smoothstep(0.85, 0.5, radius)
    stars = disc * (0.22 + 1.5 * arm**2.2) * np.clip(0.8 + 0.35 * n + 0.22 * fine, 0.05, 3)
    lane = smoothstep(0.1, 0.9, np.cos(2 * (angle - swirl) - 0.9 + 0.4 * n)) * smoothstep(0.03, 0.12, radius)
    stars *= 1.0 - 0.55 * lane
    core = np.exp(-((radius / 0.055) ** 1.2)) * 2.6
    colour = gradient([(0.0, (255, 224, 178)), (0.35, (206, 190, 236)), (1.0, (104, 140, 246))], np.clip(radius / 0.42, 0, 1))
    nursery = smoothstep(1.1, 2.2, n + 0.6 * fine) * arm**2 * disc * 2.0
    picture += (stars * 2.3)[..., None] * colour + core[..., None] * linear((255, 226, 180)) + nursery[..., None] * linear(gas[2])
    grains = np.asarray(rng.random(radius.shape, dtype=np.float32) > 0.965, np.float32) * rng.random(radius.shape, dtype=np.float32) ** 3
    picture += (cv2.GaussianBlur(grains, (0, 0), 0.6) * np.clip(stars, 0, 1.0) * 4.5)[..., None] * linear((220, 230, 255))


def _bright_stars(picture: Array, frame: Frame, rng: np.random.Generator) -> None:
    """A few stars with the four diffraction spikes of a telescope."""
    for _ in range(int(rng.integers(5, 10))):
        cx, cy = float(rng.uniform(0.04, 0.96)) * frame.width, float(rng.uniform(0.04, 0.96)) * frame.height
        size = frame.unit * float(rng.uniform(0.006, 0.020))
        reach = int(size * 5) + 3
        x0, x1, y0, y1 = (
            max(0, int(cx) - reach),
            min(frame.width, int(cx) + reach),
            max(0, int(cy) - reach),
            min(frame.height, int(cy) + reach),
        )
        y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        dx, dy = np.abs(x - cx), np.abs(y - cy)
        distance = np.hypot(dx, dy)
        thin = frame.unit / 900 + 0.35
        spikes = np.exp(-dx / size - (dy / thin) ** 2) + np.exp(-dy / size - (dx / thin) ** 2)
        light = 0.55 * spikes + 2.0 * np.exp(-((distance / (size * 0.16 + 0.5)) ** 2)) + 0.30 * np.exp(-distance / (size * 0.55))
        tone = linear([(190, 214, 255), (255, 240, 220), (255, 214, 170)][int(rng.integers(3))])
        picture[y0:y1, x0:x1] += (light * smoothstep(reach, reach * 0.5, distance))[..., None] * tone


@dataclass(frozen=True, slots=True)
class _Planet:
    x: float
    y: float
    radius: float
    bands: bool
    ringed: bool
    tones: tuple[RGB, RGB, RGB]
    air: RGB


_WORLDS: tuple[tuple[tuple[RGB, RGB, RGB], RGB, bool], ...] = (
    (((196, 146, 100), (236, 206, 160), (150, 92, 66)), (255, 206, 160), True),
    (((30, 84, 140), (206, 220, 230), (80, 120, 84)), (120, 180, 255), False),
    (((150, 70, 48), (214, 130, 86), (84, 40, 36)), (255, 160, 120), False),
    (((74, 60, 140), (150, 120, 210), (220, 170, 220)), (190, 150, 255), True),
    (((40, 110, 120), (150, 210, 204), (24, 66, 90)), (130, 230, 240), True),
)


def _planets(picture: Array, frame: Frame, rng: np.random.Generator, gas: tuple[RGB, RGB, RGB, RGB]) -> None:
    side = float(rng.choice([-1, 1]))
    tones, air, bands = _WORLDS[int(rng.integers(len(_WORLDS)))]
    radius = float(rng.uniform(0.17, 0.24)) * frame.unit
    main = _Planet(
        frame.width * (0.5 + side * 0.17),
        frame.height * float(rng.uniform(0.52, 0.62)),
        radius,
        bands,
        bands and rng.random() < 0.75,
        tones,
        air,
    )
    light = np.array([-side * 0.74, -0.48, 0.46])
    if rng.random() < 0.8:
        small_tones, small_air, _ = _WORLDS[int(rng.integers(len(_WORLDS)))]
        moon = _Planet(
            frame.width * (0.5 - side * 0.24),
            frame.height * float(rng.uniform(0.22, 0.34)),
            radius * 0.20,
            False,
            False,
            small_tones,
            small_air,
        )
        _planet(picture, frame, rng, moon, light)
    _planet(picture, frame, rng, main, light)


def _planet(picture: Array, frame: Frame, rng: np.random.Generator, planet: _Planet, light: np.ndarray) -> None:
    """A lit sphere: noise read in spherical coordinates, Lambert light with a soft terminator, air on the lit rim."""
    light = (light / np.linalg.norm(light)).astype(np.float32)
    lean = 0.38 if light[0] > 0 else -0.38
    if planet.ringed:
        _ring(picture, frame, rng, planet, lean, behind=True)
    x, y = frame.grid()
    px, py = (x - planet.x) / planet.radius, (y - planet.y) / planet.radius
    far = px**2 + py**2
    pz = np.sqrt(np.clip(1.0 - far, 0.0, 1.0))
    u, v = px * math.cos(lean) + py * math.sin(lean), -px * math.sin(lean) + py * math.cos(lean)
    latitude = np.arcsin(np.clip(v, -1, 1))
    longitude = np.arctan2(u, np.maximum(pz, 1e-4))
    tile, flow = fractal(rng, slope=1.7, largest=200), fractal(rng, slope=2.0)
    turbulence = sample(flow, longitude * 60 + 100, latitude * 90 + 60)
    if planet.bands:
        level = sample(tile, longitude * 8 + 6 * turbulence + 60, latitude * 120 + 5 * turbulence + 30) + 0.9 * np.sin(
            latitude * 15 + 0.5 * turbulence
        )
        land = smoothstep(-1.3, 1.3, level)
    else:
        level = sample(tile, longitude * 75 + 8 * turbulence + 200, latitude * 75 + 8 * turbulence)
        land = smoothstep(-0.5, 0.6, level)
    surface = gradient([(0.0, planet.tones[2]), (0.5, planet.tones[0]), (1.0, planet.tones[1])], land)
    shade = px * light[0] + py * light[1] + pz * light[2]
    day = smoothstep(-0.10, 0.85, shade)
    rim = (1.0 - pz) ** 3 * smoothstep(-0.15, 0.5, shade)
    if not planet.bands:
        clouds = smoothstep(0.35, 1.3, sample(flow, longitude * 110 + 16 * level, latitude * 150 + 300))
        surface = surface * (1 - 0.75 * clouds[..., None]) + 0.75 * clouds[..., None]
    colour = surface * (day * 1.25)[..., None] + rim[..., None] * linear(planet.air) * 0.95
    edge = smoothstep(1.0, -1.0, (np.sqrt(far) - 1.0) * planet.radius / 1.3)[..., None]
    outside = np.exp(-np.maximum(np.sqrt(far) - 1.0, 0) / 0.055) * smoothstep(
        -0.35, 0.6, (px * light[0] + py * light[1]) / np.sqrt(np.maximum(far, 1e-4))
    )
    picture += (outside * 0.34)[..., None] * linear(planet.air) * (1 - edge)
    picture[:] = picture * (1 - edge) + colour * edge
    if planet.ringed:
        _ring(picture, frame, rng, planet, lean, behind=False)


def _ring(picture: Array, frame: Frame, rng: np.random.Generator, planet: _Planet, lean: float, *, behind: bool) -> None:
    x, y = frame.grid()
    px, py = (x - planet.x) / planet.radius, (y - planet.y) / planet.radius
    u, v = px * math.cos(lean) + py * math.sin(lean), -px * math.sin(lean) + py * math.cos(lean)
    distance = np.hypot(u, v / 0.26)
    stripes = rng_for(int(planet.radius * 1000), "ring").uniform(0.25, 1.0, 64).astype(np.float32)
    profile = np.interp(distance, np.linspace(1.35, 2.3, 64), cv2.blur(stripes[None], (3, 1))[0], left=0, right=0).astype(np.float32)
    soft = smoothstep(1.33, 1.40, distance) * smoothstep(2.32, 2.22, distance) * (1 - 0.85 * np.exp(-(((distance - 1.95) / 0.03) ** 2)))
    half = v < 0 if behind else v >= 0
    alpha = (profile * soft * 0.85 * half)[..., None]
    picture[:] = picture * (1 - alpha) + linear(planet.tones[1]) * 0.75 * alpha
