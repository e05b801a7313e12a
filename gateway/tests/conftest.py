"""A real upstream and a real gateway on free ports, in the test's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from aiohttp import web
from gateway_svc.main import Gateway
from gateway_svc.protocol import protocol_with
from gateway_svc.settings import Settings
from photofun_common.bus import MemoryBus
from uvicorn.server import ServerState


@dataclass
class Seen:
    """What the upstream got."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Studio:
    """All four services in one: remembers what came, answers what a test says."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answer: Callable[[web.Request, bytes], Any] | None = None
    aborted: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/readyz":
            return web.json_response({"status": "healthy"})
        try:
            body = await request.read()
            self.seen.append(
                Seen(
                    request.method,
                    request.path,
                    request.query_string,
                    {name.lower(): value for name, value in request.headers.items()},
                    body,
                )
            )
            if self.answer is not None:
                found = self.answer(request, body)
                return await found if asyncio.iscoroutine(found) else found
        except (asyncio.CancelledError, ConnectionResetError):
            self.aborted += 1
            raise
        headers = {"Set-Cookie": "a=b", "X-Internal-Note": "secret", "Connection": "keep-alive", "X-Kept": "yes"}
        return web.json_response({"code": 1000, "message": "Success", "result": {"n": len(self.seen)}}, headers=headers)

    @property
    def last(self) -> Seen:
        return self.seen[-1]


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    found = Studio()
    app = web.Application(client_max_size=2**28)
    app.router.add_route("*", "/{path:.*}", found.handle)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


@dataclass
class Served:
    """A running gateway."""

    client: httpx.AsyncClient
    port: int
    bus: MemoryBus

    async def raw(self, data: bytes, *, seconds: float = 3.0) -> bytes:
        """Send bytes as they are; everything that comes back until the end (or the time is over)."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            await writer.drain()
            return await asyncio.wait_for(reader.read(-1), seconds)
        finally:
            writer.close()


@asynccontextmanager
async def serving(settings: Settings, *, bus: MemoryBus | None = None, **limits: Any) -> AsyncIterator[Served]:
    bus = bus or MemoryBus()
    protocol = protocol_with(max_per_peer=settings.max_connections_per_peer, max_connections=settings.max_connections, **limits)
    gateway, state = Gateway(settings, bus), ServerState()
    config = uvicorn.Config(gateway, http=protocol, ws="none", log_config=None, access_log=False, proxy_headers=False)
    config.load()
    async with gateway.opened():
        server = await asyncio.get_running_loop().create_server(
            lambda: protocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        port = server.sockets[0].getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield Served(client, port, bus)
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.gather(*state.tasks, return_exceptions=True)


@pytest.fixture
async def serve(studio: Studio) -> AsyncIterator[Callable[..., Any]]:
    """Start a gateway in front of the studio, with these settings: `await serve(rate_limit="3/minute")`."""
    async with AsyncExitStack() as stack:

        async def start(*, bus: MemoryBus | None = None, limits: dict[str, Any] | None = None, **settings: Any) -> Served:
            services = {f"{name}_url": studio.url for name in ("conversation", "prompt", "imaging", "gallery")}
            made = Settings(_env_file=None, **{**services, "rate_limit": "10000/minute", "rate_limit_generate": "10000/minute", **settings})
            return await stack.enter_async_context(serving(made, bus=bus, **(limits or {})))

        yield start


@pytest.fixture
async def gateway(serve: Callable[..., Any]) -> Served:
    return await serve()
