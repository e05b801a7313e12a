"""Does the OpenAI engine talk to any server with that API, read its answers, and never pay twice?  Against the fake, over HTTP."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from imaging_svc.engines import Made, Order
from imaging_svc.engines.breaker import Breaker
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
)
from imaging_svc.engines.limiter import Limiter
from imaging_svc.engines.openai import OpenAIEngine
from imaging_svc.settings import Settings
from photofun_common.errors import PhotoFunError
from PIL import Image
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from fakes.imaging import MemoryTasks, ThreadPool, order
from fakes.openai import FakeOpenAI
from fakes.serving import png, serve


@asynccontextmanager
async def studio(fake: FakeOpenAI, *, path: str = "", **settings: Any) -> AsyncIterator[OpenAIEngine]:
    async with serve(fake.app) as url:
        chosen = {"api_key": fake.key, "base_url": url + path, "private_hosts": True, "per_minute": 100_000, "backoff": 0.01}
        engine = OpenAIEngine(ThreadPool(), **{**chosen, **settings})  # type: ignore[arg-type]
        try:
            yield engine
        finally:
            await engine.aclose()


async def run(engine: OpenAIEngine, asked: Order, tasks: MemoryTasks | None = None) -> Made:
    return await engine.run(asked, tell=lambda fraction: None, tasks=tasks if tasks is not None else MemoryTasks())


@pytest.mark.parametrize("path", ["", "/v1", "/v1/"])
async def test_pictures_out_of_words_wherever_the_base_ends(path: str) -> None:
    fake, tasks = FakeOpenAI(), MemoryTasks()

    async with studio(fake, path=path) as engine:
        made = await run(engine, order("image_generation", prompt="a boat", num_images=2, aspect_ratio="3:2"), tasks)

    assert len(made.pictures) == 2
    assert fake.charges == 1
    assert fake.seen[0].body == {"model": "gpt-image-1", "prompt": "a boat", "n": 2, "size": "1536x1024"}
    assert made.details["revised_prompt"] == "a better prompt"
    assert tasks.only().state == "done"


@pytest.mark.parametrize(("answers", "data_uri"), [("url", False), ("b64_json", True)])
async def test_addresses_and_data_uris_are_read_too(answers: str, data_uri: bool) -> None:
    fake = FakeOpenAI(answers=answers, data_uri=data_uri)

    async with studio(fake, model="flux") as engine:
        made = await run(engine, order("image_generation", prompt="a boat", size="300x200"))

    assert (made.pictures[0].width, made.pictures[0].height) == (300, 200)
    assert fake.seen[0].body["response_format"] == "b64_json"


async def test_an_edit_sends_picture_and_mask_of_one_size() -> None:
    fake = FakeOpenAI()

    async with studio(fake) as engine:
        made = await run(engine, order("edit", prompt="a red hat", references={"mask": png(30, 26, (255, 255, 255, 255))}))

    sent = fake.seen[0].body
    mask = Image.open(io.BytesIO(sent["mask"]))
    assert mask.size == Image.open(io.BytesIO(sent["image"])).size == (300, 260)
    assert mask.getchannel("A").getextrema() == (0, 0), "white of a plain mask is what may change"
    assert made.pictures[0].width / made.pictures[0].height == pytest.approx(300 / 260, rel=0.03)


def _error(message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, _error("Incorrect API key provided"), ProviderAuthError),
        (402, _error("Insufficient credits"), ProviderCreditsError),
        (429, _error("You exceeded your current quota", "insufficient_quota"), ProviderCreditsError),
        (400, _error("Invalid value"), ProviderRejectedError),
        (400, _error("Your request was rejected by the safety system", "moderation_blocked"), ModerationBlockedError),
        (404, _error("no such model"), ProviderFailedError),
        (500, _error("oops"), OutcomeUnknownError),
        (200, "<html>", OutcomeUnknownError),
    ],
)
async def test_an_error_has_its_own_problem_and_is_asked_once(status: int, body: Any, kind: type[PhotoFunError]) -> None:
    fake = FakeOpenAI()
    fake.switches.fail = [(status, body)]

    async with studio(fake) as engine:
        with pytest.raises(kind):
            await run(engine, order("edit", prompt="x"))

    assert len(fake.seen) == 1
    assert fake.charges == 0


async def test_a_limit_is_waited_for_when_it_is_short_and_told_when_it_is_long() -> None:
    fake = FakeOpenAI()

    async with studio(fake) as engine:
        fake.switches.fail = [(429, _error("slow down"))]
        assert (await run(engine, order("edit", prompt="x"))).pictures
        fake.switches.fail, fake.switches.retry_after = [(429, _error("slow down"))], "30"
        with pytest.raises(ProviderLimitedError) as caught:
            await run(engine, order("edit", prompt="x"))

    assert caught.value.retry_after == 30
    assert fake.charges == 1


@pytest.mark.parametrize("switch", ["reset_after_accept", "truncate"])
async def test_a_lost_answer_is_asked_for_once_more_at_the_redelivery_and_marked(switch: str) -> None:
    fake, tasks = FakeOpenAI(), MemoryTasks()
    setattr(fake.switches, switch, 1)

    async with studio(fake) as engine:
        with pytest.raises(OutcomeUnknownError):
            await run(engine, order("edit", prompt="x"), tasks)
        assert fake.charges == 1
        made = await run(engine, order("edit", prompt="x"), tasks)

    assert made.details["charge_uncertain"]
    assert fake.charges == 2


async def test_a_server_that_is_not_there_is_told_and_was_not_paid() -> None:
    tasks = MemoryTasks()
    engine = OpenAIEngine(ThreadPool(), api_key="k", base_url="http://127.0.0.1:9", backoff=0.01)  # type: ignore[arg-type]

    with pytest.raises(ProviderDownError):
        await run(engine, order("edit", prompt="x"), tasks)
    await engine.aclose()

    assert tasks.only().state == "failed"


async def test_a_slow_answer_ends_with_the_deadline() -> None:
    fake = FakeOpenAI()
    fake.switches.slow = 3.0

    async with studio(fake, seconds=1.0) as engine:
        with pytest.raises((ProviderLateError, OutcomeUnknownError)):
            await run(engine, order("edit", prompt="x"))


async def test_a_key_or_an_address_turns_it_on() -> None:
    pool: Any = ThreadPool()

    assert OpenAIEngine(pool, api_key=None).missing == "OPENAI_API_KEY"
    assert OpenAIEngine(pool, api_key=None, base_url="http://127.0.0.1:8080").missing is None


async def test_the_breaker_opens_after_five_failures_of_ten_and_takes_one_probe() -> None:
    now = [0.0]
    breaker = Breaker("X", clock=lambda: now[0])

    for ok in (True, False, True, False, False, True, False, False):
        breaker.check()
        breaker.note(ok=ok)
    with pytest.raises(ProviderDownError):
        breaker.check()
    now[0] = 10.0
    breaker.check()
    with pytest.raises(ProviderDownError):
        breaker.check()
    breaker.note(ok=False)
    now[0] = 19.0
    with pytest.raises(ProviderDownError):
        breaker.check()
    now[0] = 20.0
    breaker.check()
    breaker.note(ok=True)

    breaker.check()
    assert not breaker.is_open


async def test_the_limiter_refuses_when_the_queue_is_long() -> None:
    limiter = Limiter(1, burst=2)
    await limiter.turn()
    await limiter.turn()

    with pytest.raises(ProviderLimitedError):
        await limiter.turn()


def test_gemini_keys_are_listed_once_each() -> None:
    settings = Settings(gemini_api_key=SecretStr("a"), gemini_api_keys=SecretStr("b, a,c"))

    assert settings.gemini_keys == ["a", "b", "c"]
