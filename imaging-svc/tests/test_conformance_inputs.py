"""Does every feature take every form of picture, the ends of its parameters, and awkward pictures?"""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from imaging_svc.codec import decode, normalised
from imaging_svc.domain import NeedsReferenceError
from imaging_svc.engines.local.verbs import VERBS, perform
from photofun_common.contracts.features import Feature, by_id, features
from photofun_common.http import validated
from PIL import Image

LEAST: dict[str, dict[str, Any]] = {
    "image_generation": {"prompt": "a lake at dawn", "size": "96x64"},
    "image_expand": {"right": 16},
    "adjust": {"operations": [{"op": "sepia"}]},
}
WITH_PICTURE = [feature for feature in features() if feature.id in VERBS and feature.needs_picture]


def named(value: object) -> str:
    return value.slug if isinstance(value, Feature) else str(value)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def done(feature: Feature, picture: bytes, reference: bytes, **changes: Any) -> Any:
    params = validated(feature.params, {**LEAST.get(feature.id, {}), **changes}).model_dump(mode="json")
    references = dict.fromkeys(feature.references, reference) if feature.reference_required or changes.get("background") else {}
    source = picture if feature.needs_picture else None
    made, said = perform(feature.id, params, params.get("prompt") or "", source, references, 7, {}, progress=lambda _: None)
    return made[0], said


# --- forms of input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["url", "base64", "file"])
@pytest.mark.parametrize("feature", WITH_PICTURE, ids=named)
async def test_every_feature_takes_a_picture_in_every_form(
    feature: Feature, form: str, client: httpx.AsyncClient, picture_server: Any, photo_jpeg: bytes
) -> None:
    picture_server.shows["/photo"] = photo_jpeg
    fields: dict[str, Any] = {"user_id": "forms", **LEAST.get(feature.id, {})}
    names = ["image", *(feature.references if feature.reference_required else ())]
    path = f"/v1/features/{feature.slug}/?wait=30"

    if form == "file":
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
        answer = await client.post(path, data=texts, files={f"{name}_file": ("x.jpg", photo_jpeg) for name in names}, timeout=60)
    else:
        value = picture_server.url("/photo") if form == "url" else base64.b64encode(photo_jpeg).decode()
        given = {f"{name}_{'url' if form == 'url' else 'data'}": value for name in names}
        answer = await client.post(path, json={**fields, **given}, timeout=60)

    result = answer.json()["result"]
    assert (answer.status_code, result["status"]) == (200, "COMPLETED")
    assert result["input_source"] == form
    assert result["provider"] == "local"
    assert (await client.get(httpx.URL(result["image_url"]).raw_path.decode())).status_code == 200


# --- the ends of parameters -------------------------------------------------------------------------------------------


def ends(feature: Feature) -> Iterator[dict[str, Any]]:
    """Each parameter at each of its ends, the others left out: read from the schema that everybody reads."""
    schema = feature.params.model_json_schema()
    for name, part in schema["properties"].items():
        for one in (part, *part.get("anyOf", ())):
            values = [*one.get("enum", ()), *((one["const"],) if "const" in one else ())]
            values += [one[bound] for bound in ("minimum", "maximum") if bound in one]
            values += [False, True] if one.get("type") == "boolean" else []
            if feature.id == "image_expand" and name in ("left", "right", "top", "bottom"):
                values = [1, 2048] if name in ("left", "bottom") else [1]  # of each axis one end: a second takes as long
            yield from ({name: value} for value in values)


ENDS = [(feature, changes) for feature in features() if feature.id in VERBS for changes in ends(feature)]


@pytest.mark.parametrize(("feature", "changes"), ENDS, ids=named)
def test_every_end_of_every_parameter_makes_a_picture(feature: Feature, changes: dict[str, Any]) -> None:
    small = saved(Image.effect_mandelbrot((28, 20), (-2, -1, 1, 1), 60).convert("RGB"), "PNG")

    made, said = done(feature, small, small, **changes)

    assert said.model
    assert decode(made.data, ours=True)[0].size > 0


