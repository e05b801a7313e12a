"""What can the gallery do?  Its verbs, a file for each kind of thing."""

from __future__ import annotations

from dataclasses import dataclass

from .albums import Albums
from .erasing import Erasing
from .gallery import BULK_MOST, Gallery, History
from .imports import Imports
from .recipes import Recipes
from .upkeep import Upkeep

__all__ = ["BULK_MOST", "Albums", "Erasing", "Gallery", "History", "Imports", "Recipes", "Services", "Upkeep"]


@dataclass(frozen=True, slots=True)
class Services:
    """What the two doors call."""

    gallery: Gallery
    albums: Albums
    recipes: Recipes
    imports: Imports
    erasing: Erasing
    upkeep: Upkeep
