"""Where is pixel work done?  In worker processes that can be timed out and killed; the event loop stays free."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from concurrent.futures import TimeoutError as LateError
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool
from photofun_common.contracts.values import ProblemData
from photofun_common.errors import DeadlineError, PhotoFunError, ProblemError, UnavailableError

from .domain import ImageUndecodableError, WorkerLostError, WorkFailedError

__all__ = ["WorkerPool"]

log = logging.getLogger(__name__)
T = TypeVar("T")
_SLOTS = 256
_TICK = 0.4
_MEMORY = 6 * 2**30
_progress: Any = None


def _start(progress: Any, weights_dir: str, memory: int | None) -> None:
    """Prepare a worker: its share of the progress board, its limits, no Ctrl-C of its own."""
    global _progress
    _progress = progress
    os.environ["IMAGING_WEIGHTS_DIR"] = weights_dir
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if memory is not None:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _run(slot: int, work: Callable[..., Any], arguments: tuple[Any, ...], with_progress: bool) -> tuple[str, Any]:
    """Do the work; expected errors go back as data, since exceptions with keywords do not pickle."""

    def tell(fraction: float) -> None:
        _progress[slot] = fraction

    try:
        return "done", work(*arguments, progress=tell) if with_progress else work(*arguments)
    except PhotoFunError as error:
        return "problem", error.to_problem().model_dump()
    except MemoryError:
        return "memory", None
    except Exception as error:  # whatever it was, the worker lives on and the caller hears of it
        return "crash", f"{type(error).__name__}: {error}"[:500]


class WorkerPool:
    """So many processes.  `run` waits for a result, tells progress, and kills the worker when cancelled or late."""

    def __init__(self, workers: int, weights_dir: str, *, memory: int | None = _MEMORY) -> None:
        """`memory`: the bytes of address space that a worker may have; None leaves it to the machine."""
        self._context = multiprocessing.get_context("spawn")
        self._board = self._context.RawArray(ctypes.c_double, _SLOTS)
        self._free = list(range(_SLOTS))
        self._workers = workers
        self._weights_dir = weights_dir
        self._memory = memory
        self._pool: ProcessPool | None = None

    def _started(self) -> ProcessPool:
        if self._pool is None or not self._pool.active:
            self._pool = ProcessPool(
                max_workers=self._workers,
                max_tasks=400,
                initializer=_start,
                initargs=(self._board, self._weights_dir, self._memory),
                context=self._context,
            )
        return self._pool

    async def run(self, work: Callable[..., T], *arguments: Any, seconds: float, progress: Callable[[float], None] | None = None) -> T:
        """Run `work(*arguments[, progress=])` in a worker.

        Raises its PhotoFunError as a ProblemError, DeadlineError when late, WorkerLostError when the process died.
        """
        if not self._free:
            raise UnavailableError("Too much picture work is waiting", slug="overloaded", retry_after=2)
        slot = self._free.pop()
        self._board[slot] = 0.0
        future = self._started().schedule(_run, args=(slot, work, arguments, progress is not None), timeout=seconds)
        waiting = asyncio.wrap_future(future)
        try:
            result: T = self._judge(await self._watched(waiting, slot, progress))
            return result
        except asyncio.CancelledError:
            future.cancel()
            raise
        except LateError as error:
            raise DeadlineError(f"The picture work took longer than {seconds:.0f} s") from error
        except ProcessExpired as error:
            raise WorkerLostError("The worker process died over this picture") from error
        finally:
            self._free.append(slot)

    async def _watched(self, waiting: asyncio.Future[Any], slot: int, progress: Callable[[float], None] | None) -> Any:
        if progress is None:
            return await waiting
        told = 0.0
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=_TICK)
            if done:
                return waiting.result()
            if self._board[slot] > told:
                told = float(self._board[slot])
                progress(told)

    @staticmethod
    def _judge(outcome: tuple[str, Any]) -> Any:
        kind, value = outcome
        if kind == "done":
            return value
        if kind == "problem":
            raise ProblemError(ProblemData.model_validate(value))
        if kind == "memory":
            raise ImageUndecodableError("The picture needs more memory than it may have")
        log.error("picture work crashed", extra={"error": value})
        raise WorkFailedError

    async def aclose(self) -> None:
        """Stop the workers at once."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            await asyncio.to_thread(pool.join, 5)
