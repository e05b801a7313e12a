"""How is a height field seen from the ground?  What hides what, and which way it faces.

A sample is visible when it is drawn higher than all the nearer ones of its column: the floating-horizon algorithm
(T. J. Wright, "A Two-Space Solution to the Hidden Line Problem", 1973).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .noise import Array
from .stage import Frame

__all__ = ["Plot", "Seen", "plot_for", "see", "slopes"]


@dataclass(frozen=True, slots=True)
class Plot:
    """Sample points: world coordinates x (across) and z (ahead), each (steps, width), in camera heights."""

    x: Array
    z: Array


@dataclass(frozen=True, slots=True)
class Seen:
    """What of the relief is seen.

    index, cover: for each pixel (height, width), the fractional sample it shows, and how much of it is covered, 0..1.
    row, highest: for each sample (steps, width), where it is drawn, and the highest row drawn up to there.
    """

    index: Array
    cover: Array
    row: Array
    highest: Array

    def look(self, samples: Array) -> Array:
        """Bring (steps, width) or (steps, width, channels) values of the samples onto the screen."""
        height, width = self.index.shape
        column = np.repeat(np.arange(width, dtype=np.float32)[None], height, 0)
        return np.asarray(cv2.remap(samples.astype(np.float32), column, self.index, cv2.INTER_LINEAR))


def plot_for(frame: Frame, near: float, far: float, steps: int) -> Plot:
    """A fan of samples: close near the camera, and close enough far off, where whole slopes face the camera."""
    near = max(near, 0.8 * frame.focal / max(frame.height - frame.horizon, 1.0))
    part = np.linspace(0.0, 1.0, steps)
    distance = (0.36 * near * (far / near) ** part + 0.64 * (near + (far - near) * part**2)).astype(np.float32)
    column = (np.arange(frame.width, dtype=np.float32) - frame.width * 0.5) / frame.focal
    return Plot(x=distance[:, None] * column[None], z=np.repeat(distance[:, None], frame.width, 1))


def see(frame: Frame, plot: Plot, height: Array) -> Seen:
    """Project heights (steps, width) and find what each pixel shows."""
    steps, width = height.shape
    row = frame.horizon - (height - 1.0) * frame.focal / plot.z
    highest = np.minimum.accumulate(row, 0)
    rows = frame.height
    bins = np.clip(np.ceil(highest), 0, rows).astype(np.int64)
    flat = np.bincount((bins * width + np.arange(width)).ravel(), minlength=(rows + 1) * width)
    passed = flat.reshape(rows + 1, width)[::-1].cumsum(0)[::-1]
    first = np.minimum(passed[1:], steps - 1).astype(np.int32)
    before = np.maximum(first - 1, 0)
    columns = np.arange(width)[None]
    upper, lower = row[first, columns], row[before, columns]
    y = np.arange(rows, dtype=np.float32)[:, None]
    part = np.clip((lower - y) / np.maximum(lower - upper, 1e-3), 0.0, 1.0)
    # A sample that rises from behind a nearer crest belongs to the far slope alone.
    part = np.where(lower < y - 0.5, 1.0, part)
    cover = np.clip(y - highest[-1][None] + 0.5, 0.0, 1.0)
    return Seen((before + part).astype(np.float32), cover.astype(np.float32), row, highest)


def slopes(plot: Plot, height: Array) -> tuple[Array, Array, Array]:
    """Unit normals (x, up, z) from finite differences on the fan: x changes along a row, x and z along a column."""
    step_x = np.gradient(plot.x, axis=1)
    slope_x = np.gradient(height, axis=1) / np.maximum(step_x, 1e-5)
    along_x, along_z = np.gradient(plot.x, axis=0), np.gradient(plot.z, axis=0)
    slope_z = (np.gradient(height, axis=0) - slope_x * along_x) / np.maximum(along_z, 1e-5)
    up = 1.0 / np.sqrt(1.0 + slope_x**2 + slope_z**2)
    return -slope_x * up, up, -slope_z * up
