"""Classes J, M and B: JSON, forms and base64."""

from __future__ import annotations

import base64
import json
import socket
import threading
import uuid
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil

from ..support import as_base64, picture
from .world import Row, World, refused, timed

__all__ = ["ROWS"]

SESSIONS, ADJUST, DRAW, FILES = "/v1/chat/sessions", "/v1/features/upscale", "/v1/features/image-generate", "/v1/files"


def _raw(path: str, *bodies: bytes, kind: str | None = "application/json", allowed: tuple[int, ...]) -> Row:
    def row(world: World) -> None:
        for body in bodies:
            answer, seconds = timed(lambda body=body: world.post(path, body, kind))
            refused(answer, *allowed)
            assert seconds < 2.5, f"{seconds:.1f} s"

    return row


def _values(path: str, field: str, *values: Any, allowed: tuple[int, ...] = (422,), **more: Any) -> Row:
    bodies = [json.dumps({"user_id": "ann", **more, field: value}).encode() for value in values]
    return _raw(path, *bodies, allowed=allowed)


def _all(*rows: Row) -> Row:
    def row(world: World) -> None:
        for one in rows:
            one(world)

    return row


def _gallery(world: World, **more: Any) -> httpx.Response:
    return world.http.post(
        "/v1/gallery/", json={"user_id": world.person.user_id, "image_url": f"https://example.com/{uuid.uuid4().hex}.png", **more}
    )


def _keys(world: World) -> None:
    """A key that a database would read as an operator is refused, or kept as it is."""
    for key in ("$where", "$gt", "a.b", "__proto__", ""):
        answer = _gallery(world, metadata={key: {"$gt": 1}})
        if answer.status_code == 201:
            assert answer.json()["result"]["metadata"] == {key: {"$gt": 1}}
        else:
            refused(answer, 422)
        params = world.person.feature("adjust", wait=0, image_data=as_base64(picture()), operations=[{"op": "grayscale", key: 1}])
        assert params.status_code < 500


def _deep(world: World) -> None:
    inner: Any = 1
    for _ in range(200):
        inner = {"a": inner}
    refused(_gallery(world, metadata=inner), 400, 422)


def _nul(world: World) -> None:
    for more in ({"title": "a\x00"}, {"prompt": "\x00"}, {"tags": ["a\x00b"]}, {"metadata": {"a": "\x00"}}, {"metadata": {"\x00": 1}}):
        refused(_gallery(world, **more), 422)
    refused(world.person.feature("image-generate", wait=0, prompt="a\x00b"), 422)
    refused(world.http.post(SESSIONS, json={"user_id": "ann", "title": "\x00"}), 422)


# --- forms


def _form(*parts: bytes, boundary: bytes = b"frontier") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


def _part(name: str, value: bytes, *, file: str | None = None, more: bytes = b"") -> bytes:
    tail = f'; filename="{file}"'.encode("utf-8", "surrogatepass") if file is not None else b""
    return b'Content-Disposition: form-data; name="' + name.encode() + b'"' + tail + more + b"\r\n\r\n" + value


MULTIPART, URLENCODED = "multipart/form-data; boundary=frontier", "application/x-www-form-urlencoded"
PICTURE = picture()


def _names(world: World) -> None:
    """The name of an uploaded file is nobody's business."""
    for name in ("../../etc/passwd", "..\\\\x", "/abs", "C:\\\\x", "a%00.png", "x" * 5000, ".htaccess", "CON", "‮gnp.exe"):
        answer = world.post(FILES, _form(_part("file", PICTURE, file=name)), MULTIPART)
        refused(answer, 201, 400)
        if answer.status_code == 201:
            key = answer.json()["result"]["key"]
            assert key.endswith(".png")
            assert not any(part in key for part in ("etc", "htaccess", "CON", "exe", "xxx"))


