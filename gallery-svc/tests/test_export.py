"""What does a person get when they take their gallery along?"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import httpx
import jwt
from gallery_svc.files import FileStore
from photofun_common.fileurls import FileUrls
from photofun_common.identity import IDENTITY_HEADER, IdentityKeeper

from .conftest import Studio


def _imaging(studio: Studio, files: dict[str, bytes], seen: list[httpx.Request]) -> None:
    """Put a look-alike of imaging-svc behind the reader."""

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.path == "/livez":
            return httpx.Response(200)
        data = files.get(request.url.path.rsplit("/", 1)[-1])
        return httpx.Response(404) if data is None else httpx.Response(200, content=data)

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    reader = FileStore(client, "http://imaging", FileUrls("http://x", "s", signed=True), IdentityKeeper("k", is_open=True))
    object.__setattr__(studio.context, "pictures", reader)


async def test_the_export_is_a_zip_with_every_picture_and_a_manifest(studio: Studio) -> None:
    here, missing = studio.fact(prompt="núi"), studio.fact()
    await studio.tell(here, missing)
    await studio.made("bob")
    await studio.client.post("/v1/gallery", json={"user_id": "ann", "image_url": "https://elsewhere.example/a.png"})
    seen: list[httpx.Request] = []
    _imaging(studio, {here.picture.key: b"pixels" * 1000}, seen)

    answer = await studio.client.get("/v1/gallery/export/", params={"user_id": "ann"})

    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert bundle.testzip() is None
        manifest: dict[str, Any] = json.loads(bundle.read("manifest.json"))
        entries = {entry["id"]: entry for entry in manifest["images"]}
        assert (manifest["count"], manifest["missing"]) == (3, 2)
        assert bundle.read(entries[here.picture.image_id]["file"]) == b"pixels" * 1000
        assert entries[here.picture.image_id]["prompt"] == "núi"
        assert (entries[missing.picture.image_id]["file"], entries[missing.picture.image_id]["reason"]) == (None, "missing")
        assert [entry["reason"] for entry in manifest["images"] if entry["file"] is None] == ["external", "missing"]
    asked = next(request for request in seen if here.picture.key in request.url.path)
    claims = jwt.decode(asked.headers[IDENTITY_HEADER], b"k".ljust(32, b"."), ["HS256"], audience="imaging-svc")
    assert claims["sub"] == "ann" and "signature=" in str(asked.url)


async def test_an_empty_gallery_is_an_empty_export(studio: Studio) -> None:
    answer = await studio.client.get("/v1/gallery/export", params={"user_id": "ann"})

    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert json.loads(bundle.read("manifest.json"))["images"] == []


async def test_an_export_without_imaging_is_told_at_once(studio: Studio) -> None:
    await studio.made()
    object.__setattr__(studio.context.pictures, "_url", "http://127.0.0.1:1")

    answer = await studio.client.get("/v1/gallery/export", params={"user_id": "ann"})

    assert answer.status_code == 503 and answer.json()["slug"] == "files-unavailable"
