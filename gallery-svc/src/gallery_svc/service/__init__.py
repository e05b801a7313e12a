"""What can the gallery do?  Its verbs, a file for each kind of thing."""

from __future__ import annotations

from dataclasses import dataclass

from .gallery import BULK_MOST, Gallery, History
from .upkeep import Upkeep

__all__ = ["BULK_MOST", "Gallery", "History", "Services", "Upkeep"]


@dataclass(frozen=True, slots=True)
class Services:
    """What the two doors call."""

    gallery: Gallery
    upkeep: Upkeep
