"""Class I: pictures that are none, too many, too large or something else as well."""

from __future__ import annotations

import io
import random
import struct
import zlib

import httpx
from PIL import Image

from ..support import Person, as_base64, opened, picture
from .world import Row, World, refused, timed

__all__ = ["ROWS"]

PNG, JPEG = picture(), picture(kind="JPEG")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(
    width: int, height: int, *, depth: int = 8, colour: int = 2, interlace: int = 0, more: bytes = b"", data: bytes = b"\x00" * 100
) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + more + _chunk(b"IDAT", zlib.compress(data)) + _chunk(b"IEND", b"")


def _saved(kind: str, mode: str = "RGB", size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **options)
    return out.getvalue()


def _sent(*contents: bytes, allowed: tuple[int, ...], seconds: float = 6.0) -> Row:
    """Each is answered in time with an allowed status, and the service lives."""

    def row(world: World) -> None:
        for content in contents:
            answer, spent = timed(lambda content=content: world.http.post("/v1/files", files={"file": ("a.png", content)}))
            refused(answer, *allowed)
            assert spent < seconds, f"{spent:.1f} s"

    return row


def _scans(side: int, count: int) -> bytes:
    """A progressive JPEG whose last scan is there so many times."""
    data = _saved("JPEG", size=(side, side), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + b"\xff\xd9"


def _polyglots(world: World) -> None:
    """Only the picture survives."""
    payload = b"<script>alert('boo')</script>"
    for content in (
        PNG + payload,
        JPEG[:2] + b"\xff\xfe" + struct.pack(">H", len(payload) + 2) + payload + JPEG[2:],
        PNG + b"PK\x03\x04" + payload,
    ):
        answer = world.http.post("/v1/files", files={"file": ("a.png", content)})
        refused(answer, 201)
        served = world.http.get(answer.json()["result"]["url"])
        assert payload not in served.content
        assert b"PK\x03\x04" not in served.content
        assert served.headers["content-type"].startswith("image/")
        assert served.headers["x-content-type-options"] == "nosniff"


def _kept(world: World) -> None:
    """Unusual but right pictures come through; what was clear stays clear."""
    for mode in ("L", "LA", "RGBA", "P", "1", "I;16"):
        answer = world.http.post("/v1/files", files={"file": ("a.png", _saved("PNG", mode))})
        refused(answer, 201)
        image = opened(world.http.get(answer.json()["result"]["url"]).content)
        assert image.size == (64, 48)
        assert "A" in image.getbands() or mode not in ("LA", "RGBA")


def _expanded(world: World) -> None:
    person: Person = world.person
    for params in ({"left": 0, "right": 0, "top": 0, "bottom": 0}, {"left": 2049}, {"left": -1}):
        refused(person.feature("image-expand", wait=0, image_data=as_base64(PNG), **params), 422)
    large = as_base64(_saved("JPEG", size=(4900, 4900), quality=30))
    _too_large(person.feature("image-expand", image_data=large, left=2048, right=2048, top=2048, bottom=2048))


def _enlarged(world: World) -> None:
    _too_large(world.person.feature("upscale", image_data=as_base64(_saved("JPEG", size=(4000, 3900), quality=30)), scale_factor=4))


def _too_large(answer: httpx.Response) -> None:
    """Refused at once, or as the task's end, with the limit and what it would have been."""
    told = answer.json() if answer.status_code == 422 else answer.json()["result"]["error"]
    assert told["status"] == 422
    assert told["slug"] == "image-too-large"
    assert told["actual"] > told["limit"]


def _mutants(world: World) -> None:
    """Seeded damage to good pictures: a picture or a refusal, never a fault, and the service goes on."""
    rng = random.Random(8)
    for _ in range(60):
        content = bytearray(rng.choice((PNG, JPEG, _saved("WEBP"), _saved("GIF", "P"))))
        for _ in range(rng.randrange(1, 12)):
            content[rng.randrange(8, len(content))] = rng.randrange(256)
        if rng.random() < 0.3:
            del content[rng.randrange(20, len(content)) :]
        answer = world.http.post("/v1/files", files={"file": ("a", bytes(content))})
        refused(answer, 201, 413, 415, 422)


ROWS: dict[str, Row] = {
    "I-01": _sent(_png(20000, 20000), allowed=(422,), seconds=3),
    "I-02": _sent(_png(50000, 50000, depth=1, colour=0), allowed=(422,), seconds=3),
    "I-08": _sent(_scans(2000, 110), allowed=(422,), seconds=3),
    "I-09": _sent(_scans(2000, 1010), allowed=(422,), seconds=3),
    "I-10": _sent(_scans(1000, 1010), allowed=(422,), seconds=3),
    "I-12": _sent(
        _png(8, 8, more=b"".join(_chunk(b"zTXt", b"a\x00\x00" + zlib.compress(b"x" * 10**6)) for _ in range(100))), allowed=(201, 422)
    ),
    "I-13": _sent(_png(8, 8, more=_chunk(b"iCCP", b"a\x00\x00" + zlib.compress(b"\x00" * 5 * 10**7))), allowed=(201, 422)),
    "I-14": _sent(_png(8, 8, more=_chunk(b"tEXt", b"a\x00b") * 100_000), allowed=(201, 422)),
    "I-16": _sent(
        PNG[:40] + b"\xff" + PNG[41:],
        PNG[:-12],
        _png(0, 0),
        _png(8, 8, depth=3),
        _png(8, 8, colour=5),
        _png(8, 8, interlace=7),
        allowed=(201, 415, 422),
    ),
    "I-21": _sent(
        _saved("TIFF"), b"II*\x00\x08\x00\x00\x00\xff\xff" + b"\x00" * 40, b"II+\x00\x08\x00\x00\x00" + b"\x10" * 40, allowed=(415,)
    ),
    "I-22": _sent(_saved("BMP"), b"BM" + b"\x00" * 60, allowed=(415,)),
    "I-23": _sent(
        *(
            _saved(kind, mode)
            for kind, mode in (
                ("ICO", "RGBA"),
                ("TGA", "RGB"),
                ("PPM", "RGB"),
                ("PCX", "RGB"),
                ("SGI", "RGB"),
                ("JPEG2000", "RGB"),
                ("DDS", "RGB"),
            )
        ),
        allowed=(415,),
    ),
    "I-24": _sent(
        b"%!PS-Adobe-3.0\n/x {} def",
        b"%PDF-1.7\n1 0 obj",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"push graphic-context\nviewbox 0 0 9 9",
        b'<?xml version="1.0"?><image><read filename="/etc/passwd"/></image>',
        b"label:@/etc/passwd",
        allowed=(415, 422),
    ),
    "I-26": _polyglots,
    "I-28": _sent(*(JPEG[: max(3, len(JPEG) * share // 100)] for share in (1, 10, 50, 90, 99)), allowed=(415, 422)),
    "I-31": _sent(_saved("JPEG", "CMYK"), allowed=(201,)),
    "I-32": _kept,
    "I-34": _sent(*(_saved("PNG", size=size) for size in ((1, 1), (2, 2), (1, 9000), (9000, 1), (8193, 16))), allowed=(201, 422)),
    "I-43": _expanded,
    "I-44": _enlarged,
    "I-48": _mutants,
}
