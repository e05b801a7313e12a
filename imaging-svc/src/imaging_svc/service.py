"""What can imaging-svc do?  Take features and plans, run their steps, keep files, end every job."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from photofun_common.bus import Bus
from photofun_common.contracts.conversation import PlanApproved, SessionDeleted
from photofun_common.contracts.features import Feature, FeatureParams, by_id
from photofun_common.contracts.gallery import ImagePurged
from photofun_common.contracts.imaging import ImageReady, JobFinished, SourceStored, StepRequested
from photofun_common.contracts.jobs import JobRecord, ProviderTask, StepRecord
from photofun_common.contracts.prompt import PlanFailed, PlanReady, RefineAnswer, RefineQuestion, ReplyReady
from photofun_common.contracts.values import Picture, PictureRef, ProblemData
from photofun_common.errors import (
    ConflictError,
    DeadlineError,
    InvalidError,
    PhotoFunError,
    TooLargeError,
    UnavailableError,
    UpstreamError,
)
from photofun_common.fileurls import FileUrls
from photofun_common.http import MAX_PICTURE_BYTES, validated
from photofun_common.jobs import JobStore, with_event
from photofun_common.once import id_of_call

from . import codec
from .domain import (
    EngineMissingError,
    FairSlots,
    FileNotStoredError,
    ImageUndecodableError,
    NeedsImageError,
    NeedsReferenceError,
    TooManyJobsError,
    UnsafeUrlError,
    WorkerLostError,
    WorkFailedError,
    file_key,
    picture_id,
)
from .engines import Engine, Made, Order
from .guard import PictureFetcher
from .pool import WorkerPool
from .store import BlobStore

__all__ = ["ImagingService", "JobIndex", "PictureInput"]

log = logging.getLogger(__name__)
_DATA_URI = re.compile(r"^data:image/[a-zA-Z0-9.+-]+;base64,", re.ASCII)
_REFINE_SECONDS = 3.0
_THUMBNAILS = (64, 128, 256, 320, 512, 768, 1024, 1536, 2048)


@dataclass(frozen=True, slots=True)
class PictureInput:
    """A picture of a request: one of an address, base64 text, or a form's file."""

    url: str | None = None
    data: str | None = None
    file: bytes | None = None

    @property
    def is_given(self) -> bool:
        return self.url is not None or self.data is not None or self.file is not None

    @property
    def source(self) -> str | None:
        return "file" if self.file is not None else "base64" if self.data is not None else "url" if self.url is not None else None


@dataclass(slots=True)
class JobIndex:
    """Who has which jobs: a small view of the bucket, kept by following its changes."""

    rows: dict[str, tuple[str, str, str, datetime, datetime, datetime]] = field(default_factory=dict)

    def note(self, record: JobRecord) -> None:
        self.rows[record.job_id] = (record.user_id, record.status, record.kind, record.created_at, record.updated_at, record.deadline)

    def unfinished(self, user_id: str) -> int:
        return sum(1 for owner, status, *_ in self.rows.values() if owner == user_id and status in ("CREATED", "IN_PROGRESS"))

    def of(self, user_id: str, status: str | None) -> list[str]:
        """Ids of a person's jobs, newest first."""
        found = [(row[3], job_id) for job_id, row in self.rows.items() if row[0] == user_id and (status is None or row[1] == status)]
        return [job_id for _, job_id in sorted(found, reverse=True)]

    def overdue(self, now: datetime) -> list[str]:
        return [job_id for job_id, row in self.rows.items() if row[1] in ("CREATED", "IN_PROGRESS") and row[5] < now]

    def stalled(self, before: datetime) -> list[str]:
        return [job_id for job_id, row in self.rows.items() if row[1] in ("CREATED", "IN_PROGRESS") and row[4] < before]

    def forget_older(self, before: datetime) -> None:
        for job_id in [job_id for job_id, row in self.rows.items() if row[4] < before]:
            del self.rows[job_id]


