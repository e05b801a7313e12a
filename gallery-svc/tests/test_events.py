"""The gallery through its other door: facts that come once, twice, late or never again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from gallery_svc.events import HANDLERS
from photofun_common.bus import subscriptions_of
from photofun_common.contracts.conversation import SessionDeleted
from photofun_common.contracts.flow import facts_of
from photofun_common.contracts.gallery import ImagePurged

from .conftest import Studio, studio_on


def test_the_gallery_hears_what_the_flow_says() -> None:
    assert {subscription.fact for subscription in subscriptions_of(HANDLERS)} == facts_of("gallery-svc")


async def test_a_picture_told_many_times_at_once_is_one_row_and_does_not_change(studio: Studio) -> None:
    fact = studio.fact()
    await studio.tell(fact)
    path = f"/v1/gallery/{fact.picture.image_id}"
    await studio.client.patch(path, json={"favorite": True, "title": "mine", "tags": ["x"]})
    before = (await studio.client.get(path)).json()["result"]
    fresh = studio.fact()

    await asyncio.gather(*(studio.tell(told) for told in [fact, fresh] * 8))

    assert (await studio.client.get(path)).json()["result"] == before
    assert await studio.ids() == [fresh.picture.image_id, fact.picture.image_id]


async def test_the_newest_telling_wins_in_any_order_and_keeps_what_the_person_said(studio: Studio) -> None:
    old = studio.fact(model="first")
    new = old.model_copy(update={"model": "second", "created_at": old.created_at + timedelta(seconds=5)})
    path = f"/v1/gallery/{old.picture.image_id}"
    await studio.tell(old)
    await studio.client.patch(path, json={"favorite": True})

    await studio.tell(new, old)

    item = (await studio.client.get(path)).json()["result"]
    assert (item["model"], item["favorite"]) == ("second", True)


async def test_one_bad_picture_of_many_spoils_no_other(studio: Studio) -> None:
    good = [studio.fact() for _ in range(3)]
    odd = studio.fact(prompt="a\0b", params={"a": ["\0"]})
    bad = studio.fact(step=2**70)

    outcomes = await asyncio.gather(*(studio.tell(fact) for fact in [good[0], bad, *good[1:], odd]), return_exceptions=True)

    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, False, False, False]
    assert await studio.ids() == [odd.picture.image_id, *(fact.picture.image_id for fact in reversed(good))]


async def test_a_redelivery_brings_nothing_back(studio: Studio) -> None:
    trashed, purged = studio.fact(), studio.fact()
    await studio.tell(trashed, purged)
    await studio.client.delete(f"/v1/gallery/{trashed.picture.image_id}")
    await studio.client.delete(f"/v1/gallery/{purged.picture.image_id}/permanent")

    await studio.tell(trashed, purged)

    assert await studio.ids() == [] and await studio.ids("/deleted") == [trashed.picture.image_id]


async def test_a_deleted_session_takes_its_pictures_along_also_late_ones(studio: Studio) -> None:
    await studio.made(session_id="s1")
    other, foreign = await studio.made(session_id="s2"), await studio.made("bob", session_id="s1")
    gone = SessionDeleted(job_id="s1", user_id="ann", session_id="s1", images="trash")

    await studio.tell(gone)
    late = await studio.made(session_id="s1")
    await studio.client.post(f"/v1/gallery/{late}/restore")
    await studio.tell(gone, SessionDeleted(job_id="s2", user_id="ann", session_id="s2", images="keep"))

    assert await studio.ids() == [late, other] and await studio.ids(user="bob") == [foreign]
    assert len(await studio.ids("/deleted")) == 1


async def test_old_trash_is_purged_once_by_several_replicas(studio: Studio, database_url: str, tmp_path: Path) -> None:
    old, kept = [await studio.made() for _ in range(3)], await studio.made()
    young = await studio.made()
    await studio.client.post("/v1/gallery/bulk", json={"action": "trash", "ids": [*old, young]})
    upkeep = studio.context.services.upkeep
    day = timedelta(days=31)
    async with studio_on(database_url, tmp_path) as replica:
        for one in (upkeep, replica.context.services.upkeep, studio.context.services.gallery):
            clock = one._clock
            one._clock = lambda clock=clock: clock() + day
        await studio.client.post(f"/v1/gallery/{young}/restore")
        await studio.client.delete(f"/v1/gallery/{young}")

        await asyncio.gather(upkeep.sweep(), replica.context.services.upkeep.sweep())
        await asyncio.gather(upkeep.relay(), replica.context.services.upkeep.relay())

        told = studio.bus.of(ImagePurged) + replica.bus.of(ImagePurged)
        assert {event.image_id for event in told} == set(old)
    assert await studio.ids() == [kept] and await studio.ids("/deleted") == [young]
