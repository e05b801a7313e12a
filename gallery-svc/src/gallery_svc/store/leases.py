"""Which replica does the work that only one may do at a time?"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col

from ..tables import LeaseRow
from .database import Database

__all__ = ["Leases"]


class Leases:
    """Rights to a work, each until a moment; who dies loses it then."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take or renew the lease; False while somebody else has it."""
        async with self._database.writing() as session:
            await self._database.lock(session, [f"lease:{name}"])
            row = await session.get(LeaseRow, name)
            if row is None:
                session.add(LeaseRow(name=name, holder=holder, until=until))
                return True
            if row.holder != holder and row.until > now:
                return False
            row.holder, row.until = holder, until
            return True

    async def give_back(self, name: str, holder: str) -> None:
        async with self._database.writing() as session:
            await session.exec(sa.delete(LeaseRow).where(col(LeaseRow.name) == name, col(LeaseRow.holder) == holder))
