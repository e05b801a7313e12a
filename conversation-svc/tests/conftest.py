from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from conversation_svc.main import create_app
from conversation_svc.settings import Settings
from photofun_common.bus import MemoryBus
from photofun_common.testing.plugin import client_for


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="session")
def mongo_port() -> Iterator[int]:
    """A real document server for the test run; DOCUMENTS_PORT names one that runs already."""
    if "DOCUMENTS_PORT" in os.environ:
        yield int(os.environ["DOCUMENTS_PORT"])
        return
    port = _free_port()
    program = Path(sys.executable).with_name("secantusd-py")
    command = [str(program), "--host", "127.0.0.1", "--port", str(port), "--storage-path", ":memory:", "--log-level", "ERROR"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        end = time.monotonic() + 15
        while time.monotonic() < end:
            with socket.socket() as probe:
                probe.settimeout(0.2)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture
def settings(mongo_port: int) -> Settings:
    uri = f"mongodb://127.0.0.1:{mongo_port}/photofun_test?directConnection=true"
    return Settings(
        mongo_uri=uri, conversation_relay_seconds=0.05, conversation_sweep_seconds=3600, log_level="WARNING", conversation_max_queued=5,
        public_url="http://studio.test", _env_file=None,
    )  # fmt: skip


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
def app(settings: Settings, bus: MemoryBus) -> Any:
    return create_app(settings, bus)


@pytest.fixture
async def client(app: Any) -> AsyncIterator[Any]:
    async with client_for(app) as client:
        store = app.state.context.store
        await store._turns.delete_many({})
        await store._sessions.delete_many({})
        yield client


@pytest.fixture
def talk(app: Any, client: Any, bus: MemoryBus) -> Talk:
    return Talk(app, client, bus)


class Talk:
    """A conversation at the doors, and the other services' side of it."""

    def __init__(self, app: Any, client: Any, bus: MemoryBus) -> None:
        self.app, self.client, self.bus = app, client, bus
        self.sid = ""

    @property
    def context(self) -> Any:
        return self.app.state.context

    async def start(self, user: str = "ann", **fields: Any) -> str:
        answer = await self.client.post("/v1/chat/sessions", json={"user_id": user, **fields})
        assert answer.status_code == 201, answer.text
        self.sid = answer.json()["result"]["session_id"]
        return self.sid

    async def say(self, text: str, *, user: str = "ann", **fields: Any) -> str:
        answer = await self.client.post(f"/v1/chat/sessions/{self.sid}/messages", json={"user_id": user, "content": text, **fields})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["result"]["message_id"])

    async def poll(self, mid: str) -> dict[str, Any]:
        answer = await self.client.get(f"/v1/chat/sessions/{self.sid}/messages/{mid}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["result"])

    async def call(self, mid: str, verb: str, body: Any = None) -> Any:
        return await self.client.post(f"/v1/chat/sessions/{self.sid}/messages/{mid}/{verb}", json=body)

    async def session(self) -> Any:
        return await self.context.store.session(self.sid, None)
