"""A person who is erased is gone from every table, and nothing brings them back, however late it comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from photofun_common.contracts.erasure import AnswersErased, ChoicesErased, JobsErased, SessionsErased
from photofun_common.contracts.gallery import ImagePurged, UserErased
from photofun_common.contracts.imaging import FileRemoved
from sqlmodel import SQLModel

from .conftest import Studio


def _reports(asked: UserErased, **more: Any) -> list[Any]:
    told = {"job_id": asked.job_id, "user_id": asked.user_id}
    return [
        SessionsErased(**told, counts={"sessions": 1, "messages": 2}, keys=more.get("keys", [])),
        ChoicesErased(**told, counts={"prompts": 0}),
        JobsErased(**told, counts={"jobs": 3}),
        AnswersErased(**told, counts={"answers": 1}),
    ]


async def _confirm_files(studio: Studio) -> None:
    await studio.context.services.upkeep.relay()
    told = [FileRemoved(job_id=fact.job_id, user_id=fact.user_id, key=fact.key) for fact in studio.bus.of(ImagePurged)]
    await studio.tell(*told)


async def _traces(studio: Studio, user: str) -> dict[str, list[Any]]:
    """Rows of any table that name the person."""
    found = {}
    async with studio.context.stores.database.reading() as session:
        connection = await session.connection()
        is_sqlite = connection.dialect.name == "sqlite"
        for name in [*SQLModel.metadata.tables, *([] if is_sqlite else ["image_search"])]:
            rows = [row for row in await connection.execute(sa.text(f'SELECT * FROM "{name}"')) if user in str(row)]
            found.update({name: rows} if rows else {})
    return found


async def _rich(studio: Studio, user: str) -> list[Any]:
    """A person with something in every table; the facts that made it."""
    root = studio.fact(user)
    child = studio.fact(user, feature="adjust", params={"operations": [{"op": "sepia"}]}, parent_key=f"{'f' * 40}.png", parent_id="x")
    gone = studio.fact(user)
    await studio.tell(root, child, gone)
    await studio.client.patch(f"/v1/gallery/{root.picture.image_id}", json={"tags": ["a"], "title": f"of {user}"})
    await studio.client.delete(f"/v1/gallery/{gone.picture.image_id}/permanent")
    await studio.client.post("/v1/gallery/albums", json={"user_id": user, "title": "a", "ids": [root.picture.image_id]})
    made = await studio.client.post("/v1/gallery/recipes", json={"user_id": user, "title": "r", "image_id": child.picture.image_id})
    await studio.client.post(f"/v1/gallery/recipes/{made.json()['result']['id']}/run", json={"ids": [root.picture.image_id]})
    return [root, child, gone]


async def test_everything_goes_and_the_report_says_how_much(studio: Studio) -> None:
    await _rich(studio, "ann-the-first")
    await _rich(studio, "bob")

    begun = await studio.client.delete("/v1/users/ann-the-first")
    asked = studio.bus.of(UserErased)[0]
    upload = f"{'e' * 40}.jpg"
    await studio.tell(*_reports(asked, keys=[upload]))
    waiting = (await studio.client.get("/v1/users/ann-the-first/erasure")).json()["result"]
    await _confirm_files(studio)
    done = (await studio.client.get("/v1/users/ann-the-first/erasure")).json()["result"]

    told = {fact.key for fact in studio.bus.of(ImagePurged) if fact.user_id == "ann-the-first"}
    assert begun.status_code == 202 and begun.json()["result"]["status"] == "IN_PROGRESS"
    assert begun.json()["result"]["waiting_for"] == ["gateway", "conversation-svc", "prompt-svc", "imaging-svc"]
    assert waiting["status"] == "IN_PROGRESS" and waiting["files_left"] > 0 and waiting["waiting_for"] == []
    assert done["status"] == "COMPLETED" and done["files_left"] == 0 and done["finished_at"]
    assert done["counts"] == {
        "images": 2, "albums": 1, "recipes": 1, "runs": 1, "sessions": 1, "messages": 2, "files": 1, "prompts": 0, "jobs": 3, "answers": 1,
    }  # fmt: skip
    assert {upload, f"{'f' * 40}.png"} < told and await _traces(studio, "ann-the-first") == {}
    assert len(await studio.ids(user="bob")) == 2


async def test_nothing_comes_back_by_a_redelivery_or_a_job_that_ran_on(studio: Studio) -> None:
    facts = await _rich(studio, "ann")
    await studio.client.delete("/v1/users/ann")
    await studio.tell(*_reports(studio.bus.of(UserErased)[0]))
    await _confirm_files(studio)
    late = studio.fact("ann", accepted_at=datetime.now(UTC) - timedelta(seconds=30), created_at=datetime.now(UTC) + timedelta(seconds=5))

    await studio.tell(*facts, late)
    await studio.tell(*_reports(studio.bus.of(UserErased)[0]))
    await _confirm_files(studio)

    assert await studio.ids() == [] and await studio.ids("/deleted") == [] and await _traces(studio, "'ann'") == {}
    assert late.picture.key in {fact.key for fact in studio.bus.of(ImagePurged)}


async def test_who_comes_again_begins_anew(studio: Studio) -> None:
    await _rich(studio, "ann")
    await studio.client.delete("/v1/users/ann")
    first = studio.bus.of(UserErased)[0]
    await studio.tell(*_reports(first))
    await _confirm_files(studio)

    now = datetime.now(UTC)
    fresh = await studio.made("ann", accepted_at=now, created_at=now)
    await studio.context.services.erasing.advance()
    kept = await studio.ids()
    again = (await studio.client.delete("/v1/users/ann")).json()["result"]

    assert kept == [fresh] and again["erasure_id"] != first.job_id and again["counts"]["images"] == 1 and await studio.ids() == []


async def test_a_file_that_somebody_else_uses_stays(studio: Studio) -> None:
    fact = studio.fact("ann")
    await studio.tell(fact)
    url = f"http://localhost:9999/v1/files/{fact.picture.key}"
    await studio.client.post("/v1/gallery", json={"user_id": "bob", "image_url": url})

    await studio.client.delete("/v1/users/ann")
    asked = studio.bus.of(UserErased)[0]
    await studio.tell(*_reports(asked, keys=[fact.picture.key]))
    await _confirm_files(studio)

    assert studio.bus.of(ImagePurged) == [] and len(await studio.ids(user="bob")) == 1
    assert (await studio.client.get("/v1/users/ann/erasure")).json()["result"]["status"] == "COMPLETED"


async def test_a_service_that_does_not_report_is_told_again(studio: Studio) -> None:
    await studio.client.delete("/v1/users/ann")
    await studio.tell(*_reports(studio.bus.of(UserErased)[0])[:3])
    erasing = studio.context.services.erasing
    clock = erasing._clock
    erasing._clock = lambda: clock() + timedelta(seconds=30)

    await erasing.advance()
    told = studio.bus.of(UserErased)
    await studio.client.delete("/v1/users/ann")
    report = (await studio.client.get("/v1/users/ann/erasure")).json()["result"]

    assert len(told) == 2 and told[0] == told[1] and report["waiting_for"] == ["gateway"] and report["erasure_id"] == told[0].job_id


async def test_a_broker_that_is_away_delays_an_erasure_and_refuses_none(studio: Studio) -> None:
    studio.bus.is_connected = False
    begun = await studio.client.delete("/v1/users/ann")
    studio.bus.is_connected = True
    erasing = studio.context.services.erasing
    clock = erasing._clock
    erasing._clock = lambda: clock() + timedelta(seconds=30)

    await erasing.advance()

    assert begun.status_code == 202 and len(studio.bus.of(UserErased)) == 1


async def test_who_was_never_erased_has_no_report(studio: Studio) -> None:
    answer = await studio.client.get("/v1/users/nobody/erasure")

    assert answer.status_code == 404 and answer.json()["slug"] == "erasure-not-found"
