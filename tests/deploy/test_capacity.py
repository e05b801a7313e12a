"""Is the capacity model right where mathematics knows the answer?"""

import importlib.util
import json
import math
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("capacity", ROOT / "benchmarks" / "capacity.py")
capacity = importlib.util.module_from_spec(SPEC)
sys.modules["capacity"] = capacity
SPEC.loader.exec_module(capacity)
MEASURED = json.loads((ROOT / "benchmarks" / "capacity.json").read_text("utf-8"))


def erlang_wait(rate, work, servers, share):
    """The waiting time that `share` of the jobs stay below, in an M/M/c queue."""
    offered = rate * work
    blocked = offered**servers / math.factorial(servers) / (1 - offered / servers)
    must_wait = blocked / (sum(offered**n / math.factorial(n) for n in range(servers)) + blocked)
    return max(0.0, math.log(must_wait / (1 - share)) * work / (servers - offered))


@pytest.mark.parametrize(("rate", "servers"), [(8, 1), (36, 4)])
def test_the_simulation_agrees_with_erlang(rate, servers):
    stage = capacity.Stage("one", dict.fromkeys(capacity.MIX, 0.1))

    busy, tail = capacity.simulate([stage], {"one": servers}, rate, jobs=30_000)

    assert busy["one"] == pytest.approx(rate * 0.1 / servers, rel=0.05)
    assert tail == pytest.approx(erlang_wait(rate, 0.1, servers, 0.95), rel=0.25)


@pytest.mark.parametrize("remote", [False, True])
def test_a_plan_keeps_its_promise_at_any_rate(remote):
    plans = [capacity.plan(MEASURED, rate, remote=remote, jobs=4_000) for rate in (10, 100, 10_000)]

    assert all(plan.tail <= capacity.TAIL_SECONDS for plan in plans)
    assert all(small.replicas[name] <= large.replicas[name] for small, large in pairwise(plans) for name in small.replicas)
    assert plans[0].dollars < plans[1].dollars < plans[2].dollars
    assert all(seconds >= 0 for kinds in MEASURED["cpu"].values() for seconds in kinds.values())
