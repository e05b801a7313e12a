"""Where does a picture come from, and what came of it?"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..domain import Image
from ..tables import ImageRow
from .database import Database
from .rows import to_image

__all__ = ["Lineage", "link"]

_DEPTH = 100
_NODES = 500


class Lineage:
    """The chain before a picture and the tree behind it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ancestors(self, image: Image) -> list[Image]:
        """The pictures that this one came from, oldest first."""
        chain = (
            select(ImageRow.id, ImageRow.parent_id, sa.literal(1).label("depth"))
            .where(ImageRow.id == image.parent_id, ImageRow.user_id == image.user_id)
            .cte("chain", recursive=True)
        )
        chain = chain.union_all(
            select(ImageRow.id, ImageRow.parent_id, chain.c.depth + 1).where(
                ImageRow.id == chain.c.parent_id, ImageRow.user_id == image.user_id, chain.c.depth < _DEPTH
            )
        )
        query = select(ImageRow).join(chain, chain.c.id == col(ImageRow.id)).order_by(chain.c.depth.desc())
        async with self._database.reading(image.user_id) as session:
            rows = (await session.exec(query)).all()
        found = {row.id: to_image(row) for row in rows if row.id != image.id}
        return list(found.values())

    async def descendants(self, image: Image) -> list[Image]:
        """The pictures that came from this one, generation by generation, at most 500."""
        found: dict[str, Image] = {}
        generation = [image.id]
        async with self._database.reading(image.user_id) as session:
            for _ in range(_DEPTH):
                query = (
                    select(ImageRow)
                    .where(col(ImageRow.parent_id).in_(generation), ImageRow.user_id == image.user_id)
                    .order_by(col(ImageRow.created_at), col(ImageRow.id))
                    .limit(_NODES)
                )
                rows = [row for row in (await session.exec(query)).all() if row.id not in found and row.id != image.id]
                generation = [row.id for row in rows[: _NODES - len(found)]]
                found.update({row.id: to_image(row) for row in rows[: _NODES - len(found)]})
                if not generation:
                    break
        return list(found.values())


async def link(session: AsyncSession, rows: Sequence[ImageRow]) -> None:
    """Let these new rows find their parents by the file they were made of, and children that came before them find them."""
    parents = {(row.user_id, row.parent_key) for row in rows if row.parent_key}
    keys = {key for _, key in parents}
    found = (await session.exec(select(ImageRow).where(col(ImageRow.key).in_(keys)))).all() if keys else ()
    by_key: dict[tuple[str, str | None], str] = {(row.user_id, row.key): row.id for row in [*found, *rows] if row.key}
    for row in rows:
        row.parent_id = by_key.get((row.user_id, row.parent_key), row.parent_id) if row.parent_key else row.parent_id
    mine: dict[tuple[str, str | None], str] = {(row.user_id, row.key): row.id for row in rows if row.key}
    if mine:
        early = select(ImageRow).where(col(ImageRow.parent_key).in_([key for _, key in mine]))
        for child in (await session.exec(early)).all():
            child.parent_id = mine.get((child.user_id, child.parent_key)) or child.parent_id
