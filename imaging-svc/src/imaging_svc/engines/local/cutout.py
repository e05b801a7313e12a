"""What is the subject of a picture, and how is the rest taken away?

U-2-Net (small) finds the subject at 320 x 320, the guided filter moves its border onto the edges of the picture, and
blur-fusion takes the old background's colour out of half transparent pixels.  The maps are made at a moderate size and
applied to the full picture tile by tile.

Sources: Qin et al., "U2-Net", Pattern Recognition 106, 2020; He, Sun, "Fast guided filter", arXiv:1505.00996;
Forte, "Approximate fast foreground colour estimation", ICIP 2021; Rother, Kolmogorov, Blake, "GrabCut", SIGGRAPH 2004.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ImageColor

from imaging_svc.weights import Weights

from .guided import Floats, edge_model, follow, guided_filter, stretched, tiles
from .rendering import Pixels, Progress, Rendered, no_progress

__all__ = ["Mask", "guided_filter", "remove_background", "subject_mask"]

_MODEL = "u2netp.onnx"
_NET_SIDE = 320
_NET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_NET_SPREAD = np.array([0.229, 0.224, 0.225], np.float32)

_MAP_PIXELS = 400_000
"""Pixels at which masks are refined and colours estimated; the full picture is only ever visited tile by tile."""
_TILE = 512
_EDGE_EPSILON = 1e-4
_DECISION = 2.5
"""Slope at which the network's doubts turn into yes or no; 1 keeps them as they are."""
_MIXED = 7
"""Width, in pixels of the maps, of the strip along the edge whose colours stand for neither side."""
_EDGE = 5
"""Width of the strip in which colours may move the edge."""
_NOTICED = np.float32(0.02)
"""Squared distance of two colours, each channel 0..1, at which they start to be different."""
_ABSENT = 0.25
"""A network answer that stays below this is no subject at all."""


@dataclass(frozen=True, slots=True)
class Mask:
    """Where the subject is: alpha float32 (h, w), 0 background to 1 subject.

    `model` is "u2netp" or "grabcut"; `degraded` is None or the reason why the lower rung ran.
    """

    alpha: Floats
    model: str
    degraded: str | None = None


def subject_mask(picture: Pixels, *, weights: Weights, progress: Progress = no_progress) -> Mask:
    """Find the subject of `picture` (h, w, 3 | 4) at its full size.

    Where the picture is transparent there is no subject.  Without the model file or onnxruntime GrabCut takes the
    middle of the picture, and the mask says that it is degraded.
    """
    found = _found(_opaque(picture), weights, progress)
    if picture.shape[2] == 4:
        return replace(found, alpha=found.alpha * (picture[..., 3] * np.float32(1 / 255)))
    return found


def remove_background(
    picture: Pixels,
    *,
    weights: Weights,
    mask_only: bool = False,
    background_color: str | None = None,
    background_picture: Pixels | None = None,
    progress: Progress = no_progress,
) -> Rendered:
    """Cut the subject out of `picture` (h, w, 3 | 4), at its full size.

    By default the result is RGBA: the subject in its own colours, freed of the old background's, over nothing; alpha
    of the input is kept.  `mask_only` gives the mask instead, as grey in RGB.  `background_color` ("#rgb", "#rrggbb"
    or a CSS name) and `background_picture` (any size, 3 | 4 channels, scaled to cover and cut to the middle) put the
    subject on something new, the picture over the colour, and the result is RGB.

    `details`: "coverage", the share of the picture that the subject takes, 0 when nothing stood out.
    Raises ValueError for a colour that is none.
    """
    behind = _rgb(background_color) if background_color else None
    if mask_only:
        mask = subject_mask(picture, weights=weights, progress=progress)
        grey: Pixels = np.repeat(_levels(mask.alpha)[..., None], 3, axis=2)
        return Rendered(grey, mask.model, mask.degraded, {"coverage": _coverage(grey)})
    mask = _found(_opaque(picture), weights, lambda done: progress(0.7 * done))
    pixels = _cut(picture, mask.alpha, lambda done: progress(0.7 + 0.25 * done))
    coverage = _coverage(pixels)
    if behind is not None or background_picture is not None:
        pixels = _composed(pixels, _backdrop(picture.shape[:2], behind or (255, 255, 255), background_picture))
    progress(1.0)
    return Rendered(pixels, mask.model, mask.degraded, {"coverage": coverage})


def _coverage(pixels: Pixels) -> float:
    """The share of the picture, 0..1, that the last channel covers."""
    return round(float(pixels[..., -1].mean()) / 255, 4)


