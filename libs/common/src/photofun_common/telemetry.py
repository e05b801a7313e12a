"""What does an operator see?  Prometheus metrics with the field's names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from prometheus_client import Counter, Gauge, Histogram

__all__ = [
    "BREAKER_OPEN",
    "ENGINE_CALLS",
    "ENGINE_COST",
    "ENGINE_SECONDS",
    "EVENTS",
    "EVENT_SECONDS",
    "EVENT_WAIT",
    "LOOP_LAG",
    "QUEUE_IN_HAND",
    "QUEUE_OLDEST",
    "QUEUE_WAITING",
    "REQUESTS",
    "REQUEST_SECONDS",
    "measuring_lag",
]

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180)
REQUESTS = Counter("http_requests_total", "HTTP requests by route and status", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("http_request_duration_seconds", "HTTP request duration", ["method", "route"], buckets=_BUCKETS)
EVENTS = Counter("photofun_events_total", "Events handled by subject and outcome", ["subject", "outcome"])
EVENT_SECONDS = Histogram("photofun_event_duration_seconds", "Event handling duration", ["subject"], buckets=_BUCKETS)
LOOP_LAG = Gauge("photofun_event_loop_lag_seconds", "How late the event loop runs its timers")
EVENT_WAIT = Histogram("photofun_event_wait_seconds", "How long an event waited for its first handling", ["subject"], buckets=_BUCKETS)
QUEUE_WAITING = Gauge("photofun_queue_waiting", "Events that wait for this service", ["subject"])
QUEUE_IN_HAND = Gauge("photofun_queue_in_hand", "Events this service's replicas hold", ["subject"])
QUEUE_OLDEST = Gauge("photofun_queue_oldest_seconds", "Age of the oldest waiting event, at most; 0 when none waits", ["subject"])
ENGINE_CALLS = Counter("photofun_engine_calls_total", "Steps given to an engine by outcome", ["engine", "feature", "outcome"])
ENGINE_SECONDS = Histogram("photofun_engine_duration_seconds", "How long engines take for a step", ["engine", "feature"], buckets=_BUCKETS)
ENGINE_COST = Counter("photofun_engine_cost_total", "What paid calls are taken to have cost, by IMAGING_PRICES", ["engine"])
BREAKER_OPEN = Gauge("photofun_breaker_open", "1 while calls to this name get a pause", ["name"])


@asynccontextmanager
async def measuring_lag() -> AsyncIterator[None]:
    """Keep LOOP_LAG true while inside."""
    lag = asyncio.create_task(_measure_lag())
    try:
        yield
    finally:
        lag.cancel()
        with suppress(asyncio.CancelledError):
            await lag


async def _measure_lag() -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.5)
        LOOP_LAG.set(max(0.0, time.perf_counter() - before - 0.5))
