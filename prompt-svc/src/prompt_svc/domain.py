"""What is planned?  The question, the plan and the rules that hold for every planner."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from photofun_common.contracts.conversation import HistoryEntry, SessionPicture
from photofun_common.contracts.features import by_id
from photofun_common.contracts.prompt import Choice, PlannedStep, UndoTarget
from photofun_common.contracts.values import PictureRef
from photofun_common.errors import InvalidError
from pydantic import ValidationError

__all__ = ["MAX_STEPS", "TALK_INTENTS", "Ask", "ModerationBlockedError", "Plan", "Planner", "overridden", "valid_step", "valid_steps"]

MAX_STEPS = 8
TALK_INTENTS = frozenset({"chat", "clarify", "undo"})
Mode = Literal["plan", "refine"]


class ModerationBlockedError(InvalidError):
    """A provider's safety system refused the words.  Final: nothing else is tried."""

    slug = "moderation-blocked"
    title = "This request was blocked"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a planner is asked: the words, and what is at hand.  `has_own_picture`: the message came with a picture or chose one."""

    text: str
    lang: str | None = None
    style: str | None = None
    topic: str | None = None
    refine: bool = True
    has_picture: bool = False
    has_own_picture: bool = False
    has_reference: bool = False
    pictures: tuple[SessionPicture, ...] = ()
    history: tuple[HistoryEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a planner answers.

    `english` is the refined prompt in English when its words are not; `picture` and `reference` are set when the words name an
    earlier picture.
    """

    intent: str
    confidence: float
    language: str
    steps: tuple[PlannedStep, ...] = ()
    reply: str | None = None
    choices: tuple[Choice, ...] = ()
    refined_prompt: str | None = None
    english: str | None = None
    keywords: tuple[str, ...] = ()
    undo: UndoTarget | None = None
    picture: PictureRef | None = None
    reference: PictureRef | None = None
    provider: str = "local"
    model: str = "offline-planner"
    degraded: str | None = None
    is_follow_up: bool = False
    asked: tuple[str, ...] = field(default=(), compare=False)


class Planner(Protocol):
    """Words in, plan out."""

    async def plan(self, ask: Ask) -> Plan: ...

    async def refine(self, ask: Ask) -> Plan: ...


def valid_step(feature_id: str, params: dict[str, Any]) -> PlannedStep | None:
    """The step with the parameters that fit its declaration; None when the feature is unknown or a needed one is missing."""
    feature = by_id(feature_id)
    if feature is None:
        return None
    kept = {name: value for name, value in params.items() if name in feature.params.model_fields}
    for _ in range(len(kept) + 18):
        try:
            model = feature.params.model_validate(kept)
        except ValidationError as error:
            smaller = _without_faults(kept, error)
            if smaller is None:
                return None
            kept = smaller
            continue
        return PlannedStep(feature=feature.id, params=model.model_dump(mode="json", exclude_unset=True, exclude_none=True))
    return None


def _without_faults(params: dict[str, Any], error: ValidationError) -> dict[str, Any] | None:
    """The parameters without the first one at fault (of a list, without the item); None when nothing can be left out."""
    where = error.errors(include_url=False, include_input=False)[0]["loc"]
    if not where or where[0] not in params:
        return None
    name = str(where[0])
    value = params[name]
    if len(where) > 1 and isinstance(value, list) and isinstance(where[1], int) and len(value) > 1:
        return {**params, name: [item for index, item in enumerate(value) if index != where[1]]}
    return {key: inner for key, inner in params.items() if key != name}


def valid_steps(steps: list[tuple[str, dict[str, Any]]]) -> tuple[PlannedStep, ...]:
    """The steps that fit, neighbouring adjust steps made one, at most MAX_STEPS."""
    merged: list[tuple[str, dict[str, Any]]] = []
    for feature, params in steps:
        if feature == "adjust" and merged and merged[-1][0] == "adjust":
            operations = [*merged[-1][1].get("operations", []), *params.get("operations", [])]
            merged[-1] = ("adjust", {**merged[-1][1], **params, "operations": operations[:16]})
        else:
            merged.append((feature, params))
    found = (valid_step(feature, params) for feature, params in merged)
    return tuple(step for step in found if step is not None)[:MAX_STEPS]


def overridden(plan: Plan, feature_params: dict[str, Any]) -> Plan:
    """The plan with the caller's parameters over the first step's own; what does not fit is left out."""
    if not plan.steps or not feature_params:
        return plan
    first, *rest = plan.steps
    params = dict(first.params)
    for name, value in feature_params.items():
        tried = valid_step(first.feature, {**params, name: value})
        if tried is not None and name in tried.params:
            params = tried.params
    english = first.english if params.get("prompt") == first.params.get("prompt") else None
    return replace(plan, steps=(PlannedStep(feature=first.feature, params=params, english=english), *rest))
