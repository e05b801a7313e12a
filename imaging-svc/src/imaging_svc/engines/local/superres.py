"""How does a picture get 2 or 4 times as many pixels each way?  SPAN, tile by tile, and what the flavours add to it.

The network runs through ncnn, which reads the published .param and .bin as they are: on the same tiles it was as fast
as onnxruntime with a fifth to a quarter less memory, and needs no conversion step.  What the network invents is then
pulled back until its average is the source pixel again (one step of back-projection), which costs next to nothing and
keeps colours exact.

Sources: Wan et al., "Swift parameter-free attention network for efficient super-resolution", CVPR Workshops 2024;
Irani, Peleg, "Improving resolution by image registration", 1991 (back-projection); Buades, Coll, Morel, "Non-local
means denoising", IPOL 2011; Donoho, Johnstone, "Ideal spatial adaptation by wavelet shrinkage", 1994 (noise level).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from imaging_svc.weights import Weights

from .guided import Floats, guided_filter, tiles
from .rendering import Pixels, Progress, Rendered, no_progress

__all__ = ["Factor", "Flavor", "bled", "upscale"]

Factor = Literal[2, 4]
Flavor = Literal["photo", "sublime", "photo_denoiser"]

_TILE = 128
"""Side of a tile in source pixels.  Larger ones gain no speed and take memory: at x4 the process peaks at 315 MB with
128, at 460 MB with 192."""
_MARGIN = 16
"""Source pixels around a tile that only give context: more than any filter here reaches."""
_DENOISE = 0.85
"""Filter strength of non-local means per level of noise."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)

_Enlarge = Callable[[Floats], Floats]
"""(h, w, 3) 0..1 to (h * factor, w * factor, 3), about 0..1."""


@dataclass(frozen=True, slots=True)
class _Finish:
    """What is done to a tile before and after the network; strengths 0..1."""

    factor: int
    flavor: Flavor
    noise: float
    sharpen: float
    grain: float
    detail: float


def upscale(
    picture: Pixels,
    *,
    factor: Factor,
    flavor: Flavor = "photo",
    sharpen: float = 0,
    smart_grain: float = 0,
    ultra_detail: float = 0,
    weights: Weights,
    progress: Progress = no_progress,
) -> Rendered:
    """Enlarge `picture` (h, w, 3 | 4) to exactly (h * factor, w * factor), alpha along with the colours.

    `flavor`: "photo" is faithful; "photo_denoiser" first removes noise, as much as it finds; "sublime" is for drawings
    and turns flat areas flat and edges crisp.  The strengths go from 0, which adds nothing, to 100: `sharpen` steepens
    edges without halos, `smart_grain` lays film grain over the middle tones, `ultra_detail` lifts texture.

    Without the model file or ncnn, Lanczos and a light sharpening do it, and the result says that it is degraded.
    Calls `progress` after each tile, about ten times a second.
    """
    enlarge, model, degraded = _enlarger(factor, weights)
    noise = _noise_level(picture) if flavor == "photo_denoiser" else 0.0
    finish = _Finish(factor, flavor, noise, _strength(sharpen), _strength(smart_grain), _strength(ultra_detail))
    pixels = _tiled(picture, enlarge, finish, progress)
    details: dict[str, Any] = {"factor": factor, "flavor": flavor}
    if flavor == "photo_denoiser":
        details["noise_level"] = round(noise, 2)
    return Rendered(pixels, model, degraded, details)


def _strength(percent: float) -> float:
    return min(max(float(percent), 0.0), 100.0) / 100


# --- the network ------------------------------------------------------------------------------------------------------


def _enlarger(factor: Factor, weights: Weights) -> tuple[_Enlarge, str, str | None]:
    """What enlarges a tile, its name, and why it is degraded."""
    name = f"spanx{factor}_ch48"
    param, binary = weights.path(f"{name}.param"), weights.path(f"{name}.bin")
    reason = f"{name} is not there (python -m imaging_svc.weights); Lanczos enlarged"
    if param is not None and binary is not None:
        try:
            net = _network(param, binary)
        except ImportError as error:
            reason = f"ncnn cannot be loaded ({error}); Lanczos enlarged"
        else:
            return lambda tile: _faithful(_ask(net, tile), tile), f"span-x{factor}", None
    return lambda tile: _lanczos(tile, factor), "lanczos", reason


