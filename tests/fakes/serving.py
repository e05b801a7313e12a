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

__all__ = ["FAILURES", "Seen", "Switches", "drop_connection", "png", "serve", "truncated"]


@dataclass
class Seen:
    """A request as it came: for assertions, without the key."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


FAILURES: dict[str, tuple[int, Any]] = {
    "400": (400, {"message": "Parameter ':attribute' is not valid"}),
    "401": (401, {"message": "Invalid API key"}),
    "402": (402, {"message": "Insufficient credits"}),
    "404": (404, {"message": "AI resource not found"}),
    "429": (429, {"message": "Too many requests"}),
    "500": (500, {"message": "Internal Server Error"}),
    "503": (503, {"message": "Service Unavailable. Please try again later."}),
    "html": (502, "<html><body>Bad gateway</body></html>"),
    "slow": (0, None),
    "reset": (0, None),
    "truncated": (0, None),
}


@dataclass
class Switches:
    """What shall go wrong with the next paid calls: `fail` holds (status, body) answers, each used once."""

    fail: list[tuple[int, Any]] = field(default_factory=list)
    reset_after_accept: int = 0
    hang_after_accept: float = 0.0
    truncate: int = 0
    slow: float = 0.0
    retry_after: str | None = None

    def arm(self, failure: str, *, times: int = 1) -> None:
        """Turn on a failure of FAILURES for the next calls."""
        if failure in ("reset", "truncated"):
            setattr(self, {"reset": "reset_after_accept", "truncated": "truncate"}[failure], times)
        elif failure == "slow":
            self.hang_after_accept = 3600.0
        else:
            self.fail = [FAILURES[failure]] * times

    def clear(self) -> None:
        """All well again."""
        self.fail, self.reset_after_accept, self.truncate = [], 0, 0
        self.hang_after_accept, self.slow, self.retry_after = 0.0, 0.0, None

    async def refusal(self) -> web.Response | None:
        """The answer of a call that is refused before it is accepted."""
        if self.slow:
            await asyncio.sleep(self.slow)
        if not self.fail:
            return None
        status, said = self.fail.pop(0)
        more = {"Retry-After": self.retry_after} if self.retry_after else {}
        if isinstance(said, str):
            return web.Response(status=status, text=said, content_type="text/html", headers=more)
        return web.json_response(said, status=status, headers=more)


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
