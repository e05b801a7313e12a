"""How do pictures travel to a provider and back?  Prepared, fetched through the guard, decoded and written anew."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp
from photofun_common.errors import InvalidError, PhotoFunError, TooLargeError

from .. import codec
from ..codec import Encoded, Format
from ..domain import MAX_OUTPUT_PIXELS, MAX_SIDE, ImageUnreachableError
from ..guard import PictureFetcher
from ..pool import WorkerPool
from . import Made, Order
from .failures import ProviderFailedError, ResultLostError

__all__ = [
    "RATIOS",
    "Finish",
    "MaskForm",
    "ResultFetcher",
    "Sent",
    "made_of",
    "nearest_ratio",
    "prepared",
    "receive",
    "share_of",
    "size_of",
    "worded",
]

MaskForm = Literal["alpha", "black"]
MAX_RESULT_BYTES = 25 * 2**20
RATIOS = {
    "1:1": 1.0,
    "16:9": 16 / 9,
    "9:16": 9 / 16,
    "21:9": 21 / 9,
    "4:3": 4 / 3,
    "3:4": 3 / 4,
    "3:2": 3 / 2,
    "2:3": 2 / 3,
}
_SECONDS = 30.0
_SHARE = 0.8


class ResultFetcher(PictureFetcher):
    """Fetches an engine's results: the same guard, more bytes, more time."""

    def __init__(self, *, private_too: bool) -> None:
        super().__init__(private_too=private_too, seconds=60.0)

    async def result(self, url: str) -> bytes:
        """The bytes of a result.  Raises ResultLostError for whatever is wrong with the address."""
        try:
            return await self.fetch(url)
        except InvalidError as error:
            raise ResultLostError(f"The provider's result could not be fetched: {error.detail}"[:300]) from error

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        if answer.status != 200 or answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise ImageUnreachableError(f"its address answers {answer.status}")
        chunks, size = [], 0
        async for chunk in answer.content.iter_chunked(65536):
            size += len(chunk)
            if size > MAX_RESULT_BYTES:
                raise TooLargeError("it is over 25 MB", limit=MAX_RESULT_BYTES, actual=size)
            chunks.append(chunk)
        return b"".join(chunks)


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture ready to be sent: PNG or JPEG."""

    data: bytes
    width: int
    height: int
    content_type: str


@dataclass(frozen=True, slots=True)
class Finish:
    """What is still to do with a received picture, on our side."""

    size: tuple[int, int] | None = None
    ratio: float | None = None
    mask_only: bool = False
    background_color: str | None = None
    background: bytes | None = None


def share_of(order: Order, most: float) -> float:
    """How long an engine may take: `most`, and never so long that no other engine could still do it."""
    return max(1.0, min(most, order.seconds * _SHARE))


def nearest_ratio(wanted: float, names: dict[str, float]) -> str:
    """The name whose ratio (width by height) is nearest."""
    return min(names, key=lambda name: max(names[name] / wanted, wanted / names[name]))


def size_of(params: dict[str, Any]) -> tuple[int, int] | None:
    """The size that was asked for in pixels, when one was."""
    if not params.get("size"):
        return None
    width, height = (int(side) for side in params["size"].split("x"))
    return max(64, min(2048, width)), max(64, min(2048, height))


def worded(order: Order) -> str:
    """The prompt, with the asked style in words when it does not name it."""
    style = ((order.params.get("styling") or {}).get("style") or "").replace("-", " ")
    return order.prompt if not style or style in order.prompt.lower() else f"{order.prompt}, {style} style"


def prepared(data: bytes, max_bytes: int, mask: MaskForm | None, size: tuple[int, int] | None) -> Sent:
    """A picture as PNG or JPEG of at most `max_bytes`, or a mask in the provider's form.  Runs in a worker."""
    pixels, facts = codec.decode(data)
    if mask is not None:
        return _mask(pixels, mask, size)
    encoded = codec.encode(pixels, "png" if facts.has_alpha or facts.format != "jpeg" else "jpeg")
    if len(encoded.data) > max_bytes:
        encoded = codec.encode(pixels[..., :3], "jpeg")
    return Sent(encoded.data, encoded.width, encoded.height, encoded.content_type)


