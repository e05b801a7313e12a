"""Does a call reach the right service as it should, and does the answer come back as it was?"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx
import pytest
from aiohttp import web
from photofun_common.identity import IdentityKeeper
from photofun_common.settings import DEVELOPMENT_SECRET
from photofun_common.testing.plugin import eventually

PATHS = [
    ("/v1/chat/sessions", "conversation-svc"),
    ("/v1/prompt/refine", "prompt-svc"),
    ("/v1/rec-prompt/suggest", "prompt-svc"),
    ("/v1/features", "imaging-svc"),
    ("/v1/features/image-generation/status/abc", "imaging-svc"),
    ("/v1/engines", "imaging-svc"),
    ("/v1/image/generate", "imaging-svc"),
    ("/v1/images/generations", "imaging-svc"),
    ("/v1/models", "imaging-svc"),
    ("/v1/files/0123456789abcdef.png", "imaging-svc"),
    ("/v1/file/uploads", "imaging-svc"),
    ("/v1/jobs/abc", "imaging-svc"),
    ("/v1/webhooks/freepik", "imaging-svc"),
    ("/v1/gallery", "gallery-svc"),
]


@pytest.mark.parametrize(("path", "service"), PATHS)
async def test_both_prefixes_and_both_slash_forms_reach_the_same_path_of_the_same_service(
    path: str, service: str, gateway: Any, studio: Any
) -> None:
    keeper = IdentityKeeper(DEVELOPMENT_SECRET, is_open=True, service=service)

    for form in (path, path + "/", "/api" + path, "/api" + path + "/"):
        response = await gateway.client.get(form, params={"user_id": "ann"})

        assert response.status_code == 200
        assert studio.last.path == path
        assert studio.last.query == "user_id=ann"
        assert keeper.judge(studio.last.headers["x-photofun-identity"]).user_id is None


async def test_the_body_goes_in_and_the_answer_comes_out_unchanged(gateway: Any, studio: Any) -> None:
    studio.answer = lambda request, body: web.Response(body=body[::-1], status=201, content_type="application/octet-stream")
    data = bytes(range(256)) * 20_000

    response = await gateway.client.post("/v1/files/", content=data, headers={"Content-Type": "image/png"})

    assert (response.status_code, response.content) == (201, data[::-1])
    assert studio.last.headers["content-length"] == str(len(data))


async def test_a_chunked_body_streams_in(gateway: Any, studio: Any) -> None:
    async def pieces() -> Any:
        for _ in range(5):
            yield b"x" * 1000

    response = await gateway.client.post("/v1/files/", content=pieces(), headers={"Content-Type": "image/png"})

    assert response.status_code == 200
    assert studio.last.body == b"x" * 5000


async def test_events_come_through_one_by_one(gateway: Any, studio: Any) -> None:
    go_on = asyncio.Event()

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"event: stage\ndata: 1\n\n")
        await go_on.wait()
        await response.write(b"event: end\ndata: 2\n\n")
        return response

    studio.answer = lambda request, body: events(request)

    async with gateway.client.stream("GET", "/v1/jobs/1/events") as response:
        pieces = response.aiter_raw()
        first = await asyncio.wait_for(anext(pieces), 2)
        go_on.set()
        rest = b"".join([piece async for piece in pieces])

    assert first == b"event: stage\ndata: 1\n\n"
    assert rest == b"event: end\ndata: 2\n\n"
    assert response.headers["content-type"] == "text/event-stream"


async def test_a_client_that_hangs_up_ends_the_call_inwards(gateway: Any, studio: Any) -> None:
    async def slow() -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    studio.answer = lambda request, body: slow()
    with pytest.raises(httpx.ReadTimeout):
        await gateway.client.get("/v1/gallery/", timeout=0.5)

    async def is_aborted() -> bool:
        return studio.aborted == 1

    assert await eventually(is_aborted, seconds=3)


async def test_headers_that_are_not_the_clients_to_set_are_dropped(gateway: Any, studio: Any) -> None:
    forged = {
        "X-User-Id": "root", "X_User_Id": "root", "X-Internal-Admin": "1", "X-Forwarded-For": "8.8.8.8", "X-PhotoFun-Identity": "forged",
        "Authorization": "Bearer abc", "Cookie": "a=b", "TE": "trailers", "Connection": "X-Secret", "X-Secret": "1", "Forwarded": "for=1",
        "X-HTTP-Method-Override": "DELETE", "Keep-Alive": "5", "Proxy-Authorization": "x",
    }  # fmt: skip

    await gateway.client.get("/v1/gallery/", headers={**forged, "Accept-Language": "vi", "Last-Event-ID": "7"})

    got = studio.last.headers
    assert set(got) & {name.lower() for name in forged} == {"x-photofun-identity"}
    assert got["x-photofun-identity"] != "forged"
    assert (got["accept-language"], got["last-event-id"]) == ("vi", "7")
    assert got["traceparent"].startswith("00-")


async def test_headers_of_the_inside_stay_inside(gateway: Any) -> None:
    response = await gateway.client.get("/v1/gallery/")

    assert "set-cookie" not in response.headers
    assert "x-internal-note" not in response.headers
    assert response.headers["x-kept"] == "yes"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.headers["referrer-policy"] == "no-referrer"


async def test_a_request_id_is_kept_when_sane_and_made_when_not(gateway: Any, studio: Any) -> None:
    kept = await gateway.client.get("/v1/gallery/", headers={"X-Request-Id": "abc-123"})
    made = await gateway.client.get("/v1/gallery/", headers={"X-Request-Id": "no good!" * 20})

    assert kept.headers.get_list("x-request-id") == ["abc-123"]
    assert len(made.headers["x-request-id"]) == 32
    assert studio.last.headers["x-request-id"] == made.headers["x-request-id"]


async def test_head_is_get_without_a_body(gateway: Any, studio: Any) -> None:
    response = await gateway.client.head("/v1/files/a.png")

    assert response.status_code == 200
    assert response.content == b""
    assert int(response.headers["content-length"]) > 0
    assert studio.last.method == "GET"


async def test_not_modified_and_no_content_pass(gateway: Any, studio: Any) -> None:
    for status in (204, 304):
        studio.answer = lambda request, body, status=status: web.Response(status=status)
        response = await gateway.client.get("/v1/files/a.png")
        assert (response.status_code, response.content) == (status, b"")


async def test_redirects_are_passed_on_not_followed(gateway: Any, studio: Any) -> None:
    studio.answer = lambda request, body: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})

    assert (await gateway.client.get("/v1/files/a.png")).status_code == 302


async def test_compressed_bytes_pass_as_they_are(gateway: Any, studio: Any) -> None:
    studio.answer = lambda request, body: web.Response(body=b"not gzip at all", headers={"Content-Encoding": "gzip"})

    async with gateway.client.stream("GET", "/v1/files/a.png") as response:
        assert b"".join([piece async for piece in response.aiter_raw()]) == b"not gzip at all"


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/v1/nothing", {404}),
        ("/v2/gallery", {404}),
        ("/api/gallery", {404}),
        ("/v1/gallery/%00", {400}),
        ("/v1/gallery/%2e%2e/files", {404}),
        ("/v1/x/../gallery/", {404}),
        ("/v1/../v1/gallery/", {404}),
        ("//v1/gallery/", {404}),
        ("/v1/gallery%2Fabc", {400}),
        ("/v1/gallery%5cabc", {400}),
        ("/v1/gallery/a%0d%0ab", {400}),
        ("/v1/gallery;x", {404}),
        ("/v1/gallery/%ff", {404}),
        ("/v1/gallery/%c0%ae", {404}),
        ("/v1/gallery/%F0%9F%98%80", {404}),
    ],
)
async def test_strange_paths_are_refused_before_any_service(path: str, statuses: set[int], gateway: Any, studio: Any) -> None:
    raw = await gateway.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

    head, _, body = raw.partition(b"\r\n\r\n")
    assert int(head.split()[1]) in statuses
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] in statuses
    assert studio.seen == []


async def test_an_escape_that_needs_none_is_the_plain_path(gateway: Any, studio: Any) -> None:
    await gateway.client.get(httpx.URL(raw_path=b"/v1/%67allery/", scheme="http", host="127.0.0.1", port=gateway.port))

    assert studio.last.path == "/v1/gallery"


async def test_a_dead_service_is_a_503_that_names_it(serve: Any) -> None:
    gateway = await serve(gallery_url="http://127.0.0.1:1")

    started = time.monotonic()
    for _ in range(8):
        response = await gateway.client.get("/v1/gallery/")
        assert response.status_code == 503
        problem = response.json()
        assert (problem["slug"], problem["service"], problem["code"]) == ("service-unavailable", "gallery-svc", 1005)
        assert int(response.headers["retry-after"]) >= 1

    assert time.monotonic() - started < 2
    assert (await gateway.client.get("/v1/chat/sessions")).status_code == 200


async def test_a_broken_off_get_is_tried_again_and_a_post_is_not(gateway: Any, studio: Any) -> None:
    def break_off(request: web.Request, body: bytes) -> web.Response:
        if len(studio.seen) % 2:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"ok": True})

    studio.answer = break_off
    assert (await gateway.client.get("/v1/gallery/")).status_code == 200
    studio.seen.clear()

    response = await gateway.client.post("/v1/gallery/", json={})

    assert response.status_code == 502
    assert response.json()["slug"] == "service-failed"
    assert len(studio.seen) == 1


async def test_too_large_is_413_with_the_limit(gateway: Any, studio: Any) -> None:
    declared = await gateway.client.post("/v1/gallery/", content=b"x" * 400_000, headers={"Content-Type": "application/json"})

    async def pieces() -> Any:
        for _ in range(10):
            yield b"x" * 100_000

    chunked = await gateway.client.post("/v1/gallery/", content=pieces(), headers={"Content-Type": "application/json"})

    for response in (declared, chunked):
        assert response.status_code == 413
        assert response.json()["slug"] == "input-too-large"
        assert response.json()["limit"] > 256 * 1024
    assert (await gateway.client.get("/v1/gallery/")).status_code == 200


async def test_the_openai_facade_gets_errors_in_openais_shape(serve: Any) -> None:
    gateway = await serve(imaging_url="http://127.0.0.1:1")

    response = await gateway.client.post("/v1/images/generations", json={"prompt": "a cat"})

    assert response.status_code == 503
    assert response.json()["error"]["code"] == "service-unavailable"


async def test_cors_answers_listed_front_ends_only(gateway: Any, studio: Any) -> None:
    asked = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}

    preflight = await gateway.client.options("/v1/chat/sessions", headers=asked)
    actual = await gateway.client.get("/v1/chat/sessions", headers={"Origin": "http://localhost:5173"})
    foreign = await gateway.client.options("/v1/chat/sessions", headers={**asked, "Origin": "http://evil.example"})

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-headers"] == "content-type"
    assert "X-Request-Id" in actual.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in foreign.headers
    assert len(studio.seen) == 1


async def test_health_tells_of_every_service_within_a_second(serve: Any, studio: Any) -> None:
    good = await serve()
    held: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda reader, writer: held.append(writer), "127.0.0.1", 0)
    hanging = await serve(prompt_url=f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}", gallery_url="http://127.0.0.1:1")

    assert (await good.client.get("/health/")).json()["status"] == "healthy"
    started = time.monotonic()
    response = await hanging.client.get("/health")

    assert time.monotonic() - started < 1.0
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["service"]) == ("degraded", "gateway")
    assert body["services"] == {
        "conversation-svc": "healthy", "prompt-svc": "unhealthy", "imaging-svc": "healthy", "gallery-svc": "unhealthy",
    }  # fmt: skip
    for writer in held:
        writer.close()
        await writer.wait_closed()
    silent.close()


async def test_livez_readyz_and_metrics_answer(gateway: Any) -> None:
    for path in ("/livez", "/readyz", "/readyz/", "/metrics"):
        assert (await gateway.client.get(path)).status_code == 200
    assert (await gateway.client.post("/livez")).status_code == 405


async def test_the_document_is_merged_and_the_viewers_work_offline(gateway: Any, studio: Any) -> None:
    def document(request: web.Request, body: bytes) -> web.Response:
        return web.json_response(
            {"paths": {"/v1/gallery": {"get": {"responses": {}}}}, "components": {"schemas": {"A": {"type": "object"}}}}
        )

    studio.answer = document

    found = (await gateway.client.get("/openapi.json")).json()

    assert {"/v1/gallery", "/health"} <= set(found["paths"])
    assert {"A", "Problem"} <= set(found["components"]["schemas"])
    assert "bearer" in found["components"]["securitySchemes"]
    for path, asset in (("/swagger/", "/assets/swagger-ui-bundle.js"), ("/redoc/", "/assets/redoc.standalone.js")):
        page = await gateway.client.get(path)
        assert page.status_code == 200
        assert asset in page.text
        assert "http://" not in page.text
        assert "https://" not in page.text
        assert len((await gateway.client.get(asset)).content) > 100_000


async def test_the_studio_page_is_served_with_its_etag(gateway: Any) -> None:
    first = await gateway.client.get("/")

    again = await gateway.client.get("/", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["content-type"].startswith("text/html")
    assert "unsafe-inline" not in first.headers["content-security-policy"]
    assert (again.status_code, again.content) == (304, b"")
    assert (await gateway.client.get("/studio/../settings.py")).status_code == 404


async def test_a_client_that_asks_first_is_told_to_go_on(gateway: Any, studio: Any) -> None:
    lines = (
        b"POST /v1/files HTTP/1.1", b"Host: localhost", b"Content-Type: image/png", b"Content-Length: 5", b"Expect: 100-continue",
        b"Connection: close", b"", b"",
    )  # fmt: skip
    head = b"\r\n".join(lines)

    told = await gateway.raw(head + b"hello")
    refused = await gateway.raw(head.replace(b"Content-Length: 5", b"Content-Length: 500000000"))

    assert told.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert studio.last.body == b"hello"
    assert "expect" not in studio.last.headers
    assert refused.startswith(b"HTTP/1.1 413 ")


async def test_a_range_goes_in_and_a_part_comes_out(gateway: Any, studio: Any) -> None:
    def part(request: web.Request, _: bytes) -> web.Response:
        assert request.headers["Range"] == "bytes=2-3"
        return web.Response(status=206, body=b"cd", headers={"Content-Range": "bytes 2-3/6", "Accept-Ranges": "bytes"})

    studio.answer = part

    answer = await gateway.client.get("/v1/files/a.png", headers={"Range": "bytes=2-3"})

    assert (answer.status_code, answer.content) == (206, b"cd")
    assert answer.headers["content-range"] == "bytes 2-3/6"
