"""What does the gallery do by itself?  Empties old trash, and tells which files go until they are gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from photofun_common.bus import Bus
from photofun_common.contracts.files import AfterQuestion, Keys
from photofun_common.contracts.gallery import ImagePurged
from photofun_common.contracts.imaging import FileRemoved
from photofun_common.errors import PhotoFunError, UnavailableError

from ..store import Stores

__all__ = ["Upkeep"]

log = logging.getLogger(__name__)
_BATCH = 200
_SWEEP, _LEASE = "sweep", timedelta(seconds=60)
_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 300, 1800, 6 * 3600))


class Upkeep:
    """Work that nobody asks for."""

    def __init__(self, stores: Stores, bus: Bus, *, trash_days: int, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._lists, self._images, self._removals, self._leases = stores.lists, stores.images, stores.removals, stores.leases
        self._name = uuid4().hex
        self._bus = bus
        self._trash_days = trash_days
        self._clock = clock
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()

    def wake(self) -> None:
        """Something is to be told: do not wait for the next round."""
        self._wake.set()

    async def sweep(self) -> int:
        """Purge what lay in the trash too long.  One replica does it at a time; the others leave it to that one."""
        begun = self._clock()
        before = begun - timedelta(days=self._trash_days)
        purged = 0
        while await self._leases.take(_SWEEP, self._name, self._clock(), self._clock() + _LEASE):
            ids = await self._lists.trash_ids(None, before=before, limit=_BATCH)
            outcomes = await self._images.act("purge", ids, None, now=begun, before=before) if ids else {}
            fresh = sum(outcome == "purged" for outcome in outcomes.values())
            purged += fresh
            if not fresh:
                await self._leases.give_back(_SWEEP, self._name)
                break
        if purged:
            self._wake.set()
            log.info("old trash purged", extra={"count": purged})
        return purged

    async def relay(self) -> int:
        """Tell imaging-svc which files go.  Each is told again, ever more seldom, until `file_removed` confirms it."""
        now = self._clock()
        rows = await self._removals.due(now)
        told = await asyncio.gather(*(self._tell(row.image_id, row.user_id, row.key, row.due_at) for row in rows))
        later: dict[datetime, list[str]] = {}
        for row, is_told in zip(rows, told, strict=True):
            pause = _PAUSES[min(row.attempts, len(_PAUSES) - 1)] if is_told else timedelta(seconds=2)
            later.setdefault(now + pause, []).append(row.image_id)
        await self._removals.postpone(later)
        return sum(told)

    async def _tell(self, image_id: str, user_id: str, key: str, due_at: datetime) -> bool:
        fact = ImagePurged(job_id=image_id, user_id=user_id, image_id=image_id, key=key)
        try:
            await self._bus.publish(fact, due_at.isoformat())  # each telling has an id of its own, so that the broker drops none
        except UnavailableError:
            return False
        return True

    async def file_removed(self, fact: FileRemoved) -> None:
        """The file is gone: nothing is owed any more."""
        await self._removals.confirmed(fact.job_id, fact.key)

    async def known_files(self, asked: Keys) -> Keys:
        """Which of these files a row needs, or waits to be told gone."""
        return Keys(keys=sorted(await self._removals.known(asked.keys)))

    async def files(self, asked: AfterQuestion) -> Keys:
        """The files that rows say are in the store."""
        return Keys(keys=await self._removals.files(asked.after, asked.limit))

    async def forget_files(self, asked: Keys) -> Keys:
        """Purge the pictures of files that are not there."""
        ids = await self._removals.images_of(asked.keys)
        for start in range(0, len(ids), _BATCH):
            await self._images.act("purge", ids[start : start + _BATCH], None, now=self._clock(), force=True)
        self._wake.set()
        return asked

    def stop(self) -> None:
        """End the loops below, after what they have in hand."""
        self._stopping.set()
        self._wake.set()

    async def keep_relaying(self, every: float) -> None:
        """Relay at once when something was purged, and every few seconds anyway, until `stop`."""
        while not self._stopping.is_set():
            self._wake.clear()
            if not await _calmly(self.relay) and not self._stopping.is_set():
                await _heard(self._wake, every)

    async def keep_doing(self, work: Callable[[], Awaitable[int]], every: float) -> None:
        """Do this work now and then, until `stop`."""
        while not self._stopping.is_set():
            await _calmly(work)
            await _heard(self._stopping, every)


async def _heard(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


async def _calmly(work: Callable[[], Awaitable[int]]) -> int:
    try:
        return await work()
    except PhotoFunError as error:
        log.warning("put off", extra={"work": getattr(work, "__name__", "work"), "error": error.detail})
    except Exception:  # a background loop must go on whatever happens
        log.exception("background work failed", extra={"work": getattr(work, "__name__", "work")})
    return 0
