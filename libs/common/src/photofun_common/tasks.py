"""How does a background task end for sure?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

__all__ = ["stop_tasks"]


async def stop_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel until all have ended, whatever they end with.

    Once is not enough: in Python 3.11 `asyncio.wait_for` swallows a cancellation that comes in the same moment as what it waited for.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)
