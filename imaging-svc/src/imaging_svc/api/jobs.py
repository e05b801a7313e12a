"""Jobs, the same for chat and features: read, list, watch, cancel."""

from __future__ import annotations

import base64
import binascii

from fastapi import APIRouter, Request
from photofun_common.contracts.jobs import JobRecord
from photofun_common.errors import InvalidError, MalformedError
from photofun_common.http import ok, query_int
from photofun_common.jobs import JobNotFoundError, render_job, sse
from starlette.responses import Response, StreamingResponse

from ..service import ImagingService
from .common import CallerDep, ServiceDep, claimed_user, owned, problem_of, wait_seconds

__all__ = ["last_event_id", "router"]

router = APIRouter(tags=["jobs"])
_STATUSES = ("CREATED", "IN_PROGRESS", "AWAITING_APPROVAL", "COMPLETED", "FAILED", "CANCELED")


def _render(service: ImagingService, record: JobRecord) -> dict[str, object]:
    body = render_job(record, service.urls.url, problem_of)
    if record.status in ("CREATED", "IN_PROGRESS") and not any(step.status == "IN_PROGRESS" for step in record.steps):
        body["queue_position"] = service.index.ahead_of(record)
        body["eta_seconds"] = round(service.index.seconds_until_done(record), 1)
    return body


async def _own(job_id: str, request: Request, service: ImagingService, caller: CallerDep) -> JobRecord:
    if not (job_id.isalnum() and job_id.isascii() and len(job_id) <= 64):
        raise JobNotFoundError("There is no job with this id")
    return owned(await service.jobs.get(job_id), caller.reader(claimed_user(dict(request.query_params))))


@router.get("/v1/jobs", summary="A person's jobs, newest first")
async def list_jobs(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    user_id = caller.owner(claimed_user(dict(request.query_params)))
    status = request.query_params.get("status") or None
    if status is not None and status not in _STATUSES:
        raise InvalidError(f"status: must be one of {', '.join(_STATUSES)}", errors=[{"field": "status", "message": "unknown"}])
    limit = query_int(request, "limit", 20, low=1, high=100)
    ids = service.index.of(user_id, status)
    cursor = request.query_params.get("cursor")
    start = 0
    if cursor:
        last = _cursor_id(cursor)
        start = ids.index(last) + 1 if last in ids else len(ids)
    page = ids[start : start + limit]
    found = [record for record in [await service.jobs.find(job_id) for job_id in page] if record is not None]
    more = base64.urlsafe_b64encode(page[-1].encode()).decode() if page and start + limit < len(ids) else None
    return ok([_render(service, record) for record in found], meta={"next_cursor": more, "count": len(found)})


def _cursor_id(cursor: str) -> str:
    try:
        return base64.b64decode(cursor[:200].encode(), b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise InvalidError("cursor: is not one of ours", errors=[{"field": "cursor", "message": "is not valid"}]) from error


@router.get("/v1/jobs/{job_id}", summary="One job")
async def get_job(job_id: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    record = await _own(job_id, request, service, caller)
    if seconds := wait_seconds(request):
        record = await service.jobs.wait(job_id, seconds)
    return ok(_render(service, record))


@router.post("/v1/jobs/{job_id}/cancel", summary="Cancel exactly this job")
async def cancel_job(job_id: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    await _own(job_id, request, service, caller)
    return ok(_render(service, await service.cancel(job_id)))


def last_event_id(request: Request) -> int:
    """Where to resume: the header, or `?last_event_id=`.  Raises MalformedError for what is no number."""
    raw = request.headers.get("last-event-id") or request.query_params.get("last_event_id") or "0"
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 12):
        raise MalformedError("Last-Event-ID must be a number we sent")
    return int(raw)


@router.get("/v1/jobs/{job_id}/events", summary="The job's story as Server-Sent Events")
async def job_events(job_id: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    await _own(job_id, request, service, caller)
    stream = sse(service.jobs, job_id, lambda record: _render(service, record), after=last_event_id(request))
    return StreamingResponse(stream, 200, {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, "text/event-stream")
