"""Clients that are slow on purpose, all at once in threads, so that the rest of the table goes on meanwhile."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

__all__ = ["SlowClients"]


class SlowClients:
    """Starts with the first row; `told` waits for the last of them."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._told: dict[str, tuple[bytes, float]] = {}
        post = b"POST /v1/gallery/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        plans = {"idle": (b"", b""), "head": (b"GET /livez HTTP/1.1\r\nX-A: ", b"x"), "body": (post + b'{"a', b" ")}
        self._threads = [threading.Thread(target=self._be_slow, args=(name, *plan), daemon=True) for name, plan in plans.items()]
        for thread in self._threads:
            thread.start()

    def _be_slow(self, name: str, first: bytes, drip: bytes) -> None:
        started = time.monotonic()
        told = b""
        with socket.create_connection(self._address, timeout=1) as wire, contextlib.suppress(ConnectionError):
            wire.sendall(first)
            while time.monotonic() - started < 45:
                try:
                    piece = wire.recv(65536)
                    told += piece
                    if not piece:
                        break
                except TimeoutError:
                    if drip:
                        wire.sendall(drip)
        self._told[name] = (told, time.monotonic() - started)

    @property
    def told(self) -> dict[str, tuple[bytes, float]]:
        for thread in self._threads:
            thread.join(60)
        return self._told
