"""What does every local verb take and give?  The small types that the modules of this folder share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Pixels", "Progress", "Rendered", "no_progress"]

Pixels = npt.NDArray[np.uint8]
"""A picture in memory: uint8, sRGB, shape (height, width, 3) RGB or (height, width, 4) RGBA with straight alpha."""

Progress = Callable[[float], None]
"""Told how far a verb is, from 0.0 to 1.0; long verbs call it at least once a second."""


def no_progress(_fraction: float) -> None:
    """Ignore progress: the default of every verb."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One finished picture and what there is to say about it.

    `model` names the recipe that ran ("u2netp", "span-x2", "procedural", …); `degraded` is None, or the reason why a lower
    rung of the ladder ran (a missing weight file, say); `details` holds JSON-able facts for the result's metadata.
    """

    pixels: Pixels
    model: str
    degraded: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
