"""How do calls reach the services?  One pooled client, streaming both ways, a breaker for each service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from multidict import CIMultiDict
from photofun_common.errors import DeadlineError, UnavailableError, UpstreamError
from yarl import URL

from .routing import Route
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
_CONNECT_SECONDS = 2.0
_KEEPALIVE_SECONDS = 4.0  # below uvicorn's default of 5: a service must not close what we are about to use
_WATCH_AFTER = 0.25
_BUFFER = 256 * 1024
_FAILURES, _OPEN_SECONDS = 5, 1.0
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


def inward_headers(exchange: Exchange) -> CIMultiDict[str]:
    """The client's headers without those that only we may set."""
    named = {token.strip().lower() for value in exchange.headers(b"connection") for token in value.split(b",")}
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in exchange.fields:
        if name not in _NOT_INWARD and name not in named and not name.replace(b"_", b"-").startswith(_NOT_INWARD_PREFIXES):
            kept.add(name.decode("latin-1"), value.decode("latin-1"))
    return kept


def outward_headers(raw: Any, status: int) -> Pairs:
    """The service's headers without those that end here."""
    pairs: Pairs = [(name.lower(), value) for name, value in raw]
    named = {token.strip().lower() for name, value in pairs if name == b"connection" for token in value.split(b",")}
    bodiless = status in (204, 304)
    return [
        (name, value)
        for name, value in pairs
        if name not in _NOT_OUTWARD
        and name not in named
        and not name.startswith(_NOT_OUTWARD_PREFIXES)
        and not (bodiless and name == b"content-length")
    ]


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
    base: str
    breaker: Breaker = field(default_factory=Breaker)

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

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while (chunk := await self._exchange.chunk(self._limit)) is not None:
                if self._digest is not None:
                    self._digest.feed(chunk)
                yield chunk
        except Exception as error:
            self.trouble = error
            raise


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


