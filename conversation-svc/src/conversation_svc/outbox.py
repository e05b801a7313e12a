"""How is what was written down told, even when the bus is away?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from photofun_common.bus import Bus
from photofun_common.contracts.conversation import MessageReceived, PlanApproved
from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.prompt import PlannedStep
from photofun_common.errors import PhotoFunError, UnavailableError
from photofun_common.tracing import span

from .domain import ACTIVE, ENDED, Turn, now
from .records import Records, new_record
from .store import Store

__all__ = ["CLAIM", "Outbox"]

log = logging.getLogger(__name__)
CLAIM = timedelta(seconds=5)
_AT_ONCE = 1.5
_MARK_EVERY = 0.5


class Outbox:
    """Tell what a turn owes.  Whoever wrote it down tries at once; what fails or takes long stays for the relay."""

    def __init__(self, store: Store, bus: Bus, records: Records) -> None:
        self._store, self._bus, self._records = store, bus, records
        self._told: list[Turn] = []
        self._marking: asyncio.Task[None] | None = None

    async def start(self, turn: Turn) -> None:
        """Tell of a message that nobody knows yet: its record and its fact at the same time; that it was told is noted later."""

        async def tell() -> None:
            record = new_record(turn)
            await asyncio.gather(self._records.create(turn), self._bus.publish(_fact(turn, record), str(turn.attempt)))

        if await self._at_once(turn, tell()):
            self._told.append(turn)
            if self._marking is None or self._marking.done():
                self._marking = asyncio.create_task(self._mark_soon())

    async def announce_now(self, turn: Turn) -> None:
        await self._at_once(turn, self.announce(turn))

    async def announce(self, turn: Turn) -> None:
        """Do what the turn's outbox says: keep the job's record in step and publish the fact.  May run twice."""
        if turn.outbox == "end" or turn.status in ENDED:
            await self._records.close(turn)
        elif turn.status == "PROCESSING":
            record = await self._records.open(turn)
            if not (record.is_final and record.run >= turn.attempt):
                await self._bus.publish(_fact(turn, record), str(turn.attempt))
        await self._store.sent([turn])

    async def withdraw(self, turn: Turn) -> None:
        """Take back a message whose session is gone."""
        changes = {"status": "CANCELED", "updated_at": now(), "outbox": "end"}
        canceled = await self._store.change(turn.message_id, changes, statuses=ACTIVE, outbox_due=now() + CLAIM)
        if canceled is not None:
            await self.announce_now(canceled)
        await self._store.drop_turns(turn.session_id)

    async def relay(self) -> int:
        """Tell what is owed and due; the number of entries done."""
        done = 0
        while self._bus.is_connected and (turn := await self._store.claim_outbox(now(), now() + CLAIM)) is not None:
            with span("relay", parent=turn.traceparent):
                await self.announce(turn)
            done += 1
        return done

    async def aclose(self) -> None:
        """Note what was told and not noted yet; what can't be noted is told again, which does nothing."""
        if self._marking is not None:
            self._marking.cancel()
            await asyncio.gather(self._marking, return_exceptions=True)
        await self._mark()

    async def _at_once(self, turn: Turn, work: Coroutine[Any, Any, None]) -> bool:
        if not self._bus.is_connected:
            work.close()
            return False
        try:
            await asyncio.wait_for(work, _AT_ONCE)
        except (TimeoutError, PhotoFunError) as error:
            log.warning("left to the relay", extra={"job_id": turn.message_id, "error": f"{type(error).__name__}: {error}"[:200]})
            return False
        return True

    async def _mark_soon(self) -> None:
        while self._told:
            await asyncio.sleep(_MARK_EVERY)
            await self._mark()

    async def _mark(self) -> None:
        told, self._told = self._told, []
        try:
            await self._store.sent(told)
        except UnavailableError as error:
            log.warning("the relay will tell them again", extra={"count": len(told), "error": error.detail})


def _fact(turn: Turn, record: JobRecord) -> MessageReceived | PlanApproved:
    """What the next stage must hear: the message, or the plan that is there already."""
    plan = list(turn.plan) or [PlannedStep(feature=step.feature, params=step.params) for step in record.steps]
    if plan and (turn.outbox == "plan" or turn.approved or record.steps):
        return PlanApproved(
            job_id=turn.message_id, user_id=turn.user_id, session_id=turn.session_id, attempt=turn.attempt, prompt=turn.text,
            refined_prompt=turn.refined_prompt or record.refined_prompt, intent=plan[0].feature, plan=plan, picture=turn.picture,
            reference=turn.reference, deadline=turn.deadline,
        )  # fmt: skip
    return MessageReceived.model_validate_json(turn.request).model_copy(
        update={"attempt": turn.attempt, "deadline": turn.deadline, "picture": turn.picture, "reference": turn.reference}
    )
