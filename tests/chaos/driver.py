"""What survives when every process is killed and frozen at random?  `python -m tests.chaos.driver --seeds 1 --seconds 30`.

Starts a studio of its own, lets several users work, hits its processes with seeded faults, keeps a ledger of every 202, and asks the
checker what became of them.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import psutil
from PIL import Image

from .checker import Accepted, Ledger, Report, check

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc", "nats", "documents")
_OFFSETS = (0, 1, 2, 3, 4, 22, 27)
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV")
_PAUSE_SECONDS = (1.0, 4.0)
_BETWEEN_SECONDS = (1.0, 2.5)
_PATIENCE_SECONDS = 75.0  # longer than a dead gateway's claim on a key holds
_MOST_PENDING = 8
_STOP_SECONDS = 60.0


# --- the studio


@dataclass(frozen=True)
class Studio:
    url: str
    data_dir: Path

    def process(self, name: str) -> psutil.Process | None:
        """The live process of this name, if run.json tells the truth just now."""
        try:
            entry = json.loads((self.data_dir / "run.json").read_text())[name]
            found = psutil.Process(entry["pid"])
            return found if found.cmdline() == entry["cmd"] else None
        except (OSError, ValueError, KeyError, psutil.Error):
            return None

    def processes_left(self) -> list[psutil.Process]:
        """Everything that runs with this studio's data folder in its environment."""
        left = []
        for one in psutil.process_iter():
            with suppress(psutil.Error):
                if one.pid != os.getpid() and one.environ().get("DATA_DIR") == str(self.data_dir) and one.status() != psutil.STATUS_ZOMBIE:
                    left.append(one)
        return left


@contextmanager
def running_studio(data_dir: Path) -> Iterator[Studio]:
    """A studio on free ports; nothing of it is left afterwards.  Raises RuntimeError when it does not start or does not end."""
    base = _free_base()
    environ = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    environ |= {
        "PORT": str(base), "PORT_BASE": str(base), "DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1",
        "RATE_LIMIT": "100000/minute", "RATE_LIMIT_GENERATE": "100000/minute",
    }  # fmt: skip
    command = [sys.executable, "-m", "photofun_tools.studio", "run"]
    runner = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=_end_with_parent
    )  # fmt: skip
    assert runner.stdout is not None
    studio = Studio(f"http://127.0.0.1:{base}", data_dir)
    try:
        told: deque[str] = deque(maxlen=60)
        for line in runner.stdout:
            told.append(line)
            if "is ready" in line:
                break
        else:
            raise RuntimeError(f"the studio did not start:\n{''.join(told)}")
        yield studio
    finally:
        runner.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            runner.communicate(timeout=_STOP_SECONDS)
        left = psutil.wait_procs(studio.processes_left(), timeout=5)[1]
        for one in left:
            with suppress(psutil.Error):
                one.kill()
        runner.communicate(timeout=5)
    if left:
        raise RuntimeError(f"left running, so killed: {left}")


