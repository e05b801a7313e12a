"""Does every failure of every provider end in the right state, with the right problem and the right number of charges?"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from imaging_svc.engines.freepik import FreepikEngine
from imaging_svc.engines.gemini import GeminiEngine
from imaging_svc.engines.openai import OpenAIEngine
from imaging_svc.guard import PictureFetcher
from imaging_svc.service import ImagingService
from photofun_common.bus import MemoryBus
from photofun_common.contracts.imaging import StepRequested
from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.prompt import PlanMetadata, PlannedStep, PlanReady
from photofun_common.contracts.values import Picture, PictureRef
from photofun_common.errors import PhotoFunError
from photofun_common.jobs import JobStore

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from fakes.freepik import FakeFreepik
from fakes.gemini import FakeGemini, quota_error
from fakes.imaging import ThreadPool, imaging_service
from fakes.openai import FakeOpenAI
from fakes.serving import png, serve

FAKES: dict[str, Any] = {"freepik": FakeFreepik, "gemini": FakeGemini, "openai": FakeOpenAI}
REDELIVERIES = 6


def _engine(name: str, fake: Any, url: str, seconds: float) -> Any:
    pool: Any = ThreadPool()
    if name == "freepik":
        return FreepikEngine(
            pool,
            api_key=fake.key,
            base_url=url,
            private_hosts=True,
            poll_seconds=0.01,
            poll_most=0.02,
            post_seconds=seconds / 3,
            backoff=0.01,
            per_minute=100_000,
        )
    if name == "gemini":
        importlib.import_module("google.genai.types")  # seconds that are none of the engine's
        return GeminiEngine(pool, api_keys=list(fake.keys), base_url=url, seconds=seconds, backoff=0.01)
    return OpenAIEngine(pool, api_key=fake.key, base_url=url, private_hosts=True, seconds=seconds, backoff=0.01)


@asynccontextmanager
async def only(name: str, fake: Any, folder: Path, *, seconds: float = 30.0) -> AsyncIterator[tuple[ImagingService, MemoryBus]]:
    """The service with one engine and nobody to fall back to."""
    bus, fetcher = MemoryBus(), PictureFetcher(private_too=True)
    async with serve(fake.app) as url:
        service = imaging_service(bus, JobStore(bus), folder, [_engine(name, fake, url, seconds)], fetcher)
        try:
            yield service, bus
        finally:
            await service.aclose()
            await fetcher.aclose()


async def ended(service: ImagingService, bus: MemoryBus) -> JobRecord:
    """A job's end, its step redelivered as the broker would."""
    await service.take_plan(
        PlanReady(
            job_id="j1",
            user_id="ann",
            session_id="s1",
            prompt="a boat",
            intent="image_generation",
            confidence=0.9,
            plan=[PlannedStep(feature="image_generation", params={"prompt": "a boat"})],
            metadata=PlanMetadata(model="m", provider="local", processing_time=0.1),
            deadline=datetime.now(UTC) + timedelta(seconds=60),
        )
    )
    for _ in range(REDELIVERIES):
        with contextlib.suppress(PhotoFunError):
            await service.run_step(bus.of(StepRequested)[0])
        record = await service.jobs.get("j1")
        if record.is_final:
            return record
    raise AssertionError(f"no end after {REDELIVERIES} deliveries")


LASTING = [
    ("freepik", "400", "provider-rejected", 422),
    ("freepik", "401", "provider-auth", 502),
    ("freepik", "402", "provider-no-credits", 502),
    ("freepik", "404", "provider-failed", 502),
    ("freepik", "429", "provider-rate-limited", 503),
    ("freepik", "500", "provider-outcome-unknown", 502),
    ("freepik", "503", "provider-unavailable", 503),
    ("freepik", "html", "provider-outcome-unknown", 502),
    ("openai", "400", "provider-rejected", 422),
    ("openai", "401", "provider-auth", 502),
    ("openai", "402", "provider-no-credits", 502),
    ("openai", "404", "provider-failed", 502),
    ("openai", "429", "provider-rate-limited", 503),
    ("openai", "500", "provider-outcome-unknown", 502),
    ("openai", "503", "provider-unavailable", 503),
    ("openai", "html", "provider-outcome-unknown", 502),
    ("gemini", "400", "provider-rejected", 422),
    ("gemini", "404", "provider-failed", 502),
    ("gemini", "500", "provider-outcome-unknown", 502),
    ("gemini", "503", "provider-unavailable", 503),
    ("gemini", "html", "provider-outcome-unknown", 502),
]


