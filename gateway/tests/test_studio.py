"""Is the studio page whole: nothing inline, nothing from elsewhere, every file there, small?"""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import gateway_svc

STUDIO = Path(gateway_svc.__file__).parent / "studio"
SCRIPTS = {file.relative_to(STUDIO).as_posix(): file.read_text() for file in STUDIO.rglob("*.js")}
STYLES = {file.relative_to(STUDIO).as_posix(): file.read_text() for file in STUDIO.rglob("*.css")}
PAGE = (STUDIO / "index.html").read_text()
MOST_BYTES = 150_000
"""All of the page as it travels; what the first view alone takes is measured in a browser, tests/e2e/browser."""


async def test_every_file_of_the_page_is_served(gateway: Any) -> None:
    for path in ["/", *(f"/studio/{file.relative_to(STUDIO).as_posix()}" for file in STUDIO.rglob("*") if file.is_file())]:
        response = await gateway.client.get(path)

        assert response.status_code == 200, path
        assert response.headers["etag"]
        if path.endswith(".js"):
            assert "javascript" in response.headers["content-type"]
        if path.endswith(".webmanifest"):
            assert "manifest+json" in response.headers["content-type"]


async def test_the_policy_of_the_page_lets_nothing_inline_or_foreign_run(gateway: Any) -> None:
    policy = (await gateway.client.get("/")).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy


def test_the_page_holds_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert "style=" not in PAGE
    assert not re.search(r"<script(?![^>]*src=)", PAGE)
    assert not re.search(r"\son\w+=", PAGE)
    for text in (PAGE, *SCRIPTS.values(), *STYLES.values()):
        assert not re.search(r"https?://(?!www\.w3\.org)", text)


def test_every_file_that_is_named_exists() -> None:
    for name in re.findall(r'(?:src|href)="/studio/([^"]+)"', PAGE):
        assert (STUDIO / name).is_file(), name
    for name, text in SCRIPTS.items():
        for path in re.findall(r'(?:from|import\()\s*"(\.[^"]+)"', text):
            assert ((STUDIO / name).parent / path).is_file(), (name, path)


def test_modules_import_what_others_export() -> None:
    for name, text in SCRIPTS.items():
        for names, path in re.findall(r'import \{([^}]+)\} from "([^"]+)"', text):
            other = SCRIPTS[((STUDIO / name).parent / path).resolve().relative_to(STUDIO.resolve()).as_posix()]
            for wanted in (part.strip() for part in names.split(",")):
                assert re.search(rf"export (?:const|let|class|(?:async )?function\*?) {wanted}\b", other), (name, wanted)
                assert len(re.findall(rf"\b{wanted}\b", text)) > 1, f"{name} imports {wanted} and does not use it"


async def test_the_page_travels_packed(gateway: Any) -> None:
    response = await gateway.client.get("/studio/app.js", headers={"accept-encoding": "gzip"})
    plain = await gateway.client.get("/studio/app.js", headers={"accept-encoding": "identity"})

    assert response.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in response.headers["vary"]
    assert response.text == plain.text
    again = await gateway.client.get("/studio/app.js", headers={"if-none-match": response.headers["etag"]})
    assert again.status_code == 304


def test_scripts_and_styles_stay_small() -> None:
    files = [text.encode() for text in (*SCRIPTS.values(), *STYLES.values())]

    assert sum(len(gzip.compress(file, 9)) for file in files) <= MOST_BYTES
