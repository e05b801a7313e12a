"""Where does the natural irregularity come from?  Seeded, tileable noise, made once and sampled at many scales.

All textures are Gaussian random fields made by shaping white noise in the Fourier domain (Saupe, "Algorithms for random
fractals", in The Science of Fractal Images, 1988).  They tile, have no lattice direction and need one FFT each.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Array", "band", "curve", "fractal", "octaves", "ridges", "rng_for", "sample", "smoothstep"]

Array = npt.NDArray[np.floating[Any]]
"""Numbers of any shape: float32 where a picture is kept, sometimes float64 on the way."""

_TILE = 512
_WAVELENGTH = 24.0


def rng_for(seed: int, part: str) -> np.random.Generator:
    """A generator of its own for one part of a picture, so that adding a part does not move the others."""
    return np.random.default_rng([seed & 0xFFFFFFFFFFFF, zlib.crc32(part.encode())])


def smoothstep(low: float, high: float, value: Array) -> Array:
    """0 below `low`, 1 above `high`, and a cubic ease between; `low` may exceed `high` to fall instead of rise."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


@lru_cache(maxsize=1)
def _frequencies() -> Array:
    fy = np.fft.fftfreq(_TILE)[:, None]
    fx = np.fft.rfftfreq(_TILE)[None]
    frequencies: Array = np.hypot(fy, fx).astype(np.float32)
    return frequencies


def _shaped(rng: np.random.Generator, gain: Array) -> Array:
    parts = rng.standard_normal((2, *gain.shape), dtype=np.float32)
    field = np.fft.irfft2((parts[0] + 1j * parts[1]) * gain, s=(_TILE, _TILE))
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def band(rng: np.random.Generator) -> Array:
    """One octave of noise: (512, 512), zero mean, unit deviation, tileable, features about 24 pixels wide."""
    octave = np.log2(np.maximum(_frequencies() * _WAVELENGTH, 1e-6))
    return _shaped(rng, np.exp(-((octave / 0.45) ** 2)).astype(np.float32))


def fractal(rng: np.random.Generator, *, slope: float = 1.8, largest: float = 256.0) -> Array:
    """Cloud-like noise: (512, 512), zero mean, unit deviation, tileable; amplitude falls as frequency ** -slope."""
    frequency = np.maximum(_frequencies(), 1.0 / largest)
    gain = frequency**-slope
    gain[0, 0] = 0.0
    return _shaped(rng, gain.astype(np.float32))


def sample(tile: Array, x: Array, y: Array) -> Array:
    """Read a tile at float coordinates in tile pixels, wrapping around; x and y have any equal two-dimensional shape.

    Where the coordinates move much slower than the tile's own pixels, a coarse grid is read and enlarged: it is
    faster, and free of the facets that linear interpolation shows once a slope is lit.
    """
    step = max(_largest_step(x), _largest_step(y))
    factor = int(min(8.0, 0.7 / max(step, 1e-6)))
    height, width = x.shape
    if factor < 2 or min(height, width) < 8 * factor:
        return _read(tile, x, y, cv2.INTER_LINEAR if step > 0.5 else cv2.INTER_CUBIC)
    coarse = (width // factor, height // factor)
    coarse_x, coarse_y = (cv2.resize(axis, coarse, interpolation=cv2.INTER_AREA) for axis in (x, y))
    values = _read(tile, coarse_x, coarse_y, cv2.INTER_CUBIC)
    return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_CUBIC))


def _largest_step(axis: Array) -> float:
    rows = axis[:: max(1, axis.shape[0] // 16)]
    columns = axis[:, :: max(1, axis.shape[1] // 16)]
    across = float(np.abs(np.diff(rows, axis=1)).max()) if axis.shape[1] > 1 else 0.0
    down = float(np.abs(np.diff(columns, axis=0)).max()) if axis.shape[0] > 1 else 0.0
    return max(across, down)


def _read(tile: Array, x: Array, y: Array, interpolation: int) -> Array:
    if max(abs(float(x.max())), abs(float(x.min())), abs(float(y.max())), abs(float(y.min()))) > 30000:
        x, y = np.mod(x, _TILE), np.mod(y, _TILE)
    x, y = x.astype(np.float32, copy=False), y.astype(np.float32, copy=False)
    return np.asarray(cv2.remap(tile, x, y, interpolation, borderMode=cv2.BORDER_WRAP))


def octaves(tile: Array, x: Array, y: Array, wavelength: float, count: int, gain: float = 0.5) -> Array:
    """Fractal sum of a one-octave tile (see `band`); `wavelength` is the largest feature, in the units of x and y."""
    total = np.zeros(x.shape, np.float32)
    amplitude, scale = 1.0, _WAVELENGTH / wavelength
    for step in range(count):
        turned_x, turned_y = _turn(x, y, step)
        total += amplitude * sample(tile, turned_x * scale + 71.3 * step, turned_y * scale + 37.9 * step)
        amplitude *= gain
        scale *= 2.03
    return total


def ridges(tile: Array, x: Array, y: Array, wavelength: float, count: int, gain: float = 0.5, sharpness: float = 1.6) -> Array:
    """Ridged multifractal, about 0..1: sharp crests, smooth valleys, detail only where the land is already high.

    Source: F. K. Musgrave in Ebert et al., Texturing and Modeling, 3rd ed. 2002, ch. 16.
    """
    total = np.zeros(x.shape, np.float32)
    weight = np.ones(x.shape, np.float32)
    amplitude, scale, norm = 1.0, _WAVELENGTH / wavelength, 0.0
    for step in range(count):
        turned_x, turned_y = _turn(x, y, step)
        crest = 1.06 - 0.62 * np.sqrt(sample(tile, turned_x * scale + 71.3 * step, turned_y * scale + 37.9 * step) ** 2 + 0.012)
        # Nearly straight flanks and a slightly worn edge: squared, as in the book, crests turn into needles.
        signal = np.clip(crest, 0.0, 1.0) ** 1.3 * weight
        total += amplitude * signal
        norm += amplitude
        weight = np.clip(signal * sharpness, 0.0, 1.0)
        amplitude *= gain
        scale *= 2.07
    return np.asarray(total / norm * 1.2, np.float32)


def _turn(x: Array, y: Array, step: int) -> tuple[Array, Array]:
    angle = 0.65 * step
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return x * cos - y * sin, x * sin + y * cos


def curve(rng: np.random.Generator, length: int, cells: float, count: int = 5, gain: float = 0.5) -> Array:
    """Fractal noise along a line: (length,), zero mean, about unit deviation, `cells` bumps in the largest octave."""
    total = np.zeros(length, np.float32)
    amplitude = 1.0
    for step in range(count):
        knots = max(4, int(cells * 2**step) + 3)
        values = rng.standard_normal((1, knots)).astype(np.float32)
        total += amplitude * cv2.resize(values, (length, 1), interpolation=cv2.INTER_CUBIC)[0]
        amplitude *= gain
    return total
