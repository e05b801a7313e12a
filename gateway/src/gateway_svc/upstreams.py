"""How do calls reach the services?  Kept connections, streaming both ways, a breaker for each service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from photofun_common.errors import DeadlineError, UnavailableError, UpstreamError
from photofun_common.telemetry import BREAKER_OPEN

from .caching import AnswerCache
from .compressing import compressed
from .connection import Connection, ConnectionBrokenError, TooSlowError
from .pool import Pool, fetch
from .routing import Route
from .watching import Watch
from .wire import Answer, ClientGoneError, Exchange, Pairs

__all__ = ["BodyDigest", "ServiceUnavailableError", "Upstreams", "inward_headers"]

HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te", b"trailer",
     b"transfer-encoding", b"upgrade", b"http2-settings"}
)  # fmt: skip
_NOT_INWARD = HOP_BY_HOP | {
    b"host", b"expect", b"content-length", b"x-request-id", b"traceparent", b"idempotency-key", b"authorization", b"x-api-key", b"cookie",
    b"forwarded", b"x-original-url", b"x-rewrite-url", b"x-http-method-override", b"x-real-ip", b"x-deadline",
}  # fmt: skip
_NOT_INWARD_PREFIXES = (b"x-user", b"x-internal", b"x-auth", b"x-forwarded-", b"x-photofun-")
_NOT_OUTWARD = HOP_BY_HOP | {b"server", b"date", b"set-cookie", b"x-request-id", b"traceparent", b"x-powered-by"}
_NOT_OUTWARD_PREFIXES = (b"x-internal", b"x-photofun-", b"access-control-")
_FAILURES, _OPEN_SECONDS = 5, 1.0
_LARGEST_DOCUMENT = 8 * 2**20
_NAMES = {"conversation-svc": "Chat", "prompt-svc": "The prompt service", "imaging-svc": "The image service", "gallery-svc": "The gallery"}


class ServiceUnavailableError(UnavailableError):
    slug = "service-unavailable"
    title = "A part of the studio is away"


class ServiceTimeoutError(DeadlineError):
    slug = "service-timeout"
    title = "A part of the studio did not answer in time"
    code = 1005


class ServiceFailedError(UpstreamError):
    slug = "service-failed"
    title = "A part of the studio broke off"
    code = 1005


@lru_cache(maxsize=1024)
def _goes_in(name: bytes) -> bool:
    return name not in _NOT_INWARD and not name.replace(b"_", b"-").startswith(_NOT_INWARD_PREFIXES)


@lru_cache(maxsize=1024)
def _goes_out(name: bytes) -> bool:
    return name not in _NOT_OUTWARD and not name.startswith(_NOT_OUTWARD_PREFIXES)


def _named(pairs: Pairs) -> set[bytes]:
    """The headers that `Connection` declares to be for this hop only."""
    return {token.strip().lower() for name, value in pairs if name == b"connection" for token in value.split(b",")}


def inward_headers(exchange: Exchange) -> Pairs:
    """The client's headers without those that only we may set."""
    kept = [pair for pair in exchange.fields if _goes_in(pair[0])]
    named = _named(exchange.fields) - {b"keep-alive", b"close"}
    return [pair for pair in kept if pair[0] not in named] if named else kept


def outward_headers(pairs: Pairs, status: int) -> Pairs:
    """The service's headers without those that end here."""
    kept = [pair for pair in pairs if _goes_out(pair[0])]
    named = _named(pairs) - {b"keep-alive", b"close"}
    if status in (204, 304):
        named.add(b"content-length")
    return [pair for pair in kept if pair[0] not in named] if named else kept


@dataclass(slots=True)
class Breaker:
    """Open for a second after five failures in a row; then one call tries."""

    failures: int = 0
    open_until: float = 0.0

    def is_open(self) -> bool:
        if self.failures < _FAILURES:
            return False
        now = time.monotonic()
        if now < self.open_until:
            return True
        self.open_until = now + _OPEN_SECONDS
        return False

    def failed(self) -> None:
        self.failures += 1
        self.open_until = time.monotonic() + _OPEN_SECONDS

    def succeeded(self) -> None:
        self.failures = 0


@dataclass(slots=True)
class Upstream:
    """A service: its name and address, and how it does."""

    name: str
    pool: Pool
    breaker: Breaker = field(default_factory=Breaker)

    def __post_init__(self) -> None:
        breaker = self.breaker
        BREAKER_OPEN.labels(self.name).set_function(lambda: float(breaker.failures >= _FAILURES))

    def away(self) -> ServiceUnavailableError:
        return ServiceUnavailableError(
            f"{_NAMES.get(self.name, self.name)} ({self.name}) is not reachable just now; try again shortly",
            service=self.name,
            retry_after=2,
        )

    def late(self) -> ServiceTimeoutError:
        return ServiceTimeoutError(f"{self.name} did not answer in time; it may still do what was asked", service=self.name, retry_after=5)

    def broke(self) -> ServiceFailedError:
        return ServiceFailedError(f"{self.name} broke the connection; whether it did what was asked is not known", service=self.name)


