"""How does the API document show chat?  The shapes that views render; schemathesis holds the real answers against them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from photofun_common.contracts.prompt import Choice
from photofun_common.described import CURSOR, LIMIT, USER, Described, Param
from pydantic import BaseModel

__all__ = ["DESCRIPTION"]

_BASE = "/v1/chat/sessions"
_MESSAGE = f"{_BASE}/{{session_id}}/messages/{{message_id}}"
_BEFORE = Param("before", {"type": "string", "maxLength": 64}, "a message id: only what came before it")
_IMAGES = Param("images", {"type": "string", "enum": ["keep", "trash"], "default": "keep"}, "what happens to the session's pictures")
_LAST = Param("Last-Event-ID", {"type": "string", "pattern": "^[0-9]{1,9}$"}, "go on after this event", where="header")


class StepView(BaseModel):
    """A step of a message's plan.  While it waits for approval it is told in words, with its engine and the seconds it will take."""

    feature: str
    params: dict[str, Any]
    status: Literal["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED"]
    image_url: str | None = None
    description: str | None = None
    engine: str | None = None
    estimated_seconds: float | None = None


class TimelineLine(BaseModel):
    stage: str
    at: datetime
    ms: int


class RefinedView(BaseModel):
    """The refined words and who refined them."""

    prompt: str
    original_prompt: str
    intent: str | None
    metadata: dict[str, Any]


class ShownImage(BaseModel):
    image_url: str
    metadata: dict[str, Any]


class UserMessage(BaseModel):
    """What the person said."""

    message_id: str
    session_id: str
    role: Literal["user"]
    status: Literal["DONE"]
    content: str
    image_url: str | None
    uploaded_urls: list[str]
    created_at: datetime
    updated_at: datetime


class AssistantMessage(BaseModel):
    """The studio's answer: one job.  `error` is a problem document, there when it FAILED."""

    message_id: str
    task_id: str
    session_id: str
    role: Literal["assistant"]
    status: Literal["PROCESSING", "AWAITING_APPROVAL", "DONE", "FAILED", "CANCELED"]
    content: str | None
    intent: str | None
    plan: list[StepView]
    refined_prompt: RefinedView | None
    image_url: str | None
    image: ShownImage | None
    uploaded_urls: list[str]
    choices: list[Choice]
    progress: float
    timeline: list[TimelineLine]
    mode: Literal["auto", "review"]
    attempt: int
    deadline: datetime
    created_at: datetime
    updated_at: datetime
    error: dict[str, Any] = {}


class SessionView(BaseModel):
    """A session; its messages are a page, empty in lists."""

    session_id: str
    user_id: str
    title: str
    messages: list[UserMessage | AssistantMessage]
    image_url: str | None
    created_at: datetime
    updated_at: datetime


class SentView(BaseModel):
    """A message was taken; `message_id` and `task_id` are the same id."""

    status: Literal["PROCESSING", "AWAITING_APPROVAL", "DONE", "FAILED", "CANCELED"]
    message_id: str
    task_id: str
    session_id: str
    user_message: UserMessage
    assistant_message: AssistantMessage


class SessionDeleted(BaseModel):
    session_id: str
    deleted: bool
    images: Literal["keep", "trash"]


class MessageDeleted(BaseModel):
    message_id: str
    deleted: bool


