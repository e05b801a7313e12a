"""Class U: addresses that must not be fetched, by a service that may fetch from public ones only."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .world import Row, World, refused

__all__ = ["row_of"]

_URL = re.compile(r"https?://[^`\s]+")


@contextmanager
def canaries() -> Iterator[list[str]]:
    """Listeners on the ports of the web on loopback; every connection to them is noted."""
    heard: list[str] = []
    stop = threading.Event()

    def listen(server: socket.socket) -> None:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                wire, peer = server.accept()
                heard.append(f"{server.getsockname()} from {peer}")
                wire.close()

    servers = []
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError):  # somebody else's web server, or no right to the port
            server = socket.create_server((host, 80), family=family)
            server.settimeout(0.1)
            servers.append(server)
    threads = [threading.Thread(target=listen, args=(server,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield heard
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for server in servers:
            server.close()


def row_of(case: str) -> Row | None:
    """The row that tries every address the case names, in a feature and as an upload."""
    urls = _urls(case)
    if not urls:
        return None

    def row(world: World) -> None:
        with canaries() as heard:
            for url in urls:
                for path, body in (("/v1/features/upscale", {"image_url": url}), ("/v1/files", {"image_url": url})):
                    answer = world.fetcher.post(path, json={"user_id": "ann", **body})
                    refused(answer, 422)
                    slug = answer.json()["slug"]
                    assert slug in ("unsafe-url", "image-url-unreachable", "validation-failed"), f"{url}: {slug}"
        assert heard == []

    return row


def _urls(case: str) -> list[str]:
    if case.startswith("ports "):
        return [f"http://example.com:{port}/a.png" for port in re.findall(r"\d+", case)]
    if case.startswith("URL of"):
        return ["http://example.com/" + "a" * 2040, "http://example.com/" + "a" * 100_000]
    found = _URL.findall(case)
    if "`localhost`" in case or "http://localhost/" in case:
        names = ("LOCALHOST", "localhost.", "ip6-localhost", socket.gethostname(), "kubernetes.default.svc", "nats", "mongo")
        found += [f"http://{name}/a.png" for name in names]
    return found
