"""What do the gallery's tests stand on?  SQLite files, a real PostgreSQL out of a wheel, and the app on a bus in memory."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from gallery_svc.events import HANDLERS
from gallery_svc.main import create_app
from gallery_svc.migrate import migrate
from gallery_svc.settings import GallerySettings
from gallery_svc.wiring import Context, open_gallery
from photofun_common.bus import MemoryBus
from photofun_common.contracts.envelope import Event, EventData
from photofun_common.contracts.imaging import ImageReady
from photofun_common.contracts.values import Picture
from photofun_common.testing.plugin import client_for
from photofun_common.testing.postgres import Postgres
from sqlmodel import SQLModel

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def shared_database(postgres: Postgres) -> str:
    """A PostgreSQL database with all tables, emptied for each test."""
    url = postgres.database()
    migrate(url.replace("postgresql://", "postgresql+psycopg://"))
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with empty tables."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated"), tmp_path / "gallery.db")
        return f"sqlite+aiosqlite:///{tmp_path / 'gallery.db'}"
    url: str = request.getfixturevalue("shared_database")
    with psycopg.connect(url, autocommit=True) as connection:
        names = ", ".join(f'"{table}"' for table in [*SQLModel.metadata.tables, "image_search"])
        connection.execute(f"TRUNCATE {names}".encode())
    return url


class Studio:
    """The gallery in process: its client, its bus, its context."""

    def __init__(self, client: Any, bus: MemoryBus, context: Context) -> None:
        self.client = client
        self.bus = bus
        self.context = context
        self._made = 0

    async def tell(self, *facts: EventData) -> None:
        """Deliver facts, also ones that came before: a redelivery."""
        table = {handler.__subscription__.fact: handler for handler in HANDLERS}  # type: ignore[attr-defined]
        for fact in facts:
            event: Event[Any] = Event(id="e", type=fact.subject, job_id=fact.job_id, user_id=fact.user_id, data=fact)
            await table[type(fact)](self.context.services, event)

    def fact(self, user: str = "ann", **told: Any) -> ImageReady:
        """A finished picture, each a minute later than the one before."""
        self._made += 1
        image_id = told.pop("image_id", uuid.uuid4().hex)
        key = told.pop("key", f"{uuid.uuid4().hex}.png")
        picture = Picture(image_id=image_id, key=key, width=64, height=48, content_type="image/png", bytes=123)
        values: dict[str, Any] = {
            "job_id": uuid.uuid4().hex, "user_id": user, "step": 0, "picture": picture, "feature": "image_generation",
            "prompt": "a red hat",
            "provider": "local", "model": "procedural", "created_at": START + timedelta(minutes=self._made),
        }  # fmt: skip
        return ImageReady(**{**values, **told})

    async def made(self, user: str = "ann", **told: Any) -> str:
        fact = self.fact(user, **told)
        await self.tell(fact)
        return fact.picture.image_id

    async def ids(self, path: str = "", user: str = "ann", **query: Any) -> list[str]:
        answer = await self.client.get(f"/v1/gallery{path}", params={"user_id": user, "limit": 100, **query})
        assert answer.status_code == 200, answer.text
        return [item["image_id"] for item in answer.json()["result"]]


@contextlib.asynccontextmanager
async def studio_on(url: str, tmp_path: Path, **settings: Any) -> AsyncIterator[Studio]:
    bus = MemoryBus()
    found = GallerySettings(_env_file=None, database_url=url, data_dir=tmp_path, log_level="ERROR", gallery_relay_seconds=0.2, **settings)  # type: ignore[call-arg]
    app = create_app(found, lambda _app: open_gallery(found, bus))
    async with client_for(app) as client:
        yield Studio(client, bus, app.state.context)


@pytest.fixture
async def studio(database_url: str, tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio_on(database_url, tmp_path) as found:
        yield found