class Upstreams:
    """Forwards calls to the services."""

    def __init__(self, addresses: dict[str, str], session: aiohttp.ClientSession) -> None:
        self._session = session
        self._by_name = {name: Upstream(name, base) for name, base in addresses.items()}

    @staticmethod
    @asynccontextmanager
    async def opened(addresses: dict[str, str]) -> AsyncIterator[Upstreams]:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_SECONDS, ttl_dns_cache=10)
        async with aiohttp.ClientSession(
            connector=connector, auto_decompress=False, trust_env=False, cookie_jar=aiohttp.DummyCookieJar(), read_bufsize=_BUFFER,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"), max_line_size=16384, max_field_size=16384,
        ) as session:  # fmt: skip
            yield Upstreams(addresses, session)

    async def get(self, name: str, path: str, *, seconds: float) -> tuple[int, bytes]:
        """A call of our own to a service: its health, its document."""
        timeout = aiohttp.ClientTimeout(total=seconds)
        async with self._session.get(self._by_name[name].base + path, allow_redirects=False, timeout=timeout) as response:
            return response.status, await response.content.read(8 * 2**20)

    async def fetch(self, url: str) -> bytes:
        """A document from outside (the issuer's keys): no redirects, 1 MB, 5 seconds."""
        async with self._session.get(url, allow_redirects=False, timeout=aiohttp.ClientTimeout(total=5)) as response:
            if response.status != 200:
                raise UpstreamError(f"answered {response.status}")
            return await response.content.read(2**20)

    async def stream(self, exchange: Exchange, route: Route, headers: CIMultiDict[str]) -> None:
        """Forward a call and pass the answer on as it comes.  A client that hangs up ends the call inwards too."""
        async with _until_gone(exchange), self._opened(exchange, route, headers, None) as response:
            outward = outward_headers(response.raw_headers, response.status)
            await exchange.start(response.status, outward)
            if exchange.method == "HEAD" or response.status in (204, 304):
                await exchange.write(b"", more=False)
                return
            await _pass_on(exchange, response)

    async def collect(self, exchange: Exchange, route: Route, headers: CIMultiDict[str], digest: BodyDigest, most: int) -> Answer | None:
        """Forward a call to its end, whether or not the client still listens.  None: the answer was too long and passed on as it came."""
        async with self._opened(exchange, route, headers, digest) as response:
            outward = outward_headers(response.raw_headers, response.status)
            chunks: list[bytes] = []
            size = 0
            while chunk := await response.content.readany():
                chunks.append(chunk)
                size += len(chunk)
                if size > most:
                    await exchange.start(response.status, outward)
                    await exchange.write(b"".join(chunks), more=True)
                    await _pass_on(exchange, response, sent=size)
                    return None
            return Answer(response.status, b"".join(chunks), [pair for pair in outward if pair[0] != b"content-length"])

    @asynccontextmanager
    async def _opened(
        self, exchange: Exchange, route: Route, headers: CIMultiDict[str], digest: BodyDigest | None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        upstream = self._by_name[route.service]
        if upstream.breaker.is_open():
            raise upstream.away()
        response = await self._ask(upstream, exchange, route, headers, digest)
        upstream.breaker.succeeded()
        async with response:
            try:
                yield response
            except (aiohttp.ClientError, OSError) as error:
                if isinstance(error, TimeoutError):
                    raise upstream.late() from error
                raise upstream.broke() from error

    async def _ask(
        self, upstream: Upstream, exchange: Exchange, route: Route, headers: CIMultiDict[str], digest: BodyDigest | None
    ) -> aiohttp.ClientResponse:
        method = "GET" if exchange.method == "HEAD" else exchange.method
        query = exchange.query.decode("latin-1")
        url = URL(f"{upstream.base}{route.path}?{query}" if query else upstream.base + route.path, encoded=True)
        length = exchange.length
        body: BodySource | None = None
        if length != 0:
            body = BodySource(exchange, route.body_limit, digest)
            if length is not None:
                headers["Content-Length"] = str(length)
        else:
            exchange.is_read = True
            if method in ("POST", "PUT", "PATCH"):
                headers["Content-Length"] = "0"
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=route.seconds)
        tries = 2 if method == "GET" and body is None else 1
        while True:
            tries -= 1
            try:
                return await self._session.request(method, url, headers=headers, data=body, allow_redirects=False, timeout=timeout)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                upstream.breaker.failed()
                raise upstream.away() from error
            except (aiohttp.ClientError, OSError, ClientGoneError) as error:
                if body is not None and body.trouble is not None:
                    raise body.trouble from error
                if isinstance(error, TimeoutError):
                    upstream.breaker.failed()
                    raise upstream.late() from error
                if tries == 0:
                    raise upstream.broke() from error


async def _pass_on(exchange: Exchange, response: aiohttp.ClientResponse, *, sent: int = 0) -> None:
    declared = response.headers.get("Content-Length", "")
    left = int(declared) - sent if declared.isdigit() else None
    if left == 0:
        await exchange.write(b"", more=False)
        return
    while chunk := await response.content.readany():
        if left is not None:
            left -= len(chunk)
        await exchange.write(chunk, more=left != 0)
        if left == 0:
            return
    await exchange.write(b"", more=False)


@asynccontextmanager
async def _until_gone(exchange: Exchange) -> AsyncIterator[None]:
    """Cancel what runs inside when the client hangs up; watching starts only for calls that take a while."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    watcher: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None
    has_gone = False

    async def watch() -> None:
        nonlocal has_gone
        await exchange.gone()
        if not exchange.is_ended:
            has_gone = True
            task.cancel()

    def begin() -> None:
        nonlocal watcher, timer
        if exchange.is_read:
            watcher = loop.create_task(watch())
        else:
            timer = loop.call_later(_WATCH_AFTER, begin)

    timer = loop.call_later(_WATCH_AFTER, begin)
    try:
        yield
    except asyncio.CancelledError:
        if has_gone and task.uncancel() == 0:
            raise ClientGoneError from None
        raise
    finally:
        if timer is not None:
            timer.cancel()
        if watcher is not None:
            watcher.cancel()
