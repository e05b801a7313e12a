"""Does one person's flood slow the others down?  `python benchmarks/bench_fairness.py`, on a running studio.

Ten people each ask for something now and then; then the same again while one person asks for 50 things a second.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import uuid

from loads import Load, adjust, chat, offered, opened, quantile

KINDS = {"chat": chat, "adjust": adjust}


async def measure(url: str | None, kind: str, seconds: float) -> None:
    job, run = KINDS[kind], uuid.uuid4().hex[:6]
    people = [f"calm-{run}-{number}" for number in range(10)]
    async with opened(url) as studio:
        await offered(studio, job, rate=2, seconds=5, users=people)
        quiet = await offered(studio, job, rate=2, seconds=seconds, users=people)
        flood = asyncio.create_task(offered(studio, job, rate=50, seconds=seconds + 4, users=[f"flood-{run}"]))
        await asyncio.sleep(2)
        busy = await offered(studio, job, rate=2, seconds=seconds, users=people)
        flooded = await flood
    for name, load in (("quiet", quiet), ("beside a flood", busy), ("the flood itself", flooded)):
        sys.stdout.write(f"{kind}, {name}: {load.told()}\n")
    ratio = _p95(busy) / _p95(quiet)
    sys.stdout.write(f"the others' p95 is {ratio:.2f} x what it was\n")


def _p95(load: Load) -> float:
    return quantile(load.seconds(), 0.95)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--kind", choices=sorted(KINDS), default="adjust")
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    asyncio.run(measure(asked.url, asked.kind, asked.seconds))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
