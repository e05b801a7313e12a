"""What stands behind clear pixels?  The colours of their surroundings, so that nothing hidden leaks into a result."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from .rendering import Pixels

__all__ = ["Subject", "without_alpha"]

Subject = Callable[[Pixels], npt.NDArray[np.float32]]
"""Tells where the subject of a picture (h, w, 3 | 4) is: float32 (h, w), 0 background to 1 subject."""

_Floats = npt.NDArray[np.float32]


def without_alpha(picture: Pixels) -> Pixels:
    """`picture` (h, w, 3 | 4) as RGB; where it is clear, the blurred colour of what is not clear nearby.

    Whatever colour a cut-out keeps under its clear pixels (black, mostly) would otherwise darken every blur along its
    outline. Coarse to fine, each level fills what it has no colour of its own for from the wider one. A picture that is
    clear all over becomes grey.
    """
    if picture.shape[2] == 3:
        return picture
    share = np.asarray(picture[..., 3:] / 255, np.float32)
    shown = np.asarray(picture[..., :3] * share, np.float32)
    around = np.full((1, 1, 3), 128, np.float32)
    for factor in (256, 64, 16, 4):
        size = (max(1, picture.shape[0] // factor), max(1, picture.shape[1] // factor))
        weight, color = (cv2.GaussianBlur(_sized(part, size), (0, 0), 1.5).reshape(*size, -1) for part in (share, shown))
        trust = np.clip(weight * 20, 0, 1)
        around = color / np.maximum(weight, 1e-4) * trust + _sized(around, size) * (1 - trust)
    behind = _sized(around, picture.shape[:2])
    return np.asarray(np.clip(shown + behind * (1 - share) + 0.5, 0, 255), np.uint8)


def _sized(values: _Floats, size: tuple[int, ...]) -> _Floats:
    """`values` (h, w, c) at `size` (h, w): averaged when it shrinks, interpolated when it grows."""
    how = cv2.INTER_AREA if size[0] <= values.shape[0] else cv2.INTER_LINEAR
    resized = cv2.resize(np.ascontiguousarray(values), (size[1], size[0]), interpolation=how)
    return np.asarray(resized, np.float32).reshape(size[0], size[1], -1)
