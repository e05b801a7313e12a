"""What becomes of pictures that have their row?  Found, changed, trashed, restored, purged; every method is one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..domain import Image, Outcome, search_text
from ..tables import GoneRow, ImageRow, OutboxRow
from .database import Database
from .rows import erase, to_image, write_tags

__all__ = ["Act", "Images"]

Act = Literal["trash", "restore", "purge"]


class Images:
    """Single pictures, and acts on many."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def _row(self, session: AsyncSession, image_id: str, user_id: str | None) -> ImageRow | None:
        row = await session.get(ImageRow, image_id)
        if row is None and (gone := await session.get(GoneRow, ("image", image_id))) is not None and gone.became:
            row = await session.get(ImageRow, gone.became)
        return row if row is not None and user_id in (None, row.user_id) else None

    async def find(self, image_id: str, user_id: str | None) -> Image | None:
        """The picture, trashed or not; None when it is another's."""
        async with self._database.reading(user_id) as session:
            row = await self._row(session, image_id, user_id)
            return None if row is None else to_image(row)

    async def change(self, image_id: str, user_id: str | None, changes: dict[str, Any], *, trashed: bool, now: datetime) -> Image | None:
        """Write what the person says of a picture: title, tags, favourite.  None when it is not there."""
        async with self._database.writing(user_id) as session:
            await self._database.lock(session, [f"image:{image_id}"])
            row = await self._row(session, image_id, user_id)
            if row is None or (row.deleted_at is not None and not trashed):
                return None
            before = to_image(row)
            after = replace(before, **changes)
            if after == before:
                return before
            after = replace(after, updated_at=now)
            row.title, row.tags, row.favorite, row.updated_at = after.title, list(after.tags), after.favorite, now
            row.search = search_text(after)
            if after.tags != before.tags:
                await write_tags(session, after)
            return after

    async def act(
        self, act: Act, ids: Sequence[str], user_id: str | None, *, now: datetime, force: bool = False, before: datetime | None = None
    ) -> dict[str, Outcome]:
        """Trash, restore or purge pictures, and say for each what came of it.  `before` spares younger trash."""
        async with self._database.writing(None if act == "purge" else user_id) as session:
            await self._database.lock(session, [f"image:{image_id}" for image_id in ids])
            rows = await self._rows(session, ids, user_id)
            outcomes: dict[str, Outcome] = {}
            doomed: dict[str, ImageRow] = {}
            for image_id in ids:
                row = rows.get(image_id)
                outcomes[image_id] = _judge(act, row, force=force, before=before)
                if row is not None and outcomes[image_id] in ("trashed", "restored"):
                    row.deleted_at, row.updated_at = (now if act == "trash" else None), now
                elif row is not None and outcomes[image_id] == "purged":
                    doomed[row.id] = row
            await self._purge(session, list(doomed.values()), now)
            return outcomes

    async def _rows(self, session: AsyncSession, ids: Sequence[str], user_id: str | None) -> dict[str, ImageRow]:
        gone = await session.exec(
            select(GoneRow).where(GoneRow.kind == "image", col(GoneRow.id).in_(ids), col(GoneRow.became).is_not(None))
        )
        names = {row.id: str(row.became) for row in gone.all()}
        wanted = {image_id: names.get(image_id, image_id) for image_id in ids}
        query = select(ImageRow).where(col(ImageRow.id).in_(set(wanted.values())))
        if user_id is not None:
            query = query.where(ImageRow.user_id == user_id)
        found = {row.id: row for row in (await session.exec(query)).all()}
        return {image_id: found[real] for image_id, real in wanted.items() if real in found}

    async def _purge(self, session: AsyncSession, rows: Sequence[ImageRow], now: datetime) -> None:
        """Rows go, tombstones stay, and each file that no other row uses is noted for removal: all or nothing."""
        if not rows:
            return
        owners = {row.key: row for row in rows if row.key}
        await self._database.lock(session, [f"key:{key}" for key in owners])
        session.add_all(GoneRow(kind="image", id=row.id, user_id=row.user_id, at=now) for row in rows)
        await erase(session, [row.id for row in rows])
        used = set((await session.exec(select(ImageRow.key).where(col(ImageRow.key).in_(list(owners))))).all())
        session.add_all(
            OutboxRow(image_id=row.id, user_id=row.user_id, key=key, due_at=now) for key, row in owners.items() if key not in used
        )

    async def trash_session(self, user_id: str, session_id: str, *, now: datetime) -> int:
        """Trash the live pictures of a deleted session, once; pictures that come later go to the trash too."""
        async with self._database.writing() as session:
            await self._database.lock(session, [f"session:{session_id}"])
            if await session.get(GoneRow, ("session", session_id)):
                return 0
            session.add(GoneRow(kind="session", id=session_id, user_id=user_id, at=now))
            done = await session.exec(
                sa.update(ImageRow)
                .where(col(ImageRow.user_id) == user_id, col(ImageRow.session_id) == session_id, col(ImageRow.deleted_at).is_(None))
                .values(deleted_at=now, updated_at=now)
            )
            return int(done.rowcount)


def _judge(act: Act, row: ImageRow | None, *, force: bool, before: datetime | None) -> Outcome:
    if row is None:
        return "not_found"
    if act == "trash":
        return "trashed" if row.deleted_at is None else "unchanged"
    if act == "restore":
        return "restored" if row.deleted_at is not None else "not_in_trash"
    if row.deleted_at is None:
        return "purged" if force else "not_in_trash"
    return "unchanged" if before is not None and row.deleted_at >= before else "purged"
