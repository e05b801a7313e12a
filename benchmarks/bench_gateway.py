"""How much does the gateway add?  Requests a second at 32 connections beside nginx and a plain FastAPI + httpx proxy, in one run.

Each has one worker and the same backend behind it; rounds are interleaved.  Needs `wrk` and `nginx` (Debian: wrk, nginx-light).
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from peers import free_port, nginx, started

ROUNDS = 3
PATH = "/v1/jobs/0123456789abcdef0123456789abcdef"


def measured(port: int, connections: int) -> tuple[float, float]:
    """Requests a second and the median latency in ms."""
    command = ["wrk", "-t1", f"-c{connections}", "-d2s", "--latency", f"http://127.0.0.1:{port}{PATH}"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])  # type: ignore[index]
    value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", told).groups()  # type: ignore[union-attr]
    return rate, float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def main() -> int:
    if shutil.which("wrk") is None or shutil.which("nginx") is None:
        sys.stderr.write("bench_gateway: install wrk and nginx first (Debian: wrk, nginx-light); nothing was measured\n")
        return 0
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        backend, gateway, plain = free_port(), free_port(), free_port()
        uvicorn = [sys.executable, "-m", "uvicorn", "--log-level", "critical", "--no-access-log", "--port"]
        stack.enter_context(started([*uvicorn, str(backend), "stub_apps:backend"], backend))
        url = f"http://127.0.0.1:{backend}"
        upstreams = dict.fromkeys(("CONVERSATION_URL", "PROMPT_URL", "IMAGING_URL", "GALLERY_URL"), url)
        ours = {
            "PORT": str(gateway),
            "NATS_URL": "nats://127.0.0.1:1",
            "RATE_LIMIT": "1000000000/minute",
            "LOG_LEVEL": "ERROR",
            **upstreams,
        }
        stack.enter_context(started([sys.executable, "-m", "gateway_svc"], gateway, **ours))
        stack.enter_context(started([*uvicorn, str(plain), "--factory", "stub_apps:plain_proxy"], plain, PEER_UPSTREAM=url))
        ports = {"nginx": stack.enter_context(nginx(Path(name), backend)), "gateway": gateway, "FastAPI + httpx": plain, "backend": backend}
        rates: dict[str, list[float]] = {who: [] for who in ports}
        alone: dict[str, list[float]] = {who: [] for who in ports}
        for _ in range(ROUNDS):
            for who, port in ports.items():
                rates[who].append(measured(port, 32)[0])
                alone[who].append(measured(port, 1)[1])
    rate = {who: statistics.median(all_) for who, all_ in rates.items()}
    latency = {who: statistics.median(all_) for who, all_ in alone.items()}
    for who in rate:
        sys.stdout.write(f"{who:<16} {rate[who]:>8.0f} requests/s at 32 connections, p50 {latency[who]:.2f} ms at one\n")
    sys.stdout.write(
        f"gateway: {rate['gateway'] / rate['nginx']:.2f} x nginx, {rate['gateway'] / rate['FastAPI + httpx']:.1f} x FastAPI + httpx, "
        f"adds {latency['gateway'] - latency['backend']:.2f} ms\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
