"""How fast may we ask?  A token bucket on our side, so that the provider's limit is not met."""

from __future__ import annotations

import asyncio
import time

from .failures import ProviderLimitedError

__all__ = ["Limiter"]

_PATIENCE = 20.0


class Limiter:
    """So many calls a minute, `burst` of them at once.  `turn` waits; it refuses when the wait would be long."""

    def __init__(self, per_minute: float, *, burst: int = 10) -> None:
        self._gap = 60.0 / per_minute
        self._lead = self._gap * (burst - 1)
        self._next = 0.0

    async def turn(self) -> None:
        now = time.monotonic()
        at = max(self._next, now - self._lead)
        wait = at - now
        if wait > _PATIENCE:
            raise ProviderLimitedError("Too many calls to this provider are waiting", retry_after=round(wait, 1))
        self._next = at + self._gap
        if wait > 0:
            await asyncio.sleep(wait)
