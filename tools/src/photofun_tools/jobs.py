"""How does an operator run a job again, or forget it?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from photofun_common.bus import Bus
from photofun_common.contracts.imaging import StepRequested
from photofun_common.contracts.jobs import JobRecord
from photofun_common.errors import ConflictError
from photofun_common.jobs import JobStore, rerun

__all__ = ["drop", "replay"]

_DEADLINE = timedelta(seconds=180)


class NotReplayableError(ConflictError):
    """Of the command line only: the API's document does not know it, so it has no slug of its own."""

    title = "This job cannot be run again from here"


async def replay(bus: Bus, job_id: str) -> JobRecord:
    """Run a failed or canceled feature job again from its first unfinished step.  Raises JobNotFoundError, NotReplayableError.

    Its paid calls are remembered: what was charged is gone on with, what is in doubt is not charged a third time.
    """
    deadline = datetime.now(UTC) + _DEADLINE

    def again(record: JobRecord) -> JobRecord:
        if record.kind == "chat":
            raise NotReplayableError(
                f"It is a message's job: POST /v1/chat/sessions/{record.session_id}/messages/{record.job_id}/retry runs it again"
            )
        if record.status not in ("FAILED", "CANCELED"):
            raise NotReplayableError(f"It is {record.status}; only FAILED and CANCELED jobs can be run again")
        return rerun(record, record.run + 1, deadline)

    record = await JobStore(bus).change(job_id, again)
    step = next((number for number, step in enumerate(record.steps) if step.status != "COMPLETED"), len(record.steps) - 1)
    asked = StepRequested(job_id=record.job_id, user_id=record.user_id, step=step, run=record.run, deadline=deadline)
    await bus.publish(asked, str(step), str(record.run), "0")
    return record


async def drop(bus: Bus, job_id: str) -> None:
    """Forget an ended job; its pictures stay.  Raises JobNotFoundError, NotReplayableError."""
    jobs = JobStore(bus)
    record = await jobs.get(job_id)
    if not record.is_final:
        raise NotReplayableError(f"It is {record.status}: cancel it first")
    await jobs.delete(job_id)
