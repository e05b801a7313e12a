"""Which engine does a step?  The route is tried in its order; what one can't do just now the next one does."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from photofun_common.contracts.features import Feature
from photofun_common.errors import PhotoFunError, UnavailableError, UpstreamError
from photofun_common.telemetry import ENGINE_CALLS, ENGINE_SECONDS
from photofun_common.tracing import span

from .domain import EngineMissingError, WorkerLostError
from .engines import Engine, Made, Order, Tasks, Tell
from .engines.failures import DailyCapError
from .lanes import Lanes
from .routing import Router

__all__ = ["Attempts"]

log = logging.getLogger(__name__)
_NEXT_MAY = (UnavailableError, UpstreamError, DailyCapError)


class Attempts:
    """Tries engines, each in its own lane."""

    def __init__(self, router: Router, lanes: Lanes) -> None:
        self._router, self._lanes = router, lanes

    async def make(
        self,
        feature: Feature,
        model: str | None,
        user_id: str,
        *,
        order: Callable[[], Awaitable[Order]],
        tell: Callable[[], Tell],
        tasks: Callable[[], Tasks],
    ) -> tuple[Made, str]:
        """What the first engine that can makes, and its name.  `order` is awaited once, when the first turn has come.

        Raises the last engine's trouble; WorkerLostError at once.
        """
        engines = self._router.route(feature.id, model)
        tried: list[dict[str, str]] = []
        trouble: PhotoFunError | None = None
        given: Order | None = None
        began = time.monotonic()
        for engine in engines:
            try:
                async with self._lanes.of(engine.id).place(user_id, patient=engine is engines[-1]):
                    if given is None:
                        given, began = await order(), time.monotonic()
                    asked = replace(_worded(given, engine), seconds=max(1.0, given.seconds - (time.monotonic() - began)))
                    made = await _measured(engine, feature, engine.run(asked, tell=tell(), tasks=tasks()))
            except _NEXT_MAY as error:
                if isinstance(error, WorkerLostError) or engine is engines[-1]:
                    raise
                log.warning("engine failed", extra={"engine": engine.id, "feature": feature.id, "error": error.slug})
                tried.append({"engine": engine.id, "outcome": error.slug})
                trouble = error
                continue
            if trouble is not None:
                made = replace(made, degraded=made.degraded or f"{trouble.slug}: {trouble.detail}"[:200])
            tried.append({"engine": engine.id, "outcome": "done"})
            return replace(made, details={**made.details, "attempts": tried}), engine.id
        raise trouble or EngineMissingError("No engine is left to try")


async def _measured(engine: Engine, feature: Feature, work: Awaitable[Made]) -> Made:
    """The work as a span, counted by its outcome."""
    started, outcome = time.perf_counter(), "canceled"
    with span(f"engine {engine.id}", attributes={"photofun.engine": engine.id, "photofun.feature": feature.id}) as told:
        try:
            made = await work
            outcome = "done"
            told.set({"photofun.model": made.model, "photofun.pictures": len(made.pictures)})
            return made
        except PhotoFunError as error:
            outcome = error.slug
            raise
        except Exception:
            outcome = "error"
            raise
        finally:
            ENGINE_CALLS.labels(engine.id, feature.id, outcome).inc()
            ENGINE_SECONDS.labels(engine.id, feature.id).observe(time.perf_counter() - started)


def _worded(order: Order, engine: Engine) -> Order:
    return replace(order, prompt=order.english) if engine.wants_english and order.english else order
