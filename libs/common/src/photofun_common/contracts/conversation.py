"""Which facts does conversation-svc tell?"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from .envelope import EventData
from .prompt import Choice, PlannedStep
from .values import PictureRef, Value

__all__ = ["HistoryEntry", "MessageReceived", "PlanApproved", "Said", "SaidQuestion", "SessionDeleted", "SessionPicture"]


class HistoryEntry(Value):
    """An earlier message, short: enough for a follow-up ('a bit more') to know what it follows.

    Of an answer, `status` says how it ended, `done` how many steps made a picture, `edited` is the picture that the last of these
    worked on, and `choices` are those it offered.
    """

    role: Literal["user", "assistant"]
    content: str = ""
    intent: str | None = None
    plan: list[PlannedStep] = Field(default_factory=list)
    status: str | None = None
    done: int = 0
    edited: PictureRef | None = None
    choices: list[Choice] = Field(default_factory=list)


class SaidQuestion(Value):
    """Which words of this person's made pictures?  The newest first, at most `limit`."""

    user_id: str
    limit: int = Field(default=100, ge=1, le=500)


class Said(Value):
    """A person's own words, the newest first; what was deleted is not among them."""

    texts: list[str] = Field(default_factory=list)


class SessionPicture(Value):
    """A picture of the session, in the order they appeared; `position` counts from 1."""

    position: int
    ref: PictureRef
    kind: Literal["upload", "result"] = "result"
    current: bool = False
    width: int | None = None
    height: int | None = None
    has_alpha: bool | None = None


class MessageReceived(EventData):
    """A person wrote.  `picture` is what an edit would edit; `reference` a second picture for relight and style."""

    subject: ClassVar[str] = "photofun.conversation.message_received.v1"

    session_id: str
    attempt: int = 1
    text: str
    mode: Literal["auto", "review"] = "auto"
    refine: bool = True
    picture: PictureRef | None = None
    reference: PictureRef | None = None
    pictures: list[SessionPicture] = Field(default_factory=list)
    history: list[HistoryEntry] = Field(default_factory=list)
    feature_params: dict[str, Any] = Field(default_factory=dict)
    deadline: datetime


class PlanApproved(EventData):
    """The person approved the plan shown in review mode, perhaps edited."""

    subject: ClassVar[str] = "photofun.conversation.plan_approved.v1"

    session_id: str
    attempt: int = 1
    prompt: str = ""
    refined_prompt: str | None = None
    intent: str
    plan: list[PlannedStep]
    picture: PictureRef | None = None
    reference: PictureRef | None = None
    deadline: datetime


class SessionDeleted(EventData):
    """A session is gone; `job_id` is the session's id, `job_ids` its unfinished jobs."""

    subject: ClassVar[str] = "photofun.conversation.session_deleted.v1"

    session_id: str
    images: Literal["keep", "trash"] = "keep"
    job_ids: list[str] = Field(default_factory=list)
