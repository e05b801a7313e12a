"""Are repeats kept to a tenth, is a broken provider left alone and tried again, and does it slow no other?"""

from __future__ import annotations

import asyncio

import pytest
from imaging_svc.domain import LaneFullError
from imaging_svc.engines.breaker import Breaker
from imaging_svc.engines.failures import ProviderDownError
from imaging_svc.engines.gate import Gate, RetryBudget
from imaging_svc.lanes import Lanes


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_of_a_minutes_calls_at_most_a_tenth_are_repeated() -> None:
    clock = Clock()
    budget = RetryBudget(clock=clock)
    repeats = 0
    for _ in range(50):
        budget.called()
        if not budget.is_spent:
            budget.repeated()
            repeats += 1

    assert repeats == 5


def test_a_quiet_studio_may_repeat_once_a_minute() -> None:
    clock = Clock()
    budget = RetryBudget(clock=clock)
    budget.called()
    assert not budget.is_spent
    budget.repeated()
    assert budget.is_spent

    clock.now += 61

    assert not budget.is_spent


async def test_an_open_breaker_lets_one_probe_through_and_a_good_one_closes_it() -> None:
    clock = Clock()
    gate = Gate("X", 100_000, breaker=Breaker("X", clock=clock))
    for _ in range(5):
        await gate.enter()
        gate.note(ok=False)
    with pytest.raises(ProviderDownError) as caught:
        await gate.enter()
    assert gate.state == "open"
    assert caught.value.retry_after == 10

    clock.now += 10
    assert gate.state == "half-open"
    await gate.enter()
    with pytest.raises(ProviderDownError):
        await gate.enter()

    gate.note(ok=True)
    assert gate.state == "closed"
    await gate.enter()


async def test_a_bad_probe_keeps_it_open() -> None:
    clock = Clock()
    gate = Gate("X", 100_000, breaker=Breaker("X", clock=clock))
    for _ in range(5):
        gate.note(ok=False)
    clock.now += 10
    await gate.enter()
    gate.note(ok=False)

    with pytest.raises(ProviderDownError):
        await gate.enter()


async def test_a_slow_engine_takes_no_place_of_another() -> None:
    lanes = Lanes(1, per_user=50)
    never = asyncio.Event()

    async def hang(number: int) -> None:
        async with lanes.of("freepik").place(f"user{number}"):
            await never.wait()

    stuck = [asyncio.create_task(hang(number)) for number in range(64)]
    await asyncio.sleep(0)

    async with asyncio.timeout(1):
        async with lanes.of("local").place("ann"), lanes.of("gemini").place("ann"):
            pass
    with pytest.raises(LaneFullError):
        await hang(99)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05), lanes.of("freepik").place("bob", patient=True):
            pass

    for task in stuck:
        task.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)
