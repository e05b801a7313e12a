"""Where are calls counted?  In this process, or in a Valkey (or Redis) that every gateway counts in."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from photofun_common.errors import UnavailableError
from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError

__all__ = ["LimitsUnavailableError", "LocalWindows", "SharedWindows", "Windows"]

_SWEEP_SECONDS = 60.0
_STORE_SECONDS = 2.0
_AWAY_SECONDS = 1.0
_MOST_CONNECTIONS = 32
T = TypeVar("T")


class LimitsUnavailableError(UnavailableError):
    slug = "limits-unavailable"
    title = "Calls can't be counted just now"


class Windows(Protocol):
    """Moving windows, one for each limit, name and caller.  A refused call leaves no trace."""

    async def has_room(self, item: RateLimitItem, name: str, caller: str) -> bool: ...

    async def take(self, item: RateLimitItem, name: str, caller: str) -> bool:
        """Count a call if there is room; whether there was."""

    async def look(self, item: RateLimitItem, name: str, caller: str) -> tuple[int, float]:
        """How many calls are left, and in how many seconds the oldest counted one leaves the window."""

    async def aclose(self) -> None: ...


class LocalWindows:
    """Windows in this process, where a call costs the same whatever the limit is."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str, int], deque[float]] = {}
        self._swept_at = time.monotonic()

    async def has_room(self, item: RateLimitItem, name: str, caller: str) -> bool:
        return len(self._window(item, name, caller, time.monotonic())) < item.amount

    async def take(self, item: RateLimitItem, name: str, caller: str) -> bool:
        now = time.monotonic()
        calls = self._window(item, name, caller, now)
        if len(calls) >= item.amount:
            return False
        calls.append(now)
        return True

    async def look(self, item: RateLimitItem, name: str, caller: str) -> tuple[int, float]:
        now = time.monotonic()
        calls = self._window(item, name, caller, now)
        return item.amount - len(calls), calls[0] + item.get_expiry() - now if calls else 0.0

    async def aclose(self) -> None:
        self._calls.clear()

    def _window(self, item: RateLimitItem, name: str, caller: str, now: float) -> deque[float]:
        if now - self._swept_at > _SWEEP_SECONDS:
            self._sweep(now)
        expiry = item.get_expiry()
        calls = self._calls.setdefault((name, caller, expiry), deque())
        while calls and calls[0] <= now - expiry:
            calls.popleft()
        return calls

    def _sweep(self, now: float) -> None:
        self._swept_at = now
        self._calls = {key: calls for key, calls in self._calls.items() if calls and calls[-1] > now - key[2]}


class SharedWindows:
    """Windows in a Valkey or Redis; each call is judged and counted there in one step.  Raises LimitsUnavailableError."""

    def __init__(self, url: str) -> None:
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_MOST_CONNECTIONS,
            timeout=_STORE_SECONDS,
            socket_timeout=_STORE_SECONDS,
            socket_connect_timeout=_STORE_SECONDS,
        )
        options: dict[str, Any] = {"connection_pool": self._pool}
        storage = RedisStorage(f"async+{url}", implementation="redispy", key_prefix="photofun:limits", **options)
        self._away_until = 0.0
        self._limiter = MovingWindowRateLimiter(storage)

    async def has_room(self, item: RateLimitItem, name: str, caller: str) -> bool:
        return await self._asked(lambda: self._limiter.test(item, name, caller))

    async def take(self, item: RateLimitItem, name: str, caller: str) -> bool:
        return await self._asked(lambda: self._limiter.hit(item, name, caller))

    async def look(self, item: RateLimitItem, name: str, caller: str) -> tuple[int, float]:
        stats = await self._asked(lambda: self._limiter.get_window_stats(item, name, caller))
        return stats.remaining, stats.reset_time - time.time()

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def _asked(self, question: Callable[[], Awaitable[T]]) -> T:
        if time.monotonic() < self._away_until:
            raise _away()
        try:
            return await question()
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + _AWAY_SECONDS
            raise _away() from error


def _away() -> LimitsUnavailableError:
    return LimitsUnavailableError("Calls can't be counted just now: try again shortly", retry_after=2)
