"""What runs where?  The processes of an embedded studio: their ports, commands and environment."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["SERVICES", "PlanError", "Process", "Studio", "plan_studio"]

PORT, PORT_BASE, NATS_PORT, DOCUMENTS_PORT = 9999, 9100, 4222, 27017
SERVICES = ("gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc")
_SECRETS = ("INTERNAL_SECRET", "FILES_SECRET")
_DOCUMENTS_QUERY = "photofun?directConnection=true&w=1&journal=true&retryWrites=false"
"""SecantusDB looks through every retryable write of the last half hour at each write (seen: 4 ms, then 21 ms); ours are safe to repeat."""


class PlanError(Exception):
    """The settings do not make a studio; the message says which one and why."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process: `env` is what the runner sets on top of its own environment."""

    name: str
    port: int
    cmd: list[str]
    cwd: Path
    env: dict[str, str] = field(default_factory=dict)
    has_http: bool = True
    port_variable: str = "PORT_BASE"
    stop_seconds: int = 13


@dataclass(frozen=True, slots=True)
class Studio:
    """Everything the runner needs to know, worked out once."""

    root: Path
    data_dir: Path
    port: int
    processes: tuple[Process, ...]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

    @property
    def run_file(self) -> Path:
        return self.data_dir / "run.json"

    @property
    def own(self) -> Path:
        """Where the process manager keeps its configuration."""
        return self.data_dir / "supervisor"


def plan_studio(environ: Mapping[str, str], root: Path) -> Studio:
    """The studio that these variables describe.  Writes nothing but the secrets file.  Raises PlanError."""
    base = _port(environ, "PORT_BASE", PORT_BASE)
    port = _port(environ, "PORT", PORT)
    nats_port = _port(environ, "NATS_PORT", NATS_PORT if base == PORT_BASE else base + 22)
    documents_port = _port(environ, "DOCUMENTS_PORT", DOCUMENTS_PORT if base == PORT_BASE else base + 27)
    data_dir = (root / Path(environ.get("DATA_DIR") or ".data").expanduser()).resolve()
    data_dir.mkdir(parents=True, exist_ok=True)

    ports = {name: base + index for index, name in enumerate(SERVICES)} | {"gateway": port}
    urls = {f"{_short(name)}_URL": f"http://127.0.0.1:{number}" for name, number in ports.items() if name != "gateway"}
    env = {
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "PUBLIC_URL": environ.get("PUBLIC_URL") or f"http://localhost:{port}",
        "NATS_URL": environ.get("NATS_URL") or f"nats://127.0.0.1:{nats_port}",
        "MONGO_URI": environ.get("MONGO_URI") or f"mongodb://127.0.0.1:{documents_port}/{_DOCUMENTS_QUERY}",
        "IMAGING_WEIGHTS_DIR": environ.get("IMAGING_WEIGHTS_DIR") or str(root / ".weights"),
        **{name: environ.get(name) or url for name, url in urls.items()},
        **{f"{_short(name)}_PORT": str(number) for name, number in ports.items() if name != "gateway"},
        **_secrets_of(environ, data_dir),
    }
    processes: list[Process] = []
    if not environ.get("NATS_URL"):
        processes.append(_nats(data_dir, nats_port))
    if not environ.get("MONGO_URI"):
        processes.append(_documents(data_dir, documents_port))
    processes += [_service(name, ports[name], root, env) for name in SERVICES]
    taken: dict[int, str] = {}
    for process in processes:
        if process.port in taken:
            raise PlanError(f"{process.name} and {taken[process.port]} would share port {process.port}: set PORT or PORT_BASE")
        taken[process.port] = process.name
    return Studio(root, data_dir, port, tuple(processes))


def _short(name: str) -> str:
    return name.removesuffix("-svc").upper()


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65500:
        raise PlanError(f"{name} must be a port number between 1 and 65500, not {text!r}")
    return int(text)


def _service(name: str, port: int, root: Path, env: dict[str, str]) -> Process:
    package = f"{_short(name).lower()}_svc"
    return Process(
        name, port, [sys.executable, "-m", package], root, env, port_variable="PORT" if name == "gateway" else "PORT_BASE"
    )  # fmt: skip


def _nats(data_dir: Path, port: int) -> Process:
    store = data_dir / "nats"
    store.mkdir(exist_ok=True)
    config = store / "nats.conf"
    config.write_text(
        f"listen: 127.0.0.1:{port}\nserver_name: photofun\nmax_payload: 1MB\n"
        f"jetstream {{\n  store_dir: {json.dumps(str(store))}\n  max_mem: 256MB\n  max_file: 16GB\n  sync_interval: always\n}}\n"
    )
    command = [_beside_python("nats-server"), "-c", str(config)]
    return Process("nats", port, command, data_dir, has_http=False, port_variable="NATS_PORT", stop_seconds=6)


def _documents(data_dir: Path, port: int) -> Process:
    store = data_dir / "documents"
    store.mkdir(exist_ok=True)
    command = [
        sys.executable, _beside_python("secantusd-py"), "--host", "127.0.0.1", "--port", str(port), "--storage-path", str(store),
        "--sync-on-commit", "--cache-size", "256M",
    ]  # fmt: skip
    return Process("documents", port, command, data_dir, has_http=False, port_variable="DOCUMENTS_PORT", stop_seconds=12)


def _beside_python(command: str) -> str:
    path = Path(sys.executable).parent / command
    if not path.exists():
        raise PlanError(f"{command} is not installed beside {sys.executable}: run `make install`, or set NATS_URL and MONGO_URI")
    return str(path)


def _secrets_of(environ: Mapping[str, str], data_dir: Path) -> dict[str, str]:
    """Secrets made once and kept for the owner's eyes, unless the environment brings them."""
    path = data_dir / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = {name: secrets.token_urlsafe(32) for name in _SECRETS if name not in kept}
    if missing:
        kept |= missing
        draft = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(kept, file)
        draft.replace(path)
    return {name: environ.get(name) or kept[name] for name in _SECRETS}
