"""Was this paid for already?  The rule for calls that answer with the picture itself and have no task to ask about."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from photofun_common.contracts.jobs import ProviderTask
from photofun_common.errors import PhotoFunError

from . import Tasks
from .failures import OutcomeUnknownError

__all__ = ["Note", "Paid", "charged_once", "is_repeat", "known_task"]

T = TypeVar("T")
Note = Callable[[], Awaitable[None]]


def known_task(tasks: Tasks, engine: str, index: int) -> ProviderTask | None:
    return next((task for task in tasks.known() if (task.engine, task.index) == (engine, index)), None)


def is_repeat(known: ProviderTask | None) -> bool:
    """Whether a call for the same picture failed before us; one that a dead worker left behind is no failure."""
    return known is not None and known.state in ("failed", "unknown")


@dataclass(frozen=True, slots=True)
class Paid(Generic[T]):
    """What a paid call gave: its pictures as they came, its answer when it was made just now, whether an earlier one may be charged too."""

    pictures: list[bytes]
    answer: T | None
    uncertain: bool


async def charged_once(
    tasks: Tasks,
    engine: str,
    endpoint: str,
    index: int,
    call: Callable[[bool, Note], Awaitable[T]],
    pictures_of: Callable[[T], Awaitable[list[bytes]]],
    *,
    pictures: int = 1,
) -> Paid[T]:
    """Make a paid call, noted before it is made, its pictures kept before anything is done with them.

    What an earlier run was answered is taken instead.  A call whose answer was lost is made again once, and marked; after that
    OutcomeUnknownError.  `call` hears whether it is a repeat, and what to await when it is about to be made.
    """
    known = known_task(tasks, engine, index)
    if known is not None and known.state == "done" and (before := await tasks.kept(known)):
        return Paid(before, None, known.uncertain)
    lost = known is not None and known.state not in ("failed", "past")
    if known is not None and lost and known.uncertain:
        raise OutcomeUnknownError("Two calls may have been charged and gave nothing: there is no third")
    uncertain = lost or (known is not None and known.uncertain)
    task = ProviderTask(engine=engine, endpoint=endpoint, index=index, placed_at=datetime.now(UTC), uncertain=uncertain, pictures=pictures)
    is_noted = False

    async def note() -> None:
        nonlocal is_noted
        await tasks.save(task)
        is_noted = True

    try:
        answer = await call(is_repeat(known), note)
    except OutcomeUnknownError:
        await tasks.save(task.model_copy(update={"state": "unknown"}))
        raise
    except PhotoFunError:
        if is_noted:
            await tasks.save(task.model_copy(update={"state": "failed"}))
        raise
    done = task.model_copy(update={"state": "done"})
    await tasks.save(done)
    found = await pictures_of(answer)
    await tasks.keep(done, found)
    return Paid(found, answer, uncertain)
