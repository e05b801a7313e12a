"""Albums: make, list, change, fill, take away."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from photofun_common.http import body_schema, ok, read_body
from photofun_common.once import id_of_call, once_of
from starlette.responses import Response

from ..views import Answer, ListAnswer, OwnerQuery
from ..views.albums import AlbumActBody, AlbumActView, AlbumBody, AlbumChangeBody, AlbumsQuery, AlbumView, act_view, album_view
from .common import Here, Who, cached, writer

__all__ = ["router"]

router = APIRouter(prefix="/v1/gallery/albums", tags=["Gallery"])


@router.get("", summary="A person's albums, newest first", responses={200: {"model": ListAnswer[AlbumView]}})
async def list_albums(request: Request, context: Here, caller: Who, query: Annotated[AlbumsQuery, Query()]) -> Response:
    albums, more = await context.services.albums.page(caller.owner(query.user_id), cursor=query.cursor, limit=query.limit)
    views = [album_view(album, context.files) for album in albums]
    return cached(request, ok(views, meta={"next_cursor": more, "count": len(views)}))


@router.post(
    "", summary="A new album", status_code=201, responses={201: {"model": Answer[AlbumView]}}, openapi_extra=body_schema(AlbumBody)
)
async def make_album(request: Request, context: Here, caller: Who) -> Response:
    body = (await read_body(request, AlbumBody)).model(AlbumBody)
    owner = caller.owner(body.user_id)
    album, outcomes = await context.services.albums.make(id_of_call(once_of(request), "album"), owner, body.title, body.ids)
    view = {**album_view(album, context.files).model_dump(mode="json"), **(act_view("add", outcomes) if body.ids else {})}
    return ok(view, "Saved", status=201, headers={"Location": f"/v1/gallery/albums/{album.id}"})


@router.get("/{album_id}", summary="One album", responses={200: {"model": Answer[AlbumView]}})
async def get_album(request: Request, album_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    album = await context.services.albums.get(album_id, caller.reader(query.user_id))
    return cached(request, ok(album_view(album, context.files)))


@router.patch(
    "/{album_id}", summary="Title, cover", responses={200: {"model": Answer[AlbumView]}}, openapi_extra=body_schema(AlbumChangeBody)
)
async def change_album(request: Request, album_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    user_id, body = await writer(request, caller, query.user_id)
    change = body.model(AlbumChangeBody)
    changes = change.model_dump(include={"title", "cover_id"} & change.model_fields_set)
    return ok(album_view(await context.services.albums.change(album_id, user_id, changes), context.files))


@router.delete("/{album_id}", summary="Take the album away; its pictures stay")
async def drop_album(request: Request, album_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    user_id, _ = await writer(request, caller, query.user_id)
    await context.services.albums.drop(album_id, user_id)
    return ok({"album_id": album_id, "id": album_id, "deleted": True}, "Deleted")


@router.post(
    "/{album_id}/images",
    summary="Put pictures in, or take them out",
    responses={200: {"model": Answer[AlbumActView]}},
    openapi_extra=body_schema(AlbumActBody),
)
async def act_on_album(request: Request, album_id: str, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    user_id, incoming = await writer(request, caller, query.user_id)
    body = incoming.model(AlbumActBody)
    outcomes = await context.services.albums.act(body.action, album_id, user_id, body.ids)
    return ok(act_view(body.action, outcomes))
