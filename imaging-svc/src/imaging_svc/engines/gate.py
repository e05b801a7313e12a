"""May this call go out now?  One gate an engine: its breaker, its pace, and how many calls may be repeats."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from .breaker import Breaker
from .failures import RepeatsSpentError
from .limiter import Limiter

__all__ = ["Gate", "RetryBudget"]

_MINUTE = 60.0


class RetryBudget:
    """At most a share of the last minute's paid calls may be repeats; one a minute always may."""

    def __init__(self, share: float = 0.1, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._share, self._clock = share, clock
        self._calls: deque[float] = deque()
        self._repeats: deque[float] = deque()

    def called(self) -> None:
        """Note a first call."""
        self._calls.append(self._clock())

    @property
    def is_spent(self) -> bool:
        since = self._clock() - _MINUTE
        for times in (self._calls, self._repeats):
            while times and times[0] <= since:
                times.popleft()
        return len(self._repeats) >= max(1.0, self._share * len(self._calls))

    def repeated(self) -> None:
        """Note a repeat."""
        self._repeats.append(self._clock())


class Gate:
    """What every paid call of an engine passes, and where its outcome is noted."""

    def __init__(self, title: str, per_minute: float, *, breaker: Breaker | None = None) -> None:
        self.title = title
        self.breaker = breaker or Breaker(title)
        self.limiter = Limiter(per_minute)
        self.budget = RetryBudget()

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        return self.breaker.state

    async def enter(self, *, repeat: bool = False) -> None:
        """Wait for the turn of a paid call.  Raises ProviderDownError, RepeatsSpentError, ProviderLimitedError: it is not worth asking."""
        self.breaker.check()
        if repeat and self.budget.is_spent:
            raise RepeatsSpentError(f"{self.title} failed, and enough calls of this minute were repeats", retry_after=10.0)
        self.budget.repeated() if repeat else self.budget.called()
        await self.limiter.turn()

    def note(self, *, ok: bool) -> None:
        self.breaker.note(ok=ok)

    def trip(self) -> None:
        """The account is no good just now: nobody asks for a while, then one call probes."""
        self.breaker.trip()
