"""How are the everyday edits done?  Exact operations, run in order: geometry, tone, focus, corners, captions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .blurring import gaussian, reduced
from .captions import Caption, draw_caption
from .matte import Subject
from .rendering import Pixels, Progress, Rendered, no_progress

__all__ = ["adjust"]

_Floats = npt.NDArray[np.float32]
_Step = Callable[[Pixels, Mapping[str, Any]], Pixels]

_MAX_PIXELS = 68_000_000
_LUMA = np.array([0.299, 0.587, 0.114])
"""Rec. 601 weights of R, G and B in gamma-coded sRGB, as Pillow and OpenCV turn colour to grey."""
_SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
"""The customary sepia matrix (rows R, G, B of the result), as in the W3C filter effects examples."""


def adjust(
    picture: Pixels,
    *,
    operations: Sequence[Mapping[str, Any]],
    subject: Subject | None,
    progress: Progress = no_progress,
) -> Rendered:
    """Run `operations` in order on `picture` (h, w, 3 | 4), which is never written, and return the last result.

    Each operation is a mapping with "op" and that operation's own fields, amounts in percent, lengths in pixels:
    crop {x, y, width, height} or {aspect_ratio} · rotate {degrees} clockwise · flip {direction} ·
    resize {width, height} (one of them keeps the ratio) · brightness, contrast, saturation, warmth {amount -100..100} ·
    grayscale · sepia · blur, blur-background, sharpen {amount 0..100} · round-corners {radius} ·
    text {text, position, size, color}.
    An amount of 0 gives back the same bytes. A turn by other than right angles and round corners add an alpha channel.

    `subject` is asked by blur-background only; without it (None), or when it finds nothing, the middle stays sharp and
    the result is marked degraded. Raises ValueError for an unknown operation, a crop with nothing left in it, a caption
    that cannot be drawn, or a result above 68 megapixels.
    """
    remarks: list[str] = []
    missing = ""
    for done, operation in enumerate(operations):
        progress(done / len(operations))
        name = str(operation.get("op", ""))
        if name == "text":
            picture, undrawn = _captioned(picture, operation)
            missing += undrawn
        elif name == "blur-background":
            picture = _blur_background(picture, _share(operation), subject, remarks)
        else:
            picture = _step(name)(picture, operation)
    progress(1.0)
    details: dict[str, Any] = {"operations": [str(operation["op"]) for operation in operations]}
    if missing:
        details["missing_glyphs"] = missing
    return Rendered(np.ascontiguousarray(picture), "pillow-opencv", "; ".join(remarks) or None, details)


def _step(name: str) -> _Step:
    try:
        return _STEPS[name]
    except KeyError:
        known = ", ".join(sorted([*_STEPS, "blur-background", "text"]))
        raise ValueError(f"{name!r} is not an adjustment; these are: {known}") from None


def _share(operation: Mapping[str, Any]) -> float:
    """The operation's amount as -1..1."""
    return min(max(float(operation["amount"]) / 100, -1.0), 1.0)


# --- geometry ---------------------------------------------------------------------------------------------------------


def _crop(picture: Pixels, operation: Mapping[str, Any]) -> Pixels:
    """The named box, clipped to the picture, or the largest one of the ratio "16:9" around the middle."""
    height, width = picture.shape[:2]
    if operation.get("aspect_ratio"):
        left, top, wide, high = _middle_box(width, height, str(operation["aspect_ratio"]))
    else:
        left, top = (int(operation.get(side) or 0) for side in ("x", "y"))
        wide = int(operation.get("width") or width - left)
        high = int(operation.get("height") or height - top)
    right, bottom = min(left + wide, width), min(top + high, height)
    left, top = max(left, 0), max(top, 0)
    if right <= left or bottom <= top:
        where = f"({operation.get('x') or 0}, {operation.get('y') or 0})"
        raise ValueError(f"the crop at {where} lies outside the picture, which is {width}x{height} pixels")
    return picture[top:bottom, left:right]


def _middle_box(width: int, height: int, ratio: str) -> tuple[int, int, int, int]:
    """Left, top, width, height of the largest box of `ratio` in the middle; each side at least 1 px."""
    across, down = (float(part) for part in ratio.split(":"))
    wide = min(width, max(1, round(height * across / down)))
    high = min(height, max(1, round(width * down / across)))
    return (width - wide) // 2, (height - high) // 2, wide, high


