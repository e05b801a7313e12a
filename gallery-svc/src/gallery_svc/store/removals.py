"""Which files are still to be removed?  Noted with the purge, told until they are gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from ..tables import OutboxRow
from .database import Database

__all__ = ["Removals"]


class Removals:
    """The outbox of file removals."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: datetime, limit: int = 100) -> list[OutboxRow]:
        """Removals not yet told, oldest first."""
        query = select(OutboxRow).where(col(OutboxRow.due_at) <= now).order_by(col(OutboxRow.due_at)).limit(limit)
        async with self._database.reading() as session:
            return list((await session.exec(query)).all())

    async def told(self, image_ids: Sequence[str]) -> None:
        if image_ids:
            async with self._database.writing() as session:
                await session.exec(sa.delete(OutboxRow).where(col(OutboxRow.image_id).in_(image_ids)))

    async def postpone(self, image_id: str, attempts: int, now: datetime) -> None:
        """Try it again later, the later the oftener it failed."""
        async with self._database.writing() as session:
            await session.exec(
                sa.update(OutboxRow)
                .where(col(OutboxRow.image_id) == image_id)
                .values(attempts=attempts, due_at=now + timedelta(seconds=min(60, 0.25 * 2 ** min(attempts, 8))))
            )
