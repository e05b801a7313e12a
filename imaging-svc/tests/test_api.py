"""Features over HTTP: do they work with every kind of input, and what do bad ones hear?"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import struct
import zlib
from typing import Any

import httpx
import numpy as np
import pytest
from photofun_common.once import ONCE_HEADER
from PIL import Image

PLAIN: dict[str, dict[str, Any]] = {
    "remove-background": {},
    "upscale": {},
    "reimagine": {},
    "relight": {"prompt": "warm light from the left"},
    "image-expand": {"left": 8},
    "style-transfer": {},
    "adjust": {"operations": [{"op": "grayscale"}]},
}


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is that large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def post(client: httpx.AsyncClient, slug: str, *, wait: int = 30, **fields: Any) -> httpx.Response:
    return await client.post(f"/v1/features/{slug}/?wait={wait}", json={"user_id": "ann", **fields})


async def picture_at(client: httpx.AsyncClient, url: str) -> Image.Image:
    answer = await client.get(url.removeprefix("http://studio.test"))
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


# --- each feature, each kind of input


@pytest.mark.parametrize(
    ("slug", "given"), [*((slug, given) for slug in PLAIN for given in ("url", "base64", "file")), ("adjust", "data uri")]
)
async def test_every_feature_takes_every_kind_of_input(
    slug: str, given: str, client: httpx.AsyncClient, picture_server: Any, photo_jpeg: bytes
) -> None:
    picture_server.shows["/photo.jpg"] = photo_jpeg
    names = ["image", *(["reference_image"] if slug == "style-transfer" else [])]
    path, fields = f"/v1/features/{slug}/?wait=30", {"user_id": "ann", **PLAIN[slug]}

    if given == "file":
        form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
        files = {f"{name}_file": ("../../etc/passwd", photo_jpeg, "image/png") for name in names}
        answer = await client.post(path, data=form, files=files)
    else:
        text = (
            picture_server.url("/photo.jpg")
            if given == "url"
            else ("data:image/png;base64," if "uri" in given else "") + base64_of(photo_jpeg)
        )
        answer = await client.post(path, json={**fields, **{f"{name}_{'url' if given == 'url' else 'data'}": text for name in names}})

    body = answer.json()
    assert answer.status_code == 200, body
    assert body["code"] == 1000
    task = body["result"]
    assert task["status"] == "COMPLETED"
    assert task["input_source"] == {"data uri": "base64"}.get(given, given)
    assert task["provider"] == "local"
    assert task["images"][0]["image_url"] == task["image_url"]
    with await picture_at(client, task["image_url"]) as made:
        assert made.size == (task["images"][0]["width"], task["images"][0]["height"])


async def test_a_picture_is_drawn_of_words(client: httpx.AsyncClient) -> None:
    answer = await post(client, "image-generation", prompt="a lake at dawn", num_images=2, size="96x64", seed=5, refine=False)

    task = answer.json()["result"]
    assert answer.status_code == 200
    assert [image["seed"] for image in task["images"]] == [5, 6]
    assert task["refined_prompt"] == "a lake at dawn"
    with await picture_at(client, task["image_url"]) as made:
        assert made.size == (96, 64)
        assert "algorithmicMedia" in str(made.info)


async def test_the_same_seed_draws_the_same_bytes(client: httpx.AsyncClient) -> None:
    files = []
    for _ in range(2):
        task = (await post(client, "image-generate", prompt="mountains", size="64x64", seed=9, refine=False)).json()["result"]
        with await picture_at(client, task["image_url"]) as made:
            files.append(np.asarray(made).tobytes())

    assert files[0] == files[1]


async def test_without_a_planner_the_words_are_drawn_as_they_are(client: httpx.AsyncClient) -> None:
    task = (await post(client, "image-generate", prompt="a lake", size="64x64")).json()["result"]

    assert task["status"] == "COMPLETED"
    assert task["refined_prompt"] == "a lake"
    assert "refine_skipped" in task["metadata"]


async def test_the_old_way_to_generate_still_works(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/image/generate/", json={"user_id": "ann", "refined_prompt": "a lake", "size": "64x64"})

    task = answer.json()["result"]
    status = (await client.get(f"/v1/features/image-generation/status/{task['task_id']}/?wait=30")).json()["result"]
    assert answer.status_code == 202
    assert (task["status"], task["request_id"]) == ("PROCESSING", task["task_id"])
    assert status["status"] == "COMPLETED"


async def test_an_accepted_task_echoes_its_parameters(client: httpx.AsyncClient, photo_base64: str) -> None:
    answer = await post(client, "upscale", wait=0, image_data=photo_base64, scale_factor=2, sharpen=10)

    task = answer.json()["result"]
    assert answer.status_code == 202
    assert (task["status"], task["image_url"], task["images"]) == ("CREATED", None, [])
    assert (task["scale_factor"], task["sharpen"], task["flavor"]) == (2, 10, "photo")
    await client.post(f"/v1/features/upscale/cancel/{task['task_id']}/")


# --- extremes of the parameters


EXTREMES: list[tuple[str, dict[str, Any]]] = [
    *(("upscale", {"flavor": flavor, "scale_factor": 2}) for flavor in ("sublime", "photo_denoiser")),
    ("upscale", {"scale_factor": 4, "sharpen": 100, "smart_grain": 100, "ultra_detail": 100}),
    ("reimagine", {"imagination": "wild", "aspect_ratio": "21:9"}),
    ("reimagine", {"imagination": "moderate", "prompt": "x" * 2000}),
    ("reimagine", {"imagination": "extreme", "seed": 2**31 - 1}),
    ("relight", {"light_transfer_strength": 0, "style": "cinematic"}),
    ("relight", {"light_transfer_strength": 1, "style": "darker_but_realistic", "prompt": "ánh sáng ấm từ bên trái"}),
    ("image-expand", {"left": 1}),
    ("image-expand", {"left": 9, "right": 9, "top": 9, "bottom": 9, "prompt": "sea"}),
    ("style-transfer", {"style_strength": 0, "structure_strength": 1, "is_portrait": True, "portrait_style": "super_pop"}),
    ("style-transfer", {"style_strength": 1, "structure_strength": 0}),
    ("remove-background", {"mask_only": True}),
    ("remove-background", {"background_color": "#fff", "output_format": "jpeg"}),
    ("image-generate", {"prompt": "x" * 2000, "size": "64x64", "refine": False}),
    ("image-generate", {"prompt": "🦄" * 500, "size": "64x64", "refine": False, "num_images": 4, "seed": 2**31 - 1}),
    *(
        ("image-generate", {"prompt": "hills", "size": "64x64", "refine": False, "styling": {"style": style}})
        for style in ("anime", "pixel-art", "3d")
    ),
    ("adjust", {"operations": [{"op": "crop", "x": 30000, "y": 30000, "width": 1, "height": 1}]}),
    ("adjust", {"operations": [{"op": "crop", "aspect_ratio": "999:1"}]}),
    (
        "adjust",
        {
            "operations": [
                {"op": "rotate", "degrees": 359.9},
                {"op": "flip", "direction": "vertical"},
                {"op": "round-corners", "radius": 4096},
            ]
        },
    ),
    ("adjust", {"operations": [{"op": "brightness", "amount": -100}, {"op": "contrast", "amount": 100}, {"op": "warmth", "amount": 100}]}),
    ("adjust", {"operations": [{"op": "text", "text": '"' * 300, "size": 60, "color": "red"}] * 2}),
    ("adjust", {"operations": [{"op": "resize", "width": 8192, "height": 1}]}),
    ("adjust", {"operations": [{"op": "resize", "width": 8192, "height": 8192}]}),
    ("adjust", {"operations": [{"op": "blur", "amount": 100}, {"op": "blur-background"}, {"op": "sharpen", "amount": 0}]}),
]


@pytest.mark.parametrize(("slug", "params"), EXTREMES)
async def test_extremes_are_done_or_refused_with_a_reason(
    slug: str, params: dict[str, Any], client: httpx.AsyncClient, photo_base64: str
) -> None:
    pictures = {} if slug == "image-generate" else {"image_data": photo_base64}
    if slug == "style-transfer":
        pictures["reference_image_data"] = photo_base64

    answer = await post(client, slug, **params, **pictures)

    task = answer.json().get("result")
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 200 and task["status"] != "COMPLETED":
        assert task["status"] == "FAILED"
        assert task["error"]["status"] in (413, 422), task["error"]


@pytest.mark.parametrize(
    ("slug", "params", "field"),
    [
        ("upscale", {"scale_factor": 3}, "scale_factor"),
        ("upscale", {"scale_factor": "2"}, "scale_factor"),
        ("upscale", {"sharpen": 101}, "sharpen"),
        ("upscale", {"sharpen": True}, "sharpen"),
        ("upscale", {"flavor": "PHOTO"}, "flavor"),
        ("relight", {"light_transfer_strength": 1.01}, "light_transfer_strength"),
        ("relight", {"light_transfer_strength": -0.1}, "light_transfer_strength"),
        ("image-expand", {}, "body"),
        ("image-expand", {"left": 0, "right": 0}, "body"),
        ("image-expand", {"left": 2049}, "left"),
        ("image-expand", {"left": -1}, "left"),
        ("image-expand", {"left": 1.5}, "left"),
        ("image-expand", {"left": 2**63}, "body"),
        ("image-generate", {}, "prompt"),
        ("image-generate", {"prompt": ""}, "prompt"),
        ("image-generate", {"prompt": "  \u200b "}, "prompt"),
        ("image-generate", {"prompt": "x" * 2001}, "prompt"),
        ("image-generate", {"prompt": ["x"]}, "prompt"),
        ("image-generate", {"prompt": "x", "num_images": 0}, "num_images"),
        ("image-generate", {"prompt": "x", "num_images": 5}, "num_images"),
        ("image-generate", {"prompt": "x", "num_images": 1.0}, "num_images"),
        ("image-generate", {"prompt": "x", "num_images": "1"}, "num_images"),
        ("image-generate", {"prompt": "x", "num_images": True}, "num_images"),
        *(("image-generate", {"prompt": "x", "aspect_ratio": ratio}, "aspect_ratio") for ratio in ("16:9 ", "16:9\n", "16：9", "-1:0")),
        ("image-generate", {"prompt": "x", "seed": 2**31}, "seed"),
        ("image-generate", {"prompt": "x", "styling": {"style": "cubism"}}, "styling"),
        ("adjust", {}, "operations"),
        ("adjust", {"operations": []}, "operations"),
        ("adjust", {"operations": [{"op": "teleport"}]}, "operations"),
        ("adjust", {"operations": [{"op": "grayscale"}] * 17}, "operations"),
    ],
)
async def test_wrong_parameters_are_named(
    slug: str, params: dict[str, Any], field: str, client: httpx.AsyncClient, photo_base64: str
) -> None:
    pictures = {} if slug == "image-generate" else {"image_data": photo_base64}

    answer = await post(client, slug, **params, **pictures)

    body = answer.json()
    assert answer.status_code == 422, body
    assert answer.headers["content-type"] == "application/problem+json"
    assert (body["code"], body["slug"]) == (4000, "validation-failed")
    if field != "body":
        assert body["errors"][0]["field"].startswith(field)


# --- awkward pictures


def awkward() -> dict[str, tuple[bytes, set[int], str | None]]:
    rng = np.random.default_rng(1)
    grain = Image.fromarray(rng.integers(0, 255, (36, 48, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    palette = grain.convert("P")
    big = grain.resize((640, 480))
    return {
        "1x1": (saved(Image.new("RGB", (1, 1)), "PNG"), {200, 422}, None),
        "1x400": (saved(Image.new("RGB", (1, 400)), "PNG"), {200, 422}, None),
        "16-bit": (saved(Image.fromarray(rng.integers(0, 65535, (32, 32), np.uint16)), "PNG"), {200}, None),
        "cmyk": (saved(grain.convert("CMYK"), "JPEG"), {200}, None),
        "palette": (saved(palette, "PNG", transparency=0), {200}, None),
        "rotated": (saved(grain, "JPEG", exif=exif), {200}, None),
        "animated": (saved(grain, "GIF", save_all=True, append_images=[grain.rotate(90)]), {200}, None),
        "all clear": (saved(Image.new("RGBA", (32, 32), (9, 9, 9, 0)), "PNG"), {200}, None),
        "9.9 MB": (saved(big, "PNG") + b"\0" * (9 * 2**20), {200}, None),
        "over 10 MB": (saved(grain, "PNG") + b"\0" * (10 * 2**20), {413}, "input-too-large"),
        "truncated": (saved(grain, "JPEG")[:900], {422}, "image-undecodable"),
        "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {415}, "unsupported-image"),
        "tiff": (saved(grain, "TIFF"), {415}, "unsupported-image"),
        "bmp": (saved(grain, "BMP"), {415}, "unsupported-image"),
        "25 MP and more": (claims(5001, 5000), {422}, "image-too-large"),
        "bomb": (claims(50000, 50000), {422}, "image-too-large"),
        "nothing": (b"", {422}, "image-undecodable"),
        "noise": (bytes(rng.integers(0, 255, 500, np.uint8)), {422}, "image-undecodable"),
        "text": (b"I am no picture", {422}, "image-undecodable"),
    }


AWKWARD = awkward()


HARDEST = ("1x1", "16-bit", "palette", "bomb")  # decoding is the same for all: each verb meets the oddest shapes


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        *(("adjust", name) for name in AWKWARD),
        *((slug, name) for slug in ("relight", "image-expand", "upscale", "remove-background", "reimagine") for name in HARDEST),
    ],
)
async def test_awkward_pictures_are_done_or_refused(slug: str, name: str, client: httpx.AsyncClient) -> None:
    data, expected, problem = AWKWARD[name]
    form = {name: json.dumps(value) if not isinstance(value, str) else value for name, value in PLAIN[slug].items()}

    answer = await client.post(
        f"/v1/features/{slug}?wait=30", data={"user_id": "ann", **form}, files={"image_file": ("picture.png", data, "image/png")}
    )

    body = answer.json()
    assert answer.status_code in expected, body
    if problem:
        assert body["slug"] == problem
    elif answer.status_code == 200 and body["result"]["status"] == "FAILED":
        assert 422 in expected, body["result"]["error"]
        assert body["result"]["error"]["status"] == 422, body["result"]["error"]


async def test_a_result_that_would_be_too_large_is_refused(client: httpx.AsyncClient) -> None:
    wide = saved(Image.new("RGB", (4000, 1000)), "PNG")

    larger = await post(client, "upscale", image_data=base64_of(wide), scale_factor=4)
    expanded = await post(client, "image-expand", image_data=base64_of(wide), left=2048, right=2048, top=2048, bottom=2048)

    for answer in (larger, expanded):
        assert (answer.status_code, answer.json()["slug"]) == (422, "image-too-large")
        assert answer.json()["limit"] < answer.json()["actual"]


@pytest.mark.parametrize(
    "data",
    [
        "AAAA",
        "!!!!",
        "é" * 8,
        "data:image/png,plain",
        "data:text/html;base64,PGI+",
        "data:image/png;charset=utf-8;base64,AAAA",
        "data:image/png;base64,",
        "iVBORw0KGgo=",
        base64_of(base64_of(saved(Image.new("RGB", (8, 8)), "PNG")).encode()),
        7,
        ["x"],
    ],
)
async def test_bad_base64_is_422(data: Any, client: httpx.AsyncClient) -> None:
    answer = await post(client, "adjust", image_data=data, operations=[{"op": "sepia"}])

    assert answer.status_code == 422
    assert answer.json()["slug"] in ("validation-failed", "image-undecodable")


async def test_base64_over_ten_megabytes_is_413(client: httpx.AsyncClient) -> None:
    answer = await post(client, "adjust", image_data="A" * (14 * 2**20), operations=[{"op": "sepia"}])

    assert answer.status_code == 413
    assert answer.json()["limit"] == 10 * 2**20


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/a.png", "http://0.0.0.0/", "file:///etc/passwd", "http://studio.test/metrics", "nonsense"]
)
async def test_unsafe_addresses_are_422(url: str, client: httpx.AsyncClient) -> None:
    answer = await post(client, "upscale", image_url=url)

    assert (answer.status_code, answer.json()["slug"]) == (422, "unsafe-url")


async def test_an_address_without_a_picture_is_told(client: httpx.AsyncClient, picture_server: Any) -> None:
    picture_server.shows["/page.png"] = b"<html>secret page</html>"

    missing = await post(client, "upscale", image_url=picture_server.url("/nothing.png"))
    page = await post(client, "upscale", image_url=picture_server.url("/page.png"))

    assert (missing.status_code, missing.json()["slug"]) == (422, "image-url-unreachable")
    assert page.status_code == 415
    assert "secret" not in missing.text + page.text


async def test_a_missing_picture_or_reference_is_asked_for(client: httpx.AsyncClient, photo_base64: str) -> None:
    bare = await post(client, "upscale")
    styleless = await post(client, "style-transfer", image_data=photo_base64)
    keyless = await post(client, "edit", image_data=photo_base64, prompt="a red hat")

    assert (bare.status_code, bare.json()["slug"]) == (422, "needs-image")
    assert (styleless.status_code, styleless.json()["slug"]) == (422, "needs-reference")
    assert (keyless.status_code, keyless.json()["slug"]) == (422, "engine-missing")


# --- bodies


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"\x89PNG\r\n\x1a\n\xff", "image/png", 415),
        (b"\x89PNG\xff", "application/octet-stream", 415),
        (b'{"prompt":"x"}', None, 415),
        (b'{"prompt":"x"}', "text/plain", 415),
        (b'{"prompt":"\\ud800"}', "application/json", 422),
        (b'{"prompt":"x","num_images":NaN}', "application/json", 422),
        (b'{"prompt":"x","num_images":[1e999]}', "application/json", 422),
        (b'{"prompt":"x\\u0000"}', "application/json", 422),
        (b'{"prompt":"x","seed":' + b"9" * 5000 + b"}", "application/json", 422),
        (b"[" * 100_000, "application/json", 400),
        (b'{"prompt":"x","metadata":' + b'{"a":' * 200 + b"1" + b"}" * 201, "application/json", 422),
        (b'{"prompt":{"$ne":null}}', "application/json", 422),
        (b'{"prompt":"x","prompt":"y"}', "application/json", 400),
        ('{"prompt":"x"}'.encode("utf-16"), "application/json", 400),
        (b"\xff\xfe\xfd", "application/json", 400),
        (b"", "application/json", 422),
        (b"null", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'"x"', "application/json", 422),
        (b"0", "application/json", 422),
        (b'{"prompt":"x"', "application/json", 400),
        (b'{"prompt":"x"} trailing', "application/json", 400),
        (b'{"prompt":"x"}{"prompt":"y"}', "application/json", 400),
        (b'{"prompt":"' + b"x" * 900_000 + b'"}', "application/json", 413),
        (b"a;" * 100_000, "application/x-www-form-urlencoded", 4),
        (b"a=b&" * 1001, "application/x-www-form-urlencoded", 4),
        (b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb", "multipart/form-data; boundary=x", 4),
        (b"no form at all", "multipart/form-data; boundary=x", 4),
        (b"", "multipart/form-data", 4),
        (b"--x\r\n" + b"X: 1\r\n" * 5000 + b"\r\nb\r\n--x--", "multipart/form-data; boundary=x", 4),
    ],
)
async def test_bad_bodies_are_answered_not_crashed_on(raw: bytes, kind: str | None, status: int, client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/features/image-generate", content=raw, headers={"content-type": kind} if kind else {})

    assert answer.status_code == status if status > 4 else answer.status_code // 100 == 4, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.content) < 2048


async def test_a_form_of_a_thousand_parts_is_refused(client: httpx.AsyncClient) -> None:
    many_files = await client.post("/v1/features/upscale", files=[("image_file", ("a", b"x"))] * 1001)
    many_fields = await client.post("/v1/features/upscale", data={f"f{index}": "x" for index in range(1001)}, files={"a": ("a", b"x")})
    long_field = await client.post("/v1/features/upscale", data={"prompt": "x" * (2**20 + 1)}, files={"a": ("a", b"x")})

    for answer in (many_files, many_fields, long_field):
        assert answer.status_code in (400, 413), answer.text


@pytest.mark.parametrize("name", ["..\\x", "/abs", "C:\\x", "x" * 3000, ".htaccess", "CON", "\u202egnp.exe", "a%00.png"])
async def test_file_names_are_ignored(name: str, client: httpx.AsyncClient, photo_jpeg: bytes) -> None:
    answer = await client.post("/v1/files/", data={"user_id": "ann"}, files={"file": (name, photo_jpeg, "image/svg+xml")})

    stored = answer.json()["result"]
    assert answer.status_code == 201
    assert stored["key"].endswith(".jpg")
    assert stored["key"][:-4].isalnum()
    assert stored["content_type"] == "image/jpeg"


async def test_form_numbers_are_read_as_numbers(client: httpx.AsyncClient, photo_jpeg: bytes) -> None:
    answer = await client.post(
        "/v1/features/relight?wait=30",
        data={"user_id": "ann", "light_transfer_strength": "0.5", "prompt": "123"},
        files={"image_file": ("a.jpg", photo_jpeg)},
    )
    wrong = await client.post(
        "/v1/features/relight",
        data={"user_id": "ann", "light_transfer_strength": "much"},
        files={"image_file": ("a.jpg", photo_jpeg)},
    )

    assert answer.json()["result"]["light_transfer_strength"] == 0.5
    assert answer.json()["result"]["prompt"] == "123"
    assert wrong.status_code == 422


# --- who, and tasks


@pytest.mark.parametrize("user", [None, "", "   ", 7, ["ann"], "x" * 129, "\x00"])
async def test_somebody_must_be_named(user: Any, client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/features/image-generate", json={"user_id": user, "prompt": "x"})

    assert answer.status_code == 422


async def test_the_user_may_stand_in_the_query(client: httpx.AsyncClient, photo_base64: str) -> None:
    body = {"image_data": photo_base64, "operations": [{"op": "sepia"}]}

    named = await client.post("/v1/features/adjust?wait=30&user_id=cy", json=body)
    endless = await client.post(f"/v1/features/adjust?user_id={'x' * 129}", json=body)

    assert named.json()["result"]["user_id"] == "cy"
    assert endless.status_code == 422


async def test_the_old_name_of_the_user_works(client: httpx.AsyncClient, photo_base64: str) -> None:
    body = {"userId": "bob", "image_data": photo_base64, "operations": [{"op": "sepia"}]}

    task = (await client.post("/v1/features/adjust?wait=30", json=body)).json()["result"]

    assert task["user_id"] == "bob"


async def test_a_task_is_its_owners_alone(client: httpx.AsyncClient, photo_base64: str) -> None:
    task = (await post(client, "adjust", image_data=photo_base64, operations=[{"op": "sepia"}])).json()["result"]
    path = f"/v1/features/adjust/status/{task['task_id']}"

    assert (await client.get(path)).status_code == 200
    assert (await client.get(f"{path}/?user_id=ann")).status_code == 200
    assert (await client.get(f"{path}?user_id=eve")).status_code == 404
    assert (await client.post(f"/v1/features/adjust/cancel/{task['task_id']}?user_id=eve")).status_code == 404
    assert (await client.get(f"/v1/features/upscale/status/{task['task_id']}")).status_code == 404


@pytest.mark.parametrize("task", ["unknown", "a" * 32, "a" * 65, "a.b", "é", "%00", "..%2f..", "a*b", "a>b"])
async def test_an_unknown_task_is_404(task: str, client: httpx.AsyncClient) -> None:
    status = await client.get(f"/v1/features/upscale/status/{task}")
    cancel = await client.post(f"/v1/features/upscale/cancel/{task}/")
    feature = await client.get(f"/v1/features/nonsense/status/{'a' * 32}")

    assert [answer.status_code for answer in (status, cancel, feature)] == [404, 404, 404]
    assert status.json()["code"] == 1004


@pytest.mark.parametrize("wait", ["31", "-1", "nan", "inf", "x", "1e9"])
async def test_a_wait_out_of_bounds_is_422(wait: str, client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/v1/jobs/{'a' * 32}?wait={wait}&user_id=ann")).status_code in (404, 422)
    assert (await client.post(f"/v1/features/upscale?wait={wait}", json={"user_id": "ann"})).status_code == 422


async def test_a_canceled_task_stays_canceled(client: httpx.AsyncClient, photo_base64: str) -> None:
    task = (await post(client, "image-generate", wait=0, prompt="a lake", size="2048x2048", num_images=4, refine=False)).json()["result"]
    path = f"/v1/features/image-generate/cancel/{task['task_id']}"

    first, second = await client.post(path), await client.post(path)
    await asyncio.sleep(0.3)
    status = await client.get(f"/v1/features/image-generate/status/{task['task_id']}")

    assert first.json()["result"]["status"] == second.json()["result"]["status"] == status.json()["result"]["status"] == "CANCELED"
    assert status.json()["result"]["image_url"] is None


async def test_the_rest_of_the_doors(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).status_code == 200
    assert (await client.get("/readyz")).status_code == 200
    assert (await client.get("/metrics")).status_code == 200
    assert (await client.get("/v1/features/upscale")).status_code == 405
    assert (await client.get("/nowhere")).status_code == 404
    document = (await client.get("/openapi.json")).json()
    assert "/v1/features/upscale" in document["paths"]
    assert "/v1/features/image-generation" not in document["paths"]


# --- the same call made again


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/features/adjust", {"operations": [{"op": "grayscale"}], "image_data": "PHOTO"}),
        ("/v1/image/generate", {"refined_prompt": "a calm sea", "size": "256x256"}),
        ("/v1/files", {"image_data": "PHOTO"}),
        ("/v1/images/generations", {"prompt": "a calm sea", "size": "256x256"}),
    ],
)
async def test_a_call_made_again_with_its_key_finds_what_it_made(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    photo = base64_of(saved(Image.linear_gradient("L").resize((64, 48)), "PNG"))
    body = {"user_id": "ann", **{name: photo if value == "PHOTO" else value for name, value in body.items()}}

    async def made(once: str) -> str:
        answer = await client.post(path, json=body, headers={ONCE_HEADER: once})
        assert answer.is_success, answer.text
        told = answer.json()
        return str(told["result"].get("task_id") or told["result"]["url"] if "result" in told else told["data"][0]["url"])

    first, again, other = [await made(once) for once in ("one", "one", "two")]

    assert first == again != other
