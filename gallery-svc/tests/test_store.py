"""Tables up and down, a database that is away, and a gallery that behaves like its model whatever happens in which order."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from gallery_svc.migrate import _plain, migrate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from photofun_common.contracts.gallery import ImagePurged
from photofun_common.testing.plugin import eventually
from sqlmodel import SQLModel

from .conftest import Postgres, Studio, studio_on


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

    ours = [difference for difference in differences if "ix_images_search" not in str(difference)]
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


async def test_lists_on_a_large_table_use_an_index(studio: Studio) -> None:
    await studio.made()
    async with studio.context.stores.database.reading() as session:
        connection = await session.connection()
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        if connection.dialect.name == "postgresql":
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for where, order in (
            ("user_id = 'a' AND deleted_at IS NULL AND (created_at, id) < ('2026-01-01', 'x')", "created_at DESC, id DESC"),
            ("user_id = 'a' AND deleted_at IS NULL AND intent = 'upscale'", "created_at DESC, id DESC"),
            ("user_id = 'a' AND deleted_at IS NOT NULL", "deleted_at DESC, id DESC"),
        ):
            rows = await connection.exec_driver_sql(f"{explain}SELECT * FROM images WHERE {where} ORDER BY {order} LIMIT 20")
            plan = " ".join(str(row) for row in rows)
            assert "ix_images_" in plan and "Seq Scan" not in plan and "TEMP B-TREE" not in plan, plan


deeds = st.lists(
    st.tuples(
        st.sampled_from(["tell", "trash", "restore", "permanent", "bulk trash", "bulk restore", "bulk purge", "purge all", "restore all"]),
        st.integers(0, 3),
    ),
    max_size=16,
)


class Model:
    """What the gallery should do, in a few lines: None unknown, else live, trash or gone."""

    def __init__(self, size: int) -> None:
        self.states: list[str | None] = [None] * size

    def do(self, deed: str, at: int) -> int:
        state = self.states[at]
        if deed == "tell":
            self.states[at] = state or "live"
        elif deed.endswith(" all"):
            self.states = [("gone" if deed == "purge all" else "live") if one == "trash" else one for one in self.states]
        elif state in ("live", "trash"):
            wanted = {"trash": "trash", "restore": "live", "permanent": "gone", "purge": "gone"}[deed.split()[-1]]
            if deed == "restore" and state == "live":
                return 400
            if not (deed == "bulk purge" and state == "live"):
                self.states[at] = wanted
        elif not deed.startswith("bulk"):
            return 404
        return 200


async def _do(studio: Studio, facts: list[Any], user: str, deed: str, at: int) -> int:
    image_id = facts[at].picture.image_id
    if deed == "tell":
        await studio.tell(facts[at])
        return 200
    if deed.endswith(" all"):
        answer = await studio.client.post("/v1/gallery/bulk", json={"action": deed.split()[0], "all": True, "user_id": user})
    elif deed.startswith("bulk"):
        answer = await studio.client.post("/v1/gallery/bulk", json={"action": deed.split()[1], "ids": [image_id], "user_id": user})
    elif deed == "restore":
        answer = await studio.client.post(f"/v1/gallery/{image_id}/restore")
    else:
        answer = await studio.client.delete(f"/v1/gallery/{image_id}" + ("/permanent" if deed == "permanent" else ""))
    return int(answer.status_code)


async def test_any_order_of_deeds_and_repeats_ends_like_the_model(studio: Studio) -> None:
    runs = 0
    loop = asyncio.get_running_loop()

    async def run(order: list[tuple[str, int]]) -> None:
        nonlocal runs
        runs += 1
        user = f"user-{runs}"
        facts = [studio.fact(user) for _ in range(4)]
        model = Model(4)
        for deed, at in order:
            assert await _do(studio, facts, user, deed, at) == model.do(deed, at), (deed, at)
        names = {fact.picture.image_id: at for at, fact in enumerate(facts)}
        for path, state in (("", "live"), ("/deleted", "trash")):
            assert sorted(names[image_id] for image_id in await studio.ids(path, user)) == [
                at for at, one in enumerate(model.states) if one == state
            ]
        while await studio.context.services.upkeep.relay():
            pass
        told = {event.key for event in studio.bus.of(ImagePurged) if event.user_id == user}
        assert told == {facts[at].picture.key for at, one in enumerate(model.states) if one == "gone"}

    @settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(deeds)
    def explore(order: list[tuple[str, int]]) -> None:
        asyncio.run_coroutine_threadsafe(run(order), loop).result()

    await asyncio.to_thread(explore)
