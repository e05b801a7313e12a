"""What can a person do with albums?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from ..domain import Cursors, Position, is_plausible
from ..domain.albums import Album, AlbumNotFoundError, AlbumOutcome
from ..store import Stores

__all__ = ["Albums"]


class Albums:
    """Make, read, change, fill, take away."""

    def __init__(self, stores: Stores, cursors: Cursors, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._albums = stores.albums
        self._cursors = cursors
        self._clock = clock

    async def make(self, album_id: str, user_id: str, title: str, ids: Sequence[str]) -> tuple[Album, dict[str, AlbumOutcome]]:
        """A new album with these pictures in it.  The same id again is the same album."""
        now = self._clock()
        await self._albums.add(Album(id=album_id, user_id=user_id, title=title, created_at=now, updated_at=now))
        outcomes = await self.act("add", album_id, user_id, ids) if ids else {}
        return await self.get(album_id, user_id), outcomes

    async def get(self, album_id: str, user_id: str | None) -> Album:
        """The album.  Raises AlbumNotFoundError."""
        return _found(await self._albums.find(_checked(album_id), user_id))

    async def page(self, user_id: str, *, cursor: str | None, limit: int) -> tuple[list[Album], str | None]:
        """A page of albums, newest first, and the cursor that goes on."""
        view = f"albums/{user_id}"
        albums = await self._albums.page(user_id, self._cursors.read(view, cursor) if cursor else None, limit + 1)
        more = self._cursors.write(view, Position(albums[limit - 1].created_at, albums[limit - 1].id)) if len(albums) > limit else None
        return albums[:limit], more

    async def change(self, album_id: str, user_id: str | None, changes: dict[str, Any]) -> Album:
        return _found(await self._albums.change(_checked(album_id), user_id, changes, self._clock()))

    async def drop(self, album_id: str, user_id: str | None) -> None:
        if not await self._albums.drop(_checked(album_id), user_id):
            raise AlbumNotFoundError

    async def act(self, act: Literal["add", "remove"], album_id: str, user_id: str | None, ids: Sequence[str]) -> dict[str, AlbumOutcome]:
        """Put pictures in or take them out; each id gets its outcome."""
        plausible = [image_id for image_id in dict.fromkeys(ids) if is_plausible(image_id)]
        outcomes = await self._albums.act(act, _checked(album_id), user_id, plausible, self._clock())
        if outcomes is None:
            raise AlbumNotFoundError
        return {image_id: outcomes.get(image_id, "not_found") for image_id in ids}


def _checked(album_id: str) -> str:
    if not is_plausible(album_id):
        raise AlbumNotFoundError
    return album_id


def _found(album: Album | None) -> Album:
    if album is None:
        raise AlbumNotFoundError
    return album
