"""What lies between two processes?  TCP lines that can be slowed, torn and silenced."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

__all__ = ["Link"]

_CHUNK = 64 * 1024


@dataclass(eq=False)
class _Line:
    """One connection: both writers, and the tasks that carry bytes each way."""

    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    carriers: list[asyncio.Task[None]] = field(default_factory=list)

    def tear(self) -> None:
        """End it with a reset on both sides."""
        for carrier in self.carriers:
            carrier.cancel()
        for writer in self.writers:
            writer.transport.abort()


class Link:
    """Listens on a free loopback port and carries every connection to `port`; `port` may change while it runs."""

    def __init__(self, name: str, port: int) -> None:
        self.name, self.port = name, port
        self.listens = 0
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self._latency = 0.0
        self._open = asyncio.Event()

    async def start(self) -> None:
        self._open.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.listens = self._server.sockets[0].getsockname()[1]

    async def aclose(self) -> None:
        if self._server is not None:
            self._server.close()
        self.reset()
        await asyncio.sleep(0)

    def reset(self) -> None:
        """Tear every connection; new ones work."""
        for line in list(self._lines):
            line.tear()

    async def slow(self, latency: float, seconds: float) -> None:
        """Every piece waits `latency` seconds on its way, for `seconds`."""
        self._latency = latency
        try:
            await asyncio.sleep(seconds)
        finally:
            self._latency = 0.0

    async def silence(self, seconds: float) -> None:
        """Nothing passes and nobody is told for `seconds`; then all are torn, as by a peer that has forgotten them."""
        self._open.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.reset()
            self._open.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            writer.transport.abort()
            return
        line = _Line((writer, far_writer))
        self._lines.add(line)
        line.carriers = [
            asyncio.create_task(self._carry(reader, far_writer)),
            asyncio.create_task(self._carry(far_reader, writer)),
        ]
        await asyncio.gather(*line.carriers, return_exceptions=True)
        self._lines.discard(line)
        for one in line.writers:
            with contextlib.suppress(OSError):
                one.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._open.wait()
                if self._latency:
                    await asyncio.sleep(self._latency)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
