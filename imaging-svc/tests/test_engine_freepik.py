"""Does the Freepik engine do every feature, fail as it should, and never pay twice?  Against the contract-true fake, over HTTP."""

from __future__ import annotations

import asyncio
import base64
import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from imaging_svc.engines import Made, Order
from imaging_svc.engines.failures import (
    ModerationBlockedError,
    OutcomeUnknownError,
    ProviderAuthError,
    ProviderCreditsError,
    ProviderDownError,
    ProviderFailedError,
    ProviderLateError,
    ProviderLimitedError,
    ProviderRejectedError,
    ResultLostError,
    UnsuitedError,
)
from imaging_svc.engines.freepik import FreepikEngine
from photofun_common.contracts.jobs import ProviderTask
from photofun_common.errors import PhotoFunError, UnavailableError, UpstreamError
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from fakes.freepik import FakeFreepik
from fakes.imaging import MemoryTasks, ThreadPool, order
from fakes.serving import png, serve

REFERENCE = {"reference_image": png(40, 40, (10, 90, 200, 255))}


@asynccontextmanager
async def studio(fake: FakeFreepik, **settings: Any) -> AsyncIterator[FreepikEngine]:
    """The fake on a port and an engine that talks to it, quickly."""
    async with serve(fake.app) as url:
        chosen = {"api_key": fake.key, "base_url": url, "private_hosts": True, "poll_seconds": 0.01, "poll_most": 0.02, "backoff": 0.01}
        chosen["per_minute"] = 100_000
        engine = FreepikEngine(ThreadPool(), **{**chosen, **settings})  # type: ignore[arg-type]
        try:
            yield engine
        finally:
            await engine.aclose()


async def run(engine: FreepikEngine, asked: Order, tasks: MemoryTasks | None = None) -> Made:
    return await engine.run(asked, tell=lambda fraction: None, tasks=tasks if tasks is not None else MemoryTasks())


FEATURES: list[tuple[str, dict[str, Any], str]] = [
    ("image_generation", {"prompt": "a boat", "references": {"style_reference": png(32, 32)}}, "/v1/ai/mystic"),
    ("upscale", {"scale_factor": 4}, "/v1/ai/image-upscaler-precision-v2"),
    ("reimagine", {"imagination": "extreme", "aspect_ratio": "16:9"}, "/v1/ai/beta/text-to-image/reimagine-flux"),
    ("relight", {"prompt": "warm", "style": "cinematic", "references": REFERENCE}, "/v1/ai/image-relight"),
    ("style_transfer", {"references": REFERENCE, "style_strength": 0.5}, "/v1/ai/image-style-transfer"),
    ("image_expand", {"left": 10}, "/v1/ai/image-expand/flux-pro"),
    ("upscale", {"model": "creative", "sharpen": 100, "ultra_detail": 40}, "/v1/ai/image-upscaler"),
    ("edit", {"prompt": "add a red hat"}, "/v1/ai/text-to-image/seedream-v4-5-edit"),
    ("edit", {"prompt": "add a red hat", "references": {"mask": png(300, 260, (0, 0, 0, 0))}}, "/v1/ai/ideogram-image-edit"),
]


@pytest.mark.parametrize(("feature", "params", "path"), FEATURES)
async def test_every_feature_is_asked_for_as_the_contract_says(feature: str, params: dict[str, Any], path: str) -> None:
    fake, tasks = FakeFreepik(), MemoryTasks()

    async with studio(fake) as engine:
        made = await run(engine, order(feature, **params), tasks)

    assert fake.charges == 1
    assert fake.posts()[0].path == path
    assert Image.open(io.BytesIO(made.pictures[0].data)).format == "PNG"
    assert b"job1" in made.pictures[0].data, "the provenance is inside"
    assert tasks.only().state == "done"


