"""The real studio, started once on free ports in a temporary folder by the same runner that people use."""

from __future__ import annotations

import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from photofun_common.testing.collector import Collector, collecting

from .support import ROOT, Person, PictureServer

_OFFSETS = (0, 1, 2, 3, 4, 22, 27)
_FOREIGN = ("NATS_URL", "MONGO_URI", "DATABASE_URL", "STORAGE_URL", "PUBLIC_URL", "GEMINI_API_KEY", "GEMINI_API_KEYS", "FREEPIK_API_KEY")
_MORE = ("OPENAI_API_KEY", "CLOUDINARY_URL", "AUTH_MODE", "IMAGE_ROUTING", "NATS_PORT", "DOCUMENTS_PORT", "API_KEYS_FILE")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("studio"))


@dataclass(frozen=True)
class Studio:
    """A running studio: where it answers and what it wrote down."""

    url: str
    data_dir: Path
    environ: dict[str, str]

    @property
    def processes(self) -> dict[str, dict[str, Any]]:
        """What run.json says now."""
        return dict(json.loads((self.data_dir / "run.json").read_text()))

    def pid(self, name: str) -> int:
        return int(self.processes[name]["pid"])


def _free_base() -> int:
    for _ in range(200):
        base = random.randrange(20000, 32000, 50)
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


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Takes the traces of the whole run."""
    with collecting() as found:
        yield found


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Studio]:
    if "E2E_URL" in os.environ:  # one that runs already (its RATE_LIMIT must be high)
        yield Studio(os.environ["E2E_URL"], Path(os.environ["E2E_DATA_DIR"]), {})
        return
    with running_studio(tmp_path_factory.mktemp("studio"), collector) as found:
        yield found


@contextmanager
def running_studio(data_dir: Path, collector: Collector | None = None, **settings: str) -> Iterator[Studio]:
    """A studio of its own with these settings; `{base}` in one is the gateway's port.  Leaves nothing running."""
    base = _free_base()
    environ = {name: value for name, value in os.environ.items() if name not in _FOREIGN + _MORE}
    environ |= {
        "PORT": str(base), "PORT_BASE": str(base), "DATA_DIR": str(data_dir),
        "RATE_LIMIT": "100000/minute", "RATE_LIMIT_GENERATE": "100000/minute",
        "ALLOW_PRIVATE_IMAGE_HOSTS": "true", "PYTHONUNBUFFERED": "1",
        **({"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"} if collector else {}),
        **{name: value.format(base=base) for name, value in settings.items()},
    }  # fmt: skip
    runner = subprocess.Popen(
        [sys.executable, "-m", "photofun_tools.studio", "run"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_end_with_parent,
    )
    assert runner.stdout is not None
    told = []
    for line in runner.stdout:
        told.append(line)
        if "is ready" in line:
            break
    else:
        pytest.fail(f"the studio did not start:\n{''.join(told)}", pytrace=False)
    found = Studio(f"http://127.0.0.1:{base}", data_dir, environ)
    pids = []
    with suppress(psutil.NoSuchProcess):
        pids = psutil.Process(runner.pid).children(recursive=True)

    yield found

    with suppress(psutil.NoSuchProcess):
        pids += psutil.Process(runner.pid).children(recursive=True)
    runner.send_signal(signal.SIGINT)
    rest = runner.communicate(timeout=60)[0]
    assert runner.returncode == 0, rest
    left = [one for one in pids if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert not left, f"left running: {left}"


@pytest.fixture(scope="session")
def http(studio: Studio) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=studio.url, timeout=40, trust_env=False) as client:
        yield client


@pytest.fixture
def person(http: httpx.Client) -> Person:
    return Person(http)


@pytest.fixture(scope="session")
def pictures() -> Iterator[PictureServer]:
    server = PictureServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A real photo."""
    found = sorted((ROOT / "imaging-svc" / "tests" / "data" / "photos").glob("*.jpg"))
    assert found, "the photos of imaging-svc's tests are missing"
    return found[0].read_bytes()
