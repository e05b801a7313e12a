"""How many unfinished messages may one person have, and all together?"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .domain import OverloadedError, TooManyJobsError
from .store import Store

__all__ = ["Room"]

_WINDOW_SECONDS = 20.0
_FULL_SECONDS = 0.25
_PLACES = 4
_IN_LINE = 24
_LINE_SECONDS = 2.0
_SHARE = 3  # as many may wait as end in a third of the window, some 7 s


class Room:
    """The room for unfinished messages: `each` for a person, `most` for all; beyond that only as fast as they end here.

    `places` are few: what comes in may not keep the store from what was accepted.
    """

    def __init__(self, store: Store, *, each: int, most: int) -> None:
        self._store, self._each, self._most = store, each, most
        self._waiting = 0
        self._ends: deque[float] = deque(maxlen=10_000)
        self._full: dict[str, float] = {}
        self.places = asyncio.Semaphore(_PLACES)
        self._in_line = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one of the places and hold it, unless too many wait already.  Raises OverloadedError, UnavailableError."""
        self.check()
        await self._store.wait_writable()
        if self._in_line >= _IN_LINE:
            raise self._overrun()
        self._in_line += 1
        try:
            await asyncio.wait_for(self.places.acquire(), _LINE_SECONDS)
        except TimeoutError as error:
            raise self._overrun() from error
        finally:
            self._in_line -= 1
        try:
            yield
        finally:
            self.places.release()

    @staticmethod
    def _overrun() -> OverloadedError:
        return OverloadedError("More is coming in than can be taken: try again in some seconds", retry_after=3)

    async def refresh(self) -> None:
        """Look how many wait now."""
        self._waiting = await self._store.count_waiting()

    def note_end(self) -> None:
        """A message has ended."""
        self._ends.append(time.monotonic())

    def check(self) -> None:
        """Raises OverloadedError when more is waiting than ends soon.  Asks nobody."""
        since = time.monotonic() - _WINDOW_SECONDS
        while self._ends and self._ends[0] < since:
            self._ends.popleft()
        if self._waiting >= max(self._most, len(self._ends) // _SHARE):
            raise OverloadedError("More is waiting than can be done soon: try again in some seconds", retry_after=3)

    async def take(self, user_id: str) -> None:
        """Raises TooManyJobsError, OverloadedError when there is no room.  A person found without room is not looked for again at once."""
        self.check()
        at = time.monotonic()
        queued = self._each if self._full.get(user_id, 0.0) > at else await self._store.count_processing(user_id, self._each)
        if queued >= self._each:
            self._full = {user: until for user, until in self._full.items() if until > at}
            self._full.setdefault(user_id, at + _FULL_SECONDS)
            raise TooManyJobsError(
                f"{queued} of your messages are still being worked on; wait for one of them", retry_after=5, limit=self._each
            )
        self._waiting += 1  # until the next look