# --- finding ----------------------------------------------------------------------------------------------------------


def _found(colour: Pixels, weights: Weights, progress: Progress) -> Mask:
    coarse, model, degraded = _coarse(colour, weights)
    progress(0.6)
    alpha = _refined(colour, coarse)
    progress(1.0)
    return Mask(alpha, model, degraded)


def _coarse(colour: Pixels, weights: Weights) -> tuple[Floats, str, str | None]:
    """A first mask (h', w') 0..1 of any size, the model it came from, and why it is degraded."""
    path = weights.path(_MODEL)
    if path is None:
        return _grabcut(colour), "grabcut", f"{_MODEL} is not there (python -m imaging_svc.weights); GrabCut guessed"
    try:
        session = _session(path)
    except ImportError as error:
        return _grabcut(colour), "grabcut", f"onnxruntime cannot be loaded ({error}); GrabCut guessed"
    return _salient(colour, session), "u2netp", None


@cache
def _session(path: Path) -> Any:
    """One network per process; its threads sleep while they wait, for other processes share the cores.

    Without the memory arena, which would keep its peak for good.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _salient(colour: Pixels, session: Any) -> Floats:
    """Ask the network about the whole picture, and again about the subject's surroundings when it is a small one."""
    height, width = _fitting(colour.shape[:2])
    small = cv2.resize(colour, (width, height), interpolation=cv2.INTER_AREA)
    whole: Floats = cv2.resize(_ask(small, session), (width, height), interpolation=cv2.INTER_LINEAR)
    box = _surroundings(whole)
    if box is None:
        return whole
    rows, columns = box
    closer = _ask(small[box], session)
    detail = cv2.resize(closer, (columns.stop - columns.start, rows.stop - rows.start), interpolation=cv2.INTER_LINEAR)
    return _merged(whole, detail, box)


def _ask(colour: Pixels, session: Any) -> Floats:
    """U-2-Net on `colour` (h, w, 3) squeezed to its square: saliency (320, 320), its top stretched to 1."""
    square = cv2.resize(colour, (_NET_SIDE, _NET_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    square = (square / max(float(square.max()), 1.0) - _NET_MEAN) / _NET_SPREAD
    feed = {session.get_inputs()[0].name: np.ascontiguousarray(square.transpose(2, 0, 1)[None])}
    saliency: Floats = session.run([session.get_outputs()[0].name], feed)[0][0, 0]
    top = float(saliency.max())
    if top < _ABSENT:
        return np.zeros_like(saliency)
    bottom = float(saliency.min())
    clear: Floats = (saliency - bottom) / max(top - bottom, 1e-6)
    return clear


def _surroundings(mask: Floats) -> tuple[slice, slice] | None:
    """The subject's box with a margin, when it is small enough for a second look to show more."""
    height, width = mask.shape
    rows, columns = np.flatnonzero((mask > 0.5).any(axis=1)), np.flatnonzero((mask > 0.5).any(axis=0))
    if rows.size == 0:
        return None
    tall, wide = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    margin = max(int(0.2 * max(tall, wide)), 16)
    box = (
        slice(max(int(rows[0]) - margin, 0), min(int(rows[-1]) + margin + 1, height)),
        slice(max(int(columns[0]) - margin, 0), min(int(columns[-1]) + margin + 1, width)),
    )
    share = (box[0].stop - box[0].start) * (box[1].stop - box[1].start) / (height * width)
    return box if share < 0.6 else None


def _merged(whole: Floats, detail: Floats, box: tuple[slice, slice]) -> Floats:
    """The second look inside the box, where both looks agree on what the subject is; else the first."""
    first = whole[box]
    union = float(np.maximum(first, detail).sum())
    if union == 0 or float(np.minimum(first, detail).sum()) / union < 0.6:
        return whole
    merged = whole.copy()
    merged[box] = 0.25 * first + 0.75 * detail
    return merged


def _grabcut(colour: Pixels) -> Floats:
    """Whatever differs from the picture's rim; a picture too small for that is all subject."""
    height, width = colour.shape[:2]
    scale = min(1.0, 400 / max(height, width))
    small = cv2.resize(colour, (max(round(width * scale), 1), max(round(height * scale), 1)), interpolation=cv2.INTER_AREA)
    tall, wide = small.shape[:2]
    if min(tall, wide) < 16:
        return np.ones((tall, wide), np.float32)
    labels = np.zeros((tall, wide), np.uint8)
    inner = (round(wide * 0.06), round(tall * 0.06), round(wide * 0.88), round(tall * 0.88))
    cv2.setRNGSeed(0)
    cv2.grabCut(small, labels, inner, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_RECT)
    subject = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.float32)
    smooth: Floats = cv2.GaussianBlur(cv2.medianBlur(subject, 5), (0, 0), 1.5)
    return smooth


# --- edges ------------------------------------------------------------------------------------------------------------


def _refined(colour: Pixels, coarse: Floats) -> Floats:
    """The mask at the picture's size, its uncertain band moved onto the picture's edges."""
    size = colour.shape[:2]
    height, width = _fitting(size)
    guide = _unit(cv2.resize(colour, (width, height), interpolation=cv2.INTER_AREA))
    mask = _decided(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))
    radius = max(4, round(0.01 * max(height, width)))
    model = edge_model(guide, mask, radius=radius, epsilon=_EDGE_EPSILON)
    doubt = ((mask > 0.03) & (mask < 0.97)).astype(np.float32)
    band = cv2.GaussianBlur(doubt, (0, 0), radius * 0.8).clip(0, 0.4) / 0.4
    maps = np.dstack([model, mask, band])
    alpha = np.empty(size, np.float32)
    for rows, columns in tiles(*size, side=_TILE):
        local = stretched(maps, rows, columns, size=size)
        alpha[rows, columns] = _edged(colour[rows, columns], local)
    _separate(colour, alpha)
    return alpha


