"""What does an engine need around it in a test?  Workers in threads, a step's paid calls in memory, orders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from imaging_svc.engines import Order
from photofun_common.contracts.features import by_id
from photofun_common.contracts.jobs import ProviderTask
from photofun_common.http import validated

from .serving import png

__all__ = ["MemoryTasks", "ThreadPool", "order"]


class ThreadPool:
    """The worker pool's `run`, in a thread."""

    async def run(self, work: Callable[..., Any], *arguments: Any, seconds: float, progress: Any = None) -> Any:
        return await asyncio.wait_for(asyncio.to_thread(work, *arguments), seconds)


@dataclass
class MemoryTasks:
    """A step's paid calls; `saves` keeps every state that was saved, `die_at` cancels the run at such a state."""

    tasks: dict[tuple[str, int], ProviderTask] = field(default_factory=dict)
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
