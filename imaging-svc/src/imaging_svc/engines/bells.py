"""Who waits for which task?  A webhook rings, and whoever polls that task looks at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator

__all__ = ["Bell", "Bells"]


class Bell:
    """One listener's bell."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()

    def clear(self) -> None:
        self._event.clear()

    async def wait(self, seconds: float) -> None:
        """Return when it rings, at the latest after so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), seconds)


class Bells:
    """Bells by the provider's task id."""

    def __init__(self) -> None:
        self._bells: dict[str, set[Bell]] = defaultdict(set)

    @contextlib.contextmanager
    def listen(self, task_id: str) -> Iterator[Bell]:
        bell = Bell()
        self._bells[task_id].add(bell)
        try:
            yield bell
        finally:
            self._bells[task_id].discard(bell)
            if not self._bells[task_id]:
                del self._bells[task_id]

    def ring(self, task_id: str) -> None:
        for bell in self._bells.get(task_id, ()):
            bell.ring()
