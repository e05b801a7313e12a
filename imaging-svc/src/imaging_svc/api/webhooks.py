"""Webhooks of providers: believed only with a right signature."""

from __future__ import annotations

from fastapi import APIRouter, Request
from photofun_common.errors import TooLargeError
from photofun_common.http import ok
from starlette.responses import Response

from .common import ServiceDep

__all__ = ["router"]

router = APIRouter(tags=["webhooks"])
_MAX_BYTES = 64 * 2**10


@router.post("/v1/webhooks/freepik", summary="Freepik tells how a task stands", response_model=None)
async def freepik(request: Request, service: ServiceDep) -> Response:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise TooLargeError("A webhook may have 64 kB", limit=_MAX_BYTES, actual=len(body))
    return ok({"heard": await service.webhooks.hear(request.headers, body)})