@pytest.mark.parametrize(
    "operation",
    [
        *({"op": op, "amount": amount} for op in ("brightness", "contrast", "saturation", "warmth") for amount in (-100, 0, 100)),
        *({"op": op, "amount": amount} for op in ("blur", "blur-background", "sharpen") for amount in (0, 100)),
        {"op": "crop", "x": 29999, "y": 29999, "width": 30000, "height": 30000},
        {"op": "crop", "aspect_ratio": "999:1"},
        {"op": "rotate", "degrees": -360},
        {"op": "rotate", "degrees": 359.9},
        {"op": "resize", "width": 1, "height": 1},
        {"op": "resize", "height": 2000},
        {"op": "round-corners", "radius": 4096},
        {"op": "text", "text": "ả" * 300, "size": 1000},
        {"op": "text", "text": "Ỹ", "size": 6, "position": "top-right", "color": "#000000"},
    ],
    ids=lambda operation: "-".join(str(value)[:12] for value in operation.values()),
)
def test_every_end_of_every_adjustment_makes_a_picture_or_says_what_is_wrong(operation: dict[str, Any]) -> None:
    small = saved(Image.effect_mandelbrot((28, 20), (-2, -1, 1, 1), 60).convert("RGB"), "PNG")
    feature = by_id("adjust")
    assert feature is not None

    if operation.get("x"):
        with pytest.raises(Exception, match="outside"):
            done(feature, small, small, operations=[operation])
        return
    made, _ = done(feature, small, small, operations=[operation])

    assert decode(made.data, ours=True)[0].size > 0
    if operation.get("amount") == 0:
        assert np.array_equal(decode(made.data)[0], decode(small)[0])


def test_a_background_picture_that_is_not_there_is_asked_for() -> None:
    small = saved(Image.new("RGB", (20, 20), "red"), "PNG")
    feature = by_id("remove_background")
    assert feature is not None
    params = validated(feature.params, {"background": "picture"}).model_dump(mode="json")

    with pytest.raises(NeedsReferenceError, match="second picture"):
        perform(feature.id, params, "", small, {}, 7, {}, progress=lambda _: None)


