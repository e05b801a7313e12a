"""Who looks after what nobody asks for?  No leader: every replica relays and sweeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from photofun_common.bus import Bus
from photofun_common.contracts.conversation import Said, SaidQuestion
from photofun_common.contracts.erasure import SessionsErased
from photofun_common.contracts.files import Keys
from photofun_common.contracts.gallery import UserErased
from photofun_common.errors import DeadlineError

from . import ends
from .domain import now
from .following import Following
from .limits import Room
from .outbox import CLAIM, Outbox
from .records import Records
from .sessions import Sessions
from .store import Store

__all__ = ["Tending"]

_OVERDUE = timedelta(seconds=10)
_LOST_REPLY = timedelta(seconds=60)
_SETTLED = timedelta(seconds=5)
_KEYS_A_FACT = 1000
_SESSIONS_READ = 10


@dataclass(frozen=True, slots=True)
class Tending:
    """The rounds of the background loops."""

    store: Store
    bus: Bus
    outbox: Outbox
    sessions: Sessions
    following: Following
    records: Records
    room: Room

    async def relay(self) -> int:
        """Publish what is owed and due; the number of entries done.  Also looks how much is waiting."""
        await self.room.refresh()
        done = await self.outbox.relay()
        while self.bus.is_connected and (session := await self.store.claim_burial(now(), now() + CLAIM)) is not None:
            await self.sessions.bury(session)
            done += 1
        return done

    async def erase(self, fact: UserErased) -> None:
        """Drop all that a person said and was answered before `at`, stop what still runs, and report.  A repeat finds what is left."""
        found = await self.store.erase_user(fact.user_id, fact.at)
        for job_id in found.active:
            await self.records.cancel(job_id)
        parts = [found.keys[start : start + _KEYS_A_FACT] for start in range(0, len(found.keys), _KEYS_A_FACT)] or [()]
        for number, keys in enumerate(parts):
            last = number == len(parts) - 1
            counts = {"sessions": found.sessions, "messages": found.turns} if last else {}
            told = SessionsErased(job_id=fact.job_id, user_id=fact.user_id, counts=counts, keys=list(keys), last=last)
            await self.bus.publish(told, str(number), str(found.turns))

    async def said(self, asked: SaidQuestion) -> Said:
        """A person's own words, for completing what they type."""
        return Said(texts=await self.store.said(asked.user_id, sessions=_SESSIONS_READ, limit=asked.limit))

    async def known_files(self, asked: Keys) -> Keys:
        """Which of these files a conversation needs."""
        return Keys(keys=sorted(await self.store.known_files(asked.keys)))

    async def sweep(self) -> int:
        """End what is overdue, and take over the end of jobs whose events were lost; the number of messages ended."""
        at = now()
        ended = 0
        for turn in await self.store.processing(untouched_since=at - _SETTLED):
            record = await self.records.find(turn)
            if record is not None and ends.is_told_by(record, turn):
                if record.updated_at < at - _SETTLED:
                    ended += await self.following.finish(turn, ends.finished_by_record(turn, record)) is not None
                continue
            grace = _LOST_REPLY if record is not None and record.is_final else _OVERDUE
            if turn.deadline + grace < at:
                problem = DeadlineError("The job did not end in its time; try it again").to_problem()
                ended += await self.following.fail(turn, problem)
        return ended
