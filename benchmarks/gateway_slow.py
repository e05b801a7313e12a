"""What do 500 slow connections of each kind do to the others?  Idle, a head in drips, a body in drips, an answer that is not read."""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import suppress

__all__ = ["slow_clients"]

EACH = 500
LIMITS = {"idle": 10.5, "head": 10.5, "body": 31.0, "unread": 62.0}
_POST = (
    "POST /v1/gallery/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
    "Authorization: Bearer {}\r\n\r\n"
)


def slow_clients(port: int, large: str, bearer: str) -> Iterator[str]:
    """All four kinds at once; lines that say how long each lived and how others fared."""
    lived, honest = asyncio.run(_all(port, large, bearer))
    for kind, spans in lived.items():
        late = sum(span > LIMITS[kind] for span in spans)
        yield f"{EACH} connections, {kind}: closed after {min(spans):.1f} to {max(spans):.1f} s; {late} later than {LIMITS[kind]:.0f} s"
    failed = sum(span < 0 for span in honest)
    good = sorted(span for span in honest if span >= 0)
    p95 = good[int(0.95 * len(good))] * 1000
    yield f"others meanwhile: {len(honest)} calls, {failed} failed, p50 {statistics.median(good) * 1000:.1f} ms, p95 {p95:.1f} ms"


async def _all(port: int, large: str, bearer: str) -> tuple[dict[str, list[float]], list[float]]:
    firsts = {
        "idle": b"",
        "head": b"GET /v1/gallery/ HTTP/1.1\r\nX-A: ",
        "body": _POST.format(bearer).encode() + b'{"a": "',
        "unread": f"GET {large} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
    }
    over = asyncio.Event()
    honest = asyncio.create_task(_honest(port, bearer, over))
    lived = await asyncio.gather(*(_kind(port, kind, first) for kind, first in firsts.items()))
    over.set()
    return dict(zip(firsts, lived, strict=True)), await honest


async def _kind(port: int, kind: str, first: bytes) -> list[float]:
    return list(await asyncio.gather(*(_slow(port, kind, first, number / EACH * 2) for number in range(EACH))))


async def _slow(port: int, kind: str, first: bytes, after: float) -> float:
    """How long the connection lived."""
    await asyncio.sleep(after)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    started = time.monotonic()
    try:
        writer.write(first)
        while time.monotonic() - started < 90:
            if kind == "unread":  # nothing is read until the other side has given up
                await asyncio.sleep(1)
                writer.write(b"")
                if writer.transport.is_closing() or _is_reset(writer):
                    break
                continue
            with suppress(TimeoutError):
                if not await asyncio.wait_for(reader.read(1024), 1):
                    break
            if kind in ("head", "body"):
                writer.write(b"x")
    except (ConnectionError, OSError):
        pass
    finally:
        writer.close()
    return time.monotonic() - started


def _is_reset(writer: asyncio.StreamWriter) -> bool:
    """Whether the connection was reset, by the kernel's word (TCP_INFO's first byte: 1 is established)."""
    wire = writer.get_extra_info("socket")
    return wire is None or wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != 1


async def _honest(port: int, bearer: str, over: asyncio.Event) -> list[float]:
    """An honest client's calls, one after the other, each on a connection of its own: seconds, or -1 for one that failed."""
    request = f"GET /v1/gallery/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\nConnection: close\r\n\r\n".encode()
    spans = []
    while not over.is_set():
        started = time.monotonic()
        told = b""
        with suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            told = await asyncio.wait_for(reader.read(-1), 10)
            writer.close()
        spans.append(time.monotonic() - started if told.startswith(b"HTTP/1.1 200") else -1.0)
        await asyncio.sleep(0.05)
    return spans
