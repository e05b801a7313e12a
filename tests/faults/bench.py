"""What does a test of the fault matrix do to a studio, and ask of it?"""

from __future__ import annotations

import io
import json
import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import psutil
from PIL import Image

from tests.chaos.background import Background
from tests.chaos.provider import Provider
from tests.chaos.studio import SERVICES, Studio

__all__ = ["Bench", "Person", "until"]

T = TypeVar("T")
FINAL = ("DONE", "COMPLETED", "FAILED", "CANCELED")
_NOWHERE = 9  # nobody listens on the discard port


def until(ask: Callable[[], T], is_right: Callable[[T], bool], *, seconds: float = 30.0, every: float = 0.1) -> T:
    """Ask until the answer is right; a service that is not there is no answer."""
    end = time.monotonic() + seconds
    last: Any = None
    while time.monotonic() < end:
        with suppress(httpx.TransportError):
            last = ask()
            if is_right(last):
                return last
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s; the last answer was {last!r}")


@dataclass
class Bench:
    """The studio and what can be done to it."""

    studio: Studio
    provider: Provider
    thread: Background
    http: httpx.Client
    _frozen: list[psutil.Process] = field(default_factory=list)
    _cut: dict[str, int] = field(default_factory=dict)

    def person(self) -> Person:
        return Person(self, f"fault-{uuid.uuid4().hex[:10]}")

    def process(self, name: str) -> psutil.Process:
        return until(lambda: self.studio.process(name), lambda found: found is not None, seconds=20, every=0.05)  # type: ignore[return-value]

    def kill(self, name: str) -> None:
        self.process(name).kill()

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """SIGSTOP for the block."""
        process = self.process(name)
        process.suspend()
        self._frozen.append(process)
        try:
            yield
        finally:
            self._thaw(process)

    @contextmanager
    def cut(self, *links: str) -> Iterator[None]:
        """Nobody answers at the other end of these lines for the block: connections are torn, new ones refused."""
        for name in links:
            link = self.studio.links[name]
            self._cut[name], link.port = link.port, _NOWHERE
            self.thread.call(link.reset)
        try:
            yield
        finally:
            for name in links:
                self._join(name)

    @contextmanager
    def gone(self, name: str) -> Iterator[None]:
        """A process that all the others find gone for the block."""
        with self.cut(*(link for link in self.studio.links if link.endswith(f">{name}"))):
            yield

    def silence(self, link: str, seconds: float) -> None:
        """Half-open for so long; returns at once."""
        self.thread.begin(self.studio.links[link].silence(seconds))

    def mend(self) -> None:
        """Take everything back that a test left."""
        for process in list(self._frozen):
            self._thaw(process)
        for name in list(self._cut):
            self._join(name)
        switches = self.provider.fake.switches
        switches.fail, switches.reset_after_accept, switches.hang_after_accept, switches.truncate = [], 0, 0.0, 0
        self.provider.fake.polls = 2

    def _thaw(self, process: psutil.Process) -> None:
        with suppress(psutil.Error):
            process.resume()
        if process in self._frozen:
            self._frozen.remove(process)

    def _join(self, name: str) -> None:
        if name in self._cut:
            self.studio.links[name].port = self._cut.pop(name)

    def wait_until_well(self) -> None:
        def well() -> bool:
            told = self.http.get("/health/")
            return told.status_code == 200 and told.json()["status"] == "healthy" and all(self.studio.process(name) for name in SERVICES)

        until(well, bool, seconds=40)


@dataclass
class Person:
    """Somebody who uses the studio meanwhile."""

    bench: Bench
    name: str

    @property
    def http(self) -> httpx.Client:
        return self.bench.http

    def session(self) -> str:
        made = until(lambda: self.http.post("/v1/chat/sessions", json={"user_id": self.name}), lambda answer: answer.status_code == 201)
        return str(made.json()["result"]["session_id"])

    def post_message(self, session: str, text: str, *, key: str | None = None, seconds: float = 30.0) -> httpx.Response:
        return self.http.post(
            f"/v1/chat/sessions/{session}/messages",
            data={"user_id": self.name, "content": text},
            files={"image_file": ("small.png", picture(), "image/png")}
            if key is None
            else {"image_file": ("k.png", same_picture(), "image/png")},
            headers={"Idempotency-Key": key} if key else {},
            timeout=seconds,
        )

    def say(self, session: str, text: str = "make it black and white") -> str:
        """The id of an accepted message."""
        sent = self.post_message(session, text)
        assert sent.status_code == 202, sent.text
        return str(sent.json()["result"]["message_id"])

    def message(self, session: str, message: str) -> dict[str, Any]:
        found = self.http.get(f"/v1/chat/sessions/{session}/messages/{message}", params={"user_id": self.name})
        return dict(found.json()["result"]) if found.status_code == 200 else {"status": f"HTTP {found.status_code}"}

    def answer(self, session: str, message: str, *, seconds: float = 60.0) -> dict[str, Any]:
        """The message once it has ended."""
        return until(lambda: self.message(session, message), lambda told: told["status"] in FINAL, seconds=seconds)

    def messages(self, session: str) -> list[dict[str, Any]]:
        return list(self.http.get(f"/v1/chat/sessions/{session}/messages", params={"user_id": self.name}).json()["result"])

    def generate(self, prompt: str, *, seconds: float = 30.0) -> str:
        """The id of an accepted paid job."""
        made = self.http.post(
            "/v1/features/image-generate", json={"user_id": self.name, "prompt": prompt, "refine": False}, timeout=seconds
        )
        assert made.status_code == 202, made.text
        return str(made.json()["result"]["task_id"])

    def job(self, job: str) -> dict[str, Any]:
        found = self.http.get(f"/v1/jobs/{job}", params={"user_id": self.name})
        return dict(found.json()["result"]) if found.status_code == 200 else {"status": f"HTTP {found.status_code}"}

    def ended(self, job: str, *, seconds: float = 60.0) -> dict[str, Any]:
        return until(lambda: self.job(job), lambda told: told["status"] in FINAL, seconds=seconds)

    def gallery(self) -> list[dict[str, Any]]:
        found = self.http.get("/v1/gallery/", params={"user_id": self.name, "limit": 100})
        return list(found.json()["result"]) if found.status_code == 200 else []

    def rows(self, count: int, *, seconds: float = 30.0) -> list[dict[str, Any]]:
        """The gallery once it has so many rows; a moment later it still has no more."""
        until(self.gallery, lambda rows: len(rows) >= count, seconds=seconds)
        time.sleep(0.5)
        rows = until(self.gallery, bool, seconds=10)
        assert len(rows) == count, rows
        return rows


def picture() -> bytes:
    """A small picture like no other."""
    out = io.BytesIO()
    Image.frombytes("L", (64, 64), random.randbytes(64 * 64)).save(out, "PNG")
    return out.getvalue()


def same_picture() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((64, 64)).save(out, "PNG")
    return out.getvalue()


def grey(user: str) -> dict[str, Any]:
    """A small adjustment, as a form."""
    return {
        "data": {"user_id": user, "operations": json.dumps([{"op": "grayscale"}])},
        "files": {"image_file": ("small.png", picture(), "image/png")},
    }