async def test_the_background_is_removed_when_the_provider_can_fetch_the_picture() -> None:
    fake = FakeFreepik()

    async with serve(FakeFreepik().app) as pictures, studio(fake) as engine:
        there = f"{pictures}/v1/ai/mystic"
        with pytest.raises(UnsuitedError, match="Unable to resolve image"):
            await run(engine, order("remove_background", public_url=there))
        own = FakeFreepik()
        public = own.address(pictures, "x")
        made = await run(engine, order("remove_background", public_url=public))
        mask = await run(engine, order("remove_background", public_url=public, mask_only=True))

    assert fake.posts()[0].headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert made.pictures[0].has_alpha
    assert not mask.pictures[0].has_alpha


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:9/a.png", "http://localhost:9999/a.png", "http://10.0.0.4/a.png"])
async def test_a_picture_only_we_can_reach_is_left_to_the_next_engine(url: str | None) -> None:
    engine = FreepikEngine(ThreadPool(), api_key="k")  # type: ignore[arg-type]

    with pytest.raises(UnsuitedError) as caught:
        await run(engine, order("remove_background", public_url=url))

    assert isinstance(caught.value, UnavailableError)


@pytest.mark.parametrize(
    ("ratio", "name", "fluid"),
    [
        ("1:1", "square_1_1", "square_1_1"),
        ("16:9", "widescreen_16_9", "widescreen_16_9"),
        ("9:16", "social_story_9_16", "social_story_9_16"),
        ("21:9", "smartphone_horizontal_20_9", "widescreen_16_9"),
        ("4:3", "classic_4_3", "classic_4_3"),
        ("3:4", "traditional_3_4", "traditional_3_4"),
        ("3:2", "standard_3_2", "classic_4_3"),
        ("2:3", "portrait_2_3", "traditional_3_4"),
    ],
)
@pytest.mark.parametrize("model", ["realism", "fluid"])
async def test_aspect_ratios_become_the_providers_names(ratio: str, name: str, fluid: str, model: str) -> None:
    fake = FakeFreepik(size=(200, 100))

    async with studio(fake) as engine:
        made = await run(engine, order("image_generation", prompt="a boat", aspect_ratio=ratio, model=model))

    assert fake.posts()[0].body["aspect_ratio"] == (fluid if model == "fluid" else name)
    width, height = (int(side) for side in ratio.split(":"))
    assert made.pictures[0].width / made.pictures[0].height == pytest.approx(width / height, rel=0.03)


async def test_a_size_in_pixels_is_exact_in_the_result() -> None:
    async with studio(FakeFreepik()) as engine:
        made = await run(engine, order("image_generation", prompt="a boat", size="320x200"))

    assert (made.pictures[0].width, made.pictures[0].height) == (320, 200)


async def test_several_pictures_are_several_tasks() -> None:
    fake, tasks = FakeFreepik(), MemoryTasks()

    async with studio(fake) as engine:
        made = await run(engine, order("image_generation", prompt="a boat", num_images=3), tasks)

    assert len(made.pictures) == fake.charges == 3
    assert sorted(task.index for task in tasks.known()) == [0, 1, 2]


async def test_odd_shapes_are_read_all_the_same() -> None:
    fake = FakeFreepik(wrapped_reimagine=False, junk_first=True, nested_problems=True)

    async with studio(fake) as engine:
        assert (await run(engine, order("reimagine"))).pictures
        assert (await run(engine, order("upscale"))).pictures


async def test_a_small_picture_is_not_sent_to_be_expanded() -> None:
    fake = FakeFreepik()

    async with studio(fake) as engine:
        with pytest.raises(UnsuitedError):
            await run(engine, order("image_expand", left=5, picture=png(100, 100)))

    assert not fake.seen


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"message": "Invalid API key"}, ProviderAuthError),
        (403, {"message": "User is not authorized"}, ProviderAuthError),
        (402, {"message": "Insufficient credits"}, ProviderCreditsError),
        (400, {"message": "Parameter ':attribute' is not valid"}, ProviderRejectedError),
        (422, {"problem": {"message": "no", "invalid_params": [{"name": "a", "reason": "b"}]}}, ProviderRejectedError),
        (400, {"message": "Content violation"}, ModerationBlockedError),
        (404, "<html>", ProviderFailedError),
    ],
)
async def test_a_refusal_is_told_and_not_repeated(status: int, body: Any, kind: type[PhotoFunError]) -> None:
    fake, tasks = FakeFreepik(), MemoryTasks()
    fake.switches.fail = [(status, body)]

    async with studio(fake) as engine:
        with pytest.raises(kind):
            await run(engine, order("upscale"), tasks)

    assert len(fake.posts()) == 1
    assert fake.charges == 0
    assert tasks.only().state == "failed"


