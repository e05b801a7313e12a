"""Does the right engine do it, does another step in, and is it told what would help when nobody can?"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imaging_svc.codec import encode
from imaging_svc.domain import EngineMissingError
from imaging_svc.engines import Made, Order
from imaging_svc.engines.failures import ProviderDownError
from imaging_svc.files import PictureInput
from imaging_svc.guard import PictureFetcher
from imaging_svc.routing import Router, parse_routing
from imaging_svc.service import ImagingService
from imaging_svc.settings import Settings
from photofun_common.bus import MemoryBus
from photofun_common.contracts.features import by_id, features
from photofun_common.contracts.imaging import StepRequested
from photofun_common.contracts.jobs import JobRecord, ProviderTask
from photofun_common.contracts.prompt import PlanMetadata, PlannedStep, PlanReady, RefineAnswer, RefineQuestion
from photofun_common.errors import PhotoFunError
from photofun_common.http import validated
from photofun_common.jobs import JobStore
from photofun_common.testing.plugin import eventually

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from fakes.imaging import imaging_service

ALL = frozenset(feature.id for feature in features())
META = PlanMetadata(model="m", provider="local", processing_time=0.1)


class Painter:
    """An engine of a test: makes a grey square, or what `trouble` says; a paid one notes its call."""

    gate = None

    def __init__(
        self,
        name: str,
        can: frozenset[str] = ALL,
        *,
        missing: str | None = None,
        models: tuple[str, ...] = (),
        english: bool = False,
        paid: bool = False,
    ) -> None:
        self.id, self.features, self.missing, self.models, self.wants_english, self.paid = name, can, missing, models, english, paid
        self.trouble: Any = None
        self.orders: list[Order] = []

    async def run(self, order: Order, *, tell: Any, tasks: Any) -> Made:
        self.orders.append(order)
        if self.paid:
            await tasks.save(ProviderTask(engine=self.id, endpoint="/x", placed_at=datetime.now(UTC)))
        if isinstance(self.trouble, Exception):
            raise self.trouble
        if self.trouble is not None:
            await self.trouble.wait()
        return Made([encode(np.full((8, 8, 3), 9, np.uint8), "png")], [None], f"{self.id}-model")

    async def aclose(self) -> None:
        return


@asynccontextmanager
async def studio(folder: Path, *engines: Painter, **more: Any) -> AsyncIterator[tuple[ImagingService, MemoryBus]]:
    bus, fetcher = MemoryBus(), PictureFetcher(private_too=False)
    service = imaging_service(bus, JobStore(bus), folder, list(engines), fetcher, **more)
    try:
        yield service, bus
    finally:
        await service.aclose()
        await fetcher.aclose()


async def done(
    service: ImagingService, bus: MemoryBus, feature: str = "image_generation", *, user_id: str = "ann", **params: Any
) -> JobRecord:
    declared = by_id(feature)
    assert declared is not None
    picture = PictureInput(file=encode(np.full((20, 30, 3), 99, np.uint8), "png").data) if declared.needs_picture else PictureInput()
    asked = validated(declared.params, {"prompt": "a lake", **params})
    record = await service.take_feature(declared, user_id, asked, picture, {})
    with contextlib.suppress(PhotoFunError):
        await service.run_step([fact for fact in bus.of(StepRequested) if fact.job_id == record.job_id][-1])
    return await service.jobs.get(record.job_id)


@pytest.mark.parametrize(
    ("model", "order"),
    [
        (None, ["one", "two", "local"]),
        ("photofun-two", ["two", "one", "local"]),
        ("two", ["two", "one", "local"]),
        ("painter/oil", ["two", "one", "local"]),
        ("photofun-local", ["local", "one", "two"]),
        ("realism", ["one", "two", "local"]),
    ],
)
def test_a_model_by_name_puts_its_engine_first(model: str | None, order: list[str]) -> None:
    engines: Any = [Painter("one"), Painter("two", models=("painter",)), Painter("local")]

    assert [engine.id for engine in Router(engines, {}).route("upscale", model)] == order


def test_the_table_wins_and_who_cannot_is_left_out() -> None:
    engines: Any = [
        Painter("freepik"),
        Painter("gemini", frozenset({"edit"})),
        Painter("openai", missing="OPENAI_API_KEY"),
        Painter("local"),
    ]
    router = Router(engines, parse_routing("upscale=local,openai,gemini,freepik"))

    assert [engine.id for engine in router.route("upscale")] == ["local", "freepik"]
    assert [engine.id for engine in router.route("edit")] == ["freepik", "gemini", "local"]


@pytest.mark.parametrize("text", ["nonsense", "upscal=local", "upscale=locl", "upscale="])
def test_a_route_to_nowhere_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValueError, match="IMAGE_ROUTING"):
        parse_routing(text)


def test_an_alias_of_a_feature_is_its_route_too() -> None:
    assert parse_routing("image-generation=local") == {"image-generate": ["local"]}


@pytest.mark.parametrize(("language", "words"), [("en", "set A_KEY"), ("vi", "hãy đặt A_KEY"), (None, "set A_KEY")])
def test_when_nobody_can_the_answer_names_the_key_and_what_can_be_done(language: str | None, words: str) -> None:
    engines: Any = [Painter("one", missing="A_KEY"), Painter("local", ALL - {"edit"})]
    edit = by_id("edit")
    assert edit is not None

    with pytest.raises(EngineMissingError, match=words) as caught:
        Router(engines, {}).require(edit, language=language)

    assert caught.value.extra["settings"] == ["A_KEY"]
    offers = caught.value.extra["offers"]
    assert {offer["feature"] for offer in offers} == {
        feature.slug for feature in features() if feature.needs_picture and feature.id != "edit"
    }
    assert all(offer["label"] and offer["message"] for offer in offers)


async def test_the_next_engine_does_it_and_the_result_says_who_was_tried(tmp_path: Path) -> None:
    first, second = Painter("freepik"), Painter("local")
    first.trouble = ProviderDownError("it is away")

    async with studio(tmp_path, first, second) as (service, bus):
        record = await done(service, bus)

    step = record.steps[0]
    assert (record.status, step.provider) == ("COMPLETED", "local")
    assert step.degraded == "provider-unavailable: it is away"
    assert step.metadata["attempts"] == [{"engine": "freepik", "outcome": "provider-unavailable"}, {"engine": "local", "outcome": "done"}]


async def test_over_the_days_cap_what_costs_nothing_goes_on(tmp_path: Path) -> None:
    paid = Painter("freepik", paid=True)

    async with studio(tmp_path, paid, Painter("local", ALL - {"edit"}), cap_per_user=0.1) as (service, bus):
        first, second, edit = await done(service, bus), await done(service, bus), await done(service, bus, "edit")
        other = await done(service, bus, user_id="bob")

    assert [record.steps[0].provider for record in (first, second, other)] == ["freepik", "local", "freepik"]
    assert (second.steps[0].degraded or "").startswith("daily-cap-reached")
    assert edit.problem is not None
    assert (edit.status, edit.problem.slug, edit.problem.status) == ("FAILED", "daily-cap-reached", 429)
    assert edit.problem.retry_after


async def test_an_engine_that_hangs_slows_no_other(tmp_path: Path) -> None:
    stuck = Painter("freepik", frozenset({"upscale"}))
    stuck.trouble = asyncio.Event()

    async with studio(tmp_path, stuck, Painter("local")) as (service, bus):
        hanging = [asyncio.create_task(done(service, bus, "upscale", user_id=f"user{number}")) for number in range(40)]
        assert await eventually(lambda: _as_async(len(stuck.orders) >= 20), seconds=10)
        async with asyncio.timeout(5):
            record = await done(service, bus, "adjust", operations=[{"op": "grayscale"}])
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)

    assert record.status == "COMPLETED"


async def _as_async(value: bool) -> bool:
    return value


async def test_work_keeps_its_record_fresh_so_that_no_other_replica_takes_it_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imaging_svc.running._BEAT_SECONDS", 0.05)
    slow = Painter("freepik")
    slow.trouble = asyncio.Event()

    async with studio(tmp_path, slow) as (service, bus):
        work = asyncio.create_task(done(service, bus))
        assert await eventually(lambda: _as_async(bool(slow.orders)), seconds=5)
        job_id = slow.orders[0].job_id
        before = (await service.jobs.get(job_id)).updated_at
        await asyncio.sleep(0.15)
        after = (await service.jobs.get(job_id)).updated_at
        slow.trouble.set()
        record = await work

    assert after > before
    assert record.status == "COMPLETED"


@pytest.mark.parametrize(("english", "told"), [(True, "put a red hat on him"), (False, "đội mũ đỏ cho anh ấy")])
@pytest.mark.parametrize("feature", ["edit", "image_generation"])
async def test_only_an_engine_that_wants_english_is_given_it(feature: str, english: bool, told: str, tmp_path: Path) -> None:
    engine = Painter("freepik", english=english)

    async def refine(question: bytes) -> RefineAnswer:
        asked = RefineQuestion.model_validate_json(question)
        return RefineAnswer(
            refined_prompt=asked.prompt, english="put a red hat on him", intent="edit", confidence=0.9, language="vi", metadata=META
        )

    async with studio(tmp_path, engine) as (service, bus):
        bus.rpc["rpc.prompt.refine"] = refine
        record = await done(service, bus, feature, prompt="đội mũ đỏ cho anh ấy")

    assert record.status == "COMPLETED"
    assert engine.orders[0].prompt == told
    assert record.prompt == "đội mũ đỏ cho anh ấy"


async def test_a_plans_english_goes_with_its_step(tmp_path: Path) -> None:
    engine = Painter("freepik", english=True)

    async with studio(tmp_path, engine) as (service, bus):
        step = PlannedStep(feature="image_generation", params={"prompt": "con cáo"}, english="a fox")
        plan = PlanReady(
            job_id="j1",
            user_id="ann",
            session_id="s1",
            prompt="vẽ con cáo",
            intent="image_generation",
            confidence=0.9,
            plan=[step],
            metadata=META,
            deadline=datetime.now(UTC) + timedelta(seconds=60),
        )
        await service.take_plan(plan)
        await service.run_step(bus.of(StepRequested)[0])

    assert engine.orders[0].prompt == "a fox"


@pytest.mark.parametrize("wrong", [{"image_routing": "upscale=locl"}, {"imaging_prices": "freepik=much"}])
def test_settings_that_cannot_be_read_are_refused_by_name(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)).upper()):
        Settings(_env_file=None, **wrong)  # type: ignore[arg-type]
