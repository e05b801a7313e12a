"""What do 500 open event streams cost a gateway?  `DATA_DIR=… python benchmarks/bench_streams.py`, on a running studio.

The streams listen to a message that waits for its plan's approval, so they stay open.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import uuid

import aiohttp
from loads import Studio, opened


async def measure(url: str | None, count: int, seconds: float) -> None:
    user = f"streams-{uuid.uuid4().hex[:6]}"
    async with opened(url) as studio:
        path, message = await _waiting(studio, user)
        before = _rss(studio)
        began = time.monotonic()
        lines = [asyncio.create_task(_listen(studio, f"{path}/{message}/events", user, seconds)) for _ in range(count)]
        await asyncio.sleep(seconds / 2)
        during = _rss(studio)
        async with studio.http.get(f"{studio.url}{path}/{message}", params={"user_id": user}) as answer:
            assert answer.status == 200
        async with studio.http.post(f"{studio.url}{path}/{message}/cancel", json={"user_id": user}) as answer:
            assert answer.status == 200, await answer.text()
        ended = sum(await asyncio.gather(*lines))
        spent = time.monotonic() - began
    sys.stdout.write(f"{ended} of {count} streams heard the end after {spent:.0f} s\n")
    for name in sorted(before):
        sys.stdout.write(f"{name}: {before[name]:.0f} MB before, {during[name]:.0f} MB with them ({during[name] - before[name]:+.0f})\n")


async def _waiting(studio: Studio, user: str) -> tuple[str, str]:
    """A message in review mode: its messages' path and its id."""
    async with studio.http.post(f"{studio.url}/v1/chat/sessions", json={"user_id": user}) as answer:
        path = f"/v1/chat/sessions/{(await answer.json())['result']['session_id']}/messages"
    async with studio.http.post(studio.url + path, json={"user_id": user, "content": "create a sunset", "mode": "review"}) as answer:
        return path, (await answer.json())["result"]["message_id"]


async def _listen(studio: Studio, path: str, user: str, seconds: float) -> bool:
    """Whether the stream told the end before it closed."""
    timeout = aiohttp.ClientTimeout(total=None, sock_read=seconds * 4)
    heard = False
    async with studio.http.get(studio.url + path, params={"user_id": user}, timeout=timeout) as answer:
        async for line in answer.content:
            heard = heard or line.startswith(b"event: end")
    return heard


def _rss(studio: Studio) -> dict[str, float]:
    return {name: process.memory_info().rss / 2**20 for name, process in studio.processes().items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    asyncio.run(measure(asked.url, asked.streams, asked.seconds))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
