"""How does the gateway itself call a service for somebody?  With that person's identity and on that person's account."""

from __future__ import annotations

from typing import Any

import orjson
from photofun_common.identity import IDENTITY_HEADER
from photofun_common.logs import request_id, traceparent

from .auth import Principal
from .wire import Answer
from .wiring import Context

__all__ = ["Inside"]

_IDENTITY = IDENTITY_HEADER.encode()
_SECONDS = 65.0
_LARGEST = 32 * 2**20
_JSON = (b"content-type", b"application/json")


class Inside:
    """The services as one person sees them; `caller` is whose rates are counted."""

    def __init__(self, context: Context, principal: Principal, *, user: str, caller: str) -> None:
        self._context, self._principal, self._caller = context, principal, caller
        self.user = user

    async def count(self, *, paid: bool) -> None:
        """Count a call.  Raises RateLimitedError."""
        await self._context.rates.count(self._caller, paid=paid)

    async def call(self, service: str, method: str, target: str, body: Any = None) -> Answer:
        """A whole call.  Raises ServiceUnavailableError, ServiceTimeoutError, ServiceFailedError."""
        sent = b"" if body is None else orjson.dumps(body)
        headers = [
            (b"x-request-id", request_id.get().encode()),
            (b"traceparent", traceparent.get().encode()),
            (_IDENTITY, self._context.identities.token(service, self._principal)),
            *([_JSON] if sent else []),
        ]
        return await self._context.upstreams.call(service, method, target, headers, sent, seconds=_SECONDS, most=_LARGEST)
