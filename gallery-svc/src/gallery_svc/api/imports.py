"""Import: a person's own photos, as files of a form, zips among them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from photofun_common.errors import InvalidError, MalformedError, ProblemError, TooLargeError, UnsupportedMediaError
from photofun_common.http import ok, validated
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request as Plain
from starlette.responses import Response
from starlette.types import Message

from ..archive import NamedFile
from ..service.imports import MOST_PICTURES
from ..views import Answer, Claim, OwnerQuery, view_of
from ..views.imports import ImportView, import_view
from .common import Here, Who

__all__ = ["router"]

router = APIRouter(prefix="/v1/gallery", tags=["Gallery"])
_MOST_BYTES = 256 * 2**20
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "user_id": {"type": "string", "description": "Whose they are; the token says it in required mode"},
                        "file": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "photos, or zips of photos",
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "/import",
    summary="Import photos: single, many, or zips of them",
    status_code=201,
    responses={201: {"model": Answer[ImportView]}},
    openapi_extra=_FORM,
)
async def import_photos(request: Request, context: Here, caller: Who, query: Annotated[OwnerQuery, Query()]) -> Response:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "multipart/form-data":
        raise UnsupportedMediaError("Send multipart/form-data with the photos as `file`")
    bounded = Plain(request.scope, _bounded(request))
    try:
        async with bounded.form(max_files=MOST_PICTURES, max_fields=16, max_part_size=4096) as form:
            fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
            files = [NamedFile(value.filename or name, value.file) for name, value in form.multi_items() if isinstance(value, UploadFile)]
            owner = caller.owner(validated(Claim, fields).user_id or query.user_id)
            if not files:
                raise InvalidError("Send the photos as `file`", errors=[{"field": "file", "message": "is required"}])
            outcomes = await context.services.imports.take(owner, files)
    except MultiPartException as error:
        raise MalformedError(f"The form can't be read: {error.message}"[:200]) from error
    if len(outcomes) == 1 and outcomes[0].problem is not None:
        raise ProblemError(outcomes[0].problem)
    gallery = context.services.gallery
    now, days = gallery.now(), gallery.trash_days
    images = [view_of(outcome.image, context.files, now=now, trash_days=days) if outcome.image else None for outcome in outcomes]
    view = import_view(outcomes, images)
    return ok(view, f"{view.imported} imported", status=201 if view.imported else 200)


def _bounded(request: Request) -> Any:
    """What comes in, until it is more than an import may have."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > _MOST_BYTES:
        raise TooLargeError("An import may have 256 MB: send it in parts", limit=_MOST_BYTES, actual=int(declared))
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > _MOST_BYTES:
            raise TooLargeError("An import may have 256 MB: send it in parts", limit=_MOST_BYTES, actual=size)
        return message

    return receive