class _Tasks:
    """A step's paid calls in the job's record."""

    def __init__(self, jobs: JobStore, record: JobRecord, step: int) -> None:
        self._jobs, self._job_id, self._step = jobs, record.job_id, step
        self._known = list(record.steps[step].tasks)

    def known(self) -> list[ProviderTask]:
        return list(self._known)

    async def save(self, task: ProviderTask) -> None:
        def change(record: JobRecord) -> JobRecord:
            tasks = [known for known in record.steps[self._step].tasks if (known.engine, known.index) != (task.engine, task.index)]
            self._known = [*tasks, task]
            return record.model_copy(update={"steps": _with_step(record, self._step, tasks=self._known)})

        await self._jobs.change(self._job_id, change)


def _with_step(record: JobRecord, step: int, **changes: Any) -> list[StepRecord]:
    steps = list(record.steps)
    steps[step] = steps[step].model_copy(update=changes)
    return steps


class ImagingService:
    """The verbs.  Parts come in through the constructor."""

    def __init__(
        self,
        *,
        bus: Bus,
        jobs: JobStore,
        blobs: BlobStore,
        pool: WorkerPool,
        fetcher: PictureFetcher,
        engines: list[Engine],
        routing: dict[str, list[str]],
        urls: FileUrls,
        secret: str,
        deadline: float,
        slots: FairSlots,
        max_jobs_per_user: int,
    ) -> None:
        self._bus, self.jobs, self._blobs, self._pool, self._fetcher = bus, jobs, blobs, pool, fetcher
        self.engines = {engine.id: engine for engine in engines}
        self._routing, self.urls, self._secret, self._deadline = routing, urls, secret, deadline
        self._slots, self._max_jobs = slots, max_jobs_per_user
        self.index = JobIndex()
        self._running: dict[str, asyncio.Task[Any]] = {}
        jobs.follow(self._noticed)

    def _noticed(self, record: JobRecord) -> None:
        """Every change of every job passes here: the index follows, and a canceled job's work is stopped."""
        self.index.note(record)
        if record.status == "CANCELED" and (task := self._running.get(record.job_id)):
            task.cancel()

    async def load(self) -> None:
        """Read the jobs that are there already into the index."""
        for record in await self.jobs.all():
            self.index.note(record)

    # --- engines

    def route(self, feature: str) -> list[Engine]:
        """The engines that can do a feature now, in the order to try them."""
        declared = by_id(feature)
        names = self._routing.get(declared.slug if declared else feature) or [*(name for name in self.engines if name != "local"), "local"]
        chosen = [self.engines[name] for name in names if name in self.engines]
        return [engine for engine in chosen if feature in engine.features and engine.missing is None]

    def _need_engine(self, feature: Feature) -> None:
        if not self.route(feature.id):
            keys = sorted({engine.missing for engine in self.engines.values() if feature.id in engine.features and engine.missing})
            raise EngineMissingError(
                f"'{feature.title}' needs an engine that edits by instruction: set {' or '.join(keys) or 'a provider key'}. "
                "Without one, background removal, upscaling, relighting, expanding, styles and adjustments work.",
                settings=keys,
            )

    # --- files

    async def take_picture(self, given: PictureInput, name: str, *, user_id: str | None = None) -> bytes:
        """The bytes of a request's picture.  Raises what is wrong with it: 422, 413, 415."""
        if given.file is not None:
            data = given.file
        elif given.data is not None:
            data = self._from_base64(given.data, name)
        elif given.url is not None:
            data = await self.fetch(given.url)
        else:
            raise NeedsImageError(
                f"Send the picture as {name}_url, {name}_data or {name}_file", errors=[{"field": f"{name}_url", "message": "is required"}]
            )
        if not data:
            raise ImageUndecodableError(f"{name}: the picture is empty")
        return data

    @staticmethod
    def _from_base64(text: str, name: str) -> bytes:
        body = text.strip()
        if body[:5].lower() == "data:":
            head = _DATA_URI.match(body)
            if head is None:
                raise InvalidError(
                    f"{name}_data: a data URI looks like data:image/png;base64,…",
                    errors=[{"field": f"{name}_data", "message": "bad data URI"}],
                )
            body = body[head.end() :]
        if len(body) > MAX_PICTURE_BYTES * 4 // 3 + 8:
            raise TooLargeError(f"{name}_data: a picture may have 10 MB", limit=MAX_PICTURE_BYTES, actual=len(body) * 3 // 4)
        body = "".join(body.split())
        try:
            return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidError(f"{name}_data: is not base64", errors=[{"field": f"{name}_data", "message": "is not base64"}]) from error

    async def fetch(self, url: str) -> bytes:
        """The picture at an address: the studio's own from the store, any other through the guard."""
        key = self.urls.key_of(url)
        if key is not None and self.urls.is_signed_url(url) and await self._blobs.size(key) is not None:
            return await self._blobs.get(key)
        if self.urls.is_ours(url):
            raise UnsafeUrlError("Of the studio's own addresses only a current /v1/files/… of an existing picture can be an image_url")
        return await self._fetcher.fetch(url)

    async def store_picture(self, data: bytes, *cause: object) -> Picture:
        """Judge, normalise and keep a picture; its key follows from `cause`."""
        try:
            encoded = await self._pool.run(codec.normalised, data, seconds=15.0)
        except (WorkerLostError, WorkFailedError) as error:
            raise ImageUndecodableError("The picture cannot be read: it brought the decoder down") from error
        key = file_key(self._secret, *cause, extension=encoded.extension)
        await self._blobs.put(key, encoded.data)
        return Picture(
            image_id=picture_id("/".join(map(str, cause)), -1, 0),
            key=key,
            width=encoded.width,
            height=encoded.height,
            content_type=encoded.content_type,
            bytes=len(encoded.data),
            has_alpha=encoded.has_alpha,
        )

    async def read_file(self, key: str) -> bytes:
        return await self._blobs.get(key)

    async def thumbnail(self, key: str, width: int) -> bytes:
        """A WebP of at most that width (rounded up to a stored size), made once."""
        rounded = next((size for size in _THUMBNAILS if size >= width), _THUMBNAILS[-1])
        name = f"{key.split('.')[0]}-w{rounded}.webp"
        with contextlib.suppress(FileNotStoredError):
            return await self._blobs.get(name)
        made = await self._pool.run(codec.thumbnail, await self._blobs.get(key), rounded, seconds=15.0)
        await self._blobs.put(name, made.data)
        return made.data

    async def delete_file(self, key: str) -> None:
        """Remove a file and its thumbnails."""
        for size in _THUMBNAILS:
            await self._blobs.delete(f"{key.split('.')[0]}-w{size}.webp")
        await self._blobs.delete(key)

    # --- taking work

    async def take_feature(
        self,
        feature: Feature,
        user_id: str,
        params: FeatureParams,
        picture: PictureInput,
        references: dict[str, PictureInput],
        once: str | None = None,
    ) -> JobRecord:
        """Accept a feature called directly.  Its pictures are fetched and checked before this returns.

        The same call made again (`once` names it) gets the job that it made.
        """
        job_id = id_of_call(once, user_id, feature.id)
        if once is not None and (made := await self.jobs.find(job_id)) is not None:
            return made
        self._need_engine(feature)
        if self.index.unfinished(user_id) >= self._max_jobs:
            raise TooManyJobsError(f"{self._max_jobs} jobs of yours are unfinished: wait for one to end", retry_after=5)
        given = {name: value for name, value in references.items() if value.is_given}
        source = None
        if feature.needs_picture or picture.is_given:
            source = await self.store_picture(await self.take_picture(picture, "image"), job_id, "source")
        if feature.reference_required and not given:
            raise NeedsReferenceError(f"Send the reference picture as {feature.references[0]}_url, _data or _file")
        stored = {
            name: await self.store_picture(await self.take_picture(value, name), job_id, "reference", name) for name, value in given.items()
        }
        now = datetime.now(UTC)
        dumped = params.model_dump(mode="json")
        record = JobRecord(
            job_id=job_id,
            kind="feature",
            user_id=user_id,
            intent=feature.id,
            prompt=dumped.get("prompt") or "",
            source=source,
            references={
                name: PictureRef(key=stored_picture.key, image_id=stored_picture.image_id) for name, stored_picture in stored.items()
            },
            steps=[StepRecord(feature=feature.id, params=dumped)],
            created_at=now,
            updated_at=now,
            deadline=now + timedelta(seconds=self._deadline),
            metadata={"input_source": picture.source} if picture.source else {},
        )
        if feature.id == "image_generation":
            record = await self._refined(record, dumped)
        record = await self.jobs.create(with_event(record, "stage", "accepted"))
        self.index.note(record)
        await self._bus.publish(StepRequested(job_id=job_id, user_id=user_id, step=0, run=1, deadline=record.deadline), "0", "1", "0")
        return record

    async def _refined(self, record: JobRecord, params: dict[str, Any]) -> JobRecord:
        """Ask prompt-svc for better words; when it doesn't answer in time the person's own are used, and the result says so."""
        if not params["refine"]:
            return record.model_copy(update={"refined_prompt": record.prompt})
        try:
            style = (params.get("styling") or {}).get("style")
            question = RefineQuestion(prompt=record.prompt, style=style, only_refine=True)
            answer = await self._bus.request("rpc.prompt.refine", question, RefineAnswer, timeout=_REFINE_SECONDS)
        except UnavailableError as error:
            return record.model_copy(
                update={"refined_prompt": record.prompt, "metadata": {**record.metadata, "refine_skipped": error.detail}}
            )
        return record.model_copy(update={"refined_prompt": answer.refined_prompt[:2000]})

    async def take_plan(self, plan: PlanReady | PlanApproved) -> None:
        """Accept a message's plan and ask for its first unfinished step (in review mode it waits for approval)."""
        waits = isinstance(plan, PlanReady) and plan.mode == "review"
        metadata = (
            {"plan": plan.metadata.model_dump(), "reply": plan.reply, "language": plan.language} if isinstance(plan, PlanReady) else {}
        )
        now = datetime.now(UTC)
        fresh = JobRecord(
            job_id=plan.job_id,
            kind="chat",
            user_id=plan.user_id,
            session_id=plan.session_id,
            prompt=plan.prompt,
            deadline=plan.deadline,
            created_at=now,
            updated_at=now,
        )
        await self.jobs.create(with_event(fresh, "stage", "accepted"))

        def change(record: JobRecord) -> JobRecord | None:
            if (
                (record.is_final and record.run >= plan.attempt)
                or record.run > plan.attempt
                or (record.steps and record.run == plan.attempt and record.status == "IN_PROGRESS")
            ):
                return None
            same = len(record.steps) == len(plan.plan) and all(
                old.feature == new.feature for old, new in zip(record.steps, plan.plan, strict=True)
            )
            keep = same and any(step.status == "COMPLETED" for step in record.steps)
            steps = (
                [
                    step if step.status == "COMPLETED" else StepRecord.from_planned(new)
                    for step, new in zip(record.steps, plan.plan, strict=True)
                ]
                if keep
                else [StepRecord.from_planned(step) for step in plan.plan]
            )
            return with_event(
                record,
                "stage",
                "awaiting-approval" if waits else "planned",
                steps=steps,
                run=plan.attempt,
                intent=plan.intent,
                problem=None,
                prompt=plan.prompt or record.prompt,
                refined_prompt=plan.refined_prompt,
                picture=plan.picture,
                reference=plan.reference,
                metadata={**record.metadata, **metadata},
                session_id=plan.session_id,
                deadline=plan.deadline,
                status="AWAITING_APPROVAL" if waits else "IN_PROGRESS",
            )

        record = await self.jobs.change(plan.job_id, change)
        if record.status != "IN_PROGRESS":
            return
        first = next((index for index, step in enumerate(record.steps) if step.status != "COMPLETED"), len(record.steps) - 1)
        await self._ask_step(record, first)

    async def _ask_step(self, record: JobRecord, step: int, *, again: str = "0") -> None:
        asked = StepRequested(job_id=record.job_id, user_id=record.user_id, step=step, run=record.run, deadline=record.deadline)
        await self._bus.publish(asked, str(step), str(record.run), again)

    async def take_reply(self, reply: ReplyReady) -> None:
        """A message that wants no picture: its job is done; a picture that came along is kept for later."""
        record = await self.jobs.find(reply.job_id)
        if record is None or record.is_final:
            return
        if reply.picture is not None and (reply.picture.upload or reply.picture.url):
            with contextlib.suppress(PhotoFunError):
                await self._resolve(record.model_copy(update={"session_id": reply.session_id, "picture": reply.picture}))

        def change(found: JobRecord) -> JobRecord | None:
            if found.is_final:
                return None
            return with_event(found, "end", "completed", progress=1.0, status="COMPLETED", intent=reply.intent, session_id=reply.session_id)

        await self.jobs.change(reply.job_id, change)

    async def take_plan_failure(self, failed: PlanFailed) -> None:
        if (record := await self.jobs.find(failed.job_id)) is not None:
            await self._fail(record, failed.problem, tell=False)

    async def end_session(self, deleted: SessionDeleted) -> None:
        for job_id in deleted.job_ids:
            if await self.jobs.find(job_id) is not None:
                await self.cancel(job_id)

    async def purge(self, purged: ImagePurged) -> None:
        await self.delete_file(purged.key)

    # --- running

    async def run_step(self, asked: StepRequested) -> None:
        """Do one step of a job: once, whoever asks how often."""
        record = await self.jobs.find(asked.job_id)
        if record is None or record.run != asked.run or asked.step >= len(record.steps) or record.status in ("FAILED", "CANCELED"):
            return
        if record.steps[asked.step].status == "COMPLETED":
            await self._announce(record, asked.step)
            return
        if datetime.now(UTC) > record.deadline:
            await self._fail(record, DeadlineError("The job's time was over before it ran").to_problem(), step=asked.step)
            return
        if asked.job_id in self._running:
            return
        work = asyncio.create_task(self._in_turn(record, asked.step))
        self._running[asked.job_id] = work
        try:
            await work
        except asyncio.CancelledError:
            current = await self.jobs.find(asked.job_id)
            if current is None or current.status != "CANCELED":
                raise
        finally:
            self._running.pop(asked.job_id, None)

    async def _in_turn(self, record: JobRecord, step: int) -> None:
        async with self._slots.place(record.user_id):
            current = await self.jobs.get(record.job_id)
            if current.is_final or current.run != record.run:
                return
            await self._do(current, step)

    async def _do(self, record: JobRecord, step: int) -> None:
        left = (record.deadline - datetime.now(UTC)).total_seconds()
        try:
            async with asyncio.timeout(max(0.1, left)):
                record, made, engine, parent = await self._make(record, step)
        except TimeoutError:
            await self._fail(record, DeadlineError(f"The step took longer than the job's {self._deadline:.0f} s").to_problem(), step=step)
            return
        except WorkerLostError as error:
            if record.steps[step].attempts >= 1:
                await self._fail(record, ImageUndecodableError("The picture brought its worker down twice").to_problem(), step=step)
                return
            raise error
        except (UnavailableError, UpstreamError) as error:
            if record.steps[step].attempts >= 3:
                await self._fail(record, error.to_problem(), step=step)
                return
            raise
        except PhotoFunError as error:
            await self._fail(record, error.to_problem(), step=step)
            return
        try:
            record = await self._finish_step(record, step, made, engine, parent)
        except ConflictError:
            return  # canceled, ended or run anew meanwhile: this result is nobody's any more
        await self._announce(record, step)

    async def _make(self, record: JobRecord, step: int) -> tuple[JobRecord, Made, str, Picture | None]:
        declared = by_id(record.steps[step].feature)
        if declared is None:
            raise InvalidError(f"There is no feature '{record.steps[step].feature[:60]}'", slug="unknown-feature")
        self._need_engine(declared)
        record = await self._resolve(record)
        record = await self._begin_step(record, step)
        source = next((before.pictures[0] for before in reversed(record.steps[:step]) if before.pictures), record.source)
        if declared.needs_picture and source is None:
            raise NeedsImageError(f"'{declared.title}' works on a picture: send one, or create one first")
        order = await self._order(record, step, declared, source)
        made, engine = await self._with_engines(record, step, declared, order)
        return record, made, engine, source

    async def _order(self, record: JobRecord, step: int, declared: Feature, source: Picture | None) -> Order:
        from .engines.local.verbs import seed_of

        raw = dict(record.steps[step].params)
        if declared.id == "image_generation":
            raw.setdefault("prompt", record.refined_prompt or record.prompt)
        params = validated(declared.params, raw).model_dump(mode="json")
        references = {
            name: await self._blobs.get(ref.key) for name, ref in record.references.items() if ref.key and name in declared.references
        }
        if record.reference_picture is not None and declared.references and declared.references[0] not in references:
            references[declared.references[0]] = await self._blobs.get(record.reference_picture.key)
        seed = params.get("seed")
        direct = record.kind == "feature" and record.refined_prompt is not None and declared.id == "image_generation"
        return Order(
            job_id=record.job_id,
            step=step,
            feature=declared.id,
            params=params,
            prompt=(record.refined_prompt if direct else params.get("prompt")) or "",
            picture=await self._blobs.get(source.key) if source is not None and declared.needs_picture else None,
            references=references,
            seed=seed if seed is not None else seed_of(record.job_id, step),
            seconds=max(1.0, (record.deadline - datetime.now(UTC)).total_seconds()),
            public_url=self.urls.url(source.key) if source is not None else None,
        )

    async def _with_engines(self, record: JobRecord, step: int, declared: Feature, order: Order) -> tuple[Made, str]:
        """Try the engines in their order; what one cannot do just now the next may."""
        engines = self.route(declared.id)
        trouble: PhotoFunError | None = None
        for engine in engines:
            try:
                made = await engine.run(order, tell=self._teller(record, step), tasks=_Tasks(self.jobs, record, step))
            except (UnavailableError, UpstreamError) as error:
                if isinstance(error, WorkerLostError) or engine is engines[-1]:
                    raise
                log.warning("engine failed", extra={"engine": engine.id, "feature": declared.id, "error": error.slug})
                trouble = error
                continue
            if trouble is not None:
                made = Made(made.pictures, made.seeds, made.model, made.degraded or f"{trouble.slug}: {trouble.detail}"[:200], made.details)
            return made, engine.id
        raise trouble or EngineMissingError("No engine is left to try")

    def _teller(self, record: JobRecord, step: int) -> Callable[[float], None]:
        """Progress into the record, at most about twenty times a step and two times a second."""
        told = [0.0, time.monotonic()]
        pending: set[asyncio.Task[Any]] = set()

        def tell(fraction: float) -> None:
            now = time.monotonic()
            if pending or fraction < told[0] + 0.05 or now - told[1] < 0.3:
                return
            told[:] = [fraction, now]
            task = asyncio.create_task(self._progressed(record.job_id, record.run, step, fraction))
            pending.add(task)
            task.add_done_callback(pending.discard)

        return tell

    async def _progressed(self, job_id: str, run: int, step: int, fraction: float) -> None:
        def change(record: JobRecord) -> JobRecord | None:
            if record.is_final or record.run != run or record.steps[step].status != "IN_PROGRESS":
                return None
            return with_event(
                record, "progress", record.steps[step].feature, step=step, progress=(step + min(0.99, fraction)) / len(record.steps)
            )

        with contextlib.suppress(PhotoFunError):
            await self.jobs.change(job_id, change)

    async def _begin_step(self, record: JobRecord, step: int) -> JobRecord:
        def change(found: JobRecord) -> JobRecord | None:
            if found.is_final or found.run != record.run:
                raise ConflictError("the job went on without this worker")
            steps = _with_step(found, step, status="IN_PROGRESS", attempts=found.steps[step].attempts + 1, started_at=datetime.now(UTC))
            return with_event(found, "stage", f"{found.steps[step].feature}-started", step=step, steps=steps, status="IN_PROGRESS")

        return await self.jobs.change(record.job_id, change)

    async def _resolve(self, record: JobRecord) -> JobRecord:
        """Bring the pictures a message came with into the store, and say so."""
        sources: dict[str, Picture] = {}
        for role, ref, known in (("picture", record.picture, record.source), ("reference", record.reference, record.reference_picture)):
            if ref is None or known is not None:
                continue
            sources[role] = await self._resolved(record, role, ref)
            if record.session_id and (ref.upload or ref.url):
                await self._bus.publish(
                    SourceStored(
                        job_id=record.job_id,
                        user_id=record.user_id,
                        session_id=record.session_id,
                        role="picture" if role == "picture" else "reference",
                        picture=sources[role],
                    ),
                    role,
                )
        if not sources:
            return record

        def change(found: JobRecord) -> JobRecord | None:
            return found.model_copy(
                update={
                    "source": sources.get("picture", found.source),
                    "reference_picture": sources.get("reference", found.reference_picture),
                }
            )

        return await self.jobs.change(record.job_id, change)

    async def _resolved(self, record: JobRecord, role: str, ref: PictureRef) -> Picture:
        if ref.key:
            data = await self._blobs.get(ref.key)
            facts = await self._pool.run(codec.inspect, data, seconds=15.0)
            extension = ref.key.rsplit(".", 1)[-1]
            return Picture(
                image_id=ref.image_id or picture_id(ref.key, -1, 0),
                key=ref.key,
                width=facts.width,
                height=facts.height,
                content_type=codec.CONTENT_TYPES[extension],
                bytes=len(data),
                has_alpha=facts.has_alpha,
            )
        if ref.upload:
            return await self.store_picture(await self._bus.unpark(ref.upload), record.job_id, "source", role)
        return await self.store_picture(await self.fetch(ref.url or ""), record.job_id, "source", role)

    async def _finish_step(self, record: JobRecord, step: int, made: Made, engine: str, parent: Picture | None) -> JobRecord:
        pictures = []
        for index, encoded in enumerate(made.pictures):
            key = file_key(self._secret, record.job_id, step, index, extension=encoded.extension)
            await self._blobs.put(key, encoded.data)
            pictures.append(
                Picture(
                    image_id=picture_id(record.job_id, step, index),
                    key=key,
                    width=encoded.width,
                    height=encoded.height,
                    content_type=encoded.content_type,
                    bytes=len(encoded.data),
                    seed=made.seeds[index],
                    has_alpha=encoded.has_alpha,
                )
            )

        def change(found: JobRecord) -> JobRecord | None:
            if found.is_final or found.run != record.run:
                raise ConflictError("the job went on without this worker")
            now = datetime.now(UTC)
            steps = _with_step(
                found,
                step,
                status="COMPLETED",
                pictures=pictures,
                provider=engine,
                model=made.model,
                degraded=made.degraded,
                metadata={**made.details, "parent_id": parent.image_id if parent else None, "parent_key": parent.key if parent else None},
                finished_at=now,
            )
            last = step == len(found.steps) - 1
            after = with_event(
                found, "result", f"{found.steps[step].feature}-done", step=step, progress=(step + 1) / len(found.steps), steps=steps
            )
            return with_event(after, "end", "completed", progress=1.0, status="COMPLETED") if last else after

        return await self.jobs.change(record.job_id, change)

    async def _announce(self, record: JobRecord, step: int) -> None:
        """Tell of a finished step, and of what follows it; a repeat tells the same."""
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
            )
            await self._bus.publish(ready, str(step), str(index))
        if last:
            await self._tell_end(record)
        else:
            await self._ask_step(record, step + 1)

    async def _fail(self, record: JobRecord, problem: ProblemData, *, step: int | None = None, tell: bool = True) -> None:
        def change(found: JobRecord) -> JobRecord | None:
            if found.is_final or found.run != record.run:
                return None
            steps = (
                found.steps if step is None else _with_step(found, step, status="FAILED", problem=problem, finished_at=datetime.now(UTC))
            )
            return with_event(found, "end", "failed", step=step, status="FAILED", problem=problem, steps=steps)

        after = await self.jobs.change(record.job_id, change)
        if tell and after.status == "FAILED":
            await self._tell_end(after)

    async def _tell_end(self, record: JobRecord) -> None:
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
                        "problem": step.problem.model_dump(mode="json") if step.problem else None,
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

    # --- watching over jobs

    async def cancel(self, job_id: str) -> JobRecord:
        """Cancel a job.  A finished one stays as it is."""

        def change(found: JobRecord) -> JobRecord | None:
            if found.is_final:
                return None
            steps = [step if step.status == "COMPLETED" else step.model_copy(update={"status": "CANCELED"}) for step in found.steps]
            return with_event(found, "end", "canceled", status="CANCELED", steps=steps)

        before = await self.jobs.get(job_id)
        record = await self.jobs.change(job_id, change)
        if record.status == "CANCELED":
            self._noticed(record)
            if not before.is_final:
                await self._tell_end(record)
        return record

    async def give_up(self, job_id: str, reason: str) -> None:
        """End a job whose event was given up by the bus."""
        record = await self.jobs.find(job_id)
        if record is not None and not record.is_final:
            problem = UpstreamError(
                f"The work failed again and again: {reason}"[:300], slug="internal-error", title="The work failed"
            ).to_problem()
            await self._fail(record, problem)

    async def sweep(self) -> None:
        """End what is over its deadline; ask again for steps that nobody works on.  Safe in any number of replicas."""
        now = datetime.now(UTC)
        for job_id in self.index.overdue(now - timedelta(seconds=3)):
            record = await self.jobs.find(job_id)
            if record is not None and not record.is_final and record.deadline < now and job_id not in self._running:
                log.warning("job over its deadline", extra={"job_id": job_id})
                await self._fail(record, DeadlineError("The job did not end within its time; try it again").to_problem())
        for job_id in self.index.stalled(now - timedelta(seconds=20)):
            record = await self.jobs.find(job_id)
            if record is None or record.is_final or not record.steps or job_id in self._running or record.deadline < now:
                continue
            step = next((index for index, one in enumerate(record.steps) if one.status != "COMPLETED"), len(record.steps) - 1)
            await self._ask_step(record, step, again=str(int(time.time()) // 20))
        self.index.forget_older(now - timedelta(days=7))

    def queue_position(self, record: JobRecord) -> int:
        """How many unfinished jobs were accepted before this one."""
        rows = self.index.rows.values()
        return sum(1 for _, status, _, created, _, _ in rows if status in ("CREATED", "IN_PROGRESS") and created < record.created_at)

    async def ask_planner(self, question: RefineQuestion, answer: type[RefineAnswer]) -> RefineAnswer:
        """What prompt-svc makes of words.  Raises UnavailableError."""
        return await self._bus.request("rpc.prompt.refine", question, answer, timeout=_REFINE_SECONDS)

    async def aclose(self) -> None:
        await asyncio.gather(*(engine.aclose() for engine in self.engines.values()), return_exceptions=True)
