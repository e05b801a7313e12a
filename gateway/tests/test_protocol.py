"""What happens to clients that are slow, greedy or speak something else?"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

END = b"Host: x\r\nConnection: close\r\n\r\n"


def status_of(raw: bytes) -> int:
    return int(raw.split()[1]) if raw else 0


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET /livez HTTP/1.1\r\n" + END, 200),
        (b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: a/admin?x=\r\n\r\n", 400),
        (b"GET /livez\r\n\r\n", 400),
        (b"GET /livez HTTP/9.9\r\n" + END, 400),
        (b"FOOBAR /livez HTTP/1.1\r\n" + END, 400),
        (b"PROPFIND /livez HTTP/1.1\r\n" + END, 405),
        (b"POST /v1/gallery HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n" + END, 400),
        (b"POST /v1/gallery HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n" + END, 400),
        (b"POST /v1/gallery HTTP/1.1\r\nTransfer-Encoding: identity, chunked\r\n" + END, 400),
        (b"POST /v1/gallery HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" + END, 400),
        (b"GET /livez HTTP/1.1\r\nA: " + b"x" * 65_536 + b"\r\n" + END, 431),
        (b"GET /livez HTTP/1.1\r\n" + b"".join(b"A%d: x\r\n" % n for n in range(70)) + END, 431),
        (b"GET /livez?" + b"x" * 5_000 + b" HTTP/1.1\r\n" + END, 414),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n" + END, 414),
        (b"GET /livez HTTP/1.1\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nHost: x\r\n\r\n", 200),
    ],
)
async def test_requests_on_the_edge_of_http(raw: bytes, status: int, gateway: Any) -> None:
    answer = await gateway.raw(raw)

    assert status_of(answer) == status
    if status >= 400:
        assert b"application/problem+json" in answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == status


async def test_a_huge_head_is_refused_while_it_still_comes(gateway: Any) -> None:
    answer = await gateway.raw(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 40_000)

    assert status_of(answer) == 431


async def test_slow_heads_and_bodies_and_silence_are_closed_on_time(serve: Any, studio: Any) -> None:
    gateway = await serve(limits={"head_seconds": 0.3, "body_seconds": 0.6, "slowest_rate": 1_000_000})

    async def timed(data: bytes) -> tuple[int, float]:
        started = time.monotonic()
        return status_of(await gateway.raw(data)), time.monotonic() - started

    silent, head, body = await asyncio.gather(
        timed(b""), timed(b"GET / HT"), timed(b"POST /v1/gallery HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
    )

    assert (silent[0], head[0], body[0]) == (0, 408, 408)
    assert silent[1] < 1.5
    assert head[1] < 1.5
    assert 0.5 < body[1] < 2.5
    assert studio.seen == []


async def test_one_address_may_hold_so_many_connections(serve: Any) -> None:
    gateway = await serve(max_connections_per_peer=3)
    held = [await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(3)]
    await asyncio.sleep(0.05)

    refused = await gateway.raw(b"")
    for _, writer in held:
        writer.close()
        await writer.wait_closed()
    await asyncio.sleep(0.05)

    assert status_of(refused) == 503
    assert b"too-many-connections" in refused
    assert status_of(await gateway.raw(b"GET /livez HTTP/1.1\r\n" + END)) == 200


async def test_pipelined_requests_are_answered_in_order(gateway: Any) -> None:
    one = b"GET /v1/gallery?n=%d HTTP/1.1\r\nHost: x\r\nX-Request-Id: r%d\r\n\r\n"
    raw = b"".join(one % (n, n) for n in range(20)) + b"GET /livez HTTP/1.1\r\n" + END

    answer = await gateway.raw(raw)

    ids = [line for line in answer.split(b"\r\n") if line.startswith(b"x-request-id: r")]
    assert ids == [b"x-request-id: r%d" % n for n in range(20)]


async def test_hosts_can_be_listed(serve: Any) -> None:
    gateway = await serve(allowed_hosts="studio.example,localhost")

    assert status_of(await gateway.raw(b"GET /livez HTTP/1.1\r\nHost: studio.example:80\r\nConnection: close\r\n\r\n")) == 200
    assert status_of(await gateway.raw(b"GET /livez HTTP/1.1\r\nHost: evil.com\r\nConnection: close\r\n\r\n")) == 400


async def test_trailers_are_no_headers(gateway: Any, studio: Any) -> None:
    """What comes after the body can't add what the gateway has judged already."""
    body = b"2\r\nhi\r\n0\r\nX-Late: 1\r\nAuthorization: Bearer x\r\n\r\n"
    head = b"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"

    answer = await gateway.raw(head + body + b"GET /livez HTTP/1.1\r\n" + END)

    assert answer.count(b"HTTP/1.1 200") == 2
    assert studio.last.body == b"hi"
    assert not {"x-late", "authorization"} & set(studio.last.headers)
