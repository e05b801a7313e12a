"""How much may a caller do, and is a repeated POST done once?"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest
from aiohttp import web
from gateway_svc import idempotency
from gateway_svc.events import HANDLERS, Forgetting
from photofun_common.bus import MemoryBus
from photofun_common.contracts.erasure import AnswersErased
from photofun_common.contracts.gallery import UserErased
from photofun_common.once import ONCE_HEADER


async def test_a_user_may_make_exactly_so_many_calls(serve: Any, studio: Any) -> None:
    gateway = await serve(rate_limit="5/minute")

    answers = [await gateway.client.get("/v1/gallery/", params={"user_id": "ann"}) for _ in range(8)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0", "0", "0"]
    refused = answers[-1]
    assert refused.headers["ratelimit-limit"] == "5"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert (refused.json()["slug"], refused.json()["code"]) == ("rate-limited", 1006)
    assert (await gateway.client.get("/v1/gallery/", params={"user_id": "ben"})).status_code == 200
    assert len(studio.seen) == 6


async def test_the_user_is_found_in_json_and_forms_else_the_peer_counts(serve: Any, studio: Any) -> None:
    gateway = await serve(rate_limit="1/minute")

    async def statuses(**request: Any) -> list[int]:
        return [(await gateway.client.post("/v1/gallery/", **request)).status_code for _ in range(2)]

    assert await statuses(json={"user_id": "a", "image_url": "x"}) == [200, 429]
    assert await statuses(json={"userId": "b"}) == [200, 429]
    assert await statuses(data={"user_id": "c"}, files={"image_file": b"x"}) == [200, 429]
    assert await statuses(json={}) == [200, 429]
    spoofed = [await gateway.client.post("/v1/gallery/", json={}, headers={"X-Forwarded-For": f"1.2.3.{n}"}) for n in range(3)]
    assert {answer.status_code for answer in spoofed} == {429}
    assert orjson.loads(studio.seen[0].body) == {"user_id": "a", "image_url": "x"}
    assert b"image_file" in studio.seen[2].body


async def test_polls_and_files_are_not_counted(serve: Any) -> None:
    gateway = await serve(rate_limit="1/minute")
    free = [
        "/v1/jobs/1", "/v1/jobs/1/events", "/v1/features/upscale/status/1/", "/v1/chat/sessions/1/messages/2", "/v1/files/a.png",
        "/v1/chat/sessions/1/messages/2/events", "/health", "/",
    ]  # fmt: skip

    for path in free * 2:
        assert (await gateway.client.get(path)).status_code == 200

    assert (await gateway.client.get("/v1/chat/sessions/1")).status_code == 200
    assert (await gateway.client.get("/v1/chat/sessions/1")).status_code == 429


async def test_paid_calls_have_their_own_limit_and_a_refused_one_costs_nothing(serve: Any) -> None:
    gateway = await serve(rate_limit="10/minute", rate_limit_generate="2/minute")
    body = {"user_id": "ann"}

    paid = [(await gateway.client.post("/v1/features/upscale/", json=body)).status_code for _ in range(4)]
    other = await gateway.client.post("/v1/features/adjust/", json=body)
    message = await gateway.client.post("/v1/chat/sessions/1/messages", json=body)

    assert paid == [200, 200, 429, 429]
    assert (other.status_code, other.headers["ratelimit-remaining"]) == (200, "7")
    assert message.status_code == 429


async def test_forwarded_addresses_count_only_from_trusted_proxies(serve: Any) -> None:
    gateway = await serve(rate_limit="1/minute", trusted_proxies="127.0.0.0/8")

    async def status(hops: str) -> int:
        return (await gateway.client.get("/v1/gallery/", headers={"X-Forwarded-For": hops})).status_code

    assert await status("9.9.9.9, 1.1.1.1") == 200
    assert await status("8.8.8.8, 1.1.1.1") == 429
    assert await status("1.1.1.2, 127.0.0.5") == 200


# --- idempotency


async def test_the_first_answer_is_replayed_to_the_same_call(gateway: Any, studio: Any) -> None:
    studio.answer = lambda request, body: web.json_response({"task_id": len(studio.seen)}, status=202, headers={"Location": "/v1/jobs/1"})
    headers = {"Idempotency-Key": "k-1"}

    first = await gateway.client.post("/v1/features/upscale/", json={"user_id": "ann"}, headers=headers)
    second = await gateway.client.post("/api/v1/features/upscale", json={"user_id": "ann"}, headers=headers)

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.content == second.content
    assert second.headers["location"] == "/v1/jobs/1"
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert len(studio.seen) == 1


async def test_another_body_is_a_mismatch_another_caller_or_path_is_independent(gateway: Any, studio: Any) -> None:
    headers = {"Idempotency-Key": "k-1"}

    async def post(path: str, body: dict[str, Any]) -> httpx.Response:
        return await gateway.client.post(path, json=body, headers=headers)

    await post("/v1/features/upscale/", {"user_id": "ann"})
    mismatch = await post("/v1/features/upscale/", {"user_id": "ann", "scale_factor": 4})
    other_user = await post("/v1/features/upscale/", {"user_id": "ben"})
    other_path = await post("/v1/features/relight/", {"user_id": "ann"})

    assert (mismatch.status_code, mismatch.json()["slug"]) == (422, "idempotency-mismatch")
    assert {other_user.status_code, other_path.status_code} == {200}
    assert len(studio.seen) == 3


async def test_a_form_sent_again_with_a_new_boundary_is_the_same_request(gateway: Any, studio: Any) -> None:
    async def post(picture: bytes) -> httpx.Response:
        return await gateway.client.post("/v1/files/", files={"file": picture}, headers={"Idempotency-Key": "form"})

    await post(b"p" * 300_000)
    again = await post(b"p" * 300_000)
    other = await post(b"q" * 300_000)

    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 422
    assert len(studio.seen) == 1


async def test_of_many_at_once_one_is_done(gateway: Any, studio: Any) -> None:
    async def slowly() -> web.Response:
        await asyncio.sleep(0.3)
        return web.json_response({"n": len(studio.seen)}, status=202)

    studio.answer = lambda request, body: slowly()

    answers = await asyncio.gather(
        *(gateway.client.post("/v1/gallery/", json={"user_id": "a"}, headers={"Idempotency-Key": "x"}) for _ in range(12))
    )

    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 11
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["slug"] == "idempotency-in-progress"
    assert int(refused.headers["retry-after"]) >= 1
    assert len(studio.seen) == 1


@pytest.mark.parametrize("status", [400, 422, 429, 500, 503])
async def test_refusals_and_failures_are_not_kept(status: int, gateway: Any, studio: Any) -> None:
    studio.answer = lambda request, body: web.json_response({}, status=status if len(studio.seen) == 1 else 201)

    first = await gateway.client.post("/v1/gallery/", json={}, headers={"Idempotency-Key": "x"})
    second = await gateway.client.post("/v1/gallery/", json={}, headers={"Idempotency-Key": "x"})

    assert (first.status_code, second.status_code) == (status, 201)


async def test_answers_outlive_the_gateway_and_large_ones_too(serve: Any, studio: Any) -> None:
    bus = MemoryBus()
    studio.answer = lambda request, body: web.Response(body=b"z" * 1_300_000)
    first, second = await serve(bus=bus), await serve(bus=bus)

    one = await first.client.post("/v1/images/generations", json={"prompt": "x"}, headers={"Idempotency-Key": "x"})
    two = await second.client.post("/v1/images/generations", json={"prompt": "x"}, headers={"Idempotency-Key": "x"})

    assert one.content == two.content == b"z" * 1_300_000
    assert len(studio.seen) == 1


async def test_a_key_left_running_by_a_dead_gateway_can_be_taken_over_as_the_same_call(serve: Any, studio: Any) -> None:
    bus = MemoryBus()
    gateway = await serve(bus=bus)
    once = await _once_of_next(gateway, studio)
    values, name = await _kept(bus)
    born = int(once.rsplit(".", 1)[1]) / 1000

    await values.put(name, orjson.dumps({"state": "running", "born": born, "until": time.time() + 5}))
    young = await gateway.client.post("/v1/gallery/", json={}, headers={"Idempotency-Key": "x"})
    await values.put(name, orjson.dumps({"state": "running", "born": born, "until": time.time() - 1}))
    again = await _once_of_next(gateway, studio)

    assert young.status_code == 409
    assert again == once


async def test_a_key_used_again_after_its_day_is_another_call(serve: Any, studio: Any) -> None:
    bus = MemoryBus()
    gateway = await serve(bus=bus)
    once = await _once_of_next(gateway, studio)
    values, name = await _kept(bus)

    await values.put(name, orjson.dumps({"state": "running", "born": time.time() - 86401, "until": 0}))

    assert await _once_of_next(gateway, studio) != once


async def test_a_call_whose_outcome_nobody_knows_is_the_same_call_when_it_is_made_again(serve: Any, studio: Any) -> None:
    gateway = await serve(bus=MemoryBus())
    studio.answer = lambda request, body: web.json_response({}, status=500)
    lost = await _once_of_next(gateway, studio)

    assert await _once_of_next(gateway, studio) == lost


async def _once_of_next(gateway: Any, studio: Any) -> str:
    """Make the call with its key; what the service hears that it is."""
    await gateway.client.post("/v1/gallery/", json={}, headers={"Idempotency-Key": "x"})
    return str(studio.seen[-1].headers[ONCE_HEADER])


async def _kept(bus: MemoryBus) -> tuple[Any, str]:
    values = await bus.key_value(idempotency.BUCKET)
    ((name, _),) = [item for item in await values.items() if item[0].count(".") == 1]
    return values, name


@pytest.mark.parametrize("key", ["", "x" * 256, "ä", "a b"])
async def test_a_key_that_is_no_key_is_refused(key: str, gateway: Any) -> None:
    response = await gateway.client.post("/v1/gallery/", json={}, headers=[(b"Idempotency-Key", key.encode("latin-1"))])

    assert response.status_code == 400


async def test_without_the_bus_only_calls_with_a_key_fail(serve: Any, studio: Any) -> None:
    gateway = await serve(bus=MemoryBus(is_connected=False))

    plain = await gateway.client.post("/v1/gallery/", json={})
    keyed = await gateway.client.post("/v1/gallery/", json={}, headers={"Idempotency-Key": "x"})

    assert plain.status_code == 200
    assert (keyed.status_code, keyed.json()["slug"]) == (503, "idempotency-unavailable")
    assert len(studio.seen) == 1


async def test_a_client_that_leaves_early_finds_its_answer_later(gateway: Any, studio: Any) -> None:
    async def slowly() -> web.Response:
        await asyncio.sleep(0.6)
        return web.json_response({"done": True}, status=202)

    studio.answer = lambda request, body: slowly()
    with pytest.raises(httpx.ReadTimeout):
        await gateway.client.post("/v1/gallery/", json={}, headers={"Idempotency-Key": "x"}, timeout=0.3)
    await asyncio.sleep(0.6)

    again = await gateway.client.post("/v1/gallery/", json={}, headers={"Idempotency-Key": "x"})

    assert (again.status_code, again.headers["idempotency-replayed"]) == (202, "true")
    assert len(studio.seen) == 1


async def test_an_erased_persons_answers_are_forgotten_and_nobody_elses(gateway: Any, studio: Any) -> None:
    for user in ("ann", "ben"):
        await gateway.client.post("/v1/features/upscale/", json={"user_id": user}, headers={"Idempotency-Key": "k-1"})
    keeper = idempotency.IdempotencyKeeper(gateway.bus)

    await gateway.bus.publish(UserErased(job_id="e1", user_id="ann", at=datetime.now(UTC)))
    await gateway.bus.deliver(Forgetting(gateway.bus, keeper), HANDLERS)
    again = await gateway.client.post("/v1/features/upscale/", json={"user_id": "ben"}, headers={"Idempotency-Key": "k-1"})
    anew = await gateway.client.post("/v1/features/upscale/", json={"user_id": "ann"}, headers={"Idempotency-Key": "k-1"})

    assert [report.counts for report in gateway.bus.of(AnswersErased)] == [{"answers": 1}]
    assert again.headers["idempotency-replayed"] == "true" and "idempotency-replayed" not in anew.headers
