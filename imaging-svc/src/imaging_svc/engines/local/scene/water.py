"""What does water look like?  Mirrored scenery broken by waves, Fresnel, depth colour, glitter and foam."""

from __future__ import annotations

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


def paint_water(picture: Array, frame: Frame, light: Light, water: Water, mask: Array, seed: int) -> None:
    """Replace `picture` where mask (height, width, 0..1) says water, by what the surface there shows (in place).

    The surface is a plane with a slope field made of crossing wave trains; waves finer than a pixel are left out and
    widen the glitter instead.  Reflection is a lookup in the picture itself, mirrored at the far shore; reflectance is
    Schlick's approximation (1994).
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
    steep = 0.055 + 0.30 * water.waves
    lift = np.abs(slope_z) * frame.unit * steep * np.clip(below / (0.30 * frame.unit), 0.05, 1.0) ** 0.75
    from_y = np.clip(mirrored - lift - slope_z * frame.unit * 0.02 * steep, 0, np.maximum(shore[None] - 1.0, 0))
    from_x = x + slope_x * frame.unit * steep * 0.34 * np.clip(below / (0.3 * frame.unit), 0.03, 1.0) ** 0.6
    reflected = cv2.remap(picture, from_x, from_y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    grazing = np.clip(below / np.hypot(below, frame.focal) + 0.55 * slope_z * (0.35 + water.waves), 0.02, 1.0)
    fresnel = np.clip(0.04 + 0.96 * (1.0 - grazing) ** 3.6, 0.0, 0.97)
    depth = smoothstep(0.0, 0.75 * frame.height, below)
    body = mixed(water.deep, water.shallow, np.clip(0.35 * depth + 0.22 * slope_z * water.waves, 0, 1)[..., None])
    surface = mixed(body, np.asarray(reflected, np.float32), fresnel[..., None])
    surface += _glitter(frame, light, x, y, below, slope_x, slope_z, water.waves)
    if water.foam > 0:
        white = _foam(rng, across, z, slope_z, water.foam)
        surface = mixed(surface, (light.ambient * 1.1 + light.key * 0.34), white[..., None])
    view = picture[top:]
    view += (surface - view) * mask[top:, :, None]


def _slopes(rng: np.random.Generator, across: Array, z: Array, frame: Frame, waves: float) -> tuple[Array, Array]:
    """Slope of the surface sideways and ahead, about unit deviation near the camera."""
    tile = band(rng)
    slope_x, slope_z = np.zeros_like(z), np.zeros_like(z)
    pixel = z / frame.focal * (1.0 + z * 0.22)
    longest = 0.9 + 4.2 * waves
    for step in range(6):
        length = longest / 1.9**step
        turn = float(rng.uniform(-0.5, 0.5))
        u = (across * np.cos(turn) - z * np.sin(turn)) * 24.0 / (length * 2.2)
        v = (across * np.sin(turn) + z * np.cos(turn)) * 24.0 / length
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


def _glitter(
    frame: Frame, light: Light, x: Array, y: Array, below: Array, slope_x: Array, slope_z: Array, waves: float
) -> Array:
    """The broken path of light under a low sun or moon."""
    if light.glow < 0.15:
        return np.zeros((*x.shape, 3), np.float32)
    spread = frame.unit * (0.022 + 0.05 * waves) * (0.7 + 2.4 * below / frame.height)
    path = np.exp(-(((x - light.sun_x) / spread + 0.5 * slope_x) ** 2))
    spark = smoothstep(0.25, 1.25, slope_z + 0.35 * slope_x) * 1.5 + 0.20
    near = 1.0 / (1.0 + 1.5 * below / frame.height)
    strength = path * spark * near * (0.9 if light.is_night else 1.0) * np.clip(light.glow, 0, 1)
    return np.asarray(strength[..., None] * light.sun * np.array([1.0, 0.84, 0.62], np.float32) * (0.9 if not light.is_night else 0.55), np.float32)


def _foam(rng: np.random.Generator, across: Array, z: Array, slope_z: Array, amount: float) -> Array:
    tile = fractal(rng, slope=1.4)
    lace = sample(tile, across * 60, z * 60) + 0.6 * sample(tile, across * 190 + 80, z * 190)
    crest = smoothstep(1.1, 2.2, slope_z * 1.2 + 0.35 * lace + amount * 0.6)
    return np.asarray(np.clip(crest, 0, 1) * amount * smoothstep(90.0, 20.0, z), np.float32)


def paint_swell(picture: Array, frame: Frame, light: Light, water: Water, seed: int) -> None:
    """A heavy sea as relief: steep crests that hide each other, foam on them, light through the thin water (in place)."""
    rng = rng_for(seed, "swell")
    tile, lace_tile = band(rng), fractal(rng, slope=1.3, largest=120)
    plot = plot_for(frame, 1.6, 130.0, 640)
    lean = float(rng.uniform(-0.35, 0.35))
    u, v = plot.x * np.cos(lean) + plot.z * np.sin(lean), plot.z * np.cos(lean) - plot.x * np.sin(lean)
    big = 1.0 - np.abs(sample(tile, u * 0.9, v * 2.1)) * 0.62
    second = 1.0 - np.abs(sample(tile, u * 2.2 + 100, v * 5.0 + 50)) * 0.62
    chop = octaves(tile, plot.x * 0.75, plot.z, 1.5, 4, 0.55)
    near = smoothstep(1.5, 6.0, plot.z)
    height = 1.10 * near * np.clip(big, 0, 1) ** 1.7 + 0.30 * near * np.clip(second, 0, 1) ** 1.8 * (0.4 + big) + 0.036 * chop - 0.62
    nx, ny, nz = slopes(plot, height)
    length = np.sqrt(plot.x**2 + (height - 1.0) ** 2 + plot.z**2)
    facing = -(plot.x * nx + (height - 1.0) * ny + plot.z * nz) / length
    fresnel = 0.03 + 0.80 * (1.0 - np.clip(facing, 0, 1)) ** 4
    up = np.clip(2 * facing * ny + (height - 1.0) / length, 0.0, 1.0)
    sky = gradient(light.sky, np.clip(1.0 - 1.25 * up, 0.0, 1.0)) * 0.9
    crest = smoothstep(-0.15, 0.60, height)
    thin = crest * smoothstep(0.75, 0.25, facing)
    colour = mixed(mixed(water.deep, water.shallow, (0.20 + 0.65 * crest * thin)[..., None]), sky, fresnel[..., None])
    sun = np.clip(nx * light.side * 0.7 + ny * 0.5 - 0.35 * nz, 0, 1) ** 3
    colour = colour + 0.10 * sun[..., None] * light.key
    lace = sample(lace_tile, plot.x * 55, plot.z * 55) + 0.5 * sample(lace_tile, plot.x * 170 + 60, plot.z * 170)
    tops = smoothstep(0.52, 0.95, height / 0.62 + 0.20 * lace) * smoothstep(110.0, 14.0, plot.z)
    trails = smoothstep(0.9, 2.0, lace + 0.5 * second) * 0.5 * crest
    foam = np.clip(tops * (0.62 + 0.30 * lace) + trails, 0, 1) * water.foam
    white = (light.ambient * 1.35 + light.key * 0.45) * (0.62 + 0.38 * ny)[..., None]
    colour = mixed(colour, white, foam[..., None])
    air = 1.0 - np.exp(-plot.z * (0.010 + light.haze_density * 0.5))
    colour = mixed(colour, gradient(light.sky, np.float32([0.93]))[0], air[..., None])
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