def _free_base() -> int:
    for _ in range(200):
        base = random.SystemRandom().randrange(20000, 32000, 50)
        if all(_is_free(base + offset) for offset in _OFFSETS):
            return base
    raise RuntimeError("no free block of ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


# --- faults


@dataclass
class Faults:
    """Kills and freezes processes in the order the seed gives."""

    studio: Studio
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    _frozen: dict[str, psutil.Process] = field(default_factory=dict)

    async def run(self, seconds: float) -> None:
        """Hit one process after another; nothing is left frozen at the end, whatever happens."""
        end = time.monotonic() + seconds
        try:
            async with asyncio.TaskGroup() as thaws:
                while True:
                    await asyncio.sleep(self.chance.uniform(*_BETWEEN_SECONDS))
                    if time.monotonic() >= end:
                        break
                    name, kind, pause = (
                        self.chance.choice(TARGETS),
                        self.chance.choice(("kill", "freeze")),
                        self.chance.uniform(*_PAUSE_SECONDS),
                    )
                    process = await self._living(name)
                    if process is None:
                        continue
                    with suppress(psutil.Error):
                        if kind == "kill":
                            process.kill()
                        else:
                            process.suspend()
                            self._frozen[name] = process
                            thaws.create_task(self._thaw(name, pause))
                        self.counts[f"{kind} {name}"] += 1
        finally:
            for name in list(self._frozen):
                self._resume(name)

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


# --- work


@dataclass
class User:
    """Somebody who keeps asking, and asks again with the same key when refused."""

    http: httpx.AsyncClient
    ledger: Ledger
    chance: random.Random
    name: str
    patience: float

    async def work(self, until: float, between: tuple[float, float]) -> None:
        """Begin one thing after another; a call that is refused for long does not hold up the next ones."""
        ways = [self._chat, self._chat, self._chat, self._adjust, self._adjust, self._generate]
        pending: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while time.monotonic() < until:
                if len(pending) < _MOST_PENDING:
                    task = group.create_task(self.chance.choice(ways)(until))
                    pending.add(task)
                    task.add_done_callback(pending.discard)
                await asyncio.sleep(self.chance.uniform(*between))

    async def _chat(self, until: float) -> None:
        made = await self._post("/v1/chat/sessions", until, json={"user_id": self.name})
        if made is None:
            return
        session = made["session_id"]
        self.ledger.sessions[session] = self.name
        path = f"/v1/chat/sessions/{session}/messages"
        fields = {"user_id": self.name, "content": "make it black and white"}
        sent = await self._post(path, until, data=fields, files={"image_file": ("small.png", _picture(self.chance), "image/png")})
        if sent is None:
            self.ledger.unanswered[self.name] += 1
        else:
            self.ledger.accepted.append(Accepted(sent["message_id"], "chat", self.name, f"{path}/{sent['message_id']}"))

    async def _adjust(self, until: float) -> None:
        fields = {"user_id": self.name, "operations": json.dumps([{"op": "grayscale"}])}
        await self._feature("adjust", until, data=fields, files={"image_file": ("small.png", _picture(self.chance), "image/png")})

    async def _generate(self, until: float) -> None:
        await self._feature("image-generate", until, json={"user_id": self.name, "prompt": "a calm sea at night", "size": "256x256"})

    async def _feature(self, name: str, until: float, **body: Any) -> None:
        made = await self._post(f"/v1/features/{name}", until, params={"wait": 0}, **body)
        if made is None:
            self.ledger.unanswered[self.name] += 1
        else:
            task = made["task_id"]
            self.ledger.accepted.append(Accepted(task, name, self.name, f"/v1/features/{name}/status/{task}"))

    async def _post(self, path: str, until: float, **request: Any) -> dict[str, Any] | None:
        """The result once the call is accepted; None when nobody ever said so.  Every try carries the same Idempotency-Key."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        end = max(until, time.monotonic()) + self.patience
        while time.monotonic() < end:
            try:
                answer = await self.http.post(path, headers=headers, **request)
            except httpx.TransportError as error:
                self.ledger.refused[type(error).__name__] += 1
            else:
                if answer.is_success:
                    return dict(answer.json()["result"])
                slug = str(answer.json().get("type", "")).rsplit("/", 1)[-1]
                self.ledger.refused[f"{answer.status_code} {slug}"] += 1
                if answer.status_code not in (409, 429, 500, 502, 503, 504):
                    return None
            await asyncio.sleep(0.5)
        return None


def _picture(chance: random.Random) -> bytes:
    out = BytesIO()
    Image.effect_mandelbrot((64, 64), (-2, -1.5, 1, 1.5), 20).convert("RGB").point(lambda value: (value + chance.randrange(3)) % 256).save(
        out, "PNG"
    )
    return out.getvalue()


# --- a run


@dataclass(frozen=True)
class Plan:
    """One run: how long, how hard, and how long its users keep asking once the faults have stopped."""

    seed: int
    seconds: float
    users: int = 4
    between: tuple[float, float] = (0.5, 1.5)
    patience: float = _PATIENCE_SECONDS


def run_chaos(plan: Plan, keep: Path | None = None) -> Report:
    """One seeded run against a studio of its own.  `keep`: a data folder that stays."""
    with (
        tempfile.TemporaryDirectory(prefix="photofun-chaos-", ignore_cleanup_errors=True) as folder,
        running_studio(keep or Path(folder)) as studio,
    ):
        return asyncio.run(_drive(studio, plan))


async def _drive(studio: Studio, plan: Plan) -> Report:
    chance = random.Random(plan.seed)
    ledger = Ledger()
    faults = Faults(studio, random.Random(chance.random()))
    async with httpx.AsyncClient(base_url=studio.url, timeout=20, trust_env=False) as http:
        until = time.monotonic() + plan.seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(faults.run(plan.seconds))
            for number in range(plan.users):
                one = User(http, ledger, random.Random(chance.random()), f"chaos-{plan.seed}-{number}", plan.patience)
                group.create_task(one.work(until, plan.between))
        report = await check(http, ledger)
    report.seed, report.faults = plan.seed, faults.counts
    return report


def main() -> int:
    """Run the seeds one after another and print the table; 0 when nothing was lost, stuck or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many runs")
    parser.add_argument("--first", type=int, default=1, help="the first run's seed")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the faults last in each run")
    parser.add_argument("--users", type=int, default=4)
    parser.add_argument("--keep", type=Path, help="a data folder to keep, with the logs")
    asked = parser.parse_args()
    reports = []
    for seed in range(asked.first, asked.first + asked.seeds):
        report = run_chaos(Plan(seed, asked.seconds, asked.users), asked.keep and asked.keep.resolve() / str(seed))
        reports.append(report)
        sys.stdout.write(report.told() + "\n")
        sys.stdout.flush()
    sys.stdout.write("\n" + "\n".join([Report.HEAD, *(one.row() for one in reports)]) + "\n")
    return 0 if all(one.is_clean for one in reports) else 1


if __name__ == "__main__":
    raise SystemExit(main())
