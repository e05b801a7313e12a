"""How is an answer written?  uvicorn's cycle, and a short cut for answers that are whole: one write, no second look at our own headers."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from .wire import Pairs

__all__ = ["Cycle"]

_BODILESS = frozenset({204, 304})


class Cycle(RequestResponseCycle):
    """One request and its answer on a connection; `at_once` is offered to the app as `scope["extensions"]["photofun.whole"]`."""

    def __init__(self, *, scope: Any, **parts: Any) -> None:
        super().__init__(scope=scope, **parts)
        scope["extensions"] = {"photofun.whole": self.at_once}

    async def send(self, message: Any) -> None:
        """uvicorn waits for a full buffer before the next piece; here whoever sends waits at once, and asks for no next piece meanwhile."""
        await super().send(message)
        if self.flow.write_paused and not self.disconnected and not self.response_complete:
            await self.flow.drain()

    async def at_once(self, status: int, headers: Pairs, body: bytes) -> None:
        """Write a whole answer.  The headers' names are lower-case; they and the values hold no line ends."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        lines = [STATUS_LINE[status]]
        is_sized = False
        for name, value in headers:
            if name == b"connection":
                continue
            is_sized = is_sized or name == b"content-length"
            lines += (name, b": ", value, b"\r\n")
        if not is_sized and status not in _BODILESS:
            lines.append(b"content-length: %d\r\n" % len(body))
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        if self.scope["method"] != "HEAD":
            lines.append(body)
        self.transport.write(b"".join(lines))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
