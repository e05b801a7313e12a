"""Where does the camera stand, and what light falls on the scene?  All painters here are given both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .colour import RGB, linear, mixed
from .noise import Array, rng_for
from .vocabulary import SceneSpec

__all__ = ["Frame", "Light", "light_for"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A pinhole camera one unit above the ground, looking level.

    width, height in pixels; horizon is the row where the ground vanishes; focal is the focal length in pixels.  A
    ground point `z` units away is drawn focal / z rows below the horizon.
    """

    width: int
    height: int
    horizon: float
    focal: float

    @property
    def unit(self) -> float:
        """A length that looks the same in every format: the geometric mean of the sides, in pixels."""
        return float(np.sqrt(self.width * self.height))

    def grid(self) -> tuple[Array, Array]:
        """Pixel coordinates x and y, each (height, width)."""
        y, x = np.mgrid[: self.height, : self.width].astype(np.float32)
        return x, y


@dataclass(frozen=True, slots=True)
class Light:
    """The light of an hour: all colours are linear RGB (3,).

    sky: stops (0 at the zenith … 1 at the horizon, sRGB).  sun_x, sun_y: pixels.  side: +1 when light comes from the
    right. slope: the tangent of the light's height.  haze_density: share lost per unit of distance.
    """

    sky: tuple[tuple[float, RGB], ...]
    sun_x: float
    sun_y: float
    sun: Array
    key: Array
    ambient: Array
    haze: Array
    cloud_lit: Array
    cloud_dark: Array
    haze_density: float
    side: float
    slope: float
    glow: float
    is_night: bool
    has_disc: bool


_SKIES: dict[str, tuple[tuple[tuple[float, RGB], ...], ...]] = {
    "sunset": (
        (
            (0, (30, 40, 92)),
            (0.34, (92, 66, 126)),
            (0.60, (206, 98, 104)),
            (0.80, (250, 150, 92)),
            (1, (255, 214, 146)),
        ),
        (
            (0, (22, 58, 104)),
            (0.38, (88, 112, 146)),
            (0.66, (226, 160, 136)),
            (0.84, (254, 172, 106)),
            (1, (255, 212, 142)),
        ),
        ((0, (44, 26, 72)), (0.38, (122, 42, 88)), (0.66, (218, 78, 70)), (0.85, (252, 142, 66)), (1, (255, 204, 112))),
    ),
    "sunrise": (
        (
            (0, (70, 112, 176)),
            (0.40, (146, 164, 204)),
            (0.68, (238, 188, 186)),
            (0.86, (255, 206, 158)),
            (1, (255, 230, 188)),
        ),
        (
            (0, (60, 84, 156)),
            (0.40, (150, 138, 190)),
            (0.68, (244, 172, 176)),
            (0.86, (255, 196, 150)),
            (1, (255, 224, 176)),
        ),
    ),
    "golden": (
        (
            (0, (62, 108, 164)),
            (0.42, (126, 160, 188)),
            (0.74, (232, 206, 166)),
            (0.90, (255, 214, 148)),
            (1, (255, 228, 170)),
        ),
        (
            (0, (86, 112, 150)),
            (0.42, (160, 162, 168)),
            (0.74, (246, 204, 146)),
            (0.90, (255, 204, 124)),
            (1, (255, 224, 156)),
        ),
    ),
    "day": (
        ((0, (26, 84, 170)), (0.42, (74, 140, 212)), (0.82, (156, 200, 236)), (1, (210, 230, 242))),
        ((0, (34, 104, 182)), (0.42, (94, 164, 218)), (0.82, (172, 214, 236)), (1, (222, 236, 240))),
    ),
    "dusk": (
        (
            (0, (12, 22, 62)),
            (0.42, (36, 54, 116)),
            (0.70, (92, 90, 150)),
            (0.88, (190, 124, 140)),
            (1, (244, 168, 124)),
        ),
        (
            (0, (10, 26, 66)),
            (0.42, (26, 66, 122)),
            (0.74, (84, 118, 160)),
            (0.92, (196, 160, 156)),
            (1, (236, 184, 148)),
        ),
    ),
    "blue": (
        (
            (0, (8, 22, 64)),
            (0.45, (22, 56, 122)),
            (0.78, (62, 108, 176)),
            (0.94, (138, 166, 206)),
            (1, (206, 188, 196)),
        ),
        (
            (0, (10, 30, 70)),
            (0.45, (20, 72, 128)),
            (0.78, (64, 128, 176)),
            (0.94, (150, 184, 204)),
            (1, (222, 200, 184)),
        ),
    ),
    "night": (
        ((0, (4, 8, 24)), (0.45, (9, 20, 50)), (0.80, (20, 42, 84)), (1, (40, 70, 112))),
        ((0, (8, 8, 30)), (0.45, (18, 20, 58)), (0.80, (38, 42, 92)), (1, (64, 70, 122))),
    ),
}


