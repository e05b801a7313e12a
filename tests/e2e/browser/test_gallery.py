"""Is the gallery quick, findable and forgiving: search, favourites, many at once, trash, lineage, ten thousand pictures?"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from ..support import Person, as_base64, picture
from .conftest import Opener
from .visitor import SLOW


@pytest.fixture
def owner(http: httpx.Client) -> Person:
    """Somebody with three pictures, one made of another."""
    person = Person(http)
    session = person.session()
    person.ask(session, "make it black and white", image_file=picture(120, 80, kind="JPEG"))
    person.ask(session, "rotate it 90 degrees")
    person.feature("adjust", image_file=picture(90, 60, colour=(20, 90, 200)), operations=[{"op": "sepia"}])
    person.gallery_of(3)
    return person


def test_favourites_search_trash_undo_and_restore(visit: Opener, owner: Person) -> None:
    ana = visit("/#/gallery", user=owner.user_id)
    expect(ana.tiles).to_have_count(3)

    ana.tiles.first.hover()
    ana.tiles.first.get_by_role("checkbox").click()
    ana.tiles.nth(1).get_by_role("checkbox").click()
    expect(ana.page.locator(".bulk")).to_contain_text("2 selected")
    ana.button("Favourite", within=ana.page.locator(".bulk")).click()
    expect(ana.page.locator(".tile-star")).to_have_count(2)
    ana.gallery("favorites")
    expect(ana.tiles).to_have_count(2)

    ana.gallery()
    expect(ana.tiles).to_have_count(3)
    ana.page.get_by_role("searchbox").fill("rotate")
    expect(ana.tiles).to_have_count(1)
    ana.page.get_by_role("searchbox").fill("no such words")
    expect(ana.page.get_by_role("heading", name="No picture fits")).to_be_visible()
    ana.button("Clear the filters").click()
    expect(ana.tiles).to_have_count(3)

    ana.tiles.first.hover()
    ana.tiles.first.get_by_role("checkbox").click()
    ana.button("Move to trash").click()
    expect(ana.tiles).to_have_count(2)
    ana.button("Undo").click()
    expect(ana.tiles).to_have_count(3)

    ana.tiles.first.hover()
    ana.tiles.first.get_by_role("checkbox").click()
    ana.button("Move to trash").click()
    ana.gallery("trash")
    expect(ana.tiles).to_have_count(1)
    expect(ana.tiles).to_contain_text("days left")
    ana.button("Restore all").click()
    expect(ana.page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    ana.gallery()
    expect(ana.tiles).to_have_count(3)


def test_the_trash_is_emptied_for_good(visit: Opener, owner: Person) -> None:
    for row in owner.gallery():
        owner.http.delete(f"/v1/gallery/{row['id']}/", params={"user_id": owner.user_id})
    ana = visit("/#/gallery/trash", user=owner.user_id)
    expect(ana.tiles).to_have_count(3)

    ana.button("Empty the trash").click()
    ana.button("Delete for good").click()

    expect(ana.page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    assert owner.http.get("/v1/gallery/deleted/", params={"user_id": owner.user_id}).json()["result"] == []


def test_full_screen_by_keyboard_with_details_and_the_tree(visit: Opener, owner: Person) -> None:
    ana = visit("/#/gallery", user=owner.user_id)
    ana.tiles.first.locator(".tile-open").focus()
    ana.page.keyboard.press("ArrowRight")
    ana.page.keyboard.press("Enter")
    viewer = ana.page.get_by_role("dialog", name="Picture")
    expect(viewer.locator(".count")).to_have_text("2 / 3")

    ana.page.keyboard.press("i")
    panel = viewer.get_by_role("complementary", name="Details")
    expect(panel).to_contain_text("rotate it 90 degrees")
    expect(panel).to_contain_text("This studio")
    expect(panel.locator(".leaf")).to_have_count(2)
    panel.locator(".leaf").first.click()
    expect(panel).to_contain_text("make it black and white")
    panel.get_by_role("textbox", name="Title").fill("A disc")
    panel.get_by_role("textbox", name="Title").press("Tab")
    viewer.get_by_role("button", name="Close").focus()
    ana.page.keyboard.press("f")
    ana.page.keyboard.press("Escape")

    expect(viewer).to_have_count(0)
    expect(ana.page.get_by_role("button", name="A disc", exact=True)).to_be_focused()
    assert [row["title"] for row in owner.gallery() if row["favorite"]] == ["A disc"]


def test_the_browsers_back_closes_the_full_screen(visit: Opener, owner: Person) -> None:
    ana = visit("/#/gallery", user=owner.user_id)
    ana.tiles.first.locator(".tile-open").click()
    expect(ana.page.locator(".viewer")).to_have_count(1)

    ana.page.go_back()

    expect(ana.page.locator(".viewer")).to_have_count(0)
    expect(ana.tiles).to_have_count(3)


def test_own_pictures_come_in_and_all_go_out(visit: Opener, cat: Path, cup: Path, tmp_path: Path) -> None:
    ana = visit("/#/gallery")
    expect(ana.page.get_by_role("heading", name="No pictures yet")).to_be_visible()

    with ana.page.expect_file_chooser() as chooser:
        ana.button("Import").click()
    chooser.value.set_files([cat, cup])
    expect(ana.tiles).to_have_count(2)

    ana.button("More").click()
    with ana.page.expect_download() as download:
        ana.page.get_by_role("menuitem", name="Export").click()
    download.value.save_as(tmp_path / "all.zip")
    names = zipfile.ZipFile(tmp_path / "all.zip").namelist()
    assert "manifest.json" in names
    assert len([name for name in names if name.startswith("images/")]) == 2


def test_albums_and_kept_edits(visit: Opener, owner: Person) -> None:
    ana = visit("/#/gallery", user=owner.user_id)
    for at in (0, 2):
        ana.tiles.nth(at).locator(".tile-open").focus()
        ana.page.keyboard.press("x")
    ana.button("Add to album").click()
    ana.button("New album", within=ana.page.get_by_role("dialog")).click()
    ana.page.get_by_role("textbox", name="Name of the album").fill("Sea")
    ana.button("Save").click()
    ana.page.get_by_role("link", name="Sea 2").click()
    expect(ana.page.get_by_role("heading", name="Sea", level=1)).to_be_visible()
    expect(ana.tiles).to_have_count(2)

    ana.gallery()
    expect(ana.tiles).to_have_count(3)
    ana.tiles.nth(1).locator(".tile-open").click()
    ana.page.keyboard.press("i")
    ana.button("Keep these edits").click()
    ana.page.get_by_role("textbox", name="Name").fill("Turned")
    ana.button("Save").click()
    ana.page.locator(".viewer").get_by_role("button", name="Close").click()
    ana.tiles.first.locator(".tile-open").focus()
    ana.page.keyboard.press("x")
    ana.button("Apply saved edits").click()
    ana.page.get_by_role("dialog").get_by_role("button", name="Turned").click()

    expect(ana.tiles).to_have_count(5, timeout=SLOW)


def test_ten_thousand_pictures_scroll_with_few_in_the_document(visit: Opener) -> None:
    ana = visit("/#/gallery", before=ten_thousand)
    expect(ana.page.locator(".gallery-head")).to_contain_text("10,000 pictures")

    ana.page.evaluate(SCROLL_TO_THE_END)

    assert ana.page.locator(".tile").count() < 400
    expect(ana.page.get_by_role("button", name="Picture 9999", exact=True)).to_be_attached()
    where = ana.page.locator(".gallery-scroll").evaluate("node => (node.scrollTop -= 5000, node.scrollTop)")
    ana.page.get_by_role("link", name="Chat").click()
    ana.page.get_by_role("link", name="Gallery").click()
    expect(ana.tiles.first).to_be_attached()
    ana.page.wait_for_function("where => Math.abs(document.querySelector('.gallery-scroll').scrollTop - where) < 2", arg=where)


SCROLL_TO_THE_END = """async () => {
  const box = document.querySelector('.gallery-scroll');
  for (let still = 0, last = -1; still < 60;) {
    box.scrollTop += 5000;
    await new Promise(requestAnimationFrame);
    still = box.scrollTop === last ? still + 1 : 0;
    last = box.scrollTop;
  }
}"""


def _dot(at: int) -> str:
    """A picture of six pixels as a data URL."""
    return "data:image/png;base64," + as_base64(picture(3, 2, colour=(at * 7 % 256, at * 13 % 256, at * 29 % 256)))


def ten_thousand(page: Page, count: int = 10_000) -> None:
    """The gallery answers as it would for somebody with `count` pictures."""

    def row(at: int) -> dict[str, Any]:
        return {
            "id": f"p{at}", "image_id": f"p{at}", "image_url": _dot(at), "prompt": f"Picture {at}",
            "width": 300 + (at * 37) % 500, "height": 300, "favorite": False, "title": None, "tags": [], "parent_id": None,
            "created_at": f"20{26 - at // 1000:02}-{12 - (at // 84) % 12:02}-{28 - (at // 3) % 28:02}T10:00:00Z",
        }  # fmt: skip

    def answer(route: Route) -> None:
        asked = parse_qs(urlparse(route.request.url).query)
        start, limit = int(asked.get("cursor", ["0"])[0]), int(asked.get("limit", ["20"])[0])
        rows = [row(at) for at in range(start, min(count, start + limit))]
        meta = {"next_cursor": str(start + limit) if start + limit < count else None, "count": len(rows), "total": count}
        route.fulfill(json={"code": 1000, "message": "", "result": rows, "meta": meta})

    page.route(re.compile(r"/v1/gallery\?"), answer)
