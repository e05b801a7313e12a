"""How do answers leave: smaller, from memory, not at all when there is too much to do?"""

from __future__ import annotations

import asyncio
import gzip
import time
from typing import Any

import pytest
from aiohttp import web
from gateway_svc import shedding
from photofun_common.testing.plugin import eventually

LARGE = b'{"code":1000,"result":"' + b"a" * 5000 + b'"}'


def _answering(studio: Any, body: bytes, kind: str = "application/json", **headers: str) -> None:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    studio.answer = lambda request, _: web.Response(body=body, content_type=kind, headers=given)


async def _get(gateway: Any, accept: str, **more: str) -> Any:
    async with gateway.client.stream("GET", "/v1/jobs/1", headers={"Accept-Encoding": accept, **more}) as answer:
        return answer, b"".join([piece async for piece in answer.aiter_raw()])


@pytest.mark.parametrize("accept", ["gzip", "deflate, gzip;q=0.8", "*", "GZIP"])
async def test_json_is_gzipped_for_who_takes_it(gateway: Any, studio: Any, accept: str) -> None:
    _answering(studio, LARGE, ETag='"abc"')

    answer, raw = await _get(gateway, accept)

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == LARGE
    assert int(answer.headers["content-length"]) == len(raw) < len(LARGE) // 10
    assert answer.headers["etag"] == 'W/"abc"'
    assert "Accept-Encoding" in answer.headers.get_list("vary")


@pytest.mark.parametrize("accept", ["identity", "gzip;q=0", "gzip;q=0.0, br", "br", ""])
async def test_it_stays_plain_for_who_does_not(gateway: Any, studio: Any, accept: str) -> None:
    _answering(studio, LARGE)

    answer, raw = await _get(gateway, accept)

    assert "content-encoding" not in answer.headers
    assert raw == LARGE
    assert "Accept-Encoding" in answer.headers.get_list("vary")


@pytest.mark.parametrize(("body", "kind"), [(b"{}", "application/json"), (LARGE, "image/png"), (LARGE, "text/event-stream")])
async def test_small_answers_pictures_and_events_stay_as_they_are(gateway: Any, studio: Any, body: bytes, kind: str) -> None:
    _answering(studio, body, kind)

    answer, raw = await _get(gateway, "gzip")

    assert "content-encoding" not in answer.headers
    assert raw == body


async def test_the_documents_own_pages_are_gzipped_too(gateway: Any) -> None:
    async with gateway.client.stream("GET", "/assets/swagger-ui.css", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])

    assert answer.headers["content-encoding"] == "gzip"
    assert b"swagger" in gzip.decompress(raw)


async def test_what_is_the_same_for_everybody_comes_from_memory(gateway: Any, studio: Any) -> None:
    _answering(studio, b'{"a":1}', Cache_Control="public, max-age=5, s-maxage=5")

    first = await gateway.client.get("/v1/features")
    again = await gateway.client.get("/v1/features/")
    known = await gateway.client.get("/v1/features", headers={"If-None-Match": first.headers["etag"]})
    other = await gateway.client.get("/v1/features?x=1")

    assert len(studio.seen) == 2
    assert first.content == again.content == other.content
    assert again.headers["etag"] == first.headers["etag"]
    assert "age" in again.headers
    assert (known.status_code, known.content) == (304, b"")


@pytest.mark.parametrize("rule", ["public, max-age=60", "private, s-maxage=60", "no-store", "public, s-maxage=0"])
async def test_nothing_else_is_kept(gateway: Any, studio: Any, rule: str) -> None:
    _answering(studio, b'{"a":1}', Cache_Control=rule)

    for _ in range(2):
        await gateway.client.get("/v1/features")

    assert len(studio.seen) == 2


async def test_the_deadline_goes_in(gateway: Any, studio: Any) -> None:
    await gateway.client.get("/v1/gallery/", headers={"X-Deadline": "1"})

    assert 0 < float(studio.last.headers["x-deadline"]) - time.time() <= 65


async def test_too_many_open_calls_are_refused_but_cancelling_is_not(gateway: Any, studio: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shedding, "_MOST_OPEN", 3)
    go_on = asyncio.Event()

    async def answer() -> web.Response:
        await go_on.wait()
        return web.json_response({})

    studio.answer = lambda request, _: answer()
    waiting = [asyncio.create_task(gateway.client.get("/v1/jobs/1")) for _ in range(3)]

    async def all_wait() -> bool:
        return len(studio.seen) == 3

    assert await eventually(all_wait, seconds=5)

    refused = await gateway.client.get("/v1/jobs/1")
    other = asyncio.create_task(gateway.client.get("/v1/gallery/"))
    cancel = asyncio.create_task(gateway.client.post("/v1/jobs/1/cancel"))
    health = await gateway.client.get("/livez")
    go_on.set()

    assert refused.status_code == 503
    assert refused.json()["slug"] == "overloaded"
    assert refused.headers["retry-after"] == "1"
    assert health.status_code == 200
    assert [answer.status_code for answer in await asyncio.gather(*waiting, other, cancel)] == [200] * 5


async def test_a_loop_that_is_late_twice_takes_no_more(gateway: Any, studio: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shedding, "_OLDEST_SECONDS", -1.0)
    await asyncio.sleep(1.0)

    refused = await gateway.client.get("/v1/gallery/")
    monkeypatch.setattr(shedding, "_OLDEST_SECONDS", 30.0)
    await asyncio.sleep(0.6)
    taken = await gateway.client.get("/v1/gallery/")

    assert (refused.status_code, taken.status_code) == (503, 200)
