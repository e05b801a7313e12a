"""What is plugged into what?  Opens the client pool and the bus, closes them again."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from limits import parse
from photofun_common.bus import Bus, subscriptions_of
from photofun_common.identity import IdentityKeeper
from photofun_common.jetstream import JetStreamBus
from prometheus_client import start_http_server

from .assistants import McpDoor
from .auth import FileKeys, Guard, JwksKeys, Principal
from .caching import AnswerCache
from .documents import Documents
from .events import HANDLERS, Forgetting
from .hosts import Hosts
from .idempotency import IdempotencyKeeper
from .limiting import RateKeeper
from .pages import Pages
from .pool import fetch_from_outside
from .settings import Settings
from .shedding import Load
from .upstreams import Upstreams
from .windows import LocalWindows, SharedWindows

__all__ = ["Context", "Identities", "open_context"]

_FAILED_SIGN_INS = "60/minute"
_REUSE_SECONDS = 20.0
_MOST_TOKENS = 4096
_KEYS_SECONDS = 5.0
VERSION = "0.1.0"


class Identities:
    """Signs who calls for a service; a word of the last seconds is used again."""

    def __init__(self, keeper: IdentityKeeper) -> None:
        self._keeper = keeper
        self._signed: dict[tuple[str, Principal], tuple[float, bytes]] = {}

    def token(self, service: str, principal: Principal) -> bytes:
        now = time.monotonic()
        found = self._signed.get((service, principal))
        if found is not None and found[0] > now:
            return found[1]
        if len(self._signed) >= _MOST_TOKENS:
            self._signed.clear()
        token = self._keeper.sign(principal.user, audience=service, scopes=principal.scopes).encode()
        self._signed[service, principal] = (now + _REUSE_SECONDS, token)
        return token


async def _fetch_keys(url: str) -> bytes:
    return await fetch_from_outside(url, seconds=_KEYS_SECONDS, most=2**20)


@dataclass(frozen=True, slots=True)
class Context:
    """What the api works with."""

    is_open: bool
    services: dict[str, str]
    origins: frozenset[str]
    hosts: Hosts
    proxies: tuple[IPv4Network | IPv6Network, ...]
    upstreams: Upstreams
    guard: Guard | None
    rates: RateKeeper
    identities: Identities
    idempotency: IdempotencyKeeper
    documents: Documents
    pages: Pages
    mcp: McpDoor
    cache: AnswerCache
    load: Load


@asynccontextmanager
async def open_context(settings: Settings, bus: Bus | None = None) -> AsyncIterator[Context]:
    """Everything the gateway needs; `bus` instead of JetStream is for tests."""
    if bus is None:
        async with JetStreamBus(settings.nats_url, "gateway", manage_topology=False) as real, _opened(settings, real) as context:
            real.subscribe(Forgetting(real, context.idempotency), subscriptions_of(HANDLERS))
            yield context
    else:
        async with _opened(settings, bus) as context:
            yield context


@asynccontextmanager
async def _opened(settings: Settings, bus: Bus) -> AsyncIterator[Context]:
    metrics = start_http_server(settings.metrics_port) if settings.metrics_port else None
    try:
        mcp, load = McpDoor(VERSION), Load()
        windows = SharedWindows(settings.rate_limit_store) if settings.rate_limit_store else LocalWindows()
        async with Upstreams.opened(settings.services) as upstreams, mcp.opened(), aclosing(windows), load.watched():
            is_open = settings.auth_mode == "open"
            jwks = JwksKeys(settings.jwt_jwks_url, _fetch_keys) if settings.jwt_jwks_url else None
            keys = FileKeys(settings.api_keys_file) if settings.api_keys_file else None
            yield Context(
                is_open=is_open,
                services=settings.services,
                origins=frozenset(origin.rstrip("/") for origin in settings.cors_origins),
                hosts=Hosts(settings.allowed_hosts, settings.public_url),
                proxies=settings.proxies,
                upstreams=upstreams,
                guard=None if is_open else Guard(settings, jwks, keys),
                rates=RateKeeper(settings.rate, settings.paid_rate, parse(_FAILED_SIGN_INS), windows),
                identities=Identities(IdentityKeeper(settings.internal_secret.get_secret_value(), is_open=is_open)),
                idempotency=IdempotencyKeeper(bus),
                documents=Documents(upstreams, list(settings.services), public_url=settings.public_url, version=VERSION),
                pages=Pages(),
                mcp=mcp,
                cache=AnswerCache(),
                load=load,
            )
    finally:
        if metrics is not None:
            metrics[0].shutdown()
            metrics[0].server_close()
