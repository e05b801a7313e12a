"""How does a fact travel?  The envelope that every event between services wears."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Generic, TypeVar
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["EVENT_NAMESPACE", "Event", "EventData", "event_id"]

EVENT_NAMESPACE = UUID("6f1c6a0e-51a4-4a35-9a53-6a1b0b8f8a51")


class EventData(BaseModel):
    """What a fact says.  `subject` is `photofun.<producer>.<fact>.v<major>`; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())
    subject: ClassVar[str]

    job_id: str
    user_id: str


D = TypeVar("D", bound=EventData)


class Event(BaseModel, Generic[D]):
    """An event as handlers get it: identity, cause, and the fact's data."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    type: str
    job_id: str
    user_id: str
    occurred_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    attempt: int = 1
    data: D


def event_id(data: EventData, *parts: str) -> str:
    """The id of a fact, derived from its job, subject and `parts` (stage, step, attempt): a repeat has the same id."""
    return str(uuid5(EVENT_NAMESPACE, "/".join((data.job_id, data.subject, *parts))))
