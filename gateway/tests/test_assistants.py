"""Do assistants get the features and the gallery as tools, as the person who is signed in?  Asked with the SDK's own client."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import jwt
import pytest
from aiohttp import web
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from photofun_common.contracts.features import features
from photofun_common.identity import IdentityKeeper
from photofun_common.settings import DEVELOPMENT_SECRET

SECRET = "a secret of sufficient length for HS256"
PIXELS = b"\x89PNG-not-really"
URL = "http://localhost:9999/v1/files/abc.png"
TASK = {
    "task_id": "t1",
    "status": "COMPLETED",
    "image_url": URL,
    "provider": "local",
    "model": "m",
    "degraded": False,
    "images": [{"image_url": URL, "image_id": "i1", "width": 4, "height": 3}],
}
ROW = {
    "image_id": "i1",
    "image_url": URL,
    "prompt": "a boat",
    "refined_prompt": "a boat",
    "params": {},
    "parent_id": None,
    "intent": "upscale",
    "title": None,
    "tags": [],
    "favorite": False,
    "width": 4,
    "height": 3,
    "created_at": "2026-01-05T09:30:00Z",
    "deleted_at": None,
}


@pytest.fixture
def answering(studio: Any) -> Any:
    """Services that make, show and list one picture; the first look at a task finds it unfinished."""

    def answer(request: web.Request, body: bytes) -> web.Response:
        if request.path.startswith("/v1/files/"):
            return web.Response(body=PIXELS, content_type="image/png")
        if request.path == "/v1/features/edit":
            problem = {"slug": "engine-missing", "detail": "Set GEMINI_API_KEY", "status": 422}
            return web.json_response(problem, status=422, content_type="application/problem+json")
        if request.path.startswith("/v1/gallery"):
            one = request.path != "/v1/gallery"
            return web.json_response({"code": 1000, "result": ROW if one else [ROW], "meta": {"next_cursor": None, "count": 1}})
        if request.method == "POST":
            return web.json_response({"code": 1000, "result": {**TASK, "status": "IN_PROGRESS", "images": []}}, status=202)
        return web.json_response({"code": 1000, "result": TASK})

    studio.answer = answer
    return studio


def _token(user: str) -> str:
    now = int(time.time())
    claims = {"iss": "photofun", "aud": "photofun", "sub": user, "type": "access", "iat": now, "exp": now + 60}
    return jwt.encode(claims, SECRET, "HS256")


@asynccontextmanager
async def _client(gateway: Any, *, user: str | None = None, query: str = "") -> AsyncIterator[Client]:
    url = f"http://127.0.0.1:{gateway.port}/mcp{query}"
    headers = {"Authorization": f"Bearer {_token(user)}"} if user else {}
    async with httpx.AsyncClient(headers=headers, trust_env=False) as http, Client(streamable_http_client(url, http_client=http)) as client:
        yield client


async def test_every_feature_and_the_gallery_are_tools(gateway: Any) -> None:
    async with _client(gateway) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}

    assert {feature.slug.replace("-", "_") for feature in features()} <= set(tools)
    assert {"gallery_search", "gallery_show", "gallery_change", "gallery_trash", "gallery_restore", "gallery_history"} <= set(tools)
    assert {"image_id", "image_url", "image_data", "scale_factor"} <= set(tools["upscale"].input_schema["properties"])
    assert tools["image_generate"].input_schema["required"] == ["prompt"]


async def test_a_feature_returns_the_finished_picture_as_an_image(gateway: Any, answering: Any) -> None:
    async with _client(gateway, query="?user_id=ana") as client:
        made = await client.call_tool("upscale", {"image_id": "i1", "scale_factor": 2})

    assert not made.is_error
    assert (made.content[0].type, made.content[0].mime_type) == ("image", "image/png")
    assert base64.b64decode(made.content[0].data) == PIXELS
    assert made.structured_content["images"][0]["image_id"] == "i1"
    created = next(seen for seen in answering.seen if seen.path == "/v1/features/upscale")
    assert json.loads(created.body) == {"user_id": "ana", "scale_factor": 2, "image_url": URL}


async def test_trouble_is_told_in_the_result(gateway: Any, answering: Any) -> None:
    async with _client(gateway) as client:
        made = await client.call_tool("edit", {"prompt": "a hat", "image_url": URL})

    assert made.is_error
    assert made.content[0].text == "Set GEMINI_API_KEY"
    assert made.structured_content["error"] == "engine-missing"


async def test_the_gallery_is_searched_and_shown(gateway: Any, answering: Any) -> None:
    async with _client(gateway, query="?user_id=ana") as client:
        found = await client.call_tool("gallery_search", {"q": "boat", "favorite": True})
        shown = await client.call_tool("gallery_show", {"image_id": "i1"})
        missing = await client.call_tool("gallery_show", {})

    assert found.structured_content["images"][0]["prompt"] == "a boat"
    assert "q=boat" in answering.seen[0].query
    assert "favorite=true" in answering.seen[0].query
    assert "user_id=ana" in answering.seen[0].query
    assert shown.content[0].type == "image"
    assert missing.is_error


async def test_a_tool_that_there_is_not_is_an_error_of_the_protocol(gateway: Any) -> None:
    async with _client(gateway) as client:
        with pytest.raises(MCPError):
            await client.call_tool("rm_rf", {})


async def test_the_signed_in_person_is_whom_the_services_see(serve: Any, answering: Any) -> None:
    gateway = await serve(auth_mode="required", jwt_secret=SECRET, internal_secret="i" * 32, files_secret="f" * 32)
    keeper = IdentityKeeper("i" * 32, is_open=False, service="gallery-svc")

    async with _client(gateway, user="ana", query="?user_id=bob") as client:
        await client.call_tool("gallery_search", {})

    assert keeper.judge(answering.last.headers["x-photofun-identity"]).user_id == "ana"
    assert answering.last.query == "user_id=ana"
    assert DEVELOPMENT_SECRET not in answering.last.headers["x-photofun-identity"]


async def test_nobody_gets_in_without_signing_in(serve: Any) -> None:
    gateway = await serve(auth_mode="required", jwt_secret=SECRET, internal_secret="i" * 32, files_secret="f" * 32)

    answer = await gateway.client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_tools_count_as_the_calls_they_are(serve: Any, answering: Any) -> None:
    gateway = await serve(rate_limit="100/minute", rate_limit_generate="1/minute")

    async with _client(gateway, query="?user_id=ana") as client:
        first = await client.call_tool("upscale", {"image_url": URL})
        second = await client.call_tool("upscale", {"image_url": URL})

    assert not first.is_error
    assert second.is_error
    assert second.structured_content["error"] == "rate-limited"
