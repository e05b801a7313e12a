"""What does the page do when things are not as they should be?"""

from __future__ import annotations

import json
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, Route, expect

from ..support import ROOT
from .conftest import Opener

STUDIO = ROOT / "gateway" / "src" / "gateway_svc" / "studio"
_PROBLEM = "application/problem+json"
_EMPTY = {"code": 1000, "message": "", "result": [], "meta": {"next_cursor": None, "count": 0}}


def _refuse(route: Route, status: int, slug: str, **headers: str) -> None:
    body = {
        "type": f"https://photofun.studio/problems/{slug}",
        "title": slug,
        "status": status,
        "detail": slug,
        "message": slug,
        "code": 1001,
    }
    route.fulfill(status=status, content_type=_PROBLEM, headers=headers, body=json.dumps(body))


def test_offline_is_said_and_sending_goes_on_when_back(visit: Opener) -> None:
    ana = visit()
    ana.say("hello")
    ana.page.context.set_offline(True)

    ana.write("thank you")
    ana.page.keyboard.press("Enter")

    expect(ana.page.locator("#banner")).to_contain_text("can’t be reached")
    expect(ana.page.locator(".unsent")).to_be_visible()
    ana.page.context.set_offline(False)
    expect(ana.page.locator("#banner")).to_be_hidden()
    ana.button("Send again").click()
    expect(ana.answers).to_have_count(2)
    expect(ana.answer()).to_have_attribute("data-status", "DONE")


def test_signing_in_is_asked_for_and_the_work_goes_on(visit: Opener) -> None:
    def closed(page: Page) -> None:
        def judge(route: Route) -> None:
            is_known = route.request.headers.get("authorization") == "Bearer secret"
            route.fulfill(json=_EMPTY) if is_known else _refuse(route, 401, "unauthorized")

        page.route("**/v1/**", judge)

    ana = visit("/#access_token=wrong", before=closed)
    assert "wrong" not in ana.page.url
    field = ana.page.get_by_label("Token or API key")
    expect(ana.page.get_by_role("heading", name="Your session has ended")).to_be_visible()

    field.fill("secret")
    ana.page.keyboard.press("Enter")

    expect(ana.page.get_by_role("dialog")).to_have_count(0)
    expect(ana.page.get_by_role("heading", name="What shall we make?")).to_be_visible()
    kept = ana.page.evaluate("[JSON.stringify({...localStorage}).includes('secret'), sessionStorage.getItem('photofun.token')]")
    assert kept == [False, "secret"]


def test_too_fast_is_counted_down(visit: Opener) -> None:
    ana = visit()
    ana.page.route("**/v1/chat/sessions/*/messages", lambda route: _refuse(route, 429, "rate-limited", **{"Retry-After": "2"}), times=1)

    ana.write("hello")
    ana.page.keyboard.press("Enter")

    expect(ana.page.locator("#banner")).to_have_text(re.compile(r"go on in \d seconds?"))
    expect(ana.page.locator("#banner")).to_be_hidden()
    ana.button("Send again").click()
    expect(ana.answer()).to_have_attribute("data-status", "DONE")


def test_uploads_show_their_progress_and_what_is_no_picture_is_refused(visit: Opener, cat: Path, tmp_path: Path) -> None:
    ana = visit()
    ana.page.route("**/v1/files/", lambda route: (ana.page.wait_for_timeout(300), route.continue_()), times=1)
    ana.attach(cat)
    expect(ana.page.locator(".tray").get_by_role("progressbar", name="Uploading")).to_be_visible()
    expect(ana.page.locator(".tray progress")).to_have_count(0)

    text = tmp_path / "notes.png"
    text.write_text("no picture at all")
    ana.button("Add pictures").click()
    with ana.page.expect_file_chooser() as chooser:
        ana.page.get_by_role("menuitem", name="From this device").click()
    chooser.value.set_files(text)

    expect(ana.page.locator(".toast.bad")).to_be_visible()
    expect(ana.page.locator(".tray li")).to_have_count(1)


def test_a_picture_over_the_limit_is_made_to_fit(visit: Opener, tmp_path: Path) -> None:
    big = tmp_path / "camera.png"
    Image.merge("RGB", [Image.effect_noise((2500, 1900), 120) for _ in range(3)]).save(big, compress_level=0)
    assert big.stat().st_size > 10 * 2**20
    ana = visit()

    ana.attach(big)

    expect(ana.page.locator(".tray progress")).to_have_count(0)
    expect(ana.page.locator(".tray li")).to_have_count(1)


def test_a_very_wide_picture_and_a_very_long_prompt(visit: Opener, tmp_path: Path) -> None:
    wide = tmp_path / "wide.png"
    Image.linear_gradient("L").resize((2400, 90)).convert("RGB").save(wide)
    ana = visit(size=(360, 700))
    ana.attach(wide)

    answer = ana.say("make it sepia " + "and keep everything exactly as it is " * 30)

    ana.picture(answer)
    expect(ana.button("Show all")).to_be_visible()
    assert ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    frame = answer.locator(".frame").bounding_box()
    assert frame
    assert frame["width"] <= 360


def test_the_languages_say_the_same_things(visit: Opener) -> None:
    ana = visit()

    only = ana.page.evaluate("""async () => {
      const [en, vi] = await Promise.all(['en', 'vi'].map(async name => (await import(`/studio/words/${name}.js`)).default));
      const loose = new Set(['params', 'values', 'replies']);
      const isGroup = value => typeof value === 'object' && !Array.isArray(value) && !('other' in value);
      const paths = (words, at = '') => Object.entries(words).filter(([name]) => !loose.has(name)).flatMap(([name, value]) =>
        isGroup(value) ? paths(value, `${at}${name}.`) : [`${at}${name}${Array.isArray(value) ? value.length : ''}`]);
      const [one, two] = [new Set(paths(en)), new Set(paths(vi))];
      return [...one].filter(each => !two.has(each)).concat([...two].filter(each => !one.has(each)));
    }""")

    assert only == []


def test_every_word_that_is_asked_for_is_known(visit: Opener) -> None:
    scripts = [file for file in STUDIO.rglob("*.js") if file.parent.name != "words"]
    asked = {name for file in scripts for name in re.findall(r'\bword\("([\w.-]+)"', file.read_text())}
    asked |= set(re.findall(r'data-(?:word|title)="(\w+)"', (STUDIO / "index.html").read_text()))
    assert len(asked) > 100
    ana = visit()
    reach = """async asked => {
      const words = (await import('/studio/words/en.js')).default;
      return asked.filter(name => name.split('.').reduce((inner, part) => inner?.[part], words) === undefined);
    }"""

    assert ana.page.evaluate(reach, sorted(asked)) == []


def test_the_first_view_is_small(visit: Opener) -> None:
    ana = visit()

    ours = ana.page.evaluate("""performance.getEntriesByType('resource').filter(each => each.name.includes('/studio/'))
      .filter(each => !each.name.endsWith('.svg')).reduce((sum, each) => sum + each.decodedBodySize, 0)""")

    assert 0 < ours <= 150_000, ours
