"""What can a conversation do?  Take a message, follow its job, undo, cancel, retry, approve, clean up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from photofun_common.bus import Bus
from photofun_common.contracts.conversation import HistoryEntry, MessageReceived, PlanApproved, SessionDeleted
from photofun_common.contracts.conversation import SessionPicture as ToldPicture
from photofun_common.contracts.imaging import ImageReady, JobFinished, SourceStored
from photofun_common.contracts.jobs import JobRecord, StepRecord
from photofun_common.contracts.prompt import PlanFailed, PlannedStep, PlanReady, ReplyReady
from photofun_common.contracts.values import Picture, PictureRef, ProblemData
from photofun_common.errors import DeadlineError, InvalidError, PhotoFunError, UnavailableError
from photofun_common.fileurls import FileUrls
from photofun_common.jobs import JobNotFoundError, JobStore, with_event
from photofun_common.once import id_of_call

from .domain import (
    ACTIVE,
    ENDED,
    JOB_STATUS,
    Finished,
    MessageNotFoundError,
    NotAwaitingError,
    NotRetryableError,
    Session,
    SessionNotFoundError,
    SessionPicture,
    Status,
    TooManyJobsError,
    Turn,
    checked_plan,
    content_of,
    mark_of,
    title_of,
    undo,
    undo_mark,
)
from .store import Store

__all__ = ["Conversations", "Wish"]

log = logging.getLogger(__name__)
_HISTORY = 8
_RUNNING: frozenset[Status] = frozenset({"PROCESSING"})
_WAITING: frozenset[Status] = frozenset({"AWAITING_APPROVAL"})
_RETRYABLE: frozenset[Status] = frozenset({"FAILED", "CANCELED"})
_TOLD_PICTURES = 50
Line = tuple[Turn, str]
_AT_ONCE = 1.5
_CLAIM = timedelta(seconds=5)
_OVERDUE = timedelta(seconds=10)
_LOST_REPLY = timedelta(seconds=60)
_SETTLED = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person sends: words, pictures in the order they count, and how to go about it."""

    text: str
    data: bytes | None = None
    image_url: str | None = None
    selected: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    feature_params: dict[str, Any] = field(default_factory=dict)
    mode: Literal["auto", "review"] = "auto"
    refine: bool = True


