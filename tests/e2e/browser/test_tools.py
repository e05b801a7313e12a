"""Does every feature work as a tool, with what is seen before it is made?"""

from __future__ import annotations

from pathlib import Path

import httpx
from playwright.sync_api import expect

from .conftest import Opener


def test_every_feature_has_its_tool(visit: Opener, http: httpx.Client) -> None:
    ana = visit("/#/tools")
    declared = http.get("/v1/features").json()["result"]

    expect(ana.page.locator(".tool-card")).to_have_count(len(declared))
    for feature in declared:
        ana.go(f"#/tools/{feature['name']}")
        expect(ana.page.get_by_role("heading", level=1)).to_have_text(feature["title"])
        if not feature["engines"]:
            expect(ana.page.locator(".controls")).to_contain_text("No engine of this studio")
            expect(ana.button("Apply")).to_be_disabled()


def test_adjust_shows_what_it_will_make(visit: Opener, cup: Path) -> None:
    ana = visit()
    ana.tool("adjust", cup)
    ana.button("1:1").click()
    frame = ana.page.get_by_role("group", name="Crop frame")
    frame.press("ArrowRight")
    ana.page.get_by_role("tab", name="Light & colour").click()
    brighter = ana.page.get_by_role("slider", name="Brightness")
    brighter.focus()
    for _ in range(20):
        brighter.press("ArrowRight")
    ana.page.get_by_role("tab", name="Looks").click()
    ana.button("Black & white").click()
    ana.page.wait_for_timeout(50)
    seen = ana.page.locator(".canvas").evaluate("""canvas => {
      const { data } = canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1);
      return [...data, canvas.width, canvas.height] }""")

    assert ana.apply() == (400, 400)
    made = ana.page.get_by_role("img", name="The result").evaluate("""async img => {
      const canvas = new OffscreenCanvas(400, 400); const ink = canvas.getContext('2d'); ink.drawImage(img, 0, 0, 400, 400);
      return [...ink.getImageData(200, 200, 1, 1).data] }""")
    assert seen[4] == seen[5]
    assert seen[0] == seen[1] == seen[2]
    assert abs(seen[0] - made[0]) <= 12, (seen, made)

    ana.button("Go on with this").click()
    ana.page.get_by_role("tab", name="Text").click()
    ana.page.get_by_role("textbox", name="Text").fill("Xin chào")
    assert ana.apply() == (400, 400)


def test_expand_by_handles_and_to_a_ratio(visit: Opener, small: Path) -> None:
    ana = visit()
    ana.tool("image-expand", small)
    ana.button("1:1").click()
    expect(ana.page.locator(".controls")).to_contain_text("160 × 160")
    right = ana.page.get_by_role("slider", name="Right edge")
    right.press("ArrowRight")
    box = right.bounding_box()
    assert box
    ana.page.mouse.move(box["x"] + 22, box["y"] + 22)
    ana.page.mouse.down()
    ana.page.mouse.move(box["x"] + 42, box["y"] + 22)
    ana.page.mouse.up()
    wide = 160 + int(right.get_attribute("aria-valuenow") or 0)
    assert wide > 180

    assert ana.apply() == (wide, 160)


def test_relight_by_the_pad(visit: Opener, small: Path) -> None:
    ana = visit()
    ana.tool("relight", small)
    ana.page.get_by_role("slider", name="Where the light comes from").press("ArrowRight")
    ana.button("cool").click()
    expect(ana.page.get_by_role("textbox", name="Light")).to_have_value("cool light from the top left")

    assert ana.apply() == (160, 100)
    expect(ana.page.get_by_role("slider", name="Before and after")).to_be_visible()


def test_remove_background_upscale_and_reimagine(visit: Opener, small: Path) -> None:
    ana = visit()
    ana.tool("remove-background", small)
    assert ana.apply() == (160, 100)
    ana.button("Go on with this").click()
    ana.tool("upscale")
    expect(ana.page.locator(".controls")).to_contain_text("160 × 100 → 320 × 200")
    assert ana.apply() == (320, 200)
    ana.tool("reimagine")
    ana.page.get_by_role("radio", name="Vivid").click()
    assert ana.apply() == (160, 100)


def test_style_transfer_needs_its_reference(visit: Opener, small: Path, cup: Path) -> None:
    ana = visit()
    ana.tool("style-transfer", small)
    expect(ana.button("Apply")).to_be_disabled()
    ana.button("Add a reference picture").click()
    with ana.page.expect_file_chooser() as chooser:
        ana.page.get_by_role("dialog").get_by_role("button", name="From this device").click()
    chooser.value.set_files(cup)

    assert ana.apply() == (160, 100)


def test_create_a_picture_and_go_on_in_chat(visit: Opener) -> None:
    ana = visit()
    ana.tool("image-generate")
    ana.page.get_by_role("textbox", name="Prompt").fill("a quiet lake")
    ana.page.get_by_role("radio", name="16:9").click()
    ana.page.get_by_text("More options").click()
    ana.page.get_by_role("textbox", name="Size").fill("256x144")

    assert ana.apply("Create") == (256, 144)
    ana.button("Edit in chat").click()
    expect(ana.page.locator(".tray img")).to_have_count(1)


def test_a_tool_is_cancelled(visit: Opener, cup: Path) -> None:
    ana = visit()
    ana.tool("upscale", cup)
    ana.page.get_by_role("radio", name="4×").click()
    ana.button("Apply").click()

    ana.button("Cancel").click()

    expect(ana.page.locator(".working")).to_have_count(0)
    expect(ana.button("Apply")).to_be_enabled()
