"""Does the day's budget stop paid calls, for each person and in all, and never count one that was not charged?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from imaging_svc.engines.failures import DailyCapError
from imaging_svc.paid import StepTasks
from imaging_svc.spending import Prices, Spending
from photofun_common.bus import MemoryBus
from photofun_common.contracts.jobs import JobRecord, ProviderTask, StepRecord
from photofun_common.jobs import JobStore

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def ledger(bus: MemoryBus | None = None, *, now: datetime = NOON, **caps: float | None) -> Spending:
    bus = bus or MemoryBus()
    return Spending(lambda: bus.key_value("spending"), **{"cap": None, "cap_per_user": None, **caps}, now=lambda: now)  # type: ignore[arg-type]


def call(state: str = "placing", **more: Any) -> ProviderTask:
    return ProviderTask(engine="freepik", endpoint="/x", placed_at=NOON, state=state, **more)  # type: ignore[arg-type]


async def step_tasks(bus: MemoryBus, spending: Spending, *, job_id: str = "j1", user_id: str = "ann") -> tuple[StepTasks, JobStore]:
    jobs = JobStore(bus)
    record = JobRecord(
        job_id=job_id, kind="feature", user_id=user_id, steps=[StepRecord(feature="upscale")], deadline=NOON + timedelta(minutes=3)
    )
    files: Any = None  # no call here answers with a picture
    return StepTasks(jobs, files, spending, Prices("freepik=0.1;freepik/upscale=0.3"), await jobs.create(record), 0), jobs


@pytest.mark.parametrize("caps", [{"cap": 1.0}, {"cap_per_user": 1.0}])
async def test_the_cap_stops_what_no_longer_fits(caps: dict[str, float]) -> None:
    spending = ledger(**caps)
    for _ in range(3):
        await spending.reserve("ann", 0.3)

    with pytest.raises(DailyCapError) as caught:
        await spending.reserve("ann", 0.3)
    await spending.reserve("ann", 0.1)

    assert caught.value.status == 429
    assert caught.value.retry_after == 12 * 3600
    assert await spending.today("ann") == pytest.approx(1.0)


async def test_one_persons_cap_is_not_anothers_and_costs_the_studio_nothing() -> None:
    spending = ledger(cap_per_user=0.5)
    await spending.reserve("ann", 0.5)

    with pytest.raises(DailyCapError, match="Your"):
        await spending.reserve("ann", 0.1)
    await spending.reserve("bob", 0.5)

    assert await spending.today() == pytest.approx(1.0)


async def test_replicas_share_the_ledger_exactly() -> None:
    bus = MemoryBus()
    replicas = [ledger(bus, cap=1.0) for _ in range(4)]

    async def one(number: int) -> bool:
        try:
            await replicas[number % 4].reserve(f"user{number}", 0.1)
        except DailyCapError:
            return False
        return True

    outcomes = await asyncio.gather(*(one(number) for number in range(40)))

    assert sum(outcomes) == 10


async def test_a_new_day_begins_with_nothing() -> None:
    bus = MemoryBus()
    await ledger(bus, cap=1.0).reserve("ann", 1.0)

    await ledger(bus, cap=1.0, now=NOON + timedelta(days=1)).reserve("ann", 1.0)


async def test_a_call_costs_what_its_feature_costs_and_the_record_says_so() -> None:
    bus, spending = MemoryBus(), ledger()
    tasks, jobs = await step_tasks(bus, spending)

    await tasks.save(call(pictures=2))
    await tasks.save(call("placed", task_id="t", pictures=2))

    step = (await jobs.get("j1")).steps[0]
    assert step.tasks[0].cost == step.cost == pytest.approx(0.6)
    assert await spending.today("ann") == pytest.approx(0.6)


async def test_a_call_that_was_surely_not_charged_is_given_back() -> None:
    bus, spending = MemoryBus(), ledger()
    tasks, jobs = await step_tasks(bus, spending)

    await tasks.save(call())
    await tasks.save(call("failed"))

    assert (await jobs.get("j1")).steps[0].cost == 0
    assert await spending.today() == 0


async def test_calls_made_twice_in_doubt_cost_twice() -> None:
    bus, spending = MemoryBus(), ledger()
    tasks, jobs = await step_tasks(bus, spending)

    await tasks.save(call())
    await tasks.save(call("unknown"))
    await tasks.save(call(uncertain=True))
    await tasks.save(call("failed", uncertain=True))

    assert (await jobs.get("j1")).steps[0].cost == pytest.approx(0.3), "the first may have been charged, the second was not"
    assert await spending.today() == pytest.approx(0.3)


async def test_over_the_cap_no_call_is_written_down() -> None:
    bus, spending = MemoryBus(), ledger(cap_per_user=0.2)
    tasks, jobs = await step_tasks(bus, spending)

    with pytest.raises(DailyCapError):
        await tasks.save(call())

    assert (await jobs.get("j1")).steps[0].tasks == []


@pytest.mark.parametrize("text", ["freepik", "freepik=much", "freepik=-1", "freepik=nan"])
def test_prices_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="IMAGING_PRICES"):
        Prices(text)
