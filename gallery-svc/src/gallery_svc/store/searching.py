"""Which pictures hold these words?  A look at the newest ones first, then the index of words.

Common words are found among a person's newest pictures at once, seldom ones by the index: either way the work does not grow with
the table.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..domain import NOTHING, Filter, Position
from ..tables import ImageRow, Instant

__all__ = ["behind", "holds", "in_order", "moment_of", "search"]

_NEWEST = 500
_FEW = 2000
_words = sa.table("image_search", sa.column("image_id"), sa.column("user_id"), sa.column("words"))
_docs = sa.table("image_docs", sa.column("number"), sa.column("image_id"))


def moment_of(wanted: Filter, row: Any = ImageRow) -> Any:
    """The column that a list is ordered by."""
    return col(row.deleted_at if wanted.trash else row.created_at)


def in_order(wanted: Filter, row: Any = ImageRow) -> tuple[Any, Any]:
    """Newest first."""
    return moment_of(wanted, row).desc(), col(row.id).desc()


def behind(wanted: Filter, after: Position | None) -> list[Any]:
    """The condition of rows behind a position."""
    if after is None:
        return []
    return [sa.tuple_(moment_of(wanted), col(ImageRow.id)) < sa.tuple_(sa.literal(after.at, Instant()), sa.literal(after.id))]


def holds(row: Any, phrases: Sequence[str]) -> list[Any]:
    """The conditions of a row whose words hold all phrases."""
    return [col(row.search).contains(f" {phrase}", autoescape=True) for phrase in phrases]


async def search(
    session: AsyncSession, wanted: Filter, conditions: Sequence[Any], after: Position | None, limit: int
) -> Sequence[ImageRow]:
    """A page of the pictures that hold all phrases of `wanted`."""
    if NOTHING in wanted.words:
        return []
    newest = select(ImageRow).where(*conditions, *behind(wanted, after)).order_by(*in_order(wanted)).limit(_NEWEST)
    seen = aliased(ImageRow, newest.subquery())
    found = list((await session.exec(select(seen).where(*holds(seen, wanted.words)).order_by(*in_order(wanted, seen)).limit(limit))).all())
    if len(found) == limit:
        return found
    last = sa.select(moment_of(wanted), col(ImageRow.id)).where(*conditions, *behind(wanted, after))
    edge = (await (await session.connection()).execute(last.order_by(*in_order(wanted)).offset(_NEWEST - 1).limit(1))).first()
    if edge is None:
        return found
    rest = select(ImageRow).where(*conditions, *behind(wanted, Position(*edge)), *holds(ImageRow, wanted.words))
    rest = rest.where(await _indexed(session, wanted)).order_by(*in_order(wanted)).limit(limit - len(found))
    return [*found, *(await session.exec(rest)).all()]


async def _indexed(session: AsyncSession, wanted: Filter) -> Any:
    """The condition of being in the index under all phrases: by ids when they are few, else as a subquery."""
    connection = await session.connection()
    is_sqlite = connection.dialect.name == "sqlite"
    ids = _full_text(wanted) if is_sqlite else _trigrams(wanted)
    few = [image_id for (image_id,) in await connection.execute(ids.limit(_FEW + 1))]
    if len(few) > _FEW:
        return col(ImageRow.id).in_(ids)
    if is_sqlite:
        values = sa.func.json_each(json.dumps(few)).table_valued("value")
        return col(ImageRow.id).in_(sa.select(values.c.value))
    return col(ImageRow.id) == sa.func.any(sa.literal(few, sa.ARRAY(sa.String)))


def _trigrams(wanted: Filter) -> sa.Select[tuple[str]]:
    phrases = [_words.c.words.contains(f" {phrase}", autoescape=True) for phrase in wanted.words]
    return sa.select(_words.c.image_id).where(_words.c.user_id == wanted.user_id, *phrases)


def _full_text(wanted: Filter) -> sa.Select[tuple[str]]:
    asked = " AND ".join([f'owner : "{wanted.user_id.encode().hex()}"', *(f'words : "{phrase}" *' for phrase in wanted.words)])
    matching = sa.text("SELECT rowid FROM images_fts WHERE images_fts MATCH :asked").bindparams(asked=asked).columns(sa.column("rowid"))
    return sa.select(_docs.c.image_id).where(_docs.c.number.in_(sa.select(matching.subquery().c.rowid)))
