"""Does every job end, once, with what it made?"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imaging_svc.codec import encode
from imaging_svc.domain import FairSlots, NeedsImageError, OverloadedError, WorkerLostError, WorkFailedError, file_key, picture_id
from imaging_svc.engines import Made, Order
from imaging_svc.engines.bells import Bells
from imaging_svc.events import HANDLERS
from imaging_svc.files import PictureInput
from imaging_svc.guard import PictureFetcher
from imaging_svc.lanes import Lanes
from imaging_svc.pool import WorkerPool
from imaging_svc.routing import parse_routing
from imaging_svc.service import ImagingService
from imaging_svc.spending import Prices, Spending
from imaging_svc.stores import open_store
from imaging_svc.webhooks import Webhooks
from photofun_common.bus import MemoryBus
from photofun_common.contracts.conversation import PlanApproved, SessionDeleted
from photofun_common.contracts.erasure import JobsErased
from photofun_common.contracts.features import by_id, features
from photofun_common.contracts.gallery import EditsRequested, ImagePurged, UserErased
from photofun_common.contracts.imaging import FileRemoved, ImageReady, JobFinished, SourceStored, StepRequested
from photofun_common.contracts.prompt import PlanFailed, PlanMetadata, PlannedStep, PlanReady, ReplyReady
from photofun_common.contracts.values import PictureRef
from photofun_common.errors import DeadlineError, InvalidError, UnavailableError, UpstreamError
from photofun_common.fileurls import FileUrls
from photofun_common.http import validated
from photofun_common.jobs import JobStore

ALL = frozenset(feature.id for feature in features())
META = PlanMetadata(model="m", provider="local", processing_time=0.1)


class InlinePool:
    """The pool without processes."""

    async def run(self, work: Callable[..., Any], *arguments: Any, seconds: float, progress: Any = None) -> Any:
        return work(*arguments, progress=progress) if progress else work(*arguments)


class FakeEngine:
    """Makes one grey pixel square; `does[feature]` is what happens before."""

    missing: str | None = None
    gate = None
    models: tuple[str, ...] = ()
    wants_english = False

    def __init__(self, name: str = "local", made_of: frozenset[str] = ALL) -> None:
        self.id, self.features = name, made_of
        self.orders: list[Order] = []
        self.does: dict[str, Any] = {}

    async def run(self, order: Order, *, tell: Any, tasks: Any) -> Made:
        self.orders.append(order)
        tell(0.5)
        trouble = self.does.get(order.feature)
        if isinstance(trouble, list):
            trouble = trouble.pop(0) if trouble else None
        if isinstance(trouble, Exception):
            raise trouble
        if trouble is not None:
            await trouble()
        shade = np.full((8, 8, 3), 10 * len(self.orders), np.uint8)
        return Made([encode(shade, "png")], [None], f"{self.id}-model")

    async def aclose(self) -> None:
        return


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
async def make(bus: MemoryBus, engine: FakeEngine, tmp_path: Path) -> AsyncIterator[Callable[..., ImagingService]]:
    fetcher = PictureFetcher(private_too=False)

    def service(**changes: Any) -> ImagingService:
        parts: dict[str, Any] = {
            "bus": bus,
            "jobs": JobStore(bus),
            "blobs": open_store(f"file://{tmp_path}"),
            "pool": InlinePool(),
            "fetcher": fetcher,
            "engines": [engine],
            "routing": {},
            "urls": FileUrls("http://studio.test", "s", signed=False),
            "secret": "s",
            "deadline": 60.0,
            "lanes": Lanes(2, per_user=2),
            "spending": Spending(lambda: bus.key_value("spending"), cap=None, cap_per_user=None),
            "prices": Prices(""),
            "webhooks": Webhooks(lambda: bus.key_value("webhooks"), Bells(), None),
            "max_jobs_per_user": 5,
            "max_backlog": 8,
        }
        return ImagingService(**{**parts, **changes})

    yield service
    await fetcher.aclose()


@pytest.fixture
async def service(make: Callable[..., ImagingService]) -> ImagingService:
    return make()


@pytest.fixture
def picture() -> bytes:
    return encode(np.full((20, 30, 3), 99, np.uint8), "png").data


def plan(*steps: str, **changes: Any) -> PlanReady:
    fields: dict[str, Any] = {
        "job_id": "j1",
        "user_id": "ann",
        "session_id": "s1",
        "prompt": "do it",
        "intent": steps[0],
        "confidence": 0.9,
        "plan": [PlannedStep(feature=step, params={"prompt": "a lake"} if step == "image_generation" else {}) for step in steps],
        "metadata": META,
        "deadline": datetime.now(UTC) + timedelta(seconds=60),
    }
    return PlanReady(**{**fields, **changes})


def approved(*steps: str, attempt: int) -> PlanApproved:
    return PlanApproved(
        **{name: value for name, value in plan(*steps, attempt=attempt).model_dump().items() if name in PlanApproved.model_fields}
    )


async def run(bus: MemoryBus, service: ImagingService) -> None:
    await bus.deliver(service, HANDLERS)


async def test_a_plan_runs_in_order_each_step_on_the_one_before(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    await service.take_plan(plan("image_generation", "remove_background", "upscale"))
    await run(bus, service)

    record = await service.jobs.get("j1")
    ready, finished = bus.of(ImageReady), bus.of(JobFinished)
    assert record.status == "COMPLETED"
    assert record.progress == 1.0
    assert [order.feature for order in engine.orders] == ["image_generation", "remove_background", "upscale"]
    assert [(fact.step, fact.last_step) for fact in ready] == [(0, False), (1, False), (2, True)]
    assert [fact.parent_id for fact in ready] == [None, ready[0].picture.image_id, ready[1].picture.image_id]
    assert [(fact.status, len(fact.steps)) for fact in finished] == [("COMPLETED", 3)]
    assert engine.orders[1].picture == await service.files.read(ready[0].picture.key)
    assert ready[2].picture.image_id == picture_id("j1", 2, 0)


async def test_a_repeated_request_does_the_work_once(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    await service.take_plan(plan("image_generation"))
    await run(bus, service)
    told = len(bus.published)

    for _ in range(3):
        await service.run_step(bus.of(StepRequested)[0])

    assert len(engine.orders) == 1
    assert len(bus.published) == told


async def test_two_requests_at_once_do_the_work_once(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    await service.take_plan(plan("image_generation"))
    asked = bus.of(StepRequested)[0]

    await asyncio.gather(*(service.run_step(asked) for _ in range(5)))

    assert len(engine.orders) == 1


async def test_taking_a_plan_twice_changes_nothing(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    await service.take_plan(plan("image_generation", "upscale"))
    await service.take_plan(plan("image_generation", "upscale"))
    await run(bus, service)
    before = await service.jobs.get("j1")

    await service.take_plan(plan("image_generation", "upscale"))
    await run(bus, service)

    assert await service.jobs.get("j1") == before
    assert len(engine.orders) == 2


async def test_a_failing_step_keeps_the_pictures_before_it(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    engine.does["upscale"] = InvalidError("too much", slug="image-too-large")

    await service.take_plan(plan("image_generation", "upscale", "relight"))
    await run(bus, service)

    record = await service.jobs.get("j1")
    assert record.status == "FAILED"
    assert record.problem is not None
    assert record.problem.slug == "image-too-large"
    assert [step.status for step in record.steps] == ["COMPLETED", "FAILED", "PENDING"]
    assert len(bus.of(ImageReady)) == 1
    assert len(record.pictures) == 1
    assert bus.of(JobFinished)[0].status == "FAILED"


async def test_a_retry_goes_on_with_the_first_unfinished_step(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    engine.does["upscale"] = [InvalidError("not today")]
    await service.take_plan(plan("image_generation", "upscale"))
    await run(bus, service)

    await service.take_plan(approved("image_generation", "upscale", attempt=2))
    await run(bus, service)

    record = await service.jobs.get("j1")
    assert (record.status, record.run, record.problem) == ("COMPLETED", 2, None)
    assert [order.feature for order in engine.orders] == ["image_generation", "upscale", "upscale"]
    assert [(fact.attempt, fact.status) for fact in bus.of(JobFinished)] == [(1, "FAILED"), (2, "COMPLETED")]


async def test_an_earlier_run_cannot_disturb_a_later_one(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    engine.does["image_generation"] = [InvalidError("not today")]
    await service.take_plan(plan("image_generation"))
    await run(bus, service)
    await service.take_plan(approved("image_generation", attempt=2))

    await service.run_step(bus.of(StepRequested)[0])
    await service.take_plan(plan("image_generation"))

    assert (await service.jobs.get("j1")).run == 2
    assert len(engine.orders) == 1


async def test_in_review_mode_a_plan_waits_for_approval(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    await service.take_plan(plan("image_generation", mode="review"))
    await run(bus, service)
    waiting = await service.jobs.get("j1")

    await service.take_plan(approved("image_generation", "upscale", attempt=1))
    await run(bus, service)

    assert waiting.status == "AWAITING_APPROVAL"
    assert waiting.steps[0].metadata["engine"] == engine.id
    assert waiting.steps[0].metadata["estimated_seconds"] > 0
    assert (await service.jobs.get("j1")).status == "COMPLETED"
    assert len(engine.orders) == 2


async def test_an_edit_without_a_picture_says_what_to_do(bus: MemoryBus, service: ImagingService) -> None:
    await service.take_plan(plan("upscale"))
    await run(bus, service)

    problem = (await service.jobs.get("j1")).problem
    assert problem is not None
    assert problem.slug == "needs-image"


async def test_an_unknown_feature_or_bad_parameters_end_the_job(bus: MemoryBus, service: ImagingService) -> None:
    for number, step in enumerate([PlannedStep(feature="teleport"), PlannedStep(feature="image_generation", params={"num_images": 99})]):
        await service.take_plan(plan("image_generation", job_id=f"bad{number}", plan=[step]))
        await run(bus, service)

        assert (await service.jobs.get(f"bad{number}")).status == "FAILED"


async def test_the_upload_of_a_message_is_stored_and_told(
    bus: MemoryBus, service: ImagingService, engine: FakeEngine, picture: bytes
) -> None:
    await bus.park("u1", picture)

    await service.take_plan(plan("upscale", picture=PictureRef(upload="u1")))
    await run(bus, service)

    stored = bus.of(SourceStored)
    assert len(stored) == 1
    assert stored[0].picture.width == 30
    assert engine.orders[0].picture == await service.files.read(stored[0].picture.key)
    assert bus.of(ImageReady)[0].parent_key == stored[0].picture.key


@pytest.mark.parametrize(
    ("ref", "slug"),
    [
        (PictureRef(upload="gone"), "upload-gone"),
        (PictureRef(url="http://127.0.0.1/a.png"), "unsafe-url"),
        (PictureRef(key="a" * 40 + ".png"), "file-not-found"),
    ],
)
async def test_a_picture_that_cannot_be_had_ends_the_job(bus: MemoryBus, service: ImagingService, ref: PictureRef, slug: str) -> None:
    await service.take_plan(plan("upscale", picture=ref))
    await run(bus, service)

    record = await service.jobs.get("j1")
    assert record.status == "FAILED"
    assert record.problem is not None
    assert record.problem.slug == slug


async def test_a_step_over_its_deadline_fails_without_work(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    await service.take_plan(plan("image_generation", deadline=datetime.now(UTC) - timedelta(seconds=1)))
    await run(bus, service)

    record = await service.jobs.get("j1")
    assert record.status == "FAILED"
    assert record.problem is not None
    assert record.problem.slug == "deadline-exceeded"
    assert engine.orders == []
    assert len(bus.of(JobFinished)) == 1


async def test_a_step_that_takes_too_long_is_ended(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    engine.does["image_generation"] = lambda: asyncio.sleep(30)

    await service.take_plan(plan("image_generation", deadline=datetime.now(UTC) + timedelta(seconds=0.3)))
    await asyncio.wait_for(run(bus, service), 5)

    problem = (await service.jobs.get("j1")).problem
    assert problem is not None
    assert problem.slug == "deadline-exceeded"


async def test_cancel_stops_the_work_and_a_second_one_changes_nothing(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    began, stopped = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.sleep(30)
        finally:
            stopped.set()

    engine.does["image_generation"] = work
    await service.take_plan(plan("image_generation", "upscale"))
    running = asyncio.create_task(run(bus, service))
    await asyncio.wait_for(began.wait(), 2)

    await service.cancel("j1")
    await asyncio.wait_for(running, 2)
    await service.cancel("j1")

    record = await service.jobs.get("j1")
    assert stopped.is_set()
    assert record.status == "CANCELED"
    assert {step.status for step in record.steps} == {"CANCELED"}
    assert [fact.status for fact in bus.of(JobFinished)] == ["CANCELED"]
    assert bus.of(ImageReady) == []


async def test_a_result_that_comes_after_the_cancel_is_dropped_quietly(bus: MemoryBus, make: Any, engine: FakeEngine) -> None:
    service: ImagingService = make()
    other: ImagingService = make(jobs=JobStore(bus))
    engine.does["image_generation"] = lambda: asyncio.shield(asyncio.ensure_future(other.cancel("j1")))
    service.watcher.noticed = lambda record: None  # type: ignore[method-assign]  # a replica that has not heard of it yet
    service.jobs._followers.clear()

    await service.take_plan(plan("image_generation"))
    await run(bus, service)

    assert (await service.jobs.get("j1")).status == "CANCELED"
    assert bus.of(ImageReady) == []


async def test_a_deleted_session_ends_its_jobs(bus: MemoryBus, service: ImagingService) -> None:
    await service.take_plan(plan("image_generation", mode="review"))

    await service.end_session(SessionDeleted(job_id="s1", user_id="ann", session_id="s1", job_ids=["j1", "unknown"]))

    assert (await service.jobs.get("j1")).status == "CANCELED"


async def test_small_talk_ends_its_job_and_a_failed_plan_too(bus: MemoryBus, service: ImagingService) -> None:
    for job_id in ("talk", "bad"):
        await service.take_plan(plan("image_generation", job_id=job_id, mode="review"))
    reply = ReplyReady(job_id="talk", user_id="ann", session_id="s1", intent="chat", confidence=1, reply="hi", metadata=META)
    failed = PlanFailed(job_id="bad", user_id="ann", problem=InvalidError("no", slug="moderation-blocked").to_problem())

    for _ in range(2):
        await service.take_reply(reply)
        await service.take_plan_failure(failed)

    assert (await service.jobs.get("talk")).status == "COMPLETED"
    assert (await service.jobs.get("bad")).status == "FAILED"
    await service.take_reply(reply.model_copy(update={"job_id": "unknown"}))


async def test_the_sweeper_ends_what_is_overdue_and_asks_again_for_what_stalls(
    bus: MemoryBus, service: ImagingService, engine: FakeEngine
) -> None:
    past = datetime.now(UTC) - timedelta(seconds=30)
    for job_id in ("late", "stalled"):
        await service.take_plan(plan("image_generation", job_id=job_id))
    await service.jobs.change("late", lambda record: record.model_copy(update={"deadline": past}))
    await service.jobs.change("stalled", lambda record: record.model_copy(update={"updated_at": past}))
    while not bus._queue.empty():
        bus._queue.get_nowait()  # both requests are lost

    await service.sweep()
    await run(bus, service)

    late, stalled = await service.jobs.get("late"), await service.jobs.get("stalled")
    assert (late.status, late.problem and late.problem.slug) == ("FAILED", "deadline-exceeded")
    assert stalled.status == "COMPLETED"
    assert len(engine.orders) == 1


async def test_more_than_can_be_done_soon_is_refused(bus: MemoryBus, service: ImagingService) -> None:
    adjust = by_id("adjust")
    assert adjust is not None
    for number in range(8):
        await service.take_plan(plan("image_generation", job_id=f"j{number}", user_id=f"user-{number}"))

    with pytest.raises(OverloadedError) as refused:
        await service.take_feature(adjust, "ann", validated(adjust.params, {"operations": [{"op": "sepia"}]}), PictureInput(), {})

    assert refused.value.retry_after
    await run(bus, service)
    with pytest.raises(NeedsImageError):  # now it is looked at
        await service.take_feature(adjust, "ann", validated(adjust.params, {"operations": [{"op": "sepia"}]}), PictureInput(), {})


async def test_after_a_restart_the_index_knows_the_jobs(bus: MemoryBus, service: ImagingService, make: Any) -> None:
    await service.take_plan(plan("image_generation"))

    fresh: ImagingService = make(jobs=JobStore(bus))
    await fresh.watcher.load()

    assert fresh.index.of("ann", None) == ["j1"]
    assert fresh.index.of("bob", None) == []


async def test_an_event_given_up_ends_its_job(bus: MemoryBus, service: ImagingService) -> None:
    await service.take_plan(plan("image_generation"))

    await service.give_up("j1", "it broke")
    await service.give_up("unknown", "it broke")

    assert (await service.jobs.get("j1")).status == "FAILED"
    assert len(bus.of(JobFinished)) == 1


async def test_the_next_engine_does_what_one_cannot_just_now(bus: MemoryBus, make: Any, engine: FakeEngine) -> None:
    remote = FakeEngine("freepik")
    remote.does["image_generation"] = UpstreamError("the provider is down")
    service: ImagingService = make(engines=[remote, engine])

    await service.take_plan(plan("image_generation"))
    await run(bus, service)

    step = (await service.jobs.get("j1")).steps[0]
    assert (step.status, step.provider) == ("COMPLETED", "local")
    assert step.degraded is not None
    assert "the provider is down" in step.degraded


async def test_what_the_person_got_wrong_is_not_tried_elsewhere(bus: MemoryBus, make: Any, engine: FakeEngine) -> None:
    remote = FakeEngine("freepik")
    remote.does["image_generation"] = InvalidError("blocked", slug="moderation-blocked")
    service: ImagingService = make(engines=[remote, engine])

    await service.take_plan(plan("image_generation"))
    await run(bus, service)

    assert (await service.jobs.get("j1")).status == "FAILED"
    assert engine.orders == []


async def test_trouble_that_may_pass_is_handed_back_and_ends_at_last(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    engine.does["image_generation"] = UnavailableError("busy")
    await service.take_plan(plan("image_generation"))
    asked = bus.of(StepRequested)[0]

    for _ in range(3):
        with pytest.raises(UnavailableError):
            await service.run_step(asked)
    await service.run_step(asked)

    assert (await service.jobs.get("j1")).status == "FAILED"


async def test_a_picture_that_kills_its_worker_twice_is_given_up(bus: MemoryBus, service: ImagingService, engine: FakeEngine) -> None:
    engine.does["image_generation"] = WorkerLostError("gone")
    await service.take_plan(plan("image_generation"))
    asked = bus.of(StepRequested)[0]

    with pytest.raises(WorkerLostError):
        await service.run_step(asked)
    await service.run_step(asked)

    problem = (await service.jobs.get("j1")).problem
    assert problem is not None
    assert problem.slug == "image-undecodable"


async def test_a_person_may_have_so_many_unfinished_jobs(bus: MemoryBus, service: ImagingService) -> None:
    feature = by_id("image_generation")
    assert feature is not None
    params = validated(feature.params, {"prompt": "a lake", "refine": False})
    for _ in range(5):
        await service.take_feature(feature, "ann", params, PictureInput(), {})

    with pytest.raises(Exception, match="unfinished") as caught:
        await service.take_feature(feature, "ann", params, PictureInput(), {})
    await service.take_feature(feature, "bob", params, PictureInput(), {})

    assert caught.value.status == 429  # type: ignore[attr-defined]


async def test_a_purged_picture_and_its_thumbnails_are_gone(bus: MemoryBus, service: ImagingService, picture: bytes) -> None:
    kept = await service.files.store(picture, "upload", "1")
    await service.files.thumbnail(kept.key, 64)

    for _ in range(2):
        await bus.publish(ImagePurged(job_id=kept.image_id, user_id="ann", image_id=kept.image_id, key=kept.key))
        await run(bus, service)

    assert await service.files._blobs.size(kept.key) is None
    assert await service.files._blobs.size(f"{kept.key.split('.')[0]}-w64.webp") is None


async def test_signed_addresses_are_needed_whoever_they_name(make: Any, picture: bytes) -> None:
    service: ImagingService = make(urls=FileUrls("http://studio.test", "s", signed=True))
    kept = await service.files.store(picture, "upload", "1")

    assert await service.files.fetch(service.urls.url(kept.key))
    for url in (f"http://studio.test/v1/files/{kept.key}", f"http://127.0.0.1/v1/files/{kept.key}", "http://studio.test/metrics"):
        with pytest.raises(InvalidError) as caught:
            await service.files.fetch(url)
        assert caught.value.slug == "unsafe-url"


async def test_places_are_handed_round_between_people() -> None:
    slots, order = FairSlots(1, per_user=1), []

    async def work(user_id: str) -> None:
        async with slots.place(user_id):
            order.append(user_id)
            await asyncio.sleep(0)

    await asyncio.gather(*(work(user_id) for user_id in ("ann", "ann", "ann", "bob", "cy")))

    assert order == ["ann", "ann", "bob", "cy", "ann"]


async def test_one_person_leaves_places_for_others_and_who_gives_up_frees_the_queue() -> None:
    slots = FairSlots(3, per_user=2)
    held = asyncio.Event()
    running: list[str] = []

    async def hold(user_id: str) -> None:
        async with slots.place(user_id):
            running.append(user_id)
            await held.wait()

    tasks = [asyncio.create_task(hold(user_id)) for user_id in ("ann", "ann", "ann", "bob", "cy")]
    await asyncio.sleep(0.01)
    first = list(running)
    tasks[2].cancel()
    held.set()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert sorted(first) == ["ann", "ann", "bob"]
    assert sorted(running) == ["ann", "ann", "bob", "cy"]
    assert slots.waiting == 0
    async with slots.place("a"), slots.place("b"), slots.place("c"):
        pass


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    opened = WorkerPool(1, "unused")
    yield opened
    await opened.aclose()


async def test_a_worker_may_be_late_lost_or_wrong_and_the_next_work_is_done(pool: WorkerPool) -> None:
    with pytest.raises(DeadlineError):
        await pool.run(time.sleep, 60, seconds=0.5)
    with pytest.raises(WorkerLostError):
        await pool.run(os._exit, 3, seconds=20)
    with pytest.raises(WorkFailedError) as caught:
        await pool.run(math.sqrt, -1, seconds=20)

    assert "math" not in str(caught.value.to_problem())
    assert await pool.run(abs, -3, seconds=20) == 3


async def test_canceled_work_frees_its_worker_at_once(pool: WorkerPool) -> None:
    assert await pool.run(abs, -1, seconds=20) == 1
    work = asyncio.create_task(pool.run(time.sleep, 60, seconds=60))
    await asyncio.sleep(0.3)

    work.cancel()
    await asyncio.gather(work, return_exceptions=True)

    assert await asyncio.wait_for(pool.run(abs, -3, seconds=20), 15) == 3


@pytest.mark.parametrize("trouble", [WorkerLostError("gone"), WorkFailedError("odd")])
async def test_an_upload_that_brings_the_decoder_down_is_undecodable(trouble: Exception, make: Any, picture: bytes) -> None:
    class Broken:
        async def run(self, *_: Any, **__: Any) -> Any:
            raise trouble

    service: ImagingService = make(pool=Broken())

    with pytest.raises(InvalidError) as caught:
        await service.files.store(picture, "upload", "1")
    assert caught.value.slug == "image-undecodable"


def test_keys_and_ids_follow_from_their_causes() -> None:
    assert file_key("s", "j", 0, 1, extension="png") == file_key("s", "j", 0, 1, extension="png")
    assert file_key("s", "j", 0, 1, extension="png") != file_key("t", "j", 0, 1, extension="png")
    assert picture_id("j", 0, 0) != picture_id("j", 0, 1)


def test_routing_is_read_or_refused() -> None:
    assert parse_routing(" image-generate = freepik, local ;upscale=local; ") == {
        "image-generate": ["freepik", "local"],
        "upscale": ["local"],
    }
    with pytest.raises(ValueError, match="IMAGE_ROUTING"):
        parse_routing("nonsense")


async def test_a_picture_named_by_its_own_address_is_the_parent_of_what_is_made_of_it(
    bus: MemoryBus, service: ImagingService, picture: bytes
) -> None:
    kept = await service.files.store(picture, "upload", "1")
    feature = by_id("adjust")
    assert feature is not None
    params = feature.params.model_validate({"operations": [{"op": "grayscale"}]})

    await service.take_feature(feature, "ann", params, PictureInput(url=service.urls.url(kept.key)), {})
    await run(bus, service)

    assert [ready.parent_key for ready in bus.of(ImageReady)] == [kept.key]


async def test_a_recipe_is_done_on_a_stored_picture_once(bus: MemoryBus, service: ImagingService, picture: bytes) -> None:
    kept = await service.files.store(picture, "upload", "1")
    steps = [
        PlannedStep(feature="adjust", params={"operations": [{"op": "grayscale"}]}),
        PlannedStep(feature="adjust", params={"operations": [{"op": "flip", "direction": "vertical"}]}),
    ]
    asked = EditsRequested(
        job_id="run1item1", user_id="ann", run_id="run1", steps=steps, picture=PictureRef(key=kept.key, image_id="mine"),
        deadline=datetime.now(UTC) + timedelta(seconds=60),
    )  # fmt: skip

    for _ in range(2):
        await service.intake.take_edits(asked)
        await run(bus, service)

    ready, ended = bus.of(ImageReady), bus.of(JobFinished)
    assert [(one.step, one.parent_id) for one in ready] == [(0, "mine"), (1, ready[0].picture.image_id)]
    assert [(one.status, one.kind) for one in ended] == [("COMPLETED", "feature")]


async def test_a_purge_says_when_the_file_is_gone(bus: MemoryBus, service: ImagingService, picture: bytes) -> None:
    kept = await service.files.store(picture, "upload", "1")

    await bus.publish(ImagePurged(job_id=kept.image_id, user_id="ann", image_id=kept.image_id, key=kept.key))
    await run(bus, service)

    assert [(fact.job_id, fact.key) for fact in bus.of(FileRemoved)] == [(kept.image_id, kept.key)]


async def test_an_erased_persons_jobs_are_gone_and_their_files_told(bus: MemoryBus, service: ImagingService, picture: bytes) -> None:
    feature = by_id("adjust")
    assert feature is not None
    params = feature.params.model_validate({"operations": [{"op": "grayscale"}]})
    for user in ("ann", "bob"):
        await service.take_feature(feature, user, params, PictureInput(file=picture), {})
    await run(bus, service)
    made = {ready.user_id: ready for ready in bus.of(ImageReady)}

    await service.eraser.erase(UserErased(job_id="e1", user_id="ann", at=datetime.now(UTC)))
    await service.eraser.erase(UserErased(job_id="e1", user_id="ann", at=datetime.now(UTC)))

    report = bus.of(JobsErased)[0]
    assert {record.user_id for record in await service.jobs.all()} == {"bob"} and service.index.of("ann", None) == []
    assert report.counts == {"jobs": 1} and set(report.keys) == {made["ann"].picture.key, made["ann"].parent_key}


async def test_a_plan_that_comes_after_its_person_was_erased_tells_when_it_was_accepted(
    bus: MemoryBus, service: ImagingService, picture: bytes
) -> None:
    kept = await service.files.store(picture, "upload", "1")
    deadline = datetime.now(UTC) + timedelta(seconds=20)
    plan = [PlannedStep(feature="adjust", params={"operations": [{"op": "grayscale"}]})]

    await service.take_plan(
        PlanApproved(
            job_id="late", user_id="ann", session_id="s", intent="adjust", plan=plan, picture=PictureRef(key=kept.key), deadline=deadline
        )
    )
    await run(bus, service)

    accepted = bus.of(ImageReady)[0].accepted_at
    assert accepted is not None and accepted <= deadline - timedelta(seconds=30)
