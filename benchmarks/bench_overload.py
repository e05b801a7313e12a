"""What does ten times too much work do?  `python benchmarks/bench_overload.py`, on a running studio.

Finds the peak goodput by raising the rate, offers ten times that, and looks how soon the quiet latency is back.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import uuid

from loads import Load, adjust, chat, offered, opened, quantile

KINDS = {"chat": chat, "adjust": adjust}
_STEP_SECONDS = 10.0
_QUIET_RATE = 2.0


async def measure(url: str | None, kind: str, seconds: float) -> None:
    job, run = KINDS[kind], uuid.uuid4().hex[:6]
    people = [f"crowd-{run}-{number}" for number in range(400)]
    async with opened(url) as studio:
        await offered(studio, job, rate=_QUIET_RATE, seconds=4, users=people)
        quiet = await offered(studio, job, rate=_QUIET_RATE, seconds=_STEP_SECONDS, users=people)
        peak = 0.0
        for rate in (4, 8, 12, 16, 24, 32):
            load = await offered(studio, job, rate=rate, seconds=_STEP_SECONDS, users=people)
            done = load.done_per_second(2, _STEP_SECONDS)
            sys.stdout.write(f"{kind} at {rate}/s: {done:.1f} good a second; {load.told()}\n")
            if done < peak * 1.05:
                break
            peak = max(peak, done)
        over = Load(time.monotonic())
        overload = asyncio.create_task(offered(studio, job, rate=peak * 10, seconds=seconds, users=people, load=over))
        await asyncio.sleep(seconds)
        after = await offered(studio, job, rate=_QUIET_RATE, seconds=20, users=people)
        await overload
    goodput = over.done_per_second(min(5.0, seconds / 4), seconds)
    sys.stdout.write(f"ten times the peak: {over.told()}; refusals without Retry-After {over.without_retry_after}\n")
    sys.stdout.write(f"goodput {goodput:.1f} a second, {goodput / peak:.0%} of the peak {peak:.1f}\n")
    before = quantile(quiet.seconds(), 0.95)
    for since in (0, 5, 10, 15):
        sys.stdout.write(
            f"p95 {since} to {since + 5} s after it: {quantile(after.seconds(since, since + 5), 0.95):.2f} s (quiet {before:.2f} s)\n"
        )
    sys.stdout.write(f"after it: {after.told()}\n")


def main() -> int:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a TextIOWrapper
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--kind", choices=sorted(KINDS), default="chat")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the overload lasts")
    asked = parser.parse_args()
    asyncio.run(measure(asked.url, asked.kind, asked.seconds))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
