"""How does a person stop a message, run it again, let it run, or delete it?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from photofun_common.contracts.prompt import PlannedStep
from photofun_common.plans import checked_plan

from .domain import (
    ACTIVE,
    ENDED,
    MessageNotFoundError,
    NotAwaitingError,
    NotRetryableError,
    Status,
    Turn,
    found,
    now,
)
from .limits import Room
from .outbox import CLAIM, Outbox
from .reading import Reading
from .store import Store

__all__ = ["Steering"]

_WAITING: frozenset[Status] = frozenset({"AWAITING_APPROVAL"})
_RETRYABLE: frozenset[Status] = frozenset({"FAILED", "CANCELED"})


class Steering:
    """Cancel, retry, approve, delete: each once, from the state that allows it."""

    def __init__(self, store: Store, outbox: Outbox, reading: Reading, room: Room, *, job_deadline: float) -> None:
        self._store, self._outbox, self._reading, self._room = store, outbox, reading, room
        self._deadline = timedelta(seconds=job_deadline)

    async def cancel(self, message_id: str, session_id: str, owner: str | None) -> Turn:
        """Cancel exactly this job; what has ended stays as it ended."""
        turn = await self._reading.message(message_id, session_id, owner)
        if turn.status in ENDED:
            return turn
        canceled = await self._store.change(
            message_id, {"status": "CANCELED", "updated_at": now(), "outbox": "end"}, statuses=ACTIVE, outbox_due=now() + CLAIM
        )
        if canceled is None:
            return await self._reading.message(message_id, session_id, owner)
        await self._outbox.announce_now(canceled)
        return canceled

    async def delete(self, message_id: str, session_id: str, owner: str | None) -> None:
        turn = await self._store.turn_of_any(message_id, session_id, owner)
        is_answer = turn is not None and turn.message_id == message_id
        if turn is None or (turn.answer_deleted if is_answer else turn.user_deleted):
            raise MessageNotFoundError("There is no message with this id in the session")
        if is_answer:
            await self.cancel(message_id, session_id, owner)
        await self._store.hide(turn.message_id, "answer" if is_answer else "user", ended=turn.status in ENDED)

    async def retry(self, message_id: str, session_id: str, owner: str | None, once: str | None = None) -> Turn:
        """Run a failed or canceled message again from its first unfinished step; the same call made again changes nothing."""
        turn = await self._reading.message(message_id, session_id, owner)
        if once is not None and turn.steered == once:
            return turn
        if turn.status not in _RETRYABLE:
            raise NotRetryableError(f"The message is {turn.status}; only FAILED and CANCELED ones can be run again")
        if not turn.request and not turn.plan:
            raise NotRetryableError("The words of this message were deleted; send them again")
        await self._room.take(turn.user_id)
        at = now()
        session = found(await self._store.take_number(session_id, owner, at))
        changes: dict[str, Any] = {
            "status": "PROCESSING", "attempt": turn.attempt + 1, "rank": session.last_seq, "deadline": at + self._deadline,
            "updated_at": at, "problem": None, "steps": [], "image": None, "outbox": "message", "steered": once,
        }  # fmt: skip
        if turn.picture is None and session.current_picture is not None:
            changes["picture"] = session.current_picture.ref
        again = await self._store.change(message_id, changes, attempt=turn.attempt, statuses=_RETRYABLE, outbox_due=at + CLAIM)
        if again is None:
            raise NotRetryableError("The message is being run again already")
        await self._outbox.announce_now(again)
        return again

    async def approve(
        self, message_id: str, session_id: str, owner: str | None, plan: list[PlannedStep] | None, once: str | None = None
    ) -> Turn:
        """Run the plan that was shown, or the edited one; the same call made again changes nothing."""
        turn = await self._reading.message(message_id, session_id, owner)
        if once is not None and turn.steered == once:
            return turn
        if turn.status != "AWAITING_APPROVAL":
            raise NotAwaitingError(f"The message is {turn.status}, not AWAITING_APPROVAL")
        at = now()
        changes: dict[str, Any] = {
            "status": "PROCESSING", "approved": True, "deadline": at + self._deadline, "updated_at": at, "outbox": "plan", "steered": once,
        }  # fmt: skip
        if plan is not None:
            steps = checked_plan(plan)
            changes |= {"plan": steps, "intent": steps[0].feature}
        await self._room.take(turn.user_id)
        approved = await self._store.change(message_id, changes, attempt=turn.attempt, statuses=_WAITING, outbox_due=at + CLAIM)
        if approved is None:
            raise NotAwaitingError("The message is not waiting for an approval any more")
        await self._outbox.announce_now(approved)
        return approved
