"""Which id does the work of a call get, so that the same call made again finds the work instead of doing it twice?"""

from __future__ import annotations

import hashlib
from uuid import UUID, uuid4

from fastapi import Request

__all__ = ["ONCE_HEADER", "id_of_call", "once_of"]

ONCE_HEADER = "x-photofun-once"  # from the gateway only: what stands for user, route and Idempotency-Key


def once_of(request: Request) -> str | None:
    """What names this call, when its sender gave it an Idempotency-Key."""
    return request.headers.get(ONCE_HEADER)


def id_of_call(once: str | None, *parts: str) -> str:
    """The id that follows from the call and `parts`; a new one for a call without a name."""
    if once is None:
        return uuid4().hex
    return UUID(bytes=hashlib.sha256("\n".join([once, *parts]).encode()).digest()[:16], version=4).hex