def _mask(pixels: Any, form: MaskForm, size: tuple[int, int] | None) -> Sent:
    """A mask, transparent or black where to edit.  One without transparency means to edit where it is light."""
    from PIL import Image

    picture: Any = Image.fromarray(pixels)
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema()[0] < 255:
        alpha = picture.getchannel("A")
    else:
        alpha = picture.convert("L").point(lambda value: 255 - value)
    out: Any = alpha
    if form == "alpha":
        out = Image.new("RGBA", picture.size, (0, 0, 0, 255))
        out.putalpha(alpha)
    if size is not None and out.size != size:
        out = out.resize(size)
    data = io.BytesIO()
    out.save(data, "PNG")
    return Sent(data.getvalue(), out.size[0], out.size[1], "image/png")


def received(data: bytes, wanted: Format | None, provenance: dict[str, Any], source_type: str, finish: Finish) -> Encoded:
    """A provider's picture as it is stored, with provenance inside.  Runs in a worker."""
    import numpy as np
    from PIL import ImageOps

    kind = codec.sniff(data)
    picture = codec._open(data, max_pixels=MAX_OUTPUT_PIXELS, max_side=2 * MAX_SIDE)  # a result may be larger than an upload
    try:
        picture.load()
        picture = codec._to_srgb(ImageOps.exif_transpose(picture))
    except Exception as error:  # decoders raise anything
        raise ProviderFailedError("The provider's picture is damaged or cut off") from error
    picture = _finished(picture, finish)
    if wanted is None:
        wanted = "jpeg" if kind == "JPEG" else "webp" if kind == "WEBP" else "png"
    return codec.encode(
        np.asarray(picture.convert("RGBA" if picture.mode == "RGBA" else "RGB")), wanted, provenance=provenance, source_type=source_type
    )


def _finished(picture: Any, finish: Finish) -> Any:
    from PIL import Image, ImageColor, ImageOps

    if finish.mask_only:
        return (picture.getchannel("A") if picture.mode == "RGBA" else Image.new("L", picture.size, 255)).convert("RGB")
    if picture.mode == "RGBA" and (finish.background_color or finish.background):
        if finish.background:
            behind = ImageOps.fit(Image.fromarray(codec.decode(finish.background)[0]).convert("RGB"), picture.size)
        else:
            behind = Image.new("RGB", picture.size, ImageColor.getrgb(finish.background_color or "white")[:3])
        behind.paste(picture, mask=picture.getchannel("A"))
        picture = behind
    if finish.size is not None:
        if picture.size != finish.size:
            picture = ImageOps.fit(picture, finish.size, Image.Resampling.LANCZOS)
    elif finish.ratio is not None:
        width, height = picture.size
        size = (min(width, round(height * finish.ratio)), min(height, round(width / finish.ratio)))
        if abs(width / height / finish.ratio - 1) > 0.02:
            picture = ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    return picture


def made_of(pictures: list[Encoded], model: str, *, wanted: int, uncertain: bool, details: dict[str, Any] | None = None) -> Made:
    """What an engine made; says when it is fewer than `wanted`, and when an earlier call may have been charged too."""
    told = dict(details or {})
    if uncertain:
        told["charge_uncertain"] = "the answer to a first call was lost; it may have been charged too"
    short = f"{len(pictures)} of {wanted} pictures were made" if len(pictures) < wanted else None
    return Made(pictures, [None] * len(pictures), model, short, told)


async def receive(pool: WorkerPool, data: bytes, order: Order, *, provider: str, model: str, finish: Finish | None = None) -> Encoded:
    """Judge and rewrite what a provider sent.  Raises ProviderFailedError when it is no picture."""
    provenance = {
        "job_id": order.job_id,
        "step": order.step,
        "feature": order.feature,
        "params": order.params,
        "prompt": order.prompt,
        "model": model,
        "provider": provider,
    }
    made_anew = order.feature in ("image_generation", "reimagine")
    source_type = "trainedAlgorithmicMedia" if made_anew else "compositeWithTrainedAlgorithmicMedia"
    wanted = order.params.get("output_format")
    try:
        return await pool.run(received, data, wanted, provenance, source_type, finish or Finish(), seconds=_SECONDS)
    except PhotoFunError as error:
        if error.status in (413, 415, 422):
            raise ProviderFailedError(f"The provider's answer is no usable picture: {error.detail}"[:300]) from error
        raise
