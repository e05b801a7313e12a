"""Are jobs with a paid engine paid once, whatever dies when?  The service, its records and the engine against the fake, over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from imaging_svc.engines.bells import Bells
from imaging_svc.engines.freepik import FreepikEngine
from imaging_svc.guard import PictureFetcher
from imaging_svc.service import ImagingService
from photofun_common.bus import MemoryBus
from photofun_common.contracts.imaging import StepRequested
from photofun_common.contracts.jobs import ProviderTask, StepRecord
from photofun_common.contracts.prompt import PlanMetadata, PlannedStep, PlanReady
from photofun_common.errors import UpstreamError
from photofun_common.jobs import JobStore
from photofun_common.testing.plugin import eventually

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from fakes.freepik import FakeFreepik
from fakes.imaging import ThreadPool, imaging_service
from fakes.serving import serve

Studio = Callable[[], Awaitable[ImagingService]]


@asynccontextmanager
async def studio(fake: FakeFreepik, folder: Path) -> AsyncIterator[tuple[Studio, MemoryBus]]:
    """Makes services on one bus and one store: each is what comes up after the one before has died."""
    bus, bells = MemoryBus(), Bells()
    jobs = JobStore(bus)
    fetcher = PictureFetcher(private_too=True)
    pool: Any = ThreadPool()
    opened: list[FreepikEngine] = []

    async def paid_calls() -> list[ProviderTask]:
        return [task for record in await jobs.all() for step in record.steps for task in step.tasks]

    async with serve(fake.app) as url:

        async def another() -> ImagingService:
            opened.append(
                FreepikEngine(
                    pool,
                    api_key=fake.key,
                    base_url=url,
                    private_hosts=True,
                    others=paid_calls,
                    bells=bells,
                    poll_seconds=0.01,
                    poll_most=0.02,
                    backoff=0.01,
                )
            )
            return imaging_service(bus, jobs, folder, [opened[-1]], fetcher)

        try:
            yield another, bus
        finally:
            for engine in opened:
                await engine.aclose()
            await fetcher.aclose()


def plan(prompt: str = "a boat", *, attempt: int = 1, num_images: int = 1) -> PlanReady:
    return PlanReady(
        attempt=attempt,
        job_id="j1",
        user_id="ann",
        session_id="s1",
        prompt=prompt,
        intent="image_generation",
        confidence=0.9,
        plan=[PlannedStep(feature="image_generation", params={"prompt": prompt, "num_images": num_images})],
        metadata=PlanMetadata(model="m", provider="local", processing_time=0.1),
        deadline=datetime.now(UTC) + timedelta(seconds=60),
    )


async def step_of(service: ImagingService) -> StepRecord:
    return (await service.jobs.get("j1")).steps[0]


async def killed_when(service: ImagingService, asked: StepRequested, moment: Callable[[StepRecord], bool]) -> None:
    """Run the step and kill it when its record looks so."""
    work = asyncio.create_task(service.run_step(asked))

    async def is_moment() -> bool:
        return moment(await step_of(service))

    assert await eventually(is_moment, seconds=5)
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work


def _stuck(service: ImagingService, part: str, verb: str) -> asyncio.Event:
    """Make a verb of the service hang; the event says that it was reached."""
    reached = asyncio.Event()

    async def hang(*_: Any, **__: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    setattr(getattr(service.runner, part), verb, hang)
    return reached


POINTS = (
    "before the call",
    "after the call, before its answer is saved",
    "after saving",
    "before the ack",
    "during polling",
    "during upload",
)


@pytest.mark.parametrize("point", POINTS)
async def test_a_worker_killed_at_any_point_pays_once(point: str, tmp_path: Path) -> None:
    fake = FakeFreepik(polls=10**6 if point in ("after saving", "during polling") else 1)
    fake.slow_list = 20.0 if point == "before the call" else 0.0
    fake.switches.hang_after_accept = 20.0 if point.startswith("after the call") else 0.0

    async with studio(fake, tmp_path) as (another, bus):
        first = await another()
        await first.take_plan(plan())
        asked = bus.of(StepRequested)[0]
        uploads = _stuck(first, "_files", "keep") if point == "during upload" else asyncio.Event()
        acks = _stuck(first, "_announcer", "step_done") if point == "before the ack" else asyncio.Event()
        moments: dict[str, Callable[[StepRecord], bool]] = {
            "before the call": lambda step: fake.lists == 1,
            "after the call, before its answer is saved": lambda step: fake.charges == 1,
            "after saving": lambda step: any(task.state == "placed" for task in step.tasks),
            "before the ack": lambda step: acks.is_set(),
            "during polling": lambda step: fake.looks >= 3,
            "during upload": lambda step: uploads.is_set(),
        }
        await killed_when(first, asked, moments[point])

        fake.polls, fake.switches.hang_after_accept, fake.slow_list = 1, 0.0, 0.0
        second = await another()
        await second.run_step(asked)
        await second.run_step(asked)
        step = await step_of(second)

    assert (step.status, step.provider, step.degraded) == ("COMPLETED", "freepik", None)
    assert fake.charges == 1
    assert step.cost == pytest.approx(0.1)
    assert "charge_uncertain" not in step.metadata


async def test_a_job_says_what_it_cost_and_who_was_tried(tmp_path: Path) -> None:
    fake = FakeFreepik()

    async with studio(fake, tmp_path) as (another, bus):
        service = await another()
        await service.take_plan(plan(num_images=2))
        await service.run_step(bus.of(StepRequested)[0])
        step = await step_of(service)
        today = await service.spending.today("ann")

    assert step.cost == today == pytest.approx(0.2)
    assert step.metadata["attempts"] == [{"engine": "freepik", "outcome": "done"}]


async def test_a_call_over_the_cap_changes_nothing_in_the_ledger(tmp_path: Path) -> None:
    fake = FakeFreepik()

    async with studio(fake, tmp_path) as (another, bus):
        service = await another()
        service.spending._cap_per_user = 0.15
        await service.spending.reserve("ann", 0.1)
        await service.take_plan(plan())
        await service.run_step(bus.of(StepRequested)[0])
        record = await service.jobs.get("j1")
        today = await service.spending.today("ann")

    assert record.problem is not None
    assert record.problem.slug == "daily-cap-reached"
    assert (fake.charges, today) == (0, pytest.approx(0.1))
    assert record.steps[0].tasks == []


async def test_what_waits_for_its_turn_is_not_in_doubt_when_its_worker_dies(tmp_path: Path) -> None:
    fake = FakeFreepik()

    async with studio(fake, tmp_path) as (another, bus):
        first = await another()
        turn: Any = first.router.engines["freepik"].gate
        turn.limiter.turn = _never
        await first.take_plan(plan())
        work = asyncio.create_task(first.run_step(bus.of(StepRequested)[0]))
        await asyncio.sleep(0.2)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        second = await another()
        await second.run_step(bus.of(StepRequested)[0])
        step = await step_of(second)

    assert step.status == "COMPLETED"
    assert fake.charges == 1
    assert "charge_uncertain" not in step.metadata


async def _never() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("listed", [True, False])
async def test_a_retry_by_the_person_remembers_the_call_in_doubt(listed: bool, tmp_path: Path) -> None:
    """The lost task is looked for before another is placed, and where it can't be found the second charge is told."""
    fake = FakeFreepik(has_list=listed)

    async with studio(fake, tmp_path) as (another, bus):
        first = await another()
        await first.take_plan(plan())
        fake.switches.hang_after_accept = 20.0

        async def is_charged() -> bool:
            return fake.charges == 1

        work = asyncio.create_task(first.run_step(bus.of(StepRequested)[0]))
        assert await eventually(is_charged, seconds=5)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        fake.switches.clear()
        second = await another()
        await second.give_up("j1", "killed")
        assert (await second.jobs.get("j1")).status == "FAILED"

        await second.take_plan(plan(attempt=2))
        await second.run_step(bus.of(StepRequested)[-1])
        step = await step_of(second)

    assert step.status == "COMPLETED"
    assert fake.charges == (1 if listed else 2)
    assert ("charge_uncertain" in step.metadata) is not listed
    assert step.cost == pytest.approx(0.1 if listed else 0.2)


