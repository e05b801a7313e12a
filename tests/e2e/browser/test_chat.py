"""Does a conversation on the page become pictures, as a person sees it?"""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from playwright.sync_api import expect

from ..conftest import Studio
from .conftest import Opener
from .visitor import SLOW


def test_the_golden_journey(visit: Opener, cat: Path) -> None:
    ana = visit()
    expect(ana.page.get_by_role("heading", name="What shall we make?")).to_be_visible()

    ana.attach(cat)
    first = ana.say("Make it black and white")
    ana.picture(first)
    expect(ana.page.locator(".msg.user img")).to_have_count(1)

    ana.button("Compare", within=first).click()
    handle = first.get_by_role("slider", name=re.compile("Before and after"))
    handle.focus()
    handle.press("ArrowRight")
    expect(handle).to_have_value("51")

    second = ana.say("now rotate it 90 degrees")
    shown = ana.picture(second)
    assert shown.evaluate("img => img.naturalHeight > img.naturalWidth")

    undone = ana.say("undo")
    assert ana.picture(undone).get_attribute("src") == first.locator("img").first.get_attribute("src")

    ana.go("#/gallery")
    expect(ana.tiles).to_have_count(2)
    ana.go("#/")
    expect(ana.answers).to_have_count(3)


def test_the_placeholder_has_the_shape_of_what_comes_and_nothing_jumps(visit: Opener, cat: Path) -> None:
    ana = visit()
    ana.page.evaluate("""() => { window.shift = 0; new PerformanceObserver(list => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true }) }""")
    ana.attach(cat)

    answer = ana.say("Crop it to a square and upscale it 2x", status=None)
    waiting = answer.locator(".frame.waiting")
    waiting.wait_for()
    expect(waiting.get_by_role("progressbar")).to_be_visible()
    expected = waiting.bounding_box()
    ana.picture(answer)

    shown = answer.locator(".frame").bounding_box()
    assert expected and shown
    assert abs(expected["width"] / expected["height"] - 1) < 0.02
    assert abs(expected["height"] - shown["height"]) <= 1
    expect(answer.locator(".steps li")).to_have_count(2)
    expect(answer.locator(".between img")).to_have_count(1)
    assert ana.page.evaluate("window.shift") <= 0.02


def test_a_plan_is_shown_changed_and_approved(visit: Opener, cat: Path) -> None:
    ana = visit()
    ana.button("Review first").click()
    ana.attach(cat)

    answer = ana.say("crop it to a square and upscale it 2x", status="AWAITING_APPROVAL")

    cards = answer.locator(".card")
    expect(cards).to_have_count(2)
    ana.button("Leave this step out", within=cards.nth(1)).click()
    expect(cards).to_have_count(1)
    ana.button("Edit", within=cards).click()
    cards.get_by_role("combobox").select_option("flip")
    expect(cards).to_contain_text("flip")
    ana.button("Go ahead", within=answer).click()
    expect(answer).to_have_attribute("data-status", "DONE", timeout=SLOW)
    size = ana.picture(answer).evaluate("img => [img.naturalWidth, img.naturalHeight]")
    assert size == [300, 300]


def test_an_unclear_wish_is_answered_with_choices(visit: Opener, cat: Path) -> None:
    ana = visit()
    ana.attach(cat)
    asked = ana.say("make it better")

    asked.locator(".choices button").first.click()

    expect(ana.answers).to_have_count(2)
    ana.picture(ana.answer())


def test_a_wish_for_several_pictures_shows_them_all(visit: Opener) -> None:
    ana = visit()
    answer = ana.say("create 2 pictures of a quiet lake")
    ana.picture(answer)

    answer.locator(".siblings button").click()

    expect(ana.page.locator(".viewer .count")).to_have_text("2 / 2")


def test_what_no_engine_can_do_offers_what_can_be_done(visit: Opener, small: Path) -> None:
    ana = visit()
    ana.attach(small)
    refused = ana.say("put a red hat on the cat", status="FAILED")
    expect(refused).to_contain_text("No engine of this studio")

    refused.locator(".choices button").filter(has_text="Adjust").click()

    ana.picture(ana.answers.nth(1))


def test_small_talk_gets_words(visit: Opener) -> None:
    ana = visit()

    answer = ana.say("thank you!")

    assert answer.locator(".words").inner_text()
    expect(answer.locator(".frame")).to_be_hidden()


def test_a_wish_without_its_picture_asks_for_one_and_goes_on(visit: Opener, cat: Path) -> None:
    ana = visit()
    refused = ana.say("remove the background", status="FAILED")
    expect(refused).to_contain_text("Which picture?")

    with ana.page.expect_file_chooser() as chooser:
        ana.button("Choose a picture", within=refused).click()
    chooser.value.set_files(cat)
    expect(ana.page.locator(".tray img")).to_have_count(1)
    ana.page.keyboard.press("Enter")

    expect(ana.answers).to_have_count(2)
    ana.picture(ana.answer())


