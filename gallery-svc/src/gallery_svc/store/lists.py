"""Which pictures does a person have?  Pages, counts, the trash, facets."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from ..domain import Facets, Filter, Image, Position, fold
from ..tables import AlbumImageRow, ImageRow, TagRow
from .database import Database
from .rows import to_image
from .searching import behind, holds, in_order, search

__all__ = ["Lists"]

_TOP_TAGS = 50


class Lists:
    """What is read of many pictures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: Filter, after: Position | None, limit: int) -> list[Image]:
        """Pictures newest first, from behind a position on."""
        conditions = _conditions(wanted)
        async with self._database.reading(wanted.user_id) as session:
            if wanted.words:
                return [to_image(row) for row in await search(session, wanted, conditions, after, limit)]
            query = select(ImageRow).where(*conditions, *behind(wanted, after)).order_by(*in_order(wanted)).limit(limit)
            return [to_image(row) for row in (await session.exec(query)).all()]

    async def count(self, wanted: Filter) -> int:
        """How many pictures match, all pages together."""
        number = select(sa.func.count()).select_from(ImageRow).where(*_conditions(wanted), *holds(ImageRow, wanted.words))
        async with self._database.reading(wanted.user_id) as session:
            return (await session.exec(number)).one()

    async def trash_ids(self, user_id: str | None, *, before: datetime | None, limit: int) -> list[str]:
        """Ids in the trash, oldest first: a person's, or everybody's."""
        query = select(ImageRow.id).where(col(ImageRow.deleted_at).is_not(None)).order_by(col(ImageRow.deleted_at)).limit(limit)
        if user_id is not None:
            query = query.where(ImageRow.user_id == user_id)
        if before is not None:
            query = query.where(col(ImageRow.deleted_at) < before)
        async with self._database.reading(user_id) as session:
            return list((await session.exec(query)).all())

    async def facets(self, user_id: str) -> Facets:
        """Counts of a person's pictures by kind, in one look at them."""
        live = (ImageRow.user_id == user_id, col(ImageRow.deleted_at).is_(None))
        number = sa.func.count()
        kinds = (
            select(ImageRow.intent, ImageRow.provider, number, number.filter(col(ImageRow.favorite)))
            .where(*live)
            .group_by(col(ImageRow.intent), col(ImageRow.provider))
        )
        tags = (
            select(sa.func.min(TagRow.name), number)
            .join(ImageRow, col(ImageRow.id) == col(TagRow.image_id))
            .where(TagRow.user_id == user_id, *live)
            .group_by(col(TagRow.tag))
            .order_by(number.desc(), col(TagRow.tag))
            .limit(_TOP_TAGS)
        )
        trash = select(number).select_from(ImageRow).where(ImageRow.user_id == user_id, col(ImageRow.deleted_at).is_not(None))
        intents: Counter[str] = Counter()
        providers: Counter[str] = Counter()
        total = favorites = 0
        async with self._database.reading(user_id) as session:
            for intent, provider, count, favored in (await session.exec(kinds)).all():
                total, favorites = total + count, favorites + favored
                intents.update({intent: count} if intent else {})
                providers.update({provider: count} if provider else {})
            return Facets(
                total=total,
                favorites=favorites,
                trash=(await session.exec(trash)).one(),
                intents=dict(intents.most_common()),
                providers=dict(providers.most_common()),
                tags={name: int(count) for name, count in (await session.exec(tags)).all()},
            )


def _conditions(wanted: Filter) -> list[Any]:
    row = ImageRow
    found: list[Any] = [
        row.user_id == wanted.user_id,
        col(row.deleted_at).is_not(None) if wanted.trash else col(row.deleted_at).is_(None),
    ]
    for column, value in ((row.intent, wanted.intent), (row.provider, wanted.provider), (row.session_id, wanted.session_id)):
        if value is not None:
            found.append(column == value)
    if wanted.favorite is not None:
        found.append(col(row.favorite) if wanted.favorite else sa.not_(col(row.favorite)))
    if wanted.tag is not None:
        tagged = select(TagRow.image_id).where(TagRow.user_id == wanted.user_id, TagRow.tag == fold(wanted.tag))
        found.append(col(row.id).in_(tagged))
    if wanted.album_id is not None:
        inside = select(AlbumImageRow.image_id).where(AlbumImageRow.album_id == wanted.album_id, AlbumImageRow.user_id == wanted.user_id)
        found.append(col(row.id).in_(inside))
    if wanted.since is not None:
        found.append(col(row.created_at) >= wanted.since)
    if wanted.until is not None:
        found.append(col(row.created_at) <= wanted.until)
    return found
