"""How is a step of a job done?  In its turn, within the deadline, by the first engine that can; once, whoever asks how often."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from photofun_common.contracts.features import Feature, by_id
from photofun_common.contracts.imaging import StepRequested
from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.values import Picture, ProblemData
from photofun_common.errors import ConflictError, DeadlineError, InvalidError, PhotoFunError, UnavailableError, UpstreamError
from photofun_common.http import validated
from photofun_common.jobs import JobStore

from .announcing import Announcer
from .attempts import Attempts
from .domain import ImageUndecodableError, NeedsImageError, WorkerLostError
from .engines import Made, Order
from .engines.failures import LastingError, RepeatsSpentError
from .engines.local.verbs import seed_of
from .files import Files
from .paid import StepTasks
from .records import begun, failed, finished, progressed, touched, troubled
from .routing import Router
from .sources import Sources

__all__ = ["Runner"]

log = logging.getLogger(__name__)
_BEAT_SECONDS = 6.0


class Runner:
    """Runs steps; knows what is in work in this process."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        files: Files,
        router: Router,
        sources: Sources,
        announcer: Announcer,
        attempts: Attempts,
        tasks: Callable[[JobRecord, int], StepTasks],
        deadline: float,
    ) -> None:
        self._jobs, self._files, self._router, self._sources, self._announcer = jobs, files, router, sources, announcer
        self._attempts, self._tasks, self._deadline = attempts, tasks, deadline
        self._running: dict[str, asyncio.Task[Any]] = {}

    def is_running(self, job_id: str) -> bool:
        return job_id in self._running

    def stop(self, job_id: str) -> None:
        """Stop the job's work here, if there is any."""
        if task := self._running.get(job_id):
            task.cancel()

    async def run_step(self, asked: StepRequested) -> None:
        """Do one step of a job: once, whoever asks how often."""
        record = await self._jobs.find(asked.job_id)
        if record is None or record.run != asked.run or asked.step >= len(record.steps) or record.status in ("FAILED", "CANCELED"):
            return
        if record.steps[asked.step].status == "COMPLETED":
            await self._announcer.step_done(record, asked.step)
            return
        if datetime.now(UTC) > record.deadline:
            await self.fail(record, DeadlineError("The job's time was over before it ran").to_problem(), step=asked.step)
            return
        if asked.job_id in self._running:
            return
        work = asyncio.create_task(self._do(record, asked.step))
        self._running[asked.job_id] = work
        beat = asyncio.create_task(self._beat(record))
        try:
            await work
        except asyncio.CancelledError:
            current = await self._jobs.find(asked.job_id)
            if current is None or current.status != "CANCELED":
                raise
        finally:
            beat.cancel()
            self._running.pop(asked.job_id, None)

    async def _beat(self, record: JobRecord) -> None:
        """Keep the record fresh while it is worked on: a stale one is asked for again, and a paid call would be made twice."""
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            with contextlib.suppress(PhotoFunError):
                await self._jobs.change(record.job_id, lambda found: touched(found, record.run))

    async def fail(self, record: JobRecord, problem: ProblemData, *, step: int | None = None, tell: bool = True) -> None:
        """End the job as FAILED, unless it ended already or is in a later run."""
        after = await self._jobs.change(record.job_id, lambda found: failed(found, record.run, problem, step))
        if tell and after.status == "FAILED":
            await self._announcer.ended(after)

    async def _do(self, record: JobRecord, step: int) -> None:
        left = (record.deadline - datetime.now(UTC)).total_seconds()
        try:
            async with asyncio.timeout(max(0.1, left)):
                record, made, engine, parent = await self._make(record, step)
        except TimeoutError:
            await self.fail(record, DeadlineError(f"The step took longer than the job's {self._deadline:.0f} s").to_problem(), step=step)
            return
        except WorkerLostError as error:
            if record.steps[step].attempts >= 1:
                await self.fail(record, ImageUndecodableError("The picture brought its worker down twice").to_problem(), step=step)
                return
            raise error
        except (UnavailableError, UpstreamError) as error:
            if isinstance(error, LastingError) or record.steps[step].attempts >= 3:
                await self.fail(record, self._told(record, step, error), step=step)
                return
            problem = self._told(record, step, error)
            await self._jobs.change(record.job_id, lambda found: troubled(found, record.run, step, problem))
            raise
        except ConflictError:
            return  # canceled, ended or run anew before its turn came
        except PhotoFunError as error:
            await self.fail(record, error.to_problem(), step=step)
            return
        pictures = [
            await self._files.keep(encoded, record.job_id, step, index, seed=made.seeds[index])
            for index, encoded in enumerate(made.pictures)
        ]
        try:
            record = await self._jobs.change(record.job_id, lambda found: finished(found, record.run, step, made, engine, pictures, parent))
        except ConflictError:
            return  # canceled, ended or run anew meanwhile: this result is nobody's any more
        await self._announcer.step_done(record, step)
        await self._discard_answers(record, step)

    async def _discard_answers(self, record: JobRecord, step: int) -> None:
        """What the providers answered is in the pictures now."""
        for key in [key for task in record.steps[step].tasks for key in task.results]:
            try:
                await self._files.discard(key)
            except UnavailableError as error:
                log.warning("answer left behind", extra={"job_id": record.job_id, "error": error.slug})

    @staticmethod
    def _told(record: JobRecord, step: int, error: PhotoFunError) -> ProblemData:
        """What to say of a failure: of one that only says 'not again now', what failed before."""
        before = record.steps[step].problem
        return before if isinstance(error, RepeatsSpentError) and before is not None else error.to_problem()

    async def _make(self, record: JobRecord, step: int) -> tuple[JobRecord, Made, str, Picture | None]:
        declared = by_id(record.steps[step].feature)
        if declared is None:
            raise InvalidError(f"There is no feature '{record.steps[step].feature[:60]}'", slug="unknown-feature")
        self._router.require(declared, language=record.metadata.get("language"))
        run, source = record.run, None

        async def order() -> Order:
            """What is asked for, put together when the step's turn has come: until then it holds no picture in memory."""
            nonlocal record, source
            record = await self._jobs.change(record.job_id, lambda found: begun(found, run, step))
            record = await self._sources.resolve(record)
            source = next((before.pictures[0] for before in reversed(record.steps[:step]) if before.pictures), record.source)
            if declared.needs_picture and source is None:
                raise NeedsImageError(f"'{declared.title}' works on a picture: send one, or create one first")
            return await self._order(record, step, declared, source)

        made, engine = await self._attempts.make(
            declared,
            record.steps[step].params.get("model"),
            record.user_id,
            order=order,
            tell=lambda: self._teller(record, step),
            tasks=lambda: self._tasks(record, step),
        )
        return record, made, engine, source

    async def _order(self, record: JobRecord, step: int, declared: Feature, source: Picture | None) -> Order:
        raw = dict(record.steps[step].params)
        if declared.id == "image_generation":
            raw.setdefault("prompt", record.refined_prompt or record.prompt)
        params = validated(declared.params, raw).model_dump(mode="json")
        references = {
            name: await self._files.read(ref.key) for name, ref in record.references.items() if ref.key and name in declared.references
        }
        takes_second = declared.id != "remove_background" or params["background"] == "picture"
        if record.reference_picture is not None and takes_second and declared.references and declared.references[0] not in references:
            references[declared.references[0]] = await self._files.read(record.reference_picture.key)
        seed = params.get("seed")
        direct = record.kind == "feature" and record.refined_prompt is not None and declared.id == "image_generation"
        return Order(
            job_id=record.job_id,
            step=step,
            feature=declared.id,
            params=params,
            prompt=(record.refined_prompt if direct else params.get("prompt")) or "",
            picture=await self._files.read(source.key) if source is not None and declared.needs_picture else None,
            references=references,
            seed=seed if seed is not None else seed_of(record.job_id, step),
            seconds=max(1.0, (record.deadline - datetime.now(UTC)).total_seconds()),
            english=record.steps[step].english,
            public_url=await self._files.public_url(source.key) if source is not None else None,
        )

    def _teller(self, record: JobRecord, step: int) -> Callable[[float], None]:
        """Progress into the record: about twenty times a step, at most three times a second, and each second while there is any."""
        told = [0.0, time.monotonic()]
        pending: set[asyncio.Task[Any]] = set()

        def tell(fraction: float) -> None:
            now = time.monotonic()
            waited = now - told[1]
            if pending or waited < 0.3 or fraction <= told[0] or (waited < 0.8 and fraction < told[0] + 0.05):
                return
            told[:] = [fraction, now]
            task = asyncio.create_task(self._progressed(record.job_id, record.run, step, fraction))
            pending.add(task)
            task.add_done_callback(pending.discard)

        return tell

    async def _progressed(self, job_id: str, run: int, step: int, fraction: float) -> None:
        with contextlib.suppress(PhotoFunError):
            await self._jobs.change(job_id, lambda record: progressed(record, run, step, fraction))
