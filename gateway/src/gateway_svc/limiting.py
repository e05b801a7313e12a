"""How much may one caller do?  Moving windows in this process; a refusal costs nothing."""

from __future__ import annotations

import math
import time
from collections import deque

from limits import RateLimitItem
from limits.storage import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter
from photofun_common.errors import RateLimitedError

from .wire import Pairs

__all__ = ["RateKeeper", "refusal_headers"]

_SWEEP_SECONDS = 60.0


class Windows(Storage, MovingWindowSupport):
    """Moving windows in this process, where a call costs the same whatever the limit is.

    The library's own storage inserts at the front of a list and sweeps in threads.
    """

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self._calls: dict[str, tuple[deque[float], float]] = {}
        self._swept_at = time.time()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = time.time()
        calls = self._window(key, now, expiry)
        if len(calls) + amount > limit:
            return False
        calls.extend([now] * amount)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        now = time.time()
        calls = self._window(key, now, expiry)
        return (calls[0], len(calls)) if calls else (now, 0)

    def _window(self, key: str, now: float, expiry: int) -> deque[float]:
        if now - self._swept_at > _SWEEP_SECONDS:
            self._sweep(now)
        found = self._calls.get(key)
        if found is None:
            found = self._calls[key] = (deque(), expiry)
        calls = found[0]
        while calls and calls[0] <= now - expiry:
            calls.popleft()
        return calls

    def _sweep(self, now: float) -> None:
        self._swept_at = now
        self._calls = {key: (calls, expiry) for key, (calls, expiry) in self._calls.items() if calls and calls[-1] > now - expiry}

    # what fixed windows would need

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise TypeError("only moving windows are kept here")

    def get(self, key: str) -> int:
        return len(self._calls.get(key, ((), 0))[0])

    def get_expiry(self, key: str) -> float:
        calls, expiry = self._calls.get(key, ((), 0))
        return calls[0] + expiry if calls else time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        count, self._calls = len(self._calls), {}
        return count

    def clear(self, key: str) -> None:
        self._calls.pop(key, None)


class RateKeeper:
    """Counts calls a caller (`u:<user>` or `p:<peer>`), all of them and the paid ones, and failed sign-ins a peer."""

    def __init__(self, rate: RateLimitItem, paid_rate: RateLimitItem, failure_rate: RateLimitItem) -> None:
        self._rate, self._paid_rate, self._failure_rate = rate, paid_rate, failure_rate
        self._windows = MovingWindowRateLimiter(Windows())

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
