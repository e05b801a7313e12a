"""How is a map made to follow the edges of a picture?  The guided filter, also at a coarser size than the picture.

Sources: He, Sun, Tang, "Guided image filtering", IEEE TPAMI 35(6), 2013; He, Sun, "Fast guided filter", 2015,
arXiv:1505.00996.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "edge_model", "follow", "guided_filter", "stretched", "tiles"]

Floats = npt.NDArray[np.float32]


def guided_filter(guide: Floats, values: Floats, *, radius: int, epsilon: float) -> Floats:
    """`values` (h, w) smoothed everywhere but across the edges of `guide` (h, w) grey or (h, w, 3) colour, 0..1.

    `radius` is that of the square window in pixels; an edge of the guide counts when its variance is well above
    `epsilon` (in squared guide units: 1e-4 keeps edges of 3 levels in 255, 1e-2 those of 25).  Linear time in pixels.
    """
    return follow(guide, edge_model(guide, values, radius=radius, epsilon=epsilon))


def edge_model(guide: Floats, values: Floats, *, radius: int, epsilon: float) -> Floats:
    """What `guided_filter` has learned before it is applied: (h, w, c + 1), a factor per guide channel and an offset.

    Fitted at one size, stretched and given to `follow` with the guide at a larger size, it is the fast guided filter.
    """
    planes = [guide] if guide.ndim == 2 else [guide[..., channel] for channel in range(guide.shape[2])]
    means = [_box(plane, radius) for plane in planes]
    mean = _box(values, radius)
    ties = [_box(plane * values, radius) - m * mean for plane, m in zip(planes, means, strict=True)]
    factors = _solve(planes, means, ties, radius, epsilon)
    offset = mean - sum((f * m for f, m in zip(factors, means, strict=True)), np.zeros_like(mean))
    return np.dstack([_box(plane, radius) for plane in (*factors, offset)])


def _solve(planes: list[Floats], means: list[Floats], ties: list[Floats], radius: int, epsilon: float) -> list[Floats]:
    """Per pixel: (covariance of the guide + epsilon) x factors = ties, by Cramer's rule for three channels."""

    def spread(i: int, j: int) -> Floats:
        return _box(planes[i] * planes[j], radius) - means[i] * means[j]

    if len(planes) == 1:
        return [ties[0] / (spread(0, 0) + epsilon)]
    rr, gg, bb = (spread(i, i) + epsilon for i in range(3))
    rg, rb, gb = spread(0, 1), spread(0, 2), spread(1, 2)
    co_rr, co_rg, co_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    co_gg, co_gb, co_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = np.maximum(rr * co_rr + rg * co_rg + rb * co_rb, np.float32(epsilon**3))
    r, g, b = ties
    return [
        (co_rr * r + co_rg * g + co_rb * b) / determinant,
        (co_rg * r + co_gg * g + co_gb * b) / determinant,
        (co_rb * r + co_gb * g + co_bb * b) / determinant,
    ]


def follow(guide: Floats, model: Floats) -> Floats:
    """Apply a model (h, w, c + 1) of `edge_model` to a guide of the same size: (h, w), not clipped."""
    if guide.ndim == 2:
        return guide * model[..., 0] + model[..., 1]
    followed: Floats = np.einsum("hwc,hwc->hw", guide, model[..., :-1])
    return followed + model[..., -1]


def stretched(maps: Floats, rows: slice, columns: slice, *, size: tuple[int, int]) -> Floats:
    """The window `rows`, `columns` of `maps` (h, w[, c]) as if they had been stretched to `size` (height, width).

    Bilinear, with pixel centres kept in place; only the window is ever made, so a map can serve a picture many times
    its size.
    """
    height, width = maps.shape[:2]
    if (height, width) == size:
        return np.ascontiguousarray(maps[rows, columns])
    down, across = height / size[0], width / size[1]
    x = ((np.arange(columns.start, columns.stop, dtype=np.float32) + 0.5) * across - 0.5).clip(0, width - 1)
    y = ((np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) * down - 0.5).clip(0, height - 1)
    grid = np.broadcast_to(x, (y.size, x.size)), np.broadcast_to(y[:, None], (y.size, x.size))
    window = (_wide(y), _wide(x))
    top, left = np.float32(window[0].start), np.float32(window[1].start)
    parts = [
        cv2.remap(part, grid[0] - left, grid[1] - top, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for part in _fours(maps[window])
    ]
    return parts[0] if len(parts) == 1 else np.dstack(parts)


def _wide(positions: Floats) -> slice:
    return slice(int(positions[0]), int(positions[-1]) + 2)


def _fours(maps: Floats) -> Iterator[Floats]:
    """OpenCV resamples at most four channels at once."""
    if maps.ndim == 2:
        yield np.ascontiguousarray(maps)
        return
    for first in range(0, maps.shape[2], 4):
        yield np.ascontiguousarray(maps[..., first : first + 4])


def tiles(height: int, width: int, *, side: int) -> list[tuple[slice, slice]]:
    """Rows and columns of the tiles, at most `side` pixels a side, that cover height x width, row by row."""
    return [
        (slice(top, min(top + side, height)), slice(left, min(left + side, width)))
        for top in range(0, height, side)
        for left in range(0, width, side)
    ]


def _box(plane: Floats, radius: int) -> Floats:
    blurred: Floats = cv2.blur(plane, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT)
    return blurred
