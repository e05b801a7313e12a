"""What does the operator's own Stable Diffusion model do for us?  Pictures out of words, with no key and no network.

Needs `imaging-svc[diffusers]` (torch, a gigabyte) and DIFFUSERS_MODEL, a folder in the diffusers format.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from ...pool import WorkerPool
from .. import Made, Order, Tasks, Tell
from ..receiving import RATIOS, size_of, worded
from .painting import paint

__all__ = ["OwnModelEngine"]


class OwnModelEngine:
    """One process of its own, with no memory limit but the machine's, keeps the model between pictures."""

    id = "diffusers"
    features = frozenset({"image_generation"})
    gate = None
    wants_english = True

    def __init__(self, pool: WorkerPool, model: Path | None, *, steps: int = 25) -> None:
        """Raises ValueError when a model is set that cannot be used: its folder or the libraries are not there."""
        if model is not None and not (model / "model_index.json").is_file():
            raise ValueError(f"DIFFUSERS_MODEL: {model} is no folder with a model_index.json")
        if model is not None and importlib.util.find_spec("diffusers") is None:
            raise ValueError("DIFFUSERS_MODEL is set but its libraries are missing: pip install 'imaging-svc[diffusers]'")
        self._pool, self._model, self._steps = pool, model, steps
        self.missing = None if model is not None else "DIFFUSERS_MODEL"

    @property
    def models(self) -> tuple[str, ...]:
        return (self._model.name,) if self._model is not None else ()

    async def run(self, order: Order, *, tell: Tell, tasks: Tasks) -> Made:
        """Paint the pictures.  Raises DeadlineError, WorkerLostError."""
        size = size_of(order.params)
        provenance = {"job_id": order.job_id, "step": order.step, "feature": order.feature, "params": order.params, "prompt": order.prompt}
        pictures, native = await self._pool.run(
            paint,
            str(self._model),
            worded(order),
            size[0] / size[1] if size else RATIOS[order.params["aspect_ratio"]],
            size,
            order.seed,
            order.params["num_images"],
            self._steps,
            order.params.get("output_format") or "png",
            {**provenance, "provider": self.id, "model": self.models[0]},
            seconds=order.seconds,
            progress=tell,
        )
        seeds: list[int | None] = [(order.seed + index) % 2**31 for index in range(len(pictures))]
        return Made(pictures, seeds, self.models[0], details={"steps": self._steps, "painted_at": list(native)})

    async def aclose(self) -> None:
        await self._pool.aclose()
