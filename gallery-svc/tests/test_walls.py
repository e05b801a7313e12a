"""Does each query take an index, and is there a second wall between people on PostgreSQL?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from gallery_svc.migrate import migrate
from gallery_svc.store import Database, searching
from gallery_svc.store.images import Images

from .conftest import Postgres, Studio, studio_on

_HELPERS = ("pg_advisory", "set_config", "pg_roles", "pg_catalog", "SELECT 1")


@contextmanager
def _statements(studio: Studio) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that the gallery runs meanwhile, with its parameters."""
    heard: list[tuple[str, Any]] = []
    engine = studio.context.stores.database._engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")) and not any(word in statement for word in _HELPERS):
            heard.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    yield heard
    sa.event.remove(engine, "before_cursor_execute", note)


async def _everything(studio: Studio) -> None:
    """Use all that the gallery can do."""
    root = studio.fact(session_id="s1")
    child = studio.fact(feature="adjust", params={"operations": [{"op": "grayscale"}]}, parent_key=root.picture.key, parent_id="x")
    await studio.tell(root, child)
    first, second = root.picture.image_id, child.picture.image_id
    await studio.client.patch(f"/v1/gallery/{first}", json={"favorite": True, "tags": ["a"], "title": "hat"})
    page = {"user_id": "ann", "limit": 1}
    for more in ({}, {"intent": "adjust"}, {"provider": "local"}, {"session_id": "s1"}, {"favorite": True}, {"tag": "a"}, {"q": "red hat"}):
        answer = await studio.client.get("/v1/gallery", params={**page, **more, "total": True})
        if cursor := answer.json()["meta"]["next_cursor"]:
            await studio.client.get("/v1/gallery", params={**page, **more, "cursor": cursor})
    album = (await studio.client.post("/v1/gallery/albums", json={"user_id": "ann", "title": "a", "ids": [first]})).json()["result"]
    await studio.ids(album_id=album["id"])
    await studio.client.get("/v1/gallery/albums", params=page)
    await studio.client.post(f"/v1/gallery/albums/{album['id']}/images", json={"action": "remove", "ids": [first]})
    recipe = (await studio.client.post("/v1/gallery/recipes", json={"user_id": "ann", "title": "a", "image_id": second})).json()["result"]
    run = (await studio.client.post(f"/v1/gallery/recipes/{recipe['id']}/run", json={"ids": [first]})).json()["result"]
    await studio.client.get("/v1/gallery/recipes", params=page)
    await studio.client.get("/v1/gallery/runs", params=page)
    await studio.context.services.recipes.advance()
    await studio.client.post(f"/v1/gallery/runs/{run['id']}/cancel")
    await studio.client.get(f"/v1/gallery/{second}/history")
    await studio.client.get("/v1/gallery/facets", params={"user_id": "ann"})
    await studio.client.post("/v1/gallery", json={"user_id": "ann", "image_url": "https://a.example/b.png"})
    await studio.client.delete(f"/v1/gallery/{first}")
    await studio.ids("/deleted")
    await studio.client.post("/v1/gallery/bulk", json={"action": "restore", "all": True, "user_id": "ann"})
    await studio.client.delete(f"/v1/gallery/{first}/permanent")
    await studio.context.services.upkeep.sweep()
    await studio.context.services.upkeep.relay()