def _sniffed(world: World) -> None:
    jpeg = picture(kind="JPEG")
    answer = world.post(FILES, _form(_part("file", jpeg, file="a.png", more=b"\r\nContent-Type: image/png")), MULTIPART)
    refused(answer, 201, 415)
    assert answer.json()["result"]["content_type"] == "image/jpeg"


def _many_uploads(world: World) -> None:
    """While large files come in, the door still answers."""
    body = _form(_part("file", b"\x89PNG\r\n" + b"0" * 3_000_000, file="a.png"))
    threads = [threading.Thread(target=lambda: world.post(FILES, body, MULTIPART)) for _ in range(8)]
    for thread in threads:
        thread.start()
    worst = max(timed(lambda: world.http.get("/livez"))[1] for _ in range(5))
    for thread in threads:
        thread.join()
    assert worst < 2.5, f"{worst:.1f} s"


def _half_uploads(world: World) -> None:
    """Uploads that break off leave no open files and no job."""
    imaging = _process_of(world, "imaging")
    before = imaging.num_fds() if imaging else 0
    parts = urlsplit(str(world.http.base_url))
    head = f"POST {FILES} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {MULTIPART}\r\nContent-Length: 9000000\r\n\r\n".encode()
    for _ in range(20):
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as wire:
            wire.sendall(head + _part("file", b"0" * 200_000, file="a.png"))
    assert world.http.get("/v1/jobs", params={"user_id": world.person.user_id}).json()["result"] == []
    if imaging:
        assert imaging.num_fds() <= before + 10


def _process_of(world: World, name: str) -> psutil.Process | None:
    for one in psutil.process_iter(["cmdline"]):
        if f"{name}_svc" in " ".join(one.info["cmdline"] or []) and one.username() == psutil.Process().username():
            return one
    return None


# --- base64


def _base64(*texts: str, allowed: tuple[int, ...]) -> Row:
    def row(world: World) -> None:
        for text in texts:
            refused(world.http.post(FILES, json={"user_id": "ann", "image_data": text}), *allowed)

    return row


def _base64_sniffed(world: World) -> None:
    text = "data:image/png;base64," + as_base64(picture(kind="JPEG"))
    answer = world.http.post(FILES, json={"user_id": "ann", "image_data": text})
    assert answer.status_code == 201, answer.text
    assert answer.json()["result"]["content_type"] == "image/jpeg"


