"""How is a job's record kept, changed and watched?  Compare-and-set on the bus's bucket; a feed for listeners."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from .bus import Bus, KeyValue
from .contracts.jobs import JobEvent, JobRecord
from .errors import ConflictError, NotFoundError, UnavailableError

__all__ = ["JobNotFoundError", "JobStore", "render_job", "rerun", "sse", "with_event"]

BUCKET = "jobs"
_KEEP = 7 * 86400
_MAX_TRIES = 20
_REMEMBERED = 256
HEARTBEAT_SECONDS = 15.0


class JobNotFoundError(NotFoundError):
    slug = "job-not-found"
    title = "There is no such job"


def with_event(
    record: JobRecord,
    event: Literal["stage", "progress", "result", "end"],
    stage: str,
    *,
    step: int | None = None,
    progress: float | None = None,
    **changes: Any,
) -> JobRecord:
    """The record after one more line of its story; `changes` are fields that change with it."""
    now = datetime.now(UTC)
    before = record.events[-1].at if record.events else record.created_at
    share = record.progress if progress is None else max(record.progress, min(1.0, progress))
    line = JobEvent(
        id=(record.events[-1].id if record.events else 0) + 1,
        event=event,
        stage=stage,
        at=now,
        ms=max(0, int((now - before).total_seconds() * 1000)),
        progress=share,
        step=step,
    )
    return record.model_copy(update={"events": [*record.events, line], "progress": share, "updated_at": now, **changes})


def rerun(record: JobRecord, run: int, deadline: datetime, **changes: Any) -> JobRecord:
    """The record of a later run: finished steps and every paid call stay, the old end is no end any more."""
    anew = {"status": "PENDING", "problem": None, "attempts": 0, "finished_at": None}
    steps = [step if step.status == "COMPLETED" else step.model_copy(update=anew) for step in record.steps]
    events = [line.model_copy(update={"event": "stage"}) if line.event == "end" else line for line in record.events]
    done = sum(step.status == "COMPLETED" for step in steps) / len(steps) if steps else 0.0
    before = record.model_copy(update={"events": events, "progress": done})
    return with_event(before, "stage", "retried", run=run, status="CREATED", problem=None, deadline=deadline, steps=steps, **changes)


class JobStore:
    """The bucket of job records.  `start` begins to follow the changes that `listen` and `wait` tell of."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._followers: list[Callable[[JobRecord], None]] = []
        self._following = False
        self._written: dict[str, tuple[JobRecord, int]] = {}

    async def _bucket(self) -> KeyValue:
        bucket = await self._bus.key_value(BUCKET, ttl=_KEEP)
        if not self._following:
            self._following = True
            await bucket.watch(self._changed)
        return bucket

    def follow(self, told: Callable[[JobRecord], None]) -> None:
        """Call `told` with every record that anybody writes from now on."""
        self._followers.append(told)

    async def create(self, record: JobRecord) -> JobRecord:
        """Write a new record; the one that is there already wins."""
        bucket = await self._bucket()
        try:
            revision = await bucket.create(record.job_id, record.model_dump_json().encode())
        except ConflictError:
            return await self.get(record.job_id)
        self._remember(record, revision)
        return record

    async def get(self, job_id: str) -> JobRecord:
        """The record.  Raises JobNotFoundError, UnavailableError."""
        return (await self._read(job_id))[0]

    async def find(self, job_id: str) -> JobRecord | None:
        try:
            return await self.get(job_id)
        except JobNotFoundError:
            return None

    async def all(self) -> list[JobRecord]:
        return [JobRecord.model_validate_json(value) for _, value in await (await self._bucket()).items()]

    async def change(self, job_id: str, change: Callable[[JobRecord], JobRecord | None]) -> JobRecord:
        """Apply `change` to the record with compare-and-set; None leaves it as it is.  Raises JobNotFoundError.

        `change` may be called several times; a ConflictError of its own on a record that was outdated is not raised.
        """
        known = self._written.pop(job_id, None)
        if known is not None and (after := await self._change_known(known, change)) is not None:
            return after
        for _ in range(_MAX_TRIES):
            record, revision = await self._read(job_id)
            after = change(record)
            if after is None or after is record:
                return record
            try:
                await self._update(after, revision)
            except ConflictError:
                continue
            return after
        raise UnavailableError("The job's record is too busy")

    async def _change_known(self, known: tuple[JobRecord, int], change: Callable[[JobRecord], JobRecord | None]) -> JobRecord | None:
        """Change what this process wrote last without reading it again; None when that is not the record any more, or may not be."""
        record, revision = known
        try:
            after = change(record)
            if after is None or after is record:
                return None
            await self._update(after, revision)
        except ConflictError:
            return None
        return after

    async def _update(self, record: JobRecord, revision: int) -> None:
        self._remember(record, await (await self._bucket()).update(record.job_id, record.model_dump_json().encode(), revision))

    def _remember(self, record: JobRecord, revision: int) -> None:
        """Keep what this process wrote last, so that its next change needs no reading; a change by others shows as a conflict."""
        if not record.is_final:
            self._written[record.job_id] = (record, revision)
        while len(self._written) > _REMEMBERED:
            del self._written[next(iter(self._written))]

    async def delete(self, job_id: str) -> None:
        await (await self._bucket()).delete(job_id)

    async def wait(self, job_id: str, seconds: float) -> JobRecord:
        """The record once it is final, or as it is when the time is over."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        bell = self._listen(job_id)
        try:
            while True:
                bell.clear()
                record = await self.get(job_id)
                left = end - loop.time()
                if record.is_final or left <= 0:
                    return record
                await _rung(bell, min(left, 2.0))
        finally:
            self._forget(job_id, bell)

    async def listen(self, job_id: str, *, after: int = 0) -> AsyncIterator[tuple[JobEvent, JobRecord] | None]:
        """Every line of the story with an id above `after`, old ones first, until the job's end; None is a heartbeat."""
        bell = self._listen(job_id)
        loop = asyncio.get_running_loop()
        spoke = loop.time()
        try:
            while True:
                bell.clear()
                record = await self.get(job_id)
                for line in record.events:
                    if line.id > after:
                        after, spoke = line.id, loop.time()
                        yield line, record
                if record.is_final:
                    return
                await _rung(bell, 2.0)
                if loop.time() - spoke >= HEARTBEAT_SECONDS:
                    spoke = loop.time()
                    yield None
        finally:
            self._forget(job_id, bell)

    async def _read(self, job_id: str) -> tuple[JobRecord, int]:
        found = await (await self._bucket()).get(job_id)
        if found is None:
            raise JobNotFoundError("There is no job with this id")
        return JobRecord.model_validate_json(found[0]), found[1]

    def _changed(self, job_id: str, value: bytes) -> None:
        for bell in self._listeners.get(job_id, ()):
            bell.set()
        if self._followers:
            record = JobRecord.model_validate_json(value)
            for told in self._followers:
                told(record)

    def _listen(self, job_id: str) -> asyncio.Event:
        bell = asyncio.Event()
        self._listeners[job_id].add(bell)
        return bell

    def _forget(self, job_id: str, bell: asyncio.Event) -> None:
        self._listeners[job_id].discard(bell)
        if not self._listeners[job_id]:
            del self._listeners[job_id]


