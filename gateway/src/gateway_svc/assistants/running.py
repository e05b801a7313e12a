"""How is a tool carried out?  By the same calls to the services that a client of the API makes, as the person who is signed in."""

from __future__ import annotations

import base64
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

import orjson
from mcp_types import CallToolResult, ImageContent, TextContent
from photofun_common.contracts.features import Feature
from photofun_common.errors import InvalidError, NotFoundError, PhotoFunError

from ..routing import GALLERY, IMAGING
from ..wire import Answer
from .tools import GALLERY_TOOLS, feature_of

__all__ = ["Inside", "ToolRunner"]

_PATIENCE = 170.0
_WAIT = 30
_LARGEST_SHOWN = 1_500_000
_THUMBNAIL = 1024


class Inside(Protocol):
    """Calls a service as the person who is signed in, or as whom open mode names."""

    @property
    def user(self) -> str: ...

    async def count(self, *, paid: bool) -> None:
        """Count a call.  Raises RateLimitedError."""

    async def call(self, service: str, method: str, target: str, body: Any = None) -> Answer: ...


class ToolRunner:
    """Runs one person's tools."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    async def run(self, name: str, given: dict[str, Any]) -> CallToolResult:
        """The tool's result; expected trouble is told in it.  Raises NotFoundError when there is no such tool."""
        verb: Callable[[dict[str, Any]], Awaitable[CallToolResult]]
        if (feature := feature_of(name)) is not None:

            async def make(arguments: dict[str, Any]) -> CallToolResult:
                return await self._make(feature, arguments)

            verb = make
        elif name in GALLERY_TOOLS:
            verb = getattr(self, f"_{name}")
        else:
            raise NotFoundError(f"There is no tool named {name[:60]}")
        try:
            return await verb(given)
        except PhotoFunError as error:
            told = {"error": error.slug, "detail": error.detail, **({"errors": error.errors} if error.errors else {})}
            return CallToolResult(content=[TextContent(text=error.detail)], structured_content=told, is_error=True)

    # --- features

    async def _make(self, feature: Feature, given: dict[str, Any]) -> CallToolResult:
        await self._inside.count(paid=feature.paid)
        body = {"user_id": self._inside.user, **await self._with_pictures(feature, given)}
        reply = await self._inside.call(IMAGING, "POST", f"/v1/features/{feature.slug}?wait={_WAIT}", body)
        task: dict[str, Any] = _result(reply)
        end = time.monotonic() + _PATIENCE
        while task["status"] in ("CREATED", "IN_PROGRESS") and time.monotonic() < end:
            who = urlencode({"wait": _WAIT, "user_id": self._inside.user})
            reply = await self._inside.call(IMAGING, "GET", f"/v1/features/{feature.slug}/status/{task['task_id']}?{who}")
            task = _result(reply)
        told = {name: task.get(name) for name in ("task_id", "status", "provider", "model", "degraded", "refined_prompt", "images")}
        if task["status"] != "COMPLETED":
            problem = task.get("error") or {}
            text = str(problem.get("detail") or f"It is {task['status']}")
            return CallToolResult(content=[TextContent(text=text)], structured_content={**told, "error": problem}, is_error=True)
        shown = [await self._shown(image["image_url"]) for image in task["images"]]
        return CallToolResult(content=[*shown, _text(told)], structured_content=told)

    async def _with_pictures(self, feature: Feature, given: dict[str, Any]) -> dict[str, Any]:
        """The arguments with pictures of the gallery as their addresses."""
        body = dict(given)
        for name in ("image", *feature.references):
            image_id = body.pop(f"{name}_id", None)
            if image_id is not None:
                body[f"{name}_url"] = (await self._image(image_id))["image_url"]
        return body

    async def _shown(self, url: str) -> ImageContent:
        """A picture's pixels; a large one as a thumbnail."""
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        reply = await self._inside.call(IMAGING, "GET", parts.path + query)
        if reply.status == 200 and len(reply.body) > _LARGEST_SHOWN:
            reply = await self._inside.call(IMAGING, "GET", f"{parts.path}{query}{'&' if query else '?'}w={_THUMBNAIL}")
        if reply.status != 200:
            _result(reply)
        return ImageContent(data=base64.b64encode(reply.body).decode(), mime_type=_kind(reply))

    # --- the gallery

    async def _gallery_search(self, given: dict[str, Any]) -> CallToolResult:
        allowed = ("q", "intent", "favorite", "limit", "cursor")
        query = {name: _plain(given[name]) for name in allowed if given.get(name) is not None}
        reply = await self._gallery("GET", "", query)
        rows = [_row(image) for image in _result(reply)]
        told = {"images": rows, "next_cursor": orjson.loads(reply.body)["meta"]["next_cursor"]}
        return CallToolResult(content=[_text(told)], structured_content=told)

    async def _gallery_show(self, given: dict[str, Any]) -> CallToolResult:
        image = await self._image(given.get("image_id"))
        told = {**_row(image), "refined_prompt": image["refined_prompt"], "params": image["params"], "parent_id": image["parent_id"]}
        own = urlsplit(image["image_url"]).path.startswith("/v1/files/")
        shown = [await self._shown(image["image_url"])] if own else []
        return CallToolResult(content=[*shown, _text(told)], structured_content=told)

    async def _gallery_history(self, given: dict[str, Any]) -> CallToolResult:
        told = _result(await self._gallery("GET", f"/{_id(given)}/history"))
        return CallToolResult(content=[_text(told)], structured_content=told)

    async def _gallery_change(self, given: dict[str, Any]) -> CallToolResult:
        changes = {name: given[name] for name in ("favorite", "title", "tags") if given.get(name) is not None}
        told = _row(_result(await self._gallery("PATCH", f"/{_id(given)}", body=changes)))
        return CallToolResult(content=[_text(told)], structured_content=told)

    async def _gallery_trash(self, given: dict[str, Any]) -> CallToolResult:
        told = _row(_result(await self._gallery("DELETE", f"/{_id(given)}")))
        return CallToolResult(content=[_text(told)], structured_content=told)

    async def _gallery_restore(self, given: dict[str, Any]) -> CallToolResult:
        told = _row(_result(await self._gallery("POST", f"/{_id(given)}/restore")))
        return CallToolResult(content=[_text(told)], structured_content=told)

    async def _image(self, image_id: Any) -> dict[str, Any]:
        image: dict[str, Any] = _result(await self._gallery("GET", f"/{_id({'image_id': image_id})}"))
        return image

    async def _gallery(self, method: str, path: str, query: dict[str, str] | None = None, body: Any = None) -> Answer:
        await self._inside.count(paid=False)
        asked = urlencode({"user_id": self._inside.user, **(query or {})})
        return await self._inside.call(GALLERY, method, f"/v1/gallery{path}?{asked}", body)


def _result(reply: Answer) -> Any:
    """What stands in `result`.  Raises PhotoFunError for a problem."""
    told = orjson.loads(reply.body)
    if reply.status < 400:
        return told["result"]
    error = PhotoFunError(str(told.get("detail") or told.get("title") or "It did not work"), slug=told.get("slug") or "error")
    error.status, error.errors = reply.status, told.get("errors") or []
    raise error


def _id(given: dict[str, Any]) -> str:
    found = given.get("image_id")
    if not isinstance(found, str) or not found:
        raise InvalidError("image_id: say which picture", errors=[{"field": "image_id", "message": "is required"}])
    return quote(found[:64], safe="")


def _kind(reply: Answer) -> str:
    found = next((value for name, value in reply.headers if name == b"content-type"), b"application/octet-stream")
    return found.split(b";")[0].decode("latin-1")


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _row(image: dict[str, Any]) -> dict[str, Any]:
    names = ("image_id", "image_url", "prompt", "intent", "title", "tags", "favorite", "width", "height", "created_at", "deleted_at")
    return {name: image.get(name) for name in names}


def _text(told: Any) -> TextContent:
    return TextContent(text=orjson.dumps(told).decode())
