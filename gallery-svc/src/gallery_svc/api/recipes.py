"""Recipes: keep a chain of edits, do it on other pictures, watch it, stop it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from photofun_common.http import accepted, body_schema, ok, read_body
from photofun_common.once import id_of_call, once_of
from starlette.responses import Response

from ..views import Answer, ListAnswer, OwnerQuery
from ..views.albums import AlbumsQuery as PageQuery
from ..views.recipes import (
    RecipeBody,
    RecipeChangeBody,
    RecipeView,
    RunBody,
    RunQuery,
    RunView,
    StepsView,
    recipe_view,
    run_view,
)
from .common import Here, Who, cached, writer

__all__ = ["router"]

router = APIRouter(prefix="/v1/gallery", tags=["Gallery"])


@router.get("/recipes", summary="A person's recipes, newest first", responses={200: {"model": ListAnswer[RecipeView]}})
async def list_recipes(request: Request, context: Here, caller: Who, query: Annotated[PageQuery, Query()]) -> Response:
    recipes, more = await context.services.recipes.page(caller.owner(query.user_id), cursor=query.cursor, limit=query.limit)
    return cached(request, ok([recipe_view(one) for one in recipes], meta={"next_cursor": more, "count": len(recipes)}))


@router.post(
    "/recipes",
    summary="Keep the edits that led to a picture, or these steps",
    status_code=201,
    responses={201: {"model": Answer[RecipeView]}},
    openapi_extra=body_schema(RecipeBody),
)
async def make_recipe(request: Request, context: Here, caller: Who) -> Response:
    body = (await read_body(request, RecipeBody)).model(RecipeBody)
    owner = caller.owner(body.user_id)
    recipe_id = id_of_call(once_of(request), "recipe")
    recipe = await context.services.recipes.make(recipe_id, owner, body.title, image_id=body.image_id, steps=body.steps)
    return ok(recipe_view(recipe), "Saved", status=201, headers={"Location": f"/v1/gallery/recipes/{recipe.id}"})


@router.get("/recipes/{recipe_id}", summary="One recipe", responses={200: {"model": Answer[RecipeView]}})
async def get_recipe(request: Request, recipe_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    return cached(request, ok(recipe_view(await context.services.recipes.get(recipe_id, caller.reader(query.user_id)))))


@router.patch(
    "/recipes/{recipe_id}",
    summary="Rename a recipe",
    responses={200: {"model": Answer[RecipeView]}},
    openapi_extra=body_schema(RecipeChangeBody),
)
async def rename_recipe(request: Request, recipe_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    user_id, body = await writer(request, caller, query.user_id)
    return ok(recipe_view(await context.services.recipes.rename(recipe_id, user_id, body.model(RecipeChangeBody).title)))


@router.delete("/recipes/{recipe_id}", summary="Delete a recipe; its runs and their pictures stay")
async def drop_recipe(request: Request, recipe_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    user_id, _ = await writer(request, caller, query.user_id)
    await context.services.recipes.drop(recipe_id, user_id)
    return ok({"recipe_id": recipe_id, "id": recipe_id, "deleted": True}, "Deleted")


@router.post(
    "/recipes/{recipe_id}/run",
    summary="Do a recipe on pictures, each with its own status",
    status_code=202,
    responses={202: {"model": Answer[RunView]}},
    openapi_extra=body_schema(RunBody),
)
async def run_recipe(request: Request, recipe_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    user_id, incoming = await writer(request, caller, query.user_id)
    body = incoming.model(RunBody)
    run = await context.services.recipes.start(id_of_call(once_of(request), "run", recipe_id), recipe_id, user_id, body.ids)
    return accepted(run_view(run, context.files), headers={"Location": f"/v1/gallery/runs/{run.id}"})


@router.get("/runs", summary="A person's runs of recipes, newest first", responses={200: {"model": ListAnswer[RunView]}})
async def list_runs(request: Request, context: Here, caller: Who, query: Annotated[PageQuery, Query()]) -> Response:
    runs, more = await context.services.recipes.runs(caller.owner(query.user_id), cursor=query.cursor, limit=query.limit)
    return cached(request, ok([run_view(run, context.files) for run in runs], meta={"next_cursor": more, "count": len(runs)}))


@router.get("/runs/{run_id}", summary="A run with the status of each picture", responses={200: {"model": Answer[RunView]}})
async def get_run(request: Request, run_id: str, context: Here, caller: Who, query: Annotated[RunQuery, Query()]) -> Response:
    run = await context.services.recipes.run(run_id, caller.reader(query.user_id), wait=query.wait)
    return cached(request, ok(run_view(run, context.files)))


@router.post("/runs/{run_id}/cancel", summary="Stop a run; what is done stays", responses={200: {"model": Answer[RunView]}})
async def cancel_run(request: Request, run_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    user_id, _ = await writer(request, caller, query.user_id)
    return ok(run_view(await context.services.recipes.cancel(run_id, user_id), context.files))


@router.get("/{image_id}/recipe", summary="The edits that led to a picture", responses={200: {"model": Answer[StepsView]}})
async def get_edits(request: Request, image_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    steps = await context.services.recipes.edits(image_id, caller.reader(query.user_id))
    return cached(request, ok(StepsView(steps=steps)))
