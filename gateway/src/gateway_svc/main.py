"""How does the gateway start?  An ASGI app: the lifespan opens the context, everything else goes through the api."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from photofun_common.bus import Bus
from photofun_common.logs import configure_logs
from photofun_common.telemetry import measuring_lag
from photofun_common.tracing import exporting

from .api import Api
from .settings import Settings
from .wiring import Context, open_context

__all__ = ["Gateway", "create_app"]

log = logging.getLogger(__name__)


class Gateway:
    """The ASGI app."""

    def __init__(self, settings: Settings, bus: Bus | None = None) -> None:
        self._settings, self._bus = settings, bus
        self._api = Api()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Context]:
        """Serve inside this block: what the lifespan does."""
        endpoint = self._settings.otel_exporter_otlp_endpoint
        async with measuring_lag(), exporting("gateway", endpoint), open_context(self._settings, self._bus) as context:
            self._api.context = context
            try:
                yield context
            finally:
                self._api.context = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self._api.serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1002})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            async with self.opened():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            log.exception("the gateway could not start or stop")
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            return
        await send({"type": "lifespan.shutdown.complete"})


def create_app(settings: Settings | None = None, bus: Bus | None = None) -> Gateway:
    """The gateway as configured by the environment."""
    settings = settings or Settings()
    configure_logs("gateway", level=settings.log_level, style=settings.log_format)
    return Gateway(settings, bus)
