"""How does a server with OpenAI's image API behave?  Generations and edits, base64 or address, failures on demand."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .serving import Seen, Switches, drop_connection, png, truncated

__all__ = ["FakeOpenAI"]

_GPT_SIZES = ("auto", "1024x1024", "1536x1024", "1024x1536")


def _error(status: int, message: str, code: str | None = None, kind: str = "invalid_request_error") -> web.Response:
    return web.json_response({"error": {"message": message, "type": kind, "param": None, "code": code}}, status=status)


@dataclass
class FakeOpenAI:
    """The image API in memory; `answers` is b64_json or url."""

    key: str = "sk-test-key"
    answers: str = "b64_json"
    data_uri: bool = False
    switches: Switches = field(default_factory=Switches)
    size: tuple[int, int] = (96, 64)
    charges: int = 0
    seen: list[Seen] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/images/generations", self._generations)
        app.router.add_post("/v1/images/edits", self._edits)
        app.router.add_get("/files/{name}", self._file)
        return app

    async def _generations(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return await self._answer(request, body, body)

    async def _edits(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        fields: dict[str, Any] = {}
        for name, value in form.items():
            fields[name] = value
            if isinstance(value, web.FileField):
                with value.file:
                    fields[name] = value.file.read()
        if not isinstance(fields.get("image"), bytes) or not fields["image"].startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF")):
            return _error(400, "image is required")
        if "mask" in fields and not fields["mask"].startswith(b"\x89PNG"):
            return _error(400, "Invalid mask: must be PNG")
        return await self._answer(request, fields, {**fields, "n": int(fields.get("n", 1))})

    async def _answer(self, request: web.Request, recorded: dict[str, Any], body: dict[str, Any]) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
        self.seen.append(Seen("POST", request.path, headers, recorded))
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _error(401, "Incorrect API key provided", "invalid_api_key")
        if (refusal := await self.switches.refusal()) is not None:
            return refusal
        if not body.get("prompt"):
            return _error(400, "prompt is required")
        if str(body.get("model", "")).startswith("gpt-image"):
            if "response_format" in body:
                return _error(400, "Unknown parameter: 'response_format'.", "unknown_parameter")
            if body.get("size", "auto") not in _GPT_SIZES:
                return _error(400, f"Invalid size '{body['size']}'", "invalid_value")
        if type(body.get("n", 1)) is not int or not 1 <= body.get("n", 1) <= 10:
            return _error(400, "n must be between 1 and 10")
        self.charges += 1
        await asyncio.sleep(self.switches.hang_after_accept)
        if self.switches.reset_after_accept:
            self.switches.reset_after_accept -= 1
            return drop_connection(request)
        if self.switches.truncate:
            self.switches.truncate -= 1
            return truncated()
        return web.json_response({"created": 1, "data": [self._entry(request) for _ in range(body.get("n", 1))]})

    def _entry(self, request: web.Request) -> dict[str, Any]:
        if self.answers == "url":
            return {"url": f"{request.url.origin()}/files/a.png"}
        head = "data:image/png;base64," if self.data_uri else ""
        return {"b64_json": head + base64.b64encode(png(*self.size)).decode(), "revised_prompt": "a better prompt"}

    async def _file(self, request: web.Request) -> web.Response:
        return web.Response(body=png(*self.size), content_type="image/png")
