"""How does a sky get its clouds?  Flat layers seen in perspective, lit through their own thickness."""

from __future__ import annotations

import math

import numpy as np

from .noise import Array, fractal, rng_for, sample, smoothstep
from .stage import Frame, Light

__all__ = ["paint_clouds"]

# weather -> (share of the sky covered, thickness of the layer)
_COVER: dict[str, tuple[float, float]] = {
    "clear": (0.10, 0.7),
    "fair": (0.36, 1.3),
    "cloudy": (0.56, 1.9),
    "overcast": (0.97, 1.5),
    "storm": (0.985, 2.6),
}


def paint_clouds(picture: Array, frame: Frame, light: Light, weather: str, seed: int, *, amount: float = 1.0) -> None:
    """Lay a high thin layer and a low thick one over the sky (in place); picture is linear (height, width, 3).

    Each layer is a plane above the camera (so clouds shrink and flatten towards the horizon), cut from warped fractal
    noise.  Light: Beer-Lambert absorption along five steps towards the sun, plus a silver lining near it.
    """
    rng = rng_for(seed, "clouds")
    cover, thickness = _COVER[weather]
    rows = int(np.clip(np.ceil(frame.horizon) + 1, 2, frame.height))
    y, x = np.mgrid[:rows, : frame.width].astype(np.float32)
    elevation = np.maximum(frame.horizon - y, 0.0) / frame.unit + 0.075
    view = picture[:rows]
    if weather not in ("overcast", "storm"):
        _layer(
            view,
            frame,
            light,
            rng,
            x,
            elevation,
            altitude=1.0,
            cover=0.30 + 0.3 * cover,
            thickness=0.55 * amount,
            wisps=True,
        )
    _layer(view, frame, light, rng, x, elevation, altitude=0.44, cover=cover * amount, thickness=thickness, wisps=False)


def _layer(
    view: Array,
    frame: Frame,
    light: Light,
    rng: np.random.Generator,
    x: Array,
    elevation: Array,
    *,
    altitude: float,
    cover: float,
    thickness: float,
    wisps: bool,
) -> None:
    tile = fractal(rng, slope=1.75 if wisps else 1.62, largest=150.0)
    warp = fractal(rng, slope=2.2, largest=256.0)
    far = altitude / elevation
    scale = 92.0
    across = (x - frame.width * 0.5) / frame.unit * far * scale
    ahead = far * scale
    if wisps:
        # High ice clouds are combed by the wind: stretched along one direction and bent by a slow swirl.
        angle = float(rng.uniform(-0.6, 0.6))
        across, ahead = (
            (across * math.cos(angle) + ahead * math.sin(angle)) * 0.30,
            (ahead * math.cos(angle) - across * math.sin(angle)) * 1.1,
        )
    swirl_x, swirl_y = sample(warp, across * 0.7 + 40, ahead * 0.7), sample(warp, across * 0.7 + 260, ahead * 0.7 + 130)
    across = across + swirl_x * (9.0 if wisps else 4.5)
    ahead = ahead + swirl_y * (9.0 if wisps else 4.5)
    threshold = _threshold(cover)
    depth = _density(tile, across, ahead, threshold)
    to_x = (light.sun_x - x) / frame.unit
    to_y = np.float32(max((frame.horizon - light.sun_y) / frame.unit, 0.02)) + 0.075
    step_x, step_y = to_x, (altitude / to_y - far) * 0.10
    length = np.sqrt(step_x**2 + step_y**2) + 1e-3
    step_x, step_y = step_x / length, step_y / length
    shade = np.zeros_like(depth)
    for reach, weight in ((1.2, 0.8), (2.8, 1.0), (5.5, 1.2), (11.0, 1.4)):
        shade += weight * _density(tile, across + step_x * reach, ahead + step_y * reach, threshold)
    # Under a closed deck light comes through everywhere: what is left of the relief is soft.
    lit = np.exp(-shade * thickness * (0.62 if cover < 0.8 else 0.17))
    near = np.exp(-(np.hypot(x - light.sun_x, (frame.horizon - light.sun_y) - (elevation - 0.075) * frame.unit) / (0.42 * frame.unit)))
    powder = 1.0 - np.exp(-depth * thickness * 3.0)
    silver = near * np.exp(-depth * thickness * 1.5) * 1.3 * light.glow
    bright = np.clip(lit * (0.55 + 0.45 * powder) * (0.80 + 0.75 * near * light.glow) + silver, 0, 2.0)[..., None]
    colour = light.cloud_dark * (1.0 - np.clip(bright, 0, 1)) + light.cloud_lit * bright
    opacity = (1.0 - np.exp(-depth * thickness * (1.1 if wisps else 2.6))) * smoothstep(0.072, 0.15, elevation)
    if wisps:
        opacity *= 0.75
    # Distance: far clouds take the colour of the air before the horizon.
    air = np.exp(-np.maximum(far / altitude - 3.0, 0.0) * 0.10)[..., None]
    colour = colour * air + (view * 0.75 + light.haze * 0.25) * (1 - air)
    view += (colour - view) * opacity[..., None]


def _threshold(cover: float) -> float:
    """The noise level that leaves about `cover` of the sky under cloud (the noise is close to normal)."""
    return float(np.interp(cover, [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0], [2.4, 1.28, 0.52, 0.0, -0.52, -1.28, -2.2]))


def _density(tile: Array, across: Array, ahead: Array, threshold: float) -> Array:
    body = sample(tile, across, ahead)
    detail = sample(tile, across * 3.1 + 97, ahead * 3.1 + 31)
    fine = sample(tile, across * 8.7 + 11, ahead * 8.7 + 53)
    return np.asarray(np.clip((body + 0.20 * detail + 0.075 * fine - threshold) * 0.66, 0.0, 1.6))
