"""How much may one caller do?  Moving windows for all calls, the paid ones, and failed sign-ins; a refusal costs nothing."""

from __future__ import annotations

import logging
import math
import time

from limits import RateLimitItem
from photofun_common.errors import RateLimitedError

from .windows import LimitsUnavailableError, Windows
from .wire import Pairs

__all__ = ["RateKeeper", "refusal_headers"]

log = logging.getLogger(__name__)
_SAY_AGAIN_SECONDS = 10.0


class RateKeeper:
    """Counts calls a caller (`u:<user>` or `p:<peer>`), all of them and the paid ones, and failed sign-ins a peer.

    While the store of the counts is away, calls go on uncounted, but for paid ones: these are refused.
    """

    def __init__(self, rate: RateLimitItem, paid_rate: RateLimitItem, failure_rate: RateLimitItem, windows: Windows) -> None:
        self._rate, self._paid_rate, self._failure_rate = rate, paid_rate, failure_rate
        self._windows = windows
        self._said_at = float("-inf")

    async def count(self, caller: str, *, paid: bool) -> Pairs:
        """Count a call; the RateLimit headers of its answer.  Raises RateLimitedError, LimitsUnavailableError."""
        try:
            return await (self._count_paid(caller) if paid else self._count_one(caller))
        except LimitsUnavailableError as error:
            if paid:
                raise
            self._say(error)
            return []

    async def _count_one(self, caller: str) -> Pairs:
        if not await self._windows.take(self._rate, "all", caller):
            raise await self._refusal(self._rate, "all", caller)
        return _headers(self._rate.amount, *await self._windows.look(self._rate, "all", caller))

    async def _count_paid(self, caller: str) -> Pairs:
        if not await self._windows.has_room(self._rate, "all", caller):
            raise await self._refusal(self._rate, "all", caller)
        if not await self._windows.take(self._paid_rate, "paid", caller):
            raise await self._refusal(self._paid_rate, "paid", caller)
        every = await self._count_one(caller)
        left, seconds = await self._windows.look(self._paid_rate, "paid", caller)
        return _headers(self._paid_rate.amount, left, seconds) if left <= int(every[1][1]) else every

    async def check_failures(self, peer: str) -> None:
        """Raises RateLimitedError when this peer failed to sign in too often."""
        try:
            if not await self._windows.has_room(self._failure_rate, "failed", peer):
                raise await self._refusal(self._failure_rate, "failed", peer)
        except LimitsUnavailableError as error:
            self._say(error)

    async def count_failure(self, peer: str) -> None:
        try:
            await self._windows.take(self._failure_rate, "failed", peer)
        except LimitsUnavailableError as error:
            self._say(error)

    async def _refusal(self, item: RateLimitItem, name: str, caller: str) -> RateLimitedError:
        _, seconds = await self._windows.look(item, name, caller)
        wait = max(1, math.ceil(seconds))
        kind = {"paid": "calls that make pictures", "failed": "failed sign-ins"}.get(name, "calls")
        return RateLimitedError(f"More than {item.amount} {kind} per {_period(item)}: wait {wait} s", retry_after=wait, limit=item.amount)

    def _say(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self._said_at > _SAY_AGAIN_SECONDS:
            self._said_at = now
            log.warning("calls are not counted", extra={"error": f"{type(error.__cause__).__name__}: {error.__cause__}"[:200]})


def refusal_headers(error: RateLimitedError) -> Pairs:
    return _headers(error.extra.get("limit", 0), 0, error.retry_after or 1)


def _headers(limit: int, remaining: int, seconds: float) -> Pairs:
    return [
        (b"ratelimit-limit", b"%d" % limit),
        (b"ratelimit-remaining", b"%d" % max(0, remaining)),
        (b"ratelimit-reset", b"%d" % max(1, math.ceil(seconds))),
    ]


def _period(item: RateLimitItem) -> str:
    return f"{item.multiples} {item.GRANULARITY.name}s" if item.multiples > 1 else item.GRANULARITY.name
