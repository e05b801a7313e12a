"""What can a person do with recipes?  Keep the chain of edits that made a picture, and do it again on others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from photofun_common.bus import Bus
from photofun_common.contracts.gallery import EditsRequested
from photofun_common.contracts.imaging import JobFinished
from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.prompt import PlannedStep
from photofun_common.contracts.values import PictureRef
from photofun_common.errors import DeadlineError, UnavailableError
from photofun_common.jobs import JobNotFoundError, JobStore, with_event
from photofun_common.plans import MAX_STEPS, checked_plan

from ..domain import Cursors, Image, ImageNotFoundError, Position, is_plausible
from ..domain.recipes import FINAL, Item, Recipe, RecipeNotFoundError, Run, RunNotFoundError, edits_of
from ..store import Stores

__all__ = ["MOST_ITEMS", "Recipes"]

log = logging.getLogger(__name__)
MOST_ITEMS = 100
_JOBS = UUID("0b6f9a1e-7f0d-4b53-9f43-5f0a7c1c2d3e")
_GRACE = timedelta(seconds=15)
_LOOK_SECONDS = 0.25


class Recipes:
    """Save, list, run, follow, stop."""

    def __init__(
        self,
        stores: Stores,
        bus: Bus,
        jobs: JobStore,
        cursors: Cursors,
        *,
        job_deadline: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._recipes, self._images, self._lineage = stores.recipes, stores.images, stores.lineage
        self._bus, self._jobs, self._cursors, self._clock = bus, jobs, cursors, clock
        self._deadline = timedelta(seconds=job_deadline)

    # --- recipes

    async def edits(self, image_id: str, user_id: str | None) -> list[PlannedStep]:
        """The edits that led to a picture.  Raises ImageNotFoundError, NothingToRepeatError."""
        image = await self._image(image_id, user_id)
        return edits_of([*await self._lineage.ancestors(image), image])

    async def _image(self, image_id: str, user_id: str | None) -> Image:
        image = await self._images.find(image_id, user_id) if is_plausible(image_id) else None
        if image is None or image.deleted_at is not None:
            raise ImageNotFoundError
        return image

    async def make(self, recipe_id: str, user_id: str, title: str, *, image_id: str | None, steps: Sequence[PlannedStep] | None) -> Recipe:
        """Keep the edits that led to a picture, or these steps.  The same id again is the same recipe."""
        now = self._clock()
        given = steps if steps is not None else await self.edits(image_id or "", user_id)
        checked = checked_plan(given, name="steps", most=MAX_STEPS if steps is not None else 4 * MAX_STEPS)
        recipe = Recipe(id=recipe_id, user_id=user_id, title=title, steps=tuple(checked), image_id=image_id, created_at=now, updated_at=now)
        return await self._recipes.add(recipe)

    async def get(self, recipe_id: str, user_id: str | None) -> Recipe:
        """The recipe.  Raises RecipeNotFoundError."""
        return _found(await self._recipes.find(recipe_id, user_id) if is_plausible(recipe_id) else None)

    async def page(self, user_id: str, *, cursor: str | None, limit: int) -> tuple[list[Recipe], str | None]:
        """A page of recipes, newest first, and the cursor that goes on."""
        view = f"recipes/{user_id}"
        found = await self._recipes.page(user_id, self._cursors.read(view, cursor) if cursor else None, limit + 1)
        more = self._cursors.write(view, Position(found[limit - 1].created_at, found[limit - 1].id)) if len(found) > limit else None
        return found[:limit], more

    async def rename(self, recipe_id: str, user_id: str | None, title: str) -> Recipe:
        return _found(await self._recipes.rename(recipe_id, user_id, title, self._clock()) if is_plausible(recipe_id) else None)

    async def drop(self, recipe_id: str, user_id: str | None) -> None:
        if not is_plausible(recipe_id) or not await self._recipes.drop(recipe_id, user_id):
            raise RecipeNotFoundError

    # --- runs

    async def start(self, run_id: str, recipe_id: str, user_id: str | None, ids: Sequence[str]) -> Run:
        """Do the recipe on these pictures, each a job of its own.  The same run id again is the same run.

        Raises RecipeNotFoundError, and ImageNotFoundError when one of the pictures is not there.
        """
        recipe = await self.get(recipe_id, user_id)
        images = [await self._image(image_id, recipe.user_id) for image_id in dict.fromkeys(ids)]
        items = tuple(
            Item(
                run_id=run_id,
                position=position,
                user_id=recipe.user_id,
                image_id=image.id,
                job_id=uuid5(_JOBS, f"{run_id}/{image.id}").hex,
                source=PictureRef(key=image.key, url=None if image.key else image.url, image_id=image.id),
            )
            for position, image in enumerate(images)
        )
        run = Run(
            id=run_id, user_id=recipe.user_id, recipe_id=recipe.id, title=recipe.title, steps=recipe.steps, created_at=self._clock(),
            items=items,
        )  # fmt: skip
        await self._recipes.start(run)
        await self._advance(run_id)
        return await self.run(run_id, recipe.user_id)

    async def run(self, run_id: str, user_id: str | None, *, wait: float = 0) -> Run:
        """The run; with `wait` once it has ended, or as it is when so many seconds are over.  Raises RunNotFoundError."""
        loop = asyncio.get_running_loop()
        end = loop.time() + wait
        while True:
            run = await self._recipes.run(run_id, user_id) if is_plausible(run_id) else None
            if run is None:
                raise RunNotFoundError
            if run.status in FINAL or loop.time() >= end:
                return run
            await asyncio.sleep(min(_LOOK_SECONDS, max(0.0, end - loop.time())))

    async def runs(self, user_id: str, *, cursor: str | None, limit: int) -> tuple[list[Run], str | None]:
        """A page of runs, newest first, and the cursor that goes on."""
        view = f"runs/{user_id}"
        found = await self._recipes.runs(user_id, self._cursors.read(view, cursor) if cursor else None, limit + 1)
        more = self._cursors.write(view, Position(found[limit - 1].created_at, found[limit - 1].id)) if len(found) > limit else None
        return found[:limit], more

    async def cancel(self, run_id: str, user_id: str | None) -> Run:
        """Stop what has not ended; what is done stays."""
        run = await self.run(run_id, user_id)
        for job_id in await self._recipes.cancel(run.id, self._clock()):
            await self._end_job(job_id)
        return await self.run(run_id, user_id)

    async def _end_job(self, job_id: str) -> None:
        try:
            await self._jobs.change(job_id, _canceled)
        except JobNotFoundError:
            log.info("job had not begun", extra={"job_id": job_id})

    async def job_finished(self, fact: JobFinished) -> None:
        """A job ended; when it is an item's, note it and go on with the next."""
        if fact.kind != "feature":
            return
        result = (fact.pictures[0].image_id, fact.pictures[0].key) if fact.status == "COMPLETED" and fact.pictures else None
        run_id = await self._recipes.settle(fact.job_id, fact.status, self._clock(), result=result, problem=fact.problem)
        if run_id is not None:
            await self._advance(run_id)

    async def advance(self) -> int:
        """Look after all unfinished runs: ask for what is due, settle what is overdue.  The number of items touched."""
        return sum([await self._advance(run_id) for run_id in await self._recipes.open_runs()])

    async def _advance(self, run_id: str) -> int:
        now = self._clock()
        run = await self._recipes.claim(run_id, now, now + self._deadline)
        if run is None:
            return 0
        for item in run.items:
            assert item.deadline is not None
            if item.deadline + _GRACE < now:
                await self._settle_overdue(item)
            else:
                await self._ask(run, item, item.deadline)
        return len(run.items)

    async def _ask(self, run: Run, item: Item, deadline: datetime) -> None:
        """Ask imaging-svc for an item; what can't be told now is due again in a while."""
        fact = EditsRequested(
            job_id=item.job_id, user_id=item.user_id, run_id=run.id, steps=list(run.steps), picture=item.source, deadline=deadline
        )
        try:
            await self._bus.publish(fact)
        except UnavailableError as error:
            log.warning("an item waits", extra={"job_id": item.job_id, "error": error.detail})

    async def _settle_overdue(self, item: Item) -> None:
        """The item's time is over and nobody told how it ended: its record knows, or it never began."""
        record = await self._jobs.find(item.job_id)
        if record is not None and record.status in ("COMPLETED", "FAILED", "CANCELED"):
            result = (record.pictures[0].image_id, record.pictures[0].key) if record.status == "COMPLETED" and record.pictures else None
            await self._recipes.settle(item.job_id, record.status, self._clock(), result=result, problem=record.problem)
            return
        if record is not None:
            await self._end_job(item.job_id)
        problem = DeadlineError("The picture was not edited in its time; run the recipe on it again").to_problem()
        await self._recipes.settle(item.job_id, "FAILED", self._clock(), problem=problem)


def _found(recipe: Recipe | None) -> Recipe:
    if recipe is None:
        raise RecipeNotFoundError
    return recipe


def _canceled(record: JobRecord) -> JobRecord | None:
    if record.is_final:
        return None
    steps = [step if step.status == "COMPLETED" else step.model_copy(update={"status": "CANCELED"}) for step in record.steps]
    return with_event(record, "end", "canceled", status="CANCELED", steps=steps)
