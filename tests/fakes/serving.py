"""How does a fake stand on a port?  An aiohttp application on a free loopback port, and what all fakes share."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

__all__ = ["Seen", "Switches", "drop_connection", "png", "serve", "truncated"]


@dataclass
class Seen:
    """A request as it came: for assertions, without the key."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Switches:
    """What shall go wrong with the next paid calls: `fail` holds (status, body) answers, each used once."""

    fail: list[tuple[int, Any]] = field(default_factory=list)
    reset_after_accept: int = 0
    hang_after_accept: float = 0.0
    truncate: int = 0
    slow: float = 0.0
    retry_after: str | None = None


def png(width: int, height: int, color: tuple[int, int, int, int] = (200, 80, 40, 255)) -> bytes:
    """A real PNG of one colour, made without any library."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(color) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def drop_connection(request: web.Request) -> web.StreamResponse:
    """Close without an answer: the client can't know whether the call was accepted."""
    assert request.transport is not None
    request.transport.abort()
    raise asyncio.CancelledError


def truncated() -> web.Response:
    return web.Response(text='{"data": {"task_id": "0', content_type="application/json")


@asynccontextmanager
async def serve(make: Callable[[], web.Application]) -> AsyncIterator[str]:
    """The application on a free port of 127.0.0.1; yields its base URL."""
    runner = web.AppRunner(make(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
