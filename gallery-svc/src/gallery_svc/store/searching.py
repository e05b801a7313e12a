"""Which pictures hold these words?  A look at the newest ones first, then the index of words.

Common words are found among a person's newest pictures at once, seldom ones by the index: either way the work does not grow with
the table.
"""

from __future__ import annotations

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
_LOOKS, _SPARE = 5, 60
_words = sa.table("image_search", sa.column("image_id"), sa.column("user_id"), sa.column("words"), sa.column("created_at", Instant()))
_docs = sa.table("image_docs", sa.column("number"), sa.column("image_id"), sa.column("created_at", Instant()))


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
    found += await _matches(session, wanted, conditions, Position(*edge), limit - len(found))
    return found


async def _matches(session: AsyncSession, wanted: Filter, conditions: Sequence[Any], after: Position, limit: int) -> list[ImageRow]:
    """Pictures behind a position, by the index of words: its newest matches first, as many as it takes.

    The first of `conditions` is the owner's.
    """
    connection = await session.connection()
    index = _full_text if connection.dialect.name == "sqlite" else _trigrams
    found: list[ImageRow] = []
    # by id, whatever the planner thinks of the person's index: it knows how many rows a person has on the average only
    own, others = col(ImageRow.user_id).concat("") == wanted.user_id, conditions[1:]
    if not wanted.trash:  # the index is in the order of the live list only
        for _ in range(_LOOKS):
            most = 4 * limit + _SPARE
            matches = (await connection.execute(index(wanted, after).limit(most))).all()
            rows = select(ImageRow).where(own, *others, col(ImageRow.id).in_([match.image_id for match in matches]))
            by_id = {row.id: row for row in (await session.exec(rows)).all()}
            found += [by_id[match.image_id] for match in matches if match.image_id in by_id]
            if len(found) >= limit or len(matches) < most:
                return found[:limit]
            after = Position(matches[-1].created_at, matches[-1].image_id)
    ids = sa.select(index(wanted).subquery().c.image_id)
    rest = select(ImageRow).where(*conditions, *behind(wanted, after), *holds(ImageRow, wanted.words), col(ImageRow.id).in_(ids))
    return [*found, *(await session.exec(rest.order_by(*in_order(wanted)).limit(limit - len(found)))).all()]


def _trigrams(wanted: Filter, after: Position | None = None) -> sa.Select[Any]:
    phrases = [_words.c.words.contains(f" {phrase}", autoescape=True) for phrase in wanted.words]
    matching = sa.select(_words.c.image_id, _words.c.created_at).where(_words.c.user_id == wanted.user_id, *phrases)
    return matching if after is None else _newest(matching, _words, after)


def _full_text(wanted: Filter, after: Position | None = None) -> sa.Select[Any]:
    asked = " AND ".join([f'owner : "{wanted.user_id.encode().hex()}"', *(f'words : "{phrase}" *' for phrase in wanted.words)])
    numbers = sa.text("SELECT rowid FROM images_fts WHERE images_fts MATCH :asked").bindparams(asked=asked).columns(sa.column("rowid"))
    matching = sa.select(_docs.c.image_id, _docs.c.created_at).where(_docs.c.number.in_(sa.select(numbers.subquery().c.rowid)))
    return matching if after is None else _newest(matching, _docs, after)


def _newest(matching: sa.Select[Any], table: sa.TableClause, after: Position) -> sa.Select[Any]:
    """Matches behind a position, newest first."""
    place = sa.tuple_(table.c.created_at, table.c.image_id)
    behind_it = place < sa.tuple_(sa.literal(after.at, Instant()), sa.literal(after.id))
    return matching.where(behind_it).order_by(table.c.created_at.desc(), table.c.image_id.desc())
