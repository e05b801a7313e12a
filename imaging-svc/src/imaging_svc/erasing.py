"""How does a person's work vanish?  Their jobs are stopped, the records go, the files are told to whoever knows who else uses them."""

from __future__ import annotations

from collections.abc import Iterator

from photofun_common.bus import Bus
from photofun_common.contracts.erasure import JobsErased
from photofun_common.contracts.gallery import UserErased
from photofun_common.contracts.jobs import JobRecord
from photofun_common.jobs import JobStore

from .index import JobIndex
from .watching import Watcher

__all__ = ["Eraser"]

_KEYS_A_FACT = 1000


class Eraser:
    """Erases a person's jobs."""

    def __init__(self, bus: Bus, jobs: JobStore, index: JobIndex, watcher: Watcher) -> None:
        self._bus, self._jobs, self._index, self._watcher = bus, jobs, index, watcher

    async def erase(self, fact: UserErased) -> None:
        """Stop and forget the jobs that were taken in before `at`, and report.  A repeat finds what is left."""
        records = [one for one in await self._jobs.all() if one.user_id == fact.user_id and one.created_at <= fact.at]
        for record in records:
            if not record.is_final:
                await self._watcher.cancel(record.job_id)
            await self._jobs.delete(record.job_id)
            self._index.forget(record.job_id)
        keys = sorted({key for record in records for key in _keys_of(record)})
        parts = [keys[start : start + _KEYS_A_FACT] for start in range(0, len(keys), _KEYS_A_FACT)] or [[]]
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            told = JobsErased(job_id=fact.job_id, user_id=fact.user_id, counts={"jobs": len(records)} if last else {}, keys=part, last=last)
            await self._bus.publish(told, str(number), str(len(records)))


def _keys_of(record: JobRecord) -> Iterator[str]:
    """The files that a job used or made."""
    used = [record.source, record.reference_picture, *(picture for step in record.steps for picture in step.pictures)]
    yield from (picture.key for picture in used if picture is not None)
    yield from (key for step in record.steps for task in step.tasks for key in task.results)
    yield from (ref.key for ref in (record.picture, record.reference, *record.references.values()) if ref is not None and ref.key)
