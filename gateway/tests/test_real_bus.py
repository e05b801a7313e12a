"""Does the first answer to a key outlive the gateway on a real NATS server?"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from photofun_common.jetstream import JetStreamBus


@pytest.fixture
def nats_url(tmp_path: Path) -> Iterator[str]:
    server_path = Path(sys.executable).parent / "nats-server"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(server_path), "-js", "-sd", str(tmp_path), "-a", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        yield f"nats://127.0.0.1:{port}"
        server.terminate()


@pytest.mark.connected
async def test_a_second_gateway_replays_what_the_first_was_answered(nats_url: str, serve: Any, studio: Any) -> None:
    studio.answer = lambda request, body: web.Response(status=202, body=b"z" * 1_300_000)

    async def post(key: str, **request: Any) -> Any:
        async with JetStreamBus(nats_url, "gateway", manage_topology=False) as bus:
            gateway = await serve(bus=bus)
            return await gateway.client.post("/v1/features/upscale", headers={"Idempotency-Key": key}, **request)

    first = await post("k", json={"user_id": "ann"})
    second = await post("k", json={"user_id": "ann"})
    other = await post("k", json={"user_id": "ann", "scale_factor": 4})

    assert (first.status_code, second.status_code, other.status_code) == (202, 202, 422)
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"
    assert len(studio.seen) == 1


@pytest.mark.connected
async def test_a_released_key_can_be_claimed_again_and_one_of_many_wins(nats_url: str, serve: Any, studio: Any) -> None:
    async def answer() -> web.Response:
        await asyncio.sleep(0.2)
        return web.json_response({}, status=422 if len(studio.seen) == 1 else 202)

    studio.answer = lambda request, body: answer()
    async with JetStreamBus(nats_url, "gateway", manage_topology=False) as bus:
        gateway = await serve(bus=bus)
        refused = await gateway.client.post("/v1/gallery", json={}, headers={"Idempotency-Key": "k"})

        answers = await asyncio.gather(*(gateway.client.post("/v1/gallery", json={}, headers={"Idempotency-Key": "k"}) for _ in range(8)))

    assert refused.status_code == 422
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7
    assert len(studio.seen) == 2
