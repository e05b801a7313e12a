"""Does every job end?  Canceled, given up, swept when its time is over, asked for again when nobody works on it."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta

from photofun_common.contracts.jobs import JobRecord
from photofun_common.errors import DeadlineError, UpstreamError
from photofun_common.jobs import JobStore
from photofun_common.tracing import span

from .announcing import Announcer
from .index import JobIndex
from .records import canceled, first_open
from .running import Runner

__all__ = ["Watcher"]

log = logging.getLogger(__name__)
_GRACE = timedelta(seconds=3)
_STALLED = timedelta(seconds=20)
_REMEMBERED = timedelta(days=7)


class Watcher:
    """Watches over all jobs; the index follows every change of every record."""

    def __init__(self, jobs: JobStore, index: JobIndex, runner: Runner, announcer: Announcer) -> None:
        self._jobs, self._index, self._runner, self._announcer = jobs, index, runner, announcer

    def noticed(self, record: JobRecord) -> None:
        """Somebody changed a job: the index follows, and a canceled job's work is stopped."""
        self._index.note(record)
        if record.status == "CANCELED":
            self._runner.stop(record.job_id)

    async def load(self) -> None:
        """Read the jobs that are there already into the index."""
        for record in await self._jobs.all():
            self._index.note(record)

    async def cancel(self, job_id: str) -> JobRecord:
        """Cancel a job.  A finished one stays as it is."""
        before = await self._jobs.get(job_id)
        record = await self._jobs.change(job_id, canceled)
        if record.status == "CANCELED":
            self.noticed(record)
            if not before.is_final:
                await self._announcer.ended(record)
        return record

    async def give_up(self, job_id: str, reason: str) -> None:
        """End a job whose event was given up by the bus."""
        record = await self._jobs.find(job_id)
        if record is not None and not record.is_final:
            trouble = UpstreamError(f"The work failed again and again: {reason}"[:300], slug="internal-error", title="The work failed")
            await self._runner.fail(record, trouble.to_problem())

    async def sweep(self) -> None:
        """End what is over its deadline; ask again for steps that nobody works on.  Safe in any number of replicas."""
        now = datetime.now(UTC)
        for job_id in self._index.overdue(now - _GRACE):
            record = await self._jobs.find(job_id)
            if record is not None and not record.is_final and record.deadline < now and not self._runner.is_running(job_id):
                log.warning("job over its deadline", extra={"job_id": job_id})
                with span("overdue", parent=record.traceparent):
                    await self._runner.fail(record, DeadlineError("The job did not end within its time; try it again").to_problem())
        for job_id in self._index.stalled(now - _STALLED):
            record = await self._jobs.find(job_id)
            if record is None or record.is_final or not record.steps or self._runner.is_running(job_id) or record.deadline < now:
                continue
            with span("ask again", parent=record.traceparent):
                await self._announcer.ask_step(record, first_open(record), again=str(int(time.time()) // 20))
        self._index.forget_older(now - _REMEMBERED)
