"""Where are pictures kept?  In PostgreSQL or SQLite, one code for both; every method is one transaction."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from photofun_common.errors import UnavailableError
from sqlalchemy import event, exc
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from .domain import Facets, Filter, Image, Outcome, Position, fold, search_text
from .tables import GoneRow, ImageRow, Instant, OutboxRow, TagRow

__all__ = ["Act", "SqlStore"]

Act = Literal["trash", "restore", "purge"]
_BATCH = 100
_DEPTH = 100
_NODES = 500
_TOP_TAGS = 50
_FACTS = (
    "key", "job_id", "step", "index", "session_id", "parent_id", "feature", "intent", "params", "prompt", "refined_prompt", "provider",
    "model", "degraded", "width", "height", "bytes", "content_type", "created_at", "updated_at",
)  # fmt: skip
_Waiting = tuple[Image, datetime, asyncio.Future[bool]]


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for _, _, waiting in batch:
        if not waiting.done():
            waiting.set_exception(error)


def _number(name: str) -> int:
    """A lock's number: 64 bits out of its name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def _source_hash(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()


def _to_image(row: ImageRow) -> Image:
    values = {item.name: getattr(row, "details" if item.name == "metadata" else item.name) for item in fields(Image)}
    return Image(**{**values, "tags": tuple(row.tags or ())})


def _to_row(image: Image, *, source_hash: str | None = None) -> ImageRow:
    values = {item.name: getattr(image, item.name) for item in fields(Image) if item.name != "metadata"}
    return ImageRow(**{**values, "tags": list(image.tags)}, details=image.metadata, search=search_text(image), source_hash=source_hash)