class Conversations:
    """The verbs.  Whatever is published was written down first."""

    def __init__(
        self, store: Store, bus: Bus, jobs: JobStore, files: FileUrls, *, job_deadline: float, max_queued: int, signed: bool = False
    ) -> None:
        self._store = store
        self._bus = bus
        self._jobs = jobs
        self._files = files
        self._deadline = timedelta(seconds=job_deadline)
        self._max_queued = max_queued
        self._signed = signed
        self._marking: set[asyncio.Task[None]] = set()

    # --- sessions

    async def open(self, user_id: str, title: str | None) -> Session:
        now = _now()
        session = Session(session_id=uuid4().hex, user_id=user_id, title=title or None, created_at=now, updated_at=now)
        await self._store.add_session(session)
        return session

    async def session(self, session_id: str, owner: str | None) -> Session:
        return _found(await self._store.session(session_id, owner))

    async def sessions(self, owner: str, *, limit: int, before: tuple[datetime, str] | None) -> list[Session]:
        return await self._store.sessions_of(owner, limit=limit, before=before)

    async def rename(self, session_id: str, owner: str | None, title: str) -> Session:
        return _found(await self._store.rename(session_id, owner, title, _now()))

    async def delete_session(self, session_id: str, owner: str | None, images: Literal["keep", "trash"]) -> None:
        """Take the session away at once; jobs are canceled and the fact is told now or by the relay."""
        session = _found(await self._store.entomb(session_id, owner, images, _now()))
        with suppress(UnavailableError):
            await self.bury(session)

    async def bury(self, session: Session) -> None:
        """Do what a deleted session still owes: forget its turns, stop its jobs, tell the fact.  May run twice."""
        burial = session.buried or {"images": "keep", "job_ids": []}
        job_ids = burial["job_ids"]
        if job_ids is None:
            job_ids = await self._store.active_ids(session.session_id)
            await self._store.note_jobs(session.session_id, job_ids)
        await self._store.drop_turns(session.session_id)
        if not self._bus.is_connected:
            return
        for job_id in job_ids:
            with suppress(JobNotFoundError):
                await self._jobs.change(job_id, lambda record: _ended(record, "CANCELED", None))
        await self._bus.publish(
            SessionDeleted(
                job_id=session.session_id, user_id=session.user_id, session_id=session.session_id, images=burial["images"], job_ids=job_ids
            )
        )
        await self._store.buried(session.session_id)

    # --- a message comes in

    async def send(self, session_id: str, user_id: str, wish: Wish, once: str | None = None) -> Turn:
        """Write down both messages and the event that is owed, then publish it; the relay does it when the bus is away.

        The same call made again (`once` names it) gets the turn that it made.
        """
        message_id = id_of_call(once, session_id, user_id)
        if once is not None and (made := await self._store.turn(message_id, session_id=session_id, owner=user_id)) is not None:
            return made
        now = _now()
        queued, recent, taken = await asyncio.gather(
            self._store.count_processing(user_id, self._max_queued),
            self._store.turns(session_id, limit=_HISTORY // 2),
            self._store.next_seq(session_id, user_id, now),
        )
        session = _found(taken)
        self._check_queue(queued)
        candidates = await self._pictures_meant(session, wish)
        current = session.current_picture
        picture = candidates[0] if candidates else (current.ref if current else None)
        reference = candidates[1] if len(candidates) > 1 else None
        received = MessageReceived(
            job_id=message_id, user_id=user_id, session_id=session_id, text=wish.text, mode=wish.mode, refine=wish.refine, picture=picture,
            reference=reference, pictures=_told(session), history=_history(recent), feature_params=wish.feature_params,
            deadline=now + self._deadline,
        )  # fmt: skip
        came = candidates[:1] if wish.data is not None or wish.image_url else []
        turn = Turn(
            message_id=message_id, user_message_id=uuid4().hex, session_id=session_id, user_id=user_id, seq=session.last_seq,
            rank=session.last_seq, text=wish.text, status="PROCESSING", created_at=now, updated_at=now, deadline=received.deadline,
            mode=wish.mode, request=received.model_dump_json(), picture=picture, reference=reference,
            sent=tuple(ref for ref in came if ref.upload is None), outbox="message",
        )  # fmt: skip
        await self._store.add_turn(turn, now + _CLAIM)
        if session.title is None:
            await asyncio.gather(self._start(turn), self._store.give_title(session_id, title_of(wish.text)))
        else:
            await self._start(turn)
        return turn

    async def _pictures_meant(self, session: Session, wish: Wish) -> list[PictureRef]:
        """Pictures that the message names, in the order they count; uploads are parked on the way."""
        found: list[PictureRef] = []
        selected = await self._selected(session, wish.selected)
        if wish.data is not None:
            name = uuid4().hex
            await self._bus.park(name, wish.data)
            found.append(PictureRef(upload=name))
        if wish.image_url:
            found.append(self._ref_of(wish.image_url, session))
        return [*found, *selected, *(self._ref_of(url, session) for url in wish.additional)]

    async def _selected(self, session: Session, message_ids: Sequence[str]) -> list[PictureRef]:
        if not message_ids:
            return []
        turns = await self._store.turns_by_message(session.session_id, message_ids)
        found: list[PictureRef] = []
        for message_id in message_ids:
            turn = next((turn for turn in turns if message_id in (turn.message_id, turn.user_message_id)), None)
            if turn is None:
                message = f"there is no message {message_id[:64]!r} in this session"
                raise InvalidError(f"selected_messages: {message}", errors=[{"field": "selected_messages", "message": message}])
            ref = turn.best_picture if message_id == turn.message_id else turn.sent_picture
            if ref is not None:
                found.append(ref)
        return found

    def _ref_of(self, url: str, session: Session) -> PictureRef:
        """One of our own file URLs is read from the store; any other is fetched by imaging-svc, which judges it."""
        key = self._files.key_of(url)
        if key is None:
            return PictureRef(url=url)
        known = session.by_key(key)
        if known is not None:
            return known.ref
        return PictureRef(key=key) if not self._signed or self._files.is_signed_url(url) else PictureRef(url=url)

    # --- the outbox

    async def _start(self, turn: Turn) -> None:
        """Tell of a message that nobody knows yet: its record and its fact at the same time, the bookkeeping behind the answer."""

        async def tell() -> None:
            record = self._new_record(turn)
            await asyncio.gather(self._jobs.create(record), self._bus.publish(self._fact(turn, record), str(turn.attempt)))

        if await self._at_once(turn, tell()):
            task = asyncio.create_task(self._mark_sent(turn))
            self._marking.add(task)
            task.add_done_callback(self._marking.discard)

    async def _mark_sent(self, turn: Turn) -> None:
        with suppress(UnavailableError):
            await self._store.sent(turn)

    async def _announce_now(self, turn: Turn) -> None:
        await self._at_once(turn, self.announce(turn))

    async def _at_once(self, turn: Turn, work: Coroutine[Any, Any, None]) -> bool:
        """Try at once; what fails or takes long stays for the relay."""
        if not self._bus.is_connected:
            work.close()
            return False
        try:
            await asyncio.wait_for(work, _AT_ONCE)
        except (TimeoutError, PhotoFunError) as error:
            log.warning("left to the relay", extra={"job_id": turn.message_id, "error": f"{type(error).__name__}: {error}"[:200]})
            return False
        return True

    async def aclose(self) -> None:
        """Let the bookkeeping end."""
        await asyncio.gather(*self._marking, return_exceptions=True)

    async def announce(self, turn: Turn) -> None:
        """Do what the turn's outbox says: keep the job's record in step and publish the fact.  May run twice."""
        if turn.outbox == "end" or turn.status in ENDED:
            await self._close_record(turn)
        elif turn.status == "PROCESSING":
            record = await self._open_record(turn)
            if not (record.is_final and record.run >= turn.attempt):
                await self._bus.publish(self._fact(turn, record), str(turn.attempt))
        await self._store.sent(turn)

    def _fact(self, turn: Turn, record: JobRecord) -> MessageReceived | PlanApproved:
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

    async def _open_record(self, turn: Turn) -> JobRecord:
        """The job's record, made when it is missing, and taken to this attempt when it is of an earlier one."""
        record = await self._jobs.create(self._new_record(turn))

        def renew(before: JobRecord) -> JobRecord | None:
            if before.run < turn.attempt:
                return _rerun(before, turn)
            if turn.outbox == "plan" and before.status == "AWAITING_APPROVAL":
                return with_event(before, "stage", "approved", status="CREATED", deadline=turn.deadline)
            return None

        return await self._jobs.change(turn.message_id, renew) if renew(record) is not None else record

    @staticmethod
    def _new_record(turn: Turn) -> JobRecord:
        record = JobRecord(
            job_id=turn.message_id, kind="chat", user_id=turn.user_id, session_id=turn.session_id, run=turn.attempt, intent=turn.intent,
            prompt=turn.text, refined_prompt=turn.refined_prompt, picture=turn.picture, reference=turn.reference,
            created_at=turn.created_at, deadline=turn.deadline,
        )  # fmt: skip
        return with_event(record, "stage", "accepted")

    async def _close_record(self, turn: Turn) -> None:
        status = JOB_STATUS[turn.status]

        def close(record: JobRecord) -> JobRecord | None:
            return _ended(record, status, turn.problem) if record.run <= turn.attempt else None

        try:
            await self._jobs.change(turn.message_id, close)
        except JobNotFoundError:
            ended = _ended(self._new_record(turn), status, turn.problem)
            if ended is not None:
                await self._jobs.create(ended)
                await self._jobs.change(turn.message_id, close)

    # --- reading

    async def message(self, message_id: str, session_id: str, owner: str | None) -> Turn:
        turn = await self._store.turn(message_id, session_id=session_id, owner=owner)
        if turn is None:
            raise MessageNotFoundError("There is no message with this id in the session")
        return turn

    async def any_message(self, message_id: str, session_id: str, owner: str | None) -> tuple[Turn, str]:
        """The message with this id, an answer or a person's words, as (turn, role)."""
        turn = await self._store.turn_of_any(message_id, session_id, owner)
        if turn is not None:
            if turn.message_id == message_id and not turn.answer_deleted:
                return turn, "assistant"
            if turn.user_message_id == message_id and not turn.user_deleted:
                return turn, "user"
        raise MessageNotFoundError("There is no message with this id in the session")

    async def record(self, turn: Turn) -> JobRecord | None:
        """The job's record, or None when it is gone or the bus is away: then the message alone must do."""
        if not self._bus.is_connected:
            return None
        with suppress(UnavailableError, TimeoutError):
            return await asyncio.wait_for(self._jobs.find(turn.message_id), 1.0)
        return None

    async def job(self, turn: Turn) -> JobRecord:
        """The job's record for listeners, made out of the message when it is missing."""
        record = await self._jobs.find(turn.message_id)
        if record is not None:
            return record
        if turn.status in ENDED:
            await self._close_record(turn)
            return await self._jobs.get(turn.message_id)
        return await self._open_record(turn)

    async def page(self, session_id: str, *, limit: int, before: str | None, owner: str | None) -> tuple[list[Line], str | None]:
        """A page of messages, oldest first, as (turn, role), and the id to ask before of for older ones."""
        below: int | None = None
        tail: list[Line] = []
        if before is not None:
            turn = await self._store.turn_of_any(before, session_id, owner)
            if turn is None:
                raise MessageNotFoundError("before: there is no message with this id in the session")
            below = turn.seq
            if before == turn.message_id and not turn.user_deleted:
                tail = [(turn, "user")]
        turns = await self._store.turns(session_id, limit=limit + 1, before=below)
        lines = [
            (turn, role)
            for turn in turns
            for role, gone in (("user", turn.user_deleted), ("assistant", turn.answer_deleted))
            if not gone
        ] + tail  # fmt: skip
        shown = lines[-limit:]
        more = len(lines) > limit
        first = shown[0] if shown else None
        return shown, (id_of(first) if more and first else None)

    # --- stopping, starting again

    async def cancel(self, message_id: str, session_id: str, owner: str | None) -> Turn:
        """Cancel exactly this job; what has ended stays as it ended."""
        turn = await self.message(message_id, session_id, owner)
        if turn.status in ENDED:
            return turn
        canceled = await self._store.change(
            message_id, {"status": "CANCELED", "updated_at": _now(), "outbox": "end"}, statuses=ACTIVE, outbox_due=_now() + _CLAIM
        )
        if canceled is None:
            return await self.message(message_id, session_id, owner)
        await self._announce_now(canceled)
        return canceled

    async def delete_message(self, message_id: str, session_id: str, owner: str | None) -> None:
        turn = await self._store.turn_of_any(message_id, session_id, owner)
        is_answer = turn is not None and turn.message_id == message_id
        if turn is None or (turn.answer_deleted if is_answer else turn.user_deleted):
            raise MessageNotFoundError("There is no message with this id in the session")
        if is_answer:
            await self.cancel(message_id, session_id, owner)
        await self._store.hide(turn.message_id, "answer" if is_answer else "user", ended=turn.status in ENDED)

    async def retry(self, message_id: str, session_id: str, owner: str | None) -> Turn:
        """Run a failed or canceled message again from its first unfinished step."""
        turn = await self.message(message_id, session_id, owner)
        if turn.status not in _RETRYABLE:
            raise NotRetryableError(f"The message is {turn.status}; only FAILED and CANCELED ones can be run again")
        if not turn.request and not turn.plan:
            raise NotRetryableError("The words of this message were deleted; send them again")
        await self._check_room(turn.user_id)
        now = _now()
        session = _found(await self._store.next_seq(session_id, owner, now))
        changes: dict[str, Any] = {
            "status": "PROCESSING", "attempt": turn.attempt + 1, "rank": session.last_seq, "deadline": now + self._deadline,
            "updated_at": now, "problem": None, "steps": [], "image": None, "outbox": "message",
        }  # fmt: skip
        if turn.picture is None and session.current_picture is not None:
            changes["picture"] = session.current_picture.ref
        again = await self._store.change(message_id, changes, attempt=turn.attempt, statuses=_RETRYABLE, outbox_due=now + _CLAIM)
        if again is None:
            raise NotRetryableError("The message is being run again already")
        await self._announce_now(again)
        return again

    async def approve(self, message_id: str, session_id: str, owner: str | None, plan: list[PlannedStep] | None) -> Turn:
        """Run the plan that was shown, or the edited one."""
        turn = await self.message(message_id, session_id, owner)
        if turn.status != "AWAITING_APPROVAL":
            raise NotAwaitingError(f"The message is {turn.status}, not AWAITING_APPROVAL")
        now = _now()
        changes: dict[str, Any] = {
            "status": "PROCESSING", "approved": True, "deadline": now + self._deadline, "updated_at": now, "outbox": "plan",
        }  # fmt: skip
        if plan is not None:
            steps = checked_plan(plan)
            changes |= {"plan": steps, "intent": steps[0].feature}
        await self._check_room(turn.user_id)
        approved = await self._store.change(message_id, changes, attempt=turn.attempt, statuses=_WAITING, outbox_due=now + _CLAIM)
        if approved is None:
            raise NotAwaitingError("The message is not waiting for an approval any more")
        await self._announce_now(approved)
        return approved

    async def _check_room(self, user_id: str) -> None:
        self._check_queue(await self._store.count_processing(user_id, self._max_queued))

    def _check_queue(self, queued: int) -> None:
        if queued >= self._max_queued:
            raise TooManyJobsError(
                f"{queued} of your messages are still being worked on; wait for one of them", retry_after=5, limit=self._max_queued
            )

    # --- what the others tell

    async def planned(self, fact: PlanReady) -> None:
        """Keep the plan; in review mode wait for the person."""
        changes: dict[str, Any] = {
            "plan": fact.plan, "intent": fact.intent, "language": fact.language, "reply": fact.reply, "refined_prompt": fact.refined_prompt,
            "planner": fact.metadata,
        }  # fmt: skip
        if fact.picture is not None and fact.picture.key is not None:
            changes["picture"] = fact.picture
        turn = await self._store.change(fact.job_id, changes, attempt=fact.attempt, approved=False)
        if turn is None or fact.mode != "review":
            return
        waiting = await self._store.change(
            fact.job_id,
            {"status": "AWAITING_APPROVAL", "updated_at": _now()},
            attempt=fact.attempt,
            statuses=_RUNNING,
            approved=False,
        )
        if waiting is None and turn.status != "AWAITING_APPROVAL":
            return

        def wait(record: JobRecord) -> JobRecord | None:
            if record.is_final or record.run != fact.attempt or record.status != "CREATED":
                return None
            steps = record.steps or [StepRecord.from_planned(step) for step in fact.plan]
            return record.model_copy(
                update={
                    "status": "AWAITING_APPROVAL", "intent": fact.intent, "refined_prompt": fact.refined_prompt, "steps": steps,
                    "updated_at": _now(),
                }
            )  # fmt: skip

        with suppress(JobNotFoundError):
            await self._jobs.change(fact.job_id, wait)

    async def replied(self, fact: ReplyReady) -> None:
        """A text answer; undo moves the session's current picture first.  imaging-svc hears it too and ends the job's record."""
        turn = await self._store.turn(fact.job_id)
        if turn is None or turn.attempt != fact.attempt or turn.status not in ACTIVE:
            return
        changes: dict[str, Any] = {
            "status": "DONE", "intent": fact.intent, "language": fact.language, "reply": fact.reply, "choices": fact.choices,
            "planner": fact.metadata, "updated_at": _now(),
        }  # fmt: skip
        if fact.intent == "undo":
            changes |= await self._undone(turn, fact)
        await self._store.change(fact.job_id, changes, attempt=fact.attempt, statuses=ACTIVE)

    async def _undone(self, turn: Turn, fact: ReplyReady) -> dict[str, Any]:
        session = await self._store.session(turn.session_id, None)
        if session is None:
            return {}
        if session.mark >= undo_mark(turn.rank):
            here = session.current_picture
            return {"image": _shown(here)} if here else {}
        moved = undo(session, fact.undo, fact.language)
        if moved.picture is not None:
            await self._store.make_current(session.session_id, moved.picture.image_id, undo_mark(turn.rank))
        return {"image": _shown(moved.picture) if moved.picture else None, **({"reply": moved.words} if moved.words else {})}

    async def not_planned(self, fact: PlanFailed) -> None:
        turn = await self._store.turn(fact.job_id)
        if turn is not None and turn.attempt == fact.attempt:
            await self._fail(turn, fact.problem)

    async def source_stored(self, fact: SourceStored) -> None:
        """A picture that came with a message is in the store: it belongs to the session now."""
        turn = await self._store.turn(fact.job_id)
        if turn is None:
            return
        picture = _uploaded(fact.picture, turn, index=0 if fact.role == "picture" else 1)
        changes: dict[str, Any] = {fact.role: picture.ref}
        if await self._store.add_to_turn(fact.job_id, "uploaded", picture, changes) is None:
            return
        await self._store.add_picture(turn.session_id, picture)
        if fact.role == "picture":
            await self._store.make_current(turn.session_id, picture.image_id, mark_of(turn.rank, -1))

    async def image_ready(self, fact: ImageReady) -> None:
        """A step made a picture: it is the session's newest, whether or not the job has ended."""
        if fact.session_id is None:
            return
        turn = await self._store.turn(fact.job_id)
        if turn is None:
            return
        picture = _result(fact.picture, turn, fact.step, fact.index)
        if await self._store.add_to_turn(fact.job_id, "results", picture, {}) is not None:
            await self._keep(turn, picture)

    async def _keep(self, turn: Turn, picture: SessionPicture) -> None:
        await self._store.add_picture(turn.session_id, picture)
        if picture.index == 0:
            await self._store.make_current(turn.session_id, picture.image_id, mark_of(turn.rank, picture.step))

    async def job_finished(self, fact: JobFinished) -> None:
        if fact.kind != "chat" or (fact.status == "COMPLETED" and not fact.pictures):
            return  # without pictures it was a text answer, which reply_ready tells
        turn = await self._store.turn(fact.job_id)
        if turn is not None and turn.attempt == fact.attempt:
            await self.finish(fact.job_id, fact.attempt, _finished_by_event(turn, fact))

    async def finish(self, message_id: str, attempt: int, end: Finished) -> Turn | None:
        """End a message once.  Its pictures join the session before it says DONE, so that the next message finds them."""
        turn = await self._store.turn(message_id)
        if turn is None or turn.attempt != attempt:
            return None
        for picture in end.pictures:
            await self._store.add_to_turn(message_id, "results", picture, {})
            await self._keep(turn, picture)
        changes: dict[str, Any] = {"status": end.status, "updated_at": _now(), "problem": end.problem, "steps": end.steps}
        if end.image is not None:
            changes["image"] = end.image
        if turn.intent is None:  # the job outran the plan
            changes |= end.planned
        return await self._store.change(message_id, changes, attempt=attempt, statuses=ACTIVE)

    async def give_up(self, message_id: str, reason: str) -> None:
        """An event about this job could not be handled: say so instead of leaving it open."""
        turn = await self._store.turn(message_id)
        if turn is None or turn.status in ENDED:
            return
        problem = ProblemData(
            slug="internal-error", title="Something went wrong", status=500, detail="An unexpected error on our side; try it again",
            code=1005, extra={"reason": reason[:200]},
        )  # fmt: skip
        await self._fail(turn, problem)

    # --- looking after what nobody asks for

    async def relay(self) -> int:
        """Publish what is owed and due; the number of entries done."""
        done = 0
        if not self._bus.is_connected:
            return done
        while (turn := await self._store.claim_outbox(_now(), _now() + _CLAIM)) is not None:
            await self.announce(turn)
            done += 1
        while (session := await self._store.claim_burial(_now(), _now() + _CLAIM)) is not None:
            await self.bury(session)
            done += 1
        return done

    async def sweep(self) -> int:
        """End what is overdue, and take over the end of jobs whose events were lost; the number of messages ended."""
        now = _now()
        ended = 0
        for turn in await self._store.processing(untouched_since=now - _SETTLED):
            record = await self.record(turn)
            if record is not None and record.is_final and record.run == turn.attempt and (record.steps or record.status != "COMPLETED"):
                if record.updated_at < now - _SETTLED:
                    ended += await self.finish(turn.message_id, turn.attempt, _finished_by_record(turn, record)) is not None
                continue
            grace = _LOST_REPLY if record is not None and record.is_final else _OVERDUE
            if turn.deadline + grace < now:
                problem = DeadlineError("The job did not end in its time; try it again").to_problem()
                ended += await self._fail(turn, problem)
        return ended

    async def _fail(self, turn: Turn, problem: ProblemData) -> bool:
        failed = await self._store.change(
            turn.message_id, {"status": "FAILED", "problem": problem, "updated_at": _now(), "outbox": "end"}, attempt=turn.attempt,
            statuses=ACTIVE, outbox_due=_now() + _CLAIM,
        )  # fmt: skip
        if failed is None:
            return False
        await self._announce_now(failed)
        return True


def _now() -> datetime:
    return datetime.now(UTC)


def id_of(line: Line) -> str:
    """The id of a message given as (turn, role)."""
    turn, role = line
    return turn.message_id if role == "assistant" else turn.user_message_id


def _found(session: Session | None) -> Session:
    if session is None:
        raise SessionNotFoundError("There is no session with this id")
    return session


def _ended(record: JobRecord, status: Any, problem: ProblemData | None) -> JobRecord | None:
    """The record ended; None when it has ended before."""
    if record.is_final:
        return None
    steps = [step if step.status in ("COMPLETED", "FAILED") else step.model_copy(update={"status": "CANCELED"}) for step in record.steps]
    stage = {"COMPLETED": "done", "FAILED": "failed", "CANCELED": "canceled"}[status]
    progress = 1.0 if status == "COMPLETED" else None
    return with_event(record, "end", stage, progress=progress, status=status, problem=problem, steps=steps)


_ANEW = {"status": "PENDING", "problem": None, "attempts": 0, "finished_at": None}


def _rerun(record: JobRecord, turn: Turn) -> JobRecord:
    """The record of the next attempt: finished steps stay, the old end is no end any more."""
    steps = [
        step
        if step.status == "COMPLETED"
        else step.model_copy(update={"status": "PENDING", "problem": None, "attempts": 0, "finished_at": None})
        for step in record.steps
    ]
    events = [line.model_copy(update={"event": "stage"}) if line.event == "end" else line for line in record.events]
    done = sum(step.status == "COMPLETED" for step in steps) / len(steps) if steps else 0.0
    before = record.model_copy(update={"events": events, "progress": done})
    return with_event(
        before, "stage", "retried", run=turn.attempt, status="CREATED", problem=None, deadline=turn.deadline, steps=steps,
        picture=turn.picture or record.picture, reference=turn.reference or record.reference,
    )  # fmt: skip


def _told(session: Session) -> list[ToldPicture]:
    """The session's pictures as the planner hears of them: the last 50, each with its right position."""
    here = session.current_picture
    told = [
        ToldPicture(
            position=index, ref=picture.ref, kind=picture.kind, current=picture is here, width=picture.width, height=picture.height,
            has_alpha=picture.has_alpha,
        )
        for index, picture in enumerate(session.pictures, 1)
    ]  # fmt: skip
    return told[-_TOLD_PICTURES:]


def _history(turns: Sequence[Turn]) -> list[HistoryEntry]:
    """The earlier messages, short, oldest first."""
    entries: list[HistoryEntry] = []
    for turn in turns:
        if not turn.user_deleted:
            entries.append(HistoryEntry(role="user", content=turn.text[:1000]))
        if not turn.answer_deleted:
            entries.append(HistoryEntry(role="assistant", content=content_of(turn)[:500], intent=turn.intent, plan=list(turn.plan)))
    return entries[-_HISTORY:]


def _uploaded(picture: Picture, turn: Turn, *, index: int) -> SessionPicture:
    return SessionPicture(
        image_id=picture.image_id, key=picture.key, kind="upload", message_id=turn.message_id, rank=turn.rank, step=-1, index=index,
        width=picture.width, height=picture.height, has_alpha=picture.has_alpha,
    )  # fmt: skip


def _result(picture: Picture, turn: Turn, step: int, index: int) -> SessionPicture:
    return SessionPicture(
        image_id=picture.image_id, key=picture.key, kind="result", message_id=turn.message_id, rank=turn.rank, step=step, index=index,
        width=picture.width, height=picture.height, has_alpha=picture.has_alpha,
    )  # fmt: skip


def _shown(picture: SessionPicture) -> dict[str, Any]:
    """What a message keeps of the picture it shows."""
    kept = asdict(picture)
    return {name: kept[name] for name in ("key", "image_id", "width", "height", "has_alpha")}


def _image(pictures: Sequence[Picture], **facts: Any) -> dict[str, Any] | None:
    if not pictures:
        return None
    first = pictures[0]
    known = {name: value for name, value in facts.items() if value is not None}
    return {**first.model_dump(), **known}


_ENDS: dict[str, Literal["DONE", "FAILED", "CANCELED"]] = {"COMPLETED": "DONE", "FAILED": "FAILED", "CANCELED": "CANCELED"}


def _finished_by_event(turn: Turn, fact: JobFinished) -> Finished:
    last = max((index for index, step in enumerate(fact.steps) if step.get("status") == "COMPLETED"), default=max(0, len(fact.steps) - 1))
    pictures = tuple(_result(picture, turn, last, index) for index, picture in enumerate(fact.pictures))
    image = _image(fact.pictures, provider=fact.provider, model=fact.model, degraded=fact.degraded, extra=fact.metadata or None)
    steps = [{name: step.get(name) for name in ("feature", "status", "provider", "model", "degraded")} for step in fact.steps]
    planned = {
        "plan": [PlannedStep(feature=step["feature"], params=step.get("params") or {}) for step in fact.steps],
        "intent": fact.intent, "language": fact.language, "refined_prompt": fact.refined_prompt, "planner": fact.planner,
    }  # fmt: skip
    return Finished(
        status=_ENDS[fact.status], problem=fact.problem, steps=steps, pictures=pictures, image=image, planned=planned if fact.intent else {}
    )


def _finished_by_record(turn: Turn, record: JobRecord) -> Finished:
    pictures = tuple(
        _result(picture, turn, number, index) for number, step in enumerate(record.steps) for index, picture in enumerate(step.pictures)
    )
    last = next((step for step in reversed(record.steps) if step.pictures), None)
    image = (
        _image(last.pictures, provider=last.provider, model=last.model, degraded=last.degraded, extra=last.metadata or None)
        if last
        else None
    )
    steps = [
        {"feature": step.feature, "status": step.status, "provider": step.provider, "model": step.model, "degraded": step.degraded}
        for step in record.steps
    ]
    return Finished(status=_ENDS[record.status], problem=record.problem, steps=steps, pictures=pictures, image=image)