async def test_no_query_goes_without_an_index(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_NEWEST", 1)
    with _statements(studio) as statements:
        await _everything(studio)
    bad = []
    async with studio.context.stores.database.reading() as session:
        connection = await session.connection()
        is_sqlite = connection.dialect.name == "sqlite"
        if not is_sqlite:
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, parameters in dict(statements).items():
            explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
            rows = await connection.exec_driver_sql(explain + statement, parameters)
            plan = "\n".join(str(row[-1]) for row in rows)
            whole = re.search(r"SCAN (images|image_tags|album_images|albums|recipes|runs|run_items|gone|outbox)\b(?! USING)", plan)
            if whole or "Seq Scan" in plan:
                bad.append(f"{statement}\n{plan}")

    assert len(statements) > 40 and not bad, "\n\n".join(bad)


async def test_first_and_deep_pages_are_read_in_the_order_of_their_index(studio: Studio) -> None:
    await studio.made()
    with _statements(studio) as statements:
        for _ in range(2):
            await studio.made()
        first = await studio.client.get("/v1/gallery", params={"user_id": "ann", "limit": 1})
        await studio.client.get("/v1/gallery", params={"user_id": "ann", "limit": 1, "cursor": first.json()["meta"]["next_cursor"]})
        await studio.client.get("/v1/gallery/deleted", params={"user_id": "ann"})
    lists = [(told, given) for told, given in statements if "ORDER BY images" in told and "images.user_id =" in told]
    async with studio.context.stores.database.reading() as session:
        connection = await session.connection()
        is_sqlite = connection.dialect.name == "sqlite"
        if not is_sqlite:
            for way in ("sort", "seqscan", "bitmapscan"):
                await connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        for statement, parameters in lists:
            rows = await connection.exec_driver_sql(("EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN ") + statement, parameters)
            plan = " ".join(str(row[-1]) for row in rows)
            assert "TEMP B-TREE" not in plan and "Sort" not in plan and "ix_images_" in plan, plan

    assert len(lists) == 3


@pytest.fixture(params=["superuser", "owner"])
def walled(request: pytest.FixtureRequest, postgres: Postgres, tmp_path: Path) -> str:
    """A migrated database, reached as a superuser or as a plain owner."""
    url = postgres.database()
    if request.param == "owner":
        name = url.rsplit("/", 1)[1]
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE owner_{name} LOGIN".encode())
            connection.execute(f'ALTER DATABASE "{name}" OWNER TO owner_{name}'.encode())
        url = url.replace("app@", f"owner_{name}@")
    migrate(url.replace("postgresql://", "postgresql+psycopg://"))
    return url


async def test_a_forgotten_condition_shows_nobody_elses_rows(walled: str, tmp_path: Path) -> None:
    async with studio_on(walled, tmp_path) as studio:
        mine, foreign = await studio.made(), await studio.made("bob")
        await studio.client.post("/v1/gallery/albums", json={"user_id": "bob", "title": "b", "ids": [foreign]})
        database: Database = studio.context.stores.database

        async with database.reading("ann") as session:
            connection = await session.connection()
            pictures = [row.id for row in await connection.exec_driver_sql("SELECT id FROM images")]
            albums = (await connection.exec_driver_sql("SELECT count(*) FROM albums")).scalar_one()
            changed = (await connection.exec_driver_sql("UPDATE images SET title = 'x'")).rowcount
        async with database.reading() as session:
            everybody = (await (await session.connection()).exec_driver_sql("SELECT count(*) FROM images")).scalar_one()
        async with database._engine.connect() as connection:
            await connection.exec_driver_sql("SELECT set_config('role', (SELECT CASE WHEN rolsuper THEN 'photofun_gallery' ELSE 'none' END "
                                             "FROM pg_roles WHERE rolname = session_user), true)")  # fmt: skip
            nobody = (await connection.exec_driver_sql("SELECT count(*) FROM images")).scalar_one()

        assert (pictures, albums, changed, everybody, nobody) == ([mine], 0, 1, 2, 0)
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            async with database.writing("ann") as session:
                await (await session.connection()).exec_driver_sql("UPDATE images SET user_id = 'bob'")


async def test_a_file_that_another_person_uses_stays_behind_the_wall_too(walled: str, tmp_path: Path) -> None:
    async with studio_on(walled, tmp_path) as studio:
        shared = f"{'a' * 40}.png"
        url = f"http://localhost:9999/v1/files/{shared}"
        mine = (await studio.client.post("/v1/gallery", json={"user_id": "ann", "image_url": url})).json()["result"]["id"]
        await studio.client.post("/v1/gallery", json={"user_id": "bob", "image_url": url})

        await studio.client.delete(f"/v1/gallery/{mine}/permanent", params={"user_id": "ann"})
        await studio.context.services.upkeep.relay()

        assert studio.bus.published == []


async def test_only_one_replica_sweeps_at_a_time(
    studio: Studio, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [await studio.made() for _ in range(3)]
    await studio.client.post("/v1/gallery/bulk", json={"action": "trash", "ids": old})
    acts: list[int] = []
    act = Images.act

    async def slow(self: Images, *args: Any, **options: Any) -> Any:
        acts.append(1)
        await asyncio.sleep(0.2)
        return await act(self, *args, **options)

    monkeypatch.setattr(Images, "act", slow)
    async with studio_on(database_url, tmp_path) as replica:
        sweepers = [studio.context.services.upkeep, replica.context.services.upkeep]
        for one in sweepers:
            clock = one._clock
            one._clock = lambda clock=clock: clock() + timedelta(days=31)
        counts = await asyncio.gather(*(one.sweep() for one in sweepers))

    assert sorted(counts) == [0, 3] and len(acts) == 1
