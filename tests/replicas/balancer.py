"""What stands before replicas?  A TCP balancer like a Kubernetes Service: each new connection goes to the next one in rotation."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading

__all__ = ["Balancer"]

_CHUNK = 64 * 1024


class Balancer:
    """Listens on a port of its own; `take_out` and `put_in` change who gets new connections, open ones stay where they are."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ports: list[int]) -> None:
        self._ports = list(ports)
        self._turn = itertools.count()
        self._loop = loop
        self._server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=1024), loop).result(5)
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def take_out(self, port: int) -> None:
        self._ports = [one for one in self._ports if one != port]

    def put_in(self, port: int) -> None:
        self._ports = [*self._ports, port]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports = self._ports
        try:
            there = await asyncio.open_connection("127.0.0.1", ports[next(self._turn) % len(ports)])
        except (OSError, ZeroDivisionError):
            writer.transport.abort()
            return
        await asyncio.gather(_pipe(reader, there[1]), _pipe(there[0], writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass everything on; an end is passed on as an end, a break as a break."""
    try:
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        writer.transport.abort()
    finally:
        with contextlib.suppress(OSError):
            writer.close()


@contextlib.contextmanager
def balancing():  # type: ignore[no-untyped-def]
    """A loop in a thread of its own for balancers."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="balancers", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
