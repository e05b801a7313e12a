"""Are words found on both databases, with and without accents, and by an index when there are many pictures?"""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from gallery_svc.domain import phrases_of, words_of
from gallery_svc.migrate import _plain, migrate
from gallery_svc.store import searching

from .conftest import Studio


@pytest.mark.parametrize(
    ("prompt", "found_by", "not_by"),
    [
        ("Xóa phông nền giúp mình", ["phông", "phong nen", "XOA", "xoá", "giup"], ["hong", "phongs", "xoay"]),
        ("Đà Lạt trong sương mù, hồ Xuân Hương", ["da lat", "đà lạt", "ho xuan", "Hương"], ["alat"]),
        ("A sunset over mountains (16:9), 4k", ["sun", "SUNSET mount", "16:9", "4k", "sunset, over"], ["unset", "9:16", "sunset river"]),
        ("don't-stop hat_red50% off", ["don't", "stop", "red50", "hat red50%"], ["dont"]),
        ("夕陽の海 🌅 cabin", ["夕陽", "の海", "🌅", "cab 🌅"], ["陽夕"]),
        ("ปลาทอง", ["ปลา", "ทอง"], ["แมว"]),
        ("Straße nach Łódź", ["strasse", "lodz"], ["strase"]),
    ],
)
async def test_words_are_found_by_their_beginnings(prompt: str, found_by: list[str], not_by: list[str], studio: Studio) -> None:
    image_id = await studio.made(prompt=prompt)
    await studio.made("bob", prompt=prompt)

    assert {query: await studio.ids(q=query) for query in found_by} == {query: [image_id] for query in found_by}
    assert {query: await studio.ids(q=query) for query in not_by} == {query: [] for query in not_by}


@pytest.mark.parametrize("looks", [1, 5])
async def test_the_index_finds_what_is_not_among_the_newest(looks: int, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_NEWEST", 3)
    monkeypatch.setattr(searching, "_SPARE", 0)
    monkeypatch.setattr(searching, "_LOOKS", looks)
    seldom = await studio.made(prompt="a zebra at dawn")
    cats = [await studio.made(prompt=f"cat {number}") for number in range(8)]
    for _ in range(4):
        await studio.made(prompt="a plain hat")
    trashed = await studio.made(prompt="zebra two")
    await studio.client.delete(f"/v1/gallery/{trashed}")

    pages, cursor = [], None
    while True:
        query = {"user_id": "ann", "q": "cat", "limit": 3, **({"cursor": cursor} if cursor else {})}
        answer = await studio.client.get("/v1/gallery", params=query)
        pages += [item["id"] for item in answer.json()["result"]]
        cursor = answer.json()["meta"]["next_cursor"]
        if cursor is None:
            break

    for at, cat in enumerate(cats):
        await studio.client.patch(f"/v1/gallery/{cat}", json={"favorite": at == 0})
    assert await studio.ids(q="cat", favorite="true") == [cats[0]]
    assert await studio.ids(q="zebra") == [seldom] and await studio.ids("/deleted", q="zebra") == [trashed]
    assert pages == cats[::-1] and await studio.ids(q="cat 3") == [cats[3]]
    counted = await studio.client.get("/v1/gallery", params={"user_id": "ann", "q": "cat", "limit": 1, "total": True})
    assert counted.json()["meta"]["total"] == 8


async def test_the_index_follows_what_people_say_and_what_goes(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_NEWEST", 1)
    old, newer = await studio.made(prompt="one"), await studio.made(prompt="two")
    await studio.made(prompt="three")

    await studio.client.patch(f"/v1/gallery/{old}", json={"title": "Lighthouse", "tags": ["biển"]})
    named = await studio.ids(q="lighthouse"), await studio.ids(q="bien")
    await studio.client.patch(f"/v1/gallery/{old}", json={"title": "Tower", "tags": []})
    renamed = await studio.ids(q="lighthouse"), await studio.ids(q="tower")
    await studio.client.delete(f"/v1/gallery/{newer}/permanent")

    assert (named, renamed) == (([old], [old]), ([], [old])) and await studio.ids(q="two") == []


def test_words_of_old_rows_are_found_after_the_migration(empty_url: str) -> None:
    migrate(empty_url, to="0002")
    engine = sa.create_engine(_plain(empty_url), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO images (id, user_id, params, prompt, metadata, tags, favorite, created_at, updated_at, search) "
                "VALUES ('a', 'ann', '{}', 'Phông nền', '{}', '[]', false, '2026-01-01', '2026-01-01', 'phong\nnen (16:9)')"
            )
        )
    migrate(empty_url)
    is_sqlite = engine.dialect.name == "sqlite"
    matching = "SELECT count(*) FROM images_fts('owner : \"616e6e\" AND nen')"
    with engine.begin() as connection:
        if not is_sqlite:
            connection.exec_driver_sql("SELECT set_config('photofun.user', '*', true)")
        kept = connection.exec_driver_sql("SELECT search FROM images").scalar_one()
        indexed = connection.exec_driver_sql(matching if is_sqlite else "SELECT words FROM image_search").scalar_one()

    assert kept == " phong nen 16 9" and indexed == (1 if is_sqlite else kept)


def test_a_query_without_words_wants_nothing_and_an_empty_one_everything() -> None:
    assert phrases_of("?! %") == (" ",) and phrases_of("  ") == ()
    assert words_of("?!") == "" and len(words_of("a b " * 20_000)) == 16_000
    assert len(phrases_of(" ".join(str(number) for number in range(50)))) == 8
