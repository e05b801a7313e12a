"""How is a wide blur cheap?  On a reduced copy, where it is the same."""

from __future__ import annotations

from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["gaussian", "reduced"]

_Kind = TypeVar("_Kind", bound=np.generic)


def gaussian(values: npt.NDArray[_Kind], sigma: float) -> npt.NDArray[_Kind]:
    """Gaussian blur of `values` (h, w[, c]), any type OpenCV knows, `sigma` in pixels; edges are mirrored.

    Above 8 px it runs on a copy reduced by up to sigma / 4 and is smoothed again when enlarged, so that not even its
    slopes show the coarse grid.
    """
    factor = max(1, int(sigma / 4))
    if factor == 1:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), max(sigma, 0.3)), values.dtype)
    height, width = values.shape[:2]
    large: npt.NDArray[Any] = cv2.resize(reduced(values, sigma), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.GaussianBlur(large, (0, 0), 0.7 * factor), values.dtype)


def reduced(values: npt.NDArray[_Kind], sigma: float) -> npt.NDArray[_Kind]:
    """`values` blurred by `sigma` of their own pixels and left at the reduced size, for who can go on from there."""
    factor = max(1, int(sigma / 4))
    size = (max(1, values.shape[1] // factor), max(1, values.shape[0] // factor))
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), max(sigma / factor, 0.3)), values.dtype)