PNG64 = as_base64(PICTURE)
ROWS: dict[str, Row] = {
    "J-01": _raw(SESSIONS, PICTURE, kind="image/png", allowed=(415,)),
    "J-02": _raw(SESSIONS, b"\x89PNG\xff", kind="application/octet-stream", allowed=(415,)),
    "J-03": _raw(ADJUST, b'{"user_id":"ann","scale_factor":"\\ud800"}', allowed=(422,)),
    "J-04": _raw(DRAW, b'{"user_id":"ann","prompt":"\\ud800"}', allowed=(422,)),
    "J-05": _raw(DRAW, b'{"user_id":"ann","prompt":"a","num_images":NaN}', allowed=(422,)),
    "J-06": _raw(
        DRAW, b'{"user_id":"ann","prompt":"a","num_images":[1e999]}', b'{"user_id":"ann","prompt":"a","seed":1e999}', allowed=(422,)
    ),
    "J-08": _nul,
    "J-09": _raw(
        DRAW,
        *(
            b'{"user_id":"ann","prompt":"a","seed":%s}' % digits
            for digits in (b"2147483648", b"9223372036854775808", b"18446744073709551616", b"9" * 5000)
        ),
        allowed=(400, 422),
    ),
    "J-10": _raw(SESSIONS, b"[" * 100_000, b'{"a":' * 20_000, allowed=(400, 413)),
    "J-11": _deep,
    "J-13": _keys,
    "J-14": _all(
        _values(SESSIONS, "user_id", {"$ne": None}, ["a"], 5),
        _values("/v1/gallery/bulk/", "ids", [{"$ne": None}], {"$gt": ""}, action="trash"),
    ),
    "J-18": _raw(SESSIONS, b'{"user_id":"ann"}', kind=None, allowed=(415,)),
    "J-19": _raw(
        SESSIONS, *(json.dumps({"user_id": "ann"}).encode(coding) for coding in ("utf-16", "utf-16-le", "utf-32")), allowed=(400,)
    ),
    "J-21": _raw(SESSIONS, b"\xef\xbb\xbf" + b'{"user_id":"ann"}', allowed=(201,)),
    "J-22": _raw(SESSIONS, b"", b"null", b"[]", b'"x"', b"0", allowed=(422,)),
    "J-23": _raw(SESSIONS, b'{"user_id":"ann"', b'{"user_id":"ann"} x', b'{"user_id":"ann"}{"user_id":"ben"}', allowed=(400,)),
    "J-26": _all(
        _values(ADJUST, "scale_factor", "x" * 900_000, allowed=(413, 422)), _values(ADJUST, "scale_factor", "x" * 200_000, allowed=(422,))
    ),
    "J-27": _values(DRAW, "aspect_ratio", "16:9 ", "16:9\n", "16：9", "-1:0", prompt="a"),
    "J-28": _values(DRAW, "num_images", 1.5, "1", True, "1e2", prompt="a"),
    "M-02": _all(
        _raw(
            FILES,
            _form(_part("file", PICTURE, file="a.png", more=b"".join(b"\r\nX-%d: 1" % number for number in range(12)))),
            kind=MULTIPART,
            allowed=(400,),
        ),
        _raw(FILES, _form(_part("file", PICTURE, file="a.png", more=b"\r\nX-A: " + b"x" * 8192)), kind=MULTIPART, allowed=(400,)),
    ),
    "M-03": _all(
        _raw(FILES, _form(*(_part(f"f{number}", b"x", file="a") for number in range(1001))), kind=MULTIPART, allowed=(400, 413)),
        _raw(FILES, _form(*(_part(f"f{number}", b"x") for number in range(1001))), kind=MULTIPART, allowed=(400, 413)),
    ),
    "M-04": _raw(FILES, _form(_part("user_id", b"x" * (2**20 + 1))), kind=MULTIPART, allowed=(400, 413)),
    "M-05": _raw(
        FILES, b"&".join(b"a%d=1" % number for number in range(1001)), b"a=" + b"x" * (2**20 + 1), kind=URLENCODED, allowed=(400, 413, 422)
    ),
    "M-06": _raw(FILES, b"a;" * 100_000, kind=URLENCODED, allowed=(400, 413, 422)),
    "M-07": _raw(
        FILES,
        b"x" * 2**20 + b"\r\n" + _form(_part("file", PICTURE, file="a.png")),
        _form(_part("file", PICTURE, file="a.png")) + b"x" * 2**20,
        kind=MULTIPART,
        allowed=(201, 400, 413, 422),
    ),
    "M-10": _many_uploads,
    "M-11": _names,
    "M-13": _raw(
        FILES,
        _form(b'Content-Disposition: form-data; name="file"\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\nx\r\n--in--'),
        kind=MULTIPART,
        allowed=(400, 422),
    ),
    "M-14": _raw(FILES, _form(_part("file", PICTURE, file="a.png"))[:-30], kind=MULTIPART, allowed=(400,)),
    "M-17": _sniffed,
    "M-20": _half_uploads,
    "B-04": _base64(
        f"data:image/png;charset=utf-8;base64,{PNG64}", f"DATA:IMAGE/PNG;BASE64,{PNG64}", f"data:image/png,{PNG64}", allowed=(201, 422)
    ),
    "B-05": _base64_sniffed,
    "B-07": _base64(base64.b64encode(PNG64.encode()).decode(), allowed=(415, 422)),
    "B-08": _base64("AAAA", "", "=", "data:image/png;base64,", allowed=(415, 422)),
}
