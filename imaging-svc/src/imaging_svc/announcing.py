"""What do the others hear of a job?  Asked steps, finished pictures, ends; a repeat tells the same."""

from __future__ import annotations

from photofun_common.bus import Bus
from photofun_common.contracts.gallery import ImagePurged
from photofun_common.contracts.imaging import FileRemoved, ImageReady, JobFinished, SourceStored, StepRequested
from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.values import Picture

__all__ = ["Announcer"]


class Announcer:
    """Tells the bus about jobs."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def ask_step(self, record: JobRecord, step: int, *, again: str = "0") -> None:
        """Ask for a step.  The same `again` is the same question."""
        asked = StepRequested(job_id=record.job_id, user_id=record.user_id, step=step, run=record.run, deadline=record.deadline)
        await self._bus.publish(asked, str(step), str(record.run), again)

    async def source_stored(self, record: JobRecord, session_id: str, role: str, picture: Picture) -> None:
        stored = SourceStored.model_validate(
            {"job_id": record.job_id, "user_id": record.user_id, "session_id": session_id, "role": role, "picture": picture}
        )
        await self._bus.publish(stored, role)

    async def step_done(self, record: JobRecord, step: int) -> None:
        """Tell of a finished step's pictures, and of what follows it."""
        done = record.steps[step]
        last = step == len(record.steps) - 1
        for index, picture in enumerate(done.pictures):
            ready = ImageReady(
                job_id=record.job_id,
                user_id=record.user_id,
                session_id=record.session_id,
                step=step,
                index=index,
                last_step=last,
                picture=picture,
                parent_id=done.metadata.get("parent_id"),
                parent_key=done.metadata.get("parent_key"),
                feature=done.feature,
                params=done.params,
                prompt=record.prompt,
                refined_prompt=record.refined_prompt,
                provider=done.provider or "local",
                model=done.model or "",
                degraded=done.degraded,
                metadata=done.metadata,
                created_at=done.finished_at or record.updated_at,
                accepted_at=record.created_at,
            )
            await self._bus.publish(ready, str(step), str(index))
        if last:
            await self.ended(record)
        else:
            await self.ask_step(record, step + 1)

    async def file_removed(self, purged: ImagePurged, cause: str) -> None:
        """The file of a purge is gone; each telling of the purge (`cause`) gets an answer."""
        await self._bus.publish(FileRemoved(job_id=purged.job_id, user_id=purged.user_id, key=purged.key), cause)

    async def ended(self, record: JobRecord) -> None:
        last = next((step for step in reversed(record.steps) if step.provider), None)
        finished = JobFinished.model_validate(
            {
                "job_id": record.job_id,
                "user_id": record.user_id,
                "session_id": record.session_id,
                "kind": record.kind,
                "attempt": record.run,
                "status": record.status,
                "problem": record.problem,
                "steps": [
                    {
                        "feature": step.feature,
                        "params": step.params,
                        "status": step.status,
                        "key": step.pictures[0].key if step.pictures else None,
                        "problem": step.problem.model_dump(mode="json") if step.problem and step.status == "FAILED" else None,
                    }
                    for step in record.steps
                ],
                "pictures": record.pictures,
                "provider": last.provider if last else None,
                "model": last.model if last else None,
                "degraded": last.degraded if last else None,
                "metadata": last.metadata if last else {},
                "intent": record.intent,
                "refined_prompt": record.refined_prompt,
                "language": record.metadata.get("language"),
                "planner": record.metadata.get("plan"),
                "finished_at": record.updated_at,
            }
        )
        await self._bus.publish(finished, str(record.run), record.status)
