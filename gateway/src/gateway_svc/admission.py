"""What must every call satisfy before any route?  URL, Host, method, origin; and who is really at the other end."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import quote

from photofun_common.errors import InvalidError, MalformedError

from .wire import Answer, Exchange, Pairs
from .wiring import Context

__all__ = ["ALLOW", "NoSuchMethodError", "admit", "preflight"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ALLOW = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_LONGEST_URL = 4096
_HOST = re.compile(rb"[A-Za-z0-9._-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
_SAFE_QUERY = re.compile(rb"[\x21-\x7e]*")
_EXPOSED = b"X-Request-Id, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, Idempotency-Replayed, ETag, Location"


class NoSuchMethodError(InvalidError):
    slug, title, status, code = "method-not-allowed", "Method not allowed", 405, 9999


class UrlTooLongError(InvalidError):
    slug, title, status = "uri-too-long", "The URL is too long", 414


def admit(context: Context, exchange: Exchange) -> None:
    """What every call must satisfy; also finds the real peer and the CORS headers."""
    if len(exchange.raw_path) + len(exchange.query) > _LONGEST_URL:
        raise UrlTooLongError(f"A URL may have {_LONGEST_URL} characters", limit=_LONGEST_URL)
    if context.proxies:
        exchange.peer = real_peer(exchange, context)
    origin = exchange.header(b"origin")
    if origin:
        _allow_origin(context, exchange, origin)
    hosts = exchange.headers(b"host")
    if len(hosts) > 1 or (hosts and not _HOST.fullmatch(hosts[0])):
        raise MalformedError("The Host header is not valid")
    if hosts and not context.hosts.serves(hosts[0]):
        raise MalformedError("This Host is not served here", slug="unknown-host")
    if exchange.method not in _METHODS:
        raise NoSuchMethodError(f"{exchange.method[:20]} is not allowed here")
    if not _SAFE_QUERY.fullmatch(exchange.query):
        exchange.query = quote(exchange.query, safe="!$%&'()*+,-./:;=?@_~").encode()


def _allow_origin(context: Context, exchange: Exchange, origin: bytes) -> None:
    everyone = "*" in context.origins
    if not everyone and origin.decode("latin-1").rstrip("/") not in context.origins:
        exchange.extra.append((b"vary", b"Origin"))
        return
    exchange.extra += [
        (b"access-control-allow-origin", b"*" if everyone else origin),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"Origin"),
    ]
    if not everyone:
        exchange.extra.append((b"access-control-allow-credentials", b"true"))


def preflight(exchange: Exchange) -> Answer:
    headers: Pairs = [(b"allow", ALLOW)]
    if exchange.header(b"access-control-request-method") and any(name == b"access-control-allow-origin" for name, _ in exchange.extra):
        asked = exchange.header(b"access-control-request-headers")
        headers += [
            (b"access-control-allow-methods", ALLOW),
            (b"access-control-allow-headers", asked[:1024] or b"Content-Type, Authorization, X-API-Key, Idempotency-Key, X-Request-Id"),
            (b"access-control-max-age", b"600"),
        ]
    return Answer(204, b"", headers)


def real_peer(exchange: Exchange, context: Context) -> str:
    """The rightmost address that no trusted proxy has, as the trusted proxies tell it."""

    def is_trusted(text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in context.proxies)

    peer = exchange.peer
    hops = b",".join(exchange.headers(b"x-forwarded-for")).decode("latin-1").split(",")
    for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
        if not is_trusted(peer):
            break
        try:
            peer = str(ip_address(hop))
        except ValueError:
            break
    return peer
