"""When is the gateway too busy to take more?  When what waits in its loop is over a second old, or a service has too many calls open."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from photofun_common.errors import UnavailableError

from .routing import Route

__all__ = ["Load", "OverloadedError"]

_LOOK_SECONDS = 0.25
_OLDEST_SECONDS = 1.0
_MOST_OPEN = 512


class OverloadedError(UnavailableError):
    slug, title = "overloaded", "Too much is going on just now"


class Load:
    """How late the loop is, and how many calls to each service are open.  Health, cancelling and event streams always pass."""

    def __init__(self) -> None:
        self._late_looks = 0
        self._open: Counter[str] = Counter()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(_LOOK_SECONDS)
            late = time.monotonic() - before - _LOOK_SECONDS
            self._late_looks = self._late_looks + 1 if late > _OLDEST_SECONDS else 0

    @contextmanager
    def taken(self, route: Route) -> Iterator[None]:
        """A call inside.  Raises OverloadedError when it must not be taken."""
        if route.is_sheddable and (self._late_looks >= 2 or self._open[route.service] >= _MOST_OPEN):
            raise OverloadedError("Too much is going on just now: try again in a moment", retry_after=1)
        self._open[route.service] += 1
        try:
            yield
        finally:
            self._open[route.service] -= 1
