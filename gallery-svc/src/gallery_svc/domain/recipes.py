"""What is a recipe, and how does its run stand?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from photofun_common.contracts.features import by_slug
from photofun_common.contracts.prompt import PlannedStep
from photofun_common.contracts.values import PictureRef, ProblemData
from photofun_common.errors import ConflictError, InvalidError, NotFoundError, RateLimitedError

from .images import Image

__all__ = [
    "FINAL",
    "Item",
    "ItemStatus",
    "NothingToRepeatError",
    "Recipe",
    "RecipeNotFoundError",
    "Run",
    "RunNotFoundError",
    "TooManyRecipesError",
    "TooManyRunsError",
    "edits_of",
]

ItemStatus = Literal["CREATED", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED"]
FINAL: frozenset[str] = frozenset({"COMPLETED", "FAILED", "CANCELED"})


class RecipeNotFoundError(NotFoundError):
    """No such recipe, or another person's."""

    slug = "recipe-not-found"

    def __init__(self) -> None:
        super().__init__("Recipe not found")


class RunNotFoundError(NotFoundError):
    """No such run, or another person's."""

    slug = "run-not-found"

    def __init__(self) -> None:
        super().__init__("Run not found")


class NothingToRepeatError(InvalidError):
    slug, title = "nothing-to-repeat", "There are no edits to repeat"

    def __init__(self) -> None:
        super().__init__("No edit led to this picture: a recipe is made of a picture that was edited, or of steps")


class TooManyRecipesError(ConflictError):
    slug, title = "too-many-recipes", "There are too many recipes"

    def __init__(self, most: int) -> None:
        super().__init__(f"A person may have {most} recipes: delete one first", limit=most)


class TooManyRunsError(RateLimitedError):
    slug, title = "too-many-jobs", "Too many unfinished runs"

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} runs of yours are unfinished: wait for one to end", retry_after=5, limit=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A chain of edits; `image_id` is the picture that it was taken from."""

    id: str
    user_id: str
    title: str
    steps: tuple[PlannedStep, ...]
    image_id: str | None = None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One picture of a run."""

    run_id: str
    position: int
    user_id: str
    image_id: str
    job_id: str
    source: PictureRef
    status: ItemStatus = "CREATED"
    deadline: datetime | None = None
    result_id: str | None = None
    result_key: str | None = None
    problem: ProblemData | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A recipe being done on pictures."""

    id: str
    user_id: str
    recipe_id: str
    title: str
    steps: tuple[PlannedStep, ...]
    created_at: datetime
    finished_at: datetime | None = None
    items: tuple[Item, ...] = field(default=())

    @property
    def status(self) -> ItemStatus:
        """What the items make of the whole: any result completes it."""
        states = {item.status for item in self.items}
        if states <= FINAL:
            return next(state for state in ("COMPLETED", "CANCELED", "FAILED") if state in states)
        return "CREATED" if states == {"CREATED"} else "IN_PROGRESS"

    @property
    def progress(self) -> float:
        return sum(item.status in FINAL for item in self.items) / len(self.items)


def edits_of(chain: Sequence[Image]) -> list[PlannedStep]:
    """The edits along a chain of pictures, oldest first; what made the first one out of nothing is none.

    Raises NothingToRepeatError.
    """
    steps = []
    for image in chain:
        feature = by_slug(image.feature or "")
        if feature is not None and feature.needs_picture:
            known = {name: value for name, value in image.params.items() if name in feature.params.model_fields and value is not None}
            steps.append(PlannedStep(feature=feature.id, params=known))
    if not steps:
        raise NothingToRepeatError
    return steps
