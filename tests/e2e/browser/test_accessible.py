"""Can everybody use it: axe's rules on every view in light and dark, keyboard alone, small and large screens?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import Opener


def findings(page: Page) -> list[str]:
    """axe's serious and critical findings, readable."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}" for one in grave for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave(visit: Opener, scheme: str, cat: Path) -> None:
    ana = visit(color_scheme=scheme, reduced_motion="reduce")
    grave = {"hello": findings(ana.page)}
    ana.attach(cat)
    grave["tray"] = findings(ana.page)
    answer = ana.say("make it black and white")
    ana.picture(answer)
    ana.button("Compare", within=answer).click()
    grave["answer"] = findings(ana.page)
    refused = ana.say("put a red hat on the cat", status=None)
    expect(refused).to_have_attribute("aria-busy", "false")
    grave["problem"] = findings(ana.page)
    ana.button("Account").click()
    grave["account"] = findings(ana.page)
    ana.page.keyboard.press("Escape")
    ana.go("#/tools")
    ana.page.locator(".tool-card").first.wait_for()
    grave["tools"] = findings(ana.page)
    ana.tool("adjust", cat)
    grave["crop"] = findings(ana.page)
    for name in ("Light & colour", "Looks", "Text"):
        ana.page.get_by_role("tab", name=name).click()
        grave[name] = findings(ana.page)
    for name in ("relight", "image-expand", "image-generate", "remove-background", "edit"):
        ana.tool(name)
        grave[name] = findings(ana.page)
    ana.gallery()
    expect(ana.tiles).to_have_count(1)
    ana.tiles.first.hover()
    ana.tiles.first.get_by_role("checkbox").click()
    grave["gallery"] = findings(ana.page)
    ana.page.keyboard.press("Escape")
    ana.tiles.first.locator(".tile-open").click()
    ana.page.keyboard.press("i")
    ana.page.locator(".panel h2").wait_for()
    grave["viewer"] = findings(ana.page)

    assert {name: found for name, found in grave.items() if found} == {}


@pytest.mark.parametrize(("width", "height"), [(360, 640), (3840, 2160)])
def test_it_fits_from_small_phones_to_large_screens(visit: Opener, width: int, height: int) -> None:
    ana = visit(size=(width, height))

    views = (("#/", ".composer"), ("#/tools", ".tool-card >> nth=0"), ("#/tools/adjust", ".go-tool"), ("#/gallery", ".gallery-bar"))
    for path, what in views:
        ana.go(path)
        expect(ana.page.locator(what)).to_be_in_viewport()
        assert ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_keyboard_is_enough(visit: Opener) -> None:
    ana = visit()
    skip = ana.page.get_by_role("link", name="Skip to the content")
    skip.focus()
    expect(skip).to_be_in_viewport()
    stops = []
    for _ in range(12):
        ana.page.keyboard.press("Tab")
        stops.append(ana.page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"))

    assert stops[:7] == ["PhotoFun", "Chat", "Tools", "Gallery", "Tiếng Việt", "Theme: as the device", "Account"]
    assert {"New chat", "Search chats"} <= set(stops)
    ana.page.get_by_role("textbox", name="Message").focus()
    ana.page.keyboard.type("hello")
    ana.page.keyboard.press("Enter")
    expect(ana.answer()).to_have_attribute("data-status", "DONE")
    expect(ana.page.get_by_role("textbox", name="Message")).to_be_focused()


def test_the_theme_is_chosen_and_kept(visit: Opener) -> None:
    ana = visit(color_scheme="dark")
    dark = ana.page.evaluate("getComputedStyle(document.body).backgroundColor")

    ana.button("Theme: as the device").click()

    light = ana.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    ana.page.reload()
    assert ana.page.evaluate("getComputedStyle(document.body).backgroundColor") == light


def test_motion_stops_for_those_who_asked(visit: Opener) -> None:
    ana = visit(reduced_motion="reduce")

    assert ana.page.evaluate("getComputedStyle(document.querySelector('.start')).transitionDuration") in ("0s", "0s, 0s, 0s")