def _rotate(picture: Pixels, operation: Mapping[str, Any]) -> Pixels:
    """Clockwise; right angles move pixels untouched, others widen the canvas and leave its corners transparent."""
    degrees = float(operation["degrees"]) % 360
    if degrees % 90 == 0:
        return np.rot90(picture, k=-int(degrees // 90))
    return _turn(picture, degrees)


def _turn(picture: Pixels, degrees: float) -> Pixels:
    """Cubic resampling; of premultiplied 16-bit colour where there is alpha, so that clear pixels lend no colour."""
    height, width = picture.shape[:2]
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    wide = math.ceil(width * abs(cosine) + height * abs(sine) - 1e-6)
    high = math.ceil(width * abs(sine) + height * abs(cosine) - 1e-6)
    _check_size(wide, high)
    matrix = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0]])
    matrix[:, 2] = np.array([wide - 1, high - 1]) / 2 - matrix[:, :2] @ (np.array([width - 1, height - 1]) / 2)
    if picture.shape[2] == 4:
        return _straight(cv2.warpAffine(_premultiplied(picture), matrix, (wide, high), flags=cv2.INTER_CUBIC))
    colour = cv2.warpAffine(np.ascontiguousarray(picture), matrix, (wide, high), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(np.full((height, width), 255, np.uint8), matrix, (wide, high), flags=cv2.INTER_LINEAR)
    return _pixels(np.dstack([colour, alpha]))


def _check_size(width: int, height: int) -> None:
    if width * height > _MAX_PIXELS:
        raise ValueError(f"the picture would become {width}x{height}, above {_MAX_PIXELS // 10**6} megapixels")


def _premultiplied(picture: Pixels) -> npt.NDArray[np.uint16]:
    """(h, w, 4) uint16: colour times alpha, and alpha, both scaled to 0..65025 (255 x 255)."""
    weighted = np.empty((*picture.shape[:2], 4), np.uint16)
    alpha = picture[..., 3].astype(np.uint16) if picture.shape[2] == 4 else np.uint16(255)
    weighted[..., 3] = alpha * np.uint16(255)
    for channel in range(3):
        np.multiply(picture[..., channel], alpha, out=weighted[..., channel], casting="unsafe")
    return weighted


def _straight(weighted: npt.NDArray[np.uint16]) -> Pixels:
    """RGBA uint8 (h, w, 4) from premultiplied uint16, the inverse of `_premultiplied`."""
    straight = np.empty(weighted.shape, np.uint8)
    weight = np.maximum(weighted[..., 3], 1).astype(np.float32)
    for channel in range(3):
        straight[..., channel] = np.minimum(weighted[..., channel] * (255 / weight) + 0.5, 255)
    straight[..., 3] = (np.minimum(weighted[..., 3], 65025) + 127) // 255
    return straight


def _flip(picture: Pixels, operation: Mapping[str, Any]) -> Pixels:
    return picture[:, ::-1] if operation.get("direction", "horizontal") == "horizontal" else picture[::-1]


def _resize(picture: Pixels, operation: Mapping[str, Any]) -> Pixels:
    """Area averaging when it shrinks, Lanczos when it grows; alpha-weighted, so that clear pixels lend no colour."""
    height, width = picture.shape[:2]
    wide, high = operation.get("width"), operation.get("height")
    wide = int(wide) if wide else max(1, round(width * int(high or height) / height))
    high = int(high) if high else max(1, round(height * wide / width))
    if (wide, high) == (width, height):
        return picture
    _check_size(wide, high)
    how = cv2.INTER_AREA if wide <= width and high <= height else cv2.INTER_LANCZOS4
    if picture.shape[2] == 3:
        return _pixels(cv2.resize(picture, (wide, high), interpolation=how))
    return _straight(cv2.resize(_premultiplied(picture), (wide, high), interpolation=how))


def _pixels(array: npt.NDArray[Any]) -> Pixels:
    """What OpenCV gave back, with the type it has; OpenCV's own stubs say less."""
    return np.asarray(array, np.uint8)


# --- tone -------------------------------------------------------------------------------------------------------------

_RAMP = np.linspace(0, 1, 256)


def _brightness(picture: Pixels, operation: Mapping[str, Any]) -> Pixels:
    """A power curve that leaves black and white in place, so nothing clips: 100 takes middle grey from 0.5 to 0.8."""
    share = _share(operation)
    power = 1 + 1.3 * abs(share)
    return _curves(picture, share, [1 - (1 - _RAMP) ** power if share > 0 else _RAMP**power])


def _contrast(picture: Pixels, operation: Mapping[str, Any]) -> Pixels:
    """Up: an S-curve around middle grey (a normalised tanh). Down: a line towards it, a quarter left at -100."""
    share = _share(operation)
    if share <= 0:
        return _curves(picture, share, [0.5 + (_RAMP - 0.5) * (1 + 0.75 * share)])
    steepness = 5.0 * share
    return _curves(picture, share, [0.5 + np.tanh(steepness * (_RAMP - 0.5)) / (2 * np.tanh(steepness / 2))])


def _warmth(picture: Pixels, operation: Mapping[str, Any]) -> Pixels:
    """Red against blue, like a white balance: the gaining channel bends with a shoulder, the other is scaled down."""
    share = _share(operation)
    gain, loss = 1 + 0.45 * abs(share), 1 - 0.3 * abs(share)
    more, less = gain * _RAMP / (1 + (gain - 1) * _RAMP), loss * _RAMP
    green = _RAMP * (1 - 0.03 * abs(share))
    return _curves(picture, share, [more, green, less] if share > 0 else [less, green, more])


def _curves(picture: Pixels, share: float, curves: Sequence[npt.NDArray[np.float64]]) -> Pixels:
    """One 256-step curve for all colours or one each, as a table; alpha passes through, and so does everything at 0."""
    if share == 0:
        return picture
    table = np.empty((1, 256, picture.shape[2]), np.uint8)
    table[0] = np.arange(256)[:, None]
    for channel in range(3):
        table[0, :, channel] = np.clip(curves[channel % len(curves)] * 255 + 0.5, 0, 255)
    return _pixels(cv2.LUT(np.ascontiguousarray(picture), table))


def _saturation(picture: Pixels, operation: Mapping[str, Any]) -> Pixels:
    """Colour's distance from its own grey, times 0 (at -100) to 2.2 (at 100)."""
    share = _share(operation)
    if share == 0:
        return picture
    factor = 1 + share * (1.2 if share > 0 else 1.0)
    return _mixed(picture, factor * np.eye(3) + (1 - factor) * np.tile(_LUMA, (3, 1)))


def _grayscale(picture: Pixels, _operation: Mapping[str, Any]) -> Pixels:
    return _mixed(picture, np.tile(_LUMA, (3, 1)))


def _sepia(picture: Pixels, _operation: Mapping[str, Any]) -> Pixels:
    return _mixed(picture, _SEPIA)


def _mixed(picture: Pixels, matrix: npt.NDArray[np.float64]) -> Pixels:
    """Each colour as a sum of the three, by the rows of a 3x3 `matrix`; alpha passes through."""
    whole = np.eye(picture.shape[2])
    whole[:3, :3] = matrix
    return _pixels(cv2.transform(np.ascontiguousarray(picture), whole))


# --- focus ------------------------------------------------------------------------------------------------------------


def _blur(picture: Pixels, operation: Mapping[str, Any]) -> Pixels:
    """Gaussian, 100 is a sigma of 1.8 % of the geometric mean side: shapes stay, details go."""
    share = _share(operation)
    if share <= 0:
        return picture
    sigma = max(0.4, 0.018 * share * math.sqrt(picture.shape[0] * picture.shape[1]))
    if picture.shape[2] == 3:
        return gaussian(picture, sigma)
    size = (picture.shape[1], picture.shape[0])
    blurred = picture.copy()
    colour = _straight(reduced(_premultiplied(picture), sigma))[..., :3]
    blurred[..., :3] = cv2.resize(colour, size, interpolation=cv2.INTER_LINEAR)
    return blurred


def _sharpen(picture: Pixels, operation: Mapping[str, Any]) -> Pixels:
    """Unsharp mask on luminance alone (no colour fringes), fine detail and some local contrast; 100 adds 1.6 of it."""
    share = _share(operation)
    if share <= 0:
        return picture
    colour = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2YCrCb)
    light = colour[..., 0]
    fine = max(0.8, math.sqrt(light.size) / 1800)
    crisp = cv2.addWeighted(light, 1 + 1.6 * share, cv2.GaussianBlur(light, (0, 0), fine), -1.6 * share, 0)
    colour[..., 0] = cv2.addWeighted(crisp, 1 + 0.25 * share, gaussian(crisp, 6 * fine), -0.25 * share, 0)
    sharp = picture.copy()
    sharp[..., :3] = cv2.cvtColor(colour, cv2.COLOR_YCrCb2RGB)
    return sharp


