"""Who tells what to whom?  One table: fact, producer, consumers."""

from __future__ import annotations

from dataclasses import dataclass

from .conversation import MessageReceived, PlanApproved, SessionDeleted
from .envelope import EventData
from .erasure import AnswersErased, ChoicesErased, JobsErased, SessionsErased
from .gallery import EditsRequested, ImagePurged, UserErased
from .imaging import FileRemoved, ImageReady, JobFinished, SourceStored, StepRequested
from .prompt import PlanFailed, PlanReady, ReplyReady

__all__ = ["FLOW", "RPC", "Row", "consumers_of", "durable", "facts_of", "to_markdown"]


@dataclass(frozen=True, slots=True)
class Row:
    """A fact, the folder that tells it, the folders that listen."""

    fact: type[EventData]
    producer: str
    consumers: tuple[str, ...]


FLOW: tuple[Row, ...] = (
    Row(MessageReceived, "conversation-svc", ("prompt-svc",)),
    Row(PlanReady, "prompt-svc", ("conversation-svc", "imaging-svc")),
    Row(ReplyReady, "prompt-svc", ("conversation-svc", "imaging-svc")),
    Row(PlanFailed, "prompt-svc", ("conversation-svc", "imaging-svc")),
    Row(PlanApproved, "conversation-svc", ("imaging-svc",)),
    Row(StepRequested, "imaging-svc", ("imaging-svc",)),
    Row(SourceStored, "imaging-svc", ("conversation-svc",)),
    Row(ImageReady, "imaging-svc", ("conversation-svc", "gallery-svc")),
    Row(JobFinished, "imaging-svc", ("conversation-svc", "gallery-svc")),
    Row(SessionDeleted, "conversation-svc", ("imaging-svc", "gallery-svc")),
    Row(ImagePurged, "gallery-svc", ("imaging-svc",)),
    Row(FileRemoved, "imaging-svc", ("gallery-svc",)),
    Row(EditsRequested, "gallery-svc", ("imaging-svc",)),
    Row(UserErased, "gallery-svc", ("gateway", "conversation-svc", "prompt-svc", "imaging-svc")),
    Row(SessionsErased, "conversation-svc", ("gallery-svc",)),
    Row(ChoicesErased, "prompt-svc", ("gallery-svc",)),
    Row(JobsErased, "imaging-svc", ("gallery-svc",)),
    Row(AnswersErased, "gateway", ("gallery-svc",)),
)

RPC: dict[str, str] = {
    "rpc.prompt.refine": "prompt-svc answers RefineQuestion with RefineAnswer",
    "rpc.imaging.keep": "imaging-svc answers KeepQuestion with Picture",
    "rpc.imaging.files": "imaging-svc answers PrefixQuestion with Files: what is in a part of the store",
    "rpc.imaging.missing_files": "imaging-svc answers Keys with Keys: those that are not in the store",
    "rpc.imaging.remove_files": "imaging-svc answers Keys with Keys: those that are gone now",
    "rpc.conversation.said": "conversation-svc answers SaidQuestion with Said: a person's own words that made pictures",
    "rpc.conversation.known_files": "conversation-svc answers Keys with Keys: those that a conversation shows",
    "rpc.gallery.known_files": "gallery-svc answers Keys with Keys: those that a row needs",
    "rpc.gallery.files": "gallery-svc answers AfterQuestion with Keys: what rows say is in the store",
    "rpc.gallery.forget_files": "gallery-svc answers Keys with Keys: those whose rows are gone now",
}


def durable(consumer: str, fact: type[EventData]) -> str:
    """The durable's name: `gallery-svc--image_ready`."""
    return f"{consumer}--{fact.subject.split('.')[2]}"


def consumers_of(fact: type[EventData]) -> tuple[str, ...]:
    return next(row.consumers for row in FLOW if row.fact is fact)


def facts_of(consumer: str) -> frozenset[type[EventData]]:
    """What this folder listens to."""
    return frozenset(row.fact for row in FLOW if consumer in row.consumers)


def to_markdown() -> str:
    """The table as it stands in docs/flow.md."""
    lines = ["| fact | told by | heard by | what it says |", "|---|---|---|---|"]
    for row in FLOW:
        says = (row.fact.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| `{row.fact.subject}` | {row.producer} | {', '.join(row.consumers)} | {says} |")
    lines += ["", "| asked over the bus | answer |", "|---|---|"]
    lines += [f"| `{subject}` | {says} |" for subject, says in RPC.items()]
    return "\n".join(lines) + "\n"
