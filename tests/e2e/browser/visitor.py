"""How does somebody use the page?  By its labels, buttons and keys, as a person or a screen reader finds them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

SLOW = 60_000
"""Milliseconds that a job may take on a busy machine; no test waits for them to pass."""


@dataclass(frozen=True)
class Visitor:
    """Somebody before the page."""

    page: Page
    url: str
    user: str

    def go(self, path: str) -> None:
        """To another view, as a click on a link would."""
        self.page.evaluate("path => { location.hash = path }", path)

    def button(self, name: str | re.Pattern[str], *, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=isinstance(name, str))

    # --- chat

    @property
    def answers(self) -> Locator:
        return self.page.locator(".msg.bot")

    def answer(self, number: int = -1) -> Locator:
        return self.answers.last if number < 0 else self.answers.nth(number)

    def write(self, text: str) -> None:
        self.page.get_by_role("textbox", name=re.compile("^(Message|Tin nhắn)$")).fill(text)

    def say(self, text: str, *, status: str | None = "DONE") -> Locator:
        """Say it; once the answer has that status (None: at once), the answer."""
        before = self.answers.count()
        self.write(text)
        self.page.keyboard.press("Enter")
        answer = self.answers.nth(before)
        if status:
            expect(answer).to_have_attribute("data-status", status, timeout=SLOW)
        return answer

    def attach(self, *files: Path) -> None:
        self.button(re.compile("^(Add pictures|Thêm ảnh)$")).click()
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("menuitem", name=re.compile("device|thiết bị")).click()
        chooser.value.set_files(list(files))
        expect(self.page.locator(".tray li")).to_have_count(len(files))

    def picture(self, answer: Locator) -> Locator:
        """The picture in an answer, once it is really there."""
        shown = answer.locator(".frame.ready img")
        shown.wait_for(timeout=SLOW)
        return shown

    # --- tools

    def tool(self, name: str, picture: Path | None = None) -> None:
        self.go(f"#/tools/{name}")
        self.page.locator(".bench").wait_for()
        if picture:
            with self.page.expect_file_chooser() as chooser:
                self.page.locator(".drop-zone").get_by_role("button", name="From this device").click()
            chooser.value.set_files(picture)
            self.page.locator(".canvas-box, .expand-box").first.wait_for()

    def apply(self, name: str = "Apply") -> tuple[int, int]:
        """Run the tool; the size of the picture that came of it."""
        self.button(name).click()
        result = self.page.get_by_role("img", name="The result").first
        result.wait_for(timeout=SLOW)
        size = result.evaluate("async img => { await img.decode(); return [img.naturalWidth, img.naturalHeight] }")
        return int(size[0]), int(size[1])

    # --- gallery

    @property
    def tiles(self) -> Locator:
        return self.page.locator(".tile")

    def gallery(self, part: str = "") -> None:
        self.go(f"#/gallery/{part}".rstrip("/"))
        self.page.locator(".gallery h1").wait_for()
