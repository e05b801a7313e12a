"""How is a paid task placed once, found again when its answer was lost, and waited for?"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from photofun_common.contracts.jobs import ProviderTask
from photofun_common.errors import PhotoFunError

from .. import Tasks, Tell
from ..bells import Bells
from ..charges import is_repeat, known_task
from ..failures import ModerationBlockedError, OutcomeUnknownError, ProviderDownError, ProviderFailedError, ProviderLimitedError
from ..web import ProviderApi, is_moderation
from .asking import Call
from .shapes import listed_ids, state_of

__all__ = ["Others", "Placing"]

Others = Callable[[], Awaitable[list[ProviderTask]]]
_ENGINE = "freepik"
_LISTED = 500
_REMEMBERED = 10_000
_RECONCILE_TRIES = 4
_LIST_SECONDS = 10.0
_LOOKS = 0.6  # of the calls a minute; the rest is for new tasks


class Placing:
    """Tasks at the provider.  `others` reads the paid calls in all jobs' records: what is there is nobody else's lost task."""

    def __init__(
        self,
        api: ProviderApi,
        bells: Bells,
        others: Others | None,
        *,
        poll: float,
        poll_most: float,
        per_minute: float,
        post_seconds: float,
        backoff: float,
        webhook_url: str | None,
    ) -> None:
        self._api, self._bells, self._others = api, bells, others
        self._poll, self._poll_most, self._post_seconds, self._backoff = poll, poll_most, post_seconds, backoff
        self._extra = {"webhook_url": webhook_url} if webhook_url else {}
        self._gap = 60.0 / (_LOOKS * per_minute)
        self._waiting = 0
        self._posting: Counter[str] = Counter()
        self._mine: dict[str, None] = {}
        self._lists: dict[str, tuple[float, list[str] | None]] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def task(self, call: Call, index: int, tasks: Tasks) -> ProviderTask:
        """The placed task of a picture: the one the record knows, or a new one."""
        known = known_task(tasks, _ENGINE, index)
        if known is None or (known.state in ("failed", "past") and known.task_id is None):
            return await self._place(call, index, tasks, known, uncertain=known is not None and known.uncertain)
        if known.state == "failed":
            raise ProviderFailedError(f"Freepik's task {known.task_id} failed")
        if known.task_id is not None:
            self._remember(known.task_id)
            return known
        adopted, _ = await self._reconciled(known, tasks)
        if adopted is not None:
            return adopted
        if known.uncertain:
            raise OutcomeUnknownError("Two calls may have been charged and gave nothing: there is no third")
        return await self._place(call, index, tasks, known, uncertain=True)

    def _remember(self, task_id: str) -> None:
        """A task with an owner: nobody adopts it.  The last ten thousand are enough, the list shows fewer."""
        self._mine[task_id] = None
        if len(self._mine) > _REMEMBERED:
            del self._mine[next(iter(self._mine))]

    async def _place(self, call: Call, index: int, tasks: Tasks, known: ProviderTask | None, *, uncertain: bool) -> ProviderTask:
        before = await self._before(call.path)
        task = ProviderTask(
            engine=_ENGINE, endpoint=call.path, index=index, placed_at=datetime.now(UTC), before=before, uncertain=uncertain
        )
        is_noted = False

        async def note() -> None:
            nonlocal is_noted
            await tasks.save(task)
            self._posting[call.path] += 1
            is_noted = True

        try:
            body = await self._api.post(
                call.path, lambda: {"json": {**call.body, **self._extra}}, seconds=self._post_seconds, note=note, repeat=is_repeat(known)
            )
            task_id, _, _ = state_of(body)
            if task_id is None:
                raise OutcomeUnknownError("Freepik's answer names no task")
            self._remember(task_id)
        except OutcomeUnknownError as error:
            lost = error
        except PhotoFunError:
            if is_noted:
                await tasks.save(task.model_copy(update={"state": "failed"}))
            raise
        else:
            return await self._placed(task, task_id, tasks)
        finally:
            self._posting[call.path] -= is_noted
        unknown = task.model_copy(update={"state": "unknown"})
        await tasks.save(unknown)
        adopted, is_absent = await self._reconciled(task, tasks)
        if adopted is not None:
            return adopted
        if is_absent and not uncertain:
            return await self._place(call, index, tasks, unknown, uncertain=True)
        raise lost

    @staticmethod
    async def _placed(task: ProviderTask, task_id: str, tasks: Tasks) -> ProviderTask:
        placed = task.model_copy(update={"state": "placed", "task_id": task_id, "before": None})
        await tasks.save(placed)
        return placed

    async def _before(self, path: str) -> list[str] | None:
        """The ids known before a call: a list of some seconds ago will do, what was placed since is remembered or in a record."""
        async with self._asking[path]:
            taken_at, found = self._lists.get(path, (-math.inf, None))
            if time.monotonic() - taken_at >= _LIST_SECONDS:
                taken_at, found = time.monotonic(), await self._listed(path)
                self._lists[path] = (taken_at, found)
            return found

    async def _listed(self, path: str) -> list[str] | None:
        """The ids of the tasks the provider knows, or None when it doesn't say, or says too much to keep."""
        try:
            found = listed_ids(await self._api.get(path))
        except PhotoFunError:
            return None
        return found if found is not None and len(found) <= _LISTED else None

    async def _reconciled(self, lost: ProviderTask, tasks: Tasks) -> tuple[ProviderTask | None, bool]:
        """Look for the task of a call whose answer was lost; also says whether it surely isn't there.

        Adopted is only what can be nobody else's: one new task, and no other call to this endpoint without an answer.
        """
        if lost.before is None:
            return None, False
        for attempt in range(_RECONCILE_TRIES):
            if not self._posting[lost.endpoint]:
                break
            await asyncio.sleep(self._backoff * (attempt + 1))
        listed = await self._listed(lost.endpoint)
        if listed is None:
            return None, False
        elsewhere = await self._others() if self._others is not None else []
        known = [*elsewhere, *tasks.known()]
        taken = {*lost.before, *self._mine, *(task.task_id for task in known if task.engine == _ENGINE)}
        fresh = [found for found in listed if found not in taken]
        if not fresh:
            return None, True
        if len(fresh) > 1 or any(self._may_be_lost(task, lost) for task in known) or self._posting[lost.endpoint]:
            return None, False
        self._remember(fresh[0])
        return await self._placed(lost, fresh[0], tasks), False

    @staticmethod
    def _may_be_lost(task: ProviderTask, mine: ProviderTask) -> bool:
        """Whether another call may have left a task in the list that no record names: one in doubt, or one made again after doubt."""
        if (task.engine, task.endpoint) != (_ENGINE, mine.endpoint):
            return False
        same = (task.index, task.placed_at) == (mine.index, mine.placed_at)
        in_doubt = task.uncertain or (task.task_id is None and task.state in ("placing", "unknown"))
        return in_doubt and not same and task.placed_at > mine.placed_at - timedelta(minutes=10)

    async def finished(self, task: ProviderTask, tell: Tell, tasks: Tasks) -> dict[str, Any]:
        """Wait until the task is done: looks at growing intervals, and at once when a webhook rings.

        The caller's deadline ends it; the task stays placed and is waited for by the next run.
        """
        self._waiting += 1
        try:
            return await self._polled(task, tell, tasks)
        finally:
            self._waiting -= 1

    async def _polled(self, task: ProviderTask, tell: Tell, tasks: Tasks) -> dict[str, Any]:
        began, pause = time.monotonic(), self._poll
        with self._bells.listen(task.task_id or "") as bell:
            while True:
                bell.clear()
                try:
                    _, status, data = state_of(await self._api.get(f"{task.endpoint}/{task.task_id}"))
                except (ProviderDownError, ProviderLimitedError) as error:
                    status, data = "", {}  # it is paid for: being away for a while is no reason to give it up
                    pause = max(pause, min(self._poll_most, error.retry_after or 0.0))
                if status in ("COMPLETED", "FAILED"):
                    return await self._ended(task, status, data, tasks)
                spent = time.monotonic() - began
                tell(0.9 * spent / (spent + 15.0))
                await bell.wait(max(pause, self._waiting * self._gap))  # many tasks are looked at less often each
                pause = min(self._poll_most, pause * 1.4)

    @staticmethod
    async def _ended(task: ProviderTask, status: str, data: dict[str, Any], tasks: Tasks) -> dict[str, Any]:
        state: Literal["done", "failed"] = "done" if status == "COMPLETED" else "failed"
        await tasks.save(task.model_copy(update={"state": state}))
        if state == "done":
            return data
        said = str(data.get("error") or "no reason given")
        if is_moderation(said):
            raise ModerationBlockedError(f"Freepik: {said}"[:300])
        raise ProviderFailedError(f"Freepik's task failed: {said}"[:300])