@dataclass(frozen=True, slots=True)
class _Hour:
    sun: RGB
    key: RGB
    key_power: float
    ambient: RGB
    ambient_power: float
    haze: RGB
    cloud_lit: RGB
    cloud_dark: RGB
    slope: float
    glow: float


_HOURS: dict[str, _Hour] = {
    "sunset": _Hour(
        (255, 236, 190),
        (255, 150, 84),
        3.4,
        (92, 96, 180),
        1.0,
        (118, 96, 152),
        (255, 160, 104),
        (92, 58, 104),
        0.36,
        1.0,
    ),
    "sunrise": _Hour(
        (255, 244, 214),
        (255, 186, 136),
        2.6,
        (146, 146, 190),
        0.95,
        (186, 168, 196),
        (255, 206, 178),
        (146, 130, 168),
        0.40,
        0.8,
    ),
    "golden": _Hour(
        (255, 244, 210),
        (255, 200, 124),
        3.1,
        (122, 144, 184),
        0.85,
        (226, 204, 172),
        (255, 232, 190),
        (176, 164, 166),
        0.46,
        0.75,
    ),
    "day": _Hour(
        (255, 252, 240),
        (255, 246, 224),
        2.8,
        (134, 172, 222),
        0.85,
        (176, 206, 232),
        (255, 255, 252),
        (186, 200, 220),
        0.75,
        0.35,
    ),
    "dusk": _Hour(
        (255, 190, 150),
        (186, 130, 166),
        1.1,
        (72, 84, 150),
        0.85,
        (112, 104, 156),
        (196, 126, 150),
        (44, 50, 98),
        0.30,
        0.7,
    ),
    "blue": _Hour(
        (255, 214, 186),
        (150, 176, 224),
        1.1,
        (88, 122, 192),
        1.15,
        (92, 128, 184),
        (150, 166, 208),
        (36, 58, 110),
        0.30,
        0.45,
    ),
    "night": _Hour(
        (226, 236, 255),
        (150, 180, 236),
        0.50,
        (44, 62, 118),
        0.40,
        (38, 60, 104),
        (112, 134, 180),
        (14, 22, 48),
        0.5,
        0.35,
    ),
}


def light_for(spec: SceneSpec, frame: Frame, seed: int) -> Light:
    """Choose the light: the hour gives it, weather greys it, the seed picks one of a few skies and the sun's place."""
    rng = rng_for(seed, "light")
    hour = _HOURS[spec.time]
    skies = _SKIES[spec.time]
    sky = skies[int(rng.integers(len(skies)))]
    grey, dim = {"overcast": (0.72, 0.86), "storm": (0.86, 0.42)}.get(spec.weather, (0.0, 1.0))
    if spec.time not in ("day", "night"):
        grey *= 0.72
    side = 1.0 if rng.random() < 0.5 else -1.0
    sun_x = frame.width * (0.5 + side * float(rng.uniform(0.14, 0.20)))
    lift = {"sunset": 0.075, "sunrise": 0.09, "golden": 0.20, "day": 0.34, "dusk": -0.03, "blue": -0.04, "night": 0.30}[spec.time]
    if "mountains" in spec.places and 0.0 < lift < 0.19:
        # A sun that stands on the ridge, not behind it.
        lift = 0.19
    sun_y = frame.horizon - min(lift * frame.height, 0.66 * frame.horizon)
    low = spec.time in ("sunset", "sunrise", "golden")
    return Light(
        sky=tuple((at, _greyed(colour, grey, dim + (0.95 - dim) * at**4 if dim < 0.8 else dim)) for at, colour in sky),
        sun_x=sun_x,
        sun_y=sun_y,
        sun=linear(hour.sun),
        key=_overcast(linear(hour.key) * hour.key_power, grey) * (1.0 - 0.75 * grey),
        ambient=_overcast(linear(hour.ambient) * hour.ambient_power, grey) * dim * (1.0 + 0.35 * grey),
        haze=linear(_greyed(hour.haze, grey, 0.5 + 0.5 * dim)),
        cloud_lit=linear(_greyed(hour.cloud_lit, grey * 0.8, min(1.0, dim * 1.55))),
        cloud_dark=linear(_greyed(hour.cloud_dark, grey * 0.8, dim * 0.85)),
        haze_density=(0.0074 if low else 0.0062) + 0.03 * spec.fog + (0.010 if spec.falling else 0.0),
        side=side,
        slope=hour.slope,
        glow=hour.glow * (1.0 - grey),
        is_night=spec.time == "night",
        has_disc=grey < 0.2 and (low or "sun" in spec.things) and spec.time != "night",
    )


def _greyed(colour: Sequence[float], amount: float, dim: float) -> RGB:
    grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
    cool = (grey * 0.95, grey * 1.0, grey * 1.07)
    red, green, blue = (min(255, round((c + (g - c) * amount) * dim)) for c, g in zip(colour, cool, strict=True))
    return red, green, blue


def _overcast(colour: Array, amount: float) -> Array:
    return mixed(colour, np.full(3, float(colour.mean()), np.float32), amount)