@cache
def _network(param: Path, binary: Path) -> Any:
    """One network per process; plain float32, so that every processor gives the same picture.

    OpenMP's threads must sleep while they wait for each other: where other processes share the cores, spinning made a
    tile take ten times as long.  The library reads this when it is loaded, hence here.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = 2
    net.opt.use_fp16_storage = net.opt.use_fp16_packed = net.opt.use_fp16_arithmetic = False
    net.load_param(str(param))
    net.load_model(str(binary))
    return net


def _ask(net: Any, tile: Floats) -> Floats:
    import ncnn

    extractor = net.create_extractor()
    planes = np.ascontiguousarray(tile.transpose(2, 0, 1))
    extractor.input("data", ncnn.Mat(planes).clone())
    _, answer = extractor.extract("output")
    return np.ascontiguousarray(np.array(answer, np.float32).transpose(1, 2, 0))


def _faithful(large: Floats, tile: Floats) -> Floats:
    """Back-projection: spread what the average of each block misses of its source pixel."""
    size = tile.shape[1::-1]
    missing = tile - cv2.resize(large, size, interpolation=cv2.INTER_AREA)
    faithful: Floats = large + cv2.resize(missing, large.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return faithful


def _lanczos(tile: Floats, factor: int) -> Floats:
    large = cv2.resize(tile, None, fx=factor, fy=factor, interpolation=cv2.INTER_LANCZOS4)
    return _steeper(large, amount=0.5, sigma=0.5 * factor, give=0.02)


# --- tiles ------------------------------------------------------------------------------------------------------------


def _tiled(picture: Pixels, enlarge: _Enlarge, finish: _Finish, progress: Progress) -> Pixels:
    """Enlarge tile by tile; each sees a margin of its neighbours, and only its own middle is kept."""
    height, width, channels = picture.shape
    factor = finish.factor
    around = cv2.copyMakeBorder(picture, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_REFLECT_101)
    large = np.empty((height * factor, width * factor, channels), np.uint8)
    todo = tiles(height, width, side=_TILE)
    for done, (rows, columns) in enumerate(todo):
        window = around[rows.start : rows.stop + 2 * _MARGIN, columns.start : columns.stop + 2 * _MARGIN]
        random = np.random.default_rng((rows.start, columns.start))
        middle = _inner(_enlarged(window, enlarge, finish, random), _MARGIN * factor)
        large[_times(rows, factor), _times(columns, factor)] = middle
        progress((done + 1) / len(todo))
    return large


def _inner(tile: Pixels, margin: int) -> Pixels:
    return tile[margin:-margin, margin:-margin]


def _times(span: slice, factor: int) -> slice:
    return slice(span.start * factor, span.stop * factor)


def _enlarged(window: Pixels, enlarge: _Enlarge, finish: _Finish, random: np.random.Generator) -> Pixels:
    """One tile with its margin, (h, w, 3 | 4) to (h * factor, w * factor, 3 | 4)."""
    if window.shape[2] == 3:
        return _levels(_coloured(window, enlarge, finish, random))
    alpha = window[..., 3]
    if alpha.max() == 0:
        return np.zeros((*(side * finish.factor for side in alpha.shape), 4), np.uint8)
    colour = _levels(_coloured(bled(window), enlarge, finish, random))
    return np.dstack([colour, _levels(_enlarged_alpha(alpha, finish.factor))])


def _coloured(window: Pixels, enlarge: _Enlarge, finish: _Finish, random: np.random.Generator) -> Floats:
    if finish.flavor == "photo_denoiser":
        window = _denoised(window, finish.noise)
    tile = window.astype(np.float32) * np.float32(1 / 255)
    if finish.flavor == "sublime":
        tile = _flat(tile, reach=2, contrast=0.12)
    large = enlarge(tile)
    return _finished(large, finish, random)


def _enlarged_alpha(alpha: Pixels, factor: int) -> Floats:
    """Smooth outlines, steepened to the crispness of the colours; the network would fray hard ones."""
    plane = alpha.astype(np.float32) * np.float32(1 / 255)
    smooth = np.clip(cv2.resize(plane, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), 0, 1)
    return _steeper(smooth, amount=2.0, sigma=0.5 * factor, give=0.0)


def bled(window: Pixels) -> Pixels:
    """RGB in which clear pixels take the colour of what is near them, so that no hidden colour shines through."""
    share = (window[..., 3:] > 0).astype(np.float32)
    weighted = window[..., :3] * share
    colour = weighted.sum(axis=(0, 1)) / max(float(share.sum()), 1.0)
    for side in (63, 15, 5):
        amount = cv2.blur(share, (side, side))[..., None]
        colour = (cv2.blur(weighted, (side, side)) + 0.01 * colour) / (amount + 0.01)
    return np.where(window[..., 3:] > 0, window[..., :3], (colour + 0.5).astype(np.uint8))


# --- noise ------------------------------------------------------------------------------------------------------------


def _noise_level(picture: Pixels) -> float:
    """Standard deviation of the luma noise in levels of 255: the median of the finest diagonal Haar coefficients."""
    luma = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2, :3] @ (_LUMA * 0.5)
    if luma.size == 0:
        return 0.0
    diagonal = luma[::2, ::2] - luma[1::2, ::2] - luma[::2, 1::2] + luma[1::2, 1::2]
    return float(np.median(np.abs(diagonal))) / 0.6745


def _denoised(window: Pixels, noise: float) -> Pixels:
    """Non-local means in L*a*b*, its strength following the noise found; colour noise goes more than grain."""
    strength = min(max(_DENOISE * noise, 1.5), 20.0)
    noisy = np.ascontiguousarray(window)
    smooth: Pixels = cv2.fastNlMeansDenoisingColored(noisy, None, strength, 1.6 * strength, 5, 13)
    return smooth


# --- finish -----------------------------------------------------------------------------------------------------------


def _finished(large: Floats, finish: _Finish, random: np.random.Generator) -> Floats:
    factor = finish.factor
    if finish.flavor == "sublime":
        large = _drawn(large, factor)
    if finish.detail:
        large = large + _texture(large @ _LUMA, factor, finish.detail)[..., None]
    if finish.sharpen:
        large = _steeper(large, amount=2.0 * finish.sharpen, sigma=0.5 * factor, give=0.03 * finish.sharpen)
    if finish.grain:
        large = large + _grain(large @ _LUMA, factor, finish.grain, random)[..., None]
    return large


def _drawn(large: Floats, factor: int) -> Floats:
    """Flat areas flat, edges crisp: smooth what differs by little, then push both sides of an edge apart."""
    flat = _flat(large, reach=factor, contrast=0.08)
    return _steeper(flat, amount=2.5, sigma=0.5 * factor, give=0.0)


def _flat(image: Floats, *, reach: int, contrast: float) -> Floats:
    """Bilateral filter over `reach` pixels each way: differences well below `contrast` (0..1) vanish, edges stay."""
    flat: Floats = cv2.bilateralFilter(np.clip(image, 0, 1), 2 * reach + 1, contrast, 0.8 * reach)
    return flat


def _steeper(image: Floats, *, amount: float, sigma: float, give: float) -> Floats:
    """Unsharp masking that may leave the range of each pixel's neighbourhood by `give` only: no halos."""
    sharp = image + np.float32(amount) * (image - cv2.GaussianBlur(image, (0, 0), sigma))
    reach = np.ones((2 * round(sigma) + 1,) * 2, np.uint8)
    lowest, highest = cv2.erode(image, reach) - np.float32(give), cv2.dilate(image, reach) + np.float32(give)
    steep: Floats = np.clip(sharp, lowest, highest)
    return steep


def _texture(luma: Floats, factor: int, amount: float) -> Floats:
    """What two guided filters leave out, fine and middling, without the faintest part, which is noise."""
    fine = guided_filter(luma, luma, radius=factor, epsilon=4e-4)
    middling = guided_filter(luma, luma, radius=4 * factor, epsilon=2e-3)
    lift = np.float32(1.6 * amount) * (luma - fine) + np.float32(1.1 * amount) * (fine - middling)
    heard = np.sign(lift) * np.maximum(np.abs(lift) - np.float32(0.002), 0)
    texture: Floats = np.clip(heard, -0.2, 0.2)
    return texture


def _grain(luma: Floats, factor: int, amount: float, random: np.random.Generator) -> Floats:
    """Film grain about half a source pixel wide, strongest in the middle tones, absent from black and white."""
    sigma = 0.25 * factor
    grain: Floats = cv2.GaussianBlur(random.standard_normal(luma.shape, np.float32), (0, 0), sigma)
    middle = np.clip(4 * luma * (1 - luma), 0, 1)
    visible: Floats = grain * middle * np.float32(0.035 * amount * 2 * np.pi**0.5 * sigma)
    return visible


def _levels(values: Floats) -> Pixels:
    return (np.clip(values, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
