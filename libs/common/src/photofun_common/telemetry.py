"""What does an operator see?  Prometheus metrics with the field's names."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

__all__ = ["EVENTS", "EVENT_SECONDS", "LOOP_LAG", "REQUESTS", "REQUEST_SECONDS"]

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180)
REQUESTS = Counter("http_requests_total", "HTTP requests by route and status", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("http_request_duration_seconds", "HTTP request duration", ["method", "route"], buckets=_BUCKETS)
EVENTS = Counter("photofun_events_total", "Events handled by subject and outcome", ["subject", "outcome"])
EVENT_SECONDS = Histogram("photofun_event_duration_seconds", "Event handling duration", ["subject"], buckets=_BUCKETS)
LOOP_LAG = Gauge("photofun_event_loop_lag_seconds", "How late the event loop runs its timers")
