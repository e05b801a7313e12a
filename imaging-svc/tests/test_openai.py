"""Does OpenAI's own client work with this service?"""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import openai
import pytest
from PIL import Image


@pytest.fixture
async def sdk(client: httpx.AsyncClient, app: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    inner = httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://testserver/v1")
    async with openai.AsyncOpenAI(api_key="any", base_url="http://testserver/v1", http_client=inner, max_retries=0) as opened:
        yield opened


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


async def test_the_sdk_generates_pictures_as_base64(sdk: openai.AsyncOpenAI) -> None:
    answer = await sdk.images.generate(model="photofun-1", prompt="a lake at dawn", n=2, size="256x256", response_format="b64_json")

    assert answer.data is not None
    assert len(answer.data) == 2
    assert opened(base64.b64decode(answer.data[0].b64_json or "")).size == (256, 256)
    assert answer.data[0].revised_prompt == "a lake at dawn"


async def test_the_sdk_gets_addresses_too(sdk: openai.AsyncOpenAI, client: httpx.AsyncClient) -> None:
    answer = await sdk.images.generate(prompt="a lake", size="256x256", user="ann", response_format="url")

    assert answer.data is not None
    url = answer.data[0].url or ""
    assert (await client.get(url.removeprefix("http://studio.test"))).status_code == 200


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
async def test_the_sdk_makes_variations(sdk: openai.AsyncOpenAI, photo_jpeg: bytes) -> None:
    answer = await sdk.images.create_variation(image=("a.jpg", photo_jpeg), response_format="b64_json")

    assert answer.data is not None
    assert opened(base64.b64decode(answer.data[0].b64_json or "")).width > 0


async def test_the_sdk_lists_models(sdk: openai.AsyncOpenAI) -> None:
    names = [model.id async for model in sdk.models.list()]

    assert names[:2] == ["photofun-1", "photofun-local"]
    assert (await sdk.models.retrieve("photofun-1")).owned_by == "photofun"


@pytest.mark.parametrize(
    "wrong",
    [{"prompt": ""}, {"prompt": "x", "n": 5}, {"prompt": "x", "n": 0}, {"prompt": "x", "size": "8x8"}, {"prompt": "x", "size": "large"}],
)
async def test_the_sdk_hears_what_is_wrong(wrong: dict[str, Any], sdk: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        await sdk.images.generate(**wrong)

    assert caught.value.type == "invalid_request_error"
    assert caught.value.param in wrong


async def test_an_edit_without_key_or_planner_says_what_is_missing(sdk: openai.AsyncOpenAI, photo_jpeg: bytes) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        await sdk.images.edit(image=("a.jpg", photo_jpeg), prompt="a red hat")

    assert caught.value.status_code in (422, 503)
    assert caught.value.body


@pytest.mark.parametrize("path", ["/v1/images/generations", "/v1/images/edits", "/v1/images/variations"])
async def test_bad_bodies_hear_it_in_openais_shape(path: str, client: httpx.AsyncClient) -> None:
    for raw, kind in ((b"{", "application/json"), (b"x", "text/plain"), (b"[]", "application/json"), (b"{}", "application/json")):
        answer = await client.post(path, content=raw, headers={"content-type": kind})

        assert 400 <= answer.status_code < 500, answer.text
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