async def test_a_wrong_key_is_the_next_engines_chance_and_is_never_shown() -> None:
    fake = FakeFreepik()

    async with studio(fake, api_key="secret-key") as engine:
        with pytest.raises(UpstreamError) as caught:
            await run(engine, order("upscale"))
        assert engine.gate.state == "open", "the next ones are not even asked, and /v1/engines says so"
        with pytest.raises(ProviderDownError, match="pause"):
            await run(engine, order("upscale"))

    assert caught.value.slug == "provider-auth"
    assert "secret-key" not in caught.value.detail


@pytest.mark.parametrize("status", [429, 503])
async def test_what_was_surely_not_accepted_is_sent_again(status: int) -> None:
    fake = FakeFreepik()
    fake.switches.fail = [(status, {"message": "later"})]

    async with studio(fake) as engine:
        assert (await run(engine, order("upscale"))).pictures

    assert len(fake.posts()) == 2
    assert fake.charges == 1


async def test_a_long_pause_is_not_waited_for() -> None:
    fake = FakeFreepik()
    fake.switches.fail = [(429, {"message": "Too many requests"})]
    fake.switches.retry_after = "60"

    async with studio(fake) as engine:
        with pytest.raises(ProviderLimitedError) as caught:
            await run(engine, order("upscale"))

    assert caught.value.retry_after == 60
    assert len(fake.posts()) == 1


async def test_a_call_that_fails_with_500_is_placed_again_only_when_the_list_shows_nothing() -> None:
    fake, tasks = FakeFreepik(), MemoryTasks()
    fake.switches.fail = [(500, {"message": "Internal Server Error"})]

    async with studio(fake) as engine:
        made = await run(engine, order("upscale"), tasks)

    assert fake.charges == 1
    assert made.details["charge_uncertain"]


async def test_a_task_whose_answer_was_lost_is_found_in_the_list() -> None:
    for switch in ("reset_after_accept", "truncate"):
        fake, tasks = FakeFreepik(), MemoryTasks()
        setattr(fake.switches, switch, 1)

        async with studio(fake) as engine:
            made = await run(engine, order("upscale"), tasks)

        assert fake.charges == 1, switch
        assert len(fake.posts()) == 1
        assert "charge_uncertain" not in made.details


@pytest.mark.parametrize("doubt", [{}, {"state": "placed", "task_id": "t-again", "uncertain": True}])
async def test_a_lost_task_is_not_adopted_when_it_may_be_somebody_elses(doubt: dict[str, Any]) -> None:
    fake, tasks = FakeFreepik(), MemoryTasks()
    fake.switches.reset_after_accept = 1
    other = ProviderTask(engine="freepik", endpoint="/v1/ai/image-upscaler-precision-v2", placed_at=datetime.now(UTC), **doubt)

    async def others() -> list[ProviderTask]:
        return [other]

    async with studio(fake, others=others) as engine:
        with pytest.raises(OutcomeUnknownError):
            await run(engine, order("upscale"), tasks)
        assert tasks.only().state == "unknown"
        made = await run(engine, order("upscale"), tasks)  # the redelivery: once more, and marked

    assert fake.charges == 2
    assert made.details["charge_uncertain"]


async def test_without_a_list_the_call_is_made_again_once_and_marked_and_then_no_more() -> None:
    fake, tasks = FakeFreepik(has_list=False), MemoryTasks()
    fake.switches.reset_after_accept = 5

    async with studio(fake) as engine:
        for _ in range(4):
            with pytest.raises(OutcomeUnknownError):
                await run(engine, order("upscale"), tasks)

    assert fake.charges == 2
    assert tasks.only().uncertain


@pytest.mark.parametrize("state", ["placed", "done"])
async def test_a_worker_that_died_resumes_polling_and_nothing_is_paid_twice(state: str) -> None:
    fake, tasks = FakeFreepik(), MemoryTasks(die_after=state)

    async with studio(fake) as engine:
        with pytest.raises(KeyboardInterrupt):
            await run_in_one_task(engine, tasks)
    async with studio_again(fake) as engine:
        made = await run(engine, order("upscale"), tasks)

    assert made.pictures
    assert fake.charges == 1


