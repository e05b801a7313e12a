"""How many replicas, and at what cost, for 10, 100, 1,000 and 10,000 jobs a second?  And what gives way first?

`capacity.py measure` drives a running studio (DATA_DIR says which) and writes benchmarks/capacity.json: CPU per job in every process,
writes at the broker.  `capacity.py` sizes each stage for the given rates, lets a discrete-event simulation (simpy) check the tail of
the waiting time, and prints the tables of docs/capacity.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simpy

HERE = Path(__file__).parent
MEASURED = HERE / "capacity.json"
RATES = (10, 100, 1_000, 10_000)
MIX = {"adjust": 0.55, "generate": 0.20, "remove-background": 0.15, "upscale": 0.05, "talk": 0.05}
SAID = {
    "adjust": "make it black and white",
    "generate": "create a sunset over mountains",
    "remove-background": "remove the background",
    "upscale": "upscale it",
    "talk": "thanks!",
}
SERVICES = ("gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc")
BUSY = 0.65  # how busy a stage may be on average
_IDLE_SECONDS = 5.0
_CELL = 100.0  # jobs a second that are simulated at once; more is so many cells side by side, which is on the safe side
TAIL_SECONDS = 1.0  # what all waiting together may cost at the 95th percentile, beyond the work itself


@dataclass(frozen=True)
class Prices:
    """Assumptions, in dollars; change them for your cloud."""

    core_hour: float = 0.04
    gigabyte_hour: float = 0.005
    remote_picture: float = 0.04


@dataclass(frozen=True)
class Shape:
    """How a replica is cut, and how much one server of a store takes.  Store figures: shared/servers.md, measured here on two cores;
    those of real MongoDB and PostgreSQL are assumptions, marked so in docs/capacity.md."""

    cores: dict[str, int]
    memory: dict[str, float]
    broker_writes: float = 1_900.0
    document_writes: float = 10_000.0
    rows: float = 5_000.0


SHAPE = Shape(
    cores={"gateway": 1, "conversation-svc": 1, "prompt-svc": 1, "imaging-svc": 2, "gallery-svc": 1},
    memory={"gateway": 0.25, "conversation-svc": 0.25, "prompt-svc": 0.4, "imaging-svc": 2.0, "gallery-svc": 0.4},
)


# --- measuring


def measure(jobs: int) -> dict[str, Any]:
    """CPU seconds a job costs in every process, for each kind of job, and what it writes at the broker."""
    import httpx
    import psutil

    data = Path(os.environ["DATA_DIR"])
    run = json.loads((data / "run.json").read_text())
    base = f"http://127.0.0.1:{run['gateway']['port']}"
    processes = {name: psutil.Process(entry["pid"]) for name, entry in run.items()}
    photo = next((HERE.parent / "imaging-svc/tests/data/photos").glob("chelsea.jpg")).read_bytes()

    def cpu() -> dict[str, float]:
        spent = {}
        for name, process in processes.items():
            family = [process, *process.children(recursive=True)]
            spent[name] = sum(sum(one.cpu_times()[:2]) for one in family)
        return spent

    def sent(http: Any, chat: str, kind: str) -> str:
        fields = {"user_id": "capacity", "content": SAID[kind]}
        if kind in ("generate", "talk"):
            answer = http.post(chat, json=fields)
        else:
            answer = http.post(chat, data=fields, files={"image_file": ("a.jpg", photo, "image/jpeg")})
        return str(answer.json()["result"]["message_id"])

    found: dict[str, Any] = {"cpu": {}, "seconds": {}, "writes": {}}
    windows = []
    for _ in range(3):
        before = cpu()
        time.sleep(_IDLE_SECONDS)
        windows.append({name: (spent - before[name]) / _IDLE_SECONDS for name, spent in cpu().items()})
    idle = {name: min(window[name] for window in windows) for name in processes}
    with httpx.Client(base_url=base, timeout=60, trust_env=False) as http:
        for kind in SAID:
            opened = http.post("/v1/chat/sessions", json={"user_id": "capacity"}).json()["result"]["session_id"]
            chat = f"/v1/chat/sessions/{opened}/messages"
            before, written, began, took = cpu(), _writes(run), time.monotonic(), []
            for _ in range(jobs):
                started = time.monotonic()
                _ended(http, chat, sent(http, chat, kind))
                took.append(time.monotonic() - started)
            time.sleep(1)
            spent, wall = cpu(), time.monotonic() - began
            net = {name: max(0.0, spent[name] - before[name] - idle[name] * wall) / jobs for name in spent}
            found["cpu"][kind] = {name: round(seconds, 5) for name, seconds in net.items()}
            found["writes"][kind] = round((_writes(run) - written) / jobs, 1)
            found["seconds"][kind] = round(statistics.median(took), 3)
    return found


def _ended(http: Any, chat: str, message: str) -> None:
    while http.get(f"{chat}/{message}", params={"user_id": "capacity"}).json()["result"]["status"] == "PROCESSING":
        time.sleep(0.25)


def _writes(run: dict[str, Any]) -> int:
    """Messages stored in all streams so far."""
    import asyncio

    import nats

    async def ask() -> int:
        client = await nats.connect(f"nats://127.0.0.1:{run['nats']['port']}")
        try:
            return sum(one.state.last_seq for one in await client.jetstream().streams_info())
        finally:
            await client.close()

    return asyncio.run(ask())


# --- sizing


@dataclass(frozen=True)
class Stage:
    """A queue with servers: `work` is the seconds of one server that a job of each kind takes (0: it does not come here)."""

    name: str
    work: dict[str, float]
    per_replica: float = 1.0

    def mean(self) -> float:
        return sum(share * self.work[kind] for kind, share in MIX.items())

    def replicas(self, rate: float) -> int:
        return max(2, math.ceil(rate * self.mean() / BUSY / self.per_replica))


def stages(measured: dict[str, Any], *, remote: bool) -> list[Stage]:
    """The way of a job.  `remote`: pictures are made by a provider, imaging-svc fetches, checks, stores and encodes them."""
    found = []
    for name in SERVICES:
        work = {kind: measured["cpu"][kind][name] for kind in MIX}
        if name == "imaging-svc" and remote:
            work = {kind: seconds if kind == "talk" else min(seconds, measured["cpu"]["adjust"][name]) for kind, seconds in work.items()}
        found.append(Stage(name, work, SHAPE.cores[name]))
    found.append(Stage("NATS stream", {kind: measured["writes"][kind] / SHAPE.broker_writes for kind in MIX}))
    found.append(Stage("MongoDB shard", dict.fromkeys(MIX, 3 / SHAPE.document_writes)))
    found.append(Stage("PostgreSQL primary", {kind: 0.0 if kind == "talk" else 1 / SHAPE.rows for kind in MIX}))
    return found


def simulate(way: list[Stage], servers: dict[str, int], rate: float, *, jobs: int, seed: int = 1) -> tuple[dict[str, float], float]:
    """Let so many jobs arrive by chance (Poisson; work varies exponentially): how busy each stage was, and the waiting of a job in all
    stages together, 95th percentile in seconds."""
    chance, world = random.Random(seed), simpy.Environment()
    desks = {stage.name: simpy.Resource(world, capacity=servers[stage.name]) for stage in way}
    busy = dict.fromkeys(servers, 0.0)
    waited: list[float] = []

    def job(kind: str) -> Iterator[Any]:
        waiting = 0.0
        for stage in way:
            if stage.work[kind] == 0:
                continue
            came = world.now
            with desks[stage.name].request() as turn:
                yield turn
                waiting += world.now - came
                work = chance.expovariate(1 / stage.work[kind])
                busy[stage.name] += work
                yield world.timeout(work)
        waited.append(waiting)

    def arrivals() -> Iterator[Any]:
        for kind in chance.choices(list(MIX), list(MIX.values()), k=jobs):
            world.process(job(kind))
            yield world.timeout(chance.expovariate(rate))

    world.process(arrivals())
    world.run()
    return {name: spent * rate / jobs / servers[name] for name, spent in busy.items()}, statistics.quantiles(waited, n=20)[18]


@dataclass(frozen=True)
class Plan:
    """What a rate needs: replicas and servers a stage, how busy they are, the tail of the waiting, dollars an hour."""

    rate: float
    replicas: dict[str, int]
    busy: dict[str, float]
    tail: float
    dollars: float


def plan(measured: dict[str, Any], rate: float, *, remote: bool, prices: Prices = Prices(), jobs: int | None = None) -> Plan:
    """Size every stage, then let the simulation ask for more where people would wait too long."""
    way = stages(measured, remote=remote)
    replicas = {stage.name: stage.replicas(rate) for stage in way}
    for _ in range(20):
        share = min(1.0, _CELL / rate)
        servers = {stage.name: max(1, round(replicas[stage.name] * stage.per_replica * share)) for stage in way}
        busy, tail = simulate(way, servers, rate * share, jobs=jobs or max(4_000, int(rate * share * 200)))
        if tail <= TAIL_SECONDS:
            break
        worst = max(busy, key=lambda name: busy[name])
        replicas[worst] += max(1, replicas[worst] // 10)
    hour = sum(replicas[name] * (SHAPE.cores[name] * prices.core_hour + SHAPE.memory[name] * prices.gigabyte_hour) for name in SERVICES)
    stores = 3 * sum(replicas[name] for name in ("NATS stream", "MongoDB shard", "PostgreSQL primary")) / 2
    hour += stores * (2 * prices.core_hour + 4 * prices.gigabyte_hour)
    if remote:
        hour += rate * 3600 * (1 - MIX["talk"]) * prices.remote_picture
    return Plan(rate, replicas, busy, tail, hour)


def first_to_give_way(measured: dict[str, Any], *, remote: bool) -> list[tuple[str, float]]:
    """Jobs a second that one unit of each stage takes at most, the weakest first."""
    way = stages(measured, remote=remote)
    return sorted(((stage.name, stage.per_replica / stage.mean()) for stage in way), key=lambda row: row[1])


def report(measured: dict[str, Any]) -> str:
    lines = []
    for remote in (False, True):
        lines += [f"### {'Pictures by a provider' if remote else 'Pictures by the local engine'}", ""]
        plans = [plan(measured, rate, remote=remote) for rate in RATES]
        lines += ["| | " + " | ".join(f"{rate:,} jobs/s" for rate in RATES) + " |", "|---|" + "---|" * len(RATES)]
        for name in plans[0].replicas:
            row = [f"{one.replicas[name]:,} ({one.busy[name] * 100:.0f} %)" for one in plans]
            lines.append(f"| {name} | " + " | ".join(row) + " |")
        lines.append("| waiting, 95th percentile | " + " | ".join(f"{one.tail * 1000:.0f} ms" for one in plans) + " |")
        lines.append("| dollars an hour | " + " | ".join(f"{one.dollars:,.2f}" for one in plans) + " |")
        lines.append("| dollars a thousand jobs | " + " | ".join(f"{one.dollars / one.rate / 3.6:.4f}" for one in plans) + " |")
        lines += ["", "One unit of each takes at most, the weakest first: "]
        lines[-1] += ", ".join(f"{name} {most:,.1f}/s" for name, most in first_to_give_way(measured, remote=remote)) + ".\n"
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("report", "measure"), default="report")
    parser.add_argument("--jobs", type=int, default=12, help="of each kind, to measure with")
    given = parser.parse_args()
    if given.what == "measure":
        MEASURED.write_text(json.dumps(measure(given.jobs), indent=1) + "\n")
    print(report(json.loads(MEASURED.read_text())))


if __name__ == "__main__":
    main()
