"""What is a job?  The record in the bus's key-value bucket, one key a job, read and written with compare-and-set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from .prompt import PlannedStep
from .values import Picture, PictureRef, ProblemData, Value

__all__ = ["FINAL", "JobEvent", "JobRecord", "JobStatus", "ProviderTask", "StepRecord"]

JobStatus = Literal["CREATED", "IN_PROGRESS", "AWAITING_APPROVAL", "COMPLETED", "FAILED", "CANCELED"]
FINAL = frozenset({"COMPLETED", "FAILED", "CANCELED"})


class JobEvent(Value):
    """A line of the job's story; `id` grows by one, `ms` is the time since the line before."""

    id: int
    event: Literal["stage", "progress", "result", "end"]
    stage: str
    at: datetime
    ms: int = 0
    progress: float = 0.0
    step: int | None = None


class ProviderTask(Value):
    """A paid call that was placed: saved before anything waits for it.

    `state` unknown: the answer never came; past: it belongs to an earlier run of the job, only its cost and its doubt count.

    `pictures` is how many the call asks for, `results` are the keys of what it answered, kept until the step is done, `cost` is what
    it is taken to cost in the unit of IMAGING_PRICES.  `before` lists the provider's tasks just before the call, to find one whose
    answer was lost; `uncertain` says that an earlier call for the same picture may have been charged too.
    """

    engine: str
    endpoint: str
    task_id: str | None = None
    index: int = 0
    state: Literal["placing", "placed", "done", "failed", "unknown", "past"] = "placing"
    placed_at: datetime
    pictures: int = 1
    results: list[str] = Field(default_factory=list)
    cost: float | None = None
    before: list[str] | None = None
    uncertain: bool = False


class StepRecord(Value):
    """A step and how it stands."""

    feature: str
    params: dict[str, Any] = Field(default_factory=dict)
    status: Literal["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED"] = "PENDING"
    pictures: list[Picture] = Field(default_factory=list)
    tasks: list[ProviderTask] = Field(default_factory=list)
    english: str | None = None
    problem: ProblemData | None = None
    provider: str | None = None
    model: str | None = None
    degraded: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    attempts: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @staticmethod
    def from_planned(step: PlannedStep) -> StepRecord:
        return StepRecord(feature=step.feature, params=step.params, english=step.english)

    @property
    def cost(self) -> float:
        """What its paid calls are taken to have cost, those in doubt included."""
        return sum(task.cost or 0.0 for task in self.tasks)


class JobRecord(Value):
    """One job.  `run` counts retries by the person and fences workers of an earlier run; `traceparent` is where its trace began, for
    work that nobody's call is waiting for."""

    job_id: str
    kind: Literal["chat", "feature"]
    user_id: str
    session_id: str | None = None
    status: JobStatus = "CREATED"
    progress: float = 0.0
    run: int = 1
    intent: str | None = None
    prompt: str = ""
    refined_prompt: str | None = None
    picture: PictureRef | None = None
    reference: PictureRef | None = None
    references: dict[str, PictureRef] = Field(default_factory=dict)
    source: Picture | None = None
    reference_picture: Picture | None = None
    steps: list[StepRecord] = Field(default_factory=list)
    events: list[JobEvent] = Field(default_factory=list)
    problem: ProblemData | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    traceparent: str | None = None
    echo: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    deadline: datetime

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def pictures(self) -> list[Picture]:
        """The pictures of the last step that made some."""
        return next((step.pictures for step in reversed(self.steps) if step.pictures), [])
