"""What do all painterly filters build on?  Sizes relative to the picture, blurs, flow, edges, paper, colour.

Pictures here are float32 (h, w, 3), sRGB, 0..1; maps are float32 (h, w). Lengths are in units of a thousandth of the
geometric mean side (`unit`), so that a filter looks the same on a small and on a large picture.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from imaging_svc.engines.local.blurring import gaussian as blur

__all__ = [
    "Floats",
    "Random",
    "along_flow",
    "blur",
    "clipped",
    "darken_lines",
    "flow_of",
    "grain",
    "kuwahara",
    "light_of",
    "mix",
    "saturate",
    "smooth_regions",
    "unit",
]

Floats = npt.NDArray[np.float32]
Random = np.random.Generator

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def clipped(values: npt.ArrayLike) -> Floats:
    """`values` held to 0..1."""
    return np.asarray(np.clip(values, 0, 1), np.float32)


def unit(picture: Floats) -> float:
    """Pixels per unit: 1.0 on a picture of 1 megapixel."""
    return math.sqrt(picture.shape[0] * picture.shape[1]) / 1000


def light_of(picture: Floats) -> Floats:
    """Rec. 601 grey (h, w)."""
    return np.asarray(picture @ _LUMA, np.float32)


def mix(one: Floats, other: Floats, share: Floats | float) -> Floats:
    """`one` at share 0, `other` at 1."""
    return np.asarray(one + (other - one) * share, np.float32)


def saturate(picture: Floats, factor: float) -> Floats:
    """Colour's distance from its grey times `factor`; values may leave 0..1."""
    return mix(np.repeat(light_of(picture)[..., None], 3, axis=2), picture, factor)


def grain(shape: tuple[int, ...], sigma: float, random: Random) -> Floats:
    """Smooth noise (h, w) of mean 0 and spread 1; `sigma` pixels is the size of its blots."""
    height, width = shape[:2]
    factor = max(1.0, sigma / 3)
    size = (max(2, math.ceil(height / factor)), max(2, math.ceil(width / factor)))
    noise = cv2.GaussianBlur(random.standard_normal(size, np.float32), (0, 0), max(0.3, sigma / factor))
    noise = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray((noise - noise.mean()) / (noise.std() + 1e-6), np.float32)


def flow_of(light: Floats, sigma: float) -> tuple[Floats, Floats]:
    """The angle (h, w) along the edges of `light`, radians, and how sure it is, 0..1.

    The minor eigenvector of the smoothed structure tensor (Kyprianidis, Kang, "Image and Video Abstraction by
    Coherence-Enhancing Filtering", 2011); `sigma` in pixels.
    """
    x, y = (cv2.Sobel(light, cv2.CV_32F, dx, 1 - dx, ksize=3) for dx in (1, 0))
    xx, xy, yy = (blur(product, sigma) for product in (x * x, x * y, y * y))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    sure = np.sqrt((xx - yy) ** 2 + 4 * xy**2) / (xx + yy + 1e-4)
    return np.asarray(angle, np.float32), np.asarray(sure, np.float32)


def along_flow(values: Floats, angle: Floats, reach: int) -> Floats:
    """`values` (h, w) averaged along the flow, `reach` pixels both ways (line integral convolution, Cabral 1993)."""
    height, width = values.shape
    step_x, step_y = np.cos(angle), np.sin(angle)
    grid_x, grid_y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    total = values.copy()
    for sign in (1.0, -1.0):
        x, y = grid_x.copy(), grid_y.copy()
        last_x, last_y = sign * step_x, sign * step_y
        for _ in range(reach):
            x += last_x
            y += last_y
            here_x, here_y, here = (
                cv2.remap(field, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT) for field in (step_x, step_y, values)
            )
            turn = np.where(here_x * last_x + here_y * last_y < 0, np.float32(-1), np.float32(1))
            last_x, last_y = here_x * turn, here_y * turn
            total += here
    return np.asarray(total / (2 * reach + 1), np.float32)


def kuwahara(picture: Floats, radius: int, sharpness: float = 8.0) -> Floats:
    """Generalised Kuwahara filter with eight Gaussian sectors (Papari, Petkov, Campisi 2007): flat dabs, kept edges."""
    radius = max(1, radius)
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float32)
    angle, disc = np.arctan2(y, x), np.exp(-(x * x + y * y) / (0.5 * radius * radius))
    total, weights = np.zeros_like(picture), np.zeros((*picture.shape[:2], 1), np.float32)
    squared = picture * picture
    for sector in range(8):
        off = np.angle(np.exp(1j * (angle - sector * np.pi / 4)))
        kernel = disc * np.exp(-((off / (np.pi / 6)) ** 2))
        kernel = (kernel / kernel.sum()).astype(np.float32)
        mean = cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REFLECT)
        spread = np.maximum(cv2.filter2D(squared, -1, kernel, borderType=cv2.BORDER_REFLECT) - mean * mean, 0).sum(2)
        weight = (1 / (4e-3 + np.sqrt(spread)))[..., None] ** sharpness
        total += mean * weight
        weights += weight
    return np.asarray(total / weights, np.float32)


def smooth_regions(picture: Floats, passes: int, tone: float = 0.1) -> Floats:
    """Edge-keeping flattening by repeated bilateral filters (Winnemöller, "Real-time video abstraction", 2006)."""
    flat = picture
    spread = max(1.5, 2.6 * unit(picture))
    for _ in range(passes):
        flat = cv2.bilateralFilter(flat, 9, tone, spread)
    return np.asarray(flat, np.float32)


def darken_lines(light: Floats, width: float, amount: float) -> Floats:
    """Ink lines as a factor (h, w): 1 is paper, 0 ink. XDoG (Winnemöller 2011) of `light`; `width` in pixels."""
    sigma = max(0.55, width)
    difference = blur(light, sigma) - 0.978 * blur(light, 1.6 * sigma)
    lines = np.where(difference > 0.002, 1.0, 1 + np.tanh(amount * (difference - 0.002)))
    return clipped(blur(lines.astype(np.float32), 0.5))
