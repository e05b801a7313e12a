"""Is a webhook believed only when it is signed, fresh and new, and does it finish a task sooner?"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from imaging_svc.engines.bells import Bells
from imaging_svc.engines.freepik import FreepikEngine
from imaging_svc.main import create_app
from imaging_svc.webhooks import Webhooks
from photofun_common.bus import MemoryBus
from photofun_common.errors import InvalidError, NotFoundError, UnauthorizedError
from photofun_common.testing.plugin import client_for

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from fakes.freepik import FakeFreepik
from fakes.hooks import signature_of
from fakes.imaging import MemoryTasks, ThreadPool, order
from fakes.serving import serve

NOW = 1795340000
BODY = (
    b'{"task_id":"046b6c7f-0b8a-43b9-b35d-6489e6daee91","status":"COMPLETED",'
    b'"generated":["http://127.0.0.1:9001/img/1.png"],"has_nsfw":[false]}'
)
TASK = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"
RAW = "v1,jkpSS/YOs7sK+7Mud5EFfOO/pde+zaikgCfN8eq2000="
DECODED = "v1,I9g9RomJ0t9GQYMw2KZVJQbjTkPJ/XIBjnSX5XptTsY="


def heard_by(secret: str | None = "fp_test_secret", *, bus: MemoryBus | None = None, now: float = NOW + 5) -> tuple[Webhooks, Bells]:
    bus, bells = bus or MemoryBus(), Bells()
    return Webhooks(lambda: bus.key_value("webhooks"), bells, secret, clock=lambda: now), bells


def headers(signature: str = RAW, webhook_id: str = "msg_0001", sent_at: str = str(NOW)) -> dict[str, str]:
    return {"webhook-id": webhook_id, "webhook-timestamp": sent_at, "webhook-signature": signature}


@pytest.mark.parametrize(
    ("secret", "signature"),
    [
        ("fp_test_secret", RAW),
        ("fp_test_secret", f"v1,AAAA {RAW.replace('v1', 'v2')}"),
        ("whsec_MDEyMzQ1Njc4OWFiY2RlZg==", DECODED),
        ("MDEyMzQ1Njc4OWFiY2RlZg==", DECODED),
    ],
)
async def test_both_ways_to_read_the_secret_are_taken(secret: str, signature: str) -> None:
    webhooks, bells = heard_by(secret)
    await webhooks.follow()

    with bells.listen(TASK) as bell:
        assert await webhooks.hear(headers(signature), BODY)
        began = time.monotonic()
        await bell.wait(5)

    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "bad",
    [
        headers("v1,AAAA"),
        headers(""),
        headers(DECODED),
        headers(webhook_id="msg_0002"),
        headers(sent_at=str(NOW + 1)),
        headers(sent_at="soon"),
        headers(webhook_id=""),
        {},
    ],
)
async def test_what_is_not_signed_right_is_refused(bad: dict[str, str]) -> None:
    webhooks, _ = heard_by()

    with pytest.raises(UnauthorizedError):
        await webhooks.hear(bad, BODY)


async def test_another_body_does_not_fit_the_signature() -> None:
    webhooks, _ = heard_by()

    with pytest.raises(UnauthorizedError):
        await webhooks.hear(headers(), BODY.replace(b"COMPLETED", b"FAILED"))


@pytest.mark.parametrize("late", [301, -301])
async def test_old_webhooks_are_refused_and_so_are_those_of_the_future(late: float) -> None:
    webhooks, _ = heard_by(now=NOW + late)

    with pytest.raises(UnauthorizedError, match="five minutes"):
        await webhooks.hear(headers(), BODY)


async def test_a_replay_wakes_nobody_on_any_replica() -> None:
    bus = MemoryBus()
    (one, _), (other, bells) = heard_by(bus=bus), heard_by(bus=bus)
    await other.follow()
    assert await one.hear(headers(), BODY)

    with bells.listen(TASK) as bell:
        assert not await other.hear(headers(), BODY)
        began = time.monotonic()
        await bell.wait(0.05)

    assert time.monotonic() - began >= 0.04


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b"{}", b'{"task_id":"../../x","status":"COMPLETED"}', b"[" * 10_000])
async def test_what_names_no_task_is_refused(body: bytes) -> None:
    webhooks, _ = heard_by()
    signature = signature_of(b"fp_test_secret", "m", str(NOW), body)

    with pytest.raises(InvalidError):
        await webhooks.hear(headers(signature, "m"), body)


async def test_without_a_secret_there_are_no_webhooks() -> None:
    webhooks, _ = heard_by(None)

    with pytest.raises(NotFoundError):
        await webhooks.hear(headers(), BODY)


# --- the engine with webhooks


@asynccontextmanager
async def engine_with_webhooks(fake: FakeFreepik, **settings: Any) -> AsyncIterator[FreepikEngine]:
    """A fake that tells, and an engine that hears; it looks by itself after a second, then every ten."""
    bus, bells = MemoryBus(), Bells()
    webhooks = Webhooks(lambda: bus.key_value("webhooks"), bells, fake.hooks.secret)
    await webhooks.follow()

    async def hear(request: web.Request) -> web.Response:
        try:
            await webhooks.hear(request.headers, await request.read())
        except UnauthorizedError:
            return web.Response(status=401)
        return web.Response()

    ears = web.Application()
    ears.router.add_post("/v1/webhooks/freepik", hear)
    async with serve(fake.app) as url, serve(lambda: ears) as studio:
        engine = FreepikEngine(
            ThreadPool(),  # type: ignore[arg-type]
            api_key=fake.key,
            base_url=url,
            private_hosts=True,
            bells=bells,
            webhook_url=f"{studio}/v1/webhooks/freepik",
            per_minute=100_000,
            **{"poll_seconds": 10.0, "poll_most": 10.0, **settings},
        )
        try:
            yield engine
        finally:
            await engine.aclose()


@pytest.mark.parametrize("way", [{}, {"duplicate": True}, {"out_of_order": True}, {"wrapped": True}])
async def test_a_webhook_ends_the_wait(way: dict[str, Any]) -> None:
    fake = FakeFreepik(polls=1, seconds=0.2)
    for name, value in way.items():
        setattr(fake.hooks, name, value)

    began = time.monotonic()
    async with engine_with_webhooks(fake) as engine:
        made = await engine.run(order("upscale"), tell=lambda fraction: None, tasks=MemoryTasks())

    assert made.pictures
    assert time.monotonic() - began < 5
    assert fake.charges == 1
    assert set(fake.hooks.answers) == {200}


@pytest.mark.parametrize("way", ["never", "bad_signature"])
async def test_polling_is_the_net_under_webhooks(way: str) -> None:
    fake = FakeFreepik(polls=1, seconds=0.1)
    setattr(fake.hooks, way, True)

    async with engine_with_webhooks(fake, poll_seconds=0.2) as engine:
        made = await engine.run(order("upscale"), tell=lambda fraction: None, tasks=MemoryTasks())

    assert made.pictures
    assert set(fake.hooks.answers) <= {401}


async def test_an_address_that_nobody_outside_can_call_is_not_given() -> None:
    engine = FreepikEngine(ThreadPool(), api_key="k", webhook_url="http://localhost:9999/v1/webhooks/freepik")  # type: ignore[arg-type]

    assert engine._placing._extra == {}


async def test_the_running_service_hears_webhooks_at_its_door(settings_for: Any) -> None:
    app = create_app(settings_for(freepik_webhook_secret="fp_test_secret"))

    async with client_for(app) as client:
        now = str(int(time.time()))
        body = json.dumps({"task_id": "t1", "status": "COMPLETED", "generated": []}).encode()
        signed = headers(signature_of(b"fp_test_secret", "m1", now, body), "m1", now)

        answers: list[httpx.Response] = []
        for _ in range(2):
            answers.append(await client.post("/v1/webhooks/freepik", content=body, headers=signed))
        forged = await client.post("/v1/webhooks/freepik/", content=body, headers=headers())
        large = await client.post("/v1/webhooks/freepik", content=b" " * 70_000, headers=headers())
        await asyncio.sleep(0)

    assert [answer.json()["result"]["heard"] for answer in answers] == [True, False]
    assert (forged.status_code, large.status_code) == (401, 413)