async def test_a_worker_that_died_before_the_call_makes_it_once() -> None:
    fake, tasks = FakeFreepik(), MemoryTasks(die_after="placing")

    async with studio(fake) as engine:
        with pytest.raises(KeyboardInterrupt):
            await run_in_one_task(engine, tasks)
        assert fake.charges == 0
        await run(engine, order("upscale"), tasks)

    assert fake.charges == 1


async def run_in_one_task(engine: FreepikEngine, tasks: MemoryTasks) -> None:
    """Without gather: an interrupt would end the whole test loop."""
    call = await engine._asking.call(order("upscale"))
    task = await engine._placing.task(call, 0, tasks)
    await engine._placing.finished(task, lambda fraction: None, tasks)


studio_again = studio


async def test_a_failed_task_says_so_and_is_not_paid_for_again() -> None:
    fake, tasks = FakeFreepik(fate="FAILED"), MemoryTasks()

    async with studio(fake) as engine:
        for _ in range(2):
            with pytest.raises(ProviderFailedError):
                await run(engine, order("upscale"), tasks)

    assert fake.charges == 1
    assert tasks.only().state == "failed"


async def test_a_content_violation_is_moderation() -> None:
    async with studio(FakeFreepik(fate="FAILED", fate_error="Content violation")) as engine:
        with pytest.raises(ModerationBlockedError) as caught:
            await run(engine, order("upscale"))

    assert caught.value.slug == "moderation-blocked"


async def test_polling_survives_a_bad_spell() -> None:
    fake = FakeFreepik(poll_failures=[500, 503, 502, 500, 504, 503])

    async with studio(fake) as engine:
        assert (await run(engine, order("upscale"))).pictures

    assert fake.charges == 1


async def test_many_tasks_leave_calls_for_new_ones() -> None:
    fake = FakeFreepik(polls=10**6)

    async with studio(fake, per_minute=600, seconds=1.5) as engine:
        runs = [run(engine, order("image_generation", prompt="a boat", num_images=2)) for _ in range(4)]
        outcomes = await asyncio.gather(*runs, return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {ProviderLateError}
    assert fake.looks <= 1.5 * 10 * 0.6 + 2 * 8


async def test_a_task_that_is_never_ready_ends_with_the_deadline_and_stays_placed() -> None:
    fake, tasks = FakeFreepik(polls=10**6), MemoryTasks()

    async with studio(fake, seconds=0.3) as engine:
        with pytest.raises(ProviderLateError):
            await run(engine, order("upscale"), tasks)

    assert tasks.only().state == "placed"


async def test_results_on_private_hosts_are_refused_unless_allowed() -> None:
    async with studio(FakeFreepik(), private_hosts=False) as engine:
        with pytest.raises(ResultLostError, match="public"):
            await run(engine, order("upscale"))


async def test_a_provider_that_is_away_opens_the_breaker_and_a_probe_closes_it() -> None:
    fake = FakeFreepik()

    async with studio(fake) as engine:
        fake.switches.fail = [(503, {"message": "Service Unavailable"})] * 30
        for _ in range(5):
            with pytest.raises(ProviderDownError):
                await run(engine, order("upscale"))
        assert engine.gate.state == "open"
        asked = len(fake.posts())
        with pytest.raises(ProviderDownError, match="pause"):
            await run(engine, order("reimagine"))
        assert len(fake.posts()) == asked

        fake.switches.fail = []
        engine.gate.breaker._clock = lambda: 10.0**9
        assert engine.gate.state == "half-open"
        assert (await run(engine, order("upscale"))).pictures
        assert engine.gate.state == "closed"


async def test_without_a_key_the_setting_is_named() -> None:
    engine = FreepikEngine(ThreadPool(), api_key=None)  # type: ignore[arg-type]

    assert engine.missing == "FREEPIK_API_KEY"


async def test_pictures_travel_as_plain_base64() -> None:
    fake = FakeFreepik()

    async with studio(fake) as engine:
        await run(engine, order("upscale"))

    assert base64.b64decode(fake.posts()[0].body["image"]).startswith(b"\x89PNG")
