"""A gallery worth keeping, over port 9999 on both databases: brought, found, ordered, edited again, thrown away, taken along, and gone."""

from __future__ import annotations

import asyncio
import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nats
import pymongo
import pytest
from nats.js import errors as js_errors
from photofun_common.testing.postgres import Postgres
from PIL import Image as Pillow

from .conftest import Studio, running_studio
from .support import Person, is_grey, opened, picture, poll


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio on SQLite (the one of the whole run), then one on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("studio")
        return
    server = Postgres()
    server.start()
    try:
        with running_studio(tmp_path_factory.mktemp("studio-on-postgres"), DATABASE_URL=server.database()) as found:
            yield found
    finally:
        server.remove()


@pytest.fixture
def ana(home: Studio) -> Iterator[Person]:
    with httpx.Client(base_url=home.url, timeout=60, trust_env=False) as client:
        yield Person(client)


def _dated(data: bytes) -> bytes:
    """The photo with a camera's date and place in it."""
    exif = Pillow.Exif()
    exif[0x0132] = "2024:05:01 12:33:10"
    exif.get_ifd(0x8825).update({1: "N", 2: (21.0, 1.0, 42.0), 3: "E", 4: (105.0, 51.0, 15.0)})
    out = io.BytesIO()
    opened(data).convert("RGB").resize((640, 480)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        for name, data in files.items():
            bundle.writestr(name, data)
    return out.getvalue()


def _imported(person: Person, *files: tuple[str, bytes]) -> list[dict[str, Any]]:
    answer = person.http.post("/v1/gallery/import/", data={"user_id": person.user_id}, files=[("file", file) for file in files])
    assert answer.status_code == 201, answer.text
    return [one["image"] for one in answer.json()["result"]["results"]]


def test_photos_come_in_are_found_and_edited_again_and_leave(ana: Person, photo: bytes) -> None:
    user = {"user_id": ana.user_id}
    beach, hat, lake = _imported(
        ana, ("Bãi biển.jpg", _dated(photo)), ("trip.zip", _zip({"red hat.png": picture(), "lake.png": picture(80, 50)}))
    )

    kept = ana.http.get(beach["image_url"])
    assert beach["metadata"]["taken_at"] == "2024-05-01T12:33:10"
    assert not Pillow.open(io.BytesIO(kept.content)).getexif().get_ifd(0x8825)
    assert [row["id"] for row in ana.gallery(q="bai bien")] == [beach["id"]] == [row["id"] for row in ana.gallery(q="BÃI")]

    # an album, a favourite, tags, facets
    album = ana.http.post("/v1/gallery/albums/", json={**user, "title": "Trip", "ids": [hat["id"], lake["id"]]}).json()["result"]
    ana.http.patch(f"/v1/gallery/{hat['id']}/", json={**user, "favorite": True, "tags": ["Mũ"]})
    assert [row["id"] for row in ana.gallery(album_id=album["id"])] == [lake["id"], hat["id"]]
    assert [row["id"] for row in ana.gallery(favorite="true", tag="mu")] == [hat["id"]]
    facets = ana.http.get("/v1/gallery/facets/", params=user).json()["result"]
    assert (facets["total"], facets["favorites"], facets["tags"]) == (3, 1, {"Mũ": 1})

    # start again from here: a chat on any picture; what is made of it hangs under it
    session = ana.http.post("/v1/chat/sessions", json={**user, "image_url": beach["image_url"]}).json()["result"]
    grey = ana.ask(session["session_id"], "make it black and white")
    assert grey["status"] == "DONE", grey
    made = next(row for row in ana.gallery_of(4) if row["image_url"] == grey["image_url"])
    history = ana.http.get(f"/v1/gallery/{beach['id']}/history/", params=user).json()["result"]
    assert [node["id"] for node in history["descendants"]] == [made["id"]] and made["parent_id"] == beach["id"]

    # its recipe on the others, as one job
    recipe = ana.http.post("/v1/gallery/recipes/", json={**user, "title": "Grey", "image_id": made["id"]}).json()["result"]
    begun = ana.http.post(f"/v1/gallery/recipes/{recipe['id']}/run/", json={**user, "ids": [hat["id"], lake["id"]]})
    run = ana.http.get(f"/v1/gallery/runs/{begun.json()['result']['run_id']}/", params={**user, "wait": 30}).json()["result"]
    assert begun.status_code == 202 and run["status"] == "COMPLETED" and run["counts"] == {"COMPLETED": 2}
    assert all(is_grey(ana.load(item["image_url"])) for item in run["items"])
    assert {row["parent_id"] for row in ana.gallery_of(6)} >= {hat["id"], lake["id"]}

    # what the browser has is not sent again
    listed = ana.http.get("/v1/gallery/", params=user)
    again = ana.http.get("/v1/gallery/", params=user, headers={"If-None-Match": listed.headers["etag"]})
    assert again.status_code == 304 and not again.content and "private" in listed.headers["cache-control"]

    # trash, restore, purge; the file is gone too
    ana.http.delete(f"/v1/gallery/{lake['id']}/", params=user)
    trashed = ana.http.get("/v1/gallery/deleted/", params=user).json()["result"]
    assert [(row["id"], row["days_left"]) for row in trashed] == [(lake["id"], 30)]
    assert ana.http.post(f"/v1/gallery/{lake['id']}/restore/", json=user).status_code == 200
    ana.http.delete(f"/v1/gallery/{lake['id']}/permanent/", params=user)
    poll(lambda: ana.http.get(lake["image_url"]).status_code, until=lambda status: status == 404, seconds=15)

    # taken along
    with zipfile.ZipFile(io.BytesIO(ana.http.get("/v1/gallery/export/", params=user).content)) as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
        assert (manifest["count"], manifest["missing"]) == (5, 0) and bundle.testzip() is None


def test_pages_hold_still_while_pictures_arrive(ana: Person) -> None:
    for number in range(6):
        ana.http.post("/v1/gallery/", json={"user_id": ana.user_id, "image_url": f"https://a.example/{number}.png", "prompt": f"p{number}"})
    seen: list[str] = []
    cursor = None
    while True:
        query = {"user_id": ana.user_id, "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = ana.http.get("/v1/gallery/", params=query).json()
        seen += [row["prompt"] for row in page["result"]]
        cursor = page["meta"]["next_cursor"]
        if cursor is None:
            break
        ana.http.post("/v1/gallery/", json={"user_id": ana.user_id, "image_url": f"https://a.example/new-{len(seen)}.png"})

    assert seen == [f"p{number}" for number in reversed(range(6))]


def test_another_person_reaches_nothing(ana: Person) -> None:
    [image] = _imported(ana, ("a.png", picture(70, 50)))
    album = ana.http.post("/v1/gallery/albums/", json={"user_id": ana.user_id, "title": "a"}).json()["result"]["id"]
    eve = {"user_id": f"{ana.user_id}-eve"}

    answers = [
        ana.http.get(f"/v1/gallery/{image['id']}/", params=eve),
        ana.http.delete(f"/v1/gallery/{image['id']}/permanent/", params=eve),
        ana.http.get(f"/v1/gallery/albums/{album}/", params=eve),
        ana.http.post(f"/v1/gallery/albums/{album}/images/", json={**eve, "ids": [image["id"]]}),
        ana.http.post("/v1/gallery/recipes/", json={**eve, "title": "x", "image_id": image["id"]}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert ana.http.get("/v1/gallery/", params={**eve, "album_id": album}).json()["result"] == []


def _left_in_documents(home: Studio, user: str) -> list[Any]:
    with pymongo.MongoClient("127.0.0.1", home.processes["documents"]["port"], directConnection=True) as client:
        base = client["photofun"]
        return [document for name in base.list_collection_names() for document in base[name].find({"user_id": user})]


async def _left_in_streams(home: Studio, user: str) -> list[str]:
    """Subjects of messages that still name the person."""
    client = await nats.connect(f"nats://127.0.0.1:{home.processes['nats']['port']}")
    found = []
    try:
        context = client.jetstream()
        for stream in await context.streams_info():
            if str(stream.config.name).startswith("OBJ_"):
                continue
            for number in range(max(1, stream.state.first_seq), stream.state.last_seq + 1):
                try:
                    message = await context.get_msg(str(stream.config.name), number)
                except js_errors.NotFoundError:
                    continue
                if message.data and user.encode() in message.data and "user_erased" not in str(message.subject):
                    found.append(f"{stream.config.name} {message.subject}")
    finally:
        await client.close()
    return found


def test_who_is_erased_is_gone_everywhere_within_a_minute(ana: Person, home: Studio, photo: bytes) -> None:
    user = {"user_id": ana.user_id}
    [kept] = _imported(ana, ("a.jpg", photo))
    session = ana.session()
    edited = ana.ask(session, "make it black and white", image_file=photo)
    direct = ana.feature("adjust", image_file=picture(), operations=[{"op": "sepia"}]).json()["result"]
    ana.http.post("/v1/rec-prompt/choose/", json={**user, "prompt": f"my own words, {ana.user_id}"})
    ana.http.post("/v1/gallery/albums/", json={**user, "title": "mine"}, headers={"Idempotency-Key": "once"})
    running = ana.say(session, "now upscale it 4x")
    urls = [kept["image_url"], edited["image_url"], direct["image_url"]]
    begun = time.monotonic()

    asked = ana.http.delete(f"/v1/users/{ana.user_id}/")
    report = poll(
        lambda: ana.http.get(f"/v1/users/{ana.user_id}/erasure/").json()["result"],
        until=lambda told: told["status"] == "COMPLETED",
        seconds=60,
    )
    spent = time.monotonic() - begun

    assert asked.status_code == 202 and spent < 60
    counts = report["counts"]
    assert counts["images"] >= 3 and counts["sessions"] == 1 and counts["jobs"] >= 3 and (counts["prompts"], counts["answers"]) == (1, 1)
    assert ana.gallery() == [] and ana.http.get("/v1/chat/sessions", params=user).json()["result"] == []
    assert ana.http.get("/v1/jobs", params=user).json()["result"] == []
    assert [ana.http.get(url).status_code for url in urls] == [404] * 3
    assert ana.http.get(f"/v1/chat/sessions/{session}/messages/{running['message_id']}", params=user).status_code == 404
    assert _left_in_documents(home, ana.user_id) == []
    poll(lambda: asyncio.run(_left_in_streams(home, ana.user_id)), until=lambda found: found == [], seconds=20)


def test_no_file_is_left_without_a_row(ana: Person, home: Studio) -> None:
    images = _imported(ana, *[(f"{number}.png", picture(64 + number, 48)) for number in range(3)])
    files = [Path(home.data_dir) / "files" / key[:2] / key for key in (image["image_url"].rsplit("/", 1)[1] for image in images)]
    assert all(file.exists() for file in files)

    ana.http.post("/v1/gallery/bulk/", json={"user_id": ana.user_id, "action": "trash", "ids": [image["id"] for image in images]})
    purged = ana.http.post("/v1/gallery/bulk/", json={"user_id": ana.user_id, "action": "purge", "all": True}).json()["result"]

    assert purged["purged"] == 3
    poll(lambda: [file.exists() for file in files], until=lambda there: not any(there), seconds=15)
