"""What comes between the eye and the scene?  Fog, rain and snow."""

from __future__ import annotations

import cv2
import numpy as np

from .colour import mixed
from .noise import Array, fractal, rng_for, sample
from .stage import Frame, Light

__all__ = ["add_fog", "add_rain", "add_rays", "add_snow"]


def add_fog(picture: Array, frame: Frame, light: Light, seed: int, *, amount: float) -> None:
    """Banks of mist that lie along the horizon, torn by slow noise (in place); amount 0..1."""
    rng = rng_for(seed, "fog")
    x, y = frame.grid()
    tile = fractal(rng, slope=2.1, largest=256)
    torn = sample(tile, x / frame.unit * 90, y / frame.unit * 330) + 0.5 * sample(tile, x / frame.unit * 260 + 99, y / frame.unit * 800)
    band = np.exp(-(((y - frame.horizon - 0.02 * frame.height) / (0.19 * frame.height)) ** 2))
    toward = np.exp(-np.hypot(x - light.sun_x, y - light.sun_y) / (0.5 * frame.unit))
    colour = mixed(light.haze * 1.05, light.sun * 0.9, (0.45 * toward * light.glow)[..., None])
    picture[:] = mixed(picture, colour, np.clip(amount * band * (0.55 + 0.30 * torn), 0.0, 0.92)[..., None])


def add_rays(picture: Array, frame: Frame, light: Light, *, strength: float) -> None:
    """Shafts of light: bright parts smeared away from the sun, in quarter resolution (in place).

    Source: K. Mitchell, "Volumetric Light Scattering as a Post-Process", GPU Gems 3, 2007.
    """
    small = cv2.resize(picture, (max(16, frame.width // 4), max(16, frame.height // 4)), interpolation=cv2.INTER_AREA)
    scale_x, scale_y = small.shape[1] / frame.width, small.shape[0] / frame.height
    bright = np.clip(small.mean(2) - 0.28, 0.0, 1.2).astype(np.float32)
    y, x = np.mgrid[: small.shape[0], : small.shape[1]].astype(np.float32)
    sun_x, sun_y = light.sun_x * scale_x, light.sun_y * scale_y
    near = np.exp(-np.hypot(x - sun_x, y - sun_y) / (0.42 * frame.unit * scale_x))
    rays = (bright * near).astype(np.float32)
    reach = 0.16
    for _ in range(4):
        moved = cv2.remap(rays, x + (sun_x - x) * reach, y + (sun_y - y) * reach, cv2.INTER_LINEAR)
        rays = (rays + moved * 0.96) * 0.5
        reach *= 1.7 if reach < 0.4 else 1.0
    wide = cv2.resize(rays, (frame.width, frame.height), interpolation=cv2.INTER_CUBIC)
    picture += np.clip(wide, 0, 2)[..., None] * light.sun * strength


def add_rain(picture: Array, frame: Frame, light: Light, seed: int) -> None:
    """Streaks at three distances under one slant, over a veil that thickens towards the horizon (in place)."""
    rng = rng_for(seed, "rain")
    _, y = frame.grid()
    veil = np.exp(-(((y - frame.horizon) / (0.35 * frame.height)) ** 2))[..., None] * 0.20
    grey = light.haze * 0.55 + float(light.haze.mean()) * 0.45
    picture[:] = mixed(picture, grey, veil)
    slant = float(rng.uniform(-0.22, 0.22))
    for length, count, strength in ((0.020, 1500, 0.10), (0.045, 620, 0.15), (0.095, 150, 0.16)):
        streaks = np.zeros(picture.shape[:2], np.float32)
        long = length * frame.unit
        for sx, sy, power in zip(
            rng.uniform(-20, frame.width + 20, count),
            rng.uniform(-long, frame.height, count),
            rng.uniform(0.3, 1.0, count),
            strict=True,
        ):
            tail = (int((sx + slant * long) * 8), int((sy + long) * 8))
            cv2.line(streaks, (int(sx * 8), int(sy * 8)), tail, float(power), 1, cv2.LINE_8, 3)
        soft = cv2.GaussianBlur(streaks, (0, 0), 0.5 + 3.5 * length)
        picture += soft[..., None] * (grey * 0.8 + 0.22) * strength * (1.9 if not light.is_night else 1.6)


def add_snow(picture: Array, frame: Frame, light: Light, seed: int) -> None:
    """Flakes from dust to out-of-focus discs (in place)."""
    rng = rng_for(seed, "snow")
    bright = 0.35 + 0.65 * float(np.clip(light.ambient.mean() * 2.2 + light.key.mean() * 0.3, 0, 1))
    area = frame.width * frame.height / 590_000
    for radius, count, strength in ((0.0011, 1500, 0.75), (0.0021, 420, 0.70), (0.0042, 90, 0.5), (0.0085, 18, 0.30)):
        layer = np.zeros(picture.shape[:2], np.float32)
        size = max(radius * frame.unit, 0.5)
        number = int(count * min(area, 1.6)) + 4
        for sx, sy, power in zip(
            rng.uniform(0, frame.width, number),
            rng.uniform(0, frame.height, number),
            rng.uniform(0.45, 1.0, number),
            strict=True,
        ):
            cv2.circle(layer, (int(sx * 8), int(sy * 8)), int(size * 8), float(power), -1, cv2.LINE_AA, 3)
        soft = cv2.GaussianBlur(layer, (0, 0), 0.35 * size + 0.4)
        picture[:] = mixed(picture, np.full(3, 0.92 * bright, np.float32), np.clip(soft * strength, 0, 1)[..., None])