@pytest.mark.parametrize(("engine", "failure", "slug", "status"), LASTING)
async def test_a_lasting_failure_ends_the_job_with_its_problem(engine: str, failure: str, slug: str, status: int, tmp_path: Path) -> None:
    fake = FAKES[engine]()
    fake.switches.arm(failure, times=50)

    async with only(engine, fake, tmp_path) as (service, bus):
        record = await ended(service, bus)
        spent = await service.spending.today()

    assert record.status == "FAILED"
    assert record.problem is not None
    assert (record.problem.slug, record.problem.status) == (slug, status)
    assert fake.charges == 0
    assert (spent == 0) is (slug != "provider-outcome-unknown"), "only what may have been charged stays in the ledger"


@pytest.mark.parametrize("engine", ["freepik", "openai"])
@pytest.mark.parametrize("failure", ["429", "500", "503", "html"])
async def test_a_passing_failure_is_got_over(engine: str, failure: str, tmp_path: Path) -> None:
    fake = FAKES[engine]()
    fake.switches.arm(failure)

    async with only(engine, fake, tmp_path) as (service, bus):
        record = await ended(service, bus)

    assert record.status == "COMPLETED"
    assert fake.charges == 1


@pytest.mark.parametrize("failure", ["reset", "truncated", "slow"])
async def test_freepiks_lost_answer_costs_nothing_more(failure: str, tmp_path: Path) -> None:
    fake = FakeFreepik()
    fake.switches.arm(failure)

    async with only("freepik", fake, tmp_path, seconds=3.0 if failure == "slow" else 30.0) as (service, bus):
        record = await ended(service, bus)

    assert record.status == "COMPLETED"
    assert fake.charges == 1
    assert "charge_uncertain" not in record.steps[0].metadata


@pytest.mark.parametrize("engine", ["gemini", "openai"])
@pytest.mark.parametrize("failure", ["reset", "truncated"])
async def test_where_nobody_can_be_asked_a_second_charge_is_told(engine: str, failure: str, tmp_path: Path) -> None:
    fake = FAKES[engine]()
    fake.switches.arm(failure)

    async with only(engine, fake, tmp_path) as (service, bus):
        record = await ended(service, bus)

    assert record.status == "COMPLETED"
    assert record.steps[0].problem is None, "what was got over is no error any more"
    assert fake.charges == 2
    assert record.steps[0].metadata["charge_uncertain"]
    assert record.steps[0].cost == pytest.approx(2 * 0.04)


@pytest.mark.parametrize("feature", ["image_generation", "reimagine"])
@pytest.mark.parametrize("engine", ["gemini", "openai", "freepik"])
async def test_a_worker_killed_while_it_stores_the_picture_pays_once(engine: str, feature: str, tmp_path: Path) -> None:
    if engine != "freepik" and feature == "reimagine":
        engine, feature = "freepik", "remove_background"
    fake = FAKES[engine]()
    if engine == "freepik":
        fake.size = (300, 260)

    async with only(engine, fake, tmp_path) as (service, bus), pictures_at() as (url, source):
        reached = asyncio.Event()

        async def hang(*_: Any, **__: Any) -> Any:
            reached.set()
            await asyncio.Event().wait()

        keep, service.files.keep = service.files.keep, hang  # type: ignore[method-assign]
        service.files.public_url = lambda _: _as_async(url)  # type: ignore[method-assign,assignment]
        await service.take_plan(_plan(1, feature=feature, source=await service.files.store(source, "a picture")))
        work = asyncio.create_task(service.run_step(bus.of(StepRequested)[0]))
        await asyncio.wait_for(reached.wait(), 10)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        service.files.keep = keep  # type: ignore[method-assign]
        await service.run_step(bus.of(StepRequested)[0])
        step = (await service.jobs.get("job1")).steps[0]

    assert step.status == "COMPLETED"
    assert fake.charges == 1
    assert "charge_uncertain" not in step.metadata
    assert len(_files_in(tmp_path)) == 2, "the source and the picture: the kept answer is gone"


