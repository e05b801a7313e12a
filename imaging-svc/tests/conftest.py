"""The running service for the tests of its doors: a real broker, the real app, a server of pictures, pictures of every kind."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from imaging_svc.main import create_app
from imaging_svc.settings import Settings
from photofun_common.testing.plugin import client_for

ROOT = Path(__file__).resolve().parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A NATS server with JetStream of its own."""
    port = _free_port()
    command = [str(Path(sys.executable).with_name("nats-server")), "-a", "127.0.0.1", "-p", str(port), "-js"]
    store = tmp_path_factory.mktemp("nats")
    with subprocess.Popen([*command, "-sd", str(store)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.02)
        yield f"nats://127.0.0.1:{port}"
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="session")
def settings_for(nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Settings]:
    """Settings of an imaging-svc on the test's broker, without anything from the environment's `.env`."""
    folder = tmp_path_factory.mktemp("imaging")

    def make(**changes: Any) -> Settings:
        return Settings(
            _env_file=None,
            **{
                "data_dir": folder,
                "nats_url": nats_url,
                "public_url": "http://studio.test",
                "imaging_weights_dir": ROOT / ".weights",
                "imaging_max_jobs_per_user": 500,
                "imaging_max_backlog": 10_000,
                "allow_private_image_hosts": True,
                "log_level": "WARNING",
                **changes,
            },
        )

    return make


@pytest.fixture(scope="session")
async def app(settings_for: Callable[..., Settings]) -> Any:
    return create_app(settings_for())


@pytest.fixture(scope="session")
async def client(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running service; one service for all tests."""
    async with client_for(app) as opened:
        yield opened


@pytest.fixture(scope="session")
async def service(client: httpx.AsyncClient, app: Any) -> Any:
    return app.state.context.service


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


class PictureServer:
    """A small HTTP server: `shows[path]` is bytes of a picture, or a coroutine that writes the answer itself."""

    def __init__(self) -> None:
        self.shows: dict[str, bytes | Answer] = {}
        self.port = 0
        self.connects = 0
        self.requests: list[bytes] = []

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connects += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            shown = self.shows.get(head.split(b" ")[1].decode())
            if callable(shown):
                await shown(reader, writer)
            elif shown is None:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret")
            else:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(shown) + shown)
            await writer.drain()
        writer.close()


@pytest.fixture(scope="session")
async def picture_server() -> AsyncIterator[PictureServer]:
    shop = PictureServer()
    server = await asyncio.start_server(shop.serve, "127.0.0.1", 0)
    shop.port = server.sockets[0].getsockname()[1]
    yield shop
    server.close()


@pytest.fixture(scope="session")
def photo_jpeg() -> bytes:
    """A real photo, small: 72 pixels wide."""
    import io

    from PIL import Image

    with Image.open(Path(__file__).parent / "data/photos/astronaut.jpg") as opened:
        small = opened.convert("RGB")
        small.thumbnail((72, 72))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.fixture(scope="session")
def photo_base64(photo_jpeg: bytes) -> str:
    return base64.b64encode(photo_jpeg).decode()
