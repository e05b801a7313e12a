"""How much is in work at once?  One lane an engine, so that a slow engine takes no place of another."""

from __future__ import annotations

from .domain import FairSlots

__all__ = ["Lanes"]

_REMOTE_PLACES = 32
_REMOTE_WAITING = 32


class Lanes:
    """Places by engine.  `local` and `diffusers` have one a worker process; a remote engine's mostly wait for its answer."""

    def __init__(self, workers: int, *, per_user: int) -> None:
        self._workers, self._per_user = workers, per_user
        self._lanes: dict[str, FairSlots] = {}

    def of(self, engine: str) -> FairSlots:
        if engine not in self._lanes:
            if engine in ("local", "diffusers"):
                self._lanes[engine] = FairSlots(self._workers if engine == "local" else 1, per_user=self._per_user)
            else:
                self._lanes[engine] = FairSlots(_REMOTE_PLACES, per_user=self._per_user, max_waiting=_REMOTE_WAITING)
        return self._lanes[engine]
