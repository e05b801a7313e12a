"""The fakes on fixed ports, for a running studio: `cd tests && python -m fakes`; prints the settings to start it with."""

from __future__ import annotations

import asyncio

from aiohttp import web

from .freepik import FakeFreepik
from .gemini import FakeGemini
from .openai import FakeOpenAI

PORTS = {"freepik": 9301, "gemini": 9302, "openai": 9303}


async def main() -> None:
    freepik, gemini, openai = FakeFreepik(size=(640, 480)), FakeGemini(size=(640, 480)), FakeOpenAI(size=(640, 480))
    for name, fake in (("freepik", freepik), ("gemini", gemini), ("openai", openai)):
        runner = web.AppRunner(fake.app(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", PORTS[name]).start()
    print("ALLOW_PRIVATE_IMAGE_HOSTS=true", end=" ")
    print(f"FREEPIK_API_KEY={freepik.key} FREEPIK_BASE_URL=http://127.0.0.1:{PORTS['freepik']}", end=" ")
    print(f"GEMINI_API_KEY={gemini.keys[0]} GEMINI_BASE_URL=http://127.0.0.1:{PORTS['gemini']}", end=" ")
    print(f"OPENAI_API_KEY={openai.key} OPENAI_BASE_URL=http://127.0.0.1:{PORTS['openai']}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
