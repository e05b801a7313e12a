"""How does a run get a studio of its own?  Real processes on free ports, each line between them through a link."""

from __future__ import annotations

import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from .background import Background
from .links import Link

__all__ = ["ROOT", "SERVICES", "Studio", "running_studio"]

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc")
_OFFSETS = (0, 1, 2, 3, 4, 22, 27)
_KEPT_VARIABLES = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV")
_STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Studio:
    url: str
    data_dir: Path
    nats_url: str
    links: dict[str, Link] = field(default_factory=dict)

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
def running_studio(data_dir: Path, thread: Background, **settings: str) -> Iterator[Studio]:
    """A studio on free ports; nothing of it is left afterwards.  Raises RuntimeError when it does not start or does not end.

    `settings` are variables; FREEPIK_BASE_URL gets a link too.
    """
    base = _free_base()
    with ExitStack() as stack:
        links = _links(base, settings.get("FREEPIK_BASE_URL"))
        for link in links.values():
            thread.run(link.start())
            stack.callback(lambda one=link: thread.run(one.aclose()))
        environ = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        environ |= {
            "PORT": str(base), "PORT_BASE": str(base), "DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1",
            "RATE_LIMIT": "1000000/minute", "RATE_LIMIT_GENERATE": "1000000/minute", **settings,
            "CHAOS_ENV": json.dumps(_through(links)),
        }  # fmt: skip
        runner = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.linked"],
            cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=_end_with_parent,
        )  # fmt: skip
        studio = Studio(f"http://127.0.0.1:{base}", data_dir, f"nats://127.0.0.1:{base + 22}", links)
        try:
            _await_ready(runner)
            yield studio
        finally:
            _stop(runner, studio)


def _links(base: int, provider: str | None) -> dict[str, Link]:
    """A link for each line: gateway to services, services to NATS, to the documents and to the paid provider."""
    links = [Link(f"gateway>{name}", base + number) for number, name in enumerate(SERVICES) if number]
    links += [Link(f"{name}>nats", base + 22) for name in SERVICES]
    links += [Link("conversation-svc>documents", base + 27)]
    if provider is not None:
        links += [Link("imaging-svc>provider", int(provider.rsplit(":", 1)[1]))]
    return {link.name: link for link in links}


def _through(links: dict[str, Link]) -> dict[str, dict[str, str]]:
    """The variables that lead each process through its links."""
    at = {name: f"127.0.0.1:{link.listens}" for name, link in links.items()}
    found: dict[str, dict[str, str]] = {name: {"NATS_URL": f"nats://{at[f'{name}>nats']}"} for name in SERVICES}
    for name in SERVICES[1:]:
        found["gateway"][f"{name.removesuffix('-svc').upper()}_URL"] = f"http://{at[f'gateway>{name}']}"
    documents = at["conversation-svc>documents"]
    found["conversation-svc"]["MONGO_URI"] = f"mongodb://{documents}/photofun?directConnection=true&w=1&journal=true&retryWrites=false"
    if "imaging-svc>provider" in at:
        found["imaging-svc"]["FREEPIK_BASE_URL"] = f"http://{at['imaging-svc>provider']}"
    return found


def _await_ready(runner: subprocess.Popen[str]) -> None:
    assert runner.stdout is not None
    told: deque[str] = deque(maxlen=60)
    for line in runner.stdout:
        told.append(line)
        if "is ready" in line:
            return
    raise RuntimeError(f"the studio did not start:\n{''.join(told)}")


def _stop(runner: subprocess.Popen[str], studio: Studio) -> None:
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
