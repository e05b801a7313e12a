"""Stored pictures: read, thumbnails, upload."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Request
from photofun_common.contracts.values import Picture
from photofun_common.errors import InvalidError
from photofun_common.fileurls import KEY_PATTERN
from photofun_common.http import ok, query_int, read_body
from photofun_common.once import id_of_call, once_of
from starlette.responses import Response

from ..codec import CONTENT_TYPES
from ..domain import FileNotStoredError
from ..service import ImagingService
from .common import CallerDep, ServiceDep, claimed_user, picture_of

__all__ = ["router"]

router = APIRouter(tags=["files"])
_RANGE = re.compile(r"^bytes=(\d{0,12})-(\d{0,12})$")
_IMMUTABLE = "public, max-age=31536000, immutable"


@router.get("/v1/files/{key}", summary="A stored picture; ?w= gives a WebP thumbnail")
@router.head("/v1/files/{key}", include_in_schema=False)
async def read(key: str, request: Request, service: ServiceDep) -> Response:
    query = request.query_params
    if not KEY_PATTERN.match(key) or not service.urls.is_readable(key, query.get("expires"), query.get("signature")):
        raise FileNotStoredError("There is no such file, or its address has expired")
    width = query_int(request, "w", 0, low=16, high=2048) if "w" in query else 0
    etag = f'"{key.split(".")[0]}{f"-{width}" if width else ""}"'
    signed = "signature" in query
    headers = {
        "ETag": etag,
        "Cache-Control": "private, max-age=3600" if signed else _IMMUTABLE,
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'inline; filename="{key}"',
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "")[:1000].split(",")]
    if etag in known or "*" in known:
        await service.files.read(key)
        return Response(status_code=304, headers=headers)
    data = await service.files.thumbnail(key, width) if width else await service.files.read(key)
    kind = "image/webp" if width else CONTENT_TYPES[key.rsplit(".", 1)[-1]]
    return _ranged(request, data, kind, headers)


def _ranged(request: Request, data: bytes, kind: str, headers: dict[str, str]) -> Response:
    """The whole, or the one range that was asked for; several ranges get the whole."""
    asked = _RANGE.match(request.headers.get("range", "")[:64])
    if asked is None or asked.groups() == ("", ""):
        return Response(data, 200, headers, kind)
    first, last = asked.groups()
    start = int(first) if first else max(0, len(data) - int(last))
    end = min(len(data) - 1, int(last)) if first and last else len(data) - 1
    if start > end or start >= len(data):
        return Response(b"", 416, {**headers, "Content-Range": f"bytes */{len(data)}"}, kind)
    return Response(data[start : end + 1], 206, {**headers, "Content-Range": f"bytes {start}-{end}/{len(data)}"}, kind)


def _render(service: ImagingService, picture: Picture) -> dict[str, object]:
    url = service.urls.url(picture.key)
    return {
        "key": picture.key,
        "url": url,
        "image_url": url,
        "width": picture.width,
        "height": picture.height,
        "content_type": picture.content_type,
        "bytes": picture.bytes,
    }


@router.post("/v1/files", summary="Upload a picture: file, image_data or image_url", status_code=201, response_model=None)
@router.post("/v1/file/uploads", summary="Upload, with a top-level url", status_code=201, response_model=None)
async def upload(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    incoming = await read_body(request, pictures=True)
    if caller.user_id is not None:
        caller.owner(claimed_user(incoming.fields))
    given = picture_of(incoming, "image")
    if "file" in incoming.files and given.file is None:
        given = type(given)(file=incoming.files["file"])
    if not given.is_given:
        raise InvalidError("Send the picture as file, image_data or image_url", errors=[{"field": "file", "message": "is required"}])
    data = await service.files.take(given, "image")
    picture = await service.files.store(data, "upload", id_of_call(once_of(request), "file"))
    body = {**_render(service, picture), "taken_at": await service.files.taken_at(data)}
    more: dict[str, Any] = {"url": body["url"]} if request.url.path.rstrip("/").endswith("/uploads") else {}
    return ok(body, "Stored", status=201, headers={"Location": str(body["url"])}, **more)
