"""How does a picture get its row?  Finished ones in batches, once; a person's own by their source."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from photofun_common.errors import UnavailableError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..domain import Image, search_text
from ..domain.erasures import name_of
from ..tables import GoneRow, ImageRow, OutboxRow
from .database import Database
from .lineage import link
from .rows import erase, hash_of, move_albums, to_image, to_row, write_tags

__all__ = ["Filing"]

_BATCH = 100
_FACTS = (
    "key", "job_id", "step", "index", "session_id", "parent_id", "parent_key", "feature", "intent", "params", "prompt", "refined_prompt",
    "provider", "model", "degraded", "width", "height", "bytes", "content_type", "created_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A picture to be filed: when its job was accepted, when it came, and who waits to hear whether it was kept."""

    image: Image
    accepted_at: datetime
    now: datetime
    answer: asyncio.Future[bool]


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)


class Filing:
    """Writes pictures down."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._results: list[_Waiting] = []
        self._filing: asyncio.Task[None] | None = None

    async def aclose(self) -> None:
        """Let what is being filed be filed."""
        if self._filing is not None:
            await self._filing

    async def save_result(self, image: Image, *, accepted_at: datetime, now: datetime) -> bool:
        """File a finished picture.  False when it is gone for good.

        A repeat changes nothing, a newer telling renews what the engine said; what the person said and the trash stay.
        Pictures that come at the same time share a transaction.
        """
        waiting = _Waiting(image, accepted_at, now, asyncio.get_running_loop().create_future())
        self._results.append(waiting)
        if self._filing is None or self._filing.done():
            self._filing = asyncio.create_task(self._file_waiting())
        return await waiting.answer

    async def _file_waiting(self) -> None:
        while self._results:
            batch, self._results = self._results[:_BATCH], self._results[_BATCH:]
            try:
                await self._settle(batch)
            except UnavailableError as error:
                _fail(batch, error)
            except Exception:  # one of them is at fault: each alone, so that the others are filed
                for alone in batch:
                    try:
                        await self._settle([alone])
                    except Exception as error:  # its own handler reports it
                        _fail([alone], error)

    async def _settle(self, batch: list[_Waiting]) -> None:
        accepted = {waiting.image.id: waiting.accepted_at for waiting in batch}
        kept = await self._file_results([waiting.image for waiting in batch], accepted, now=batch[0].now)
        for waiting in batch:
            if not waiting.answer.done():
                waiting.answer.set_result(waiting.image.id in kept)

    async def _file_results(self, images: Sequence[Image], accepted: Mapping[str, datetime], *, now: datetime) -> set[str]:
        """File these in one transaction; the ids of those that are not gone."""
        ids = {image.id for image in images}
        sessions = {image.session_id for image in images if image.session_id}
        keys = {image.key for image in images if image.key}
        async with self._database.writing() as session:
            await self._database.lock(session, [f"image:{image_id}" for image_id in ids])
            await self._database.lock(session, [f"session:{session_id}" for session_id in sessions])
            await self._database.lock(session, [f"key:{key}" for key in keys])
            marks = select(GoneRow).where(
                sa.or_(
                    sa.and_(col(GoneRow.kind) == "image", col(GoneRow.id).in_(ids)),
                    sa.and_(col(GoneRow.kind) == "session", col(GoneRow.id).in_(sessions)),
                    sa.and_(col(GoneRow.kind) == "user", col(GoneRow.id).in_({name_of(image.user_id) for image in images})),
                )
            )
            found = (await session.exec(marks)).all()
            gone = {(mark.kind, mark.id): mark.user_id for mark in found}
            erased = {mark.id: mark.at for mark in found if mark.kind == "user"}
            rows = {row.id: row for row in (await session.exec(select(ImageRow).where(col(ImageRow.id).in_(ids)))).all()}
            brought = select(ImageRow).where(col(ImageRow.key).in_(keys), col(ImageRow.source_hash).is_not(None))
            copies = [row for row in (await session.exec(brought)).all() if row.id not in ids]
            fresh: list[ImageRow] = []
            unwanted: list[Image] = []
            for image in images:
                row = rows.get(image.id)
                if ("image", image.id) in gone:
                    continue
                if (at := erased.get(name_of(image.user_id))) is not None and accepted[image.id] <= at:
                    gone["image", image.id] = ""
                    unwanted.append(image)
                    continue
                if row is None:
                    if image.session_id and gone.get(("session", image.session_id)) == image.user_id:
                        image = replace(image, deleted_at=now)
                    mine = [copy for copy in copies if (copy.user_id, copy.key) == (image.user_id, image.key)]
                    copies = [copy for copy in copies if copy not in mine]
                    rows[image.id] = await self._file_new(session, image, mine, now)
                    fresh.append(rows[image.id])
                elif row.user_id == image.user_id and image.created_at > row.created_at:
                    for name in _FACTS:
                        setattr(row, name, getattr(image, name))
                    row.details = image.metadata
                    row.search = search_text(to_image(row))
            await link(session, fresh)
            await self._refuse(session, unwanted, now)
            return {image_id for image_id in ids if ("image", image_id) not in gone}

    async def _refuse(self, session: AsyncSession, images: Sequence[Image], now: datetime) -> None:
        """What an erased person's late jobs made goes as well."""
        keys = [image.key for image in images if image.key]
        noted = set((await session.exec(select(OutboxRow.image_id).where(col(OutboxRow.image_id).in_(keys)))).all()) if keys else set()
        fresh = {image.key: image for image in images if image.key and image.key not in noted}
        session.add_all(OutboxRow(image_id=key, user_id=image.user_id, key=key, due_at=now) for key, image in fresh.items())

    async def _file_new(self, session: AsyncSession, image: Image, copies: Sequence[ImageRow], now: datetime) -> ImageRow:
        """A new row, in the place of `copies` that the person brought by the picture's URL before its news came."""
        source = None
        for copy in copies:
            image = replace(
                image,
                title=copy.title or image.title, tags=tuple(copy.tags) or image.tags, favorite=copy.favorite or image.favorite,
                deleted_at=copy.deleted_at or image.deleted_at,
            )  # fmt: skip
            source = copy.source_hash
            session.expunge(copy)
            await move_albums(session, copy.id, image.id)
            await erase(session, [copy.id])
            session.add(GoneRow(kind="image", id=copy.id, user_id=copy.user_id, became=image.id, at=now))
        row = to_row(image, source_hash=source)
        session.add(row)
        if image.tags:
            await write_tags(session, image)
        return row

    async def known(self, user_id: str, source: str, *, now: datetime) -> Image | None:
        """What the person brought from this source before; out of the trash again."""
        async with self._database.writing() as session:
            same = select(ImageRow).where(ImageRow.user_id == user_id, ImageRow.source_hash == hash_of(source))
            row = (await session.exec(same)).first()
            if row is not None and row.deleted_at is not None:
                row.deleted_at, row.updated_at = None, now
            return None if row is None else to_image(row)

    async def save_import(self, image: Image, *, source: str) -> Image:
        """File what a person brings; the same source of the same person is one row, and that row is the answer."""
        hashed = hash_of(source)
        async with self._database.writing() as session:
            await self._database.lock(session, [f"source:{image.user_id}:{hashed}"])
            await self._database.lock(session, [f"key:{image.key}"] if image.key else [])
            same = col(ImageRow.source_hash) == hashed
            if image.key:
                same = sa.or_(same, col(ImageRow.key) == image.key)
            rows = await session.exec(select(ImageRow).where(ImageRow.user_id == image.user_id, same).order_by(col(ImageRow.created_at)))
            row = rows.first()
            if row is None:
                row = to_row(image, source_hash=hashed)
                session.add(row)
                await write_tags(session, image)
                await link(session, [row])
            elif row.deleted_at is not None:
                row.deleted_at, row.updated_at = None, image.created_at
            if image.key:
                await session.exec(sa.delete(OutboxRow).where(col(OutboxRow.key) == image.key))
            return to_image(row)