@pytest.mark.parametrize("feature", WITH_PICTURE, ids=named)
def test_without_model_files_the_next_rung_runs_and_says_why(
    feature: Feature, photo_jpeg: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGING_WEIGHTS_DIR", str(tmp_path))
    changes = {"operations": [{"op": "blur-background", "amount": 50}]} if feature.id == "adjust" else {}

    made, said = done(feature, photo_jpeg, photo_jpeg, **changes)

    assert decode(made.data)[0].size > 0
    assert said.degraded
    assert "is not there" in said.degraded


# --- awkward pictures -------------------------------------------------------------------------------------------------


def claimed(width: int, height: int) -> bytes:
    """A PNG that only claims its size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def fractal(width: int = 40, height: int = 30) -> Image.Image:
    return Image.effect_mandelbrot((width, height), (-2, -1, 1, 1), 60).convert("RGB")


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(fractal(), "JPEG", exif=exif)


GOOD: dict[str, Callable[[], bytes]] = {
    "1x1": lambda: saved(Image.new("RGB", (1, 1), "red"), "PNG"),
    "16-bit": lambda: saved(Image.fromarray(np.arange(1200, dtype=np.uint16).reshape(30, 40) * 54), "PNG"),
    "cmyk": lambda: saved(fractal().convert("CMYK"), "JPEG"),
    "palette with transparency": lambda: saved(fractal().convert("P"), "PNG", transparency=0),
    "turned by exif": turned,
    "animated": lambda: saved(fractal(), "GIF", save_all=True, append_images=[Image.new("RGB", (40, 30), "blue")]),
    "grey": lambda: saved(fractal().convert("L"), "PNG"),
    "thin": lambda: saved(fractal(200, 1), "PNG"),
}
REFUSED: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "truncated": (lambda: saved(fractal(), "JPEG")[:300], 422, "image-undecodable"),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", 415, "unsupported-image"),
    "25 MP and more": (lambda: claimed(5001, 5001), 422, "image-too-large"),
    "bomb": (lambda: claimed(50_000, 50_000), 422, "image-too-large"),
    "over 10 MB": (lambda: saved(fractal(), "PNG") + bytes(10 * 2**20), 413, "input-too-large"),
    "noise": (lambda: bytes(range(256)), 422, "image-undecodable"),
}


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("feature", WITH_PICTURE, ids=named)
def test_every_feature_does_awkward_pictures(feature: Feature, kind: str, photo_jpeg: bytes) -> None:
    taken = normalised(GOOD[kind]())

    made, _ = done(feature, taken.data, photo_jpeg)

    factor = 2 if feature.id == "upscale" else 1
    grown = 16 if feature.id == "image_expand" else 0
    assert (made.width, made.height) == (taken.width * factor + grown, taken.height * factor)
    assert (taken.width, taken.height) == {"1x1": (1, 1), "turned by exif": (30, 40), "thin": (200, 1)}.get(kind, (40, 30))
    if kind == "palette with transparency" and feature.id != "remove_background":
        assert made.has_alpha


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("feature", WITH_PICTURE, ids=named)
async def test_every_feature_refuses_what_is_no_picture_at_once(feature: Feature, kind: str, client: httpx.AsyncClient) -> None:
    make, status, slug = REFUSED[kind]
    fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in LEAST.get(feature.id, {}).items()}

    answer = await client.post(
        f"/v1/features/{feature.slug}/", data={"user_id": "awkward", **fields}, files={"image_file": ("photo.jpg", make(), "image/jpeg")}
    )

    problem = answer.json()
    assert (answer.status_code, problem["type"].rsplit("/", 1)[-1]) == (status, slug)


@pytest.mark.parametrize(
    ("slug", "fields", "size", "limit", "actual"),
    [
        ("upscale", {"scale_factor": 4}, (3500, 2300), 50_000_000, 128_800_000),
        ("image-expand", {"left": 300, "right": 300}, (4800, 4800), 25_000_000, 25_920_000),
    ],
)
async def test_a_result_that_would_be_too_large_is_refused_at_once(
    slug: str, fields: dict[str, Any], size: tuple[int, int], limit: int, actual: int, client: httpx.AsyncClient
) -> None:
    data = base64.b64encode(saved(Image.new("L", size), "JPEG")).decode()

    answer = await client.post(f"/v1/features/{slug}/", json={"user_id": "growth", "image_data": data, **fields}, timeout=60)

    problem = answer.json()
    assert (answer.status_code, problem["type"].rsplit("/", 1)[-1]) == (422, "image-too-large")
    assert (problem["limit"], problem["actual"]) == (limit, actual)


@pytest.mark.parametrize(
    ("accept", "fields", "extension"),
    [
        ("*/*", {}, "jpg"),
        ("application/json, image/webp", {}, "webp"),
        ("image/webp;q=0.5, image/png", {}, "png"),
        ("image/webp;q=0, image/avif", {}, "jpg"),
        ("image/webp;q=nan, image/png;q=9", {}, "jpg"),
        ("image/webp", {"output_format": "png"}, "png"),
    ],
)
async def test_a_result_is_written_as_the_caller_likes_it(
    accept: str, fields: dict[str, Any], extension: str, client: httpx.AsyncClient, photo_jpeg: bytes
) -> None:
    body = {"user_id": "liked", "operations": [{"op": "sepia"}], "image_data": base64.b64encode(photo_jpeg).decode(), **fields}

    answer = await client.post("/v1/features/adjust/?wait=30", json=body, headers={"Accept": accept}, timeout=60)

    assert answer.json()["result"]["image_url"].rsplit(".", 1)[-1] == extension


async def test_a_wrong_extension_and_ten_megabytes_are_fine(client: httpx.AsyncClient) -> None:
    large = saved(fractal(), "PNG")
    large = large[:-12] + struct.pack(">I", 10 * 2**20 - len(large) - 12) + b"teXt" + bytes(10 * 2**20 - len(large) - 12)
    large += struct.pack(">I", zlib.crc32(large[large.index(b"teXt") :])) + claimed(1, 1)[-12:]

    answer = await client.post(
        "/v1/features/adjust/?wait=30",
        data={"user_id": "awkward", "operations": '[{"op": "grayscale"}]'},
        files={"image_file": ("photo.jpg", large, "image/jpeg")},
        timeout=60,
    )

    assert len(large) <= 10 * 2**20
    assert answer.json()["result"]["image_url"].endswith(".png")
