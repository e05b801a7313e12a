"""How does a message follow its job?  What the others tell, in any order and more than once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from photofun_common.contracts.imaging import ImageReady, JobFinished, SourceStored
from photofun_common.contracts.prompt import PlanFailed, PlanReady, ReplyReady
from photofun_common.contracts.values import ProblemData

from . import ends
from .domain import ACTIVE, ENDED, Finished, SessionPicture, Status, Turn, mark_of, now, undo_mark
from .limits import Room
from .outbox import CLAIM, Outbox
from .records import Records
from .store import Store
from .undoing import undo

__all__ = ["Following"]

_RUNNING: frozenset[Status] = frozenset({"PROCESSING"})
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Following:
    """Plans, replies, pictures and ends, each written down once."""

    store: Store
    outbox: Outbox
    records: Records
    room: Room

    async def planned(self, fact: PlanReady) -> None:
        """Keep the plan; in review mode wait for the person."""
        changes: dict[str, Any] = {
            "plan": fact.plan, "intent": fact.intent, "language": fact.language, "reply": fact.reply, "refined_prompt": fact.refined_prompt,
            "planner": fact.metadata,
        }  # fmt: skip
        if fact.picture is not None and fact.picture.key is not None:
            changes["picture"] = fact.picture
        turn = await self.store.change(fact.job_id, changes, attempt=fact.attempt, approved=False)
        if turn is None or fact.mode != "review":
            return
        waiting = await self.store.change(
            fact.job_id,
            {"status": "AWAITING_APPROVAL", "updated_at": now()},
            attempt=fact.attempt,
            statuses=_RUNNING,
            approved=False,
        )
        if waiting is not None or turn.status == "AWAITING_APPROVAL":
            await self.records.await_approval(fact)

    async def replied(self, fact: ReplyReady) -> None:
        """A text answer; undo moves the session's current picture first.  imaging-svc hears it too and ends the job's record."""
        turn = await self.store.turn(fact.job_id)
        if turn is None or turn.attempt != fact.attempt or turn.status not in ACTIVE:
            return
        changes: dict[str, Any] = {
            "status": "DONE", "intent": fact.intent, "language": fact.language, "reply": fact.reply, "choices": fact.choices,
            "planner": fact.metadata, "updated_at": now(),
        }  # fmt: skip
        if fact.intent == "undo":
            changes |= await self._undone(turn, fact)
        if await self.store.change(fact.job_id, changes, attempt=fact.attempt, statuses=ACTIVE) is not None:
            self.room.note_end()

    async def _undone(self, turn: Turn, fact: ReplyReady) -> dict[str, Any]:
        session = await self.store.session(turn.session_id, None)
        if session is None:
            return {}
        if session.mark >= undo_mark(turn.rank):
            here = session.current_picture
            return {"image": ends.shown(here)} if here else {}
        moved = await undo(session, fact.undo, fact.language, turn_of=self.store.turn)
        if moved.picture is not None:
            await self.store.make_current(session.session_id, moved.picture.image_id, undo_mark(turn.rank))
        return {"image": ends.shown(moved.picture) if moved.picture else None, **({"reply": moved.words} if moved.words else {})}

    async def not_planned(self, fact: PlanFailed) -> None:
        turn = await self.store.turn(fact.job_id)
        if turn is not None and turn.attempt == fact.attempt:
            await self.fail(turn, fact.problem)

    async def source_stored(self, fact: SourceStored) -> None:
        """A picture that came with a message is in the store: it belongs to the session now."""
        turn = await self.store.turn(fact.job_id)
        if turn is None:
            return
        picture = ends.uploaded(fact.picture, turn, index=0 if fact.role == "picture" else 1)
        mark = mark_of(turn.rank, -1) if fact.role == "picture" else None
        await self.store.place(turn.session_id, picture, mark)
        await self.store.add_to_turn(fact.job_id, "uploaded", picture, {fact.role: picture.ref})

    async def image_ready(self, fact: ImageReady) -> None:
        """A step made a picture: it is the session's newest, whether or not the job has ended."""
        if fact.session_id is None:
            return
        turn = await self.store.turn(fact.job_id)
        if turn is not None:
            await self._keep(turn, ends.result(fact.picture, turn, fact.step, fact.index))

    async def _keep(self, turn: Turn, picture: SessionPicture) -> None:
        """A result joins the session, then its message: whoever finds it in the message finds it in the session."""
        is_new = picture.image_id not in _ids(turn)
        if is_new or turn.attempt > 1:
            await self._join(turn, picture)
        if is_new:
            await self.store.add_to_turn(turn.message_id, "results", picture, {})

    async def _join(self, turn: Turn, picture: SessionPicture) -> None:
        await self.store.place(turn.session_id, picture, mark_of(turn.rank, picture.step) if picture.index == 0 else None)

    async def job_finished(self, fact: JobFinished) -> None:
        if fact.kind != "chat" or (fact.status == "COMPLETED" and not fact.pictures):
            return  # without pictures it was a text answer, which reply_ready tells
        turn = await self.store.turn(fact.job_id)
        if turn is not None and turn.attempt == fact.attempt:
            await self.finish(turn, ends.finished_by_event(turn, fact))

    async def finish(self, turn: Turn | None, end: Finished) -> Turn | None:
        """End a message once.  Its pictures join the session before it says DONE, so that the next message finds them.

        None when it had ended before or was deleted or run anew.
        """
        attempt = turn.attempt if turn is not None else 0
        for _ in range(_TRIES):
            if turn is None or turn.attempt != attempt:
                return None
            if turn.status not in ACTIVE:
                for picture in end.pictures:
                    await self._keep(turn, picture)
                return None
            new = [picture for picture in end.pictures if picture.image_id not in _ids(turn)]
            for picture in end.pictures if attempt > 1 else new:
                await self._join(turn, picture)
            if (ended := await self.store.finish(turn, new, _changes(turn, end))) is not None:
                self.room.note_end()
                return ended
            turn = await self.store.turn(turn.message_id)
        return None

    async def give_up(self, message_id: str, reason: str) -> None:
        """An event about this job could not be handled: end as the job did, wait while it runs, else say so instead of leaving it open."""
        turn = await self.store.turn(message_id)
        if turn is None or turn.status in ENDED:
            return
        record = await self.records.find(turn)
        if record is not None and ends.is_told_by(record, turn):
            await self.finish(turn, ends.finished_by_record(turn, record))
            return
        if record is not None and record.run == turn.attempt and record.status == "IN_PROGRESS":
            return  # its end is told later, and the sweeper looks after it
        problem = ProblemData(
            slug="internal-error", title="Something went wrong", status=500, detail="An unexpected error on our side; try it again",
            code=1005, extra={"reason": reason[:200]},
        )  # fmt: skip
        await self.fail(turn, problem)

    async def fail(self, turn: Turn, problem: ProblemData) -> bool:
        """End the message FAILED and owe its record the same; False when it had ended."""
        failed = await self.store.change(
            turn.message_id, {"status": "FAILED", "problem": problem, "updated_at": now(), "outbox": "end"}, attempt=turn.attempt,
            statuses=ACTIVE, outbox_due=now() + CLAIM,
        )  # fmt: skip
        if failed is None:
            return False
        self.room.note_end()
        await self.outbox.announce_now(failed)
        return True


def _ids(turn: Turn) -> set[str]:
    return {picture.image_id for picture in turn.results}


def _changes(turn: Turn, end: Finished) -> dict[str, Any]:
    changes: dict[str, Any] = {"status": end.status, "updated_at": now(), "problem": end.problem, "steps": end.steps}
    if end.image is not None:
        changes["image"] = end.image
    if turn.intent is None:  # the job outran the plan
        changes |= end.planned
    return changes
