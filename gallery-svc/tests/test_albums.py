"""Albums through their door: made, filled, shown, taken away; never another's."""

from __future__ import annotations

from typing import Any

from .conftest import Studio


async def _album(studio: Studio, title: str = "Holiday", user: str = "ann", **more: Any) -> dict[str, Any]:
    made = await studio.client.post("/v1/gallery/albums", json={"user_id": user, "title": title, **more})
    assert made.status_code == 201, made.text
    return dict(made.json()["result"])


async def test_an_album_holds_pictures_and_shows_the_newest_as_its_cover(studio: Studio) -> None:
    first, second, outside = [await studio.made() for _ in range(3)]

    album = await _album(studio, ids=[first, second, "unknown"])

    assert [result["status"] for result in album["results"]] == ["added", "added", "not_found"] and album["added"] == 2
    assert (album["count"], album["cover_id"]) == (2, second) and "w=512" in album["cover_url"]
    assert await studio.ids(album_id=album["album_id"]) == [second, first]
    assert outside in await studio.ids()


async def test_pictures_go_in_once_and_out_again_and_a_cover_can_be_chosen(studio: Studio) -> None:
    first, second = await studio.made(), await studio.made()
    album = await _album(studio, ids=[first])
    path = f"/v1/gallery/albums/{album['album_id']}"

    again = await studio.client.post(f"{path}/images", json={"ids": [first, second]})
    chosen = await studio.client.patch(path, json={"title": "Núi", "cover_id": first})
    out = await studio.client.post(f"{path}/images", json={"action": "remove", "ids": [first, "unknown"]})
    shown = (await studio.client.get(path)).json()["result"]

    assert [result["status"] for result in again.json()["result"]["results"]] == ["unchanged", "added"]
    assert (chosen.json()["result"]["title"], chosen.json()["result"]["cover_id"]) == ("Núi", first)
    assert out.json()["result"] == {"removed": 1, "results": [{"id": first, "status": "removed"}, {"id": "unknown", "status": "not_found"}]}
    assert (shown["count"], shown["cover_id"]) == (1, second)


async def test_trash_hides_from_an_album_and_purge_takes_out(studio: Studio) -> None:
    trashed, purged = await studio.made(), await studio.made()
    album = await _album(studio, ids=[trashed, purged])
    await studio.client.delete(f"/v1/gallery/{trashed}")
    await studio.client.delete(f"/v1/gallery/{purged}/permanent")

    hidden = (await studio.client.get(f"/v1/gallery/albums/{album['album_id']}")).json()["result"]
    await studio.client.post(f"/v1/gallery/{trashed}/restore")

    assert (hidden["count"], hidden["cover_id"], hidden["cover_url"]) == (0, None, None)
    assert await studio.ids(album_id=album["album_id"]) == [trashed]


async def test_an_album_that_is_deleted_leaves_its_pictures(studio: Studio) -> None:
    picture = await studio.made()
    album = await _album(studio, ids=[picture])
    path = f"/v1/gallery/albums/{album['album_id']}"

    gone = [await studio.client.delete(path), await studio.client.get(path), await studio.client.delete(path)]

    assert [answer.status_code for answer in gone] == [200, 404, 404] and gone[1].json()["slug"] == "album-not-found"
    assert await studio.ids() == [picture] and await studio.ids(album_id=album["album_id"]) == []


async def test_albums_are_listed_newest_first_page_by_page_with_an_etag(studio: Studio) -> None:
    made = [(await _album(studio, f"a{number}"))["album_id"] for number in range(5)]
    await _album(studio, user="bob")

    pages, cursor = [], None
    while True:
        answer = await studio.client.get(
            "/v1/gallery/albums", params={"user_id": "ann", "limit": 2, **({"cursor": cursor} if cursor else {})}
        )
        pages.append([album["album_id"] for album in answer.json()["result"]])
        cursor = answer.json()["meta"]["next_cursor"]
        if cursor is None:
            break
    known = await studio.client.get(
        "/v1/gallery/albums",
        params={
            "user_id": "ann",
            "limit": 2,
        },
        headers={"If-None-Match": "*"},
    )

    assert pages == [made[:2:-1], made[2:0:-1], made[:1]] and known.status_code == 304


async def test_another_persons_album_and_pictures_are_out_of_reach(studio: Studio) -> None:
    mine, foreign = await studio.made(), await studio.made("bob")
    album = await _album(studio, ids=[mine])
    path = f"/v1/gallery/albums/{album['album_id']}"
    bob = {"user_id": "bob"}

    refused = [
        await studio.client.get(path, params=bob),
        await studio.client.patch(path, json={**bob, "title": "x"}),
        await studio.client.post(f"{path}/images", json={**bob, "ids": [foreign]}),
        await studio.client.delete(path, params=bob),
    ]
    put = await studio.client.post(f"{path}/images", json={"user_id": "ann", "ids": [foreign]})

    assert [answer.status_code for answer in refused] == [404] * 4
    assert put.json()["result"]["results"] == [{"id": foreign, "status": "not_found"}]
    assert await studio.ids(user="bob", album_id=album["album_id"]) == []


async def test_what_an_album_cannot_be_is_said(studio: Studio) -> None:
    for body in ({"user_id": "ann"}, {"user_id": "ann", "title": ""}, {"user_id": "ann", "title": "x" * 201}, {"title": "x"}):
        assert (await studio.client.post("/v1/gallery/albums", json=body)).status_code == 422, body
    assert (await studio.client.get("/v1/gallery/albums/%00")).status_code == 404
