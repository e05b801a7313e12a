"""Two of each service and two gateways against one set of stores, as a cluster would run them."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from photofun_tools.plan import SERVICES

from .balancer import Balancer, balancing
from .stores import Broker, documents, free_port, postgres, valkey

__all__ = ["Cluster", "Replica", "running_cluster"]

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 180.0
_STOP_SECONDS = 30.0


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@dataclass
class Replica:
    """One process of a service.  Its log is kept over restarts."""

    service: str
    number: int
    port: int
    env: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    was_killed: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        package = self.service.removesuffix("-svc") + "_svc"
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", package], cwd=self.log.parent, env=self.env, stdout=out, stderr=out, preexec_fn=_end_with_parent
            )  # fmt: skip

    def wait_ready(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            assert self.process is not None and self.process.poll() is None, f"{self.service} ended: {self.log.read_text()[-2000:]}"
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False).status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"{self.service} {self.number} is not ready: {self.log.read_text()[-2000:]}")

    def signal(self, number: int) -> None:
        self.was_killed = self.was_killed or number == signal.SIGKILL
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def wait_gone(self) -> float:
        """How long it took to leave, in seconds."""
        assert self.process is not None
        started = time.monotonic()
        self.process.wait(_STOP_SECONDS)
        return time.monotonic() - started


@dataclass
class Cluster:
    """What runs, and where."""

    folder: Path
    broker: Broker
    documents: subprocess.Popen[bytes]
    secrets: tuple[str, ...]
    replicas: list[Replica] = field(default_factory=list)
    balancers: dict[str, Balancer] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Both gateways behind one address."""
        return self.balancers["gateway"].url if "gateway" in self.balancers else ""

    def of(self, service: str) -> list[Replica]:
        return [one for one in self.replicas if one.service == service]

    @contextmanager
    def more(self, service: str, settings: Mapping[str, str], *, count: int) -> Iterator[list[str]]:
        """Further replicas with other settings, outside the rotation; their addresses."""
        own = "PORT" if service == "gateway" else f"{_short(service)}_PORT"
        before = self.of(service)[0]
        ports = [free_port() for _ in range(count)]
        further = [
            Replica(
                service, port, port, before.env | settings | {own: str(port), "METRICS_PORT": ""}, self.folder / f"{service}-{port}.log"
            )
            for port in ports
        ]
        for one in further:
            one.start()
        try:
            for one in further:
                one.wait_ready()
            yield [one.url for one in further]
        finally:
            for one in further:
                one.signal(signal.SIGKILL)
                one.wait_gone()

    def logs(self) -> str:
        return "".join(one.log.read_text(errors="replace") for one in self.replicas)

    def replace(self, *leaving: Replica) -> list[float]:
        """What a rolling update does with these: out of rotation, SIGTERM, a new one on the same port, ready, in rotation again.
        How many seconds each took to leave."""
        for one in leaving:
            self.balancers[one.service].take_out(one.port)
            one.signal(signal.SIGTERM)
        spent = [one.wait_gone() for one in leaving]
        for one in leaving:
            one.start()
        for one in leaving:
            one.wait_ready()
            self.balancers[one.service].put_in(one.port)
        return spent


@contextmanager
def running_cluster(settings: Mapping[str, str], *, copies: int = 2, services: tuple[str, ...] = SERVICES) -> Iterator[Cluster]:
    """Start everything, yield it, stop everything.  `settings` go to every service on top of what a cluster needs."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photofun-replicas-", dir="/tmp", ignore_cleanup_errors=True)))
        folder.chmod(0o755)
        broker = stack.enter_context(Broker(folder / "nats").running())
        mongo, documents_process = stack.enter_context(documents(folder / "documents"))
        database = stack.enter_context(postgres()) if "gallery-svc" in services else ""
        counts = stack.enter_context(valkey(folder / "valkey")) if "gateway" in services else ""
        loop = stack.enter_context(balancing())
        inner, files = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        cluster = Cluster(folder, broker, documents_process, (inner, files))
        ports = {service: [free_port() for _ in range(copies)] for service in services}
        cluster.balancers.update({service: Balancer(loop, ports[service]) for service in services})
        for balancer in cluster.balancers.values():
            stack.callback(balancer.close)
        foreign = (
            "NATS_URL",
            "MONGO_URI",
            "DATABASE_URL",
            "STORAGE_URL",
            "GEMINI_API_KEY",
            "FREEPIK_API_KEY",
            "OPENAI_API_KEY",
            "AUTH_MODE",
        )
        shared = {
            **{name: value for name, value in os.environ.items() if name not in foreign},
            "DATA_DIR": str(folder / "data"), "STORAGE_URL": f"file://{folder}/data/files",
            "INTERNAL_SECRET": inner, "FILES_SECRET": files,
            "IMAGING_WEIGHTS_DIR": os.environ.get("IMAGING_WEIGHTS_DIR", str(ROOT / ".weights")), "IMAGING_WORKERS": "1",
            "MONGO_URI": mongo, "DATABASE_URL": database, "RATE_LIMIT_STORE": counts, "PUBLIC_URL": cluster.url or "http://localhost",
            **{f"{_short(one)}_URL": cluster.balancers[one].url for one in services if one != "gateway"},
            **settings,
        }  # fmt: skip
        (folder / "data").mkdir()
        for number in range(copies):
            for service in services:
                port = ports[service][number]
                own = {"PORT" if service == "gateway" else f"{_short(service)}_PORT": str(port), "NATS_URL": broker.url(service)}
                cluster.replicas.append(Replica(service, number, port, shared | own, folder / f"{service}-{number}.log"))
        stack.callback(_stop, cluster)
        for one in cluster.replicas:
            one.start()
        for one in cluster.replicas:
            one.wait_ready()
        yield cluster


def _stop(cluster: Cluster) -> None:
    for number in (signal.SIGCONT, signal.SIGTERM, signal.SIGTERM):  # the second one skips the drain
        for one in cluster.replicas:
            one.signal(number)
        time.sleep(0.05)
    for one in cluster.replicas:
        if one.process is not None:
            try:
                one.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()


def _short(service: str) -> str:
    return service.removesuffix("-svc").upper()