def _separate(colour: Pixels, alpha: Floats) -> None:
    """Settle the edge, in place, by colour: a pixel is as much subject as its colour lies on the subject's side.

    Only in a strip along the edge, and only as far as the colours of both sides differ and explain the pixel.
    """
    fields = _colour_fields(colour, alpha)
    for rows, columns in tiles(*alpha.shape, side=_TILE):
        window = alpha[rows, columns]
        local = stretched(fields, rows, columns, size=alpha.shape)
        near = local[..., 6]
        if near.max() == 0:
            continue
        here, front, back = _unit(colour[rows, columns]), local[..., :3], local[..., 3:6]
        apart = front - back
        distance = np.einsum("hwc,hwc->hw", apart, apart)
        share = np.clip(np.einsum("hwc,hwc->hw", here - back, apart) / (distance + np.float32(1e-4)), 0, 1)
        wrong = here - back - share[..., None] * apart
        unexplained = np.einsum("hwc,hwc->hw", wrong, wrong)
        trust = near * distance / (distance + _NOTICED) * np.exp(-unexplained / _NOTICED)
        window += trust * (share - window)


def _decided(mask: Floats) -> Floats:
    """Doubtful areas lean to the side they are nearer to, so that no ghosts of them stay."""
    decided: Floats = np.clip((mask - 0.5) * np.float32(_DECISION) + 0.5, 0, 1)
    return decided


def _edged(colour: Pixels, maps: Floats) -> Floats:
    """One tile: the filtered mask in the band, the plain one elsewhere, faint remains and gaps closed."""
    mask, band = maps[..., 4], maps[..., 5]
    if band.max() > 0:
        mask = mask + band * (follow(_unit(colour), maps[..., :4]) - mask)
    edged: Floats = np.clip((mask - 0.06) / 0.88, 0, 1)
    return edged


# --- colour -----------------------------------------------------------------------------------------------------------


def _cut(picture: Pixels, alpha: Floats, progress: Progress) -> Pixels:
    """RGBA with the subject's own colour under every half transparent pixel, and none where nothing is left."""
    size = alpha.shape
    fields = _colour_fields(picture[..., :3], alpha)
    cut = np.zeros((*size, 4), np.uint8)
    todo = tiles(*size, side=_TILE)
    for done, (rows, columns) in enumerate(todo):
        window, piece = alpha[rows, columns], cut[rows, columns]
        if window.max() > 0:
            piece[..., :3] = picture[rows, columns, :3]
            piece[..., 3] = _levels(window)
        if ((window > 0) & (window < 1)).any():
            local = stretched(fields, rows, columns, size=size)
            piece[..., :3] = _levels(_fused(_unit(piece[..., :3]), local[..., :6], window))
            piece[piece[..., 3] == 0] = 0
        progress((done + 1) / len(todo))
    if picture.shape[2] == 4:
        cut[..., 3] = _levels(alpha * (picture[..., 3] * np.float32(1 / 255)))
    return cut


