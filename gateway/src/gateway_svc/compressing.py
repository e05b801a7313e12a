"""When is an answer sent smaller?  Whole JSON and text that the client takes gzipped."""

from __future__ import annotations

import gzip
import re

from .wire import Exchange, Pairs

__all__ = ["compressed"]

_LEAST, _MOST = 1024, 4 * 2**20
_LEVEL = 2
_TEXT = re.compile(rb"(?:application/(?:[\w.-]+\+)?json|text/(?!event-stream)[\w.-]+|application/javascript|image/svg\+xml)\b")
_TAKES = re.compile(rb"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)", re.IGNORECASE)


def compressed(exchange: Exchange, headers: Pairs, body: bytes) -> tuple[Pairs, bytes]:
    """The answer as this client gets it.  Caches learn that it differs by Accept-Encoding; an ETag becomes a weak one."""
    if not _LEAST <= len(body) <= _MOST:
        return headers, body
    kind = next((value for name, value in headers if name == b"content-type"), b"")
    if not _TEXT.match(kind) or any(name == b"content-encoding" for name, _ in headers):
        return headers, body
    varied = [*headers, (b"vary", b"Accept-Encoding")]
    if not _TAKES.search(exchange.header(b"accept-encoding")[:512]):
        return varied, body
    small = gzip.compress(body, _LEVEL, mtime=0)
    kept = [
        (name, b"W/" + value if name == b"etag" and not value.startswith(b"W/") else value)
        for name, value in varied
        if name != b"content-length"
    ]
    return [*kept, (b"content-encoding", b"gzip"), (b"content-length", b"%d" % len(small))], small
