"""What did the paid provider charge?  The Freepik fake on a port, and its paid calls by what they asked for."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from tests.fakes.freepik import FakeFreepik

from .background import Background

__all__ = ["Provider", "running_provider"]

_NOT_ASKED = ("webhook_url", "seed")


class Provider:
    """The fake, where it listens, and what it charged."""

    def __init__(self, fake: FakeFreepik, port: int) -> None:
        self.fake, self.port = fake, port

    @property
    def settings(self) -> dict[str, str]:
        return {
            "FREEPIK_API_KEY": self.fake.key, "FREEPIK_BASE_URL": f"http://127.0.0.1:{self.port}", "ALLOW_PRIVATE_IMAGE_HOSTS": "true",
            "FREEPIK_PER_MINUTE": "100000", "FREEPIK_POLL_SECONDS": "0.5",
        }  # fmt: skip

    @property
    def charges(self) -> int:
        return self.fake.charges

    @property
    def second_charges(self) -> int:
        """Charges beyond the first for the same work; every job of a run asks for something of its own."""
        asked = Counter(_digest(seen.path, seen.body) for seen in self.fake.posts())
        return sum(count - 1 for count in asked.values()) - (sum(asked.values()) - self.charges)


def _digest(path: str, body: dict[str, object]) -> str:
    told = json.dumps([path, {name: value for name, value in body.items() if name not in _NOT_ASKED}], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


@contextmanager
def running_provider(thread: Background) -> Iterator[Provider]:
    """The fake provider on a free port; its results take about a second."""
    fake = FakeFreepik(size=(96, 96), polls=2)

    async def start() -> web.AppRunner:
        runner = web.AppRunner(fake.app(), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    runner = thread.run(start())
    try:
        yield Provider(fake, runner.addresses[0][1])
    finally:
        thread.run(runner.cleanup())
