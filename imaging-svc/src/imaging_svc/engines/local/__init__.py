"""What can be done with no key and no network?  The local engine: one verb per feature, run in worker processes."""

from __future__ import annotations

from ...pool import WorkerPool
from .. import Made, Order, Tasks, Tell
from .verbs import VERBS, perform

__all__ = ["LocalEngine"]


class LocalEngine:
    """Always there.  Heavy libraries load in the workers when a verb first needs them."""

    id = "local"
    missing: str | None = None
    gate = None
    models: tuple[str, ...] = ()
    wants_english = False

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self.features = frozenset(VERBS)

    async def run(self, order: Order, *, tell: Tell, tasks: Tasks) -> Made:
        """Make the pictures.  Raises the verb's problems, DeadlineError, WorkerLostError."""
        provenance = {"job_id": order.job_id, "step": order.step, "feature": order.feature, "params": order.params, "prompt": order.prompt}
        encoded, said = await self._pool.run(
            perform,
            order.feature,
            order.params,
            order.prompt,
            order.picture,
            order.references,
            order.seed,
            provenance,
            seconds=order.seconds,
            progress=tell,
        )
        seeds = (
            [(order.seed + index) % 2**31 for index in range(len(encoded))]
            if order.feature == "image_generation"
            else [None] * len(encoded)
        )
        return Made(encoded, list(seeds), said.model, said.degraded, dict(said.details))

    async def aclose(self) -> None:
        return
