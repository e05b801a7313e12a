"""Which recipes does a person have, and how do their runs stand?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from photofun_common.contracts.prompt import PlannedStep
from photofun_common.contracts.values import PictureRef, ProblemData
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..domain import Position
from ..domain.recipes import FINAL, Item, ItemStatus, Recipe, Run, TooManyRecipesError, TooManyRunsError
from ..tables import Instant, ItemRow, RecipeRow, RunRow
from .database import Database

__all__ = ["RecipeStore"]

_MOST_RECIPES = 1000
_MOST_OPEN = 20
_AT_ONCE = 4
_RETELL = timedelta(seconds=20)


def _to_recipe(row: RecipeRow) -> Recipe:
    steps = tuple(PlannedStep.model_validate(step) for step in row.steps)
    return Recipe(
        id=row.id, user_id=row.user_id, title=row.title, steps=steps, image_id=row.image_id, created_at=row.created_at,
        updated_at=row.updated_at,
    )  # fmt: skip


def _to_item(row: ItemRow) -> Item:
    return Item(
        run_id=row.run_id, position=row.position, user_id=row.user_id, image_id=row.image_id, job_id=row.job_id,
        source=PictureRef.model_validate(row.source), status=row.status, deadline=row.deadline, result_id=row.result_id,  # type: ignore[arg-type]  # a word of ours
        result_key=row.result_key, problem=ProblemData.model_validate(row.problem) if row.problem else None,
    )  # fmt: skip


def _to_run(row: RunRow, items: Sequence[ItemRow]) -> Run:
    return Run(
        id=row.id, user_id=row.user_id, recipe_id=row.recipe_id, title=row.title,
        steps=tuple(PlannedStep.model_validate(step) for step in row.steps), created_at=row.created_at, finished_at=row.finished_at,
        items=tuple(_to_item(item) for item in items),
    )  # fmt: skip


class RecipeStore:
    """Recipes, runs and their items."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- recipes

    async def add(self, recipe: Recipe) -> Recipe:
        """File a recipe; the one with this id that is there already wins.  Raises TooManyRecipesError."""
        async with self._database.writing(recipe.user_id) as session:
            await self._database.lock(session, [f"recipes:{recipe.user_id}"])
            row = await session.get(RecipeRow, recipe.id)
            if row is None:
                number = select(sa.func.count()).select_from(RecipeRow).where(RecipeRow.user_id == recipe.user_id)
                if (await session.exec(number)).one() >= _MOST_RECIPES:
                    raise TooManyRecipesError(_MOST_RECIPES)
                row = RecipeRow(
                    id=recipe.id, user_id=recipe.user_id, title=recipe.title, steps=[step.model_dump(mode="json") for step in recipe.steps],
                    image_id=recipe.image_id, created_at=recipe.created_at, updated_at=recipe.updated_at,
                )  # fmt: skip
                session.add(row)
            return _to_recipe(row)

    async def find(self, recipe_id: str, user_id: str | None) -> Recipe | None:
        async with self._database.reading(user_id) as session:
            row = await _recipe(session, recipe_id, user_id)
            return None if row is None else _to_recipe(row)

    async def page(self, user_id: str, after: Position | None, limit: int) -> list[Recipe]:
        """A person's recipes, newest first."""
        at = col(RecipeRow.created_at)
        query = select(RecipeRow).where(RecipeRow.user_id == user_id).order_by(at.desc(), col(RecipeRow.id).desc()).limit(limit)
        if after is not None:
            query = query.where(sa.tuple_(at, col(RecipeRow.id)) < sa.tuple_(sa.literal(after.at, Instant()), sa.literal(after.id)))
        async with self._database.reading(user_id) as session:
            return [_to_recipe(row) for row in (await session.exec(query)).all()]

    async def rename(self, recipe_id: str, user_id: str | None, title: str, now: datetime) -> Recipe | None:
        async with self._database.writing(user_id) as session:
            row = await _recipe(session, recipe_id, user_id)
            if row is None:
                return None
            row.title, row.updated_at = title, now
            return _to_recipe(row)

    async def drop(self, recipe_id: str, user_id: str | None) -> bool:
        async with self._database.writing(user_id) as session:
            row = await _recipe(session, recipe_id, user_id)
            if row is not None:
                await session.delete(row)
            return row is not None

    # --- runs

    async def start(self, run: Run) -> Run:
        """File a run with its items, due at once; the one with this id that is there already wins.  Raises TooManyRunsError."""
        async with self._database.writing(run.user_id) as session:
            await self._database.lock(session, [f"runs:{run.user_id}"])
            row = await session.get(RunRow, run.id)
            if row is not None:
                return await self._whole(session, row)
            open_runs = select(sa.func.count()).select_from(RunRow).where(RunRow.user_id == run.user_id, col(RunRow.finished_at).is_(None))
            if (await session.exec(open_runs)).one() >= _MOST_OPEN:
                raise TooManyRunsError(_MOST_OPEN)
            steps = [step.model_dump(mode="json") for step in run.steps]
            session.add(
                RunRow(
                    id=run.id,
                    user_id=run.user_id,
                    recipe_id=run.recipe_id,
                    title=run.title,
                    steps=steps,
                    created_at=run.created_at,
                )
            )
            session.add_all(
                ItemRow(
                    run_id=run.id,
                    position=item.position,
                    user_id=run.user_id,
                    image_id=item.image_id,
                    job_id=item.job_id,
                    source=item.source.model_dump(mode="json", exclude_none=True),
                    status=item.status,
                )
                for item in run.items
            )
            return run

    async def run(self, run_id: str, user_id: str | None) -> Run | None:
        async with self._database.reading(user_id) as session:
            row = await session.get(RunRow, run_id)
            return await self._whole(session, row) if row is not None and user_id in (None, row.user_id) else None

    async def _whole(self, session: AsyncSession, row: RunRow) -> Run:
        items = select(ItemRow).where(ItemRow.run_id == row.id).order_by(col(ItemRow.position))
        return _to_run(row, (await session.exec(items)).all())

    async def runs(self, user_id: str, after: Position | None, limit: int) -> list[Run]:
        """A person's runs with their items, newest first."""
        at = col(RunRow.created_at)
        query = select(RunRow).where(RunRow.user_id == user_id).order_by(at.desc(), col(RunRow.id).desc()).limit(limit)
        if after is not None:
            query = query.where(sa.tuple_(at, col(RunRow.id)) < sa.tuple_(sa.literal(after.at, Instant()), sa.literal(after.id)))
        async with self._database.reading(user_id) as session:
            return [await self._whole(session, row) for row in (await session.exec(query)).all()]

    async def open_runs(self, limit: int = 200) -> list[str]:
        """Ids of runs that are not finished, oldest first."""
        query = select(RunRow.id).where(col(RunRow.finished_at).is_(None)).order_by(col(RunRow.created_at)).limit(limit)
        async with self._database.reading() as session:
            return list((await session.exec(query)).all())

    async def claim(self, run_id: str, now: datetime, deadline: datetime) -> Run | None:
        """The run with the items that are to be asked for now: as many new ones as have room, and those nobody confirmed.

        Of the answer, items with `deadline` in the future and IN_PROGRESS are to be told; overdue ones are to be settled.
        """
        async with self._database.writing() as session:
            await self._database.lock(session, [f"run:{run_id}"])
            row = await session.get(RunRow, run_id)
            if row is None or row.finished_at is not None:
                return None
            items = (await session.exec(select(ItemRow).where(ItemRow.run_id == run_id).order_by(col(ItemRow.position)))).all()
            room = _AT_ONCE - sum(item.status == "IN_PROGRESS" for item in items)
            fresh = [item for item in items if item.status == "CREATED"][: max(0, room)]
            again = [item for item in items if item.status == "IN_PROGRESS" and item.due_at is not None and item.due_at <= now]
            for item in fresh:
                item.status, item.deadline = "IN_PROGRESS", deadline
            for item in [*fresh, *again]:
                item.due_at = now + _RETELL
            return _to_run(row, [*fresh, *again])

    async def settle(
        self, job_id: str, status: ItemStatus, now: datetime, *, result: tuple[str, str] | None = None, problem: ProblemData | None = None
    ) -> str | None:
        """Note how an item's job ended, once; the run's id, None when no run knows the job."""
        async with self._database.writing() as session:
            item = (await session.exec(select(ItemRow).where(ItemRow.job_id == job_id))).first()
            if item is None:
                return None
            await self._database.lock(session, [f"run:{item.run_id}"])
            await session.refresh(item)
            if item.status not in FINAL:
                item.status, item.due_at = status, None
                item.result_id, item.result_key = result or (None, None)
                item.problem = problem.model_dump(mode="json") if problem else None
            await self._close(session, item.run_id, now)
            return item.run_id

    async def cancel(self, run_id: str, now: datetime) -> list[str]:
        """Cancel what has not ended; the ids of the jobs that were in hand."""
        async with self._database.writing() as session:
            await self._database.lock(session, [f"run:{run_id}"])
            items = (await session.exec(select(ItemRow).where(ItemRow.run_id == run_id, col(ItemRow.status).not_in(FINAL)))).all()
            begun = [item.job_id for item in items if item.status == "IN_PROGRESS"]
            for item in items:
                item.status, item.due_at = "CANCELED", None
            await self._close(session, run_id, now)
            return begun

    async def _close(self, session: AsyncSession, run_id: str, now: datetime) -> None:
        await session.flush()
        left = select(sa.func.count()).select_from(ItemRow).where(ItemRow.run_id == run_id, col(ItemRow.status).not_in(FINAL))
        if (await session.exec(left)).one() == 0:
            closing = sa.update(RunRow).where(col(RunRow.id) == run_id, col(RunRow.finished_at).is_(None)).values(finished_at=now)
            await session.exec(closing)


async def _recipe(session: AsyncSession, recipe_id: str, user_id: str | None) -> RecipeRow | None:
    row = await session.get(RecipeRow, recipe_id)
    return row if row is not None and user_id in (None, row.user_id) else None
