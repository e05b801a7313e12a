"""How much may one caller do?  Moving windows in this process; a refusal costs nothing."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from photofun_common.errors import RateLimitedError

from .wire import Pairs

__all__ = ["RateKeeper"]


class RateKeeper:
    """Counts calls a caller (`u:<user>` or `p:<peer>`), all of them and the paid ones, and failed sign-ins a peer."""

    def __init__(self, rate: RateLimitItem, paid_rate: RateLimitItem, failure_rate: RateLimitItem) -> None:
        self._rate, self._paid_rate, self._failure_rate = rate, paid_rate, failure_rate
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    def count(self, caller: str, *, paid: bool) -> Pairs:
        """Count a call; the RateLimit headers of its answer.  Raises RateLimitedError, with these as `headers`."""
        items = [(self._rate, "all")] + ([(self._paid_rate, "paid")] if paid else [])
        for item, name in items:
            if not self._windows.test(item, name, caller):
                raise self._refusal(item, name, caller)
        for item, name in items:
            self._windows.hit(item, name, caller)
        stats = [(item, *self._stats(item, name, caller)) for item, name in items]
        item, remaining, reset = min(stats, key=lambda each: each[1])
        return _headers(item.amount, remaining, reset)

    def check_failures(self, peer: str) -> None:
        """Raises RateLimitedError when this peer failed to sign in too often."""
        if not self._windows.test(self._failure_rate, "failed", peer):
            raise self._refusal(self._failure_rate, "failed", peer)

    def count_failure(self, peer: str) -> None:
        self._windows.hit(self._failure_rate, "failed", peer)

    def _stats(self, item: RateLimitItem, name: str, caller: str) -> tuple[int, int]:
        reset_at, remaining = self._windows.get_window_stats(item, name, caller)
        return remaining, max(1, math.ceil(reset_at - time.time()))

    def _refusal(self, item: RateLimitItem, name: str, caller: str) -> RateLimitedError:
        _, reset = self._stats(item, name, caller)
        kind = {"paid": "calls that make pictures", "failed": "failed sign-ins"}.get(name, "calls")
        return RateLimitedError(f"More than {item.amount} {kind} per {_period(item)}: wait {reset} s", retry_after=reset, limit=item.amount)


def refusal_headers(error: RateLimitedError) -> Pairs:
    return _headers(error.extra.get("limit", 0), 0, math.ceil(error.retry_after or 1))


def _headers(limit: int, remaining: int, reset: int) -> Pairs:
    return [
        (b"ratelimit-limit", str(limit).encode()),
        (b"ratelimit-remaining", str(max(0, remaining)).encode()),
        (b"ratelimit-reset", str(reset).encode()),
    ]


def _period(item: RateLimitItem) -> str:
    return f"{item.multiples} {item.GRANULARITY.name}s" if item.multiples > 1 else item.GRANULARITY.name
