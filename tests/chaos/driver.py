"""What survives when everything goes wrong at random?  `python -m tests.chaos.driver --seeds 1 --seconds 30`.

Starts a studio of its own, lets several users work, hits its processes and lines with seeded faults, keeps a ledger of every 202 and
of every paid call, and asks the checker what became of them.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from .background import Background, background
from .checker import Ledger, Report, check, doubtful_charges
from .faults import Faults
from .provider import running_provider
from .studio import Studio, running_studio
from .work import User

__all__ = ["Plan", "main", "run_chaos"]

_PATIENCE_SECONDS = 75.0


@dataclass(frozen=True)
class Plan:
    """One run: how long, how hard, and how long its users keep asking once the faults have stopped."""

    seed: int
    seconds: float
    users: int = 4
    between: tuple[float, float] = (0.5, 1.5)
    patience: float = _PATIENCE_SECONDS


def run_chaos(plan: Plan, keep: Path | None = None) -> Report:
    """One seeded run against a studio of its own.  `keep`: a data folder that stays."""
    with ExitStack() as stack:
        thread = stack.enter_context(background())
        provider = stack.enter_context(running_provider(thread))
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photofun-chaos-", ignore_cleanup_errors=True)))
        studio = stack.enter_context(running_studio(folder, thread, **provider.settings))
        report = asyncio.run(_drive(studio, thread, plan))
        report.charges, report.second_charges = provider.charges, provider.second_charges
        return report


async def _drive(studio: Studio, thread: Background, plan: Plan) -> Report:
    chance = random.Random(plan.seed)
    ledger = Ledger()
    faults = Faults(studio, thread, random.Random(chance.random()))
    async with httpx.AsyncClient(base_url=studio.url, timeout=20, trust_env=False) as http:
        until = time.monotonic() + plan.seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(faults.run(plan.seconds))
            for number in range(plan.users):
                one = User(http, ledger, random.Random(chance.random()), f"chaos-{plan.seed}-{number}", plan.patience)
                group.create_task(one.work(until, plan.between))
        report = await check(http, ledger)
    report.doubtful_charges = await doubtful_charges(studio.nats_url)
    report.seed, report.faults = plan.seed, faults.counts
    return report


def main() -> int:
    """Run the seeds one after another and print the table; 0 when nothing was lost, stuck, doubled or paid twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many runs")
    parser.add_argument("--first", type=int, default=1, help="the first run's seed")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the faults last in each run")
    parser.add_argument("--users", type=int, default=4)
    parser.add_argument("--keep", type=Path, help="a data folder to keep, with the logs")
    asked = parser.parse_args()
    if asked.keep and any(asked.keep.glob("*/*")):
        parser.error(f"{asked.keep} holds the data of earlier runs, which would be counted again")
    reports = []
    for seed in range(asked.first, asked.first + asked.seeds):
        report = run_chaos(Plan(seed, asked.seconds, asked.users), asked.keep and asked.keep.resolve() / str(seed))
        reports.append(report)
        sys.stdout.write(report.told() + "\n")
        sys.stdout.flush()
    sys.stdout.write("\n" + "\n".join([Report.HEAD, *(one.row() for one in reports)]) + "\n")
    return 0 if all(one.is_clean for one in reports) else 1


if __name__ == "__main__":
    raise SystemExit(main())
