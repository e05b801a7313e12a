"""Stored pictures over HTTP: are they kept, found again, cut and guarded?"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from imaging_svc.main import create_app
from photofun_common.identity import IDENTITY_HEADER, IdentityKeeper
from photofun_common.testing.plugin import client_for
from PIL import Image


@pytest.fixture
async def stored(client: httpx.AsyncClient, photo_jpeg: bytes) -> dict[str, Any]:
    answer = await client.post("/v1/files", data={"user_id": "ann"}, files={"file": ("a.jpg", photo_jpeg)})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["result"])


def path_of(stored: dict[str, Any]) -> str:
    return str(stored["url"]).removeprefix("http://studio.test")


@pytest.mark.parametrize("path", ["/v1/files", "/v1/files/", "/v1/file/uploads", "/v1/file/uploads/"])
@pytest.mark.parametrize("given", ["file", "image_file", "image", "image_data", "image_url"])
async def test_a_picture_is_uploaded_in_any_form(
    path: str, given: str, client: httpx.AsyncClient, picture_server: Any, photo_jpeg: bytes
) -> None:
    picture_server.shows["/photo.jpg"] = photo_jpeg
    if given == "image_data":
        answer = await client.post(path, json={"user_id": "ann", "image_data": base64.b64encode(photo_jpeg).decode()})
    elif given == "image_url":
        answer = await client.post(path, json={"user_id": "ann", "image_url": picture_server.url("/photo.jpg")})
    else:
        answer = await client.post(path, data={"user_id": "ann"}, files={given: ("a.jpg", photo_jpeg)})

    body = answer.json()
    assert answer.status_code == 201, body
    assert body["result"]["url"] == body["result"]["image_url"] == answer.headers["location"]
    assert ("url" in body) == ("uploads" in path)
    assert (await client.get(path_of(body["result"]))).status_code == 200


async def test_nothing_uploaded_is_422(client: httpx.AsyncClient) -> None:
    empty = await client.post("/v1/files", json={"user_id": "ann"})
    blank = await client.post("/v1/files", files={"file": ("a.jpg", b"")})
    other = await client.post("/v1/files", files={"file": ("a.svg", b"<svg/>")})

    assert [answer.status_code for answer in (empty, blank, other)] == [422, 422, 415]


async def test_a_file_is_served_for_ever_and_safely(stored: dict[str, Any], client: httpx.AsyncClient) -> None:
    answer = await client.get(path_of(stored))
    head = await client.head(path_of(stored) + "/")

    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == f'inline; filename="{stored["key"]}"'
    assert len(answer.content) == stored["bytes"]
    assert head.status_code == 200
    assert head.headers["etag"] == answer.headers["etag"]


async def test_what_the_browser_has_is_not_sent_again(stored: dict[str, Any], client: httpx.AsyncClient) -> None:
    etag = (await client.get(path_of(stored))).headers["etag"]

    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = await client.get(path_of(stored), headers={"if-none-match": known})
        assert (answer.status_code, answer.content) == (304, b"")
    assert (await client.get(path_of(stored), headers={"if-none-match": '"other"'})).status_code == 200


@pytest.mark.parametrize(
    ("asked", "start", "end"), [("bytes=0-9", 0, 10), ("bytes=5-", 5, None), ("bytes=-7", -7, None), ("bytes=0-99999999", 0, None)]
)
async def test_a_range_is_answered(asked: str, start: int, end: int | None, stored: dict[str, Any], client: httpx.AsyncClient) -> None:
    whole = (await client.get(path_of(stored))).content

    part = await client.get(path_of(stored), headers={"range": asked})

    assert part.status_code == 206
    assert part.content == whole[start:end]
    assert part.headers["content-range"].endswith(f"/{len(whole)}")


async def test_odd_ranges_get_the_whole_or_416(stored: dict[str, Any], client: httpx.AsyncClient) -> None:
    for asked in ("bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,4-5", "bytes=" + "9" * 100 + "-"):
        assert (await client.get(path_of(stored), headers={"range": asked})).status_code == 200
    for asked in ("bytes=99999999-", "bytes=9-3", "bytes=-0"):
        assert (await client.get(path_of(stored), headers={"range": asked})).status_code == 416


async def test_thumbnails_are_small_webps(stored: dict[str, Any], client: httpx.AsyncClient) -> None:
    for _ in range(2):
        answer = await client.get(path_of(stored) + "?w=64")
        assert answer.headers["content-type"] == "image/webp"
        with Image.open(io.BytesIO(answer.content)) as small:
            assert small.width == 64
    whole = await client.get(path_of(stored))
    assert answer.headers["etag"] != whole.headers["etag"]


@pytest.mark.parametrize("width", ["0", "15", "2049", "-1", "x", "1.5", "9" * 30, "٣٢"])
async def test_odd_widths_are_422(width: str, stored: dict[str, Any], client: httpx.AsyncClient) -> None:
    assert (await client.get(path_of(stored), params={"w": width})).status_code == 422


@pytest.mark.parametrize(
    "key", ["a" * 40 + ".png", "a.png", "..%2f..%2fetc%2fpasswd", "A" * 40 + ".png", "a" * 40 + ".svg", "a" * 40, "%00", "é"]
)
async def test_other_keys_are_404(key: str, client: httpx.AsyncClient) -> None:
    for extra in ("", "?w=64"):
        answer = await client.get(f"/v1/files/{key}{extra}")
        assert answer.status_code == 404
        assert answer.json()["code"] == 1004


async def test_a_stored_picture_can_be_worked_on_by_its_address(stored: dict[str, Any], client: httpx.AsyncClient) -> None:
    for url in (stored["url"], str(stored["url"]).replace("studio.test/v1", "elsewhere.test:9999/api/v1")):
        body = {"user_id": "ann", "image_url": url, "operations": [{"op": "sepia"}]}
        assert (await client.post("/v1/features/adjust?wait=30", json=body)).json()["result"]["status"] == "COMPLETED"


async def test_where_sign_in_is_required_addresses_are_signed_and_owners_apart(settings_for: Callable[..., Any], photo_jpeg: bytes) -> None:
    secret = "a secret of the test, long enough"
    settings = settings_for(auth_mode="required", internal_secret=secret, files_secret=secret, imaging_workers=1)
    keeper = IdentityKeeper(secret, is_open=False)

    def signed(user_id: str | None) -> dict[str, str]:
        return {IDENTITY_HEADER: keeper.sign(user_id, audience="imaging-svc")}

    async with client_for(create_app(settings)) as client:
        form = {"data": {"operations": '[{"op": "sepia"}]'}, "files": {"image_file": ("a.jpg", photo_jpeg)}}
        nobody = await client.post("/v1/features/adjust", **form)
        forged = await client.post("/v1/features/adjust", headers={IDENTITY_HEADER: "a.b.c"}, **form)
        mine = await client.post("/v1/features/adjust?wait=30", headers=signed("ann"), **form)
        task = mine.json()["result"]
        path = task["image_url"].removeprefix("http://studio.test")

        assert [nobody.status_code, forged.status_code, mine.status_code] == [401, 401, 200]
        assert task["user_id"] == "ann"
        assert (await client.get(path)).status_code == 401, "only what the gateway signed is answered"
        gateway = signed(None)
        assert (await client.get(path, headers=gateway)).status_code == 200
        assert (await client.get(path.split("?")[0], headers=gateway)).status_code == 404
        assert (await client.get(path[:-1] + ("0" if path[-1] != "0" else "1"), headers=gateway)).status_code == 404
        for url in (f"/v1/jobs/{task['task_id']}", f"/v1/features/adjust/status/{task['task_id']}", f"/v1/jobs/{task['task_id']}/events"):
            assert (await client.get(url, headers=signed("eve"))).status_code == 404
            assert (await client.get(url, headers=signed("ann"))).status_code == 200
        assert (await client.get("/v1/jobs?user_id=ann", headers=signed("eve"))).status_code == 403
        assert (await client.post(f"/v1/jobs/{task['task_id']}/cancel", headers=signed("eve"))).status_code == 404


def _photo(exif: Image.Exif, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 24), (200, 90, 40)).save(out, kind, exif=exif.tobytes())
    return out.getvalue()


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({0x9003: "2024:05:01 12:33:10", 0x9011: "+07:00"}, "2024-05-01T12:33:10+07:00"),
        ({0x9003: "2024:05:01 12:33:10", 0x9011: "Z"}, "2024-05-01T12:33:10+00:00"),
        ({0x9003: "2024:05:01 12:33:10"}, "2024-05-01T12:33:10"),
        ({0x9003: "    :  :     :  :  ", 0x9004: "2020:01:02 03:04:05"}, "2020-01-02T03:04:05"),
        ({0x9003: "2024:13:41 12:33:10"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_the_date_of_a_photo_is_told_and_its_place_is_dropped(
    tags: dict[int, str], said: str | None, kind: str, client: httpx.AsyncClient
) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update(tags)
    exif.get_ifd(0x8825).update({1: "N", 2: (21.0, 1.0, 42.0), 3: "E", 4: (105.0, 51.0, 15.0)})

    answer = await client.post("/v1/files", data={"user_id": "ann"}, files={"file": ("a.jpg", _photo(exif, kind))})
    kept = (await client.get(path_of(answer.json()["result"]))).content

    assert answer.json()["result"]["taken_at"] == said
    assert not Image.open(io.BytesIO(kept)).getexif().get_ifd(0x8825)


async def test_the_same_upload_again_is_the_same_file(client: httpx.AsyncClient, photo_jpeg: bytes) -> None:
    call = {"data": {"user_id": "ann"}, "files": {"file": ("a.jpg", photo_jpeg)}, "headers": {"x-photofun-once": "upload-1"}}

    keys = [(await client.post("/v1/files", **call)).json()["result"]["key"] for _ in range(2)]  # type: ignore[arg-type]  # as keywords

    assert keys[0] == keys[1]
