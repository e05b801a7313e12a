"""Which providers does the paid studio talk to?  The fakes on ports of their own, in a thread, with their switches at hand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from ..fakes.freepik import FakeFreepik
from ..fakes.gemini import FakeGemini
from ..fakes.hooks import Hooks
from ..fakes.openai import FakeOpenAI
from ..fakes.serving import serve

__all__ = ["Providers", "providers"]

SIZE = (320, 256)


@dataclass
class Providers:
    """All fakes, and the settings that make a studio use them."""

    freepik: FakeFreepik = field(default_factory=lambda: FakeFreepik(size=SIZE, seconds=0.1, hooks=Hooks()))
    gemini: FakeGemini = field(default_factory=lambda: FakeGemini(size=SIZE))
    openai: FakeOpenAI = field(default_factory=lambda: FakeOpenAI(size=SIZE))
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def charges(self) -> int:
        return self.freepik.charges + self.gemini.charges + self.openai.charges

    def all_well(self) -> None:
        for fake in (self.freepik, self.gemini, self.openai):
            fake.switches.clear()
        self.freepik.holds.clear()
        self.gemini.says = None


@contextmanager
def providers() -> Iterator[Providers]:
    """The fakes and an S3 server while the block runs."""
    found = Providers()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="providers", daemon=True)
    thread.start()
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    stack = AsyncExitStack()

    async def start() -> list[str]:
        return [await stack.enter_async_context(serve(fake.app)) for fake in (found.freepik, found.gemini, found.openai)]

    freepik, gemini, openai = asyncio.run_coroutine_threadsafe(start(), loop).result()
    found.settings = {
        "FREEPIK_API_KEY": found.freepik.key, "FREEPIK_BASE_URL": freepik, "FREEPIK_PER_MINUTE": "100000",
        "FREEPIK_POLL_SECONDS": "1", "FREEPIK_WEBHOOK_SECRET": found.freepik.hooks.secret,
        "GEMINI_API_KEY": found.gemini.keys[0], "GEMINI_BASE_URL": gemini, "GEMINI_PER_MINUTE": "100000",
        "OPENAI_API_KEY": found.openai.key, "OPENAI_BASE_URL": openai, "OPENAI_PER_MINUTE": "100000",
        "PUBLIC_URL": "http://127.0.0.1:{base}", "STORAGE_URL": _bucket(f"http://127.0.0.1:{store.get_host_and_port()[1]}"),
    }  # fmt: skip
    try:
        yield found
    finally:
        found.all_well()
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        store.stop()


def _bucket(endpoint: str) -> str:
    client: Any = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")
    client.create_bucket(Bucket="studio")
    return f"s3://studio/pictures?endpoint={endpoint}&region=us-east-1&allow_http=true&access_key_id=k&secret_access_key=s"
