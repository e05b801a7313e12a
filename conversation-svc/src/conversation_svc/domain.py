"""What is a conversation, which picture does a message mean, and which state may follow which?"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from photofun_common.contracts.jobs import JobStatus
from photofun_common.contracts.prompt import Choice, PlanMetadata, PlannedStep
from photofun_common.contracts.values import Picture, PictureRef, ProblemData
from photofun_common.errors import ConflictError, InvalidError, NotFoundError, RateLimitedError, TooLargeError, UnavailableError

__all__ = [
    "ACTIVE",
    "ENDED",
    "JOB_STATUS",
    "MAX_PICTURES",
    "Erasure",
    "Finished",
    "MessageNotFoundError",
    "NotAwaitingError",
    "NotRetryableError",
    "OverloadedError",
    "Session",
    "SessionNotFoundError",
    "SessionPicture",
    "Status",
    "TooManyJobsError",
    "Turn",
    "begun_with",
    "checked_picture",
    "decode_picture",
    "found",
    "mark_of",
    "now",
    "title_of",
    "undo_mark",
]

Status = Literal["PROCESSING", "AWAITING_APPROVAL", "DONE", "FAILED", "CANCELED"]
ACTIVE: frozenset[Status] = frozenset({"PROCESSING", "AWAITING_APPROVAL"})
ENDED: frozenset[Status] = frozenset({"DONE", "FAILED", "CANCELED"})
MAX_PICTURES = 500
MAX_PICTURE_BYTES = 10 * 2**20
JOB_STATUS: dict[Status, JobStatus] = {
    "PROCESSING": "CREATED", "AWAITING_APPROVAL": "AWAITING_APPROVAL", "DONE": "COMPLETED", "FAILED": "FAILED", "CANCELED": "CANCELED",
}  # fmt: skip


class SessionNotFoundError(NotFoundError):
    slug, title = "session-not-found", "There is no such session"


class MessageNotFoundError(NotFoundError):
    slug, title = "message-not-found", "There is no such message"


class NotRetryableError(ConflictError):
    slug, title = "not-retryable", "Only a failed or canceled message can be run again"


class NotAwaitingError(ConflictError):
    slug, title = "not-awaiting-approval", "This message is not waiting for an approval"


class TooManyJobsError(RateLimitedError):
    slug, title = "too-many-jobs", "Too many messages are being worked on"


class OverloadedError(UnavailableError):
    slug, title = "overloaded", "The studio has more work than it can do"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPicture:
    """A picture of a session.  `rank`, `step` and `index` say where it stands: uploads come before step 0."""

    image_id: str
    key: str
    kind: Literal["upload", "result"]
    message_id: str
    rank: int
    step: int
    index: int = 0
    width: int | None = None
    height: int | None = None
    has_alpha: bool | None = None

    @property
    def ref(self) -> PictureRef:
        return PictureRef(key=self.key, image_id=self.image_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A conversation.  `current` is the id of the picture that the next edit edits, `mark` which event put it there."""

    session_id: str
    user_id: str
    title: str | None
    created_at: datetime
    updated_at: datetime
    pictures: tuple[SessionPicture, ...] = ()
    current: str | None = None
    mark: int = 0
    last_seq: int = 0
    buried: dict[str, Any] | None = None

    @property
    def current_index(self) -> int | None:
        """Where the current picture stands; the newest when the current one fell off the list."""
        found = next((index for index, picture in enumerate(self.pictures) if picture.image_id == self.current), None)
        return found if found is not None else (len(self.pictures) - 1 if self.pictures else None)

    @property
    def current_picture(self) -> SessionPicture | None:
        index = self.current_index
        return None if index is None else self.pictures[index]

    def by_key(self, key: str) -> SessionPicture | None:
        return next((picture for picture in self.pictures if picture.key == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a person wrote and what the studio answers: two messages, one document.  `message_id` is the answer's and the job's.

    `steered` names the call that last retried or approved it.
    """

    message_id: str
    user_message_id: str
    session_id: str
    user_id: str
    seq: int
    rank: int
    text: str
    status: Status
    created_at: datetime
    updated_at: datetime
    deadline: datetime
    attempt: int = 1
    mode: Literal["auto", "review"] = "auto"
    request: str = ""
    picture: PictureRef | None = None
    reference: PictureRef | None = None
    sent: tuple[PictureRef, ...] = ()
    uploaded: tuple[SessionPicture, ...] = ()
    results: tuple[SessionPicture, ...] = ()
    intent: str | None = None
    language: str | None = None
    reply: str | None = None
    refined_prompt: str | None = None
    plan: tuple[PlannedStep, ...] = ()
    planner: PlanMetadata | None = None
    choices: tuple[Choice, ...] = ()
    approved: bool = False
    steps: tuple[dict[str, Any], ...] = ()
    image: dict[str, Any] | None = None
    problem: ProblemData | None = None
    outbox: Literal["message", "plan", "end"] | None = None
    traceparent: str | None = None
    steered: str | None = None
    user_deleted: bool = False
    answer_deleted: bool = False

    @property
    def best_picture(self) -> PictureRef | None:
        """The picture that this answer shows."""
        if self.image and self.image.get("key"):
            return PictureRef(key=self.image["key"], image_id=self.image.get("image_id"))
        last = max(self.results, key=lambda picture: (picture.step, -picture.index), default=None)
        return last.ref if last else None

    @property
    def sent_picture(self) -> PictureRef | None:
        """The picture that came with the person's words."""
        if self.uploaded:
            return self.uploaded[0].ref
        return next(iter(self.sent), None)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What a person's erasure found: numbers, jobs still running, files of their conversations."""

    sessions: int
    turns: int
    active: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a job ended, as an event or its record tells."""

    status: Literal["DONE", "FAILED", "CANCELED"]
    problem: ProblemData | None = None
    steps: list[dict[str, Any]] = field(default_factory=list)
    pictures: tuple[SessionPicture, ...] = ()
    image: dict[str, Any] | None = None
    planned: dict[str, Any] = field(default_factory=dict)


def now() -> datetime:
    return datetime.now(UTC)


def found(session: Session | None) -> Session:
    if session is None:
        raise SessionNotFoundError("There is no session with this id")
    return session


def mark_of(rank: int, step: int) -> int:
    """A number that grows with the conversation: what came later may move the current picture, what came earlier may not."""
    return rank * 100 + min(step, 97) + 1


def begun_with(session: Session, picture: Picture) -> Session:
    """The session with this picture as its first and current one."""
    first = SessionPicture(
        image_id=picture.image_id, key=picture.key, kind="upload", message_id="", rank=0, step=-1, width=picture.width,
        height=picture.height, has_alpha=picture.has_alpha,
    )  # fmt: skip
    return replace(session, pictures=(first,), current=first.image_id, mark=mark_of(0, -1))


def undo_mark(rank: int) -> int:
    return rank * 100 + 99


def title_of(text: str) -> str:
    """A session's title out of its first message: its first words, at most 60 characters."""
    line = " ".join(text.split())
    if len(line) <= 60:
        return line
    cut = line[:59]
    return (cut.rsplit(" ", 1)[0] if " " in cut[30:] else cut).rstrip(" ,.;:") + "…"


def decode_picture(text: str) -> bytes:
    """The bytes of a data URI or bare base64.  Raises InvalidError, TooLargeError."""
    body = text.strip()
    if body[:5].lower() == "data:":
        head, comma, body = body.partition(",")
        if not comma or ";base64" not in head.lower():
            raise _bad_picture("must be a base64 data URI or bare base64")
    body = "".join(body.split())
    if len(body) > MAX_PICTURE_BYTES * 4 // 3 + 4:
        raise TooLargeError("image_data: a picture may have 10 MB", limit=MAX_PICTURE_BYTES, actual=len(body) * 3 // 4)
    if "-" in body or "_" in body:
        body = body.replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad_picture("is not valid base64") from error
    return checked_picture(data, "image_data")


def checked_picture(data: bytes, name: str) -> bytes:
    if not data:
        raise _bad_picture("is empty", name)
    if len(data) > MAX_PICTURE_BYTES:
        raise TooLargeError(f"{name}: a picture may have 10 MB", limit=MAX_PICTURE_BYTES, actual=len(data))
    return data


def _bad_picture(message: str, name: str = "image_data") -> InvalidError:
    return InvalidError(f"{name}: {message}", errors=[{"field": name, "message": message}])
