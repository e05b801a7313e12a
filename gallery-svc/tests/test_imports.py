"""A person's own photos through the door: single, many, zipped; each once; and archives that are no archives."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from gallery_svc.files import FileStore
from gallery_svc.service.imports import MOST_PICTURES
from photofun_common.fileurls import FileUrls
from photofun_common.identity import IdentityKeeper

from .conftest import Studio, studio_on

JPEG = b"\xff\xd8\xff" + bytes(2000)


@pytest.fixture
def stored(studio: Studio) -> list[bytes]:
    """imaging-svc's look-alike: takes what begins like a JPEG, and these are what it took."""
    taken: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        body = request.read().split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
        if not body.startswith(b"\xff\xd8"):
            told = {"slug": "image-undecodable", "title": "No picture", "status": 422, "detail": "The picture is damaged", "code": 4000}
            return httpx.Response(422, json=told, headers={"content-type": "application/problem+json"})
        taken.append(body)
        told = {"key": f"{len(taken):040x}.jpg", "width": 4, "height": 3, "content_type": "image/jpeg", "bytes": len(body), "url": "u"}
        return httpx.Response(201, json={"code": 1000, "result": {**told, "taken_at": "2024-05-01T12:33:10+07:00"}})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    studio.context.services.imports._pictures = FileStore(
        client, "http://imaging", FileUrls("http://x", "s", signed=False), IdentityKeeper("k", is_open=True)
    )
    return taken


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as bundle:
        for name, data in files.items():
            bundle.writestr(name, data)
    return out.getvalue()


async def send(studio: Studio, *files: tuple[str, bytes], user: str = "ann") -> Any:
    return await studio.client.post("/v1/gallery/import", data={"user_id": user}, files=[("file", file) for file in files])


async def test_a_photo_is_imported_with_its_date_and_name_and_only_once(studio: Studio, stored: list[bytes]) -> None:
    first = await send(studio, ("Hồ_Gươm.jpg", JPEG))
    again = await send(studio, ("other name.jpg", JPEG))
    bob = await send(studio, ("Hồ_Gươm.jpg", JPEG), user="bob")

    image = first.json()["result"]["results"][0]["image"]
    assert first.status_code == 201 and first.json()["result"]["imported"] == 1
    assert (image["title"], image["intent"], image["metadata"]["taken_at"]) == ("Hồ Gươm", "import", "2024-05-01T12:33:10+07:00")
    assert again.status_code == 200 and again.json()["result"]["results"][0]["image"]["id"] == image["id"]
    assert again.json()["result"]["results"][0]["status"] == "existing" and bob.json()["result"]["imported"] == 1
    assert await studio.ids(q="guom") == [image["id"]] and len(stored) == 2


async def test_many_files_and_zips_come_in_together_each_with_its_outcome(studio: Studio, stored: list[bytes]) -> None:
    bundle = zipped(
        {
            "trip/a.jpg": JPEG + b"a",
            "trip/b.JPEG": JPEG + b"b",
            "notes.txt": b"x",
            "__MACOSX/a.jpg": b"x",
            "bad.png": b"\x89PNG",
            ".DS_Store": b"",
        }
    )

    answer = (await send(studio, ("one.jpg", JPEG), ("holiday.zip", bundle), ("same.jpg", JPEG))).json()["result"]

    assert [(one["name"], one["status"]) for one in answer["results"]] == [
        ("one.jpg", "imported"), ("a.jpg", "imported"), ("b.JPEG", "imported"), ("notes.txt", "skipped"), ("bad.png", "failed"),
        ("same.jpg", "existing"),
    ]  # fmt: skip
    assert {name: answer[name] for name in ("imported", "existing", "failed", "skipped")} == {
        "imported": 3, "existing": 1, "failed": 1, "skipped": 1,
    }  # fmt: skip
    assert answer["results"][4]["error"]["slug"] == "image-undecodable" and len(await studio.ids()) == 3


