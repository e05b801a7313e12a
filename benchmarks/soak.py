"""Does anything grow?  `DATA_DIR=… python benchmarks/soak.py --minutes 20`, on a running studio.

Chat messages and adjustments at a fixed rate (half of what the machine can do, see bench_overload.py); every process' memory and
file descriptors are looked at twice a minute.  Exits 1 when a service grew by more than 5 MB in 10 minutes, kept opening files, or a
job did not end well.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import uuid
from collections import defaultdict

import psutil
from loads import Load, Studio, adjust, chat, offered, opened

_LOOK_SECONDS = 30.0
_MOST_GROWTH = 5.0
_MOST_FILES = 5
_WARM_SHARE = 0.25


async def soak(url: str | None, minutes: float, rate: float) -> bool:
    """Whether all stayed flat."""
    people = [f"soak-{uuid.uuid4().hex[:6]}-{number}" for number in range(40)]
    looks: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    async with opened(url) as studio:
        looking = asyncio.create_task(_look(studio, looks))
        loads = [Load(time.monotonic()), Load(time.monotonic())]
        await asyncio.gather(
            offered(studio, chat, rate=rate * 0.7, seconds=minutes * 60, users=people, load=loads[0]),
            offered(studio, adjust, rate=rate * 0.3, seconds=minutes * 60, users=people, load=loads[1]),
        )
        looking.cancel()
    for name, load in zip(("chat", "adjust"), loads, strict=True):
        sys.stdout.write(f"{name}: {load.told()}\n")
    is_flat = not any(load.failed for load in loads)
    for name, seen in sorted(looks.items()):
        warm = [one for one in seen if one[0] >= minutes * 60 * _WARM_SHARE]
        slope = _slope([(at, megabytes) for at, megabytes, _ in warm]) * 600
        files = warm[-1][2] - warm[0][2]
        grew = slope > _MOST_GROWTH or files > _MOST_FILES
        is_flat = is_flat and not (grew and name not in ("nats", "documents"))
        sys.stdout.write(
            f"{name}: {seen[0][1]:.0f} MB, warm {warm[0][1]:.0f} MB, at the end {warm[-1][1]:.0f} MB, {slope:+.1f} MB in 10 min; "
            f"files {warm[0][2]} to {warm[-1][2]}{'  GREW' if grew else ''}\n"
        )
    return is_flat


async def _look(studio: Studio, looks: dict[str, list[tuple[float, float, int]]]) -> None:
    """Note (seconds, MB, open files) of every process and its children, again and again."""
    began = time.monotonic()
    while True:
        for name, process in studio.processes().items():
            try:
                family = [process, *process.children(recursive=True)]
                megabytes = sum(one.memory_info().rss for one in family) / 2**20
                looks[name].append((time.monotonic() - began, megabytes, sum(one.num_fds() for one in family)))
            except psutil.NoSuchProcess:
                continue
        await asyncio.sleep(_LOOK_SECONDS)


def _slope(points: list[tuple[float, float]]) -> float:
    """MB a second, by least squares."""
    middle = sum(at for at, _ in points) / len(points)
    mean = sum(value for _, value in points) / len(points)
    spread = sum((at - middle) ** 2 for at, _ in points)
    return sum((at - middle) * (value - mean) for at, value in points) / spread if spread else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=3.0, help="jobs a second")
    asked = parser.parse_args()
    return 0 if asyncio.run(soak(asked.url, asked.minutes, asked.rate)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
