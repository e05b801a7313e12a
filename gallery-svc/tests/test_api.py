"""The gallery through its HTTP door, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

from photofun_common.contracts.gallery import ImagePurged
from photofun_common.identity import IDENTITY_HEADER, IdentityKeeper
from photofun_common.testing.plugin import eventually

from .conftest import START, Studio, studio_on

URL = "https://pictures.example/cat.png"


async def test_a_finished_picture_is_listed_with_both_names_of_everything(studio: Studio) -> None:
    image_id = await studio.made(refined_prompt="a bright red hat", params={"seed": 1})

    answer = await studio.client.get("/v1/gallery/", params={"user_id": "ann"})

    body = answer.json()
    item = body["result"][0]
    assert body["code"] == 1000 and body["meta"] == {"next_cursor": None, "count": 1}
    assert item["image_id"] == item["id"] == image_id
    assert (item["prompt"], item["refined_prompt"]) == ("a red hat", "a bright red hat")
    assert item["intent"] == "image_generation" and item["params"] == {"seed": 1} and item["width"] == 64
    assert item["image_url"].startswith("http://localhost:9999/v1/files/") and item["thumbnail_url"] == item["image_url"] + "?w=512"
    assert item["deleted_at"] is None and "days_left" not in item


async def test_the_same_url_of_the_same_person_is_one_row(studio: Studio) -> None:
    body = {
        "user_id": "ann",
        "image_url": URL,
        "prompt": "cat",
        "metadata": {"a": [1]},
        "tags": ["Pet", "pet", " x  y "],
        "session_id": "z",
    }

    first = await studio.client.post("/v1/gallery/", json=body)
    second = await studio.client.post("/v1/gallery", json=body)
    other = await studio.client.post("/v1/gallery", json={**body, "user_id": "bob"})

    assert first.status_code == second.status_code == other.status_code == 201
    assert first.json()["result"] == second.json()["result"]
    assert first.json()["result"]["tags"] == ["Pet", "x y"] and first.json()["result"]["session_id"] is None
    assert first.json()["result"]["image_url"] == first.json()["result"]["thumbnail_url"] == URL
    assert other.json()["result"]["id"] != first.json()["result"]["id"]
    assert len(await studio.ids()) == 1


async def test_a_result_kept_by_its_url_stays_one_row_whichever_comes_first(studio: Studio) -> None:
    fact = studio.fact()
    url = f"http://localhost:9999/v1/files/{fact.picture.key}"

    early = (await studio.client.post("/v1/gallery", json={"user_id": "ann", "image_url": url, "title": "mine"})).json()["result"]
    await studio.tell(fact)
    late = (await studio.client.post("/v1/gallery", json={"user_id": "ann", "image_url": url})).json()["result"]
    by_old_id = (await studio.client.get(f"/v1/gallery/{early['id']}")).json()["result"]

    assert await studio.ids() == [fact.picture.image_id]
    assert late["id"] == by_old_id["id"] == fact.picture.image_id and late["title"] == "mine"


BAD_PICTURES: list[dict[str, Any]] = [
        {"image_url": "ftp://a/b"}, {"image_url": "javascript:alert(1)"}, {"image_url": "http://"}, {"image_url": "http://localhost:9999/v1/gallery"},
        {"image_url": None}, {"user_id": None}, {"user_id": ""}, {"metadata": {"a": "x" * 17000}}, {"metadata": [1]},
        {"metadata": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}}},
        {"tags": [str(n) for n in range(33)]}, {"tags": ["x" * 65]},
        {"tags": "red"}, {"title": "x" * 201}, {"prompt": "a\x00b"}, {"favorite": "yes"},

]  # fmt: skip


async def test_a_bad_new_picture_is_refused_with_a_problem(studio: Studio) -> None:
    for change in BAD_PICTURES:
        answer = await studio.client.post("/v1/gallery", json={"user_id": "ann", "image_url": URL, **change})

        assert answer.status_code == 422 and answer.json()["code"] == 4000 and answer.json()["errors"] is not None, change
        assert answer.headers["content-type"] == "application/problem+json"
    assert await studio.ids() == []


async def test_the_trash_keeps_restores_and_forgets(studio: Studio) -> None:
    image_id = await studio.made()
    path = f"/v1/gallery/{image_id}"

    refused = await studio.client.post(f"{path}/restore/")
    first = await studio.client.delete(f"{path}/")
    second = await studio.client.delete(path, params={"user_id": "ann"})
    hidden = await studio.client.get(path)
    shown = await studio.client.get(path, params={"include_deleted": "true"})
    trash = await studio.client.get("/v1/gallery/deleted/", params={"user_id": "ann"})
    restored = await studio.client.post(f"{path}/restore", json={"user_id": "ann"})

    assert refused.status_code == 400 and refused.json()["code"] == 4000 and refused.json()["detail"] == "Image is not deleted"
    assert first.json()["result"]["deleted_at"] == second.json()["result"]["deleted_at"] is not None
    assert hidden.status_code == 404 and hidden.json()["code"] == 1004
    assert shown.json()["result"]["days_left"] == trash.json()["result"][0]["days_left"] == 30
    assert restored.json()["result"]["deleted_at"] is None
    assert await studio.ids() == [image_id] and await studio.ids("/deleted") == []


async def test_permanent_removes_row_and_file_for_good(studio: Studio) -> None:
    fact = studio.fact()
    await studio.tell(fact)
    path = f"/v1/gallery/{fact.picture.image_id}"

    first = await studio.client.delete(f"{path}/permanent/")
    second = await studio.client.delete(f"{path}/permanent/")
    await studio.tell(fact)

    async def purged() -> list[ImagePurged]:
        return studio.bus.of(ImagePurged)

    assert first.status_code == 200 and second.status_code == 404
    assert await studio.ids() == [] == await studio.ids("/deleted")
    assert [(event.image_id, event.key) for event in await eventually(purged)] == [(fact.picture.image_id, fact.picture.key)]


async def test_a_file_stays_while_another_row_uses_it(studio: Studio) -> None:
    fact = studio.fact()
    await studio.tell(fact)
    url = f"http://localhost:9999/v1/files/{fact.picture.key}"
    copy = (await studio.client.post("/v1/gallery", json={"user_id": "bob", "image_url": url})).json()["result"]["id"]

    await studio.client.delete(f"/v1/gallery/{fact.picture.image_id}/permanent")
    await studio.context.services.upkeep.relay()
    still = studio.bus.of(ImagePurged)[:]
    await studio.client.delete(f"/v1/gallery/{copy}/permanent")

    async def purged() -> list[ImagePurged]:
        return studio.bus.of(ImagePurged)

    assert still == []
    assert [event.key for event in await eventually(purged)] == [fact.picture.key]


async def test_what_could_not_be_told_is_told_later(studio: Studio) -> None:
    image_id = await studio.made()
    studio.bus.is_connected = False

    await studio.client.delete(f"/v1/gallery/{image_id}/permanent")
    await studio.context.services.upkeep.relay()
    silent = len(studio.bus.of(ImagePurged))
    studio.bus.is_connected = True

    async def purged() -> bool:
        return len(studio.bus.of(ImagePurged)) == 1

    assert silent == 0 and await eventually(purged)


async def test_another_persons_picture_is_not_there(studio: Studio) -> None:
    image_id = await studio.made()
    path, other = f"/v1/gallery/{image_id}", {"user_id": "bob"}

    answers = [
        await studio.client.get(path, params=other),
        await studio.client.patch(path, json={"favorite": True, **other}),
        await studio.client.delete(path, params=other),
        await studio.client.post(f"{path}/restore", json=other),
        await studio.client.delete(f"{path}/permanent", params=other),
        await studio.client.get(f"{path}/history", params=other),
        await studio.client.patch(path, params=other, json={"favorite": True, "user_id": "ann"}),
    ]
    bulk = await studio.client.post("/v1/gallery/bulk", json={"action": "purge", "force": True, "ids": [image_id], **other})

    assert [answer.status_code for answer in answers] == [404] * 7
    assert bulk.json()["result"] == {"purged": 0, "results": [{"id": image_id, "status": "not_found"}]}
    assert await studio.ids() == [image_id] and await studio.ids(user="bob") == []


async def test_favourite_title_and_tags_change_and_are_found(studio: Studio) -> None:
    image_id, other = await studio.made(prompt="Xóa phông nền"), await studio.made(prompt="50% off_sale", feature="upscale")
    path = f"/v1/gallery/{image_id}"

    changed = await studio.client.patch(path, json={"favorite": True, "title": "Đà Lạt", "tags": ["Núi", "sương mù"], "job_id": "no"})
    same = await studio.client.patch(path, json={"favorite": True})

    item = changed.json()["result"]
    assert (item["favorite"], item["title"], item["tags"]) == (True, "Đà Lạt", ["Núi", "sương mù"])
    assert item["job_id"] != "no" and same.json()["result"] == item
    assert await studio.ids(favorite="true") == [image_id] and await studio.ids(favorite="false") == [other]
    for words in ("phông", "phong nen", "PHONG", "da lat", "núi", "suong mu"):
        assert await studio.ids(q=words) == [image_id], words
    assert await studio.ids(q="50%") == [other] == await studio.ids(q="off_s") and await studio.ids(q="%") == []
    assert await studio.ids(tag="NUI") == [image_id] and await studio.ids(tag="nu") == []
    assert await studio.ids(intent="upscale") == [other] and await studio.ids(provider="freepik") == []
    assert (await studio.client.patch(path, json={"favorite": None})).status_code == 422
    cleared = (await studio.client.patch(path, json={"title": None, "tags": []})).json()["result"]
    assert (cleared["title"], cleared["tags"], cleared["favorite"]) == (None, [], True)
    assert await studio.ids(tag="nui") == [] == await studio.ids(q="lat")


async def test_a_range_includes_both_ends(studio: Studio) -> None:
    first, second, third = [await studio.made() for _ in range(3)]

    assert await studio.ids(**{"from": "2026-11-01T12:02:00Z", "to": "2026-11-01T12:03:00+00:00"}) == [third, second]
    assert await studio.ids(**{"from": "2026-11-01T19:01:00+07:00", "to": "2026-11-01T12:01:00.000Z"}) == [first]
    assert len(await studio.ids(**{"from": "2026-11-01", "to": "2026-11-01"})) == 3
    assert await studio.ids(**{"from": "2026-11-02"}) == []
    for bad in (
        {"from": "yesterday"},
        {"to": "2026-13-01"},
        {"from": "2026-11-02", "to": "2026-11-01"},
        {"from": "0001-01-01T00:00:00+14:00"},
    ):
        assert (await studio.client.get("/v1/gallery", params={"user_id": "ann", **bad})).status_code == 422, bad


async def test_pages_stay_whole_while_pictures_arrive(studio: Studio) -> None:
    old = [await studio.made(created_at=START) for _ in range(4)] + [await studio.made() for _ in range(3)]
    seen: list[str] = []
    cursor = None

    for _ in range(10):
        query = {"user_id": "ann", "limit": 2, "total": "true", **({"cursor": cursor} if cursor else {})}
        body = (await studio.client.get("/v1/gallery", params=query)).json()
        seen += [item["id"] for item in body["result"]]
        cursor = body["meta"]["next_cursor"]
        await studio.made()
        if cursor is None:
            break

    assert len(seen) == len(set(seen)) == 7 and set(seen) == set(old)
    assert body["meta"]["total"] == 7 + 3 and body["meta"]["count"] == 1


async def test_only_our_cursors_for_the_same_list_are_taken(studio: Studio) -> None:
    for _ in range(2):
        await studio.made()
    cursor = (await studio.client.get("/v1/gallery", params={"user_id": "ann", "limit": 1})).json()["meta"]["next_cursor"]

    queries = [
        {"user_id": "bob", "cursor": cursor}, {"user_id": "ann", "cursor": cursor[:-2] + "AA"}, {"user_id": "ann", "cursor": "é"},
        {"user_id": "ann", "cursor": "0" * 401}, {"user_id": "ann", "limit": 0}, {"user_id": "ann", "limit": 101},
        {"user_id": "ann", "limit": "1_0"},
        {"user_id": "ann", "sort": "created_at;drop"}, {"user_id": "ann", "favorite": "maybe"}, {},
    ]  # fmt: skip
    for query in queries:
        assert (await studio.client.get("/v1/gallery", params=query)).status_code == 422, query
    assert (await studio.client.get("/v1/gallery/deleted", params={"user_id": "ann", "cursor": cursor})).status_code == 422


async def test_bulk_says_what_came_of_each(studio: Studio) -> None:
    one, two, three = [await studio.made() for _ in range(3)]

    async def bulk(**body: Any) -> Any:
        answer = await studio.client.post("/v1/gallery/bulk/", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    trashed = await bulk(action="trash", ids=[one, two, one, "no such", "../x"], user_id="ann")
    again = await bulk(action="trash", ids=[one])
    spared = await bulk(action="purge", ids=[two, three])
    restored = await bulk(action="restore", ids=[one, three])
    forced = await bulk(action="purge", ids=[three], force=True)

    statuses = [result["status"] for result in trashed["results"]]
    assert trashed["trashed"] == 2 and statuses == ["trashed", "trashed", "not_found", "not_found"]
    assert again == {"trashed": 0, "results": [{"id": one, "status": "unchanged"}]}
    assert spared["purged"] == 1 and spared["results"][1]["status"] == "not_in_trash"
    assert restored["restored"] == 1 and forced["purged"] == 1
    assert await studio.ids() == [one]


async def test_bulk_takes_the_whole_trash_of_one_person(studio: Studio) -> None:
    mine, his = [await studio.made() for _ in range(3)], await studio.made("bob")
    await studio.client.post("/v1/gallery/bulk", json={"action": "trash", "ids": [*mine, his]})

    restored = await studio.client.post("/v1/gallery/bulk", json={"action": "restore", "all": True, "user_id": "ann"})
    await studio.client.post("/v1/gallery/bulk", json={"action": "trash", "ids": mine[:2]})
    purged = await studio.client.post("/v1/gallery/bulk", json={"action": "purge", "all": True, "user_id": "ann"})

    assert restored.json()["result"]["restored"] == 3 and purged.json()["result"]["purged"] == 2
    assert await studio.ids() == mine[2:] and await studio.ids("/deleted", "bob") == [his]
    for bad in (
        {"action": "trash", "all": True, "user_id": "a"}, {"action": "purge", "all": True}, {"action": "burn", "ids": []},
        {"action": "trash"}, {"action": "trash", "ids": ["x"] * 501}, {"action": "trash", "ids": [1]},
    ):  # fmt: skip
        assert (await studio.client.post("/v1/gallery/bulk", json=bad)).status_code == 422, bad


async def test_history_is_the_chain_before_and_the_tree_behind(studio: Studio) -> None:
    root = await studio.made()
    middle = await studio.made(parent_id=root)
    leaf, twin = await studio.made(parent_id=middle), await studio.made(parent_id=middle)
    deep = await studio.made(parent_id=leaf)
    await studio.made("bob", parent_id=middle)

    body = (await studio.client.get(f"/v1/gallery/{middle}/history/")).json()["result"]
    end = (await studio.client.get(f"/v1/gallery/{deep}/history")).json()["result"]

    assert body["image"]["id"] == middle and [item["id"] for item in body["ancestors"]] == [root]
    assert [(node["id"], [child["id"] for child in node["children"]]) for node in body["descendants"]] == [(leaf, [deep]), (twin, [])]
    assert [item["id"] for item in end["ancestors"]] == [root, middle, leaf] and end["descendants"] == []


async def test_a_circle_of_parents_ends(studio: Studio) -> None:
    one = studio.fact(parent_id="b" * 32, image_id="a" * 32)
    two = studio.fact(parent_id="a" * 32, image_id="b" * 32)
    await studio.tell(one, two)

    body = (await studio.client.get(f"/v1/gallery/{'a' * 32}/history")).json()["result"]

    assert [item["id"] for item in body["ancestors"]] == ["b" * 32] == [node["id"] for node in body["descendants"]]


async def test_facets_count_what_is_live(studio: Studio) -> None:
    one = await studio.made()
    await studio.made(feature="upscale", provider="freepik")
    gone = await studio.made()
    await studio.client.patch(f"/v1/gallery/{one}", json={"favorite": True, "tags": ["Red"]})
    await studio.client.delete(f"/v1/gallery/{gone}")

    body = (await studio.client.get("/v1/gallery/facets", params={"user_id": "ann"})).json()["result"]

    assert body == {
        "total": 2, "favorites": 1, "trash": 1, "intents": {"image_generation": 1, "upscale": 1}, "providers": {"freepik": 1, "local": 1},
        "tags": {"Red": 1},
    }  # fmt: skip


async def test_an_unchanged_answer_is_not_sent_twice(studio: Studio) -> None:
    image_id = await studio.made()
    for path in (f"/v1/gallery/{image_id}", "/v1/gallery", "/v1/gallery/facets"):
        first = await studio.client.get(path, params={"user_id": "ann"})
        same = await studio.client.get(path, params={"user_id": "ann"}, headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'})

        assert first.headers["cache-control"].startswith("private")
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])

    await studio.client.patch(f"/v1/gallery/{image_id}", json={"favorite": True})
    assert (await studio.client.get(path, params={"user_id": "ann"}, headers={"If-None-Match": first.headers["etag"]})).status_code == 200


async def test_an_id_that_can_be_none_is_not_there(studio: Studio) -> None:
    for path in ("/v1/gallery/a%20b", "/v1/gallery/" + "x" * 65, "/v1/gallery/%00", "/v1/gallery/é", "/v1/gallery/" + "0" * 32):
        assert (await studio.client.get(path)).status_code == 404, path
        assert (await studio.client.delete(path + "/permanent")).status_code == 404, path


async def test_in_required_mode_the_token_says_who_it_is(tmp_path: Any) -> None:
    secrets = {"internal_secret": "inner", "files_secret": "files"}
    async with studio_on(f"sqlite+aiosqlite:///{tmp_path / 'g.db'}", tmp_path, auth_mode="required", **secrets) as studio:
        image_id = await studio.made()
        path = f"/v1/gallery/{image_id}"

        def as_user(user: str, audience: str = "gallery-svc") -> dict[str, str]:
            return {IDENTITY_HEADER: IdentityKeeper("inner", is_open=False).sign(user, audience=audience)}

        assert (await studio.client.get(path)).status_code == 401
        assert (await studio.client.get(path, headers=as_user("ann", "imaging-svc"))).status_code == 401
        assert (await studio.client.get(path, headers=as_user("bob"))).status_code == 404
        assert (await studio.client.delete(f"{path}/permanent", headers=as_user("bob"))).status_code == 404
        assert (await studio.client.get(path, headers=as_user("bob"), params={"user_id": "ann"})).status_code == 403
        assert (
            await studio.client.post("/v1/gallery", headers=as_user("bob"), json={"user_id": "ann", "image_url": URL})
        ).status_code == 403
        mine = (await studio.client.get("/v1/gallery", headers=as_user("ann"))).json()["result"][0]
        unsigned = {"image_url": mine["image_url"].split("?")[0]}
        assert "signature=" in mine["image_url"] and mine["thumbnail_url"].endswith("&w=512")
        assert (await studio.client.post("/v1/gallery", headers=as_user("bob"), json=unsigned)).status_code == 422
        signed = {"image_url": mine["image_url"]}
        assert (await studio.client.post("/v1/gallery", headers=as_user("ann"), json=signed)).json()["result"]["id"] == image_id


async def test_old_spellings_and_empty_values_are_understood(studio: Studio) -> None:
    image_id = await studio.made()

    listed = await studio.client.get("/v1/gallery/?userId=ann&limit=&q=&from=&cursor=&page=2")
    added = await studio.client.post("/v1/gallery", json={"userId": "ann", "image_url": URL})

    assert [item["id"] for item in listed.json()["result"]] == [image_id] and added.status_code == 201
    for body, status in (("{", 400), ("[]", 422), ("", 422)):
        sent = await studio.client.post("/v1/gallery", content=body, headers={"content-type": "application/json"})
        assert (sent.status_code, sent.json()["code"]) == (status, 4000)
    assert (await studio.client.post("/v1/gallery", content="a=b", headers={"content-type": "text/plain"})).status_code == 415