class BodySource:
    """The client's body on its way inwards.  `trouble` is what ended it early; `digest` has seen all of it."""

    def __init__(self, exchange: Exchange, limit: int, digest: BodyDigest | None) -> None:
        self._exchange, self._limit, self._digest = exchange, limit, digest
        self.trouble: Exception | None = None

    async def pour(self, connection: Connection, *, is_chunked: bool) -> None:
        """Send all of it; trouble with the client closes the connection."""
        try:
            while (chunk := await self._exchange.chunk(self._limit)) is not None:
                if self._digest is not None:
                    self._digest.feed(chunk)
                await connection.write(b"%x\r\n%s\r\n" % (len(chunk), chunk) if is_chunked else chunk)
            if is_chunked:
                await connection.write(b"0\r\n\r\n")
        except ConnectionBrokenError:
            return  # whoever waits for the answer hears of it
        except Exception as error:
            self.trouble = error
            connection.close()


class BodyDigest:
    """A hash of a body that doesn't depend on the form's boundary, which clients draw anew each time."""

    def __init__(self, digest: Any, content_type: bytes) -> None:
        self._digest = digest
        _, _, rest = content_type.partition(b"boundary=")
        self._boundary = rest.split(b";")[0].strip().strip(b'"')
        self._tail = b""

    def feed(self, chunk: bytes) -> None:
        if not self._boundary:
            self._digest.update(chunk)
            return
        data = (self._tail + chunk).replace(self._boundary, b"*")
        keep = min(len(data), len(self._boundary) - 1)
        self._digest.update(data[: len(data) - keep])
        self._tail = data[len(data) - keep :]

    def hexdigest(self) -> str:
        final = self._digest.copy()
        final.update(self._tail)
        return str(final.hexdigest())


class Flight:
    """A call on its way: its connection, and the task that sends the rest of its body."""

    __slots__ = ("connection", "pump", "upstream")

    def __init__(self, upstream: Upstream, connection: Connection, pump: asyncio.Task[None] | None) -> None:
        self.upstream, self.connection, self.pump = upstream, connection, pump

    async def read(self) -> bytes:
        """The next piece of the answer, empty at its end.  Raises ServiceTimeoutError, ServiceFailedError."""
        try:
            return await self.connection.read()
        except TooSlowError as error:
            raise self.upstream.late() from error
        except ConnectionBrokenError as error:
            raise self.upstream.broke() from error

    def end(self) -> None:
        if self.pump is not None and not self.pump.done():  # answered before it had all of the body
            self.pump.cancel()
            self.connection.close()
        self.upstream.pool.give(self.connection)


