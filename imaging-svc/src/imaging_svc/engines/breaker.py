"""Is it worth asking?  A circuit breaker: 5 failures among 10 calls open it, after a while one probe may close it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from photofun_common.telemetry import BREAKER_OPEN

from .failures import ProviderDownError

__all__ = ["Breaker"]


class Breaker:
    """Counts the outcomes of calls.  `check` raises ProviderDownError while it is open."""

    def __init__(
        self, name: str, *, failures: int = 5, window: int = 10, seconds: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._failures, self._seconds, self._clock = name, failures, seconds, clock
        self._outcomes: deque[bool] = deque(maxlen=window)
        self._opened: float | None = None
        self._probe: float | None = None
        BREAKER_OPEN.labels(name).set(0)

    @property
    def is_open(self) -> bool:
        return self._opened is not None

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        """half-open: the next call goes through as a probe."""
        if self._opened is None:
            return "closed"
        return "half-open" if self._left(self._opened) <= 0 else "open"

    def _left(self, opened: float) -> float:
        return self._seconds - (self._clock() - max(opened, self._probe or 0.0))

    def check(self) -> None:
        """Pass when closed; when open, pass one probe each time the pause is over."""
        if self._opened is None:
            return
        if (left := self._left(self._opened)) > 0:
            raise ProviderDownError(f"{self._name} failed repeatedly and gets a pause", retry_after=max(1.0, round(left, 1)))
        self._probe = self._clock()

    def note(self, *, ok: bool) -> None:
        """An outcome.  A good one closes an open breaker, a bad one keeps it open."""
        if self._opened is not None:
            self._opened, self._probe = (None, None) if ok else (self._clock(), None)
            self._outcomes.clear()
            BREAKER_OPEN.labels(self._name).set(0 if ok else 1)
            return
        self._outcomes.append(ok)
        if self._outcomes.count(False) >= self._failures:
            self._opened = self._clock()
            BREAKER_OPEN.labels(self._name).set(1)

    def trip(self) -> None:
        """Open at once: a key that is refused is refused for every call."""
        self._opened, self._probe = self._clock(), None
        self._outcomes.clear()
        BREAKER_OPEN.labels(self._name).set(1)
