"""A studio whose planner is Gemini: every way it can fail ends the message well, and says who planned."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from ..fakes.gemini import FakeGemini
from ..fakes.serving import serve
from .conftest import Studio, running_studio
from .support import Person, picture

PHOTO = picture(320, 256, kind="JPEG")
GREY = {"feature": "adjust", "params_json": '{"operations": [{"op": "grayscale"}]}'}
PLAN: dict[str, Any] = {"intent": "adjust", "confidence": 0.9, "language": "en", "steps": [GREY], "reply": "On it"}
TROUBLE = {
    "truncated": "gemini: truncated",
    "hang": "gemini: timeout",
    "error": "gemini: overloaded",
    "html": "gemini: not-json",
}


@pytest.fixture(scope="module")
def gemini() -> Iterator[tuple[FakeGemini, str]]:
    """The fake and its address, on a loop of its own."""
    fake, stack, loop = FakeGemini(keys=("used-up", "fresh")), AsyncExitStack(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="gemini", daemon=True)
    thread.start()
    yield fake, asyncio.run_coroutine_threadsafe(stack.enter_async_context(serve(fake.app)), loop).result()
    asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def planned(gemini: tuple[FakeGemini, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio that plans with Gemini and draws by itself."""
    settings = {
        "GEMINI_API_KEYS": "used-up,fresh", "GEMINI_BASE_URL": gemini[1], "PROMPT_GEMINI_TIMEOUT": "8",
        "IMAGE_ROUTING": "image-generate=local;edit=local",
    }  # fmt: skip
    with running_studio(tmp_path_factory.mktemp("planned"), **settings) as found:
        yield found


@pytest.fixture
def person(planned: Studio, gemini: tuple[FakeGemini, str]) -> Iterator[Person]:
    with httpx.Client(base_url=planned.url, timeout=40, trust_env=False) as http:
        yield Person(http)
    gemini[0].says, gemini[0].trouble = None, None
    gemini[0].exhausted.clear()


def _metadata(message: dict[str, Any]) -> dict[str, Any]:
    return dict(message["refined_prompt"]["metadata"])


def test_geminis_plan_is_done_and_said_to_be_its(person: Person, gemini: tuple[FakeGemini, str]) -> None:
    gemini[0].says = PLAN
    gemini[0].exhausted.add("used-up")

    done = person.ask(person.session(), "drain the life out of it", image_file=PHOTO)

    assert (done["status"], done["intent"], _metadata(done)["provider"]) == ("DONE", "adjust", "gemini"), done
    assert "degraded" not in _metadata(done)


@pytest.mark.parametrize("trouble", list(TROUBLE))
def test_trouble_leaves_the_message_to_the_offline_planner(person: Person, gemini: tuple[FakeGemini, str], trouble: str) -> None:
    gemini[0].trouble = trouble

    done = person.ask(person.session(), "make it black and white", image_file=PHOTO)

    assert (done["status"], done["intent"]) == ("DONE", "adjust"), done
    assert (_metadata(done)["provider"], _metadata(done)["degraded"]) == ("local", TROUBLE[trouble])


def test_a_plan_with_an_unknown_feature_is_not_followed(person: Person, gemini: tuple[FakeGemini, str]) -> None:
    gemini[0].says = {**PLAN, "intent": "teleport", "steps": [{"feature": "teleport", "params_json": "{}"}]}

    done = person.ask(person.session(), "make it black and white", image_file=PHOTO)

    assert (done["status"], _metadata(done)["degraded"]) == ("DONE", "gemini: invalid-plan"), done


@pytest.mark.parametrize("trouble", ["block", "SAFETY"])
def test_what_gemini_refuses_nobody_else_is_asked(person: Person, gemini: tuple[FakeGemini, str], trouble: str) -> None:
    gemini[0].trouble = trouble

    refused = person.ask(person.session(), "make it black and white", image_file=PHOTO)

    assert (refused["status"], refused["error"]["slug"], refused["image_url"]) == ("FAILED", "moderation-blocked", None), refused
    assert "content rules" in refused["content"]


def test_used_up_quotas_rest_every_key_and_lose_no_message(person: Person, gemini: tuple[FakeGemini, str]) -> None:
    gemini[0].trouble = "quota"  # the last test: the keys rest for 53 s now

    first = person.ask(person.session(), "make it black and white", image_file=PHOTO)
    asked = len(gemini[0].seen)
    second = person.ask(person.session(), "make it black and white", image_file=PHOTO)

    assert [(one["status"], _metadata(one)["degraded"]) for one in (first, second)] == [("DONE", "gemini: rate-limited")] * 2
    assert len(gemini[0].seen) == asked, "nobody is asked while every key rests"
