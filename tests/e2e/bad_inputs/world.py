"""What a row may use: the studio over HTTP and over raw sockets, a gateway that asks who you are, a guarded fetcher."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from ..guarded import Guarded
from ..support import Person, PictureServer

__all__ = ["Row", "World", "refused"]

END = b"Host: localhost\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class World:
    """`fetcher` is an imaging service that may fetch from public addresses only; `slow` holds what slow clients were told, and when."""

    http: httpx.Client
    person: Person
    pictures: PictureServer
    door: Guarded
    fetcher: httpx.Client
    slow: dict[str, tuple[bytes, float]]

    def raw(self, data: bytes, *, seconds: float = 12.0) -> bytes:
        """What the gateway answers to these bytes until it closes (or has answered and waits)."""
        parts = urlsplit(str(self.http.base_url))
        with socket.create_connection((parts.hostname, parts.port), timeout=seconds) as wire:
            told = b""
            with contextlib.suppress(ConnectionError):
                wire.sendall(data)
            with contextlib.suppress(TimeoutError, ConnectionError):
                while piece := wire.recv(65536):
                    told += piece
            return told

    def post(self, path: str, content: bytes, kind: str | None = "application/json", **headers: str) -> httpx.Response:
        """A body as it is, with this content type (or none)."""
        given = {**({"content-type": kind} if kind else {}), **headers}
        return self.http.post(path, content=content, headers=given)


Row = Callable[[World], None]


def refused(answer: httpx.Response, *statuses: int) -> None:
    """It is a problem with one of these statuses that repeats nothing long and tells nothing of the inside."""
    assert answer.status_code in statuses, f"{answer.status_code}, not {statuses}: {answer.text[:300]}"
    if answer.status_code >= 400:
        assert answer.headers["content-type"].startswith(("application/problem+json", "application/json")), answer.headers
        assert len(answer.content) <= 2500, f"{len(answer.content)} bytes"
        for inside in ("Traceback", ".py", "site-packages", "127.0.0.1:9"):
            assert inside not in answer.text, answer.text


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.monotonic()
    return work(), time.monotonic() - started
