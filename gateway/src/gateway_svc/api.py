"""HTTP in and out: every call's way through the gateway, from its path to the service that answers it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from photofun_common.draining import is_draining
from photofun_common.errors import (
    NotFoundError,
    PhotoFunError,
    RateLimitedError,
    TooLargeError,
    UnauthorizedError,
)
from photofun_common.identity import IDENTITY_HEADER
from photofun_common.logs import request_id, traceparent
from photofun_common.once import ONCE_HEADER
from photofun_common.telemetry import REQUEST_SECONDS, REQUESTS
from photofun_common.tracing import span
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from .admission import ALLOW, NoSuchMethodError, admit, preflight
from .auth import ANYBODY, Principal, check_scopes
from .claims import claimed_user, user_in_query
from .compressing import compressed
from .idempotency import MOST_KEPT, Claim, Kept, key_of
from .inside import Inside
from .limiting import refusal_headers
from .pool import TROUBLE
from .routing import Route, canonical_path, route_of
from .upstreams import BodyDigest, inward_headers
from .wire import Answer, ClientGoneError, Exchange, Pairs, json_answer, problem_answer
from .wiring import VERSION, Context

__all__ = ["Api"]

log = logging.getLogger(__name__)
_HEALTH_SECONDS = 0.8
_ASSISTANT = "mcp"
_IDENTITY, _ONCE = IDENTITY_HEADER.encode(), ONCE_HEADER.lower().encode()
_ALWAYS: Pairs = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]
_QUIET = frozenset({"/livez", "/readyz", "/metrics", "/health"})
Handler = Callable[[Exchange], Awaitable[Answer]]


class Api:
    """The ASGI side of the gateway.  `context` is there while the lifespan runs."""

    def __init__(self) -> None:
        self.context: Context | None = None
        self._own: dict[str, Handler] = {
            "/health": self._health,
            "/livez": self._livez,
            "/readyz": self._readyz,
            "/metrics": self._metrics,
            "/openapi.json": self._openapi,
        }

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one HTTP request, whatever happens, and note that it was."""
        exchange = Exchange(scope, receive, send)
        exchange.defaults = _ALWAYS
        exchange.extra.append((b"x-request-id", exchange.request_id.encode()))
        request_id.set(exchange.request_id)
        if exchange.raw_path.decode("latin-1").rstrip("/") in _QUIET:
            await self._served(exchange)
            return
        parent = exchange.header(b"traceparent").decode("latin-1")
        with span(exchange.method, "server", parent=parent, attributes={"http.request.method": exchange.method}) as told:
            label = await self._served(exchange)
            told.name(f"{exchange.method} {label}")
            told.set({"http.route": label, "http.response.status_code": exchange.status})
            if exchange.status >= 500:
                told.fail(str(exchange.status))

    async def _served(self, exchange: Exchange) -> str:
        """Answer, log and count; which route it was."""
        started = time.perf_counter()
        label, is_openai = "-", False
        try:
            context = self.context
            if context is None:
                raise PhotoFunError("The gateway is starting")
            admit(context, exchange)
            path = canonical_path(exchange.raw_path)
            route = route_of(exchange.method, path)
            label, is_openai = (route.label, route.is_openai) if route else (path if path in self._own or path == "/mcp" else "-", False)
            await self._respond(context, exchange, path, route)
        except ClientGoneError:
            exchange.status = exchange.status or 499
        except Exception as error:
            await self._failed(exchange, error, is_openai=is_openai)
        finally:
            spent = time.perf_counter() - started
            REQUESTS.labels(exchange.method, label, exchange.status).inc()
            REQUEST_SECONDS.labels(exchange.method, label).observe(spent)
            if label not in _QUIET:
                path_text = exchange.raw_path[:200].decode("latin-1")
                fields = {"method": exchange.method, "path": path_text, "status": exchange.status, "ms": round(spent * 1000, 1)}
                log.info("request", extra=fields)
        return label

    async def _failed(self, exchange: Exchange, error: Exception, *, is_openai: bool) -> None:
        if exchange.is_started:
            log.warning("an answer broke off", extra={"error": f"{type(error).__name__}: {error}"[:200]})
            return
        if not isinstance(error, PhotoFunError):
            log.error("unexpected error", exc_info=error)
            error = PhotoFunError("An unexpected error happened on our side; the request id helps us find it", slug="internal-error")
            error.code = 1005
        if isinstance(error, RateLimitedError):
            exchange.extra.extend(refusal_headers(error))
        if error.status == 405:
            exchange.extra.append((b"allow", ALLOW))
        with suppress(ClientGoneError):
            path = exchange.raw_path[:300].decode("latin-1")
            await exchange.answer(problem_answer(error, instance=path, is_openai=is_openai))

    async def _respond(self, context: Context, exchange: Exchange, path: str, route: Route | None) -> None:
        if exchange.method == "OPTIONS":
            await exchange.answer(preflight(exchange))
            return
        if route is not None:
            await self._proxy(context, exchange, route)
            return
        if path == "/mcp":
            await self._assist(context, exchange)
            return
        if handler := self._own.get(path):
            answer = await handler(exchange)
        elif page := context.pages.find(path):
            answer = page.answer(exchange)
        else:
            raise NotFoundError(f"There is nothing at {path[:200]}: /openapi.json lists what there is")
        if exchange.method not in ("GET", "HEAD"):
            raise NoSuchMethodError(f"{exchange.method} is not allowed here: it can only be read")
        await _send(exchange, answer)

    # --- the way to a service

    async def _proxy(self, context: Context, exchange: Exchange, route: Route) -> None:
        principal = await self._judged(context, exchange, is_public=route.is_public)
        key = key_of(exchange) if exchange.method == "POST" else None
        length = exchange.length
        if length is not None and length > route.body_limit:
            raise TooLargeError("The body is too large", limit=route.body_limit, actual=length)
        caller = f"p:{exchange.peer}"
        if principal.user is not None:
            caller = f"u:{principal.user}"
        elif context.is_open and (route.is_counted or key):
            claimed = await claimed_user(exchange, route)
            caller = f"u:{claimed}" if claimed else caller
        if route.is_counted:
            exchange.extra += await context.rates.count(caller, paid=route.is_paid)
        if (kept := context.cache.find(exchange, route.path)) is not None:
            await _send(exchange, kept)
            return
        headers = inward_headers(exchange)
        headers.append((b"x-deadline", b"%.3f" % (time.time() + route.seconds)))
        headers.append((b"x-request-id", exchange.request_id.encode()))
        headers.append((_IDENTITY, context.identities.token(route.service, principal)))
        with (
            context.load.taken(route),
            span(f"{exchange.method} {route.service}", "client", attributes={"peer.service": route.service}),
        ):
            headers.append((b"traceparent", traceparent.get().encode()))
            if key is None:
                await context.upstreams.stream(exchange, route, headers, context.cache)
            else:
                await self._once(context, exchange, route, headers, caller, key)

    async def _assist(self, context: Context, exchange: Exchange) -> None:
        """MCP: each call stands alone, as the person who is signed in (in open mode: as `?user_id=`)."""
        principal = await self._judged(context, exchange, is_public=False)
        user = principal.user or user_in_query(exchange.query) or _ASSISTANT
        caller = f"u:{user}"
        exchange.extra += await context.rates.count(caller, paid=False)
        inside = Inside(context, principal, user=user, caller=caller)
        await context.mcp.serve(exchange.scope, exchange.receive, exchange.send, inside)

    async def _judged(self, context: Context, exchange: Exchange, *, is_public: bool) -> Principal:
        if context.guard is None or is_public:
            return ANYBODY
        try:
            principal = await context.guard.judge(exchange.headers(b"authorization"), exchange.headers(b"x-api-key"))
        except UnauthorizedError:
            if exchange.header(b"authorization") or exchange.header(b"x-api-key"):
                await context.rates.check_failures(exchange.peer)
                await context.rates.count_failure(exchange.peer)
            raise
        check_scopes(principal, exchange.method)
        return principal

    async def _once(self, context: Context, exchange: Exchange, route: Route, headers: Any, caller: str, key: bytes) -> None:
        """Forward a call with an Idempotency-Key, or replay what the first one was answered."""
        digest = BodyDigest(hashlib.sha256(exchange.query + b"\n"), exchange.header(b"content-type"))
        claim = await context.idempotency.begin(caller, exchange.method, route.path, key)
        if isinstance(claim, Kept):
            while (chunk := await exchange.chunk(route.body_limit)) is not None:
                digest.feed(chunk)
            await _send(exchange, claim.replay(digest.hexdigest()))
            return
        headers.append((_ONCE, claim.once.encode()))  # a service that did it already answers that
        await _first(context, exchange, route, headers, claim, digest)

    # --- what the gateway answers itself

    async def _health(self, _exchange: Exchange) -> Answer:
        context = self.context
        assert context is not None
        names = list(context.services)
        states = await asyncio.gather(*(_is_healthy(context, name) for name in names))
        services = {name: "healthy" if state else "unhealthy" for name, state in zip(names, states, strict=True)}
        status = "healthy" if all(states) else "degraded"
        return json_answer({"status": status, "service": "gateway", "version": VERSION, "services": services})

    async def _livez(self, _exchange: Exchange) -> Answer:
        return json_answer({"status": "alive", "service": "gateway"})

    async def _readyz(self, _exchange: Exchange) -> Answer:
        assert self.context is not None
        if is_draining():
            return json_answer({"status": "draining", "service": "gateway", "version": VERSION}, 503)
        return json_answer({"status": "healthy", "service": "gateway", "version": VERSION})

    async def _metrics(self, _exchange: Exchange) -> Answer:
        assert self.context is not None
        if not self.context.is_open:
            raise NotFoundError("Metrics are on METRICS_PORT")
        return Answer(200, generate_latest(), [(b"content-type", CONTENT_TYPE_LATEST.encode())])

    async def _openapi(self, _exchange: Exchange) -> Answer:
        assert self.context is not None
        return Answer(200, await self.context.documents.get(), [(b"content-type", b"application/json"), (b"cache-control", b"no-cache")])


async def _first(context: Context, exchange: Exchange, route: Route, headers: Any, claim: Claim, digest: BodyDigest) -> None:
    answer: Answer | None = None
    try:
        answer = await context.upstreams.collect(exchange, route, headers, digest, MOST_KEPT)
    finally:
        if answer is None or answer.status >= 500:
            await claim.leave()
        elif 200 <= answer.status < 300:
            await claim.keep(digest.hexdigest(), answer)
        else:
            await claim.release()
    if answer is not None:
        await _send(exchange, answer)


async def _send(exchange: Exchange, answer: Answer) -> None:
    headers, body = compressed(exchange, answer.headers, answer.body)
    await exchange.answer(Answer(answer.status, body, [pair for pair in headers if pair[0] != b"content-length"]))


async def _is_healthy(context: Context, name: str) -> bool:
    try:
        status, _ = await context.upstreams.get(name, "/readyz", seconds=_HEALTH_SECONDS)
    except TROUBLE:
        return False
    return status == 200
