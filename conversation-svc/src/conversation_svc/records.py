"""How does the job's record keep step with its message?"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from photofun_common.bus import Bus
from photofun_common.contracts.jobs import JobRecord, StepRecord
from photofun_common.contracts.prompt import PlanReady
from photofun_common.contracts.values import ProblemData
from photofun_common.errors import UnavailableError
from photofun_common.jobs import JobNotFoundError, JobStore, rerun, with_event

from .domain import ENDED, JOB_STATUS, Turn, now

__all__ = ["Records", "new_record"]

_READ_SECONDS = 1.0
_STAGES = {"COMPLETED": "done", "FAILED": "failed", "CANCELED": "canceled"}


def new_record(turn: Turn) -> JobRecord:
    """The record of a message that nobody worked on yet."""
    record = JobRecord(
        job_id=turn.message_id, kind="chat", user_id=turn.user_id, session_id=turn.session_id, run=turn.attempt, intent=turn.intent,
        prompt=turn.text, refined_prompt=turn.refined_prompt, picture=turn.picture, reference=turn.reference,
        created_at=turn.created_at, deadline=turn.deadline, traceparent=turn.traceparent,
    )  # fmt: skip
    return with_event(record, "stage", "accepted")


class Records:
    """The records of messages.  Every change may be made twice."""

    def __init__(self, jobs: JobStore, bus: Bus) -> None:
        self._jobs, self._bus = jobs, bus

    async def create(self, turn: Turn) -> JobRecord:
        return await self._jobs.create(new_record(turn))

    async def find(self, turn: Turn) -> JobRecord | None:
        """The record, or None when it is gone or the bus is away: then the message alone must do."""
        if not self._bus.is_connected:
            return None
        with suppress(UnavailableError, TimeoutError):
            return await asyncio.wait_for(self._jobs.find(turn.message_id), _READ_SECONDS)
        return None

    async def ensure(self, turn: Turn) -> JobRecord:
        """The record for listeners, made out of the message when it is missing."""
        record = await self._jobs.find(turn.message_id)
        if record is not None:
            return record
        if turn.status in ENDED:
            await self.close(turn)
            return await self._jobs.get(turn.message_id)
        return await self.open(turn)

    async def open(self, turn: Turn) -> JobRecord:
        """The record, made when it is missing, and taken to this attempt when it is of an earlier one."""
        record = await self.create(turn)

        def renew(before: JobRecord) -> JobRecord | None:
            if before.run < turn.attempt:
                picture, reference = turn.picture or before.picture, turn.reference or before.reference
                return rerun(before, turn.attempt, turn.deadline, picture=picture, reference=reference)
            if turn.outbox == "plan" and before.status == "AWAITING_APPROVAL":
                return with_event(before, "stage", "approved", status="CREATED", deadline=turn.deadline)
            return None

        return await self._jobs.change(turn.message_id, renew) if renew(record) is not None else record

    async def close(self, turn: Turn) -> None:
        """End the record as the message ended."""
        status = JOB_STATUS[turn.status]

        def close(record: JobRecord) -> JobRecord | None:
            return _ended(record, status, turn.problem) if record.run <= turn.attempt else None

        try:
            await self._jobs.change(turn.message_id, close)
        except JobNotFoundError:
            ended = _ended(new_record(turn), status, turn.problem)
            if ended is not None:
                await self._jobs.create(ended)
                await self._jobs.change(turn.message_id, close)

    async def cancel(self, job_id: str) -> None:
        """End a record whose message is gone."""
        with suppress(JobNotFoundError):
            await self._jobs.change(job_id, lambda record: _ended(record, "CANCELED", None))

    async def await_approval(self, fact: PlanReady) -> None:
        """Show the plan in the record and wait for the person."""

        def wait(record: JobRecord) -> JobRecord | None:
            if record.is_final or record.run != fact.attempt or record.status != "CREATED":
                return None
            steps = record.steps or [StepRecord.from_planned(step) for step in fact.plan]
            return record.model_copy(
                update={
                    "status": "AWAITING_APPROVAL", "intent": fact.intent, "refined_prompt": fact.refined_prompt, "steps": steps,
                    "updated_at": now(),
                }
            )  # fmt: skip

        with suppress(JobNotFoundError):
            await self._jobs.change(fact.job_id, wait)


def _ended(record: JobRecord, status: Any, problem: ProblemData | None) -> JobRecord | None:
    """The record ended; None when it has ended before."""
    if record.is_final:
        return None
    steps = [step if step.status in ("COMPLETED", "FAILED") else step.model_copy(update={"status": "CANCELED"}) for step in record.steps]
    progress = 1.0 if status == "COMPLETED" else None
    return with_event(record, "end", _STAGES[status], progress=progress, status=status, problem=problem, steps=steps)
