"""How does a replica leave without anybody noticing?  On SIGTERM it serves on for a while, but keeps no connection.

A client that keeps connections may send its next call at the very moment in which a server closes one, and can not know whether it was
taken.  So a leaving server first says `Connection: close` with every answer, for `DRAIN_SECONDS`, which is longer than its callers keep
an idle connection; after that there is nothing left to close on anybody.
"""

from __future__ import annotations

import time
from types import FrameType

import uvicorn

__all__ = ["DrainingServer", "is_draining"]

_CLOSE = (b"connection", b"close")
_leaves_at: float | None = None


def is_draining() -> bool:
    """Whether this process was asked to leave: it is not ready any more."""
    return _leaves_at is not None


class DrainingServer(uvicorn.Server):
    """uvicorn's server, which drains between the first signal and its own shutdown; a second signal skips that."""

    def __init__(self, config: uvicorn.Config, seconds: float) -> None:
        """`seconds` 0 stops at once."""
        super().__init__(config)
        self._seconds = seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        global _leaves_at
        if self._seconds == 0 or is_draining():
            super().handle_exit(sig, frame)
            return
        _leaves_at = time.monotonic() + self._seconds
        self.config.encoded_headers.append(_CLOSE)
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        self._captured_signals.append(sig)

    async def on_tick(self, counter: int) -> bool:
        ends = await super().on_tick(counter)
        return ends or (_leaves_at is not None and time.monotonic() >= _leaves_at)
