"""How does work come in?  Features called directly, plans of messages, messages that want no picture."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

from photofun_common.bus import Bus
from photofun_common.contracts.conversation import PlanApproved
from photofun_common.contracts.features import Feature, FeatureParams
from photofun_common.contracts.gallery import EditsRequested
from photofun_common.contracts.jobs import JobRecord, StepRecord
from photofun_common.contracts.prompt import PlanReady, RefineAnswer, RefineQuestion, ReplyReady
from photofun_common.contracts.values import PictureRef
from photofun_common.errors import PhotoFunError, UnavailableError
from photofun_common.jobs import JobStore, with_event
from photofun_common.logs import traceparent
from photofun_common.once import id_of_call

from .announcing import Announcer
from .domain import NeedsReferenceError, OverloadedError, TooManyJobsError, check_growth
from .files import Files, PictureInput
from .index import JobIndex
from .records import first_open, planned, with_step
from .routing import Router
from .sources import Sources

__all__ = ["Intake"]

_REFINE_SECONDS = 3.0


class Intake:
    """Turns requests and plans into job records and asks for their first step."""

    def __init__(
        self,
        *,
        bus: Bus,
        jobs: JobStore,
        index: JobIndex,
        files: Files,
        router: Router,
        sources: Sources,
        announcer: Announcer,
        deadline: float,
        max_jobs_per_user: int,
        max_backlog: int,
    ) -> None:
        self._bus, self._jobs, self._index, self._files, self._router = bus, jobs, index, files, router
        self._sources, self._announcer = sources, announcer
        self._deadline, self._max_jobs, self._max_backlog = deadline, max_jobs_per_user, max_backlog

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
        if once is not None and (made := await self._jobs.find(job_id)) is not None:
            return made
        self._router.require(feature)
        if self._index.unfinished(user_id) >= self._max_jobs:
            raise TooManyJobsError(f"{self._max_jobs} jobs of yours are unfinished: wait for one to end", retry_after=5)
        if self._index.backlog(self._max_jobs) >= max(self._max_backlog, self._index.ended_lately() // 3):
            raise OverloadedError("More is waiting than can be done soon: try again in some seconds", retry_after=3)
        given = {name: value for name, value in references.items() if value.is_given}
        source = None
        if feature.needs_picture or picture.is_given:
            own = await self._files.own(picture)
            source = own or await self._files.store(await self._files.take(picture, "image"), job_id, "source")
            check_growth(feature.id, params.model_dump(), source.width, source.height)
        if feature.reference_required and not given:
            raise NeedsReferenceError(f"Send the reference picture as {feature.references[0]}_url, _data or _file")
        stored = {
            name: await self._files.store(await self._files.take(value, name), job_id, "reference", name) for name, value in given.items()
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
            references={name: PictureRef(key=found.key, image_id=found.image_id) for name, found in stored.items()},
            steps=[StepRecord(feature=feature.id, params=dumped)],
            created_at=now,
            updated_at=now,
            deadline=now + timedelta(seconds=self._deadline),
            traceparent=traceparent.get() or None,
            metadata={"input_source": picture.source} if picture.source else {},
        )
        if feature.id == "image_generation":
            record = await self._refined(record, dumped)
        elif not record.prompt.isascii():
            record = await self._in_english(record)
        record = await self._jobs.create(with_event(record, "stage", "accepted"))
        self._index.note(record)
        await self._announcer.ask_step(record, 0)
        return record

    async def _refined(self, record: JobRecord, params: dict[str, Any]) -> JobRecord:
        """Ask prompt-svc for better words; when it doesn't answer in time the person's own are used, and the result says so."""
        if not params["refine"]:
            record = record.model_copy(update={"refined_prompt": record.prompt})
            return record if record.prompt.isascii() else await self._in_english(record)
        style = (params.get("styling") or {}).get("style")
        try:
            answer = await self.ask_planner(RefineQuestion(prompt=record.prompt, style=style, only_refine=True))
        except UnavailableError as error:
            return record.model_copy(
                update={"refined_prompt": record.prompt, "metadata": {**record.metadata, "refine_skipped": error.detail}}
            )
        record = record.model_copy(update={"refined_prompt": answer.refined_prompt[:2000]})
        return _with_english(record, answer.english)

    async def _in_english(self, record: JobRecord) -> JobRecord:
        """What an engine that knows English alone is told; without an answer it gets the person's own words."""
        if not any(engine.wants_english for engine in self._router.route(record.steps[0].feature)):
            return record
        try:
            answer = await self.ask_planner(RefineQuestion(prompt=record.prompt, only_refine=True, refine=False))
        except UnavailableError:
            return record
        return _with_english(record, answer.english)

    async def ask_planner(self, question: RefineQuestion) -> RefineAnswer:
        """What prompt-svc makes of words.  Raises UnavailableError."""
        return await self._bus.request("rpc.prompt.refine", question, RefineAnswer, timeout=_REFINE_SECONDS)

    async def take_plan(self, plan: PlanReady | PlanApproved) -> None:
        """Accept a message's plan and ask for its first unfinished step (in review mode it waits for approval)."""
        now = datetime.now(UTC)
        accepted = min(now, plan.deadline - timedelta(seconds=self._deadline))
        fresh = JobRecord(
            job_id=plan.job_id,
            kind="chat",
            user_id=plan.user_id,
            session_id=plan.session_id,
            prompt=plan.prompt,
            deadline=plan.deadline,
            created_at=accepted,
            updated_at=now,
            traceparent=traceparent.get() or None,
        )
        await self._jobs.create(with_event(fresh, "stage", "accepted"))
        record = await self._jobs.change(plan.job_id, lambda found: planned(found, plan))
        if record.status == "IN_PROGRESS":
            await self._announcer.ask_step(record, first_open(record))
        elif record.status == "AWAITING_APPROVAL":
            await self._jobs.change(plan.job_id, self._estimated)

    def _estimated(self, record: JobRecord) -> JobRecord | None:
        """The waiting plan with the engine that would do each step, and how many seconds it would take."""
        if record.status != "AWAITING_APPROVAL":
            return None
        steps = list(record.steps)
        for place, step in enumerate(steps):
            if able := self._router.route(step.feature, step.params.get("model")):
                seconds = self._index.pace.seconds(able[0].id, step)
                steps[place] = step.model_copy(update={"metadata": {**step.metadata, "engine": able[0].id, "estimated_seconds": seconds}})
        return record.model_copy(update={"steps": steps})

    async def take_edits(self, asked: EditsRequested) -> None:
        """Accept a recipe's steps on a picture that is in the store; a repeat asks for the first unfinished step again."""
        record = JobRecord(
            job_id=asked.job_id,
            kind="feature",
            user_id=asked.user_id,
            intent=asked.steps[0].feature,
            picture=asked.picture,
            steps=[StepRecord.from_planned(step) for step in asked.steps],
            deadline=asked.deadline,
            traceparent=traceparent.get() or None,
            metadata={"run_id": asked.run_id},
        )
        record = await self._jobs.create(with_event(record, "stage", "accepted"))
        self._index.note(record)
        if not record.is_final:
            await self._announcer.ask_step(record, first_open(record))

    async def take_reply(self, reply: ReplyReady) -> None:
        """A message that wants no picture: its job is done; a picture that came along is kept for later."""
        record = await self._jobs.find(reply.job_id)
        if record is None or record.is_final:
            return
        if reply.picture is not None and reply.picture.is_new:
            with contextlib.suppress(PhotoFunError):
                await self._sources.resolve(record.model_copy(update={"session_id": reply.session_id, "picture": reply.picture}))

        def change(found: JobRecord) -> JobRecord | None:
            if found.is_final:
                return None
            return with_event(found, "end", "completed", progress=1.0, status="COMPLETED", intent=reply.intent, session_id=reply.session_id)

        await self._jobs.change(reply.job_id, change)


def _with_english(record: JobRecord, english: str | None) -> JobRecord:
    return record.model_copy(update={"steps": with_step(record, 0, english=english[:2000] if english else None)})
