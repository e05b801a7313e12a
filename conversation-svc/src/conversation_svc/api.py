"""Which HTTP calls does conversation-svc answer?"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Request
from photofun_common.contracts.prompt import PlannedStep
from photofun_common.contracts.values import Bool, Id, clean_text
from photofun_common.errors import InvalidError
from photofun_common.http import accepted, body_schema, ok, query_int, read_body
from photofun_common.identity import Caller, caller_of
from photofun_common.jobs import JobStore, render_job, sse
from photofun_common.once import once_of
from photofun_common.problem import render_problem
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response, StreamingResponse

from .domain import Session, Turn, checked_picture, decode_picture
from .meaning import Wish
from .service import Conversations
from .views import Views

__all__ = ["Doors", "router"]

router = APIRouter(prefix="/v1/chat", tags=["conversation"])
_MAX_PARAMS = 16 * 1024
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Doors:
    """What the routes use."""

    conversations: Conversations
    jobs: JobStore
    views: Views


def _doors(request: Request) -> Doors:
    doors: Doors = request.app.state.context.doors
    return doors


Service = Annotated[Doors, Depends(_doors)]
By = Annotated[Caller, Depends(caller_of)]
Url = Annotated[str, AfterValidator(clean_text), Field(min_length=1, max_length=2048)]


class _Body(BaseModel):
    """A body whose user may be named `user_id` or `userId`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    user_id: Annotated[str, AfterValidator(clean_text), Field(max_length=128)] | None = None

    @model_validator(mode="before")
    @classmethod
    def either_spelling(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("user_id") and value.get("userId"):
            return {**value, "user_id": value["userId"]}
        return value


class CreateSession(_Body):
    title: Annotated[str, AfterValidator(clean_text), Field(max_length=200)] | None = None
    image_url: Url | None = Field(default=None, description="start from this picture: any of the gallery, or one from elsewhere")


class RenameSession(_Body):
    title: Annotated[str, AfterValidator(clean_text), Field(min_length=1, max_length=200)]


class SendMessage(_Body):
    content: Annotated[str, AfterValidator(clean_text), Field(max_length=4000, description="also accepted as message or prompt")]
    image_url: Url | None = None
    image_data: Annotated[str, Field(description="a data URI or bare base64")] | None = None
    selected_messages: Annotated[list[Id], Field(max_length=8)] = Field(default_factory=list)
    additional_images: Annotated[list[Url], Field(max_length=8)] = Field(default_factory=list)
    feature_params: dict[str, Any] = Field(default_factory=dict)
    mode: Literal["auto", "review"] = "auto"
    refine: Bool = True

    @model_validator(mode="before")
    @classmethod
    def any_name(cls, value: Any) -> Any:
        """The text under any of its names; null and empty stand for 'not given'."""
        if not isinstance(value, dict):
            return value
        text = next((value[name] for name in ("content", "message", "prompt") if value.get(name) not in (None, "")), None)
        given = {name: inner for name, inner in value.items() if inner is not None and not (inner == "" and name != "image_data")}
        for name in ("selected_messages", "additional_images"):
            if isinstance(given.get(name), str):  # a form with just one
                given[name] = [given[name]]
        return {**given, "content": "" if text is None else text}

    @model_validator(mode="after")
    def small_enough(self) -> SendMessage:
        if self.feature_params and (
            len(orjson.dumps(self.feature_params, default=str)) > _MAX_PARAMS or _depth(self.feature_params) > _MAX_DEPTH
        ):
            raise ValueError("feature_params may have 16 kB and 8 levels")
        if any(name.startswith("$") or "." in name for name in self.feature_params):
            raise ValueError("feature_params: names hold neither '$' at the start nor '.'")
        return self


class Approve(_Body):
    plan: list[PlannedStep] | None = None


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(inner) for inner in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(inner) for inner in value), default=0)
    return 0


def _asked_user(request: Request) -> str | None:
    found = request.query_params.get("user_id") or request.query_params.get("userId")
    if found is not None and (len(found) > 128 or "\x00" in found):
        raise InvalidError("user_id: is not valid", errors=[{"field": "user_id", "message": "at most 128 characters"}])
    return found


async def _owner(request: Request, caller: Caller) -> str | None:
    """Whose it must be, by the query or an optional body; None when knowing the id is enough."""
    incoming = await read_body(request, _Body, empty=True) if request.headers.get("content-type") else None
    named = incoming.model(_Body).user_id if incoming else None
    return caller.reader(_asked_user(request) or named)


