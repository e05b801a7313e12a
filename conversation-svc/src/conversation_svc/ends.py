"""What does a message keep of pictures and of its job's end?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from photofun_common.contracts.imaging import JobFinished
from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.prompt import PlannedStep
from photofun_common.contracts.values import Picture

from .domain import Finished, SessionPicture, Turn

__all__ = ["finished_by_event", "finished_by_record", "is_told_by", "result", "shown", "uploaded"]

_ENDS: dict[str, Literal["DONE", "FAILED", "CANCELED"]] = {"COMPLETED": "DONE", "FAILED": "FAILED", "CANCELED": "CANCELED"}


def uploaded(picture: Picture, turn: Turn, *, index: int) -> SessionPicture:
    return SessionPicture(
        image_id=picture.image_id, key=picture.key, kind="upload", message_id=turn.message_id, rank=turn.rank, step=-1, index=index,
        width=picture.width, height=picture.height, has_alpha=picture.has_alpha,
    )  # fmt: skip


def result(picture: Picture, turn: Turn, step: int, index: int) -> SessionPicture:
    return SessionPicture(
        image_id=picture.image_id, key=picture.key, kind="result", message_id=turn.message_id, rank=turn.rank, step=step, index=index,
        width=picture.width, height=picture.height, has_alpha=picture.has_alpha,
    )  # fmt: skip


def shown(picture: SessionPicture) -> dict[str, Any]:
    """What a message keeps of the picture it shows."""
    kept = asdict(picture)
    return {name: kept[name] for name in ("key", "image_id", "width", "height", "has_alpha")}


def finished_by_event(turn: Turn, fact: JobFinished) -> Finished:
    last = max((index for index, step in enumerate(fact.steps) if step.get("status") == "COMPLETED"), default=max(0, len(fact.steps) - 1))
    pictures = tuple(result(picture, turn, last, index) for index, picture in enumerate(fact.pictures))
    image = _image(fact.pictures, provider=fact.provider, model=fact.model, degraded=fact.degraded, extra=fact.metadata or None)
    steps = [{name: step.get(name) for name in ("feature", "status", "provider", "model", "degraded")} for step in fact.steps]
    planned = {
        "plan": [PlannedStep(feature=step["feature"], params=step.get("params") or {}) for step in fact.steps],
        "intent": fact.intent, "language": fact.language, "refined_prompt": fact.refined_prompt, "planner": fact.planner,
    }  # fmt: skip
    return Finished(
        status=_ENDS[fact.status], problem=fact.problem, steps=steps, pictures=pictures, image=image, planned=planned if fact.intent else {}
    )


def is_told_by(record: JobRecord, turn: Turn) -> bool:
    """Whether the record says how this attempt ended; of a text answer it does not know the words."""
    return record.is_final and record.run == turn.attempt and bool(record.steps or record.status != "COMPLETED")


def finished_by_record(turn: Turn, record: JobRecord) -> Finished:
    pictures = tuple(
        result(picture, turn, number, index) for number, step in enumerate(record.steps) for index, picture in enumerate(step.pictures)
    )
    last = next((step for step in reversed(record.steps) if step.pictures), None)
    image = (
        _image(last.pictures, provider=last.provider, model=last.model, degraded=last.degraded, extra=last.metadata or None)
        if last
        else None
    )
    steps = [
        {"feature": step.feature, "status": step.status, "provider": step.provider, "model": step.model, "degraded": step.degraded}
        for step in record.steps
    ]
    return Finished(status=_ENDS[record.status], problem=record.problem, steps=steps, pictures=pictures, image=image)


def _image(pictures: Sequence[Picture], **facts: Any) -> dict[str, Any] | None:
    if not pictures:
        return None
    known = {name: value for name, value in facts.items() if value is not None}
    return {**pictures[0].model_dump(), **known}
