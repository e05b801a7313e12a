"""What does water look like?  Mirrored scenery broken by waves, Fresnel, depth colour, glitter and foam."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from .colour import gradient, linear, mixed
from .noise import Array, band, fractal, octaves, rng_for, sample, smoothstep
from .relief import plot_for, see, slopes
from .stage import Frame, Light

__all__ = ["Water", "body_of", "paint_swell", "paint_water"]


@dataclass(frozen=True, slots=True)
class Water:
    """How the water behaves: wave height 0 (mirror) … 1 (open sea), its two body colours, and foam 0..1."""

    waves: float
    deep: Array
    shallow: Array
    foam: float = 0.0


def paint_water(picture: Array, frame: Frame, light: Light, water: Water, mask: Array, seed: int, depth: Array | None = None) -> None:
    """Replace `picture` where mask (height, width, 0..1) says water, by what the surface there shows (in place).

    The surface is a plane with a slope field made of crossing wave trains; waves finer than a pixel are left out and
    widen the glitter instead.  Reflection is a lookup in the picture itself, mirrored at the far shore; reflectance is
    Schlick's approximation (1994).  With `depth` (height, width, in camera heights) the bottom shines through at the
    shore, and the last waves break along it.
    """
    top = int(np.clip(np.floor(frame.horizon), 0, frame.height - 2))
    rng = rng_for(seed, "water")
    y, x = np.mgrid[top : frame.height, : frame.width].astype(np.float32)
    below = np.maximum(y - frame.horizon, 0.35)
    z = frame.focal / below
    across = (x - frame.width * 0.5) / frame.focal * z
    slope_x, slope_z = _slopes(rng, across, z, frame, water.waves)
    shore = _far_shore(mask, top, frame)
    mirrored = 2.0 * shore[None] - y
    steep = 0.008 + 0.45 * water.waves
    lift = np.abs(slope_z) * frame.unit * steep * np.clip(below / (0.30 * frame.unit), 0.05, 1.0) ** 0.75
    from_y = np.clip(mirrored - lift - slope_z * frame.unit * 0.02 * steep, 0, np.maximum(shore[None] - 1.0, 0))
    from_x = x + slope_x * frame.unit * steep * 0.34 * np.clip(below / (0.3 * frame.unit), 0.03, 1.0) ** 0.6
    reflected = _reflected(picture, frame, top, from_x, from_y, smoothstep(0.02, 0.55, below / frame.height * (0.4 + 2.2 * water.waves)))
    grazing = np.clip(below / np.hypot(below, frame.focal) + 0.55 * slope_z * (0.16 + 1.3 * water.waves), 0.02, 1.0)
    fresnel = np.clip(0.04 + 0.96 * (1.0 - grazing) ** 3.6, 0.0, 0.97)
    bright = 0.35 * smoothstep(0.0, 0.75 * frame.height, below) + 0.22 * slope_z * water.waves
    if depth is not None:
        bright = bright + smoothstep(0.75, 0.02, depth[top:])
    body = mixed(water.deep, water.shallow, np.clip(bright, 0, 1)[..., None])
    surface = mixed(body, np.asarray(reflected, np.float32), fresnel[..., None])
    surface += _glitter(frame, light, x, y, below, slope_x, slope_z, water.waves)
    if water.foam > 0:
        white = _foam(rng, across, z, slope_z, min(water.foam, 0.3))
        surface = mixed(surface, (light.ambient * 1.1 + light.key * 0.34), white[..., None])
    view = picture[top:]
    cover = mask[top:, :, None]
    if depth is not None:
        surface, clear = _surf(rng, surface, light, across, z, depth[top:])
        cover = cover * clear[..., None]
    view += (surface - view) * cover


def _reflected(picture: Array, frame: Frame, top: int, from_x: Array, from_y: Array, rough: Array) -> Array:
    """The mirrored scenery; near, tilted water shows a wide part of the sky at once, so it reads a blurred copy."""
    height, width = max(2, top // 4), max(2, frame.width // 4)
    small = cv2.resize(picture[: max(top, 2)], (width, height), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), sigmaX=0.012 * frame.width / 4 + 0.3, sigmaY=0.045 * frame.height / 4 + 0.3)
    scale_x, scale_y = np.float32(width / frame.width), np.float32(height / max(top, 2))
    from_x, from_y = from_x.astype(np.float32), from_y.astype(np.float32)
    sharp = cv2.remap(picture, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    wide = cv2.remap(soft, from_x * scale_x, from_y * scale_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return mixed(sharp, wide, np.clip(rough, 0.0, 0.92)[..., None])


def _surf(rng: np.random.Generator, surface: Array, light: Light, across: Array, z: Array, depth: Array) -> tuple[Array, Array]:
    """Lines of foam where the water runs out, and how opaque the water is, 0..1."""
    tile = fractal(rng, slope=1.5, largest=160)
    wander = sample(tile, across * 16 + 50, z * 16)
    lace = sample(tile, across * 90, z * 90) + 0.7 * sample(tile, across * 260 + 40, z * 260)
    lines = np.exp(-(((depth - 0.010 - 0.005 * wander) / 0.007) ** 2))
    lines += 0.75 * np.exp(-(((depth - 0.055 - 0.018 * wander) / 0.012) ** 2)) * smoothstep(-0.6, 0.9, lace)
    lines += 0.45 * np.exp(-(((depth - 0.13 - 0.03 * wander) / 0.016) ** 2)) * smoothstep(-0.2, 1.2, lace)
    foam = np.clip(lines * (0.75 + 0.28 * lace), 0.0, 1.0) * smoothstep(40.0, 18.0, z)
    white = light.ambient * 0.75 + light.key * 0.30
    clear = np.clip(0.35 + 0.65 * smoothstep(0.0, 0.16, depth) + foam, 0.0, 1.0)
    return mixed(surface, white, foam[..., None]), clear


def _slopes(rng: np.random.Generator, across: Array, z: Array, frame: Frame, waves: float) -> tuple[Array, Array]:
    """Slope of the surface sideways and ahead, about unit deviation near the camera."""
    tile = band(rng)
    slope_x, slope_z = np.zeros_like(z), np.zeros_like(z)
    pixel = z / frame.focal * (1.0 + z * 0.22)
    longest = 0.9 + 4.2 * waves
    for step in range(8):
        length = longest / 1.8**step
        turn = float(rng.uniform(-0.5, 0.5))
        u = (across * math.cos(turn) - z * math.sin(turn)) * 24.0 / (length * 2.2)
        v = (across * math.sin(turn) + z * math.cos(turn)) * 24.0 / length
        kept = smoothstep(0.55, 0.12, pixel / length)
        amount = 0.62 * (0.85**step) * kept
        slope_z += amount * sample(tile, u, v)
        slope_x += 0.8 * amount * sample(tile, u + 200, v + 100)
    return slope_x, slope_z


def _far_shore(mask: Array, top: int, frame: Frame) -> Array:
    """The row where water begins in each column, smoothed: reflections hang from it."""
    wet = mask > 0.5
    first = np.where(wet.any(0), wet.argmax(0), top).astype(np.float32)
    first = np.clip(first, top, top + 0.30 * frame.height)
    size = max(3, frame.width // 24) | 1
    return np.asarray(cv2.blur(first[None], (size, 1))[0], np.float32)


def _glitter(frame: Frame, light: Light, x: Array, y: Array, below: Array, slope_x: Array, slope_z: Array, waves: float) -> Array:
    """The broken path of light under a low sun or moon."""
    if light.glow < 0.15 or light.sun_y > frame.horizon:
        return np.zeros((*x.shape, 3), np.float32)
    spread = frame.unit * (0.022 + 0.05 * waves) * (0.7 + 2.4 * below / frame.height)
    path = np.exp(-(((x - light.sun_x) / spread + 0.5 * slope_x) ** 2))
    spark = smoothstep(0.25, 1.25, slope_z + 0.35 * slope_x) * 1.5 + 0.20
    near = 1.0 / (1.0 + 1.5 * below / frame.height)
    strength = path * spark * near * (0.9 if light.is_night else 1.0) * min(light.glow, 1.0)
    return np.asarray(
        strength[..., None] * light.sun * np.array([1.0, 0.84, 0.62], np.float32) * (0.9 if not light.is_night else 0.55),
        np.float32,
    )


def _foam(rng: np.random.Generator, across: Array, z: Array, slope_z: Array, amount: float) -> Array:
    tile = fractal(rng, slope=1.4)
    lace = sample(tile, across * 60, z * 60) + 0.6 * sample(tile, across * 190 + 80, z * 190)
    crest = smoothstep(1.0, 2.3, slope_z + 0.75 * lace + amount * 0.3) * smoothstep(-0.3, 1.4, lace)
    return np.asarray(np.clip(crest, 0, 1) * amount * smoothstep(90.0, 20.0, z), np.float32)


def paint_swell(picture: Array, frame: Frame, light: Light, water: Water, seed: int) -> None:
    """A heavy sea as relief: steep crests that hide each other, foam on top, light through thin water (in place)."""
    rng = rng_for(seed, "swell")
    tile, lace_tile = band(rng), fractal(rng, slope=1.3, largest=120)
    plot = plot_for(frame, 1.6, 130.0, 640)
    lean = float(rng.uniform(-0.35, 0.35))
    u, v = plot.x * math.cos(lean) + plot.z * math.sin(lean), plot.z * math.cos(lean) - plot.x * math.sin(lean)
    big = 1.0 - np.abs(sample(tile, u * 0.9, v * 2.1)) * 0.62
    second = 1.0 - np.abs(sample(tile, u * 2.2 + 100, v * 5.0 + 50)) * 0.62
    chop = octaves(tile, plot.x * 0.8, plot.z, 1.7, 7, 0.43)
    near = smoothstep(0.8, 5.0, plot.z)
    third = 1.0 - np.abs(sample(tile, u * 5.4 + 200, v * 11.0 + 150)) * 0.62
    height = (
        0.58 * near * np.clip(big, 0, 1) ** 1.5
        + 0.20 * near * np.clip(second, 0, 1) ** 1.6 * (0.4 + big)
        + 0.075 * np.clip(third, 0, 1) ** 1.5 * near
        + 0.026 * chop
        - 0.52
    )
    nx, ny, nz = slopes(plot, height)
    length = np.sqrt(plot.x**2 + (height - 1.0) ** 2 + plot.z**2)
    facing = -(plot.x * nx + (height - 1.0) * ny + plot.z * nz) / length
    fresnel = 0.03 + 0.80 * (1.0 - np.clip(facing, 0, 1)) ** 4
    up = np.clip(2 * facing * ny + (height - 1.0) / length, 0.0, 1.0)
    sky = gradient(light.sky, np.clip(1.0 - 1.25 * up, 0.0, 1.0)) * 0.9
    crest = smoothstep(-0.30, 0.22, height)
    thin = crest * smoothstep(0.85, 0.25, facing)
    colour = mixed(mixed(water.deep, water.shallow, (0.20 + 0.65 * crest * thin)[..., None]), sky, fresnel[..., None])
    sun = np.clip(nx * light.side * 0.7 + ny * 0.5 - 0.35 * nz, 0, 1) ** 3
    colour = colour + 0.10 * sun[..., None] * light.key
    lace = sample(lace_tile, plot.x * 55, plot.z * 55) + 0.5 * sample(lace_tile, plot.x * 190 + 60, plot.z * 190)
    lace += 0.4 * sample(lace_tile, plot.x * 620 + 20, plot.z * 620) * smoothstep(14.0, 3.0, plot.z)
    tops = smoothstep(0.06, 0.36, height + 0.06 * lace) * smoothstep(110.0, 14.0, plot.z)
    trails = smoothstep(0.9, 2.1, lace + 0.5 * second) * 0.30 * (0.25 + 0.75 * crest)
    foam = np.clip(tops * (0.62 + 0.30 * lace) + trails, 0, 1) * water.foam
    white = (light.ambient * 1.35 + light.key * 0.45) * (0.62 + 0.38 * ny)[..., None]
    colour = mixed(colour, white, foam[..., None])
    air = 1.0 - np.exp(-plot.z * (0.010 + light.haze_density * 0.5))
    colour = mixed(colour, gradient(light.sky, np.full(1, 0.93))[0], air[..., None])
    seen = see(frame, plot, height)
    picture[:] = mixed(picture, seen.look(colour), seen.cover[..., None])


def body_of(kind: str, light: Light, *, is_tropical: bool) -> tuple[Array, Array]:
    """Deep and shallow colour of a kind of water under this light."""
    colours = {
        "lake": ((14, 44, 60), (34, 84, 92)),
        "river": ((20, 54, 58), (60, 96, 88)),
        "sea": ((8, 46, 84), (24, 110, 130)),
    }
    deep, shallow = ((10, 96, 140), (70, 206, 200)) if is_tropical else colours[kind]
    brightness = np.clip(light.ambient.mean() * 2.0 + light.key.mean() * 0.35, 0.06, 1.2)
    return linear(deep) * brightness, linear(shallow) * brightness
