"""How long does a chat message take?  POST to DONE of "make it black and white" on a 64x64 picture, one after another.

The peer in the same run: an empty chain of three Celery tasks on Valkey.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

import httpx
from peers import celery_chain
from PIL import Image

PATIENCE = 30.0


def main() -> int:
    """Measure the running studio and print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default=os.environ.get("PHOTOFUN_URL") or f"http://127.0.0.1:{os.environ.get('PORT') or 9999}")
    parser.add_argument("--messages", type=int, default=50, help="how many are measured, after 5 that warm up")
    asked = parser.parse_args()
    user = f"bench-{uuid.uuid4().hex[:8]}"
    try:
        with httpx.Client(base_url=asked.url, timeout=30, trust_env=False) as http:
            made = http.post("/v1/chat/sessions", json={"user_id": user})
            made.raise_for_status()
            path = f"/v1/chat/sessions/{made.json()['result']['session_id']}/messages"
            spent = [_message(http, path, user) for _ in range(asked.messages + 5)][5:]
    except httpx.HTTPError as error:
        sys.stderr.write(f"No measurement at {asked.url}: {error} (RATE_LIMIT must be high, ALLOW_PRIVATE_IMAGE_HOSTS need not)\n")
        return 1
    spent.sort()
    p50, p95 = statistics.median(spent), spent[int(len(spent) * 0.95)]
    sys.stdout.write(f"chat message POST to DONE, {len(spent)} in a row: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms\n")
    peer = statistics.median(_chains(asked.messages))
    sys.stdout.write(f"empty three-task Celery chain on Valkey: p50 {peer * 1000:.1f} ms; a message takes {p50 / peer:.1f} x that\n")
    return 0


def _chains(count: int) -> list[float]:
    """Seconds of so many empty chains, one after another, after five that warm up."""
    with tempfile.TemporaryDirectory() as folder, celery_chain(Path(folder)) as url:
        os.environ["PEER_REDIS"] = url
        from celery import chain
        from celery_tasks import step

        spent = []
        for _ in range(count + 5):
            started = time.perf_counter()
            chain(step.s(0), step.s(), step.s()).apply_async().get(timeout=30)
            spent.append(time.perf_counter() - started)
    return spent[5:]


def _message(http: httpx.Client, path: str, user: str) -> float:
    started = time.perf_counter()
    sent = http.post(path, json={"user_id": user, "content": "make it black and white", "image_data": _PICTURE})
    sent.raise_for_status()
    message = f"{path}/{sent.json()['result']['message_id']}"
    while time.perf_counter() - started < PATIENCE:
        told = http.get(message, params={"user_id": user})
        told.raise_for_status()
        status = told.json()["result"]["status"]
        if status == "DONE":
            return time.perf_counter() - started
        if status != "PROCESSING":
            raise httpx.HTTPError(f"a message ended {status}")
        time.sleep(0.002)
    raise httpx.HTTPError("a message did not end")


def _picture() -> str:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((64, 64)).convert("RGB").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


_PICTURE = _picture()

if __name__ == "__main__":
    raise SystemExit(main())