# --- sessions


@router.post("/sessions", status_code=201, summary="Start a session", openapi_extra=body_schema(CreateSession))
async def create_session(request: Request, doors: Service, caller: By) -> Response:
    body = (await read_body(request, CreateSession)).model(CreateSession)
    async with doors.conversations.room.turn():
        session = await doors.conversations.sessions.open(
            caller.owner(body.user_id), body.title, once_of(request), image_url=body.image_url
        )
    return ok(doors.views.session(session, []), "Session created", status=201)


@router.get("/sessions", summary="A user's sessions, newest first")
async def list_sessions(request: Request, doors: Service, caller: By) -> Response:
    owner = caller.owner(_asked_user(request))
    limit = query_int(request, "limit", 20, low=1, high=100)
    found = await doors.conversations.sessions.of(owner, limit=limit + 1, before=_read_cursor(request.query_params.get("cursor")))
    shown = found[:limit]
    cursor = _cursor(shown[-1]) if len(found) > limit else None
    return ok([doors.views.session(session, []) for session in shown], meta={"next_cursor": cursor, "count": len(shown)})


@router.get("/sessions/{session_id}", summary="A session with a page of its messages, the newest first asked for")
async def get_session(session_id: str, request: Request, doors: Service, caller: By) -> Response:
    owner = caller.reader(_asked_user(request))
    session = await doors.conversations.sessions.get(session_id, owner)
    messages, older = await _page(session_id, request, doors, owner)
    return ok(doors.views.session(session, messages), meta={"next_cursor": older, "count": len(messages)})


@router.patch("/sessions/{session_id}", summary="Rename a session", openapi_extra=body_schema(RenameSession))
async def rename_session(session_id: str, request: Request, doors: Service, caller: By) -> Response:
    body = (await read_body(request, RenameSession)).model(RenameSession)
    session = await doors.conversations.sessions.rename(session_id, caller.reader(body.user_id or _asked_user(request)), body.title)
    return ok(doors.views.session(session, []), "Session renamed")


@router.delete("/sessions/{session_id}", summary="Delete a session and its messages; `images` keep or trash")
async def delete_session(session_id: str, request: Request, doors: Service, caller: By) -> Response:
    images = request.query_params.get("images") or "keep"
    if images not in ("keep", "trash"):
        raise InvalidError("images: keep or trash", errors=[{"field": "images", "message": "must be keep or trash"}])
    await doors.conversations.sessions.delete(session_id, await _owner(request, caller), "trash" if images == "trash" else "keep")
    return ok({"session_id": session_id, "deleted": True, "images": images}, "Session deleted")


# --- messages


@router.post(
    "/sessions/{session_id}/messages", status_code=202, summary="Send a message", openapi_extra=body_schema(SendMessage, pictures=True)
)
async def send_message(session_id: str, request: Request, doors: Service, caller: By) -> Response:
    incoming = await read_body(request, SendMessage, pictures=True)
    body = incoming.model(SendMessage)
    owner = caller.owner(body.user_id)
    if not body.content:
        raise InvalidError("content: say what you want", errors=[{"field": "content", "message": "is required"}])
    data = checked_picture(incoming.files["image_file"], "image_file") if "image_file" in incoming.files else None
    if data is None and body.image_data is not None:
        data = decode_picture(body.image_data)
    wish = Wish(
        text=body.content, data=data, image_url=body.image_url, selected=tuple(body.selected_messages),
        additional=tuple(body.additional_images), feature_params=body.feature_params, mode=body.mode, refine=body.refine,
    )  # fmt: skip
    turn = await doors.conversations.sending.send(session_id, owner, wish, once_of(request))
    return accepted(
        {
            "status": turn.status, "message_id": turn.message_id, "task_id": turn.message_id, "session_id": session_id,
            "user_message": doors.views.words(turn), "assistant_message": doors.views.answer(turn),
        },
        "Message accepted",
    )  # fmt: skip


@router.get("/sessions/{session_id}/messages", summary="The history, a page oldest first")
async def list_messages(session_id: str, request: Request, doors: Service, caller: By) -> Response:
    owner = caller.reader(_asked_user(request))
    await doors.conversations.sessions.get(session_id, owner)
    messages, older = await _page(session_id, request, doors, owner)
    return ok(messages, meta={"next_cursor": older, "count": len(messages)})


