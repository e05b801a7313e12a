"""Is imaging-svc small while it idles, and awake while it works?  The real service beside its own worker processes.

    python benchmarks/bench_imaging.py

Blocks are counted in CPU time of the event loop's own thread, so other programs on the machine do not count.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from asyncio import events
from pathlib import Path
from typing import Any

import httpx
from bench_photo import ROOT, sample
from imaging_svc.codec import encode
from imaging_svc.main import create_app
from imaging_svc.settings import Settings
from peers import free_port, started
from photofun_common.testing.plugin import client_for

IDLE_MB = 120
BLOCK_MS = 50.0


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        nats = [str(Path(sys.executable).with_name("nats-server")), "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", folder]
        with started(nats, port):
            idle = idle_memory(f"nats://127.0.0.1:{port}", folder)
            worst, rounds, late = asyncio.run(two_jobs(f"nats://127.0.0.1:{port}", folder))
    print(f"imaging-svc idle, before first use: {idle:.0f} MB (all its processes)")
    print(f"two jobs at once: the event loop's longest block {worst * 1000:.0f} ms")
    print(f"  /livez answered {rounds} times meanwhile, the slowest in {late * 1000:.0f} ms")
    misses = [name for name, missed in {"idle <= 120 MB": idle > IDLE_MB, "block <= 50 ms": worst * 1000 > BLOCK_MS}.items() if missed]
    print("all figures reached" if not misses else "missed: " + "; ".join(misses))
    return 1 if misses else 0


def idle_memory(nats_url: str, folder: str) -> float:
    """Proportional set size in MB of a fresh service and its children, 5 seconds after it answers."""
    port = free_port()
    environment = {**os.environ, "NATS_URL": nats_url, "DATA_DIR": folder, "IMAGING_PORT": str(port), "LOG_LEVEL": "ERROR"}
    with subprocess.Popen([sys.executable, "-m", "imaging_svc"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end:
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                        break
                except httpx.HTTPError:
                    time.sleep(0.2)
            time.sleep(5)
            return sum(megabytes(pid) for pid in (process.pid, *children(process.pid)))
        finally:
            process.terminate()
            process.wait(30)


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    return [int(child) for child in text.split()]


def megabytes(pid: int) -> float:
    found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8"), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


async def two_jobs(nats_url: str, folder: str) -> tuple[float, int, float]:
    """The longest block in seconds, how often /livez answered meanwhile, and its longest answer in seconds."""
    settings = Settings(_env_file=None, nats_url=nats_url, data_dir=Path(folder), imaging_weights_dir=ROOT / ".weights", log_level="ERROR")
    photo = encode(sample(8), "jpeg").data
    async with client_for(create_app(settings)) as client:

        async def ask(name: str, **fields: str) -> httpx.Response:
            asked = {"user_id": "u", **fields}
            answer: httpx.Response = await client.post(f"/v1/features/{name}?wait=30", data=asked, files={"image_file": photo}, timeout=60)
            return answer

        (await ask("adjust", operations='[{"op": "sepia"}]')).raise_for_status()
        blocks = watched_blocks()
        asked = ask("relight", prompt="warm light from the left"), ask("reimagine", imagination="vivid")
        jobs = [asyncio.create_task(one) for one in asked]
        rounds, late = 0, 0.0
        while not all(job.done() for job in jobs):
            began = time.perf_counter()
            assert (await client.get("/livez")).status_code == 200
            late = max(late, time.perf_counter() - began)
            rounds += 1
            await asyncio.sleep(0.02)
        for job in jobs:
            job.result().raise_for_status()
        return max(blocks), rounds, late


def watched_blocks() -> list[float]:
    """CPU seconds of each turn of the running loop that took more than a millisecond, from now on."""
    blocks = [0.0]
    run = events.Handle._run

    def measured(handle: Any) -> None:
        began = time.thread_time()
        run(handle)
        if (took := time.thread_time() - began) > 0.001:
            blocks.append(took)

    events.Handle._run = measured  # type: ignore[method-assign]  # asyncio has no other place to stand
    return blocks


if __name__ == "__main__":
    sys.exit(main())
