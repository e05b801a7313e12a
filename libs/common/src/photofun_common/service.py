"""How does every service start?  An app with problems, health, metrics, request ids, the bus and a clean stop."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .draining import DrainingServer, is_draining
from .errors import DeadlineError
from .identity import IdentityKeeper
from .logs import configure_logs, request_id
from .problem import install_problem_handlers, problem_response
from .settings import CommonSettings
from .telemetry import REQUEST_SECONDS, REQUESTS, measuring_lag
from .tracing import exporting, span

__all__ = ["Opened", "create_service", "serve"]

log = logging.getLogger(__name__)
Check = Callable[[], Awaitable[bool]]
Opened = Callable[[FastAPI], AbstractAsyncContextManager[Any]]
"""Opens what the service needs, yields its context (kept as `app.state.context`), closes it again.  A context with a method
`checks()` answers the named readiness checks: `{"mongo": ping, "nats": ping}`."""

_CHECK_SECONDS = 0.8
_CLOCKS_DIFFER = 2.0
_QUIET = frozenset({"/livez", "/readyz", "/health", "/metrics"})


def create_service(name: str, settings: CommonSettings, opened: Opened, *, title: str, description: str, version: str = "0.1.0") -> FastAPI:
    """The FastAPI app of a service with all that services share; routes are the service's own."""
    configure_logs(name, level=settings.log_level, style=settings.log_format)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with measuring_lag(), exporting(name, settings.otel_exporter_otlp_endpoint), opened(app) as context:
            app.state.context = context
            yield

    app = FastAPI(
        title=title, description=description, version=version, lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.identity = IdentityKeeper(settings.internal_secret.get_secret_value(), is_open=settings.auth_mode == "open", service=name)
    app.state.settings = settings
    install_problem_handlers(app)
    app.add_middleware(Observed)
    _add_health(app, name, version)
    return app


def _add_health(app: FastAPI, name: str, version: str) -> None:
    @app.get("/livez", include_in_schema=False)
    async def livez() -> Response:
        return JSONResponse({"status": "alive", "service": name})

    @app.get("/readyz", include_in_schema=False)
    @app.get("/health", include_in_schema=False)
    @app.get("/health/", include_in_schema=False)
    async def readyz() -> Response:
        context = getattr(app.state, "context", None)
        checks: dict[str, Check] = context.checks() if context is not None and hasattr(context, "checks") else {}
        answers = await asyncio.gather(*(_answers(check) for check in checks.values()))
        parts = dict(zip(checks, ("up" if answer else "down" for answer in answers), strict=True))
        healthy = context is not None and all(answers) and not is_draining()
        body = {"status": "healthy" if healthy else "unhealthy", "service": name, "version": version, "parts": parts}
        return JSONResponse(body, 200 if healthy else 503)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _answers(check: Check) -> bool:
    try:
        return bool(await asyncio.wait_for(check(), _CHECK_SECONDS))
    except Exception:  # a check that fails in any way says 'down'
        return False


class Observed:
    """ASGI middleware: request id and trace in and out, one log line and the RED metrics a request; no trailing slash matters."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id.set(headers.get("x-request-id", "")[:64])
        path = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            scope = {**scope, "path": path.rstrip("/") or "/"}
        if scope["path"] in _QUIET:
            await self._answered(scope, receive, send)
            return
        if _is_over(headers.get("x-deadline")):
            late = DeadlineError("Whoever asked has stopped waiting")
            await problem_response(late, instance=scope["path"])(scope, receive, send)
            return
        method = scope["method"]
        with span(method, "server", parent=headers.get("traceparent", ""), attributes={"http.request.method": method}) as told:
            status = await self._answered(scope, receive, send)
            route = getattr(scope.get("route"), "path", "-")
            told.name(f"{method} {route}")
            told.set({"http.route": route, "http.response.status_code": status})
            if status >= 500:
                told.fail(str(status))

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> int:
        started, status = time.perf_counter(), 500

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if request_id.get():
                    MutableHeaders(scope=message)["x-request-id"] = request_id.get()
            await send(message)

        try:
            await self._app(scope, receive, observed)
        finally:
            spent = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "-")
            REQUESTS.labels(scope["method"], route, status).inc()
            REQUEST_SECONDS.labels(scope["method"], route).observe(spent)
            if route not in _QUIET:
                fields = {"method": scope["method"], "path": scope["path"][:200], "status": status, "ms": round(spent * 1000, 1)}
                log.info("request", extra=fields)
        return status


def _is_over(deadline: str | None) -> bool:
    """Whether the time that the gateway gave this call (in seconds since 1970) has run out; clocks may differ a little."""
    try:
        return deadline is not None and float(deadline) + _CLOCKS_DIFFER < time.time()
    except ValueError:
        return False


def serve(factory: Callable[[], Any], *, host: str, port: int, **options: Any) -> None:
    """Run an app with uvicorn: no access log (ours is better), no trusted proxies, a drain as set, then a grace of 10 seconds."""
    import uvicorn

    config = uvicorn.Config(
        factory,
        factory=True,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
        **options,
    )
    server = DrainingServer(config, CommonSettings().drain_seconds)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(3)  # as uvicorn's own command does: the start failed
