"""Is the studio page whole: nothing inline, nothing from elsewhere, every file there?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import gateway_svc

STUDIO = Path(gateway_svc.__file__).parent / "studio"
SCRIPTS = {file.name: file.read_text() for file in STUDIO.glob("*.js")}


async def test_every_file_the_page_names_is_served(gateway: Any) -> None:
    page = (await gateway.client.get("/")).text
    named = set(re.findall(r'(?:src|href)="(/studio/[^"]+)"', page)) | {f"/studio/{name}" for name in SCRIPTS}

    for path in named:
        response = await gateway.client.get(path)
        assert response.status_code == 200, path
        assert response.headers["etag"]
        if path.endswith(".js"):
            assert "javascript" in response.headers["content-type"]


def test_modules_import_what_others_export() -> None:
    for text in SCRIPTS.values():
        for names, module in re.findall(r'import \{([^}]+)\} from "\./([^"]+)"', text):
            for name in (part.strip() for part in names.split(",")):
                assert re.search(rf"export (?:const|let|class|(?:async )?function\*?) {name}\b", SCRIPTS[module]), (module, name)


def test_the_page_holds_nothing_inline_and_nothing_from_elsewhere() -> None:
    page = (STUDIO / "index.html").read_text()

    assert "style=" not in page
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert not re.search(r"\son\w+=", page)
    for text in (page, *SCRIPTS.values(), (STUDIO / "studio.css").read_text()):
        assert not re.search(r"https?://(?!www\.w3\.org)", text)


def test_both_languages_say_the_same_things() -> None:
    english, vietnamese = re.split(r"\n  vi: \{", SCRIPTS["words.js"].split("let language")[0])

    assert set(re.findall(r"\b(\w+):", english)) - {"en"} >= set(re.findall(r"\b(\w+): [\"\[({]", vietnamese))


def test_every_word_of_the_page_is_known() -> None:
    page = (STUDIO / "index.html").read_text()
    asked = set(re.findall(r'data-(?:word|title|placeholder)="(\w+)"', page))
    asked |= {name for text in SCRIPTS.values() for name in re.findall(r'word\("(\w+)"\)', text)}

    for name in asked:
        assert len(re.findall(rf"\b{name}: ", SCRIPTS["words.js"])) >= 2, name
