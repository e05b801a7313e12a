"""Pictures: list, keep, change, trash, restore, purge, history, export."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from photofun_common.http import body_schema, ok, read_body
from starlette.responses import Response, StreamingResponse

from ..domain import Filter, Image, Outcome
from ..export import zipped
from ..service import BULK_MOST
from ..views import (
    Answer,
    BulkBody,
    BulkResult,
    BulkView,
    ChangeBody,
    FacetsView,
    FilterQuery,
    HistoryView,
    ImageView,
    ItemQuery,
    ListAnswer,
    ListQuery,
    NewImage,
    OwnerQuery,
    PurgedView,
    TrashedView,
    view_of,
    views_of_history,
)
from .common import Here, Who, cached, writer

__all__ = ["router"]

router = APIRouter(prefix="/v1/gallery", tags=["Gallery"])
_DONE = {"trash": "trashed", "restore": "restored", "purge": "purged"}


def _view(context: Here, image: Image) -> ImageView:
    gallery = context.services.gallery
    return view_of(image, context.files, now=gallery.now(), trash_days=gallery.trash_days)


async def _list(request: Request, context: Here, caller: Who, query: ListQuery, *, trash: bool) -> Response:
    wanted = query.to_filter(caller.owner(query.user_id), trash=trash)
    page = await context.services.gallery.page(wanted, cursor=query.cursor, limit=query.limit, total=query.total)
    meta = {"next_cursor": page.next_cursor, "count": len(page.images), **({} if page.total is None else {"total": page.total})}
    return cached(request, ok([_view(context, image) for image in page.images], meta=meta))


@router.get("", summary="The live pictures, newest first", responses={200: {"model": ListAnswer[ImageView]}})
async def list_images(request: Request, context: Here, caller: Who, query: Annotated[ListQuery, Query()]) -> Response:
    return await _list(request, context, caller, query, trash=False)


@router.post(
    "",
    summary="Keep a picture by its URL",
    status_code=201,
    responses={201: {"model": Answer[ImageView]}},
    openapi_extra=body_schema(NewImage),
)
async def add_image(request: Request, context: Here, caller: Who) -> Response:
    new = (await read_body(request, NewImage)).model(NewImage)
    image = await context.services.gallery.bring(
        caller.owner(new.user_id), new.image_url, prompt=new.prompt or "", refined_prompt=new.refined_prompt, intent=new.intent or None,
        metadata=new.metadata or {}, title=new.title or None, tags=tuple(new.tags or ()), favorite=new.favorite,
    )  # fmt: skip
    return ok(_view(context, image), "Saved", status=201, headers={"Location": f"/v1/gallery/{image.id}"})


@router.get("/deleted", summary="The trash, last deleted first", responses={200: {"model": ListAnswer[TrashedView]}})
async def list_trash(request: Request, context: Here, caller: Who, query: Annotated[ListQuery, Query()]) -> Response:
    return await _list(request, context, caller, query, trash=True)


@router.get("/facets", summary="Counts by intent, provider and tag", responses={200: {"model": Answer[FacetsView]}})
async def count_kinds(request: Request, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    facets = await context.services.gallery.facets(caller.owner(query.user_id))
    return cached(request, ok(FacetsView.of(facets)))


@router.get("/export", summary="A zip of the pictures with a manifest", responses={200: {"content": {"application/zip": {}}}})
async def export(context: Here, caller: Who, query: Annotated[FilterQuery, Query()]) -> Response:
    wanted: Filter = query.to_filter(caller.owner(query.user_id))
    first = await context.services.gallery.page(wanted, cursor=None, limit=1)
    if first.images:
        await context.pictures.check()

    def describe(image: Image) -> dict[str, Any]:
        return _view(context, image).model_dump(mode="json")

    pieces = zipped(context.services.gallery.each(wanted), context.pictures, describe, now=context.services.gallery.now())
    headers = {"Content-Disposition": 'attachment; filename="photofun-gallery.zip"', "Cache-Control": "private, no-store"}
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


@router.post(
    "/bulk", summary="Trash, restore or purge many", responses={200: {"model": Answer[BulkView]}}, openapi_extra=body_schema(BulkBody)
)
async def act_on_many(request: Request, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    body = (await read_body(request, BulkBody)).model(BulkBody)
    claimed = body.user_id or query.user_id
    if body.all:
        outcomes = await context.services.gallery.empty(body.action, caller.owner(claimed))
    else:
        ids = list(dict.fromkeys(body.ids or ()))
        outcomes = await context.services.gallery.act(body.action, ids, caller.reader(claimed), force=body.force)
    return ok(_bulk(_DONE[body.action], outcomes))


def _bulk(done: str, outcomes: dict[str, Outcome]) -> dict[str, Any]:
    results = [BulkResult(id=image_id, status=outcome) for image_id, outcome in list(outcomes.items())[:BULK_MOST]]
    return {done: sum(outcome == done for outcome in outcomes.values()), "results": results}


@router.get("/{image_id}", summary="One picture", responses={200: {"model": Answer[ImageView]}})
async def get_image(request: Request, image_id: str, context: Here, caller: Who, query: Annotated[ItemQuery, Query()]) -> Response:
    image = await context.services.gallery.get(image_id, caller.reader(query.user_id), trashed=query.include_deleted)
    return cached(request, ok(_view(context, image)))


@router.patch(
    "/{image_id}",
    summary="Favourite, title, tags",
    responses={200: {"model": Answer[ImageView]}},
    openapi_extra=body_schema(ChangeBody),
)
async def change_image(request: Request, image_id: str, context: Here, caller: Who, query: Annotated[ItemQuery, Query()]) -> Response:
    user_id, body = await writer(request, caller, query.user_id)
    change = body.model(ChangeBody)
    changes: dict[str, Any] = change.model_dump(include={"favorite", "title", "tags"} & change.model_fields_set)
    if "tags" in changes:
        changes["tags"] = tuple(changes["tags"])
    if changes.get("title") == "":
        changes["title"] = None
    return ok(_view(context, await context.services.gallery.change(image_id, user_id, changes, trashed=query.include_deleted)))


@router.delete("/{image_id}", summary="Into the trash", responses={200: {"model": Answer[TrashedView]}})
async def trash_image(request: Request, image_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    user_id, _ = await writer(request, caller, query.user_id)
    return ok(_view(context, await context.services.gallery.trash(image_id, user_id)), "Deleted")


@router.post("/{image_id}/restore", summary="Out of the trash", responses={200: {"model": Answer[ImageView]}})
async def restore_image(request: Request, image_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    user_id, _ = await writer(request, caller, query.user_id)
    return ok(_view(context, await context.services.gallery.restore(image_id, user_id)), "Restored")


@router.delete("/{image_id}/permanent", summary="Gone for good", responses={200: {"model": Answer[PurgedView]}})
async def purge_image(request: Request, image_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    user_id, _ = await writer(request, caller, query.user_id)
    await context.services.gallery.purge(image_id, user_id)
    return ok(PurgedView(image_id=image_id, id=image_id), "Deleted for good")


@router.get("/{image_id}/history", summary="What it came from and led to", responses={200: {"model": Answer[HistoryView]}})
async def get_history(request: Request, image_id: str, context: Here, caller: Who, query: Annotated[ItemQuery, Query()]) -> Response:
    history = await context.services.gallery.history(image_id, caller.reader(query.user_id), trashed=query.include_deleted)
    return cached(request, ok(views_of_history(history, context.files)))
