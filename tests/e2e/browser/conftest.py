"""A real Chromium before the real studio: every test is a new person with an empty browser."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect, sync_playwright

from ..conftest import Studio
from ..support import ROOT
from .chromium import FLAGS, find
from .visitor import Visitor

Opener = Callable[..., Visitor]
_CALM = ("net::ERR_", "the server responded with a status of 4", "the server responded with a status of 5")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one module: while Playwright's loop runs in this thread, no other test may run one of its own."""
    path = find()
    expect.set_options(timeout=20_000)
    assert path, "No Chromium: run `make browser`, or set CHROMIUM to one"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, studio: Studio) -> Iterator[Opener]:
    """Opens the page as somebody new; whatever script error it meets fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def opened(path: str = "/", *, size: tuple[int, int] = (1280, 800), user: str = "", before: Any = None, **options: Any) -> Visitor:
        options = {"locale": "en-US", "color_scheme": "light", **options}
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        _listen(page, errors)
        visitor = Visitor(page, studio.url, user or f"web-{uuid.uuid4().hex[:10]}")
        context.add_init_script(f"localStorage.getItem('photofun.user') || localStorage.setItem('photofun.user', '{visitor.user}')")
        if before:
            before(page)
        page.goto(studio.url + path)
        page.locator("html[data-ready], dialog").first.wait_for(state="attached")
        return visitor

    yield opened
    for context in contexts:
        with suppress(Error):
            context.close()
    assert not errors, errors


def _listen(page: Page, errors: list[str]) -> None:
    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(calm in message.text for calm in _CALM):
            errors.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: errors.append(str(error)))


@pytest.fixture(scope="session")
def cat() -> Path:
    """A photo of a cat, 451 x 300."""
    return ROOT / "imaging-svc" / "tests" / "data" / "photos" / "chelsea.jpg"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, cat: Path) -> Path:
    """The cat at 160 x 100, for features that take their time."""
    path = tmp_path_factory.mktemp("pictures") / "small.jpg"
    Image.open(cat).resize((160, 100)).save(path)
    return path


@pytest.fixture(scope="session")
def cup() -> Path:
    """A photo of a cup, 600 x 400."""
    return ROOT / "imaging-svc" / "tests" / "data" / "photos" / "coffee.jpg"
