"""What does an engine need around it in a test?  Workers in threads, a step's paid calls in memory, orders, the service itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imaging_svc.engines import Order
from imaging_svc.engines.bells import Bells
from imaging_svc.lanes import Lanes
from imaging_svc.service import ImagingService
from imaging_svc.spending import Prices, Spending
from imaging_svc.stores import open_store
from imaging_svc.webhooks import Webhooks
from photofun_common.bus import MemoryBus
from photofun_common.contracts.features import by_id
from photofun_common.contracts.jobs import ProviderTask
from photofun_common.fileurls import FileUrls
from photofun_common.http import validated
from photofun_common.jobs import JobStore

from .serving import png

__all__ = ["MemoryTasks", "ThreadPool", "imaging_service", "order"]


class ThreadPool:
    """The worker pool's `run`, in a thread."""

    async def run(self, work: Callable[..., Any], *arguments: Any, seconds: float, progress: Any = None) -> Any:
        return await asyncio.wait_for(asyncio.to_thread(work, *arguments), seconds)


@dataclass
class MemoryTasks:
    """A step's paid calls; `saves` keeps every state that was saved, `die_at` cancels the run at such a state."""

    tasks: dict[tuple[str, int], ProviderTask] = field(default_factory=dict)
    answers: dict[tuple[str, int], list[bytes]] = field(default_factory=dict)
    saves: list[str] = field(default_factory=list)
    die_after: str | None = None

    def known(self) -> list[ProviderTask]:
        return list(self.tasks.values())

    async def save(self, task: ProviderTask) -> None:
        self.tasks[task.engine, task.index] = task
        self.saves.append(task.state)
        if task.state == self.die_after:
            self.die_after = None
            raise KeyboardInterrupt

    async def keep(self, task: ProviderTask, pictures: list[bytes]) -> None:
        self.answers[task.engine, task.index] = pictures
        await self.save(task)

    async def kept(self, task: ProviderTask) -> list[bytes]:
        return self.answers.get((task.engine, task.index), [])

    def only(self) -> ProviderTask:
        (task,) = self.tasks.values()
        return task


def order(feature: str, *, picture: bytes | None = None, public_url: str | None = None, seconds: float = 30.0, **params: Any) -> Order:
    """An order as the service makes it; `references` is a parameter."""
    declared = by_id(feature)
    assert declared is not None
    references = params.pop("references", {})
    dumped = validated(declared.params, params).model_dump(mode="json")
    return Order(
        job_id="job1",
        step=0,
        feature=feature,
        params=dumped,
        prompt=dumped.get("prompt") or "",
        picture=picture or (png(300, 260) if declared.needs_picture else None),
        references=references,
        seconds=seconds,
        public_url=public_url,
    )


def imaging_service(
    bus: MemoryBus,
    jobs: JobStore,
    folder: Path,
    engines: list[Any],
    fetcher: Any,
    *,
    prices: str = "freepik=0.1;gemini=0.04;openai=0.04",
    cap_per_user: float | None = None,
) -> ImagingService:
    """The service with these engines, on a bus in memory and files in a folder."""
    return ImagingService(
        bus=bus,
        jobs=jobs,
        blobs=open_store(f"file://{folder}"),
        pool=ThreadPool(),  # type: ignore[arg-type]
        fetcher=fetcher,
        engines=engines,
        routing={},
        urls=FileUrls("http://studio.test", "s", signed=False),
        secret="s",
        deadline=60.0,
        lanes=Lanes(2, per_user=4),
        spending=Spending(lambda: bus.key_value("spending"), cap=None, cap_per_user=cap_per_user),
        prices=Prices(prices),
        webhooks=Webhooks(lambda: bus.key_value("webhooks"), Bells(), None),
        max_jobs_per_user=500,
        max_backlog=1000,
    )
