"""Where are a step's paid calls written down?  In the job's record and in the day's ledger, before they are made."""

from __future__ import annotations

import logging

from photofun_common.contracts.features import by_id
from photofun_common.contracts.jobs import JobRecord, ProviderTask
from photofun_common.errors import InvalidError, UnavailableError
from photofun_common.jobs import JobStore
from photofun_common.telemetry import ENGINE_COST

from .domain import FileNotStoredError
from .files import Files
from .records import with_step
from .spending import Prices, Spending

__all__ = ["StepTasks"]

log = logging.getLogger(__name__)


class StepTasks:
    """The paid calls of one step."""

    def __init__(self, jobs: JobStore, files: Files, spending: Spending, prices: Prices, record: JobRecord, step: int) -> None:
        self._jobs, self._files, self._spending, self._prices = jobs, files, spending, prices
        self._job_id, self._user_id, self._step = record.job_id, record.user_id, step
        declared = by_id(record.steps[step].feature)
        self._slug = declared.slug if declared else record.steps[step].feature
        self._known = list(record.steps[step].tasks)

    def known(self) -> list[ProviderTask]:
        return list(self._known)

    async def keep(self, task: ProviderTask, pictures: list[bytes]) -> None:
        """Save a call as done with what it answered.  When that can't be stored the answer is only not kept."""
        keys = []
        for number, data in enumerate(pictures):
            try:
                keys.append(await self._files.keep_answer(data, self._job_id, self._step, task.engine, task.index, number))
            except (UnavailableError, InvalidError) as error:  # the store is away; or it is no picture, which the next look will tell
                log.warning("answer not kept", extra={"engine": task.engine, "error": error.slug})
                return
        await self.save(task.model_copy(update={"results": keys}))

    async def kept(self, task: ProviderTask) -> list[bytes]:
        """What an earlier run was answered."""
        try:
            return [await self._files.read(key) for key in task.results]
        except FileNotStoredError:
            return []

    async def save(self, task: ProviderTask) -> None:
        """Write a call down with its cost; it takes the place of what is known of the same engine's picture.

        A call about to be made needs room under the day's caps: raises DailyCapError.  One that was surely not charged gives its cost back.
        """
        before = next((known for known in self._known if _same(known, task)), None)
        spent = (before.cost or 0.0) if before is not None else 0.0
        if task.state == "placing":
            price = self._prices.of(task.engine, self._slug) * task.pictures
            await self._spending.reserve(self._user_id, price)
            task = task.model_copy(update={"cost": price + spent})
            ENGINE_COST.labels(task.engine).inc(price)
        elif task.state == "failed" and task.task_id is None:
            price = self._prices.of(task.engine, self._slug) * task.pictures
            await self._spending.give_back(self._user_id, price)
            task = task.model_copy(update={"cost": max(0.0, spent - price)})
        else:
            task = task.model_copy(update={"cost": spent})

        def change(record: JobRecord) -> JobRecord:
            self._known = [*(known for known in record.steps[self._step].tasks if not _same(known, task)), task]
            return record.model_copy(update={"steps": with_step(record, self._step, tasks=self._known)})

        await self._jobs.change(self._job_id, change)


def _same(one: ProviderTask, other: ProviderTask) -> bool:
    return (one.engine, one.index) == (other.engine, other.index)