def _blur_background(picture: Pixels, share: float, subject: Subject | None, remarks: list[str]) -> Pixels:
    """A lens blur behind the subject; 100 is a disc of 3 % of the geometric mean side. Notes in `remarks` what lacked.

    Only background goes into the blur (a normalised convolution), so the subject leaves no glow around itself.
    """
    if share <= 0:
        return picture
    mask = _focus(picture, subject, remarks)
    height, width = mask.shape
    radius = max(1.0, 0.03 * share * math.sqrt(height * width))
    factor = max(1.0, radius / 8)
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    colour = cv2.resize(np.ascontiguousarray(picture[..., :3]), size, interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = 1 - cv2.resize(mask, size, interpolation=cv2.INTER_AREA) + 1e-6
    if picture.shape[2] == 4:
        weight *= cv2.resize(picture[..., 3], size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255 + 1e-3
    far = cv2.resize(_lens(colour, weight, radius / factor), (width, height), interpolation=cv2.INTER_CUBIC)
    return _composite(picture, far, mask)


def _focus(picture: Pixels, subject: Subject | None, remarks: list[str]) -> _Floats:
    """Where the picture stays sharp, float32 (h, w): the subject, or an oval in the middle when there is none."""
    height, width = picture.shape[:2]
    if subject is None:
        remarks.append("no subject finder is at hand: the middle of the picture was kept sharp")
    else:
        mask = np.clip(np.asarray(subject(picture), np.float32), 0, 1)
        if mask.max(initial=0) > 0.5:
            return mask
        remarks.append("no subject was found: the middle of the picture was kept sharp")
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    return np.clip(1.9 - 2 * np.hypot(across, down), 0, 1)


def _lens(colour: _Floats, weight: _Floats, radius: float) -> npt.NDArray[np.uint8]:
    """`colour` (h, w, 3) under a disc of `radius` px, weighted by `weight` (h, w); lights swell as in a lens."""
    reach = math.ceil(radius)
    distance = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    disc = np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32)
    bright = (colour / 255) ** 3
    share = np.maximum(cv2.filter2D(weight, -1, disc, borderType=cv2.BORDER_REFLECT), 1e-6)
    mean = cv2.filter2D(bright * weight[..., None], -1, disc, borderType=cv2.BORDER_REFLECT) / share[..., None]
    return _pixels(np.clip(np.cbrt(np.maximum(mean, 0)) * 255 + 0.5, 0, 255).astype(np.uint8))


def _composite(picture: Pixels, far: Pixels, mask: _Floats) -> Pixels:
    """`picture` where `mask` is 1, `far` (h, w, 3) where it is 0, in bands of rows so that 12 MP stays frugal."""
    blended = picture.copy()
    for top in range(0, picture.shape[0], 256):
        rows = slice(top, top + 256)
        near = picture[rows, :, :3].astype(np.float32)
        share = mask[rows, :, None]
        blended[rows, :, :3] = near * share + far[rows] * (1 - share) + 0.5
    return blended


# --- finish -----------------------------------------------------------------------------------------------------------


def _round_corners(picture: Pixels, operation: Mapping[str, Any]) -> Pixels:
    """Clear the four corners outside a circle of `radius` px, its edge smoothed over one pixel."""
    height, width = picture.shape[:2]
    radius = min(int(operation["radius"]), min(height, width) // 2)
    if radius <= 0:
        return picture
    rounded = picture.copy() if picture.shape[2] == 4 else np.dstack([picture, np.full((height, width), 255, np.uint8)])
    away = radius - 0.5 - np.arange(radius)
    cover = np.clip(radius + 0.5 - np.hypot(away[:, None], away[None, :]), 0, 1)
    alpha = rounded[..., 3]
    for corner in (alpha, alpha[:, ::-1], alpha[::-1], alpha[::-1, ::-1]):
        corner[:radius, :radius] = corner[:radius, :radius] * cover + 0.5
    return rounded


def _captioned(picture: Pixels, operation: Mapping[str, Any]) -> tuple[Pixels, str]:
    caption = Caption(
        text=str(operation["text"]),
        position=str(operation.get("position") or "bottom"),
        size=int(operation["size"]) if operation.get("size") else None,
        color=str(operation.get("color") or "#ffffff"),
    )
    return draw_caption(picture, caption)


_STEPS: Mapping[str, _Step] = {
    "crop": _crop,
    "rotate": _rotate,
    "flip": _flip,
    "resize": _resize,
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "warmth": _warmth,
    "grayscale": _grayscale,
    "sepia": _sepia,
    "blur": _blur,
    "sharpen": _sharpen,
    "round-corners": _round_corners,
}
