"""What do paid calls cost today?  A ledger on the bus: whole studio and each person, with a cap for both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from photofun_common.bus import KeyValue
from photofun_common.errors import ConflictError, UnavailableError

from .engines.failures import DailyCapError

__all__ = ["BUCKET", "KEEP_SECONDS", "Prices", "Spending"]

BUCKET = "spending"
KEEP_SECONDS = 3 * 86400.0
_TRIES = 30
_ROUND = 6


class Prices:
    """What a paid call's picture costs: `freepik=0.1;freepik/upscale=0.3;gemini=0.04`.  Raises ValueError for what is no such text."""

    def __init__(self, text: str) -> None:
        self._table: dict[str, float] = {}
        for line in filter(None, (part.strip() for part in text.split(";"))):
            name, separator, price = line.partition("=")
            try:
                self._table[name.strip()] = float(price)
            except ValueError as error:
                raise ValueError(f"IMAGING_PRICES: '{line}' is not engine=price or engine/feature=price") from error
            if not separator or not 0 <= self._table[name.strip()] < 1e6:
                raise ValueError(f"IMAGING_PRICES: '{line}' is not engine=price or engine/feature=price")

    def of(self, engine: str, feature_slug: str) -> float:
        return self._table.get(f"{engine}/{feature_slug}", self._table.get(engine, 0.0))


class Spending:
    """The ledger of a day (UTC).  The caps hold across replicas: every amount is written with compare-and-set before its call."""

    def __init__(
        self,
        bucket: Callable[[], Awaitable[KeyValue]],
        *,
        cap: float | None,
        cap_per_user: float | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._bucket, self._cap, self._cap_per_user, self._now = bucket, cap, cap_per_user, now

    async def reserve(self, user_id: str, amount: float) -> None:
        """Note an amount before it is spent.  Raises DailyCapError when it does not fit under a cap any more."""
        if amount <= 0:
            return
        day = self._day()
        await self._add(f"{day}.all", amount, self._cap, "The studio's")
        try:
            await self._add(f"{day}.{_short(user_id)}", amount, self._cap_per_user, "Your")
        except DailyCapError:
            await self._add(f"{day}.all", -amount, None, "")
            raise

    async def give_back(self, user_id: str, amount: float) -> None:
        """An amount that was surely not charged."""
        if amount <= 0:
            return
        for key in ("all", _short(user_id)):
            await self._add(f"{self._day()}.{key}", -amount, None, "")

    async def today(self, user_id: str | None = None) -> float:
        """What was spent today, by all or by one person."""
        found = await (await self._bucket()).get(f"{self._day()}.{_short(user_id) if user_id else 'all'}")
        return float(json.loads(found[0])) if found else 0.0

    def _day(self) -> str:
        return self._now().strftime("%Y-%m-%d")

    async def _add(self, key: str, amount: float, cap: float | None, whose: str) -> None:
        bucket = await self._bucket()
        for _ in range(_TRIES):
            found = await bucket.get(key)
            spent = max(0.0, round((float(json.loads(found[0])) if found else 0.0) + amount, _ROUND))
            if cap is not None and spent > cap:
                raise DailyCapError(f"{whose} daily budget for paid engines is used up", retry_after=self._until_midnight())
            try:
                value = json.dumps(spent).encode()
                await (bucket.update(key, value, found[1]) if found else bucket.create(key, value))
            except ConflictError:
                continue
            return
        raise UnavailableError("The ledger of paid calls is too busy")

    def _until_midnight(self) -> float:
        now = self._now()
        tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return round((tomorrow - now).total_seconds(), 0)


def _short(user_id: str) -> str:
    return hashlib.sha256(user_id.encode()).hexdigest()[:32]
