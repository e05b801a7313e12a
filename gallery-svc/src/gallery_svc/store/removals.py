"""Which files do rows need, and which are to be removed?  Removals are noted with the purge, and told until they are done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from ..tables import ImageRow, OutboxRow
from .database import Database

__all__ = ["Removals"]


class Removals:
    """The outbox of file removals, and what rows say of files."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: datetime, limit: int = 100) -> list[OutboxRow]:
        """Removals to be told now, oldest first."""
        query = select(OutboxRow).where(col(OutboxRow.due_at) <= now).order_by(col(OutboxRow.due_at)).limit(limit)
        async with self._database.reading() as session:
            return list((await session.exec(query)).all())

    async def confirmed(self, image_id: str, key: str) -> None:
        """The file is gone."""
        async with self._database.writing() as session:
            await session.exec(sa.delete(OutboxRow).where(col(OutboxRow.image_id) == image_id, col(OutboxRow.key) == key))

    async def postpone(self, later: Mapping[datetime, Sequence[str]]) -> None:
        """Tell these again then, unless they are confirmed by then."""
        async with self._database.writing() as session:
            for due_at, image_ids in later.items():
                waiting = sa.update(OutboxRow).where(col(OutboxRow.image_id).in_(image_ids))
                await session.exec(waiting.values(attempts=OutboxRow.attempts + 1, due_at=due_at))

    async def known(self, keys: Sequence[str]) -> set[str]:
        """Which of these files a row has, was made of, or wants removed."""
        found: set[str | None] = set()
        async with self._database.reading() as session:
            for column in (ImageRow.key, ImageRow.parent_key, OutboxRow.key):
                found |= set((await session.exec(select(column).where(col(column).in_(keys)))).all())
        return {key for key in found if key}

    async def files(self, after: str, limit: int) -> list[str]:
        """Keys of rows behind this one, in their order."""
        query = select(ImageRow.key).where(col(ImageRow.key) > after).order_by(col(ImageRow.key)).distinct().limit(limit)
        async with self._database.reading() as session:
            return [key for key in (await session.exec(query)).all() if key]

    async def images_of(self, keys: Sequence[str]) -> list[str]:
        async with self._database.reading() as session:
            return list((await session.exec(select(ImageRow.id).where(col(ImageRow.key).in_(keys)))).all())
