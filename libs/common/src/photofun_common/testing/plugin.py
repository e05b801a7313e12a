"""Pytest plugin: asyncio for async tests, an HTTP client for an app, and patience."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

__all__ = ["anyio_backend", "client_for", "eventually"]

T = TypeVar("T")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def client_for(app: Any) -> AsyncIterator[Any]:
    """An httpx client of an app in process, with the app's lifespan entered."""
    import httpx

    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield client


async def eventually(check: Callable[[], Awaitable[T]], *, seconds: float = 10.0) -> T:
    """Call `check` until it answers something true; the last answer when the time is over."""
    end = time.monotonic() + seconds
    while True:
        found = await check()
        if found or time.monotonic() > end:
            return found
        await asyncio.sleep(0.05)
