"""Where are a step's paid calls written down?  In the job's record, before anything waits for them."""

from __future__ import annotations

from photofun_common.contracts.jobs import JobRecord, ProviderTask
from photofun_common.jobs import JobStore

from .records import with_step

__all__ = ["StepTasks"]


class StepTasks:
    """The paid calls of one step."""

    def __init__(self, jobs: JobStore, record: JobRecord, step: int) -> None:
        self._jobs, self._job_id, self._step = jobs, record.job_id, step
        self._known = list(record.steps[step].tasks)

    def known(self) -> list[ProviderTask]:
        return list(self._known)

    async def save(self, task: ProviderTask) -> None:
        """Write it down; it takes the place of what is known of the same engine's picture."""

        def change(record: JobRecord) -> JobRecord:
            tasks = [known for known in record.steps[self._step].tasks if (known.engine, known.index) != (task.engine, task.index)]
            self._known = [*tasks, task]
            return record.model_copy(update={"steps": with_step(record, self._step, tasks=self._known)})

        await self._jobs.change(self._job_id, change)
