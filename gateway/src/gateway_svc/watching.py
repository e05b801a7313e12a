"""Has the client hung up while we work for it?  Watched only for calls that take a while."""

from __future__ import annotations

import asyncio

from .wire import Exchange

__all__ = ["Watch"]

_WATCH_AFTER = 0.25


class Watch:
    """Cancels the task that made it when the client hangs up.  `end` it."""

    __slots__ = ("_exchange", "_has_gone", "_loop", "_task", "_timer", "_watcher")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._has_gone = False
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(_WATCH_AFTER, self._begin)

    def _begin(self) -> None:
        if self._exchange.is_read:
            self._watcher = self._loop.create_task(self._watch())
        else:
            self._timer = self._loop.call_later(_WATCH_AFTER, self._begin)

    async def _watch(self) -> None:
        await self._exchange.gone()
        if not self._exchange.is_ended and self._task is not None:
            self._has_gone = True
            self._task.cancel()

    def is_gone(self) -> bool:
        """Whether the cancellation was ours and no other."""
        return self._has_gone and self._task is not None and self._task.uncancel() == 0

    def end(self) -> None:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
