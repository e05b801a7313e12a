"""Do the clients that people have work with the studio: OpenAI's SDK, MCP's, and ours, by the README's own lines?"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import re
import subprocess
import sys
import uuid
from typing import Any

import httpx
import openai
import pytest
from mcp import Client
from openai import AsyncOpenAI, OpenAI
from photofun_client import AsyncPhotoFun, PhotoFun, ProblemError

from .conftest import Studio
from .guarded import guarded_gateway, token
from .support import ROOT, is_grey, opened, picture

EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_readmes_lines_run_as_they_stand(studio: Studio, number: int) -> None:
    code = EXAMPLES[number].replace("http://localhost:9999", studio.url)

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, env={**os.environ})

    assert done.returncode == 0, done.stderr
    assert "http" in done.stdout or "image/" in done.stdout, done.stdout


def test_there_are_lines_for_each_client() -> None:
    assert {name for name in ("photofun_client", "openai", "mcp") if any(f"from {name} import" in code for code in EXAMPLES)} == {
        "photofun_client",
        "openai",
        "mcp",
    }


# --- OpenAI's SDK


@pytest.fixture
def sdk(studio: Studio) -> Any:
    with OpenAI(base_url=f"{studio.url}/v1", api_key="none", max_retries=0, timeout=120) as client:
        yield client


def test_openais_sdk_generates_edits_and_varies(sdk: OpenAI, studio: Studio) -> None:
    made = sdk.images.generate(model="photofun-1", prompt="a small red boat on a lake", size="256x320", response_format="b64_json", n=2)
    edited = sdk.images.edit(
        model="photofun-1", image=("boat.png", picture()), prompt="make it black and white", response_format="b64_json"
    )
    with pytest.warns(DeprecationWarning):  # OpenAI has given it up; people's programs have not
        varied = sdk.images.create_variation(image=("boat.png", picture()), response_format="b64_json")
    by_url = sdk.images.generate(model="photofun-1", prompt="a blue boat", size="256x256")

    pictures = [opened(base64.b64decode(str(one.b64_json))) for one in made.data or []]
    assert [one.size for one in pictures] == [(256, 320), (256, 320)]
    assert is_grey(opened(base64.b64decode(str((edited.data or [])[0].b64_json))))
    assert opened(base64.b64decode(str((varied.data or [])[0].b64_json)))
    assert opened(
        httpx.get(str((by_url.data or [])[0].url).replace("http://localhost", "http://127.0.0.1"), trust_env=False).content
    ).size == (256, 256)


def test_openais_sdk_lists_models_and_understands_our_errors(sdk: OpenAI) -> None:
    assert "photofun-1" in [model.id for model in sdk.models.list()]
    with pytest.raises(openai.UnprocessableEntityError) as empty:
        sdk.images.generate(model="photofun-1", prompt="")
    with pytest.raises(openai.APIStatusError) as wrong:
        sdk.images.edit(model="photofun-1", image=("a.png", b"no picture at all"), prompt="make it black and white")

    assert empty.value.body["code"] == "validation-failed"  # type: ignore[index]
    assert wrong.value.status_code in (415, 422)
    assert wrong.value.body["type"] == "invalid_request_error"  # type: ignore[index]


async def test_openais_asyncio_sdk_works_as_well(studio: Studio) -> None:
    async with AsyncOpenAI(base_url=f"{studio.url}/v1", api_key="none", max_retries=0, timeout=120) as client:
        made, listed = await asyncio.gather(
            client.images.generate(model="photofun-1", prompt="a green boat", size="256x256", response_format="b64_json"),
            client.models.list(),
        )

    assert opened(base64.b64decode(str((made.data or [])[0].b64_json))).size == (256, 256)
    assert listed.data


# --- MCP


async def test_an_assistant_edits_a_picture_and_finds_it_in_the_gallery(studio: Studio) -> None:
    user = f"mcp-{uuid.uuid4().hex[:8]}"
    async with Client(f"{studio.url}/mcp?user_id={user}") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        made = await client.call_tool("adjust", {"image_data": base64.b64encode(picture()).decode(), "operations": [{"op": "grayscale"}]})
        image_id = made.structured_content["images"][0]["image_id"]
        shown: Any = None
        for _ in range(50):
            shown = await client.call_tool("gallery_show", {"image_id": image_id})
            if not shown.is_error:
                break
            await asyncio.sleep(0.1)
        found = await client.call_tool("gallery_search", {})
        enlarged = await client.call_tool("upscale", {"image_id": image_id, "scale_factor": 2})
        refused = await client.call_tool("upscale", {"image_url": "http://169.254.169.254/latest"})

    assert {"remove_background", "upscale", "adjust", "image_generate", "gallery_search"} <= names
    assert is_grey(opened(base64.b64decode(made.content[0].data)))
    assert shown.content[0].mime_type == "image/png"
    assert [row["image_id"] for row in found.structured_content["images"]] == [image_id]
    assert opened(base64.b64decode(enlarged.content[0].data)).size == (192, 128)
    assert refused.is_error
    assert refused.structured_content["error"] == "unsafe-url"


async def test_an_assistant_is_whom_its_token_says(studio: Studio, tmp_path: Any) -> None:
    from mcp.client.streamable_http import streamable_http_client

    with guarded_gateway(studio, tmp_path) as door:

        @contextlib.asynccontextmanager
        async def signed_in(user: str) -> Any:
            headers = {"Authorization": f"Bearer {token(user)}"}
            async with (
                httpx.AsyncClient(headers=headers, trust_env=False, timeout=60) as http,
                Client(streamable_http_client(f"{door.url}/mcp", http_client=http)) as client,
            ):
                yield client

        async with signed_in("kim") as kim:
            made = await kim.call_tool("adjust", {"image_data": base64.b64encode(picture()).decode(), "operations": [{"op": "sepia"}]})
            image_id = made.structured_content["images"][0]["image_id"]
        async with signed_in("lee") as lee:
            foreign = await lee.call_tool("gallery_show", {"image_id": image_id})
            edited = await lee.call_tool("upscale", {"image_id": image_id})
            rows = await lee.call_tool("gallery_search", {})
        assert door.ask("POST", "/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).status_code == 401

    assert not made.is_error
    assert foreign.is_error
    assert foreign.structured_content["error"] == "image-not-found"
    assert edited.is_error
    assert rows.structured_content["images"] == []


# --- ours


def test_our_client_talks_edits_and_listens(studio: Studio) -> None:
    with PhotoFun(studio.url, user_id=f"py-{uuid.uuid4().hex[:8]}") as client:
        session = client.create_session()["session_id"]
        sent = client.send_message(session, content="make it black and white", image_file=picture(), idempotency_key=uuid.uuid4().hex)
        events = list(client.message_events(session, sent["message_id"]))
        told = client.wait_for_message(session, sent["message_id"])
        image = opened(client.download(str(told["image_url"])))
        with pytest.raises(ProblemError) as missing:
            client.get_image("0" * 32)

    assert events[-1].name == "end"
    assert is_grey(image)
    assert missing.value.slug == "image-not-found"


async def test_our_asyncio_client_does_the_same(studio: Studio) -> None:
    async with AsyncPhotoFun(studio.url, user_id=f"py-{uuid.uuid4().hex[:8]}") as client:
        made = await client.create_adjust(operations=[{"op": "grayscale"}], image_file=picture(), wait=30)
        content = await client.download(str(made["image_url"]))

    assert is_grey(opened(content))
