"""Tables up and down, and a database that is away."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from gallery_svc.migrate import _plain, migrate
from photofun_common.testing.plugin import eventually
from sqlmodel import SQLModel

from .conftest import Postgres, studio_on


def test_tables_go_up_down_and_up_and_are_what_the_models_say(empty_url: str) -> None:
    engine = sa.create_engine(_plain(empty_url), poolclass=sa.NullPool)
    migrate(empty_url)
    migrate(empty_url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    migrate(empty_url, to="base", down=True)
    with engine.connect() as connection:
        left = set(sa.inspect(connection).get_table_names())
    migrate(empty_url)

    index = ("image_search", "image_docs", "images_fts")  # the index of words, made by the migrations and kept by triggers
    ours = [difference for difference in differences if not any(name in str(difference) for name in index)]
    assert ours == [] and left <= {"alembic_version"}


async def test_the_gallery_waits_for_its_database_and_says_so(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.url("later")
    async with studio_on(f"{url}?connect_timeout=2", tmp_path) as studio:
        begun = time.monotonic()
        answer = await studio.client.get("/v1/gallery", params={"user_id": "ann"})
        ready = await studio.client.get("/readyz")
        spent = time.monotonic() - begun
        await asyncio.to_thread(postgres.database, "later")

        async def works() -> bool:
            found = await studio.client.get("/v1/gallery", params={"user_id": "ann"})
            return bool(found.status_code == 200)

        assert answer.status_code == 503 and answer.json()["slug"] == "database-unavailable" and ready.status_code == 503
        assert spent < 5 and await eventually(works)


async def test_a_database_that_goes_away_is_told_and_taken_up_again(postgres: Postgres, shared_database: str, tmp_path: Path) -> None:
    async with studio_on(shared_database, tmp_path) as studio:
        before = await studio.client.get("/v1/gallery", params={"user_id": "ann"})
        await asyncio.to_thread(postgres.stop)
        try:
            begun = time.monotonic()
            away = [
                await studio.client.get("/v1/gallery", params={"user_id": "ann"}),
                await studio.client.post("/v1/gallery", json={"user_id": "ann", "image_url": "https://a.example/b.png"}),
            ]
            spent = time.monotonic() - begun
        finally:
            await asyncio.to_thread(postgres.start)
        after = await studio.client.get("/v1/gallery", params={"user_id": "ann"})

    assert [answer.status_code for answer in (before, *away, after)] == [200, 503, 503, 200]
    assert away[1].headers["retry-after"] and spent < 8
