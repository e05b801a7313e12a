"""What goes wrong?  Processes are killed, frozen and told to stop, lines slowed, torn and silenced, in the order that a seed gives."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from .background import Background
from .studio import SERVICES, Studio

__all__ = ["Faults"]

TARGETS = (*SERVICES, "nats", "documents")
_PAUSE_SECONDS = (1.0, 4.0)
_SILENT_SECONDS = (2.0, 6.0)
_SLOW_SECONDS = (0.02, 0.4)
_BETWEEN_SECONDS = (1.0, 2.5)
_ON_PROCESSES = 0.6


@dataclass
class Faults:
    """Hits one thing after another; `counts` says what was done."""

    studio: Studio
    thread: Background
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    _frozen: dict[str, psutil.Process] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)

    async def run(self, seconds: float) -> None:
        """Go on for so long; nothing is left frozen or silent at the end, whatever happens."""
        end = time.monotonic() + seconds
        try:
            async with asyncio.TaskGroup() as cures:
                while True:
                    await asyncio.sleep(self.chance.uniform(*_BETWEEN_SECONDS))
                    if time.monotonic() >= end:
                        break
                    if self.chance.random() < _ON_PROCESSES:
                        await self._hit_process(cures)
                    else:
                        self._hit_link(cures)
        finally:
            for name in list(self._frozen):
                self._resume(name)

    async def _hit_process(self, cures: asyncio.TaskGroup) -> None:
        name, kind = self.chance.choice(TARGETS), self.chance.choice(("kill", "kill", "freeze", "freeze", "stop"))
        pause = self.chance.uniform(*_PAUSE_SECONDS)
        process = await self._living(name)
        if process is None:
            return
        with suppress(psutil.Error):
            if kind == "kill":
                process.kill()
            elif kind == "stop":
                process.terminate()
            else:
                process.suspend()
                self._frozen[name] = process
                cures.create_task(self._thaw(name, pause))
            self.counts[f"{kind} {name}"] += 1

    def _hit_link(self, cures: asyncio.TaskGroup) -> None:
        name, kind = self.chance.choice(sorted(self.studio.links)), self.chance.choice(("slow", "reset", "silence"))
        latency, pause, silent = (self.chance.uniform(*span) for span in (_SLOW_SECONDS, _PAUSE_SECONDS, _SILENT_SECONDS))
        if name in self._busy:
            return
        link = self.studio.links[name]
        self.counts[f"{kind} {name}"] += 1
        if kind == "reset":
            self.thread.call(link.reset)
            return
        self._busy.add(name)
        cures.create_task(self._cure(name, link.slow(latency, pause) if kind == "slow" else link.silence(silent)))

    async def _cure(self, name: str, trouble: object) -> None:
        await asyncio.wrap_future(self.thread.begin(trouble))  # type: ignore[arg-type]  # either of two coroutines
        self._busy.discard(name)

    async def _living(self, name: str) -> psutil.Process | None:
        """The process, once it runs and is not frozen; None when it does not within some seconds."""
        for _ in range(80):
            process = None if name in self._frozen else self.studio.process(name)
            if process is not None:
                return process
            await asyncio.sleep(0.05)
        return None

    async def _thaw(self, name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._resume(name)

    def _resume(self, name: str) -> None:
        with suppress(psutil.Error):
            self._frozen.pop(name).resume()
