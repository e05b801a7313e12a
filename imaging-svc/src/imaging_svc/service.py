"""What can imaging-svc do?  Take features and plans, run their steps, keep files, end every job."""

from __future__ import annotations

import asyncio

from photofun_common.bus import Bus
from photofun_common.contracts.conversation import SessionDeleted
from photofun_common.contracts.gallery import ImagePurged
from photofun_common.contracts.prompt import PlanFailed
from photofun_common.fileurls import FileUrls
from photofun_common.jobs import JobStore

from .announcing import Announcer
from .attempts import Attempts
from .engines import Engine
from .erasing import Eraser
from .files import Files
from .guard import PictureFetcher
from .index import JobIndex
from .intake import Intake
from .lanes import Lanes
from .paid import StepTasks
from .pool import WorkerPool
from .routing import Router
from .running import Runner
from .sources import Sources
from .spending import Prices, Spending
from .stores import BlobStore
from .watching import Watcher
from .webhooks import Webhooks

__all__ = ["ImagingService"]


class ImagingService:
    """The parts, put together: `files`, `router`, `intake` (work comes in), `runner` (a step is done), `watcher` (every job ends)."""

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
        lanes: Lanes,
        spending: Spending,
        prices: Prices,
        webhooks: Webhooks,
        max_jobs_per_user: int,
        max_backlog: int,
    ) -> None:
        self.jobs, self.urls, self.spending = jobs, urls, spending
        self._blobs, self.webhooks = blobs, webhooks
        self.index = JobIndex()
        self.files = Files(blobs, pool, fetcher, urls, secret)
        self.router = Router(engines, routing)
        self._announcer = announcer = Announcer(bus)
        self.sources = sources = Sources(bus, jobs, self.files, announcer)
        self.intake = Intake(
            bus=bus,
            jobs=jobs,
            index=self.index,
            files=self.files,
            router=self.router,
            sources=sources,
            announcer=announcer,
            deadline=deadline,
            max_jobs_per_user=max_jobs_per_user,
            max_backlog=max_backlog,
        )
        self.runner = Runner(
            jobs=jobs,
            files=self.files,
            router=self.router,
            sources=sources,
            announcer=announcer,
            attempts=Attempts(self.router, lanes),
            tasks=lambda record, step: StepTasks(jobs, self.files, spending, prices, record, step),
            deadline=deadline,
        )
        self.watcher = Watcher(jobs, self.index, self.runner, announcer)
        self.eraser = Eraser(bus, jobs, self.index, self.watcher)
        self.take_feature, self.take_plan, self.take_reply = self.intake.take_feature, self.intake.take_plan, self.intake.take_reply
        self.run_step = self.runner.run_step
        self.cancel, self.give_up, self.sweep = self.watcher.cancel, self.watcher.give_up, self.watcher.sweep
        jobs.follow(self.watcher.noticed)

    async def take_plan_failure(self, failed: PlanFailed) -> None:
        if (record := await self.jobs.find(failed.job_id)) is not None:
            await self.runner.fail(record, failed.problem, tell=False)

    async def end_session(self, deleted: SessionDeleted) -> None:
        for job_id in deleted.job_ids:
            if await self.jobs.find(job_id) is not None:
                await self.cancel(job_id)

    async def purge(self, purged: ImagePurged, cause: str) -> None:
        """Remove a file, and say so once it is gone: until then it is told again."""
        await self.files.delete(purged.key)
        await self._announcer.file_removed(purged, cause)

    async def aclose(self) -> None:
        await asyncio.gather(*(engine.aclose() for engine in self.router.engines.values()), return_exceptions=True)
        await self._blobs.aclose()
