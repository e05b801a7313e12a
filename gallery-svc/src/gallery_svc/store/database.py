"""How is the database reached?  One engine for PostgreSQL or SQLite, transactions, locks, and its troubles by their name."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from photofun_common.errors import UnavailableError
from sqlalchemy import event, exc
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

__all__ = ["Database"]

ANYBODY = "*"
_SETTINGS = (
    "statement_timeout=5000",
    "lock_timeout=2000",
    "idle_in_transaction_session_timeout=10000",
    "plan_cache_mode=force_custom_plan",  # one person has ten pictures, another a hundred thousand: one plan does not fit both
)
_ROLE = sa.text(
    "SELECT CASE WHEN (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user) "
    "AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'photofun_gallery') THEN 'photofun_gallery' ELSE 'none' END"
)
_CONFINE = sa.text("SELECT set_config('photofun.user', :user, true), set_config('role', :role, true)")


def _number(name: str) -> int:
    """A lock's number: 64 bits out of its name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


class Database:
    """The gallery's database.  It starts without it: until `opened` is called, every transaction raises UnavailableError."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.is_sqlite = sa.make_url(url).get_backend_name() == "sqlite"
        self._is_open = False
        self._role: str | None = None
        self._writer = asyncio.Lock()
        self._engine = self._sqlite_engine(url) if self.is_sqlite else self._postgres_engine(url, pool_size)
        self._reads = async_sessionmaker(self._engine, class_=AsyncSession, expire_on_commit=False)
        self._writes = async_sessionmaker(self._engine.execution_options(writes=True), class_=AsyncSession, expire_on_commit=False)

    @staticmethod
    def _postgres_engine(url: str, pool_size: int) -> AsyncEngine:
        return create_async_engine(
            url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, pool_timeout=2, pool_recycle=1800,
            connect_args={
                "connect_timeout": 2,
                "options": " ".join(f"-c {setting}" for setting in _SETTINGS),
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
        await self._engine.dispose()

    async def ping(self) -> bool:
        async with self.reading() as session:
            await session.exec(select(sa.literal(1)))
        return True

    # --- transactions

    @asynccontextmanager
    async def reading(self, user_id: str | None = None) -> AsyncIterator[AsyncSession]:
        """A session for reading.  On PostgreSQL only this person's rows are there for it; None: everybody's."""
        async with self._translated(), self._reads() as session:
            await self._confine(session, user_id)
            yield session

    @asynccontextmanager
    async def writing(self, user_id: str | None = None) -> AsyncIterator[AsyncSession]:
        """A transaction, for this person's rows or everybody's as in `reading`.  What frees files must see everybody's."""
        async with self._translated():
            if not self.is_sqlite:
                async with self._writes() as session, session.begin():
                    await self._confine(session, user_id)
                    yield session
                return
            async with self._writer, self._writes() as session, session.begin():
                yield session

    async def _confine(self, session: AsyncSession, user_id: str | None) -> None:
        """Tell row-level security whose transaction this is; who stands above it (a superuser) becomes somebody who does not."""
        if self.is_sqlite:
            return
        connection = await session.connection()
        if self._role is None:
            self._role = str((await connection.execute(_ROLE)).scalar_one())
        await connection.execute(_CONFINE, {"user": ANYBODY if user_id is None else f"u:{user_id}", "role": self._role})

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

    async def lock(self, session: AsyncSession, names: Iterable[str]) -> None:
        """Hold these names until the transaction ends.  SQLite has one writer at a time anyway."""
        numbers = sorted({_number(name) for name in names})
        if numbers and not self.is_sqlite:
            held = sa.text("SELECT pg_advisory_xact_lock(number) FROM unnest(CAST(:numbers AS bigint[])) AS number")
            await (await session.connection()).execute(held, {"numbers": numbers})
