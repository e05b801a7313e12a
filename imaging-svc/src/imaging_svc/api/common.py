"""What do all routes of imaging-svc share?  The service, the caller, pictures out of bodies, waiting."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request
from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.values import ProblemData
from photofun_common.errors import InvalidError, UnavailableError
from photofun_common.http import Incoming
from photofun_common.identity import Caller, caller_of
from photofun_common.jobs import JobNotFoundError
from photofun_common.problem import render_problem

from ..files import PictureInput
from ..service import ImagingService

__all__ = ["CallerDep", "ServiceDep", "accepted_format", "claimed_user", "owned", "picture_of", "problem_of", "wait_seconds"]

MAX_WAIT = 30.0
_FORMATS = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}
_QUALITY = re.compile(r"^(0(\.\d{0,3})?|1(\.0{0,3})?)$", re.ASCII)


def _service(request: Request) -> ImagingService:
    context = getattr(request.app.state, "context", None)
    if context is None:
        raise UnavailableError("The service is starting")
    service: ImagingService = context.service
    return service


ServiceDep = Annotated[ImagingService, Depends(_service)]
CallerDep = Annotated[Caller, Depends(caller_of)]


def accepted_format(request: Request) -> str | None:
    """The picture format that the caller prefers by `Accept`: png, jpeg or webp, when it names one."""
    liked: list[tuple[float, str]] = []
    for part in request.headers.get("accept", "")[:1000].split(","):
        kind, *options = (piece.strip().lower() for piece in part.split(";"))
        weight = next((option[2:] for option in options if option.startswith("q=")), "1")
        if kind in _FORMATS and (quality := float(weight) if _QUALITY.match(weight) else 0.0) > 0:
            liked.append((quality, _FORMATS[kind]))
    return max(liked, key=lambda one: one[0])[1] if liked else None


def claimed_user(fields: dict[str, Any]) -> str | None:
    """`user_id`, or `userId` as old clients write it."""
    found = fields.get("user_id", fields.get("userId"))
    if found is None or found == "":
        return None
    if not isinstance(found, str) or len(found) > 128 or "\x00" in found:
        raise InvalidError(
            "user_id: must be text of at most 128 characters", errors=[{"field": "user_id", "message": "must be text, 1 to 128"}]
        )
    return found.strip()


def picture_of(incoming: Incoming, name: str) -> PictureInput:
    """The picture that the fields `<name>_url`, `<name>_data`, `<name>_file` hold, if any."""
    url, data = incoming.fields.get(f"{name}_url"), incoming.fields.get(f"{name}_data")
    for field, value in ((f"{name}_url", url), (f"{name}_data", data)):
        if value is not None and not isinstance(value, str):
            raise InvalidError(f"{field}: must be text", errors=[{"field": field, "message": "must be text"}])
    file = incoming.files.get(f"{name}_file")
    if file is None and not url and not data and incoming.files.get(name) is not None:
        file = incoming.files[name]
    return PictureInput(url=url or None, data=data or None, file=file)


def wait_seconds(request: Request) -> float:
    """`?wait=` in seconds, 0 when left out.  Raises InvalidError outside 0..30."""
    raw = request.query_params.get("wait")
    if raw is None or raw == "":
        return 0.0
    try:
        seconds = float(raw)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= MAX_WAIT:
        raise InvalidError(f"wait: must be 0 to {MAX_WAIT:.0f} seconds", errors=[{"field": "wait", "message": "must be 0 to 30"}])
    return seconds


def owned(record: JobRecord, reader: str | None) -> JobRecord:
    """The record if it is the reader's.  Raises JobNotFoundError for another's."""
    if reader is not None and record.user_id != reader:
        raise JobNotFoundError("There is no job with this id")
    return record


Problems = Callable[[Any], dict[str, Any]]


def problem_of(problem: ProblemData) -> dict[str, Any]:
    return render_problem(problem)
