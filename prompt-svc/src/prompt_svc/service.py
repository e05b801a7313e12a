"""What can prompt-svc do?  Plan a message, refine words, suggest prompts and count which are chosen."""

from __future__ import annotations

import time
from typing import Any

from photofun_common.contracts.conversation import HistoryEntry, MessageReceived
from photofun_common.contracts.erasure import ChoicesErased
from photofun_common.contracts.gallery import UserErased
from photofun_common.contracts.prompt import (
    PlanFailed,
    PlanMetadata,
    PlannedStep,
    PlanReady,
    RefineAnswer,
    RefineQuestion,
    ReplyReady,
)
from photofun_common.contracts.values import PictureRef, ProblemData, clean_text
from pydantic import ValidationError

from .answers import chosen
from .domain import TALK_INTENTS, Ask, ModerationBlockedError, Plan, Planner, overridden
from .english import in_english
from .suggestions import Suggestions

__all__ = ["PromptService"]

Outcome = PlanReady | ReplyReady | PlanFailed


class PromptService:
    """The verbs; parts come through the constructor."""

    def __init__(self, planner: Planner, suggestions: Suggestions) -> None:
        self._planner = planner
        self._suggestions = suggestions

    async def plan_message(self, data: MessageReceived) -> Outcome:
        """What a message becomes: a plan, a reply, or a failure that says why."""
        started = time.perf_counter()
        ask = Ask(
            text=chosen(clean_text(data.text), tuple(data.history)), refine=data.refine,
            has_own_picture=_is_own(data), has_picture=data.picture is not None or bool(data.pictures),
            has_reference=data.reference is not None, pictures=tuple(data.pictures), history=tuple(data.history),
        )  # fmt: skip
        try:
            plan = await self._planner.plan(ask)
        except ModerationBlockedError as error:
            return PlanFailed(
                job_id=data.job_id, user_id=data.user_id, session_id=data.session_id, attempt=data.attempt, problem=error.to_problem()
            )
        plan = in_english(overridden(plan, data.feature_params))
        return _outcome(data, plan, _metadata(plan, started))

    def failed(self, data: MessageReceived, reason: str) -> PlanFailed:
        """The end of a message that no try could plan."""
        problem = ProblemData(
            slug="planning-failed", title="The message could not be planned", status=500, code=1005,
            detail="We could not work out this message. Send it again, or say it in other words.", extra={"reason": reason[:200]},
        )  # fmt: skip
        return _failure(data, problem)

    async def refine(self, question: RefineQuestion) -> RefineAnswer:
        """The words refined, and the plan unless `only_refine`.  Raises ModerationBlockedError."""
        started = time.perf_counter()
        ask = Ask(
            text=clean_text(question.prompt), refine=question.refine, lang=(question.lang or "").lower()[:2] or None,
            style=question.style, topic=question.topic, has_reference=question.context.images > 1,
            has_picture=question.context.images > 0 or question.image_url is not None,
            history=_history(question.context.history),
        )  # fmt: skip
        plan = in_english(await (self._planner.refine(ask) if question.only_refine else self._planner.plan(ask)))
        return RefineAnswer(
            refined_prompt=plan.refined_prompt or ask.text, english=plan.english, intent=plan.intent, confidence=round(plan.confidence, 3),
            plan=list(plan.steps), reply=plan.reply, choices=list(plan.choices), keywords=list(plan.keywords), language=plan.language,
            metadata=_metadata(plan, started),
        )  # fmt: skip

    async def suggest(self, query: str, *, limit: int, user_id: str | None = None) -> list[dict[str, Any]]:
        return await self._suggestions.find(query, limit=limit, user_id=user_id)

    async def erase(self, fact: UserErased) -> ChoicesErased:
        """Forget a person's own prompts, and report."""
        number = await self._suggestions.erase(fact.user_id)
        return ChoicesErased(job_id=fact.job_id, user_id=fact.user_id, counts={"prompts": number})

    async def choose(self, *, prompt_id: str | None, prompt: str | None, user_id: str | None) -> dict[str, Any]:
        return await self._suggestions.choose(prompt_id=prompt_id, prompt=prompt, user_id=user_id)


def _failure(data: MessageReceived, problem: ProblemData) -> PlanFailed:
    return PlanFailed(job_id=data.job_id, user_id=data.user_id, session_id=data.session_id, attempt=data.attempt, problem=problem)


def _metadata(plan: Plan, started: float) -> PlanMetadata:
    return PlanMetadata(
        model=plan.model, provider=plan.provider, processing_time=round(time.perf_counter() - started, 4), degraded=plan.degraded
    )


def _outcome(data: MessageReceived, plan: Plan, metadata: PlanMetadata) -> Outcome:
    same: dict[str, Any] = {"job_id": data.job_id, "user_id": data.user_id, "session_id": data.session_id, "attempt": data.attempt}
    confidence = round(plan.confidence, 3)
    if plan.intent in TALK_INTENTS or not plan.steps:
        intent: Any = plan.intent if plan.intent in TALK_INTENTS else "clarify"
        return ReplyReady(
            **same, intent=intent, confidence=confidence, language=plan.language, reply=plan.reply or "", choices=list(plan.choices),
            undo=plan.undo, picture=plan.picture or _brought(data), metadata=metadata,
        )  # fmt: skip
    return PlanReady(
        **same, prompt=data.text, refined_prompt=plan.refined_prompt, intent=plan.intent, confidence=confidence, language=plan.language,
        reply=plan.reply, plan=list(plan.steps), picture=plan.picture or data.picture, reference=plan.reference or data.reference,
        mode=data.mode,
        metadata=metadata, deadline=data.deadline,
    )  # fmt: skip


def _is_own(data: MessageReceived) -> bool:
    """Whether the message came with a picture or chose one that is not the session's current one."""
    current = next((one.ref.key for one in data.pictures if one.current), None)
    return data.picture is not None and (data.picture.key is None or data.picture.key != current)


def _brought(data: MessageReceived) -> PictureRef | None:
    """The picture that came with the message and is new to the session: it belongs there whatever is answered."""
    return data.picture if data.picture is not None and data.picture.is_new else None


def _history(entries: list[dict[str, Any]]) -> tuple[HistoryEntry, ...]:
    """Earlier messages as a caller sends them: ours, or loose ones with `message`, `prompt`; what can't be read is left out."""
    out: list[HistoryEntry] = []
    for entry in entries[-20:]:
        steps = []
        for step in entry.get("plan") or [] if isinstance(entry.get("plan"), list) else []:
            try:
                steps.append(PlannedStep.model_validate(step))
            except ValidationError:
                continue
        content = next((entry[name] for name in ("content", "message", "prompt", "text") if isinstance(entry.get(name), str)), "")
        role = "assistant" if entry.get("role") in ("assistant", "model", "bot") or (entry.get("role") is None and steps) else "user"
        if (
            not steps
            and role == "assistant"
            and isinstance(entry.get("params"), dict)
            and isinstance(entry.get("feature") or entry.get("intent"), str)
        ):
            steps = [PlannedStep(feature=entry.get("feature") or entry["intent"], params=entry["params"])]
        intent = entry.get("intent") if isinstance(entry.get("intent"), str) else None
        out.append(HistoryEntry(role=role, content=content[:4000], intent=intent, plan=steps[:8]))
    return tuple(out)
