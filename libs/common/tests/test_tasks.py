"""Do background tasks end, also those that miss a cancellation?"""

from __future__ import annotations

import asyncio
import contextlib

from photofun_common.tasks import stop_tasks


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 2:
                    raise

    async def failing() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        raise ValueError("at the end")

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(failing())]
    await asyncio.sleep(0)

    await asyncio.wait_for(stop_tasks(tasks), 5)

    assert swallowed == 2
    assert all(task.done() for task in tasks)
    assert isinstance(tasks[1].exception(), ValueError)
    await stop_tasks(tasks)
