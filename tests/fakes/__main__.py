"""The fakes on fixed ports, for a running studio: `python -m tests.fakes [FIRST_PORT]`; prints the settings to start it with."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

from .cloudinary import FakeCloudinary
from .freepik import FakeFreepik
from .gemini import FakeGemini
from .openai import FakeOpenAI

SIZE = (640, 480)


async def main(first: int) -> None:
    freepik, gemini, openai, cloud = FakeFreepik(size=SIZE, seconds=2.0), FakeGemini(size=SIZE), FakeOpenAI(size=SIZE), FakeCloudinary()
    for number, fake in enumerate((freepik, gemini, openai, cloud)):
        runner = web.AppRunner(fake.app(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", first + number).start()
    address = f"http://127.0.0.1:{first}".removesuffix(str(first))
    print("ALLOW_PRIVATE_IMAGE_HOSTS=true", end=" ")
    print(f"FREEPIK_API_KEY={freepik.key} FREEPIK_BASE_URL={address}{first} FREEPIK_WEBHOOK_SECRET={freepik.hooks.secret}", end=" ")
    print(f"GEMINI_API_KEY={gemini.keys[0]} GEMINI_BASE_URL={address}{first + 1}", end=" ")
    print(f"OPENAI_API_KEY={openai.key} OPENAI_BASE_URL={address}{first + 2}", end=" ")
    print(f"STORAGE_URL='{cloud.url(f'{address}{first + 3}')}'", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9301))
