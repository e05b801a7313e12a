"""A rolling update under load: replicas of every service are replaced, and no call fails."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import httpx

from tests.e2e.support import picture, poll

from .cluster import Cluster
from .load import Load, run_load

FULL = bool(os.environ.get("ROLLING_FULL"))
"""Every replica alone and at least 5,000 calls; else one of each service at once, as when all five teams release together."""


def test_a_rolling_update_fails_no_call(cluster: Cluster, http: httpx.Client) -> None:
    loads: list[Load] = []
    is_over = threading.Event()
    fewest = 5_000 if FULL else 300

    def drive() -> None:
        until = lambda load: is_over.is_set() and load.total >= fewest  # noqa: E731 - said where it is used
        loads.append(asyncio.run(run_load(cluster.url, picture(200, 150, kind="JPEG"), people=6, until=until)))

    driver = threading.Thread(target=drive)
    driver.start()
    try:
        waves = [[one] for one in cluster.replicas] if FULL else [[one for one in cluster.replicas if one.number == 0]]
        left = [seconds for wave in waves for seconds in cluster.replace(*wave)]
    finally:
        is_over.set()
        driver.join()

    [load] = loads
    print(f"{load.total} calls {dict(load.calls)}, slowest {load.slowest:.2f} s, leaving took {max(left):.1f} s at most")
    if path := os.environ.get("ROLLING_REPORT"):
        Path(path).write_text(f"{load.total} calls, {len(load.failures)} failed, slowest {load.slowest:.2f} s, leaving {max(left):.1f} s\n")
    assert load.failures == []
    assert load.total >= fewest
    assert max(left) <= 20, "a replica leaves within its grace"
    _assert_all_ended(http, load)


def _assert_all_ended(http: httpx.Client, load: Load) -> None:
    """What was accepted while replicas came and went is done or told."""
    for user, session, message in load.accepted:
        path = f"/v1/chat/sessions/{session}/messages/{message}"
        told = poll(lambda path=path, user=user: http.get(path, params={"user_id": user}).json()["result"],  # type: ignore[misc]
                    until=lambda found: found["status"] not in ("PROCESSING", "AWAITING_APPROVAL"), seconds=60)  # fmt: skip
        assert told["status"] == "DONE" or told["error"]["type"].endswith(("needs-image", "nothing-to-undo")), told
