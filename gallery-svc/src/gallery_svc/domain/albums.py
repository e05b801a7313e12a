"""What is an album?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from photofun_common.errors import ConflictError, NotFoundError

from .images import Image

__all__ = ["Album", "AlbumFullError", "AlbumNotFoundError", "AlbumOutcome", "TooManyAlbumsError"]

AlbumOutcome = Literal["added", "removed", "unchanged", "not_found"]


class AlbumNotFoundError(NotFoundError):
    """No such album, or another person's."""

    slug = "album-not-found"

    def __init__(self) -> None:
        super().__init__("Album not found")


class AlbumFullError(ConflictError):
    slug, title = "album-full", "The album is full"

    def __init__(self, most: int) -> None:
        super().__init__(f"An album may hold {most} pictures: start another one", limit=most)


class TooManyAlbumsError(ConflictError):
    slug, title = "too-many-albums", "There are too many albums"

    def __init__(self, most: int) -> None:
        super().__init__(f"A person may have {most} albums: delete one first", limit=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Album:
    """A person's album; `count` and `cover` are of its live pictures."""

    id: str
    user_id: str
    title: str
    cover_id: str | None = None
    created_at: datetime
    updated_at: datetime
    count: int = 0
    cover: Image | None = None
