"""What do all routes of the gallery share?  The context, the caller, who writes, answers that caches may keep."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import Depends, Request
from photofun_common.http import read_body
from photofun_common.identity import Caller, caller_of
from starlette.responses import Response

from ..domain import ImageNotFoundError
from ..views import Claim
from ..wiring import Context

__all__ = ["Here", "Who", "cached", "writer"]


def _context(request: Request) -> Context:
    found: Context = request.app.state.context
    return found


Here = Annotated[Context, Depends(_context)]
Who = Annotated[Caller, Depends(caller_of)]


def cached(request: Request, answer: Response) -> Response:
    """The answer with its ETag for the person's own cache, or 304 when they have it."""
    tag = f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, X-API-Key"}
    known = [given.strip().removeprefix("W/") for given in request.headers.get("if-none-match", "").split(",")]
    if tag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    answer.headers.update(headers)
    return answer


async def writer(request: Request, caller: Caller, named: str | None) -> tuple[str | None, Any]:
    """Who writes, by the query or the body, and the body.  Two different names are nobody's picture."""
    body = await read_body(request, empty=True)
    claimed = body.model(Claim).user_id
    if named and claimed and named != claimed:
        raise ImageNotFoundError
    return caller.reader(named or claimed), body
