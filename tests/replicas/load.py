"""What do people do meanwhile?  Many of them at once: writing, polling, looking at their gallery; every answer is judged."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

__all__ = ["Load", "run_load"]

_WISHES = ("thanks!", "make it black and white", "undo", "hello", "make it brighter")
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=3)


@dataclass
class Load:
    """What was asked and how it went.  A call fails when the line breaks or the answer is a 5xx; nothing is tried again."""

    calls: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    accepted: list[tuple[str, str, str]] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def total(self) -> int:
        return sum(self.calls.values())


async def run_load(url: str, photo: bytes, *, people: int, until: Callable[[Load], bool]) -> Load:
    """People work at `url` until `until` says so."""
    load = Load()
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, limits=_LIMITS) as http:
        await asyncio.gather(*(_live(http, load, f"load-{number}", photo, until) for number in range(people)))
    return load


async def _live(http: httpx.AsyncClient, load: Load, user: str, photo: bytes, until: Callable[[Load], bool]) -> None:
    chance = random.Random(user)

    async def call(what: str, method: str, path: str, **options: object) -> httpx.Response | None:
        load.calls[what] += 1
        started = time.monotonic()
        try:
            answer = await http.request(method, path, **options)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            load.failures.append(f"{what}: {type(error).__name__} {error}")
            return None
        load.slowest = max(load.slowest, time.monotonic() - started)
        if answer.status_code >= 500:
            load.failures.append(f"{what}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer

    mine = {"user_id": user}
    while not until(load):
        opened = await call("open", "POST", "/v1/chat/sessions", json=mine)
        if opened is None:
            continue
        session = opened.json()["result"]["session_id"]
        chat = f"/v1/chat/sessions/{session}"
        fields = {**mine, "content": "make it black and white"}
        sent = await call("send picture", "POST", f"{chat}/messages", data=fields, files={"image_file": ("a.jpg", photo, "image/jpeg")})
        for _ in range(chance.randrange(12, 20)):
            if sent is not None:
                message = sent.json()["result"]["message_id"]
                load.accepted.append((user, session, message))
                for _ in range(8):
                    polled = await call("poll", "GET", f"{chat}/messages/{message}", params=mine)
                    if polled is not None and polled.json()["result"]["status"] != "PROCESSING":
                        break
                    await asyncio.sleep(0.05)
            await call("gallery", "GET", "/v1/gallery/", params=mine)
            await call("session", "GET", chat, params=mine)
            await call("features", "GET", "/v1/features")
            if until(load):
                return
            sent = await call("send", "POST", f"{chat}/messages", json={**mine, "content": chance.choice(_WISHES)})
