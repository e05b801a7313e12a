"""How do recipes and their runs look from outside?"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from photofun_common.contracts.prompt import PlannedStep
from photofun_common.contracts.values import Id, Text
from photofun_common.fileurls import FileUrls
from photofun_common.problem import render_problem
from pydantic import BaseModel, Field, model_validator

from ..domain.recipes import Item, Recipe, Run
from ..service.recipes import MOST_ITEMS
from .images import Claim, OwnerQuery

__all__ = ["RecipeBody", "RecipeChangeBody", "RecipeView", "RunBody", "RunQuery", "RunView", "StepsView", "recipe_view", "run_view"]

Title = Annotated[Text, Field(min_length=1, max_length=200)]


class RecipeBody(Claim):
    """A recipe to keep: the edits that led to a picture, or steps."""

    title: Title
    image_id: Id | None = None
    steps: list[PlannedStep] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> RecipeBody:
        if (self.image_id is None) == (self.steps is None):
            raise ValueError("give image_id or steps")
        return self


class RecipeChangeBody(Claim):
    title: Title


class RunBody(Claim):
    """Pictures to do a recipe on."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_ITEMS)]


class RunQuery(OwnerQuery):
    wait: Annotated[float, Field(ge=0, le=30)] = Field(default=0, description="wait so many seconds for its end")


class StepsView(BaseModel):
    """Edits in their order."""

    steps: list[PlannedStep]


class RecipeView(StepsView):
    """A recipe."""

    recipe_id: Id
    id: Id
    user_id: str
    title: str
    image_id: str | None
    created_at: datetime
    updated_at: datetime


Status = Literal["CREATED", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED"]


class ItemView(BaseModel):
    """One picture of a run: `image_id` is what is edited, `result_id` what came of it."""

    image_id: str
    job_id: Id
    status: Status
    result_id: str | None
    image_url: str | None
    error: dict[str, Any] | None = None


class RunView(BaseModel):
    """A recipe being done on pictures."""

    run_id: Id
    id: Id
    recipe_id: str
    user_id: str
    title: str
    steps: list[PlannedStep]
    status: Status
    progress: float
    counts: dict[str, int]
    items: list[ItemView]
    created_at: datetime
    finished_at: datetime | None


def recipe_view(recipe: Recipe) -> RecipeView:
    return RecipeView(
        recipe_id=recipe.id, id=recipe.id, user_id=recipe.user_id, title=recipe.title, steps=list(recipe.steps), image_id=recipe.image_id,
        created_at=recipe.created_at, updated_at=recipe.updated_at,
    )  # fmt: skip


def run_view(run: Run, files: FileUrls) -> RunView:
    counts: dict[str, int] = {}
    for item in run.items:
        counts[item.status] = counts.get(item.status, 0) + 1
    return RunView(
        run_id=run.id, id=run.id, recipe_id=run.recipe_id, user_id=run.user_id, title=run.title, steps=list(run.steps), status=run.status,
        progress=round(run.progress, 3), counts=counts, items=[_item_view(item, files) for item in run.items], created_at=run.created_at,
        finished_at=run.finished_at,
    )  # fmt: skip


def _item_view(item: Item, files: FileUrls) -> ItemView:
    return ItemView(
        image_id=item.image_id, job_id=item.job_id, status=item.status, result_id=item.result_id,
        image_url=files.url(item.result_key) if item.result_key else None, error=render_problem(item.problem) if item.problem else None,
    )  # fmt: skip
