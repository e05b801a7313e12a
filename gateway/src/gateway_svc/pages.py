"""Which files does the gateway serve itself?  The studio page, and the viewers of the API document."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import mimetypes
from functools import cache
from pathlib import Path

from .wire import Answer, Exchange, Pairs

__all__ = ["Pages"]

_STUDIO = Path(__file__).parent / "studio"
_KINDS = {".webmanifest": "application/manifest+json", ".js": "text/javascript"}
_WORTH_PACKING = 700
_STUDIO_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data: https: http:; "
    b"font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_VIEWER_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; "
    b"font-src 'self' data:; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_VIEWER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js")

_SWAGGER = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>PhotoFun Studio API</title><link rel="icon" href="/studio/icon.svg"><link rel="stylesheet" href="/assets/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="/assets/swagger-ui-bundle.js"></script><script src="/assets/swagger-start.js"></script></body></html>
"""
_SWAGGER_START = b"""window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, persistAuthorization: true, tryItOutEnabled: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset], layout: "BaseLayout",
});
"""
_REDOC = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>PhotoFun Studio API</title><link rel="icon" href="/studio/icon.svg"></head>
<body><redoc spec-url="/openapi.json" disable-google-font="true"></redoc><script src="/assets/redoc.standalone.js"></script></body></html>
"""


class Page:
    """A file in memory with its ETag; texts also packed, for clients that take gzip."""

    def __init__(self, body: bytes, kind: str, *, policy: bytes | None = None, cache_for: bytes = b"no-cache") -> None:
        self.body = body
        self.etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'.encode()
        charset = "; charset=utf-8" if kind.startswith("text/") or kind.endswith(("javascript", "json", "svg+xml")) else ""
        self.headers: Pairs = [(b"content-type", (kind + charset).encode()), (b"etag", self.etag), (b"cache-control", cache_for)]
        if policy:
            self.headers.append((b"content-security-policy", policy))
        self.packed = gzip.compress(body, 9, mtime=0) if charset and len(body) > _WORTH_PACKING else None
        if self.packed:
            self.headers.append((b"vary", b"accept-encoding"))

    def answer(self, exchange: Exchange) -> Answer:
        asked = exchange.header(b"if-none-match")
        if asked and self.etag in (tag.strip().removeprefix(b"W/") for tag in asked.split(b",")):
            return Answer(304, b"", self.headers)
        if self.packed and b"gzip" in exchange.header(b"accept-encoding"):
            weak = [(name, b"W/" + value if name == b"etag" else value) for name, value in self.headers]
            return Answer(200, self.packed, [*weak, (b"content-encoding", b"gzip")])
        return Answer(200, self.body, self.headers)


class Pages:
    """The pages by canonical path, read when first asked for."""

    def find(self, path: str) -> Page | None:
        if path == "/":
            return _studio_files().get("index.html")
        if path == "/favicon.ico":
            return _studio_files().get("icon.svg")
        if path == "/swagger":
            return Page(_SWAGGER, "text/html", policy=_VIEWER_POLICY)
        if path == "/redoc":
            return Page(_REDOC, "text/html", policy=_VIEWER_POLICY)
        if path.startswith("/studio/"):
            return _studio_files().get(path.removeprefix("/studio/"))
        if path.startswith("/assets/"):
            return _viewer_file(path.removeprefix("/assets/"))
        return None


@cache
def _studio_files() -> dict[str, Page]:
    found = {}
    for file in sorted(_STUDIO.rglob("*")):
        if file.is_file() and not file.name.startswith("."):
            kind = _KINDS.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            policy = _STUDIO_POLICY if file.suffix == ".html" else None
            found[file.relative_to(_STUDIO).as_posix()] = Page(file.read_bytes(), kind, policy=policy)
    return found


@cache
def _viewers() -> Path | None:
    spec = importlib.util.find_spec("fastapi_offline")
    return Path(next(iter(spec.submodule_search_locations))) / "static" if spec and spec.submodule_search_locations else None


@cache
def _viewer_page(name: str) -> Page | None:
    folder = _viewers()
    if folder is None or not (folder / name).is_file():
        return None
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Page((folder / name).read_bytes(), kind, cache_for=b"public, max-age=86400")


def _viewer_file(name: str) -> Page | None:
    if name == "swagger-start.js":
        return Page(_SWAGGER_START, "text/javascript")
    return _viewer_page(name) if name in _VIEWER_FILES else None