def test_a_running_job_is_cancelled_and_run_again(visit: Opener, cup: Path) -> None:
    ana = visit()
    ana.attach(cup)
    answer = ana.say("upscale it 4x", status=None)

    ana.button("Cancel", within=answer).click()

    expect(answer).to_have_attribute("data-status", "CANCELED", timeout=SLOW)
    ana.button("Run again", within=answer).click()
    expect(answer).to_have_attribute("data-status", "PROCESSING")
    ana.button("Cancel", within=answer).click()
    expect(answer).to_have_attribute("data-status", "CANCELED", timeout=SLOW)


def test_a_gateway_that_dies_mid_job_is_survived(visit: Opener, studio: Studio, small: Path) -> None:
    ana = visit()
    ana.attach(small)
    answer = ana.say("reimagine it as a watercolor, then upscale it 2x", status=None)
    answer.locator(".frame.waiting").wait_for()

    os.kill(studio.pid("gateway"), signal.SIGKILL)

    expect(ana.page.locator("#banner")).to_contain_text("can’t be reached")
    expect(answer).to_have_attribute("data-status", "DONE", timeout=SLOW)
    ana.picture(answer)
    expect(ana.page.locator("#banner")).to_be_hidden()


def test_several_pictures_and_the_choice_which_is_edited(visit: Opener, small: Path, cup: Path) -> None:
    ana = visit()
    ana.attach(cup, small)
    thumbs = ana.page.locator(".tray .thumb")
    expect(thumbs.nth(1)).to_contain_text("Reference")

    thumbs.nth(1).click()

    expect(ana.page.get_by_role("button", name="To edit: small.jpg")).to_have_attribute("aria-pressed", "true")
    answer = ana.say("make the first picture look like the second")
    assert ana.picture(answer).evaluate("img => [img.naturalWidth, img.naturalHeight]") == [160, 100]


def test_pictures_are_dropped_and_pasted(visit: Opener, cat: Path) -> None:
    ana = visit()
    content = list(cat.read_bytes())
    give = """([kind, target, bytes]) => {
      const given = new DataTransfer();
      given.items.add(new File([new Uint8Array(bytes)], `${kind}.jpg`, { type: 'image/jpeg' }));
      const members = kind === 'drop' ? { dataTransfer: given } : { clipboardData: given };
      const Kind = kind === 'drop' ? DragEvent : ClipboardEvent;
      document.querySelector(target).dispatchEvent(new Kind(kind, { bubbles: true, cancelable: true, ...members }));
    }"""

    ana.page.evaluate(give, ["drop", ".scroll", content])
    ana.page.evaluate(give, ["paste", ".composer textarea", content])

    expect(ana.page.locator(".tray li")).to_have_count(2)


def test_chats_are_renamed_searched_and_deleted(visit: Opener) -> None:
    ana = visit()
    ana.say("hello there")
    ana.button("New chat").first.click()
    ana.say("thanks a lot")
    rows = ana.page.locator(".row-item")
    expect(rows).to_have_count(2)

    rows.filter(has_text="hello").hover()
    rows.filter(has_text="hello").get_by_role("button").click()
    ana.page.get_by_role("menuitem", name="Rename").click()
    ana.page.get_by_role("textbox", name="Name").fill("My first chat")
    ana.button("Save").click()
    expect(rows.filter(has_text="My first chat")).to_have_count(1)

    ana.page.get_by_role("searchbox", name="Search chats").fill("first")
    expect(rows).to_have_count(1)
    rows.get_by_role("link").click()
    expect(ana.page.locator(".msg.user")).to_contain_text("hello there")
    rows.get_by_role("button").click()
    ana.page.get_by_role("menuitem", name="Delete").click()
    ana.button("Delete", within=ana.page.get_by_role("dialog")).click()
    expect(ana.page.get_by_role("heading", name="What shall we make?")).to_be_visible()


def test_a_prompt_that_fits_is_suggested(visit: Opener) -> None:
    ana = visit()
    ana.write("sunset")

    ana.page.get_by_role("group", name="Suggestions").get_by_role("button").first.click()

    assert "sunset" in ana.page.get_by_role("textbox", name="Message").input_value().lower()


def test_a_phone_that_speaks_vietnamese(visit: Opener, cat: Path) -> None:
    mai = visit(size=(360, 740), locale="vi-VN", is_mobile=True, has_touch=True, device_scale_factor=2)
    expect(mai.page.get_by_role("heading", name="Hôm nay mình làm gì nhỉ?")).to_be_visible()

    mai.attach(cat)
    answer = mai.say("chuyển sang đen trắng giúp mình")

    mai.picture(answer)
    expect(mai.button("Tải xuống", within=answer)).to_be_visible()
    assert mai.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    mai.button("Các cuộc trò chuyện").click()
    expect(mai.page.locator(".side")).to_be_in_viewport()
    mai.page.keyboard.press("Escape")
    mai.page.get_by_role("link", name="Bộ sưu tập").click()
    expect(mai.tiles).to_have_count(1)
    mai.page.get_by_role("button", name="English").click()
    expect(mai.page.get_by_role("heading", name="All pictures")).to_be_visible()
