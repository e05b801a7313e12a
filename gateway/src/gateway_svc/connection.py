"""How does one connection to a service speak HTTP/1.1?  Bytes out, a parser in C for what comes back, at most so much in between."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import httptools

from .wire import Pairs

__all__ = ["Connection", "ConnectionBrokenError", "TooSlowError"]

_HIGH = 128 * 1024
_MOST_HEADERS = 128
_BODILESS = frozenset({204, 304})


class ConnectionBrokenError(Exception):
    """The service closed or broke the connection.  `is_unanswered`: before it had said anything."""

    def __init__(self, detail: str, *, is_unanswered: bool = False) -> None:
        super().__init__(detail)
        self.is_unanswered = is_unanswered


class TooSlowError(Exception):
    """The service said nothing for as long as it may."""


class Connection(asyncio.Protocol):
    """One exchange after the other.  `status` and `headers` are the answer's once `head()` returned."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything else happens
        self.is_lost = False
        self.is_reused = False
        self.idle_since = 0.0
        self.status = 0
        self.headers: Pairs = []
        self.is_complete = True
        self._keeps_alive = False
        self._is_headed = False
        self._until_close = False
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._is_paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._is_full = False
        self._seconds = 0.0
        self._heard_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._trouble: Exception | None = None
        self._due = 0.0
        self._parser: Any = httptools.HttpResponseParser(self)

    # --- what the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # it is a stream's

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        if self.is_complete:  # nothing was asked
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(ConnectionBrokenError(f"no HTTP answer: {type(error).__name__}"))
            self.close()
            return
        self._wake()
        if self._buffered > _HIGH and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        if self._timer is not None:
            self._timer.cancel()
        if not self.is_complete:
            if self._until_close and exc is None:
                self.is_complete = True
                self._wake()
            else:
                self._fail(ConnectionBrokenError("the connection broke", is_unanswered=not self._is_headed and not self.status))
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    # --- what the parser tells

    def on_message_begin(self) -> None:
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_headed and len(self.headers) < _MOST_HEADERS:  # trailers end here
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return
        self.status = status
        self._is_headed = True
        self._keeps_alive = self._parser.should_keep_alive()
        if status not in _BODILESS:
            self._until_close = not any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers)

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)
        self._buffered += len(body)

    def on_message_complete(self) -> None:
        if self._is_headed:
            self.is_complete = True

    # --- one exchange

    def ask(self, head: bytes, *, seconds: float) -> None:
        """Send the head of a request (with its body, if that is at hand).  From now on silence may last `seconds`.

        Raises ConnectionBrokenError, and nothing was sent.
        """
        if not self.is_open:
            raise ConnectionBrokenError("the connection was closed", is_unanswered=True)
        self.status, self.headers = 0, []
        self.is_complete = self._is_headed = self._until_close = False
        self._trouble = None
        self._seconds = seconds
        self._heard_at = now = self._loop.time()
        if self._timer is not None and self._due > now + seconds:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._look_in(seconds)
        self._transport.write(head)

    async def write(self, data: bytes) -> None:
        """More of the body; waits while the service takes no more."""
        if not self.is_open:
            raise ConnectionBrokenError("the connection broke")
        self._transport.write(data)
        self._heard_at = self._loop.time()
        if self._is_full:
            self._drained = self._loop.create_future()
            await self._drained

    async def head(self) -> None:
        """Return when the answer has begun.  Raises ConnectionBrokenError, TooSlowError."""
        while not self._is_headed:
            await self._wait()

    async def read(self) -> bytes:
        """The next piece of the answer, empty at its end.  Raises ConnectionBrokenError, TooSlowError."""
        while not self._chunks:
            if self.is_complete:
                return b""
            if self._is_paused and not self.is_lost:  # only now: what was read before has gone on
                self._is_paused = False
                self._heard_at = self._loop.time()
                self._transport.resume_reading()
            await self._wait()
        if len(self._chunks) == 1:
            data = self._chunks.popleft()
        else:
            data = b"".join(self._chunks)
            self._chunks.clear()
        self._buffered = 0
        return data

    @property
    def is_open(self) -> bool:
        """Whether something can be sent; a connection closes a moment before it is lost."""
        return not (self.is_lost or self._transport.is_closing())

    @property
    def can_stay(self) -> bool:
        """Whether another request may follow."""
        return self.is_complete and self._keeps_alive and self.is_open and not self._chunks and not self._until_close

    def rest(self) -> None:
        """Nothing is asked until the next `ask`."""
        self.idle_since = self._loop.time()
        self.is_reused = True
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    def close(self) -> None:
        if self._transport is not None and not self.is_lost:
            self._transport.abort()

    # --- waiting

    async def _wait(self) -> None:
        if self._trouble is not None:
            raise self._trouble
        if self.is_lost and not self.is_complete:
            raise ConnectionBrokenError("the connection broke", is_unanswered=not self._is_headed)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done() and (self._is_headed or self._trouble is not None):
            self._waiter.set_result(None)

    def _fail(self, trouble: Exception) -> None:
        self._trouble = trouble
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(trouble)

    def _look_in(self, seconds: float) -> None:
        self._due = self._loop.time() + seconds
        self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """The one timer of a connection: is it silent for too long?"""
        self._timer = None
        if self.is_lost or self.is_complete:
            return
        silent = self._loop.time() - self._heard_at
        if self._is_paused or silent < self._seconds:
            self._look_in(max(0.05, self._seconds - silent))
            return
        self._fail(TooSlowError("silent for too long"))
        self.close()
