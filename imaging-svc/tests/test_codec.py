"""What comes in as a picture, and what is written?"""

from __future__ import annotations

import importlib.util
import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from imaging_svc import codec
from imaging_svc.codec import decode, encode, inspect, normalised, sniff, thumbnail
from imaging_svc.domain import ImageTooComplexError, ImageTooLargeError, ImageUndecodableError, UnsupportedImageError
from imaging_svc.engines.local.verbs import perform
from PIL import Image, ImageCms, PngImagePlugin


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def slopes(width: int = 48, height: int = 32, mode: str = "RGB") -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    colours = np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], axis=2).astype(np.uint8)
    return Image.fromarray(colours).convert(mode)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, *, depth: int = 8, colour: int = 2, interlace: int = 0, body: bytes = b"") -> bytes:
    """A PNG that only claims its size."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_the_five_formats_are_read(kind: str) -> None:
    data = saved(slopes(), kind)

    pixels, facts = decode(data)

    assert sniff(data) == kind
    assert pixels.shape == (32, 48, 3)
    assert pixels.dtype == np.uint8
    assert (facts.width, facts.height) == (48, 32)
    assert facts.format == {"JPEG": "jpeg", "WEBP": "webp"}.get(kind, "png")


@pytest.mark.parametrize(
    "kind", ["TIFF", "BMP", "ICO", "PPM", "TGA", "PCX", "JPEG2000", "EPS", "PDF", "DDS", "SGI", "ICNS", "BLP", "XBM", "MPO"]
)
def test_other_formats_are_refused(kind: str) -> None:
    mode = {"XBM": "1", "BLP": "P"}.get(kind, "RGB")
    data = saved(slopes(64, 64, mode), kind)

    if kind == "MPO":
        assert decode(data)[1].format == "jpeg"
        return
    with pytest.raises(UnsupportedImageError) as caught:
        inspect(data)
    assert caught.value.status == 415


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xef\xbb\xbf  <svg/>",
        b"<?xml version='1.0'?><svg/>",
        b"<!DOCTYPE html><p>hi",
        b"<html></html>",
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF",
        b"push graphic-context\nviewbox 0 0 1 1",
        b"label:@/etc/passwd",
        b"ephemeral:/etc/passwd",
        b"PK\3\4stuff",
        b"\0\0\0\x18ftypisom\0\0\0\0isommp42",
        b"\0\0\0\x0cJXL \r\n\x87\n",
        b"RIFF\x10\0\0\0WAVEfmt ",
    ],
)
def test_what_other_programs_would_run_is_415(data: bytes) -> None:
    with pytest.raises(UnsupportedImageError) as caught:
        inspect(data)
    assert caught.value.slug == "unsupported-image"


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b"hello", b"\xff" * 40, bytes(range(1, 200)), b"iVBORw0KGgo", b"\xff\xd8\xff", b"GIF89a"])
def test_noise_is_no_picture(data: bytes) -> None:
    with pytest.raises(ImageUndecodableError):
        inspect(data)


@pytest.mark.parametrize(
    "data",
    [
        png_of(20000, 20000),
        png_of(50000, 50000, depth=1, colour=0),
        png_of(5001, 5000),
        saved(Image.new("1", (8193, 16)), "PNG"),
        saved(Image.new("1", (16, 8193)), "PNG"),
        saved(Image.new("L", (5200, 5200)), "WEBP", lossless=True, method=0),
    ],
)
def test_pixels_and_sides_are_limited_before_decoding(data: bytes) -> None:
    with pytest.raises(ImageTooLargeError) as caught:
        inspect(data)
    assert caught.value.extra["limit"] in (codec.MAX_PIXELS, codec.MAX_SIDE)


def test_a_long_thin_picture_is_fine() -> None:
    assert inspect(saved(Image.new("RGB", (8192, 1)), "PNG")).width == 8192


def many_scans(count: int) -> bytes:
    data = saved(slopes(16, 16), "JPEG", progressive=True)
    at = data.index(b"\xff\xda")
    end = data.index(b"\xff", at + 2 + int.from_bytes(data[at + 2 : at + 4]))
    while data[end + 1] == 0:
        end = data.index(b"\xff", end + 2)
    return data[:at] + data[at:end] * count + data[at:]


def test_a_jpeg_of_a_thousand_scans_is_refused_by_counting() -> None:
    with pytest.raises(ImageTooComplexError) as caught:
        inspect(many_scans(1000))
    assert caught.value.extra["limit"] == 64


def test_an_ordinary_progressive_jpeg_passes() -> None:
    assert inspect(saved(slopes(), "JPEG", progressive=True)).format == "jpeg"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("percent", [1, 10, 50, 90, 99])
def test_a_cut_off_file_is_undecodable(kind: str, percent: int) -> None:
    whole = saved(Image.fromarray(np.random.default_rng(3).integers(0, 255, (64, 64, 3), np.uint8)), kind)

    with pytest.raises(ImageUndecodableError):
        inspect(whole[: max(1, len(whole) * percent // 100)])


@pytest.mark.parametrize(
    "data",
    [
        png_of(0, 0),
        png_of(4, 4, depth=3),
        png_of(4, 4, colour=5),
        png_of(4, 4, interlace=7, body=b"\0" * 52),
        png_of(4, 4, body=b""),
        saved(slopes(), "PNG").replace(b"IDAT", b"IDAT", 1)[:-30] + b"\0" * 30,
    ],
)
def test_broken_pngs_are_undecodable(data: bytes) -> None:
    with pytest.raises(ImageUndecodableError):
        inspect(data)


def test_a_png_without_its_end_is_undecodable() -> None:
    whole = saved(slopes(), "PNG")

    with pytest.raises(ImageUndecodableError):
        inspect(whole[:-12])


def test_text_and_profile_bombs_never_hurt() -> None:
    header, rest = saved(slopes(), "PNG")[:33], saved(slopes(), "PNG")[33:]
    bomb = zlib.compress(b"\0" * 60_000_000)
    profile = header + chunk(b"iCCP", b"x\0\0" + bomb) + rest
    text = header + chunk(b"zTXt", b"x\0\0" + bomb) * 3 + rest
    many = header + chunk(b"tEXt", b"k\0v") * 20000 + rest

    for data in (profile, text, many):
        try:
            assert inspect(data).width == 48
        except ImageUndecodableError as refused:
            assert refused.status == 422


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.new("RGB", (48, 32), "blue")
    picture.paste("red", (0, 0, 24, 16))

    pixels, facts = decode(saved(picture, "JPEG", exif=exif, quality=95))

    assert (facts.width, facts.height) == ((32, 48) if orientation >= 5 else (48, 32))
    top, left = {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0), 5: (0, 0), 6: (0, 1), 7: (1, 1), 8: (1, 0)}[orientation]
    corner = pixels[-4 if top else 4, -4 if left else 4]
    assert corner[0] > 200
    assert corner[2] < 60


@pytest.mark.parametrize("orientation", [3, 5, 6, 8])
def test_an_avif_that_is_turned_by_its_own_boxes_comes_out_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.new("RGB", (64, 32), "blue")
    picture.paste("red", (0, 0, 32, 16))
    data = saved(picture, "AVIF", exif=exif, quality=95)

    pixels, _ = decode(data)

    assert b"irot" in data or b"imir" in data
    top, left = {3: (1, 1), 5: (0, 0), 6: (0, 1), 8: (1, 0)}[orientation]
    corner = pixels[-4 if top else 4, -4 if left else 4]
    assert corner[0] > 200
    assert corner[2] < 60


def test_of_a_multi_picture_jpeg_the_first_counts_and_a_film_behind_it_is_dropped() -> None:
    first, second = Image.new("RGB", (48, 32), "red"), Image.new("RGB", (48, 32), "blue")
    data = saved(first, "MPO", save_all=True, append_images=[second]) + b"\0\0\0\x18ftypmp42" + b"film" * 500

    kept = normalised(data)

    assert decode(kept.data)[0][16, 24, 0] > 240
    assert b"MPF" not in kept.data
    assert b"film" not in kept.data


HEIC = Path(__file__).parent / "data" / "heic"


@pytest.mark.parametrize(("name", "shape"), [("upright", (32, 48, 3)), ("turned", (48, 32, 3))])
def test_a_heic_is_read_where_its_decoder_is_installed_and_refused_by_name_where_not(name: str, shape: tuple[int, ...]) -> None:
    data = (HEIC / f"{name}.heic").read_bytes()
    if importlib.util.find_spec("pillow_heif") is None:
        with pytest.raises(UnsupportedImageError, match="HEIC"):
            decode(data)
        return

    pixels, facts = decode(data)

    assert pixels.shape == shape
    assert facts.format == "jpeg"
    dark, bright = ((2, 2), (-3, -3)) if name == "upright" else ((2, -3), (-3, 2))
    assert pixels[dark].astype(int).sum() < 120
    assert pixels[bright].astype(int).sum() > 600


def test_a_result_may_be_larger_than_an_input_and_can_be_worked_on() -> None:
    large = saved(Image.new("RGB", (5100, 5000), (10, 200, 30)), "PNG", compress_level=1)

    with pytest.raises(ImageTooLargeError):
        decode(large)
    assert inspect(large, ours=True).width == 5100

    params = {"operations": [{"op": "grayscale"}], "output_format": "jpeg"}
    made, _ = perform("adjust", params, "", large, {}, 1, {}, progress=lambda _: None)
    assert (made[0].width, made[0].height) == (5100, 5000)

    params = {"prompt": "warm light", "light_transfer_strength": 0.0, "style": "standard", "output_format": "jpeg"}
    smaller, said = perform("relight", params, "", large, {}, 1, {}, progress=lambda _: None)
    assert 24_900_000 < smaller[0].width * smaller[0].height <= 25_000_000
    assert said.details["reduced_from"] == [5100, 5000]


def test_cmyk_becomes_the_colours_it_means() -> None:
    for colour in ("red", "green", "white", "black"):
        pixels, _ = decode(saved(Image.new("RGB", (16, 16), colour).convert("CMYK"), "JPEG", quality=95))

        assert np.abs(pixels[8, 8].astype(int) - Image.new("RGB", (1, 1), colour).getpixel((0, 0))).max() < 8


@pytest.mark.parametrize("value", [120, 200, 30000, 65535])
def test_sixteen_bit_grey_keeps_its_brightness(value: int) -> None:
    pixels, facts = decode(saved(Image.fromarray(np.full((16, 16), value, np.uint16)), "PNG"))

    assert facts.has_alpha is False
    assert abs(int(pixels[8, 8, 0]) - round(value / 257)) <= 1


def test_sixteen_bit_colour_is_read() -> None:
    row = b"\0" + struct.pack(">HHH", 65535, 32768, 0) * 8
    pixels, _ = decode(png_of(8, 8, depth=16, body=row * 8))

    assert np.abs(pixels[4, 4].astype(int) - (255, 128, 0)).max() <= 1


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_few_colours_become_rgb(mode: str) -> None:
    pixels, facts = decode(saved(slopes(mode=mode), "PNG"))

    assert pixels.shape[2] == 3
    assert facts.has_alpha is False


def test_clear_pixels_stay_clear() -> None:
    alpha = slopes().convert("RGBA")
    alpha.putpixel((3, 3), (0, 0, 0, 0))
    palette = slopes().convert("P")
    palette.info["transparency"] = palette.getpixel((3, 3))

    for data in (
        saved(alpha, "PNG"),
        saved(alpha, "WEBP", lossless=True),
        saved(alpha.convert("LA"), "PNG"),
        saved(palette, "PNG", transparency=palette.getpixel((3, 3))),
        saved(palette, "GIF", transparency=palette.getpixel((3, 3))),
        saved(Image.new("RGB", (16, 16), (1, 2, 3)), "PNG", transparency=(1, 2, 3)),
    ):
        pixels, facts = decode(data)

        assert facts.has_alpha is True
        assert pixels[3, 3, 3] == 0


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_of_an_animation_the_first_frame_counts(kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "lime", "blue")]

    pixels, _ = decode(saved(frames[0], kind, save_all=True, append_images=frames[1:]))

    assert pixels[16, 16, 0] > 200
    assert pixels[16, 16, 1:3].max() < 60


def test_profiles_are_brought_to_srgb_and_broken_ones_dropped() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    fine, _ = decode(saved(slopes(), "PNG", icc_profile=lab))
    broken, _ = decode(saved(slopes(), "PNG", icc_profile=b"nonsense" * 40))

    assert np.abs(fine.astype(int) - broken).max() <= 2


def with_secrets(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "SECRET description"
    exif.get_ifd(0x8825)[1] = "N"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET comment")
    more: dict[str, Any] = {"pnginfo": text} if kind == "PNG" else {"comment": b"SECRET"} if kind == "JPEG" else {}
    return saved(slopes(), kind, exif=exif, xmp=b"<x>SECRET</x>", **more)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata_does_not_survive(kind: str) -> None:
    data = with_secrets(kind)

    stored = normalised(data)

    assert b"SECRET" in data
    assert b"SECRET" not in stored.data
    with Image.open(io.BytesIO(stored.data)) as read:
        assert not read.getexif()


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("JPEG", b"<script>alert(1)</script>"),
        ("PNG", b"PK\3\4 evil zip"),
        ("GIF", b"*/alert('js')/*"),
        ("WEBP", b"<?php system($_GET[0]);"),
    ],
)
def test_of_a_polyglot_only_the_picture_survives(kind: str, payload: bytes) -> None:
    stored = normalised(saved(slopes(), kind) + payload)

    assert payload not in stored.data


def test_the_extension_says_what_is_inside() -> None:
    assert [normalised(saved(slopes(), kind)).extension for kind in ("JPEG", "PNG", "WEBP", "GIF")] == ["jpg", "png", "webp", "png"]


@pytest.mark.parametrize("wanted", ["png", "jpeg", "webp"])
def test_provenance_is_inside_the_file(wanted: Any) -> None:
    story = {"feature": "relight", "prompt": 'warm "light" & <shadow>, ấm áp', "model": "m"}

    made = encode(np.zeros((8, 8, 3), np.uint8), wanted, provenance=story, source_type="algorithmicMedia")

    with Image.open(io.BytesIO(made.data)) as read:
        raw = read.info.get("xmp") or read.info["XML:com.adobe.xmp"]
        if wanted == "png":
            assert json.loads(read.text["PhotoFun"]) == story
    said = {name.split("}")[-1]: value for element in ElementTree.fromstring(raw).iter() for name, value in element.attrib.items()}
    assert said["DigitalSourceType"] == "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
    assert json.loads(said["provenance"]) == story


def test_a_long_story_still_fits_into_every_format() -> None:
    story = {"prompt": "é" * 40_000}

    for wanted in ("png", "jpeg", "webp"):
        assert encode(np.zeros((8, 8, 3), np.uint8), wanted, provenance=story).data  # type: ignore[arg-type]


def test_jpeg_gives_way_to_png_when_there_is_alpha_and_webp_when_it_is_too_long() -> None:
    clear = np.zeros((8, 8, 4), np.uint8)
    long = np.zeros((1, 16384, 3), np.uint8)

    assert encode(clear, "jpeg").extension == "png"
    assert encode(long, "webp").extension == "png"
    assert encode(np.full((8, 8, 4), 255, np.uint8), "jpeg").extension == "jpg"


def test_thumbnails_are_small_webps_also_of_large_results() -> None:
    big = saved(Image.new("RGB", (9000, 3000)), "PNG", compress_level=1)

    small, large = thumbnail(saved(slopes(), "PNG"), 320), thumbnail(big, 320)

    assert (small.width, small.height, small.extension) == (48, 32, "webp")
    assert (large.width, large.height) == (320, 107)


def test_mutants_never_raise_anything_else() -> None:
    rng = np.random.default_rng(11)
    seeds = [saved(slopes(), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF")]

    for index in range(300):
        data = bytearray(seeds[index % len(seeds)])
        for at in rng.integers(0, len(data), rng.integers(1, 12)):
            data[at] = rng.integers(0, 256)
        judged(inspect, bytes(data))


def judged(work: Callable[[bytes], object], data: bytes) -> None:
    try:
        work(data)
    except (ImageUndecodableError, UnsupportedImageError, ImageTooLargeError, ImageTooComplexError):
        return
