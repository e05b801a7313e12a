"""Does every prompt of a plan have its English, for the engines that know nothing else?"""

from __future__ import annotations

from dataclasses import replace

from photofun_common.contracts.prompt import PlannedStep

from .domain import Plan
from .planners.offline.english import english_of

__all__ = ["in_english"]


def in_english(plan: Plan) -> Plan:
    """The plan with English beside each prompt that is not English; what the planner itself said in English stays."""
    english = plan.english or (english_of(plan.refined_prompt) if plan.refined_prompt else None)
    return replace(plan, steps=tuple(_step(step) for step in plan.steps), english=english)


def _step(step: PlannedStep) -> PlannedStep:
    prompt = step.params.get("prompt")
    if step.english is not None or not isinstance(prompt, str):
        return step
    return step.model_copy(update={"english": english_of(prompt)})
