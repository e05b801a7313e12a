"""Does everybody get a turn, and hear how long it takes?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from imaging_svc import domain
from imaging_svc.domain import FairSlots
from imaging_svc.index import JobIndex
from photofun_common.contracts.jobs import JobRecord, JobStatus

NOW = datetime.now(UTC)


def job(name: str, user: str, *, age: float = 0.0, status: JobStatus = "CREATED") -> JobRecord:
    at = NOW - timedelta(seconds=age)
    return JobRecord(job_id=name, kind="feature", user_id=user, status=status, created_at=at, deadline=NOW + timedelta(minutes=3))


async def test_with_others_around_one_person_leaves_a_place_free(monkeypatch: pytest.MonkeyPatch) -> None:
    slots = FairSlots(2, per_user=4)

    async with slots.place("ann"), slots.place("ann"):
        pass  # alone, all places are hers
    async with slots.place("bob"):
        pass
    async with slots.place("ann"):
        second = asyncio.create_task(slots.place("ann").__aenter__())
        await asyncio.sleep(0)
        async with asyncio.timeout(1), slots.place("bob"):
            assert not second.done()
        second.cancel()
    monkeypatch.setattr(domain, "_AROUND_SECONDS", 0.0)
    async with asyncio.timeout(1), slots.place("ann"), slots.place("ann"):
        pass  # the others have gone


def test_a_place_in_the_queue_counts_turns_not_jobs() -> None:
    index = JobIndex()
    for number in range(20):
        index.note(job(f"flood-{number}", "flood", age=60 - number))
    index.note(mine := job("mine", "ann"))
    index.note(second := job("second", "ann", age=-1))

    assert index.ahead_of(mine) == 1
    assert index.ahead_of(second) == 3
    assert index.ahead_of(job("flood-19", "flood", age=41)) == 19 + 2


def test_the_estimate_follows_the_pace() -> None:
    index = JobIndex()
    index.note(mine := job("mine", "ann"))
    guessed = index.seconds_until_done(mine)
    for number in range(40):
        index.note(job(f"j{number}", "bob"))
        index.note(job(f"j{number}", "bob", status="COMPLETED"))

    assert guessed == 2.0
    assert index.seconds_until_done(mine) == 0.5


def test_the_backlog_counts_one_person_up_to_their_share() -> None:
    index = JobIndex()
    for number in range(50):
        index.note(job(f"a{number}", "ann"))
    index.note(job("b", "bob"))
    index.note(job("c", "bob", status="AWAITING_APPROVAL"))

    assert index.backlog(24) == 25
    assert (index.unfinished("ann"), index.unfinished("bob"), index.unfinished("cy")) == (50, 1, 0)


def test_what_is_old_is_forgotten_now_and_then() -> None:
    index = JobIndex()
    index.note(job("old", "ann", status="COMPLETED"))
    index._forgotten_at = NOW - timedelta(hours=1)

    index.forget_older(NOW + timedelta(days=1))

    assert index.of("ann", None) == []
