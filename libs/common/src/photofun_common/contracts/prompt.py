"""Which facts does prompt-svc tell, and what does it answer?"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from .envelope import EventData
from .values import PictureRef, ProblemData, Value

__all__ = [
    "Choice",
    "PlanFailed",
    "PlanMetadata",
    "PlanReady",
    "PlannedStep",
    "RefineAnswer",
    "RefineContext",
    "RefineQuestion",
    "ReplyReady",
    "UndoTarget",
]

Intent = Literal[
    "image_generation",
    "remove_background",
    "upscale",
    "reimagine",
    "relight",
    "image_expand",
    "style_transfer",
    "edit",
    "adjust",
    "undo",
    "chat",
    "clarify",
]


class PlannedStep(Value):
    """One step of a plan: a feature's id and its own parameters.  `english` is the prompt in English when its words are not."""

    feature: str
    params: dict[str, Any] = Field(default_factory=dict)
    english: str | None = None


class Choice(Value):
    """A button: what it says, and the message it sends."""

    label: str
    message: str


class PlanMetadata(BaseModel):
    """Who planned, and how long it took in seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    model: str
    provider: str
    processing_time: float
    degraded: str | None = None


class UndoTarget(Value):
    """Where 'undo' goes: so many steps back, or to the n-th picture of the session (from 1; -1 is the newest)."""

    steps: int | None = None
    position: int | None = None


class PlanReady(EventData):
    """The message became a plan.  `picture` is what its first step edits."""

    subject: ClassVar[str] = "photofun.prompt.plan_ready.v1"

    session_id: str
    attempt: int = 1
    prompt: str
    refined_prompt: str | None = None
    intent: str
    confidence: float
    language: str = "en"
    reply: str | None = None
    plan: list[PlannedStep]
    picture: PictureRef | None = None
    reference: PictureRef | None = None
    mode: Literal["auto", "review"] = "auto"
    metadata: PlanMetadata
    deadline: datetime


class ReplyReady(EventData):
    """The message wants no picture made: small talk, a question back, or undo."""

    subject: ClassVar[str] = "photofun.prompt.reply_ready.v1"

    session_id: str
    attempt: int = 1
    intent: Literal["chat", "clarify", "undo"]
    confidence: float
    language: str = "en"
    reply: str
    choices: list[Choice] = Field(default_factory=list)
    undo: UndoTarget | None = None
    picture: PictureRef | None = None
    metadata: PlanMetadata


class PlanFailed(EventData):
    """No plan can be made of it (blocked, or poison): the job ends here."""

    subject: ClassVar[str] = "photofun.prompt.job_failed.v1"

    session_id: str = ""
    attempt: int = 1
    problem: ProblemData


class RefineContext(Value):
    """What is at hand while planning: how many pictures, the earlier messages."""

    images: int = 0
    history: list[dict[str, Any]] = Field(default_factory=list)


class RefineQuestion(Value):
    """What `POST /v1/prompt/refine/` and the bus's `rpc.prompt.refine` ask.

    `only_refine` skips planning; without `refine` the words stay as they are, and only their English is wanted.
    """

    prompt: str
    style: str | None = None
    lang: str | None = None
    topic: str | None = None
    image_url: str | None = None
    context: RefineContext = RefineContext()
    only_refine: bool = False
    refine: bool = True


class RefineAnswer(BaseModel):
    """The plan and the words: what refine answers.  `english` is the refined prompt in English when its words are not."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    refined_prompt: str
    english: str | None = None
    intent: str
    confidence: float
    plan: list[PlannedStep] = Field(default_factory=list)
    reply: str | None = None
    choices: list[Choice] = Field(default_factory=list)
    keywords: list[str] = Field(default_factory=list)
    language: str = "en"
    metadata: PlanMetadata
