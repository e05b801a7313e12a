"""What is in these bytes, and how are pixels written?  Runs in a worker process that may be killed.

Limits come before decoding: format by its first bytes, pixels and sides from the header, scans of a progressive JPEG
counted.  Decoding applies the orientation, brings the colours to sRGB and drops all metadata; encoding writes provenance.
HEIC is read where pillow-heif is installed (`imaging-svc[heic]`).
"""

from __future__ import annotations

import importlib.util
import io
import json
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import quoteattr

from .domain import (
    MAX_OUTPUT_PIXELS,
    MAX_PIXELS,
    MAX_SCANS,
    MAX_SIDE,
    ImageTooComplexError,
    ImageTooLargeError,
    ImageUndecodableError,
    UnsupportedImageError,
)

if TYPE_CHECKING:
    from PIL.Image import Image

    from .engines.local.rendering import Pixels

__all__ = ["Encoded", "Facts", "decode", "encode", "inspect", "sniff", "thumbnail"]

Format = Literal["png", "jpeg", "webp"]
EXTENSIONS: dict[str, str] = {"png": "png", "jpeg": "jpg", "webp": "webp"}
CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
_WEBP_SIDE = 16383
_PNG_END = b"IEND\xaeB`\x82"
_XMP_BYTES = 60_000
_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_OTHERS = (
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"BM", "BMP"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"8BPS", "PSD"),
    (b"\0\0\1\0", "ICO"),
    (b"\0\0\2\0", "CUR"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"DDS ", "DDS"),
    (b"icns", "ICNS"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG or XML"),
    (b"<!DOC", "HTML"),
    (b"<html", "HTML"),
    (b"P1", "PBM"),
    (b"P2", "PGM"),
    (b"P3", "PPM"),
    (b"P4", "PBM"),
    (b"P5", "PGM"),
    (b"P6", "PPM"),
    (b"SIMPLE", "FITS"),
    (b"\x01\xda", "SGI"),
    (b"\xd7\xcd\xc6\x9a", "WMF"),
    (b"PK\3\4", "ZIP"),
    (b"push graphic", "MVG"),
    (b"label:", "MVG"),
    (b"ephemeral:", "MVG"),
    (b"/* XPM", "XPM"),
    (b"#define", "XBM"),
    (b"qoif", "QOI"),
    (b"\xff\x0a", "JPEG XL"),
    (b"BLP", "BLP"),
    (b"\x0a\x05\x01", "PCX"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"RIFF", "RIFF"),
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a picture's header says.  `format` is what a result of it is written as by default."""

    width: int
    height: int
    format: Format
    has_alpha: bool


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture as bytes, ready to be stored."""

    data: bytes
    width: int
    height: int
    extension: str
    has_alpha: bool

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self.extension]


def sniff(data: bytes) -> str:
    """Pillow's name of the format.  Raises UnsupportedImageError (415) for others, ImageUndecodableError (422) for noise."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        if brand in (b"avif", b"avis") or b"avif" in data[8:48]:
            return "AVIF"
        if brand in _HEIC_BRANDS and _reads_heic():
            return "HEIF"
        raise UnsupportedImageError("HEIC and other ISO media can't be read here; send JPEG, PNG, WebP, GIF or AVIF")
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()[:16]
    for magic, name in _OTHERS:
        if head.lower().startswith(magic.lower()) or data.startswith(magic):
            raise UnsupportedImageError(f"{name} is not supported; send JPEG, PNG, WebP, GIF or AVIF")
    raise ImageUndecodableError("These bytes are no picture; send JPEG, PNG, WebP, GIF or AVIF")


@cache
def _reads_heic() -> bool:
    """Whether Pillow reads HEIC here: registers the decoder where it is installed."""
    if importlib.util.find_spec("pillow_heif") is None:
        return False
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)
    return True


def _scans(data: bytes) -> int:
    """Start-of-scan markers of a JPEG, counted by walking its segments."""
    count, at = 0, 2
    while at + 4 <= len(data):
        at = data.find(b"\xff", at)
        if at < 0 or at + 4 > len(data):
            break
        marker = data[at + 1]
        if marker in (0x00, 0xFF, 0x01) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == 0xD9:
            break
        if marker == 0xDA:
            count += 1
            if count > MAX_SCANS:
                break
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return count


def _open(data: bytes, *, max_pixels: int = MAX_PIXELS, max_side: int = MAX_SIDE) -> Image:
    from PIL import Image, ImageFile

    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = max_pixels * 2
    kind = sniff(data)
    if kind == "JPEG" and _scans(data) > MAX_SCANS:
        raise ImageTooComplexError(f"The JPEG has more than {MAX_SCANS} scans", limit=MAX_SCANS)
    if kind == "PNG" and _PNG_END not in data:
        raise ImageUndecodableError("The picture is cut off")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data), formats=[kind])
    except Image.DecompressionBombError as error:
        raise ImageTooLargeError(f"A picture may have {max_pixels // 10**6} megapixels", limit=max_pixels) from error
    except Exception as error:  # decoders raise anything: OSError, SyntaxError, ValueError, RuntimeError, KeyError, MemoryError
        raise ImageUndecodableError("The picture is damaged") from error
    width, height = picture.size
    if width * height > max_pixels:
        raise ImageTooLargeError(
            f"The picture has {width * height / 1e6:.1f} megapixels; {max_pixels // 10**6} are allowed",
            limit=max_pixels,
            actual=width * height,
        )
    if max(width, height) > max_side:
        raise ImageTooLargeError(
            f"A side has {max(width, height)} pixels; {max_side} are allowed", limit=max_side, actual=max(width, height)
        )
    return picture


