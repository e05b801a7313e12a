"""How many unfinished messages may one person have?"""

from __future__ import annotations

from .domain import TooManyJobsError
from .store import Store

__all__ = ["Room"]


class Room:
    """A person's room for unfinished messages."""

    def __init__(self, store: Store, most: int) -> None:
        self._store, self._most = store, most

    async def check(self, user_id: str) -> None:
        """Raises TooManyJobsError when there is no room."""
        queued = await self._store.count_processing(user_id, self._most)
        if queued >= self._most:
            raise TooManyJobsError(
                f"{queued} of your messages are still being worked on; wait for one of them", retry_after=5, limit=self._most
            )
