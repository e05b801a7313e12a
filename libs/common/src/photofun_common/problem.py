"""How do errors look to a caller?  RFC 9457 problem documents that also carry the envelope's members."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from .contracts.values import ProblemData
from .errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    MalformedError,
    NotFoundError,
    PhotoFunError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedMediaError,
)
from .logs import request_id

__all__ = ["PROBLEM_TYPE", "from_validation", "install_problem_handlers", "problem_body", "problem_response", "render_problem"]

log = logging.getLogger(__name__)
PROBLEM_TYPE = "https://photofun.studio/problems/"
_MAX_ERRORS = 20


def render_problem(problem: ProblemData, *, instance: str = "") -> dict[str, Any]:
    """A problem as JSON members: RFC 9457's, the envelope's `code` and `message`, and what the error adds."""
    extra = {key: value for key, value in problem.extra.items() if key != "errors"}
    body: dict[str, Any] = {
        "type": PROBLEM_TYPE + problem.slug,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": instance,
        "code": problem.code,
        "message": problem.detail,
        "errors": problem.extra.get("errors", []),
        "request_id": request_id.get(),
        "slug": problem.slug,
    }
    if problem.retry_after is not None:
        body["retry_after"] = math.ceil(problem.retry_after)
    return {**extra, **body}


def problem_body(error: PhotoFunError, *, instance: str = "") -> dict[str, Any]:
    return render_problem(error.to_problem(), instance=instance)


def problem_response(error: PhotoFunError, *, instance: str = "", headers: dict[str, str] | None = None) -> Response:
    """The error as an HTTP answer."""
    out = dict(headers or {})
    if error.retry_after is not None:
        out["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    elif error.status == 503:
        out["Retry-After"] = "2"
    if error.status == 401:
        out["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(problem_body(error, instance=instance)), error.status, out, "application/problem+json")


def from_validation(errors: Sequence[Any], *, drop: tuple[str, ...] = ("body", "query", "path", "header")) -> InvalidError:
    """Pydantic's list of errors as one InvalidError: field and message, never the input itself."""
    fields = []
    for error in list(errors)[:_MAX_ERRORS]:
        where = [str(part) for part in error.get("loc", ()) if str(part) not in drop]
        message = str(error.get("msg", "is not valid")).removeprefix("Value error, ")
        fields.append({"field": ".".join(where)[:200] or "body", "message": message[:300]})
    first = fields[0] if fields else {"field": "body", "message": "is not valid"}
    return InvalidError(f"{first['field']}: {first['message']}", errors=fields)


_BY_STATUS: dict[int, type[PhotoFunError]] = {
    400: MalformedError,
    401: UnauthorizedError,
    403: DeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: TooLargeError,
    415: UnsupportedMediaError,
    422: InvalidError,
}


def _from_http(error: HTTPException, path: str) -> PhotoFunError:
    if error.status_code == 404:
        return NotFoundError(f"There is nothing at {path[:200]}", slug="not-found")
    if error.status_code == 405:
        found = InvalidError("This method is not allowed here", slug="method-not-allowed", title="Method not allowed")
        found.status, found.code = 405, 9999
        return found
    kind = _BY_STATUS.get(error.status_code, PhotoFunError)
    found_error = kind(str(error.detail)[:300])
    found_error.status = error.status_code
    return found_error


def install_problem_handlers(app: FastAPI) -> None:
    """Make every failure of the app a problem document: ours, FastAPI's, Starlette's, and the unexpected."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, PhotoFunError)
        return problem_response(error, instance=request.url.path)

    async def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError | ValidationError)
        return problem_response(from_validation(error.errors()), instance=request.url.path)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem_response(_from_http(error, request.url.path), instance=request.url.path, headers=dict(error.headers or {}))

    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("unexpected error", extra={"path": request.url.path}, exc_info=error)
        failure = PhotoFunError("An unexpected error happened on our side; the request id helps us find it", slug="internal-error")
        failure.code = 1005
        return problem_response(failure, instance=request.url.path)

    app.add_exception_handler(PhotoFunError, ours)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)
