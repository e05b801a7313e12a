"""The peer of bench_chat: three empty Celery tasks in a chain."""

from __future__ import annotations

import os

from celery import Celery

app = Celery("peer", broker=os.environ.get("PEER_REDIS", ""), backend=os.environ.get("PEER_REDIS", ""))
app.conf.update(worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True, worker_hijack_root_logger=False)


@app.task
def step(value: int) -> int:
    return value + 1
