"""What does an operator see?  Prometheus metrics with the field's names, and W3C trace context."""

from __future__ import annotations

import secrets

from prometheus_client import Counter, Gauge, Histogram

__all__ = ["EVENTS", "EVENT_SECONDS", "LOOP_LAG", "REQUESTS", "REQUEST_SECONDS", "child_traceparent", "new_traceparent"]

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180)
REQUESTS = Counter("http_requests_total", "HTTP requests by route and status", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("http_request_duration_seconds", "HTTP request duration", ["method", "route"], buckets=_BUCKETS)
EVENTS = Counter("photofun_events_total", "Events handled by subject and outcome", ["subject", "outcome"])
EVENT_SECONDS = Histogram("photofun_event_duration_seconds", "Event handling duration", ["subject"], buckets=_BUCKETS)
LOOP_LAG = Gauge("photofun_event_loop_lag_seconds", "How late the event loop runs its timers")


def new_traceparent() -> str:
    """The start of a trace, W3C form."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def child_traceparent(parent: str | None) -> str:
    """A new span of the caller's trace, or a new trace when the caller sent none that is valid."""
    parts = (parent or "").split("-")
    valid = (
        len(parts) == 4
        and len(parts[1]) == 32
        and len(parts[2]) == 16
        and set(parts[1]) <= set("0123456789abcdef")
        and parts[1] != "0" * 32
    )
    return f"00-{parts[1]}-{secrets.token_hex(8)}-01" if valid else new_traceparent()
