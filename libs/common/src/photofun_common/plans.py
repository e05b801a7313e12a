"""Is this plan one that can be done?  A person's steps, held against the features' declarations."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from .contracts.features import by_id
from .contracts.prompt import PlannedStep
from .errors import InvalidError
from .problem import from_validation

__all__ = ["MAX_STEPS", "checked_plan"]

MAX_STEPS = 8


def checked_plan(steps: Sequence[PlannedStep], *, name: str = "plan", most: int = MAX_STEPS) -> list[PlannedStep]:
    """The steps with their parameters as the features know them.  Raises InvalidError that names the field under `name`."""
    if not 1 <= len(steps) <= most:
        raise InvalidError(f"{name}: 1 to {most} steps", errors=[{"field": name, "message": f"must have 1 to {most} steps"}])
    return [_checked_step(f"{name}.{index}", step) for index, step in enumerate(steps)]


def _checked_step(where: str, step: PlannedStep) -> PlannedStep:
    feature = by_id(step.feature)
    if feature is None:
        message = f"there is no feature {step.feature[:60]!r}"
        raise InvalidError(f"{where}.feature: {message}", errors=[{"field": f"{where}.feature", "message": message}])
    unknown = [name for name in step.params if name not in feature.params.model_fields]
    if unknown:
        errors = [{"field": f"{where}.params.{name[:60]}", "message": f"is no parameter of {feature.id}"} for name in unknown[:10]]
        raise InvalidError(f"{errors[0]['field']}: {errors[0]['message']}", errors=errors)
    try:
        params = feature.params.model_validate(step.params)
    except ValidationError as error:
        problem = from_validation(error.errors(include_url=False, include_input=False, include_context=False))
        errors = [{"field": f"{where}.params.{line['field']}", "message": line["message"]} for line in problem.errors]
        raise InvalidError(f"{errors[0]['field']}: {errors[0]['message']}", errors=errors) from error
    return PlannedStep(feature=feature.id, params=params.model_dump(mode="json", exclude_unset=True))