def _decoded(data: bytes, *, ours: bool = False) -> Image:
    """The picture as RGB or RGBA in sRGB, the right way up, with nothing but pixels.  Results of `ours` may be larger than inputs."""
    from PIL import ImageOps

    picture = _open(data, max_pixels=MAX_OUTPUT_PIXELS, max_side=2 * MAX_SIDE) if ours else _open(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture.seek(0)
            picture.load()
            picture = _to_srgb(ImageOps.exif_transpose(picture))
    except Exception as error:  # see _open
        raise ImageUndecodableError("The picture is damaged or cut off") from error
    return picture


def _to_srgb(picture: Image) -> Image:
    from PIL import Image, ImageCms

    profile = picture.info.get("icc_profile")
    has_alpha = picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        import numpy as np

        values = np.asarray(picture, dtype=np.float64)
        picture = Image.fromarray(np.clip(values / 257.0 + 0.5, 0, 255).astype(np.uint8))  # 16 bits, also of a dark picture
        has_alpha, profile = False, None
    if profile and picture.mode in ("RGB", "RGBA", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
            base = picture.convert("RGB") if picture.mode == "RGBA" else picture
            changed = ImageCms.profileToProfile(base, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if changed is not None:
                picture = changed
                if alpha is not None:
                    picture.putalpha(alpha)
        except (ImageCms.PyCMSError, OSError, ValueError):
            profile = None  # a broken profile is dropped: the plain conversion follows
    return picture.convert("RGBA" if has_alpha else "RGB")


def _facts(picture: Image, data: bytes) -> Facts:
    formats: dict[str, Format] = {"JPEG": "jpeg", "HEIF": "jpeg", "WEBP": "webp"}
    written = formats.get(sniff(data), "png")
    return Facts(*picture.size, written, picture.mode == "RGBA")


def inspect(data: bytes, ours: bool = False) -> Facts:
    """Judge a picture by really decoding it.  Raises the errors of this module."""
    return _facts(_decoded(data, ours=ours), data)


def decode(data: bytes, *, ours: bool = False) -> tuple[Pixels, Facts]:
    """The pixels, uint8 (height, width, 3 or 4), and the facts."""
    import numpy as np

    picture = _decoded(data, ours=ours)
    return np.asarray(picture).copy(), _facts(picture, data)


def normalised(data: bytes) -> Encoded:
    """An uploaded picture as it is stored: decoded and written anew, so that nothing but pixels survives."""
    pixels, facts = decode(data)
    return encode(pixels, facts.format)


def encode(pixels: Pixels, wanted: Format, *, provenance: dict[str, Any] | None = None, source_type: str | None = None) -> Encoded:
    """Write pixels as PNG, JPEG or WebP with provenance inside.  JPEG of a picture with alpha becomes PNG."""
    from PIL import Image, PngImagePlugin

    height, width = pixels.shape[:2]
    if height * width > MAX_OUTPUT_PIXELS:
        raise ImageTooLargeError("The result would have too many pixels", limit=MAX_OUTPUT_PIXELS, actual=height * width)
    has_alpha = pixels.shape[2] == 4 and bool((pixels[..., 3] < 255).any())
    picture = Image.fromarray(pixels if has_alpha or pixels.shape[2] == 3 else pixels[..., :3])
    if (wanted == "jpeg" and has_alpha) or (wanted == "webp" and max(height, width) > _WEBP_SIDE):
        wanted = "png"
    out = io.BytesIO()
    xmp = _xmp(provenance, source_type) if provenance is not None else None
    if xmp is not None and len(xmp) > _XMP_BYTES:  # JPEG has no room for more: the source type stays
        xmp = _xmp({"model": (provenance or {}).get("model")}, source_type)
    if wanted == "png":
        text = PngImagePlugin.PngInfo()
        if provenance is not None and xmp is not None:
            text.add_itxt("PhotoFun", json.dumps(provenance, ensure_ascii=False, default=str))
            text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        picture.save(out, "PNG", compress_level=3, pnginfo=text)
    elif wanted == "jpeg":
        picture.save(out, "JPEG", quality=92, subsampling=0, optimize=False, **({"xmp": xmp} if xmp else {}))
    else:
        picture.save(out, "WEBP", quality=90, method=2, **({"xmp": xmp} if xmp else {}))
    return Encoded(out.getvalue(), width, height, EXTENSIONS[wanted], has_alpha)


def _xmp(provenance: dict[str, Any] | None, source_type: str | None) -> bytes:
    said = json.dumps(provenance or {}, ensure_ascii=False, default=str)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        'xmlns:photofun="https://photofun.studio/ns/1.0/" xmp:CreatorTool="PhotoFun Studio" '
        f"Iptc4xmpExt:DigitalSourceType={quoteattr(_SOURCE_TYPE + (source_type or 'algorithmicallyEnhanced'))} "
        f'photofun:provenance={quoteattr(said)}/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def thumbnail(data: bytes, width: int) -> Encoded:
    """The picture at most `width` pixels wide, as WebP."""
    from PIL import Image

    picture = _open(data, max_pixels=MAX_OUTPUT_PIXELS, max_side=2 * MAX_SIDE)  # ours: results may be larger than inputs
    picture.draft("RGB", (width * 2, width * 2))
    picture = _to_srgb(picture)
    if picture.width > width:
        picture = picture.resize((width, max(1, round(picture.height * width / picture.width))), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=82, method=2)
    return Encoded(out.getvalue(), *picture.size, "webp", picture.mode == "RGBA")
