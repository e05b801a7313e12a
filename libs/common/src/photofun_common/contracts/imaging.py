"""Which facts does imaging-svc tell?"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from .envelope import EventData
from .prompt import PlanMetadata
from .values import Picture, PictureRef, ProblemData, Value

__all__ = ["FileRemoved", "ImageReady", "JobFinished", "KeepQuestion", "SourceStored", "StepRequested"]


class StepRequested(EventData):
    """A step of a job wants doing.  The job's record holds the rest, `run` fences late workers."""

    subject: ClassVar[str] = "photofun.imaging.step_requested.v1"

    step: int
    run: int = 1
    deadline: datetime


class SourceStored(EventData):
    """A picture that came with a message (upload, data URI or outside URL) is in the store now."""

    subject: ClassVar[str] = "photofun.imaging.source_stored.v1"

    session_id: str
    role: Literal["picture", "reference"] = "picture"
    picture: Picture


class ImageReady(EventData):
    """A step made a picture.  Picture ids follow from job, step and index, so a repeat writes the same row.

    `accepted_at` is when the job was taken in: what a person had erased meanwhile does not come back.
    """

    subject: ClassVar[str] = "photofun.imaging.image_ready.v1"

    session_id: str | None = None
    step: int
    index: int = 0
    last_step: bool = True
    picture: Picture
    parent_id: str | None = None
    parent_key: str | None = None
    feature: str
    params: dict[str, Any] = Field(default_factory=dict)
    prompt: str = ""
    refined_prompt: str | None = None
    provider: str
    model: str
    degraded: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime
    accepted_at: datetime | None = None


class JobFinished(EventData):
    """A job ended.  `steps` says how each step of the plan ended."""

    subject: ClassVar[str] = "photofun.imaging.job_finished.v1"

    session_id: str | None = None
    kind: Literal["chat", "feature"]
    attempt: int = 1
    status: Literal["COMPLETED", "FAILED", "CANCELED"]
    problem: ProblemData | None = None
    steps: list[dict[str, Any]] = Field(default_factory=list)
    pictures: list[Picture] = Field(default_factory=list)
    provider: str | None = None
    model: str | None = None
    degraded: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    intent: str | None = None
    refined_prompt: str | None = None
    language: str | None = None
    planner: PlanMetadata | None = None
    finished_at: datetime


class FileRemoved(EventData):
    """A purged picture's file and its thumbnails are gone from the store.  `job_id` is what the purge's was."""

    subject: ClassVar[str] = "photofun.imaging.file_removed.v1"

    key: str


class KeepQuestion(Value):
    """What the bus's `rpc.imaging.keep` asks: have this picture in the store, and say what is known of it.

    The same `cause` again is the same file.
    """

    picture: PictureRef
    cause: str
