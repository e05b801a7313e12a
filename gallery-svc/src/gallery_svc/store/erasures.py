"""How far is a person's erasure?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..domain.erasures import REPORTERS, Erasure, name_of
from ..tables import AlbumImageRow, AlbumRow, ErasureRow, GoneRow, ImageRow, ItemRow, OutboxRow, RecipeRow, RunRow, TagRow
from .database import Database

__all__ = ["Erasures"]

_RETELL = timedelta(seconds=5)


def _to_erasure(row: ErasureRow, files_left: int) -> Erasure:
    return Erasure(
        id=row.id, at=row.at, counts=dict(row.counts), reported=tuple(row.reported), files_left=files_left, finished_at=row.finished_at
    )


class Erasures:
    """Erasures, what they take away here, and what others reported."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, erasure_id: str, user_id: str, now: datetime) -> str:
        """Note the wish, once: the id of the erasure that runs, a new one when the last is finished."""
        name = name_of(user_id)
        async with self._database.writing() as session:
            await self._database.lock(session, [f"erasure:{name}"])
            row = await session.get(ErasureRow, name)
            if row is not None and row.finished_at is None:
                return row.id
            if row is not None:
                await session.delete(row)
                await session.flush()
            session.add(ErasureRow(name=name, id=erasure_id, user_id=user_id, at=now, due_at=now + _RETELL, counts={}, reported=[]))
            mark = await session.get(GoneRow, ("user", name))
            if mark is None:
                session.add(GoneRow(kind="user", id=name, user_id="", at=now))
            else:
                mark.at = now
            return erasure_id

    async def find(self, user_id: str) -> Erasure | None:
        async with self._database.reading() as session:
            row = await session.get(ErasureRow, name_of(user_id))
            return None if row is None else _to_erasure(row, await _files_left(session, user_id))

    async def due(self, now: datetime) -> list[tuple[str, Erasure]]:
        """Unfinished erasures whose turn it is, with whose they are; they are due again in a while."""
        async with self._database.writing() as session:
            query = select(ErasureRow).where(col(ErasureRow.due_at) <= now).order_by(col(ErasureRow.due_at)).limit(20)
            rows = (await session.exec(query)).all()
            for row in rows:
                row.due_at = now + _RETELL
            return [(row.user_id, _to_erasure(row, await _files_left(session, row.user_id))) for row in rows]

    async def take(self, user_id: str, at: datetime, limit: int) -> int:
        """Take a batch of the person's pictures away, and note their files for removal; how many rows went."""
        async with self._database.writing() as session:
            await self._database.lock(session, [f"erasing:{user_id}"])
            query = select(ImageRow).where(ImageRow.user_id == user_id, col(ImageRow.created_at) <= at).limit(limit)
            rows = (await session.exec(query)).all()
            keys = {key for row in rows for key in (row.key, row.parent_key) if key}
            ids = [row.id for row in rows]
            await self._database.lock(session, [f"key:{key}" for key in keys])
            for table in (TagRow, AlbumImageRow):
                await session.exec(sa.delete(table).where(col(table.image_id).in_(ids)))
            await session.exec(sa.delete(ImageRow).where(col(ImageRow.id).in_(ids)))
            await self._free(session, user_id, sorted(keys), at)
            return len(rows)

    async def take_rest(self, user_id: str, at: datetime) -> dict[str, int]:
        """Take away what else the person has here; how many of each kind."""
        counts: dict[str, int] = {}
        async with self._database.writing() as session:
            await self._database.lock(session, [f"erasing:{user_id}"])
            for name, table in (("albums", AlbumRow), ("recipes", RecipeRow), ("runs", RunRow)):
                done = await session.exec(sa.delete(table).where(col(table.user_id) == user_id, col(table.created_at) <= at))
                counts[name] = int(done.rowcount)
            kept = select(RunRow.id).where(RunRow.user_id == user_id)
            await session.exec(sa.delete(ItemRow).where(col(ItemRow.user_id) == user_id, col(ItemRow.run_id).not_in(kept)))
            marks = sa.delete(GoneRow).where(col(GoneRow.user_id) == user_id, col(GoneRow.at) <= at)
            await session.exec(marks)
        return counts

    async def free(self, user_id: str, keys: Sequence[str], now: datetime) -> None:
        """Note files for removal that another service gave up, unless a row still needs them."""
        async with self._database.writing() as session:
            await self._database.lock(session, [f"key:{key}" for key in keys])
            await self._free(session, user_id, keys, now)

    async def _free(self, session: AsyncSession, user_id: str, keys: Sequence[str], now: datetime) -> None:
        needed = set((await session.exec(select(ImageRow.key).where(col(ImageRow.key).in_(keys)))).all())
        noted = set((await session.exec(select(OutboxRow.key).where(col(OutboxRow.image_id).in_(keys)))).all())
        fresh = [key for key in keys if key not in needed and key not in noted]
        session.add_all(OutboxRow(image_id=key, user_id=user_id, key=key, due_at=now) for key in fresh)

    async def add(self, user_id: str, counts: dict[str, int], *, erasure_id: str | None = None, reporter: str | None = None) -> None:
        """Add numbers to the report; of a reporter the first report of an erasure counts.  A late one of another erasure is passed over."""
        async with self._database.writing() as session:
            await self._database.lock(session, [f"erasure:{name_of(user_id)}"])
            row = await session.get(ErasureRow, name_of(user_id))
            if row is None or (erasure_id is not None and row.id != erasure_id) or (reporter is not None and reporter in row.reported):
                return
            row.counts = {**row.counts, **{name: row.counts.get(name, 0) + number for name, number in counts.items()}}
            if reporter is not None:
                row.reported = [*row.reported, reporter]

    async def finish(self, user_id: str, now: datetime) -> bool:
        """Close the erasure when everybody reported and every file is gone; the person's name goes last."""
        async with self._database.writing() as session:
            await self._database.lock(session, [f"erasure:{name_of(user_id)}"])
            row = await session.get(ErasureRow, name_of(user_id))
            if row is None or row.finished_at is not None or set(row.reported) < set(REPORTERS) or await _files_left(session, user_id):
                return False
            row.finished_at, row.due_at, row.user_id = now, None, ""
            return True


async def _files_left(session: AsyncSession, user_id: str) -> int:
    if not user_id:
        return 0
    return (await session.exec(select(sa.func.count()).select_from(OutboxRow).where(OutboxRow.user_id == user_id))).one()