async def test_a_retry_with_other_words_does_not_hide_what_may_have_been_charged(tmp_path: Path) -> None:
    fake = FakeFreepik(has_list=False)

    async with studio(fake, tmp_path) as (another, bus):
        service = await another()
        fake.switches.reset_after_accept = 2
        await service.take_plan(plan())
        for _ in range(5):
            with contextlib.suppress(UpstreamError):
                await service.run_step(bus.of(StepRequested)[0])
        assert (await service.jobs.get("j1")).status == "FAILED"

        fake.switches.clear()
        await service.take_plan(plan("a ship", attempt=2))
        await service.run_step(bus.of(StepRequested)[-1])
        step = await step_of(service)

    assert step.status == "COMPLETED"
    assert fake.posts()[-1].body["prompt"] == "a ship"
    assert step.metadata["charge_uncertain"]
    assert step.cost == pytest.approx(0.1 * fake.charges)


async def test_a_task_that_failed_is_placed_anew_when_the_person_asks_again(tmp_path: Path) -> None:
    fake = FakeFreepik(fate="FAILED")

    async with studio(fake, tmp_path) as (another, bus):
        service = await another()
        await service.take_plan(plan())
        for _ in range(5):
            with contextlib.suppress(UpstreamError):
                await service.run_step(bus.of(StepRequested)[0])
        assert fake.charges == 1
        fake.fate = "COMPLETED"
        await service.take_plan(plan(attempt=2))
        await service.run_step(bus.of(StepRequested)[-1])
        step = await step_of(service)

    assert step.status == "COMPLETED"
    assert fake.charges == 2


async def test_two_jobs_in_doubt_never_get_each_others_picture(tmp_path: Path) -> None:
    fake = FakeFreepik()
    fake.switches.hang_after_accept = 20.0

    async with studio(fake, tmp_path) as (another, bus):
        first = await another()
        await first.take_plan(plan())
        await first.take_plan(plan().model_copy(update={"job_id": "j2", "user_id": "bob"}))
        works = [asyncio.create_task(first.run_step(asked)) for asked in bus.of(StepRequested)]

        async def both() -> bool:
            return fake.charges == 2

        assert await eventually(both, seconds=5)
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)

        fake.switches.hang_after_accept = 0.0
        second = await another()
        for asked in bus.of(StepRequested):
            await second.run_step(asked)
        steps = [(await second.jobs.get(job_id)).steps[0] for job_id in ("j1", "j2")]

    lost = set(list(fake.tasks)[:2])
    assert [step.status for step in steps] == ["COMPLETED", "COMPLETED"]
    assert not lost & {task.task_id for task in steps[0].tasks}, "the first in doubt adopts nothing"
    assert steps[0].metadata["charge_uncertain"]