async def _rung(bell: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(bell.wait(), seconds)
    except TimeoutError:
        return


def render_job(record: JobRecord, url: Callable[[str], str], problem: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """A job as callers see it.  `url` makes a file's URL of its key, `problem` a document of ProblemData."""
    steps = []
    for index, step in enumerate(record.steps):
        steps.append(
            {
                "step": index,
                "feature": step.feature,
                "params": step.params,
                "status": step.status,
                "image_url": url(step.pictures[0].key) if step.pictures else None,
                "provider": step.provider,
                "model": step.model,
                "degraded": step.degraded,
                "cost": round(step.cost, 6),
                "error": problem(step.problem) if step.problem and step.status == "FAILED" else None,
            }
        )
    images = [
        {
            "image_url": url(picture.key),
            "image_id": picture.image_id,
            "width": picture.width,
            "height": picture.height,
            "seed": picture.seed,
        }
        for picture in record.pictures
    ]
    last = next((step for step in reversed(record.steps) if step.provider), None)
    rendered: dict[str, Any] = {
        "job_id": record.job_id,
        "kind": record.kind,
        "user_id": record.user_id,
        "session_id": record.session_id,
        "status": record.status,
        "progress": round(record.progress, 3),
        "attempt": record.run,
        "intent": record.intent,
        "refined_prompt": record.refined_prompt,
        "plan": steps,
        "timeline": [{"stage": line.stage, "at": line.at.isoformat(), "ms": line.ms} for line in record.events if line.event != "progress"],
        "images": images,
        "image_url": images[0]["image_url"] if images else None,
        "provider": last.provider if last else None,
        "model": last.model if last else None,
        "degraded": bool(last and last.degraded),
        "metadata": record.metadata,
        "created_at": record.created_at.isoformat(),
        "updated_at": record.updated_at.isoformat(),
        "deadline": record.deadline.isoformat(),
    }
    if record.problem is not None:
        rendered["error"] = problem(record.problem)
    return rendered


async def sse(store: JobStore, job_id: str, render: Callable[[JobRecord], dict[str, Any]], *, after: int = 0) -> AsyncIterator[bytes]:
    """A job's story as Server-Sent Events: `id`, `event`, and the job as JSON in `data`; a comment as heartbeat."""
    yield b": listening\n\n"
    async for told in store.listen(job_id, after=after):
        if told is None:
            yield b": still here\n\n"
            continue
        line, record = told
        data = {
            **render(record),
            "event": {"stage": line.stage, "step": line.step, "at": line.at.isoformat(), "ms": line.ms, "progress": line.progress},
        }
        yield b"id: %d\nevent: %s\ndata: %s\n\n" % (line.id, line.event.encode(), orjson.dumps(data))
