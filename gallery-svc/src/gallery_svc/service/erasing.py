"""How does a person vanish?  From here at once, from the other services by a fact that is told until each has reported."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from photofun_common.bus import Bus
from photofun_common.contracts.erasure import AnswersErased, ChoicesErased, Erased, JobsErased, SessionsErased
from photofun_common.contracts.gallery import UserErased
from photofun_common.errors import UnavailableError

from ..domain.erasures import Erasure, ErasureNotFoundError
from ..store import Stores

__all__ = ["Erasing"]

log = logging.getLogger(__name__)
_BATCH = 500
_REPORTERS: dict[type[Erased], str] = {
    AnswersErased: "gateway",
    SessionsErased: "conversation-svc",
    ChoicesErased: "prompt-svc",
    JobsErased: "imaging-svc",
}


class Erasing:
    """Begins erasures, carries them on, and says how they stand."""

    def __init__(
        self, stores: Stores, bus: Bus, *, wake: Callable[[], None], clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._erasures = stores.erasures
        self._bus, self._wake, self._clock = bus, wake, clock

    async def erase(self, user_id: str) -> Erasure:
        """Erase a person.  What cannot be done at once is carried on by `advance`; while it runs, a second wish is the same."""
        await self._erasures.begin(uuid4().hex, user_id, self._clock())
        await self._carry_on(user_id, await self.report(user_id))
        return await self.report(user_id)

    async def report(self, user_id: str) -> Erasure:
        """How the person's last erasure stands.  Raises ErasureNotFoundError."""
        found = await self._erasures.find(user_id)
        if found is None:
            raise ErasureNotFoundError
        return found

    async def advance(self) -> int:
        """Carry on all unfinished erasures; how many there were."""
        due = await self._erasures.due(self._clock())
        for user_id, erasure in due:
            await self._carry_on(user_id, erasure)
        return len(due)

    async def _carry_on(self, user_id: str, erasure: Erasure) -> None:
        images = 0
        while taken := await self._erasures.take(user_id, erasure.at, _BATCH):
            images += taken
        counts = {"images": images, **await self._erasures.take_rest(user_id, erasure.at)}
        await self._erasures.add(user_id, counts, erasure_id=erasure.id)
        self._wake()
        if erasure.missing:
            await self._tell(UserErased(job_id=erasure.id, user_id=user_id, at=erasure.at))
        if await self._erasures.finish(user_id, self._clock()):
            log.info("a person is erased", extra={"erasure_id": erasure.id})

    async def _tell(self, fact: UserErased) -> None:
        """Tell the others; when the broker is away the next round does it."""
        try:
            await self._bus.publish(fact, self._clock().isoformat(timespec="seconds"))
        except UnavailableError as error:
            log.warning("an erasure waits to be told", extra={"erasure_id": fact.job_id, "error": error.detail})

    async def heard(self, fact: Erased) -> None:
        """A service has erased its part."""
        if fact.keys:
            await self._erasures.free(fact.user_id, fact.keys, self._clock())
            await self._erasures.add(fact.user_id, {"files": len(fact.keys)}, erasure_id=fact.job_id)
            self._wake()
        if fact.last:
            await self._erasures.add(fact.user_id, fact.counts, erasure_id=fact.job_id, reporter=_REPORTERS[type(fact)])
        await self._erasures.finish(fact.user_id, self._clock())

    async def file_removed(self, user_id: str) -> None:
        """One of a person's files is gone: perhaps it was the last one that an erasure waited for."""
        await self._erasures.finish(user_id, self._clock())
