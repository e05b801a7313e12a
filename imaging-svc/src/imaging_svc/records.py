"""How does a job's record change?  Pure functions from one record to the next; None leaves it as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from photofun_common.contracts.conversation import PlanApproved
from photofun_common.contracts.jobs import JobRecord, ProviderTask, StepRecord
from photofun_common.contracts.prompt import PlannedStep, PlanReady
from photofun_common.contracts.values import Picture, ProblemData
from photofun_common.errors import ConflictError
from photofun_common.jobs import with_event

from .engines import Made

__all__ = ["begun", "canceled", "failed", "finished", "first_open", "planned", "progressed", "touched", "troubled", "with_step"]


def with_step(record: JobRecord, step: int, **changes: Any) -> list[StepRecord]:
    """The record's steps with one of them changed."""
    steps = list(record.steps)
    steps[step] = steps[step].model_copy(update=changes)
    return steps


def first_open(record: JobRecord) -> int:
    """The first step that is not done; the last one when all are."""
    return next((index for index, step in enumerate(record.steps) if step.status != "COMPLETED"), len(record.steps) - 1)


def planned(record: JobRecord, plan: PlanReady | PlanApproved) -> JobRecord | None:
    """The record with this plan, unless it is further already.  A retry of the same plan keeps what is done."""
    if (
        (record.is_final and record.run >= plan.attempt)
        or record.run > plan.attempt
        or (record.steps and record.run == plan.attempt and record.status == "IN_PROGRESS")
    ):
        return None
    waits = isinstance(plan, PlanReady) and plan.mode == "review"
    metadata: dict[str, Any] = (
        {"plan": plan.metadata.model_dump(), "reply": plan.reply, "language": plan.language} if isinstance(plan, PlanReady) else {}
    )
    steps = _steps(record.steps, plan.plan)
    if forgotten := round(sum(step.cost for step in record.steps) - sum(step.cost for step in steps), 6):
        metadata["cost_of_dropped_steps"] = record.metadata.get("cost_of_dropped_steps", 0.0) + forgotten
    return with_event(
        record,
        "stage",
        "awaiting-approval" if waits else "planned",
        steps=steps,
        run=plan.attempt,
        intent=plan.intent,
        problem=None,
        prompt=plan.prompt or record.prompt,
        refined_prompt=plan.refined_prompt,
        picture=plan.picture,
        reference=plan.reference,
        metadata={**record.metadata, **metadata},
        session_id=plan.session_id,
        deadline=plan.deadline,
        status="AWAITING_APPROVAL" if waits else "IN_PROGRESS",
    )


def _steps(known: list[StepRecord], plan: list[PlannedStep]) -> list[StepRecord]:
    fresh = [StepRecord.from_planned(step) for step in plan]
    if [step.feature for step in known] != [step.feature for step in plan]:
        return fresh
    return [old if old.status == "COMPLETED" else _again(old, new) for old, new in zip(known, fresh, strict=True)]


def _again(old: StepRecord, new: StepRecord) -> StepRecord:
    """A step that runs anew: it remembers the paid calls of the run before.

    A task of the same work is gone on with, one whose answer was lost is looked for before another is placed; for other
    work than before they only say that something may have been charged.
    """
    same = old.params == new.params
    tasks = [_remembered(task, same=same) for task in old.tasks]
    return new.model_copy(update={"tasks": tasks, "english": new.english or (old.english if same else None)})


def _remembered(task: ProviderTask, *, same: bool) -> ProviderTask:
    in_doubt = task.task_id is None and task.state in ("placing", "unknown", "done")
    if in_doubt and same:
        return task.model_copy(update={"state": "placing", "uncertain": False})
    if same and task.state in ("placed", "done"):
        return task
    return task.model_copy(update={"state": "past", "task_id": None, "before": None, "uncertain": task.uncertain or in_doubt})


def begun(record: JobRecord, run: int, step: int) -> JobRecord:
    """A step is in work.  Raises ConflictError when the job went on without this worker."""
    _in_run(record, run)
    steps = with_step(record, step, status="IN_PROGRESS", attempts=record.steps[step].attempts + 1, started_at=datetime.now(UTC))
    return with_event(record, "stage", f"{record.steps[step].feature}-started", step=step, steps=steps, status="IN_PROGRESS")


def touched(record: JobRecord, run: int) -> JobRecord | None:
    """Somebody works on it: nobody else need ask for its step again."""
    return None if record.is_final or record.run != run else record.model_copy(update={"updated_at": datetime.now(UTC)})


def troubled(record: JobRecord, run: int, step: int, problem: ProblemData) -> JobRecord | None:
    """A step met trouble and will be tried again: what it was stays for the end."""
    if record.is_final or record.run != run:
        return None
    return record.model_copy(update={"steps": with_step(record, step, problem=problem)})


def progressed(record: JobRecord, run: int, step: int, fraction: float) -> JobRecord | None:
    if record.is_final or record.run != run or record.steps[step].status != "IN_PROGRESS":
        return None
    return with_event(record, "progress", record.steps[step].feature, step=step, progress=(step + min(0.99, fraction)) / len(record.steps))


def finished(record: JobRecord, run: int, step: int, made: Made, engine: str, pictures: list[Picture], parent: Picture | None) -> JobRecord:
    """A step is done, and with the last one the job.  Raises ConflictError when the job went on without this worker."""
    _in_run(record, run)
    steps = with_step(
        record,
        step,
        status="COMPLETED",
        problem=None,
        pictures=pictures,
        provider=engine,
        model=made.model,
        degraded=made.degraded,
        metadata={**made.details, "parent_id": parent.image_id if parent else None, "parent_key": parent.key if parent else None},
        finished_at=datetime.now(UTC),
    )
    stage = f"{record.steps[step].feature}-done"
    after = with_event(record, "result", stage, step=step, progress=(step + 1) / len(record.steps), steps=steps)
    return with_event(after, "end", "completed", progress=1.0, status="COMPLETED") if step == len(record.steps) - 1 else after


def failed(record: JobRecord, run: int, problem: ProblemData, step: int | None) -> JobRecord | None:
    if record.is_final or record.run != run:
        return None
    steps = record.steps
    if step is not None:
        steps = with_step(record, step, status="FAILED", problem=problem, finished_at=datetime.now(UTC))
    return with_event(record, "end", "failed", step=step, status="FAILED", problem=problem, steps=steps)


def canceled(record: JobRecord) -> JobRecord | None:
    if record.is_final:
        return None
    steps = [step if step.status == "COMPLETED" else step.model_copy(update={"status": "CANCELED"}) for step in record.steps]
    return with_event(record, "end", "canceled", status="CANCELED", steps=steps)


def _in_run(record: JobRecord, run: int) -> None:
    if record.is_final or record.run != run:
        raise ConflictError("the job went on without this worker")
