"""How many unfinished messages may one person have, and all together?"""

from __future__ import annotations

from datetime import timedelta

from .domain import OverloadedError, TooManyJobsError, now
from .store import Store

__all__ = ["Room"]

_WINDOW = timedelta(seconds=20)
_SHARE = 3  # as many may wait as end in a third of the window, some 7 s


class Room:
    """The room for unfinished messages: `each` for a person, `most` for all; beyond that only as fast as they end."""

    def __init__(self, store: Store, *, each: int, most: int, job_deadline: float) -> None:
        self._store, self._each, self._most = store, each, most
        self._deadline = timedelta(seconds=job_deadline)
        self._waiting = 0
        self._limit = most

    async def refresh(self) -> None:
        """Look how many wait, and how many of those that came lately have ended."""
        ended, waiting = await self._store.pace(now() + self._deadline - _WINDOW)
        self._waiting, self._limit = waiting, max(self._most, ended // _SHARE)

    async def take(self, user_id: str) -> None:
        """Raises TooManyJobsError, OverloadedError when there is no room."""
        if self._waiting >= self._limit:
            raise OverloadedError("More is waiting than can be done soon: try again in some seconds", retry_after=3)
        queued = await self._store.count_processing(user_id, self._each)
        if queued >= self._each:
            raise TooManyJobsError(
                f"{queued} of your messages are still being worked on; wait for one of them", retry_after=5, limit=self._each
            )
        self._waiting += 1  # until the next look
