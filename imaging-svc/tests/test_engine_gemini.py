"""Does the Gemini engine draw, edit, refuse and change keys as it should?  The real SDK against the fake, over HTTP."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from imaging_svc.engines import Made, Order
from imaging_svc.engines.failures import (
    ModerationBlockedError,
    OutcomeUnknownError,
    ProviderAuthError,
    ProviderCreditsError,
    ProviderFailedError,
    ProviderLateError,
    ProviderLimitedError,
    ProviderRejectedError,
)
from imaging_svc.engines.gemini import GeminiEngine
from photofun_common.errors import PhotoFunError

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from fakes.gemini import FakeGemini, quota_error
from fakes.imaging import MemoryTasks, ThreadPool, order
from fakes.serving import png, serve


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENAI_API_VERSION", "GOOGLE_GEMINI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@asynccontextmanager
async def studio(fake: FakeGemini, **settings: Any) -> AsyncIterator[GeminiEngine]:
    async with serve(fake.app) as url:
        chosen = {"api_keys": list(fake.keys), "base_url": url, "per_minute": 100_000, "backoff": 0.01}
        engine = GeminiEngine(ThreadPool(), **{**chosen, **settings})  # type: ignore[arg-type]
        try:
            yield engine
        finally:
            await engine.aclose()


async def run(engine: GeminiEngine, asked: Order, tasks: MemoryTasks | None = None) -> Made:
    return await engine.run(asked, tell=lambda fraction: None, tasks=tasks if tasks is not None else MemoryTasks())


async def test_several_pictures_are_several_calls_with_the_asked_ratio() -> None:
    fake, tasks = FakeGemini(), MemoryTasks()

    async with studio(fake) as engine:
        made = await run(engine, order("image_generation", prompt="a boat", num_images=2, aspect_ratio="21:9"), tasks)

    assert len(made.pictures) == fake.charges == 2
    assert made.model == "gemini-nano-banana-2.1"
    assert fake.seen[0].path == "/v1beta/models/gemini-nano-banana-2.1:generateContent"
    assert fake.seen[0].body["generationConfig"]["imageConfig"] == {"aspectRatio": "21:9"}
    assert {task.state for task in tasks.known()} == {"done"}


async def test_an_edit_sends_the_picture_the_mask_and_the_words() -> None:
    fake = FakeGemini()

    async with studio(fake) as engine:
        made = await run(engine, order("edit", prompt="a red hat", references={"mask": png(300, 260, (0, 0, 0, 0))}, size="128x100"))

    parts = fake.seen[0].body["contents"][0]["parts"]
    assert [sorted(part) for part in parts] == [["inlineData"], ["inlineData"], ["text"]]
    assert parts[2]["text"].startswith("a red hat")
    assert (made.pictures[0].width, made.pictures[0].height) == (128, 100)


@pytest.mark.parametrize("outcome", ["block", "SAFETY", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT"])
async def test_a_refusal_is_moderation(outcome: str) -> None:
    async with studio(FakeGemini(outcome=outcome)) as engine:
        with pytest.raises(ModerationBlockedError):
            await run(engine, order("edit", prompt="something"))


@pytest.mark.parametrize("outcome", ["text", "NO_IMAGE", "IMAGE_OTHER"])
async def test_an_answer_without_a_picture_lets_the_next_engine_try(outcome: str) -> None:
    async with studio(FakeGemini(outcome=outcome)) as engine:
        with pytest.raises(ProviderFailedError, match="without a picture"):
            await run(engine, order("edit", prompt="something"))


async def test_a_key_that_met_its_limit_rests_and_the_next_goes_on() -> None:
    fake = FakeGemini(keys=("key-a", "key-b"), exhausted={"key-a"})

    async with studio(fake) as engine:
        assert (await run(engine, order("edit", prompt="x"))).pictures
        assert (await run(engine, order("edit", prompt="x"))).pictures
        asked = len(fake.seen)
        fake.exhausted = {"key-a", "key-b"}
        with pytest.raises(ProviderLimitedError) as caught:
            await run(engine, order("edit", prompt="x"))

    assert asked == 3, "the resting key is not asked again"
    assert caught.value.retry_after is not None
    assert 40 < caught.value.retry_after <= 53


def _error(code: int, status: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "said", "status": status}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, _error(401, "UNAUTHENTICATED"), ProviderAuthError),
        (403, _error(403, "PERMISSION_DENIED"), ProviderAuthError),
        (402, _error(402, "PAYMENT"), ProviderCreditsError),
        (400, _error(400, "INVALID_ARGUMENT"), ProviderRejectedError),
        (429, quota_error(), ProviderLimitedError),
        (500, _error(500, "INTERNAL"), OutcomeUnknownError),
        (502, "<html>bad gateway</html>", OutcomeUnknownError),
    ],
)
async def test_an_error_has_its_own_problem_and_is_asked_once(status: int, body: Any, kind: type[PhotoFunError]) -> None:
    fake = FakeGemini()
    fake.switches.fail = [(status, body)]

    async with studio(fake) as engine:
        with pytest.raises(kind):
            await run(engine, order("edit", prompt="x"))

    assert len(fake.seen) == 1
    assert fake.charges == 0


async def test_an_overloaded_model_is_asked_again() -> None:
    fake = FakeGemini()
    fake.switches.fail = [(503, _error(503, "UNAVAILABLE"))]

    async with studio(fake) as engine:
        assert (await run(engine, order("edit", prompt="x"))).pictures

    assert fake.charges == 1


async def test_a_wrong_key_is_told_without_showing_it() -> None:
    async with studio(FakeGemini(), api_keys=["secret-key"]) as engine:
        with pytest.raises(ProviderAuthError) as caught:
            await run(engine, order("edit", prompt="x"))

    assert "secret-key" not in caught.value.detail


@pytest.mark.parametrize("switch", ["reset_after_accept", "truncate"])
async def test_a_lost_answer_is_asked_for_once_more_at_the_redelivery_and_marked(switch: str) -> None:
    fake, tasks = FakeGemini(), MemoryTasks()
    setattr(fake.switches, switch, 1)

    async with studio(fake) as engine:
        with pytest.raises(OutcomeUnknownError):
            await run(engine, order("edit", prompt="x"), tasks)
        assert fake.charges == 1
        made = await run(engine, order("edit", prompt="x"), tasks)
        again = await run(engine, order("edit", prompt="x"), tasks)

    assert made.details["charge_uncertain"]
    assert again.details["charge_uncertain"]
    assert fake.charges == 2, "what was answered is kept: a further run costs nothing"


async def test_a_slow_answer_ends_with_the_deadline() -> None:
    fake = FakeGemini()
    fake.switches.slow = 3.0

    async with studio(fake, seconds=1.0) as engine:
        with pytest.raises((ProviderLateError, OutcomeUnknownError)):
            await run(engine, order("edit", prompt="x"))


async def test_without_a_key_the_setting_is_named() -> None:
    assert GeminiEngine(ThreadPool(), api_keys=[]).missing == "GEMINI_API_KEY"  # type: ignore[arg-type]