_SESSION: dict[str, Any] = {
    "session_id": "5e0f2d8c9f3b4a6d8a1b2c3d4e5f6071", "user_id": "ana", "title": "New chat", "messages": [], "image_url": None,
    "created_at": "2026-01-05T09:30:00+00:00", "updated_at": "2026-01-05T09:30:00+00:00",
}  # fmt: skip
_WORDS = {
    "message_id": "8c1d0a5e77b04c0c8f7d1f6a2b3c4d5e", "session_id": _SESSION["session_id"], "role": "user", "status": "DONE",
    "content": "Create a sunset over mountains, 16:9", "image_url": None, "uploaded_urls": [],
    "created_at": "2026-01-05T09:30:04+00:00", "updated_at": "2026-01-05T09:30:04+00:00",
}  # fmt: skip
_ANSWER = {
    "message_id": "0b9f6e3cf8c24d1f9a3e5d7c1b2a4f60", "task_id": "0b9f6e3cf8c24d1f9a3e5d7c1b2a4f60", "session_id": _SESSION["session_id"],
    "role": "assistant", "status": "PROCESSING", "content": "", "intent": None, "plan": [], "refined_prompt": None, "image_url": None,
    "image": None, "uploaded_urls": [], "choices": [], "progress": 0.0, "timeline": [], "mode": "auto", "attempt": 1,
    "deadline": "2026-01-05T09:33:04+00:00", "created_at": "2026-01-05T09:30:04+00:00", "updated_at": "2026-01-05T09:30:04+00:00",
}  # fmt: skip
_SENT = {
    "status": "PROCESSING", "message_id": _ANSWER["message_id"], "task_id": _ANSWER["message_id"], "session_id": _SESSION["session_id"],
    "user_message": _WORDS, "assistant_message": _ANSWER,
}  # fmt: skip
_STEP = {
    "feature": "adjust",
    "params": {"operations": [{"op": "grayscale"}]},
    "status": "COMPLETED",
    "image_url": "http://localhost:9999/v1/files/Zk3.png",
}
_DONE = {
    **_ANSWER,
    "status": "DONE",
    "content": "Here it is.",
    "intent": "adjust",
    "plan": [_STEP],
    "progress": 1.0,
    "image_url": _STEP["image_url"],
}

DESCRIPTION = {
    f"POST {_BASE}": Described(
        "Start a session, perhaps from a picture", SessionView, statuses=(201,), example=_SESSION, sent={"user_id": "ana"}
    ),
    f"GET {_BASE}": Described("A user's sessions, newest first", list[SessionView], (USER, LIMIT, CURSOR), example=[_SESSION]),
    f"GET {_BASE}/{{session_id}}": Described(
        "A session with a page of its messages, the newest first asked for", SessionView, (USER, LIMIT, _BEFORE), example=_SESSION
    ),
    f"PATCH {_BASE}/{{session_id}}": Described(
        "Rename a session", SessionView, (USER,), example={**_SESSION, "title": "Mountains"}, sent={"title": "Mountains"}
    ),
    f"DELETE {_BASE}/{{session_id}}": Described(
        "Delete a session and its messages",
        SessionDeleted,
        (USER, _IMAGES),
        example={"session_id": _SESSION["session_id"], "deleted": True, "images": "keep"},
    ),
    f"POST {_BASE}/{{session_id}}/messages": Described(
        "Send a message", SentView, statuses=(202,), example=_SENT, sent={"user_id": "ana", "content": _WORDS["content"]}
    ),
    f"GET {_BASE}/{{session_id}}/messages": Described(
        "The history, a page oldest first", list[UserMessage | AssistantMessage], (USER, LIMIT, _BEFORE), example=[_WORDS, _DONE]
    ),
    f"GET {_MESSAGE}": Described("Poll one message", UserMessage | AssistantMessage, (USER,), example=_DONE),
    f"DELETE {_MESSAGE}": Described(
        "Delete one message", MessageDeleted, (USER,), example={"message_id": _ANSWER["message_id"], "deleted": True}
    ),
    f"POST {_MESSAGE}/cancel": Described("Cancel exactly this job", AssistantMessage, (USER,), example={**_ANSWER, "status": "CANCELED"}),
    f"POST {_MESSAGE}/retry": Described(
        "Run a failed message again", AssistantMessage, (USER,), statuses=(202,), example={**_ANSWER, "attempt": 2}
    ),
    f"POST {_MESSAGE}/approve": Described(
        "Run the shown plan, or the edited one",
        AssistantMessage,
        (USER,),
        statuses=(202,),
        example={**_ANSWER, "mode": "review"},
        sent={"plan": [{"feature": "upscale", "params": {"scale_factor": 2}}]},
    ),
    f"GET {_MESSAGE}/events": Described("The job as Server-Sent Events", query=(USER, _LAST), content="text/event-stream"),
}
