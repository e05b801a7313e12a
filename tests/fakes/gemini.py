"""How does the Gemini API behave?  generateContent with pictures, safety refusals, quotas, failures on demand."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .serving import Seen, Switches, drop_connection, png

__all__ = ["FakeGemini", "quota_error"]


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
    """The API in memory.  `outcome` is what a call answers: image, text, block, or a finish reason."""

    keys: tuple[str, ...] = ("g-test-key",)
    models: tuple[str, ...] = ("gemini-nano-banana-2.1",)
    outcome: str = "image"
    exhausted: set[str] = field(default_factory=set)
    switches: Switches = field(default_factory=Switches)
    size: tuple[int, int] = (64, 64)
    charges: int = 0
    seen: list[Seen] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/{version:v1|v1beta}/models/{model}:generateContent", self._generate)
        return app

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        key = request.headers.get("x-goog-api-key", "")
        headers = {name: value for name, value in request.headers.items() if name.lower() != "x-goog-api-key"}
        self.seen.append(Seen("POST", request.path, headers, body))
        if key not in self.keys:
            return web.json_response(_key_error(), status=400)
        if request.match_info["model"] not in self.models:
            return web.json_response({"error": {"code": 404, "message": "model not found", "status": "NOT_FOUND"}}, status=404)
        if key in self.exhausted:
            return web.json_response(quota_error(), status=429)
        if (refusal := await self.switches.refusal()) is not None:
            return refusal
        for content in body["contents"]:
            for part in content["parts"]:
                inline = part.get("inlineData") or part.get("inline_data")
                if inline and not base64.b64decode(inline["data"], altchars=b"-_" if {"-", "_"} & set(inline["data"]) else None).startswith(
                    (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
                ):
                    said = "Unable to process input image"
                    return web.json_response({"error": {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}}, status=400)
        self.charges += 1
        await asyncio.sleep(self.switches.hang_after_accept)
        if self.switches.reset_after_accept:
            self.switches.reset_after_accept -= 1
            return drop_connection(request)
        if self.switches.truncate:
            self.switches.truncate -= 1
            return web.Response(text='{"candidates": [{"content"', content_type="application/json")
        return web.json_response(self._answer())

    def _answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"modelVersion": "fake", "responseId": "r", "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 9}}
        if self.outcome == "block":
            return {**answer, "promptFeedback": {"blockReason": "SAFETY", "safetyRatings": []}}
        if self.outcome == "image":
            data = base64.b64encode(png(*self.size)).decode()
            parts = [{"text": "thinking", "thought": True}, {"text": "Here it is"}, {"inlineData": {"mimeType": "image/png", "data": data}}]
            return {**answer, "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}]}
        if self.outcome == "text":
            parts = [{"text": "I can only talk about pictures."}]
            return {**answer, "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}]}
        return {**answer, "candidates": [{"finishReason": self.outcome, "index": 0, "finishMessage": "refused"}]}