def _files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@asynccontextmanager
async def pictures_at() -> AsyncIterator[tuple[str, bytes]]:
    """A picture, and an address where it can be fetched."""
    data = png(300, 260)

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=data, content_type="image/png")

    shop = web.Application()
    shop.router.add_get("/a.png", show)
    async with serve(lambda: shop) as url:
        yield f"{url}/a.png", data


async def _as_async(value: str) -> str:
    return value


@pytest.mark.parametrize("engine", ["gemini", "openai"])
@pytest.mark.parametrize("failure", ["reset", "slow"])
async def test_there_is_never_a_third_charge(engine: str, failure: str, tmp_path: Path) -> None:
    fake = FAKES[engine]()
    fake.switches.arm(failure, times=50)

    async with only(engine, fake, tmp_path, seconds=1.0) as (service, bus):
        record = await ended(service, bus)

    assert record.status == "FAILED"
    assert fake.charges <= 2
    assert record.problem is not None
    assert record.problem.slug in ("provider-outcome-unknown", "provider-timeout")


async def test_geminis_quota_is_told_with_the_time_it_names(tmp_path: Path) -> None:
    fake = FakeGemini()
    fake.switches.fail = [(429, quota_error("53s"))] * 50

    async with only("gemini", fake, tmp_path) as (service, bus):
        record = await ended(service, bus)

    assert record.problem is not None
    assert record.problem.slug == "provider-rate-limited"
    assert record.problem.retry_after and 40 < record.problem.retry_after <= 53


async def test_a_result_that_expires_before_it_is_fetched_is_signed_anew(tmp_path: Path) -> None:
    fake = FakeFreepik(url_seconds=-1)

    async with only("freepik", fake, tmp_path) as (service, bus):
        record = await ended(service, bus)
        assert record.problem is not None and record.problem.slug == "provider-failed"
    assert fake.charges == 1


async def test_of_many_jobs_against_a_broken_provider_few_calls_are_repeats(tmp_path: Path) -> None:
    fake = FakeFreepik()
    fake.switches.arm("503", times=500)

    async with only("freepik", fake, tmp_path) as (service, bus):
        for number in range(30):
            engine = service.router.engines["freepik"]
            engine.gate.breaker.note(ok=True)  # type: ignore[union-attr]  # as if others went well: the breaker stays closed
            engine.gate.breaker._outcomes.clear()  # type: ignore[union-attr]
            order = _plan(number)
            await service.take_plan(order)
            with contextlib.suppress(PhotoFunError):
                await service.run_step(bus.of(StepRequested)[-1])

    assert len(fake.posts()) <= 30 * 1.1


def _plan(number: int, *, feature: str = "image_generation", source: Picture | None = None) -> PlanReady:
    return PlanReady(
        job_id=f"job{number}",
        user_id="ann",
        session_id="s1",
        prompt="a boat",
        intent=feature,
        confidence=0.9,
        plan=[PlannedStep(feature=feature, params={"prompt": "a boat"})],
        picture=PictureRef(key=source.key, image_id=source.image_id) if source else None,
        metadata=PlanMetadata(model="m", provider="local", processing_time=0.1),
        deadline=datetime.now(UTC) + timedelta(seconds=60),
    )