def _colour_fields(colour: Pixels, alpha: Floats) -> Floats:
    """What foreground and background look like around each pixel: (h', w', 7), foreground RGB, background RGB, and how
    near the edge is, 0..1.

    Blur-fusion in two widths: a wide one fills the places where either is far away, a narrow one follows the edge.
    Both look at what is `_MIXED` pixels away from the edge or more, for the edge itself has the colours of both.
    """
    height, width = _fitting(alpha.shape)
    small = _unit(cv2.resize(colour, (width, height), interpolation=cv2.INTER_AREA))
    share = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA)
    side = max(height, width) // 12 | 1
    core, outside = (_worn(part, _MIXED)[..., None] for part in (share, 1 - share))
    front = _average(small, core, _average(small, share[..., None], small, side), side)
    back = _average(small, outside, _average(small, 1 - share[..., None], small, side), side)
    edge = cv2.blur(np.clip(1 - _worn(share, _EDGE) - _worn(1 - share, _EDGE), 0, 1), (3, 3))
    return np.dstack([_average(small, core, front, _MIXED + 6), _average(small, outside, back, _MIXED + 6), edge])


def _worn(share: Floats, side: int) -> Floats:
    """What is left of an area when half of `side` pixels are worn off its rim."""
    worn: Floats = cv2.erode(share, np.ones((side, side), np.uint8))
    return worn


def _average(colour: Floats, share: Floats, otherwise: Floats, side: int) -> Floats:
    """Mean colour within `side` pixels, weighted by `share`; `otherwise` where there is next to nothing to weigh."""
    amount = cv2.blur(share, (side, side))[..., None]
    mean: Floats = (cv2.blur(colour * share, (side, side)) + 1e-3 * otherwise) / (amount + 1e-3)
    return mean


def _fused(colour: Floats, fields: Floats, alpha: Floats) -> Floats:
    """The foreground colour F that explains colour = alpha F + (1 - alpha) B best near the averages in `fields`."""
    share, front, back = alpha[..., None], fields[..., :3], fields[..., 3:]
    fused: Floats = np.clip(front + share * (colour - share * front - (1 - share) * back), 0, 1)
    return fused


# --- backgrounds ------------------------------------------------------------------------------------------------------


def _backdrop(size: tuple[int, int], color: tuple[int, int, int], picture: Pixels | None) -> Pixels:
    """RGB of `size`: the picture scaled to cover it, over the colour."""
    plain = np.full((*size, 3), color, np.uint8)
    if picture is None:
        return plain
    height, width = picture.shape[:2]
    scale = max(size[0] / height, size[1] / width)
    tall, wide = min(round(size[0] / scale) or 1, height), min(round(size[1] / scale) or 1, width)
    top, left = (height - tall) // 2, (width - wide) // 2
    middle = np.ascontiguousarray(picture[top : top + tall, left : left + wide])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    fitted = cv2.resize(middle, (size[1], size[0]), interpolation=method)
    return fitted if fitted.shape[2] == 3 else _composed(fitted, plain)


def _composed(front: Pixels, behind: Pixels) -> Pixels:
    """RGBA `front` over RGB `behind`, in place of the latter."""
    for rows, columns in tiles(*behind.shape[:2], side=_TILE):
        share = front[rows, columns, 3:] * np.float32(1 / 255)
        under = behind[rows, columns].astype(np.float32)
        behind[rows, columns] = (under + share * (front[rows, columns, :3] - under) + np.float32(0.5)).astype(np.uint8)
    return behind


def _rgb(color: str) -> tuple[int, int, int]:
    try:
        red, green, blue = ImageColor.getrgb(color)[:3]
    except ValueError as error:
        raise ValueError(f"{color!r} is not a colour; write #rrggbb or a name such as white") from error
    return red, green, blue


# --- numbers ----------------------------------------------------------------------------------------------------------


def _fitting(size: tuple[int, ...]) -> tuple[int, int]:
    """Height and width at which the maps are made: those of the picture, shrunk when it is large."""
    scale = min(1.0, (_MAP_PIXELS / (size[0] * size[1])) ** 0.5)
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


def _opaque(picture: Pixels) -> Pixels:
    """RGB; what is transparent shows a middle grey, so that hidden colours do not mislead the network."""
    if picture.shape[2] == 3:
        return np.ascontiguousarray(picture)
    return _composed(picture, np.full((*picture.shape[:2], 3), 128, np.uint8))


def _unit(pixels: npt.NDArray[np.uint8]) -> Floats:
    return pixels.astype(np.float32) * np.float32(1 / 255)


def _levels(values: Floats) -> npt.NDArray[np.uint8]:
    return (values * np.float32(255) + np.float32(0.5)).astype(np.uint8)
