"""How does the Gemini API behave?  generateContent with pictures, safety refusals, quotas, failures on demand."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from PIL import Image, UnidentifiedImageError

from .serving import Seen, Switches, drop_connection, png

__all__ = ["FakeGemini", "quota_error"]

_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "1:4", "4:1", "1:8", "8:1")
_ENVELOPE: dict[str, Any] = {
    "modelVersion": "fake",
    "responseId": "r",
    "usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 1290, "totalTokenCount": 1298},
}


def quota_error(delay: str = "53s") -> dict[str, Any]:
    """The body of a 429."""
    google = "type.googleapis.com/google.rpc."
    details = [
        {"@type": f"{google}QuotaFailure", "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
        {"@type": f"{google}Help", "links": []},
        {"@type": f"{google}RetryInfo", "retryDelay": delay},
    ]
    return {"error": {"code": 429, "message": "You exceeded your current quota", "status": "RESOURCE_EXHAUSTED", "details": details}}


def _key_error() -> dict[str, Any]:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
    said = "API key not valid. Please pass a valid API key."
    return {"error": {"code": 400, "message": said, "status": "INVALID_ARGUMENT", "details": [info]}}


@dataclass
class FakeGemini:
    """The API in memory.  `outcome` is what an image model answers: image, text, block, or a finish reason; `says` what a text model does.

    `trouble` is what befalls a text model instead: block, truncated, hang, error, html, quota, or a finish reason such as SAFETY.

    Field names are taken in camel and in snake case, as the real one takes them: the SDK mixes both.
    """

    keys: tuple[str, ...] = ("g-test-key",)
    models: tuple[str, ...] = ("gemini-nano-banana-2.1",)
    text_models: tuple[str, ...] = ("gemini-3.8-flash",)
    outcome: str = "image"
    says: dict[str, Any] | None = None
    trouble: str | None = None
    exhausted: set[str] = field(default_factory=set)
    switches: Switches = field(default_factory=Switches)
    size: tuple[int, int] = (64, 64)
    charges: int = 0
    seen: list[Seen] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/{version:v1|v1beta}/models/{model}:generateContent", self._generate)
        app.router.add_get("/{version:v1|v1beta}/models/{model}", self._model)
        return app

    def _refused(self, request: web.Request) -> web.Response | None:
        """The answer to a wrong key, an unknown model or a used-up quota."""
        key, model = request.headers.get("x-goog-api-key", ""), request.match_info["model"]
        if key not in self.keys:
            return web.json_response(_key_error(), status=400)
        if model not in self.models + self.text_models:
            said = f"models/{model} is not found for API version {request.match_info['version']}"
            return web.json_response({"error": {"code": 404, "message": said, "status": "NOT_FOUND"}}, status=404)
        return web.json_response(quota_error(), status=429) if key in self.exhausted else None

    async def _model(self, request: web.Request) -> web.StreamResponse:
        return self._refused(request) or web.json_response({"name": f"models/{request.match_info['model']}"})

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        headers = {name: value for name, value in request.headers.items() if name.lower() != "x-goog-api-key"}
        self.seen.append(Seen("POST", request.path, headers, body))
        if (refusal := self._refused(request)) is not None:
            return refusal
        if request.match_info["model"] in self.text_models:
            return await self._troubled() if self.trouble else self._text(body)
        if (refusal := await self.switches.refusal()) is not None:
            return refusal
        if (wrong := _wrong(body)) is not None:
            return web.json_response({"error": {"code": 400, "message": wrong, "status": "INVALID_ARGUMENT"}}, status=400)
        self.charges += 1
        await asyncio.sleep(self.switches.hang_after_accept)
        if self.switches.reset_after_accept:
            self.switches.reset_after_accept -= 1
            return drop_connection(request)
        if self.switches.truncate:
            self.switches.truncate -= 1
            return web.Response(text='{"candidates": [{"content"', content_type="application/json")
        return web.json_response(self._answer())

    def _text(self, body: dict[str, Any]) -> web.Response:
        """A plan as text; overloaded when there is none to say."""
        if self.says is None:
            said = "The model is overloaded. Please try again later."
            return web.json_response({"error": {"code": 503, "message": said, "status": "UNAVAILABLE"}}, status=503)
        config = _get(body, "generationConfig") or {}
        assert _get(config, "responseMimeType") == "application/json", "a plan is asked for as JSON"
        return web.json_response(_answered([{"text": json.dumps(self.says)}]))

    async def _troubled(self) -> web.StreamResponse:
        """A text model's bad day."""
        if self.trouble == "hang":
            await asyncio.sleep(60)
        if self.trouble == "error":
            return web.json_response({"error": {"code": 500, "message": "Internal error", "status": "INTERNAL"}}, status=500)
        if self.trouble == "html":
            return web.Response(text="<html><title>Sign in</title></html>", content_type="text/html")
        if self.trouble == "quota":
            return web.json_response(quota_error(), status=429)
        if self.trouble == "block":
            return web.json_response({**_ENVELOPE, "promptFeedback": {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": []}})
        if self.trouble == "truncated":
            cut = {"content": {"role": "model", "parts": [{"text": '{"intent": "adju'}]}, "finishReason": "MAX_TOKENS", "index": 0}
            return web.json_response({**_ENVELOPE, "candidates": [cut]})
        return web.json_response({**_ENVELOPE, "candidates": [{"finishReason": self.trouble, "index": 0}]})

    def _answer(self) -> dict[str, Any]:
        if self.outcome == "block":
            return {**_ENVELOPE, "promptFeedback": {"blockReason": "SAFETY", "safetyRatings": []}}
        if self.outcome == "image":
            data = base64.b64encode(png(*self.size)).decode()
            return _answered(
                [{"text": "thinking", "thought": True}, {"text": "Here it is"}, {"inlineData": {"mimeType": "image/png", "data": data}}]
            )
        if self.outcome == "text":
            return _answered([{"text": "I can only talk about pictures."}])
        return {**_ENVELOPE, "candidates": [{"finishReason": self.outcome, "index": 0, "finishMessage": "refused"}]}


def _answered(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {**_ENVELOPE, "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}]}


def _get(found: dict[str, Any], name: str) -> Any:
    """A field in camel case, or in snake case."""
    return found.get(name, found.get("".join(f"_{char.lower()}" if char.isupper() else char for char in name)))


def _wrong(body: dict[str, Any]) -> str | None:
    """What an image model refuses: nothing to draw, a picture that is none, a ratio or size it does not have."""
    parts = [part for content in body.get("contents", []) for part in content.get("parts", [])]
    if not any(part.get("text") for part in parts):
        return "contents are required"
    for part in parts:
        inline = _get(part, "inlineData")
        if inline and not _is_picture(inline["data"], str(_get(inline, "mimeType"))):
            return "Unable to process input image. Please retry or report."
    config = _get(body, "generationConfig") or {}
    image = _get(config, "imageConfig") or {}
    if (ratio := _get(image, "aspectRatio")) is not None and ratio not in _RATIOS:
        return f"Invalid aspect_ratio '{ratio}'"
    if (size := _get(image, "imageSize")) is not None and size not in ("1K", "2K", "4K"):
        return f"Invalid image_size '{size}'"
    if "IMAGE" not in (_get(config, "responseModalities") or ["TEXT"]):
        return "The model answers pictures: ask for the modality IMAGE"
    return None


def _is_picture(text: str, kind: str) -> bool:
    try:
        data = base64.b64decode(text.replace("-", "+").replace("_", "/"))
        with Image.open(io.BytesIO(data)) as opened:
            return Image.MIME.get(str(opened.format)) == kind
    except (ValueError, UnidentifiedImageError, OSError):
        return False