class Upstreams:
    """Forwards calls to the services."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self._by_name = {name: Upstream(name, Pool(base)) for name, base in addresses.items()}

    @staticmethod
    @asynccontextmanager
    async def opened(addresses: dict[str, str]) -> AsyncIterator[Upstreams]:
        found = Upstreams(addresses)
        try:
            yield found
        finally:
            for upstream in found._by_name.values():
                upstream.pool.close()

    async def get(self, name: str, path: str, *, seconds: float) -> tuple[int, bytes]:
        """A call of our own to a service, whatever its breaker says: its health, its document.  Raises TROUBLE."""
        return await fetch(self._by_name[name].pool, path, seconds=seconds, most=_LARGEST_DOCUMENT)

    async def call(self, name: str, method: str, target: str, headers: Pairs, body: bytes = b"", *, seconds: float, most: int) -> Answer:
        """A whole call of our own to a service.  Raises ServiceUnavailableError, ServiceTimeoutError, ServiceFailedError."""
        upstream = self._by_name[name]
        if upstream.breaker.is_open():
            raise upstream.away()
        sized = [*headers, (b"content-length", b"%d" % len(body))] if body or method != "GET" else headers
        head = _head(upstream, method, target.encode("ascii"), sized)
        try:
            connection = await upstream.pool.take()
        except OSError as error:
            upstream.breaker.failed()
            raise upstream.away() from error
        flight = Flight(upstream, connection, None)
        try:
            await self._headed(upstream, connection, head + body, seconds, None)
            chunks: list[bytes] = []
            while chunk := await flight.read():
                chunks.append(chunk)
                if sum(map(len, chunks)) > most:
                    connection.close()
                    raise upstream.broke()
            return Answer(connection.status, b"".join(chunks), outward_headers(connection.headers, connection.status))
        finally:
            flight.end()

    async def stream(self, exchange: Exchange, route: Route, headers: Pairs, cache: AnswerCache) -> None:
        """Forward a call and pass the answer on as it comes.  A client that hangs up ends the call inwards too."""
        watch = Watch(exchange)
        try:
            flight = await self._begin(exchange, route, headers, None)
            try:
                await _pass_on(exchange, flight, route, cache)
            finally:
                flight.end()
        except asyncio.CancelledError:
            if watch.is_gone():
                raise ClientGoneError from None
            raise
        finally:
            watch.end()

    async def collect(self, exchange: Exchange, route: Route, headers: Pairs, digest: BodyDigest, most: int) -> Answer | None:
        """Forward a call to its end, whether or not the client still listens.  None: the answer was too long and passed on as it came."""
        flight = await self._begin(exchange, route, headers, digest)
        try:
            outward = outward_headers(flight.connection.headers, flight.connection.status)
            chunks: list[bytes] = []
            size = 0
            while chunk := await flight.read():
                chunks.append(chunk)
                size += len(chunk)
                if size > most:
                    await exchange.start(flight.connection.status, outward)
                    await exchange.write(b"".join(chunks), more=True)
                    await _pass_rest(exchange, flight)
                    return None
            return Answer(flight.connection.status, b"".join(chunks), [pair for pair in outward if pair[0] != b"content-length"])
        finally:
            flight.end()

    async def _begin(self, exchange: Exchange, route: Route, headers: Pairs, digest: BodyDigest | None) -> Flight:
        """Send the call; return when its answer has begun."""
        upstream = self._by_name[route.service]
        if upstream.breaker.is_open():
            raise upstream.away()
        method = "GET" if exchange.method == "HEAD" else exchange.method
        path = route.path.encode("ascii")
        target = b"%s?%s" % (path, exchange.query) if exchange.query else path
        source, ready, lines = _body_of(exchange, route, digest, method)
        head = _head(upstream, method, target, [*headers, *lines]) + ready
        tries = 2 if method == "GET" and source is None and not ready else 1
        while True:
            tries -= 1
            try:
                connection = await upstream.pool.take()
            except OSError as error:
                upstream.breaker.failed()
                raise upstream.away() from error
            flight = Flight(upstream, connection, None)
            try:
                if source is not None:
                    connection.ask(head, seconds=route.seconds)
                    flight.pump = asyncio.create_task(source.pour(connection, is_chunked=exchange.length is None))
                    head = b""
                await self._headed(upstream, connection, head, route.seconds, source)
            except BaseException as error:
                flight.end()
                if tries and isinstance(error, ServiceFailedError):
                    continue
                raise
            upstream.breaker.succeeded()
            return flight

    @staticmethod
    async def _headed(upstream: Upstream, connection: Connection, head: bytes, seconds: float, source: BodySource | None) -> None:
        try:
            if head:
                connection.ask(head, seconds=seconds)
            await connection.head()
        except TooSlowError as error:
            upstream.breaker.failed()
            raise upstream.late() from error
        except ConnectionBrokenError as error:
            if source is not None and source.trouble is not None:
                raise source.trouble from error
            raise upstream.broke() from error


def _head(upstream: Upstream, method: str, target: bytes, headers: Pairs) -> bytes:
    """The head of a request as bytes."""
    lines = [method.encode("ascii"), b" ", upstream.pool.prefix, target, b" HTTP/1.1\r\nhost: ", upstream.pool.authority, b"\r\n"]
    for name, value in headers:
        lines += (name, b": ", value, b"\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)


def _body_of(exchange: Exchange, route: Route, digest: BodyDigest | None, method: str) -> tuple[BodySource | None, bytes, Pairs]:
    """Where the body comes from (or all of it, when it is at hand), and the headers that announce it."""
    length = exchange.length
    if length == 0:
        exchange.is_read = True
        return None, b"", [(b"content-length", b"0")] if method in ("POST", "PUT", "PATCH") else []
    if length is not None and digest is None and (ready := exchange.at_hand(length)) is not None:
        return None, ready, [(b"content-length", b"%d" % length)]
    announced = (b"transfer-encoding", b"chunked") if length is None else (b"content-length", b"%d" % length)
    return BodySource(exchange, route.body_limit, digest), b"", [announced]


async def _pass_on(exchange: Exchange, flight: Flight, route: Route, cache: AnswerCache) -> None:
    connection = flight.connection
    outward = outward_headers(connection.headers, connection.status)
    if exchange.method == "HEAD" or connection.status in (204, 304):
        await exchange.start(connection.status, outward)
        await exchange.write(b"", more=False)
        return
    if connection.is_complete:
        body = await flight.read()
        kept = cache.keep(exchange, route.path, connection.status, outward, body)
        await exchange.whole(connection.status, *compressed(exchange, kept, body))
        return
    await exchange.start(connection.status, outward)
    await _pass_rest(exchange, flight)


async def _pass_rest(exchange: Exchange, flight: Flight) -> None:
    while chunk := await flight.read():
        if flight.connection.is_complete:
            await exchange.write(chunk, more=False)
            return
        await exchange.write(chunk, more=True)
    await exchange.write(b"", more=False)
