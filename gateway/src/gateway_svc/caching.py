"""Which answers are the same for everybody for a while?  Those whose service says `public, s-maxage`; kept here so long, with an ETag."""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from dataclasses import dataclass

from .wire import Answer, Exchange, Pairs

__all__ = ["AnswerCache", "is_known"]

_SHARED = re.compile(rb"(?:^|,)\s*s-maxage=(\d{1,6})\s*(?:,|$)")
_MOST_BYTES = 1024 * 1024
_MOST_ANSWERS = 256


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Answer
    kept_at: float
    until: float


def is_known(exchange: Exchange, etag: bytes) -> bool:
    """Whether the client has what this ETag stands for."""
    asked = exchange.header(b"if-none-match")
    return bool(asked) and (
        asked.strip() == b"*" or etag.removeprefix(b"W/") in (tag.strip().removeprefix(b"W/") for tag in asked.split(b","))
    )


class AnswerCache:
    """By path and query; the oldest goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, bytes], _Kept] = OrderedDict()

    def find(self, exchange: Exchange, path: str) -> Answer | None:
        """The answer that is kept, or 304 for a client that has it."""
        if not self._kept or exchange.method not in ("GET", "HEAD"):
            return None
        found = self._kept.get((path, exchange.query))
        now = time.monotonic()
        if found is None or now >= found.until:
            return None
        headers: Pairs = [*found.answer.headers, (b"age", b"%d" % (now - found.kept_at))]
        etag = next(value for name, value in headers if name == b"etag")
        if is_known(exchange, etag):
            return Answer(304, b"", [pair for pair in headers if pair[0] != b"content-type"])
        return Answer(200, found.answer.body, headers)

    def keep(self, exchange: Exchange, path: str, status: int, headers: Pairs, body: bytes) -> Pairs:
        """Keep an answer that may be kept; its headers, with an ETag then."""
        if exchange.method != "GET" or status != 200 or len(body) > _MOST_BYTES:
            return headers
        rule = next((value for name, value in headers if name == b"cache-control"), b"")
        shared = _SHARED.search(rule) if b"public" in rule else None
        if shared is None or any(name in (b"content-encoding", b"vary") for name, _ in headers):
            return headers
        plain = [pair for pair in headers if pair[0] != b"content-length"]
        if not any(name == b"etag" for name, _ in plain):
            plain.append((b"etag", b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode()))
        now = time.monotonic()
        self._kept[path, exchange.query] = _Kept(Answer(200, body, plain), now, now + int(shared.group(1)))
        self._kept.move_to_end((path, exchange.query))
        while len(self._kept) > _MOST_ANSWERS:
            self._kept.popitem(last=False)
        return plain
