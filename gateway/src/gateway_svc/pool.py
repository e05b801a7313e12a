"""Which connections to the services are open?  Kept alive, the last used first; one that a service may close soon is not used again."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

from .connection import Connection, ConnectionBrokenError, TooSlowError

__all__ = ["TROUBLE", "Pool", "fetch", "fetch_from_outside"]

_CONNECT_SECONDS = 2.0
_KEEP_SECONDS = 4.0  # below uvicorn's default of 5: a service must not close what we are about to use
_MOST_IDLE = 256
TROUBLE = (OSError, ConnectionBrokenError, TooSlowError)


class Pool:
    """The connections to one address."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or (443 if self._tls else 80)
        self.authority = parts.netloc.rpartition("@")[2].encode("ascii")
        self.prefix = parts.path.rstrip("/").encode("ascii")
        self._idle: list[Connection] = []

    async def take(self) -> Connection:
        """An open connection.  Raises OSError when there is none to be had."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._idle:
            found = self._idle.pop()
            if found.is_open and now - found.idle_since < _KEEP_SECONDS:
                return found
            found.close()
        try:
            _, made = await asyncio.wait_for(loop.create_connection(Connection, self._host, self._port, ssl=self._tls), _CONNECT_SECONDS)
        except TimeoutError as error:
            raise ConnectionRefusedError(f"{self._host} takes no connection") from error
        if not made.is_open:
            raise ConnectionResetError(f"{self._host} closed the connection at once")
        return made

    def give(self, connection: Connection) -> None:
        """Back after an exchange; closed when nothing may follow it."""
        if connection.can_stay and len(self._idle) < _MOST_IDLE:
            connection.rest()
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


async def fetch(pool: Pool, target: str, *, seconds: float, most: int) -> tuple[int, bytes]:
    """A small GET of our own, read to its end; redirects are not followed.

    Raises OSError (TimeoutError is one), ConnectionBrokenError, TooSlowError; ConnectionBrokenError too for more than `most` bytes.
    """
    async with asyncio.timeout(seconds):
        connection = await pool.take()
        try:
            connection.ask(
                b"GET %s%s HTTP/1.1\r\nhost: %s\r\n\r\n" % (pool.prefix, target.encode("ascii"), pool.authority), seconds=seconds
            )
            await connection.head()
            chunks: list[bytes] = []
            size = 0
            while chunk := await connection.read():
                size += len(chunk)
                if size > most:
                    raise ConnectionBrokenError("the answer is too long")
                chunks.append(chunk)
            return connection.status, b"".join(chunks)
        finally:
            pool.give(connection)


async def fetch_from_outside(url: str, *, seconds: float, most: int) -> bytes:
    """A document from outside, over a connection of its own.  Raises as `fetch`, and OSError for any status but 200."""
    parts = urlsplit(url)
    pool = Pool(f"{parts.scheme}://{parts.netloc}")
    try:
        status, body = await fetch(pool, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", seconds=seconds, most=most)
    finally:
        pool.close()
    if status != 200:
        raise OSError(f"answered {status}")
    return body