async def test_a_photo_in_the_trash_comes_back_when_it_is_imported_again(studio: Studio, stored: list[bytes]) -> None:
    image_id = (await send(studio, ("a.jpg", JPEG))).json()["result"]["results"][0]["image"]["id"]
    await studio.client.delete(f"/v1/gallery/{image_id}")

    await send(studio, ("a.jpg", JPEG))
    back = await studio.ids()
    await studio.client.delete(f"/v1/gallery/{image_id}/permanent")
    anew = (await send(studio, ("a.jpg", JPEG))).json()["result"]["results"][0]

    assert back == [image_id] and anew["status"] == "imported" and anew["image"]["id"] != image_id


def _lying(bundle: bytes) -> bytes:
    """The zip with a directory that says its entry unpacks to 100 bytes."""
    at = bundle.index(b"PK\1\2")
    return bundle[: at + 24] + struct.pack("<L", 100) + bundle[at + 28 :]


def _crowded() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        for number in range(12_000):
            bundle.writestr(f"{number:040}.jpg", b"")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "status", "slug"),
    [
        ("bomb.zip", zipped({"a.jpg": bytes(50 * 2**20)}), 413, "archive-too-large"),
        ("crowd.zip", _crowded(), 413, "archive-too-large"),
        ("many.zip", zipped({f"{number}.jpg": b"x" for number in range(MOST_PICTURES + 1)}), 413, "too-many-pictures"),
        ("cut.zip", zipped({"a.jpg": JPEG})[:-30], 422, "archive-damaged"),
        ("mess.zip", b"PK\3\4" + bytes(100), 422, "archive-damaged"),
        ("large.zip", zipped({"a.jpg": bytes(10 * 2**20 + 1)}, zipfile.ZIP_STORED), 413, "input-too-large"),
        ("lie.zip", _lying(zipped({"a.jpg": JPEG + bytes(5000)})), 422, "archive-damaged"),
        ("page.jpg", b"<html>", 422, "image-undecodable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_bombs_and_broken_things_are_refused(
    name: str, data: bytes, status: int, slug: str, studio: Studio, stored: list[bytes]
) -> None:
    answer = await send(studio, (name, data))

    assert answer.status_code == status and answer.json()["slug"] == slug, answer.text
    assert await studio.ids() == [] and stored == []


async def test_an_encrypted_entry_is_named_and_the_others_come_in(studio: Studio, stored: list[bytes]) -> None:
    bundle = zipped({"a.jpg": JPEG, "b.jpg": JPEG + b"b"})
    at = bundle.index(b"PK\1\2")
    locked = bundle[: at + 8] + struct.pack("<H", 1) + bundle[at + 10 :]

    answer = (await send(studio, ("a.zip", locked))).json()["result"]

    assert [one["status"] for one in answer["results"]] == ["failed", "imported"]
    assert answer["results"][0]["error"]["slug"] == "archive-encrypted"


async def test_what_is_no_import_is_said(studio: Studio, stored: list[bytes]) -> None:
    nobody = await studio.client.post("/v1/gallery/import", files=[("file", ("a.jpg", JPEG))])
    nothing = await studio.client.post("/v1/gallery/import", data={"user_id": "ann"}, files=[("text", (None, b"x"))])
    wrong = await studio.client.post("/v1/gallery/import", json={"user_id": "ann"})
    crowd = await send(studio, *[(f"{number}.jpg", JPEG) for number in range(MOST_PICTURES + 1)])

    assert [answer.status_code for answer in (nobody, nothing, wrong, crowd)] == [422, 422, 415, 400]


async def test_a_store_that_is_away_is_a_503(database_url: str, tmp_path: Path) -> None:
    async with studio_on(database_url, tmp_path, imaging_url="http://127.0.0.1:9") as studio:
        answer = await send(studio, ("a.jpg", JPEG))

    assert answer.status_code == 503 and answer.json()["slug"] == "files-unavailable"
