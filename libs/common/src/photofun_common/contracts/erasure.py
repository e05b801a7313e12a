"""What does each service tell when it has erased a person?  Answers to `gallery.user_erased`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from .envelope import EventData

__all__ = ["AnswersErased", "ChoicesErased", "Erased", "JobsErased", "SessionsErased"]


class Erased(EventData):
    """How many things of each kind went, and files that nobody of the service needs any more.  `job_id` is the erasure's.

    Many keys come in several facts; `last` marks the one after which nothing follows.
    """

    counts: dict[str, int] = Field(default_factory=dict)
    keys: list[str] = Field(default_factory=list)
    last: bool = True


class SessionsErased(Erased):
    """A person's sessions and messages are gone; `keys` are pictures that came with messages."""

    subject: ClassVar[str] = "photofun.conversation.sessions_erased.v1"


class ChoicesErased(Erased):
    """A person's own prompts are gone."""

    subject: ClassVar[str] = "photofun.prompt.choices_erased.v1"


class JobsErased(Erased):
    """A person's jobs are stopped and their records gone; `keys` are the files they used and made."""

    subject: ClassVar[str] = "photofun.imaging.jobs_erased.v1"


class AnswersErased(Erased):
    """A person's answers that were kept for their Idempotency-Keys are gone."""

    subject: ClassVar[str] = "photofun.gateway.answers_erased.v1"