class SqlStore:
    """The gallery's database.  It starts without it: until `opened` is called, every method raises UnavailableError."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self._is_open = False
        self._sqlite = sa.make_url(url).get_backend_name() == "sqlite"
        self._writer = asyncio.Lock()
        self._results: list[_Waiting] = []
        self._filing: asyncio.Task[None] | None = None
        self._engine = self._sqlite_engine(url) if self._sqlite else self._postgres_engine(url, pool_size)
        self._reads = async_sessionmaker(self._engine, class_=AsyncSession, expire_on_commit=False)
        self._writes = async_sessionmaker(self._engine.execution_options(writes=True), class_=AsyncSession, expire_on_commit=False)

    @staticmethod
    def _postgres_engine(url: str, pool_size: int) -> AsyncEngine:
        return create_async_engine(
            url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, pool_timeout=2, pool_recycle=1800,
            connect_args={
                "connect_timeout": 2,
                "options": "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000",
            },
        )  # fmt: skip

    @staticmethod
    def _sqlite_engine(url: str) -> AsyncEngine:
        file = sa.make_url(url).database
        if file and file != ":memory:":
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(url)

        @event.listens_for(engine.sync_engine, "connect")
        def connected(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "busy_timeout=5000", "synchronous=FULL", "cache_size=-16000"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def begun(connection: sa.Connection) -> None:
            writes = connection.get_execution_options().get("writes")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    def opened(self) -> None:
        """The tables are there now."""
        self._is_open = True

    async def aclose(self) -> None:
        if self._filing is not None:
            await self._filing
        await self._engine.dispose()

    async def ping(self) -> bool:
        async with self._reading() as session:
            await session.exec(select(sa.literal(1)))
        return True

    # --- transactions

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncSession]:
        async with self._translated(), self._reads() as session:
            yield session

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncSession]:
        async with self._translated():
            if not self._sqlite:
                async with self._writes() as session, session.begin():
                    yield session
                return
            async with self._writer, self._writes() as session, session.begin():
                yield session

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        if not self._is_open:
            raise UnavailableError("The gallery's database is not ready", slug="database-unavailable")
        try:
            yield
        except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
            raise UnavailableError("The gallery's database does not answer", slug="database-unavailable") from error
        except exc.DBAPIError as error:
            if error.connection_invalidated:
                raise UnavailableError("The gallery's database went away", slug="database-unavailable") from error
            raise

    async def _lock(self, session: AsyncSession, names: Iterable[str]) -> None:
        """Hold these names until the transaction ends.  SQLite has one writer at a time anyway."""
        numbers = sorted({_number(name) for name in names})
        if numbers and not self._sqlite:
            held = sa.text("SELECT pg_advisory_xact_lock(number) FROM unnest(CAST(:numbers AS bigint[])) AS number")
            await (await session.connection()).execute(held, {"numbers": numbers})

    # --- filing

    async def save_result(self, image: Image, *, now: datetime) -> bool:
        """File a finished picture.  False when it is gone for good.

        A repeat changes nothing, a newer telling renews what the engine said; what the person said and the trash stay.
        Pictures that come at the same time share a transaction.
        """
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._results.append((image, now, waiting))
        if self._filing is None or self._filing.done():
            self._filing = asyncio.create_task(self._file_waiting())
        return await waiting

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
        kept = await self._file_results([image for image, _, _ in batch], now=batch[0][1])
        for image, _, waiting in batch:
            if not waiting.done():
                waiting.set_result(image.id in kept)

    async def _file_results(self, images: Sequence[Image], *, now: datetime) -> set[str]:
        """File these in one transaction; the ids of those that are not gone."""
        ids = {image.id for image in images}
        sessions = {image.session_id for image in images if image.session_id}
        keys = {image.key for image in images if image.key}
        async with self._writing() as session:
            await self._lock(session, [f"image:{image_id}" for image_id in ids])
            await self._lock(session, [f"session:{session_id}" for session_id in sessions])
            await self._lock(session, [f"key:{key}" for key in keys])
            marks = select(GoneRow).where(
                sa.or_(
                    sa.and_(col(GoneRow.kind) == "image", col(GoneRow.id).in_(ids)),
                    sa.and_(col(GoneRow.kind) == "session", col(GoneRow.id).in_(sessions)),
                )
            )
            gone = {(mark.kind, mark.id): mark.user_id for mark in (await session.exec(marks)).all()}
            rows = {row.id: row for row in (await session.exec(select(ImageRow).where(col(ImageRow.id).in_(ids)))).all()}
            brought = select(ImageRow).where(col(ImageRow.key).in_(keys), col(ImageRow.source_hash).is_not(None))
            copies = [row for row in (await session.exec(brought)).all() if row.id not in ids]
            for image in images:
                row = rows.get(image.id)
                if ("image", image.id) in gone:
                    continue
                if row is None:
                    if image.session_id and gone.get(("session", image.session_id)) == image.user_id:
                        image = replace(image, deleted_at=now)
                    mine = [copy for copy in copies if (copy.user_id, copy.key) == (image.user_id, image.key)]
                    copies = [copy for copy in copies if copy not in mine]
                    rows[image.id] = await self._file_new(session, image, mine, now)
                elif row.user_id == image.user_id and image.created_at > row.created_at:
                    for name in _FACTS:
                        setattr(row, name, getattr(image, name))
                    row.details = image.metadata
                    row.search = search_text(_to_image(row))
            return {image_id for image_id in ids if ("image", image_id) not in gone}

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
            await self._erase(session, [copy.id])
            session.add(GoneRow(kind="image", id=copy.id, user_id=copy.user_id, became=image.id, at=now))
        row = _to_row(image, source_hash=source)
        session.add(row)
        if image.tags:
            await self._write_tags(session, image)
        return row

    async def save_import(self, image: Image, *, source: str) -> Image:
        """File what a person brings; the same source of the same person is one row, and that row is the answer."""
        hashed = _source_hash(source)
        async with self._writing() as session:
            await self._lock(session, [f"source:{image.user_id}:{hashed}"])
            await self._lock(session, [f"key:{image.key}"] if image.key else [])
            same = col(ImageRow.source_hash) == hashed
            if image.key:
                same = sa.or_(same, col(ImageRow.key) == image.key)
            rows = await session.exec(select(ImageRow).where(ImageRow.user_id == image.user_id, same).order_by(col(ImageRow.created_at)))
            row = rows.first()
            if row is None:
                row = _to_row(image, source_hash=hashed)
                session.add(row)
                await self._write_tags(session, image)
            elif row.deleted_at is not None:
                row.deleted_at, row.updated_at = None, image.created_at
            if image.key:
                await session.exec(sa.delete(OutboxRow).where(col(OutboxRow.key) == image.key))
            return _to_image(row)

    async def _write_tags(self, session: AsyncSession, image: Image) -> None:
        await session.exec(sa.delete(TagRow).where(col(TagRow.image_id) == image.id))
        session.add_all(TagRow(image_id=image.id, user_id=image.user_id, tag=fold(tag), name=tag) for tag in image.tags)

    # --- one picture

    async def _row(self, session: AsyncSession, image_id: str, user_id: str | None) -> ImageRow | None:
        row = await session.get(ImageRow, image_id)
        if row is None and (gone := await session.get(GoneRow, ("image", image_id))) is not None and gone.became:
            row = await session.get(ImageRow, gone.became)
        return row if row is not None and user_id in (None, row.user_id) else None

    async def find(self, image_id: str, user_id: str | None) -> Image | None:
        """The picture, trashed or not; None when it is another's."""
        async with self._reading() as session:
            row = await self._row(session, image_id, user_id)
            return None if row is None else _to_image(row)

    async def change(self, image_id: str, user_id: str | None, changes: dict[str, Any], *, trashed: bool, now: datetime) -> Image | None:
        """Write what the person says of a picture: title, tags, favourite.  None when it is not there."""
        async with self._writing() as session:
            await self._lock(session, [f"image:{image_id}"])
            row = await self._row(session, image_id, user_id)
            if row is None or (row.deleted_at is not None and not trashed):
                return None
            before = _to_image(row)
            after = replace(before, **changes)
            if after == before:
                return before
            after = replace(after, updated_at=now)
            row.title, row.tags, row.favorite, row.updated_at = after.title, list(after.tags), after.favorite, now
            row.search = search_text(after)
            if after.tags != before.tags:
                await self._write_tags(session, after)
            return after

    async def act(
        self, act: Act, ids: Sequence[str], user_id: str | None, *, now: datetime, force: bool = False, before: datetime | None = None
    ) -> dict[str, Outcome]:
        """Trash, restore or purge pictures, and say for each what came of it.  `before` spares younger trash."""
        async with self._writing() as session:
            await self._lock(session, [f"image:{image_id}" for image_id in ids])
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
        await self._lock(session, [f"key:{key}" for key in owners])
        session.add_all(GoneRow(kind="image", id=row.id, user_id=row.user_id, at=now) for row in rows)
        await self._erase(session, [row.id for row in rows])
        used = set((await session.exec(select(ImageRow.key).where(col(ImageRow.key).in_(list(owners))))).all())
        session.add_all(
            OutboxRow(image_id=row.id, user_id=row.user_id, key=key, due_at=now) for key, row in owners.items() if key not in used
        )

    async def _erase(self, session: AsyncSession, ids: Sequence[str]) -> None:
        await session.exec(sa.delete(TagRow).where(col(TagRow.image_id).in_(ids)))
        await session.exec(sa.delete(ImageRow).where(col(ImageRow.id).in_(ids)))

    async def trash_session(self, user_id: str, session_id: str, *, now: datetime) -> int:
        """Trash the live pictures of a deleted session, once; pictures that come later go to the trash too."""
        async with self._writing() as session:
            await self._lock(session, [f"session:{session_id}"])
            if await session.get(GoneRow, ("session", session_id)):
                return 0
            session.add(GoneRow(kind="session", id=session_id, user_id=user_id, at=now))
            done = await session.exec(
                sa.update(ImageRow)
                .where(col(ImageRow.user_id) == user_id, col(ImageRow.session_id) == session_id, col(ImageRow.deleted_at).is_(None))
                .values(deleted_at=now, updated_at=now)
            )
            return int(done.rowcount)

    # --- lists

    async def page(self, wanted: Filter, after: Position | None, limit: int) -> list[Image]:
        """Pictures newest first, from behind a position on."""
        at = col(ImageRow.deleted_at if wanted.trash else ImageRow.created_at)
        query = select(ImageRow).where(*_conditions(wanted)).order_by(at.desc(), col(ImageRow.id).desc()).limit(limit)
        if after is not None:
            query = query.where(sa.tuple_(at, col(ImageRow.id)) < sa.tuple_(sa.literal(after.at, Instant()), sa.literal(after.id)))
        async with self._reading() as session:
            return [_to_image(row) for row in (await session.exec(query)).all()]

    async def count(self, wanted: Filter) -> int:
        async with self._reading() as session:
            return (await session.exec(select(sa.func.count()).select_from(ImageRow).where(*_conditions(wanted)))).one()

    async def trash_ids(self, user_id: str | None, *, before: datetime | None, limit: int) -> list[str]:
        """Ids in the trash, oldest first: a person's, or everybody's."""
        query = select(ImageRow.id).where(col(ImageRow.deleted_at).is_not(None)).order_by(col(ImageRow.deleted_at)).limit(limit)
        if user_id is not None:
            query = query.where(ImageRow.user_id == user_id)
        if before is not None:
            query = query.where(col(ImageRow.deleted_at) < before)
        async with self._reading() as session:
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
        async with self._reading() as session:
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

    # --- lineage

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
        async with self._reading() as session:
            rows = (await session.exec(query)).all()
        found = {row.id: _to_image(row) for row in rows if row.id != image.id}
        return list(found.values())

    async def descendants(self, image: Image) -> list[Image]:
        """The pictures that came from this one, generation by generation, at most 500."""
        found: dict[str, Image] = {}
        generation = [image.id]
        async with self._reading() as session:
            for _ in range(_DEPTH):
                query = (
                    select(ImageRow)
                    .where(col(ImageRow.parent_id).in_(generation), ImageRow.user_id == image.user_id)
                    .order_by(col(ImageRow.created_at), col(ImageRow.id))
                    .limit(_NODES)
                )
                rows = [row for row in (await session.exec(query)).all() if row.id not in found and row.id != image.id]
                generation = [row.id for row in rows[: _NODES - len(found)]]
                found.update({row.id: _to_image(row) for row in rows[: _NODES - len(found)]})
                if not generation:
                    break
        return list(found.values())

    # --- what imaging-svc must be told

    async def due(self, now: datetime, limit: int = 100) -> list[OutboxRow]:
        """Removals not yet told, oldest first."""
        query = select(OutboxRow).where(col(OutboxRow.due_at) <= now).order_by(col(OutboxRow.due_at)).limit(limit)
        async with self._reading() as session:
            return list((await session.exec(query)).all())

    async def told(self, image_ids: Sequence[str]) -> None:
        if image_ids:
            async with self._writing() as session:
                await session.exec(sa.delete(OutboxRow).where(col(OutboxRow.image_id).in_(image_ids)))

    async def postpone(self, image_id: str, attempts: int, now: datetime) -> None:
        """Try it again later, the later the oftener it failed."""
        async with self._writing() as session:
            await session.exec(
                sa.update(OutboxRow)
                .where(col(OutboxRow.image_id) == image_id)
                .values(attempts=attempts, due_at=now + timedelta(seconds=min(60, 0.25 * 2 ** min(attempts, 8))))
            )


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
    if wanted.since is not None:
        found.append(col(row.created_at) >= wanted.since)
    if wanted.until is not None:
        found.append(col(row.created_at) <= wanted.until)
    found += [col(row.search).contains(word, autoescape=True) for word in wanted.words]
    return found
