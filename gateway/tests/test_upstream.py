"""Does the gateway speak HTTP to services rightly, also with one that speaks strangely, slowly or not at all?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from gateway_svc import routing

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n\r\nok"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Service:
    """A service that speaks as a test says; counts its connections."""

    def __init__(self) -> None:
        self.talk: Talk = self.politely
        self.connections = 0
        self.heads: list[bytes] = []
        self._tasks: set[asyncio.Task[None] | None] = set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._tasks.add(asyncio.current_task())
        try:
            await self.talk(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def head(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        return head

    async def politely(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await self.head(reader)
            writer.write(OK)

    def cancel(self) -> None:
        for task in self._tasks:
            if task is not None:
                task.cancel()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    found = Service()
    server = await asyncio.start_server(found.take, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    yield found
    server.close()
    found.cancel()


@pytest.fixture
async def ask(serve: Any, service: Any) -> httpx.AsyncClient:
    url = f"http://127.0.0.1:{service.port}"
    made = await serve(conversation_url=url, prompt_url=url, imaging_url=url, gallery_url=url)
    return made.client


def _saying(service: Service, *answers: bytes, then_close: bool = False) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await service.head(reader)
            writer.write(answer)
            await writer.drain()
        if not then_close:
            await reader.read()

    return talk


async def test_a_connection_is_used_again(ask: httpx.AsyncClient, service: Service) -> None:
    for _ in range(5):
        assert (await ask.get("/v1/jobs/1")).text == "ok"

    assert service.connections == 1


async def test_a_connection_that_the_service_closed_meanwhile_costs_a_read_nothing(ask: httpx.AsyncClient, service: Service) -> None:
    service.talk = _saying(service, OK, then_close=True)
    await ask.get("/v1/jobs/1")
    await asyncio.sleep(0.05)

    assert (await ask.get("/v1/jobs/1")).text == "ok"


async def test_a_read_is_tried_again_when_the_answer_breaks_off_before_it_began(ask: httpx.AsyncClient, service: Service) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await service.head(reader)
        if service.connections > 1:
            writer.write(OK)

    service.talk = talk

    assert (await ask.get("/v1/jobs/1")).text == "ok"
    assert service.connections == 2


async def test_a_write_is_never_sent_twice(ask: httpx.AsyncClient, service: Service) -> None:
    service.talk = _saying(service, b"", then_close=True)

    answer = await ask.post("/v1/jobs/1/cancel")

    assert answer.status_code == 502
    assert answer.json()["slug"] == "service-failed"
    assert service.connections == 1


async def test_an_answer_in_chunks_comes_through(ask: httpx.AsyncClient, service: Service) -> None:
    service.talk = _saying(
        service, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n"
    )

    answer = await ask.get("/v1/jobs/1")

    assert answer.content == b"abcde"
    assert "x-trailer" not in answer.headers


async def test_an_answer_that_ends_with_the_connection_is_whole(ask: httpx.AsyncClient, service: Service) -> None:
    service.talk = _saying(service, b"HTTP/1.0 200 OK\r\n\r\nall of it", then_close=True)

    assert (await ask.get("/v1/jobs/1")).content == b"all of it"


async def test_an_answer_that_breaks_off_is_not_taken_for_whole(ask: httpx.AsyncClient, service: Service) -> None:
    service.talk = _saying(service, b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this", then_close=True)

    with pytest.raises(httpx.RemoteProtocolError):
        await ask.get("/v1/jobs/1")


@pytest.mark.parametrize("nonsense", [b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"])
async def test_what_is_no_http_is_a_failed_service(ask: httpx.AsyncClient, service: Service, nonsense: bytes) -> None:
    service.talk = _saying(service, nonsense, nonsense)

    assert (await ask.get("/v1/jobs/1")).status_code == 502


async def test_a_silent_service_is_given_up(ask: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "_SECONDS", 0.3)
    routing.route_of.cache_clear()
    service.talk = _saying(service, b"")
    started = time.perf_counter()

    answer = await ask.get("/v1/jobs/1")
    routing.route_of.cache_clear()

    assert answer.status_code == 504
    assert answer.json()["slug"] == "service-timeout"
    assert time.perf_counter() - started < 3


async def test_hints_before_the_answer_are_not_the_answer(ask: httpx.AsyncClient, service: Service) -> None:
    service.talk = _saying(service, b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + OK)

    answer = await ask.get("/v1/jobs/1")

    assert (answer.status_code, answer.text) == (200, "ok")
    assert "link" not in answer.headers


async def test_a_refusal_before_all_of_the_body_came_is_passed_on(ask: httpx.AsyncClient, service: Service) -> None:
    service.talk = _saying(service, b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig", then_close=False)

    answer = await ask.post("/v1/files", content=b"x" * 20_000_000, headers={"content-type": "image/png"})

    assert (answer.status_code, answer.content) == (413, b"big")


async def test_a_large_answer_flows_at_the_clients_pace(ask: httpx.AsyncClient, service: Service) -> None:
    size = 24 * 2**20
    written = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await service.head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        for _ in range(size // 65536):
            writer.write(b"x" * 65536)
            await writer.drain()
            written += 65536
        await reader.read()

    service.talk = talk
    async with ask.stream("GET", "/v1/files/a.png") as answer:
        pieces = answer.aiter_raw(65536)
        got = len(await anext(pieces))
        await asyncio.sleep(0.5)
        ahead = written - got
        got += sum([len(piece) async for piece in pieces])

    assert got == size
    assert ahead < 16 * 2**20, "the gateway or the sockets took all of it in"


async def test_only_headers_of_the_client_go_in_and_hop_headers_end_here(ask: httpx.AsyncClient, service: Service) -> None:
    await ask.get("/v1/jobs/1?a=b", headers={"x-secret": "1", "connection": "x-secret", "accept-language": "vi"})

    head = service.heads[-1]
    assert head.startswith(b"GET /v1/jobs/1?a=b HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"accept-language: vi" in head
    assert b"x-secret" not in head
    assert head.count(b"host:") == 1
