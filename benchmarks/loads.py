"""How is a studio put under load?  Jobs at fixed arrival times, whatever became of the ones before, each watched to its end."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from PIL import Image

__all__ = ["Load", "Studio", "adjust", "chat", "offered", "opened", "quantile"]

FINAL = frozenset({"DONE", "COMPLETED", "FAILED", "CANCELED"})
GOOD = frozenset({"DONE", "COMPLETED"})
_PATIENCE = 200.0
Job = Callable[["Studio", str], Any]


@dataclass(frozen=True)
class Studio:
    """A running studio.  `data_dir` is where its run.json is; without it nothing is known of its processes."""

    http: aiohttp.ClientSession
    url: str
    data_dir: Path | None = None

    def processes(self) -> dict[str, psutil.Process]:
        if self.data_dir is None:
            return {}
        found = {}
        for name, entry in json.loads((self.data_dir / "run.json").read_text()).items():
            try:
                found[name] = psutil.Process(entry["pid"])
            except psutil.NoSuchProcess:
                continue
        return found


@asynccontextmanager
async def opened(url: str | None = None, data_dir: str | None = None) -> AsyncIterator[Studio]:
    """The studio at `url`, else the one that PORT and DATA_DIR name."""
    where = url or f"http://127.0.0.1:{os.environ.get('PORT') or 9999}"
    folder = data_dir or os.environ.get("DATA_DIR") or ".data"
    timeout = aiohttp.ClientTimeout(total=_PATIENCE)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
        yield Studio(http, where, Path(folder) if (Path(folder) / "run.json").exists() else None)


@dataclass
class Load:
    """What became of the offered jobs: seconds of each good one by when it was asked for, the others by reason."""

    began: float
    offered: int = 0
    good: list[tuple[float, float]] = field(default_factory=list)  # (asked after so many seconds, took so many)
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    without_retry_after: int = 0

    def seconds(self, since: float = 0.0, until: float = float("inf")) -> list[float]:
        """How long good jobs took that were asked for between the two."""
        return sorted(took for at, took in self.good if since <= at < until)

    def done_per_second(self, since: float, until: float) -> float:
        """Good jobs that ended between the two, a second."""
        return sum(since <= at + took < until for at, took in self.good) / (until - since)

    def told(self) -> str:
        took = self.seconds()
        worst = f"p50 {quantile(took, 0.5):.2f} s, p95 {quantile(took, 0.95):.2f} s" if took else "none"
        return f"offered {self.offered}, good {len(took)} ({worst}), refused {dict(self.refused)}, failed {dict(self.failed)}"


def quantile(values: list[float], share: float) -> float:
    """Of sorted values."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


async def offered(studio: Studio, job: Job, *, rate: float, seconds: float, users: list[str], load: Load | None = None) -> Load:
    """Ask for `rate` jobs a second for so long, in the users' names by turns, and wait for all of them."""
    load = load or Load(time.monotonic())
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            group.create_task(_one(studio, job, users[number % len(users)], load))
    return load


async def _one(studio: Studio, job: Job, user: str, load: Load) -> None:
    load.offered += 1
    at = time.monotonic()
    try:
        await job(studio, user)
    except RefusedError as error:
        load.refused[error.reason] += 1
        load.without_retry_after += not error.retry_after
    except (FailedError, aiohttp.ClientError, TimeoutError) as error:
        load.failed[str(error)[:80] or type(error).__name__] += 1
    else:
        load.good.append((at - load.began, time.monotonic() - at))


class RefusedError(Exception):
    """429 or 503: nothing was accepted."""

    def __init__(self, reason: str, *, retry_after: bool) -> None:
        super().__init__(reason)
        self.reason, self.retry_after = reason, retry_after


class FailedError(Exception):
    """It did not end well."""


async def _posted(studio: Studio, path: str, **request: Any) -> dict[str, Any]:
    async with studio.http.post(studio.url + path, **request) as answer:
        told = await answer.json()
        if answer.status in (429, 503):
            raise RefusedError(f"{answer.status} {told.get('slug')}", retry_after="retry-after" in answer.headers)
        if answer.status >= 400:
            raise FailedError(f"{answer.status} {told.get('slug')}")
        return dict(told["result"])


async def adjust(studio: Studio, user: str) -> None:
    """One small adjustment, called directly."""
    made = await _posted(studio, "/v1/features/adjust", data=_form(user, operations='[{"op": "grayscale"}]'))
    await _ended(studio, f"/v1/features/adjust/status/{made['task_id']}", made["task_id"], user)


async def chat(studio: Studio, user: str) -> None:
    """One message with a small picture, in a session of its own."""
    session = (await _posted(studio, "/v1/chat/sessions", json={"user_id": user}))["session_id"]
    path = f"/v1/chat/sessions/{session}/messages"
    made = await _posted(studio, path, data=_form(user, content="make it black and white"))
    await _ended(studio, f"{path}/{made['message_id']}", made["message_id"], user)


async def _ended(studio: Studio, path: str, job: str, user: str) -> None:
    """Wait for the job, then look until what is at `path` says so too.  Raises FailedError when it did not end well."""
    end = time.monotonic() + _PATIENCE
    pause = 0.03
    while time.monotonic() < end:
        await _status(studio, f"/v1/jobs/{job}", user, wait=20)
        status = await _status(studio, path, user)
        if status in GOOD:
            return
        if status in FINAL:
            raise FailedError(status)
        await asyncio.sleep(pause)
        pause = min(1.0, pause * 1.6)
    raise FailedError("not in time")


async def _status(studio: Studio, path: str, user: str, **query: int) -> str:
    async with studio.http.get(studio.url + path, params={"user_id": user, **query}) as answer:
        return str((await answer.json())["result"]["status"]) if answer.status == 200 else f"HTTP {answer.status}"


def _form(user: str, **fields: str) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for name, value in {"user_id": user, **fields}.items():
        form.add_field(name, value)
    form.add_field("image_file", _picture(), filename="small.png", content_type="image/png")
    return form


def _picture() -> bytes:
    out = io.BytesIO()
    Image.frombytes("L", (64, 64), random.randbytes(64 * 64)).save(out, "PNG")
    return out.getvalue()
