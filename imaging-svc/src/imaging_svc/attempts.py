"""Which engine does a step?  The route is tried in its order; what one can't do just now the next one does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from photofun_common.contracts.features import Feature
from photofun_common.errors import PhotoFunError, UnavailableError, UpstreamError

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
        order: Order,
        user_id: str,
        *,
        begin: Callable[[], Any],
        tell: Callable[[], Tell],
        tasks: Callable[[], Tasks],
    ) -> tuple[Made, str]:
        """What the first engine that can makes, and its name.  `begin` is awaited once, when the first turn has come.

        Raises the last engine's trouble; WorkerLostError at once.
        """
        engines = self._router.route(feature.id, order.params.get("model"))
        tried: list[dict[str, str]] = []
        trouble: PhotoFunError | None = None
        has_begun = False
        for engine in engines:
            try:
                async with self._lanes.of(engine.id).place(user_id):
                    if not has_begun:
                        await begin()
                        has_begun = True
                    made = await engine.run(_worded(order, engine), tell=tell(), tasks=tasks())
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


def _worded(order: Order, engine: Engine) -> Order:
    return replace(order, prompt=order.english) if engine.wants_english and order.english else order