@router.get("/sessions/{session_id}/messages/{message_id}", summary="Poll one message")
async def get_message(session_id: str, message_id: str, request: Request, doors: Service, caller: By) -> Response:
    owner = caller.reader(_asked_user(request))
    turn, role = await doors.conversations.reading.any_message(message_id, session_id, owner)
    record = await doors.conversations.records.find(turn) if role == "assistant" else None
    return ok(doors.views.message(turn, role, record))


@router.delete("/sessions/{session_id}/messages/{message_id}", summary="Delete one message")
async def delete_message(session_id: str, message_id: str, request: Request, doors: Service, caller: By) -> Response:
    await doors.conversations.steering.delete(message_id, session_id, await _owner(request, caller))
    return ok({"message_id": message_id, "deleted": True}, "Message deleted")


@router.post("/sessions/{session_id}/messages/{message_id}/cancel", summary="Cancel exactly this job")
async def cancel_message(session_id: str, message_id: str, request: Request, doors: Service, caller: By) -> Response:
    turn = await doors.conversations.steering.cancel(message_id, session_id, await _owner(request, caller))
    return ok(await _polled(turn, doors), "Canceled" if turn.status == "CANCELED" else f"It is {turn.status} already")


@router.post("/sessions/{session_id}/messages/{message_id}/retry", status_code=202, summary="Run a failed message again")
async def retry_message(session_id: str, message_id: str, request: Request, doors: Service, caller: By) -> Response:
    turn = await doors.conversations.steering.retry(message_id, session_id, await _owner(request, caller), once_of(request))
    return accepted(await _polled(turn, doors), "Running again")


@router.post(
    "/sessions/{session_id}/messages/{message_id}/approve", status_code=202, summary="Run the shown plan, or the edited one",
    openapi_extra=body_schema(Approve),
)  # fmt: skip
async def approve_message(session_id: str, message_id: str, request: Request, doors: Service, caller: By) -> Response:
    has_body = bool(request.headers.get("content-type"))
    body = (await read_body(request, Approve, empty=True)).model(Approve) if has_body else Approve()
    owner = caller.reader(_asked_user(request) or body.user_id)
    turn = await doors.conversations.steering.approve(message_id, session_id, owner, body.plan, once_of(request))
    return accepted(await _polled(turn, doors), "Approved")


@router.get("/sessions/{session_id}/messages/{message_id}/events", summary="The job as Server-Sent Events")
async def message_events(session_id: str, message_id: str, request: Request, doors: Service, caller: By) -> Response:
    turn = await doors.conversations.reading.message(message_id, session_id, caller.reader(_asked_user(request)))
    await doors.conversations.records.ensure(turn)
    last = request.headers.get("last-event-id", "").strip()
    after = int(last) if last.isascii() and last.isdigit() and len(last) < 10 else 0

    async def stream() -> AsyncIterator[bytes]:
        def shown(record: Any) -> dict[str, Any]:
            return {**render_job(record, doors.views.url, render_problem), "message_id": message_id, "task_id": message_id}

        async for chunk in sse(doors.jobs, message_id, shown, after=after):
            yield chunk

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})


async def _polled(turn: Turn, doors: Doors) -> dict[str, Any]:
    return doors.views.answer(turn, await doors.conversations.records.find(turn))


async def _page(session_id: str, request: Request, doors: Doors, owner: str | None) -> tuple[list[dict[str, Any]], str | None]:
    limit = query_int(request, "limit", 20, low=1, high=100)
    before = request.query_params.get("before") or request.query_params.get("cursor") or None
    lines, older = await doors.conversations.reading.page(session_id, limit=limit, before=before, owner=owner)
    return [doors.views.message(turn, role) for turn, role in lines], older


def _cursor(session: Session) -> str:
    raw = json.dumps([session.created_at.isoformat(), session.session_id])
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    try:
        at, session_id = json.loads(base64.urlsafe_b64decode(cursor[:400] + "=" * (-len(cursor) % 4)))
        if not isinstance(session_id, str):
            raise TypeError
        return datetime.fromisoformat(at).astimezone(UTC), session_id
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidError("cursor: is not one of ours", errors=[{"field": "cursor", "message": "see meta.next_cursor"}]) from error
