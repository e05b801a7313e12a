"""Which albums does a person have, and what is in them?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..domain import Image, Position
from ..domain.albums import Album, AlbumFullError, AlbumOutcome, TooManyAlbumsError
from ..tables import AlbumImageRow, AlbumRow, ImageRow, Instant
from .database import Database
from .rows import to_image

__all__ = ["AlbumStore"]

MOST_ALBUMS = 1000
MOST_IMAGES = 10_000


def _to_album(row: AlbumRow, count: int = 0, cover: Image | None = None) -> Album:
    return Album(
        id=row.id, user_id=row.user_id, title=row.title, cover_id=row.cover_id, created_at=row.created_at, updated_at=row.updated_at,
        count=count, cover=cover,
    )  # fmt: skip


class AlbumStore:
    """Albums and their pictures; only live pictures count and show."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, album: Album) -> Album:
        """File a new album; the one with this id that is there already wins.  Raises TooManyAlbumsError."""
        async with self._database.writing(album.user_id) as session:
            await self._database.lock(session, [f"albums:{album.user_id}"])
            row = await session.get(AlbumRow, album.id)
            if row is None:
                number = select(sa.func.count()).select_from(AlbumRow).where(AlbumRow.user_id == album.user_id)
                if (await session.exec(number)).one() >= MOST_ALBUMS:
                    raise TooManyAlbumsError(MOST_ALBUMS)
                row = AlbumRow(
                    id=album.id, user_id=album.user_id, title=album.title, created_at=album.created_at, updated_at=album.updated_at
                )
                session.add(row)
            return _to_album(row)

    async def find(self, album_id: str, user_id: str | None) -> Album | None:
        """The album with its count and cover; None when it is another's."""
        async with self._database.reading(user_id) as session:
            row = await _row(session, album_id, user_id)
            return None if row is None else (await self._dressed(session, [row]))[0]

    async def page(self, user_id: str, after: Position | None, limit: int) -> list[Album]:
        """A person's albums, newest first."""
        at = col(AlbumRow.created_at)
        query = select(AlbumRow).where(AlbumRow.user_id == user_id).order_by(at.desc(), col(AlbumRow.id).desc()).limit(limit)
        if after is not None:
            query = query.where(sa.tuple_(at, col(AlbumRow.id)) < sa.tuple_(sa.literal(after.at, Instant()), sa.literal(after.id)))
        async with self._database.reading(user_id) as session:
            return await self._dressed(session, (await session.exec(query)).all())

    async def _dressed(self, session: AsyncSession, rows: Sequence[AlbumRow]) -> list[Album]:
        """The albums with how many live pictures they hold and their cover: the chosen one, or the newest."""
        inside = (
            select(AlbumImageRow.album_id, ImageRow.id, ImageRow.created_at)
            .join(ImageRow, col(ImageRow.id) == col(AlbumImageRow.image_id))
            .where(col(AlbumImageRow.album_id).in_([row.id for row in rows]), col(ImageRow.deleted_at).is_(None))
            .subquery()
        )
        order = sa.func.row_number().over(partition_by=inside.c.album_id, order_by=(inside.c.created_at.desc(), inside.c.id.desc()))
        number = sa.func.count().over(partition_by=inside.c.album_id)
        ranked = sa.select(inside.c.album_id, inside.c.id, order.label("place"), number.label("number")).subquery()
        newest = await (await session.connection()).execute(sa.select(ranked).where(ranked.c.place == 1))
        found = {line.album_id: (line.id, int(line.number)) for line in newest}
        wanted = {one for row in rows for one in (row.cover_id, found.get(row.id, (None, 0))[0]) if one}
        images = select(ImageRow).where(col(ImageRow.id).in_(wanted), col(ImageRow.deleted_at).is_(None))
        covers = {image.id: to_image(image) for image in (await session.exec(images)).all()}
        return [
            _to_album(row, found.get(row.id, ("", 0))[1], covers.get(row.cover_id or "") or covers.get(found.get(row.id, ("", 0))[0]))
            for row in rows
        ]

    async def change(self, album_id: str, user_id: str | None, changes: dict[str, Any], now: datetime) -> Album | None:
        """Title and cover; a cover must be in the album, else it stays as it was.  None when there is no such album."""
        async with self._database.writing(user_id) as session:
            row = await _row(session, album_id, user_id)
            if row is None:
                return None
            if changes.get("cover_id") and await session.get(AlbumImageRow, (album_id, changes["cover_id"])) is None:
                del changes["cover_id"]
            for name, value in changes.items():
                setattr(row, name, value)
            row.updated_at = now
            return (await self._dressed(session, [row]))[0]

    async def drop(self, album_id: str, user_id: str | None) -> bool:
        """Take the album away; its pictures stay."""
        async with self._database.writing(user_id) as session:
            row = await _row(session, album_id, user_id)
            if row is None:
                return False
            await session.exec(sa.delete(AlbumImageRow).where(col(AlbumImageRow.album_id) == album_id))
            await session.delete(row)
            return True

    async def act(
        self, act: Literal["add", "remove"], album_id: str, user_id: str | None, ids: Sequence[str], now: datetime
    ) -> dict[str, AlbumOutcome] | None:
        """Put pictures in or take them out, and say for each what came of it.  None when there is no such album."""
        async with self._database.writing(user_id) as session:
            await self._database.lock(session, [f"album:{album_id}"])
            album = await _row(session, album_id, user_id)
            if album is None:
                return None
            inside = set(
                (
                    await session.exec(
                        select(AlbumImageRow.image_id).where(col(AlbumImageRow.album_id) == album_id, col(AlbumImageRow.image_id).in_(ids))
                    )
                ).all()
            )
            outcomes: dict[str, AlbumOutcome]
            if act == "remove":
                await session.exec(
                    sa.delete(AlbumImageRow).where(col(AlbumImageRow.album_id) == album_id, col(AlbumImageRow.image_id).in_(inside))
                )
                outcomes = {image_id: "removed" if image_id in inside else "not_found" for image_id in ids}
                album.cover_id = None if album.cover_id in inside else album.cover_id
            else:
                outcomes = await self._put_in(session, album, ids, inside, now)
            if inside or "added" in outcomes.values():
                album.updated_at = now
            return outcomes

    async def _put_in(
        self, session: AsyncSession, album: AlbumRow, ids: Sequence[str], inside: set[str], now: datetime
    ) -> dict[str, AlbumOutcome]:
        owned = select(ImageRow.id).where(col(ImageRow.id).in_(ids), ImageRow.user_id == album.user_id, col(ImageRow.deleted_at).is_(None))
        mine = set((await session.exec(owned)).all())
        fresh = [image_id for image_id in ids if image_id in mine and image_id not in inside]
        held = select(sa.func.count()).select_from(AlbumImageRow).where(AlbumImageRow.album_id == album.id)
        if fresh and (await session.exec(held)).one() + len(fresh) > MOST_IMAGES:
            raise AlbumFullError(MOST_IMAGES)
        session.add_all(AlbumImageRow(album_id=album.id, image_id=one, user_id=album.user_id, added_at=now) for one in fresh)
        return {image_id: "added" if image_id in fresh else "unchanged" if image_id in mine & inside else "not_found" for image_id in ids}


async def _row(session: AsyncSession, album_id: str, user_id: str | None) -> AlbumRow | None:
    row = await session.get(AlbumRow, album_id)
    return row if row is not None and user_id in (None, row.user_id) else None
