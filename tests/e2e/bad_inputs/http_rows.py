"""Class H: HTTP itself, over raw sockets."""

from __future__ import annotations

import json
import re

from .world import END, Row, World, timed

__all__ = ["ROWS"]


def _status(told: bytes) -> int:
    return int(told.split(b" ", 2)[1]) if told.startswith(b"HTTP/1.") else 0


def _told(*requests: bytes, allowed: tuple[int, ...] = (400,)) -> Row:
    """Each of these is answered with one of the allowed statuses, as a problem, and nothing more follows."""

    def row(world: World) -> None:
        for request in requests:
            told = world.raw(request)
            assert _status(told) in allowed, (request[:80], told[:200])
            if _status(told) >= 400:
                head, _, body = told.partition(b"\r\n\r\n")
                assert b"application/problem+json" in head, head
                assert json.loads(body)["status"] == _status(told)

    return row


def _post(*lines: bytes, body: bytes = b"") -> bytes:
    return b"POST /v1/gallery/ HTTP/1.1\r\n" + b"".join(line + b"\r\n" for line in lines) + END + body


def _paths(*paths: str) -> Row:
    """Nothing is there, with and without signing in."""

    def row(world: World) -> None:
        for path in paths:
            request = b"GET " + path.encode("utf-8", "surrogateescape") + b" HTTP/1.1\r\n" + END
            told = world.raw(request)
            assert _status(told) in (400, 404), (path, told[:200])
            answers = {world.door.ask("GET", path).status_code} if path.isascii() and "//" not in path and "/.." not in path else set()
            assert answers <= {400, 404}, (path, answers)

    return row


def _ignored(*headers: bytes) -> Row:
    """The answer is the one without these headers."""

    def row(world: World) -> None:
        plain = world.raw(b"GET /v1/models HTTP/1.1\r\n" + END)
        for header in headers:
            told = world.raw(b"GET /v1/models HTTP/1.1\r\n" + header + b"\r\n" + END)
            assert _status(told) == 200, (header, told[:200])
            assert told.partition(b"\r\n\r\n")[2] == plain.partition(b"\r\n\r\n")[2]

    return row


def _pipelined(world: World) -> None:
    one = b"GET /v1/models/m%d HTTP/1.1\r\nHost: localhost\r\n\r\n"
    told = world.raw(b"".join(one % number for number in range(199)) + b"GET /v1/models/m199 HTTP/1.1\r\n" + END)
    names = [name.decode() for name in re.findall(rb'"id":"(m\d+)"', told)]
    assert names == [f"m{number}" for number in range(len(names))]
    assert told.count(b"HTTP/1.1 ") == len(names)


def _many_ranges(world: World) -> None:
    made = world.person.feature("adjust", image_url=world.pictures.url("picture.png"), operations=[{"op": "grayscale"}])
    url = made.json()["result"]["image_url"]
    ranges = "bytes=" + ",".join(f"{number}-{number}" for number in range(1200))
    answer, seconds = timed(lambda: world.http.get(url, headers={"Range": ranges}))
    assert answer.status_code in (200, 416, 431)
    assert seconds < 2


def _long_headers(world: World) -> None:
    for header in (b"Accept-Encoding: " + b"gzip;q=1," * 1000, b"Accept: " + b"a/b," * 2000, b"Cookie: " + b";" * 8000):
        told, seconds = timed(lambda header=header: world.raw(b"GET /v1/models HTTP/1.1\r\n" + header + b"\r\n" + END))
        assert 200 <= _status(told) < 500
        assert seconds < 2


def _closed(name: str, limit: float, *statuses: int) -> Row:
    """A client of this kind was closed in time, and told why when it had begun to speak."""

    def row(world: World) -> None:
        told, seconds = world.slow[name]
        assert seconds <= limit, f"{seconds:.1f} s"
        assert _status(told) in statuses, told[:200]

    return row


ROWS: dict[str, Row] = {
    "H-01": _told(b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n"),
    "H-03": _told(b"GET /livez HTTP/1.1\r\nHost: a/admin?x=\r\n\r\n"),
    "H-04": _told(b"GET /livez HTTP/1.1\r\nHost: evil.com\r\nConnection: close\r\n\r\n"),
    "H-09": _told(b"FOOBAR /livez HTTP/1.1\r\n" + END, b"get /livez HTTP/1.1\r\n" + END, allowed=(400, 405)),
    "H-10": _told(b"GET /x\r\n", b"GET /livez\r\n\r\n"),
    "H-11": _told(b"GET /livez HTTP/9.9\r\n" + END, allowed=(400, 505)),
    "H-13": _told(
        b"GET /livez HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n" + END, allowed=(200,)
    ),
    "H-14": _told(_post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n")),
    "H-15": _told(_post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n")),
    "H-16": _told(_post(b"Content-Length: 5", b"Content-Length: 6", body=b"12345")),
    "H-17": _told(_post(b"Content-Length: 5", b"Content-Length: 5", body=b"12345"), _post(b"Content-Length: 5,5", body=b"12345")),
    "H-19": _told(
        _post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
        _post(b"Transfer-Encoding: chunked\x0b", body=b"0\r\n\r\n"),
        _post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"),
    ),
    "H-20": _told(_post(b"Transfer-Encoding: identity, chunked", body=b"0\r\n\r\n")),
    "H-21": _told(b"POST /v1/gallery/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" + END + b"0\r\n\r\n"),
    "H-24": _told(
        _post(b"Content-Type: application/json", b"Transfer-Encoding: chunked", body=b"0x5\r\nhello\r\n0\r\n\r\n"),
        _post(b"Content-Type: application/json", b"Transfer-Encoding: chunked", body=b"FFFFFFFFFFFFFFFFF\r\nhello"),
    ),
    "H-27": _told(b"GET /livez HTTP/1.1\nHost: localhost\nConnection: close\n\n"),
    "H-28": _told(b"GET /livez HTTP/1.1\r\nX-A: 1\r\n 2\r\n" + END),
    "H-31": _told(b"GET /livez HTTP/1.1\r\nX-A: " + b"x" * 65536 + b"\r\n" + END, allowed=(431,)),
    "H-34": _told(
        b"GET /v1/gallery/?q=" + b"x" * 70_000 + b" HTTP/1.1\r\n" + END,
        b"GET /" + b"x" * 2_000_000 + b" HTTP/1.1\r\n" + END,
        allowed=(414,),
    ),
    "H-38": _ignored(
        b"Forwarded: for=1.2.3.4;host=evil.com",
        b"X-Forwarded-Host: evil.com",
        b"X-Original-URL: /metrics",
        b"X-Rewrite-URL: /metrics",
        b"X-HTTP-Method-Override: DELETE",
    ),
    "H-41": _paths(
        "/%00",
        "/v1/%2e%2e%2fgallery",
        "/v1/x/../gallery/",
        "//v1/gallery/",
        "/v1%2Fgallery/",
        "/v1/%5cgallery",
        "/v1/gallery;x/",
        "/v1/gallery/%2e%2e/%2e%2e/etc/passwd",
    ),
    "H-42": _paths("/v1/%ff", "/%c0%ae%c0%ae/", "/v1/😀"),
    "H-45": _closed("idle", 10.5, 0),
    "H-46": _closed("head", 10.5, 408),
    "H-47": _closed("body", 30.5, 408),
    "H-50": _pipelined,
    "H-51": _many_ranges,
    "H-52": _long_headers,
}
