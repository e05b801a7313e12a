"""How much does the gateway add?  Beside nginx and a plain FastAPI + httpx proxy, in one run, rounds interleaved, medians of them.

Each has one worker and the same backend behind it; the gateway asks for a token and counts every call, the others do neither.  Needs
`wrk` and `nginx` (Debian: wrk, nginx-light).  `--slow` adds 500 slow connections of each kind (a minute).
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import jwt
import psutil
from gateway_slow import slow_clients
from peers import free_port, nginx, started

ROUNDS = 3
MEGABYTES = 10
SMALL, LARGE = "/v1/gallery/0123456789abcdef0123456789abcdef", "/v1/files/large.bin"
SECRET = "a secret of the benchmark, long enough"


def token() -> str:
    now = int(time.time())
    return jwt.encode(
        {"iss": "photofun", "aud": "photofun", "sub": "ann", "type": "access", "iat": now, "exp": now + 3600}, SECRET, "HS256"
    )


def measured(
    port: int, path: str, connections: int, *, seconds: int = 2, script: Path | None = None, bearer: str = ""
) -> tuple[float, float]:
    """Requests a second and the median latency in ms.  Raises when anything but 2xx was answered."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "20s", "-H", f"Authorization: Bearer {bearer}"]
    told = subprocess.run(
        [*command, *(["-s", str(script)] if script else []), f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True
    ).stdout
    if "Non-2xx" in told:
        raise RuntimeError(told)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])  # type: ignore[index]
    value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", told).groups()  # type: ignore[union-attr]
    return rate, float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    if shutil.which("wrk") is None or shutil.which("nginx") is None:
        sys.stderr.write("bench_gateway: install wrk and nginx first (Debian: wrk, nginx-light); nothing was measured\n")
        return 0
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 16_384), most))
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        backend, gateway, plain = free_port(), free_port(), free_port()
        uvicorn = [sys.executable, "-m", "uvicorn", "--log-level", "critical", "--no-access-log", "--port"]
        stack.enter_context(started([*uvicorn, str(backend), "stub_apps:backend"], backend))
        url = f"http://127.0.0.1:{backend}"
        ours = {
            "PORT": str(gateway),
            "NATS_URL": "nats://127.0.0.1:1",
            "RATE_LIMIT": "1000000000/minute",
            "LOG_LEVEL": "ERROR",
            "AUTH_MODE": "required",
            "JWT_SECRET": SECRET,
            "INTERNAL_SECRET": SECRET,
            "FILES_SECRET": SECRET,
            "MAX_CONNECTIONS_PER_PEER": "4000",
            "MAX_CONNECTIONS": "4000",
            **dict.fromkeys(("CONVERSATION_URL", "PROMPT_URL", "IMAGING_URL", "GALLERY_URL"), url),
        }
        process = stack.enter_context(started([sys.executable, "-m", "gateway_svc"], gateway, **ours))
        stack.enter_context(started([*uvicorn, str(plain), "--factory", "stub_apps:plain_proxy"], plain, PEER_UPSTREAM=url))
        ports = {"nginx": stack.enter_context(nginx(folder, backend)), "gateway": gateway, "FastAPI + httpx": plain, "backend": backend}
        say(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; gateway: uvicorn, one worker, token and limits on")
        _throughput(ports)
        _bodies({who: ports[who] for who in ("nginx", "gateway")}, folder, psutil.Process(process.pid))
        if "--slow" in sys.argv:
            for line in slow_clients(gateway, LARGE, token()):
                say(line)
    return 0


def _throughput(ports: dict[str, int]) -> None:
    bearer = token()
    rates: dict[str, list[float]] = {who: [] for who in ports}
    alone: dict[str, list[float]] = {who: [] for who in ports}
    for _ in range(ROUNDS):
        for who, port in ports.items():
            rates[who].append(measured(port, SMALL, 32, bearer=bearer)[0])
            alone[who].append(measured(port, SMALL, 1, bearer=bearer)[1])
    rate = {who: statistics.median(all_) for who, all_ in rates.items()}
    latency = {who: statistics.median(all_) for who, all_ in alone.items()}
    for who in rate:
        say(f"{who:<16} {rate[who]:>8.0f} requests/s at 32 connections, p50 {latency[who]:.2f} ms at one")
    say(
        f"gateway: {rate['gateway'] / rate['nginx']:.2f} x nginx, {rate['gateway'] / rate['FastAPI + httpx']:.1f} x FastAPI + httpx, "
        f"adds {latency['gateway'] - latency['backend']:.2f} ms at one connection"
    )


def _bodies(ports: dict[str, int], folder: Path, process: psutil.Process) -> None:
    """10 MB up and down, eight at a time, and what the gateway's memory does meanwhile."""
    script = folder / "upload.lua"
    script.write_text(
        f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/octet-stream"\nwrk.body = string.rep("x", {MEGABYTES * 2**20})\n'
    )
    bearer = token()
    before = process.memory_info().rss
    down: dict[str, list[float]] = {who: [] for who in ports}
    up: dict[str, list[float]] = {who: [] for who in ports}
    peak = before
    for _ in range(ROUNDS):
        for who, port in ports.items():
            down[who].append(measured(port, LARGE, 8, seconds=3, bearer=bearer)[0] * MEGABYTES)
            up[who].append(measured(port, "/v1/files", 8, seconds=3, script=script, bearer=bearer)[0] * MEGABYTES)
            peak = max(peak, process.memory_info().rss)
    for name, found in (("download", down), ("upload", up)):
        rate = {who: statistics.median(all_) for who, all_ in found.items()}
        say(f"10 MB {name}: gateway {rate['gateway']:.0f} MB/s, nginx {rate['nginx']:.0f} MB/s: {rate['gateway'] / rate['nginx']:.2f} x")
    say(f"memory of the gateway: {before / 2**20:.0f} MB before, {peak / 2**20:.0f} MB at most between the runs")


if __name__ == "__main__":
    raise SystemExit(main())
