"""What is Freepik asked for?  Our parameters in the words and ranges of its endpoints."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from ...domain import NeedsImageError, NeedsReferenceError
from ...pool import WorkerPool
from .. import Order
from ..failures import UnsuitedError
from ..receiving import RATIOS, Finish, MaskForm, Sent, nearest_ratio, prepared, size_of, worded

__all__ = ["CUT_OUT", "REIMAGINE", "Asking", "Call"]

MYSTIC = "/v1/ai/mystic"
UPSCALE = "/v1/ai/image-upscaler-precision-v2"
CREATIVE = "/v1/ai/image-upscaler"
REIMAGINE = "/v1/ai/beta/text-to-image/reimagine-flux"
RELIGHT = "/v1/ai/image-relight"
STYLE = "/v1/ai/image-style-transfer"
EXPAND = "/v1/ai/image-expand/flux-pro"
EDIT = "/v1/ai/text-to-image/seedream-v4-5-edit"
MASKED_EDIT = "/v1/ai/ideogram-image-edit"
CUT_OUT = "/v1/ai/beta/remove-background"

_FLUID_RATIOS = {
    "square_1_1": 1.0,
    "social_story_9_16": 9 / 16,
    "widescreen_16_9": 16 / 9,
    "traditional_3_4": 3 / 4,
    "classic_4_3": 4 / 3,
}
_SHARED_RATIOS = {**_FLUID_RATIOS, "standard_3_2": 3 / 2, "portrait_2_3": 2 / 3}
_EDIT_RATIOS = {**_SHARED_RATIOS, "cinematic_21_9": 21 / 9}
_REIMAGINE_RATIOS = {**_SHARED_RATIOS, "horizontal_2_1": 2.0, "vertical_1_2": 1 / 2}
# social_post_4_5 is left out: the official description spells it with a stray quote, so the wire value is not certain
_MYSTIC_RATIOS = {**_REIMAGINE_RATIOS, "smartphone_horizontal_20_9": 20 / 9, "smartphone_vertical_9_20": 9 / 20, "social_5_4": 5 / 4}
_MYSTIC_MODELS = frozenset({"realism", "fluid", "zen", "flexible", "super_real", "editorial_portraits"})
_CREATIVE_MODELS = frozenset({"creative", "magnific-creative", "image-upscaler"})
_LIGHTS = {"dramatic": "contrasted_n_hdr", "soft": "smooth", "natural": "clean", "cinematic": "darker_but_realistic"}
_IMAGINATIONS = {"moderate": "subtle", "creative": "vivid", "extreme": "wild"}
_MAX_UPLOAD = 10 * 2**20
_MAX_UPSCALE_UPLOAD = 20 * 2**20
_MAX_UPSCALED = 25_300_000
_MAX_EXPANDED = 20_000_000
_MIN_SIDE = 256


@dataclass(frozen=True, slots=True)
class Call:
    """One kind of call: where, with what, and what is still to do with its result; `count` of them are made."""

    path: str
    body: dict[str, Any]
    model: str
    finish: Finish = field(default_factory=Finish)
    count: int = 1


def _b64(sent: Sent) -> str:
    return base64.b64encode(sent.data).decode()


class Asking:
    """Makes calls of orders.  `fetchable` says whether Freepik can fetch a picture at an address of ours."""

    def __init__(self, pool: WorkerPool, fetchable: Callable[[str | None], bool]) -> None:
        self._pool, self._fetchable = pool, fetchable
        self._makers: dict[str, Callable[[Order], Awaitable[Call]]] = {
            "image_generation": self._mystic,
            "upscale": self._upscale,
            "reimagine": self._reimagine,
            "relight": self._relight,
            "style_transfer": self._style,
            "image_expand": self._expand,
            "edit": self._edit,
            "remove_background": self._cut_out,
        }

    @property
    def features(self) -> frozenset[str]:
        return frozenset(self._makers)

    async def call(self, order: Order) -> Call:
        """Raises UnsuitedError for what Freepik can't take, NeedsImageError, NeedsReferenceError."""
        return await self._makers[order.feature](order)

    async def _sent(
        self, data: bytes | None, *, most: int = _MAX_UPLOAD, mask: MaskForm | None = None, size: tuple[int, int] | None = None
    ) -> Sent:
        if data is None:
            raise NeedsImageError("This works on a picture: send one")
        return await self._pool.run(prepared, data, most, mask, size, seconds=20.0)

    async def _mystic(self, order: Order) -> Call:
        params = order.params
        model = params.get("model") if params.get("model") in _MYSTIC_MODELS else "realism"
        size = size_of(params)
        wanted = size[0] / size[1] if size else RATIOS[params["aspect_ratio"]]
        body: dict[str, Any] = {
            "prompt": worded(order),
            "resolution": "1k" if size and max(size) <= 1024 else "2k",
            "aspect_ratio": nearest_ratio(wanted, _FLUID_RATIOS if model == "fluid" else _MYSTIC_RATIOS),
            "model": model,
            "filter_nsfw": True,
        }
        if params.get("seed") is not None:
            body["fixed_generation"] = True
        if "style_reference" in order.references:
            body["style_reference"] = _b64(await self._sent(order.references["style_reference"]))
        return Call(MYSTIC, body, f"mystic/{model}", Finish(size=size, ratio=wanted), params["num_images"])

    async def _upscale(self, order: Order) -> Call:
        params = order.params
        sent = await self._sent(order.picture, most=_MAX_UPSCALE_UPLOAD)
        factor = params["scale_factor"]
        if sent.width * sent.height * factor * factor > _MAX_UPSCALED:
            raise UnsuitedError("Freepik's upscalers make at most 25.3 megapixels")
        if params.get("model") in _CREATIVE_MODELS:
            body: dict[str, Any] = {
                "image": _b64(sent),
                "scale_factor": f"{factor}x",
                "optimized_for": "art_n_illustration" if params["flavor"] == "sublime" else "standard",
                "hdr": round(params["sharpen"] / 10),
                "creativity": round(params["ultra_detail"] / 10),
                "fractality": round(params["smart_grain"] / 10),
            }
            return Call(CREATIVE, body, "magnific-creative")
        body = {"image": _b64(sent), "scale_factor": factor, "flavor": params["flavor"]}
        body |= {name: params[name] for name in ("sharpen", "smart_grain", "ultra_detail")}
        return Call(UPSCALE, body, "magnific-precision-v2")

    async def _reimagine(self, order: Order) -> Call:
        params = order.params
        ratio = RATIOS[params["aspect_ratio"]] if params.get("aspect_ratio") else None
        body: dict[str, Any] = {
            "image": _b64(await self._sent(order.picture)),
            "imagination": _IMAGINATIONS.get(params["imagination"], params["imagination"]),
            "aspect_ratio": nearest_ratio(ratio, _REIMAGINE_RATIOS) if ratio else "original",
        }
        if order.prompt:
            body["prompt"] = order.prompt
        return Call(REIMAGINE, body, "reimagine-flux", Finish(ratio=ratio))

    async def _relight(self, order: Order) -> Call:
        params = order.params
        body: dict[str, Any] = {
            "image": _b64(await self._sent(order.picture)),
            "style": _LIGHTS.get(params["style"], params["style"]),
            "light_transfer_strength": round(100 * params["light_transfer_strength"]),
            "change_background": False,
            "preserve_details": True,
        }
        if order.prompt:
            body["prompt"] = order.prompt
        if "reference_image" in order.references:
            body["transfer_light_from_reference_image"] = _b64(await self._sent(order.references["reference_image"]))
        return Call(RELIGHT, body, "magnific-relight")

    async def _style(self, order: Order) -> Call:
        params = order.params
        if "reference_image" not in order.references:
            raise NeedsReferenceError("Send the picture whose style to take as reference_image_url, _data or _file")
        body: dict[str, Any] = {
            "image": _b64(await self._sent(order.picture)),
            "reference_image": _b64(await self._sent(order.references["reference_image"])),
            "style_strength": round(100 * params["style_strength"]),
            "structure_strength": round(100 * params["structure_strength"]),
            "is_portrait": params["is_portrait"],
            "fixed_generation": params.get("seed") is not None,
        }
        if params["is_portrait"] and params.get("portrait_style"):
            body["portrait_style"] = params["portrait_style"]
        if order.prompt:
            body["prompt"] = order.prompt
        return Call(STYLE, body, "magnific-style-transfer")

    async def _expand(self, order: Order) -> Call:
        sent = await self._sent(order.picture, most=_MAX_UPSCALE_UPLOAD)
        if min(sent.width, sent.height) < _MIN_SIDE or sent.width * sent.height > _MAX_EXPANDED:
            raise UnsuitedError("Freepik expands pictures of at least 256 pixels a side and at most 20 megapixels")
        body: dict[str, Any] = {"image": _b64(sent), **{side: order.params[side] for side in ("left", "right", "top", "bottom")}}
        if order.prompt:
            body["prompt"] = order.prompt
        return Call(EXPAND, body, "flux-pro-expand")

    async def _edit(self, order: Order) -> Call:
        sent = await self._sent(order.picture)
        if min(sent.width, sent.height) < _MIN_SIDE:
            raise UnsuitedError("Freepik edits pictures of at least 256 pixels a side")
        size = size_of(order.params)
        count = order.params["num_images"]
        if "mask" in order.references:
            mask = await self._sent(order.references["mask"], mask="black", size=(sent.width, sent.height))
            body: dict[str, Any] = {"prompt": order.prompt, "image": _b64(sent), "mask": _b64(mask)}
            return Call(MASKED_EDIT, body, "ideogram-edit", Finish(size=size), count)
        wanted = size[0] / size[1] if size else sent.width / sent.height
        body = {
            "prompt": order.prompt,
            "reference_images": [_b64(sent)],
            "aspect_ratio": nearest_ratio(wanted, _EDIT_RATIOS),
        }
        return Call(EDIT, body, "seedream-4.5-edit", Finish(size=size), count)

    async def _cut_out(self, order: Order) -> Call:
        if not self._fetchable(order.public_url):
            raise UnsuitedError("Freepik fetches the picture itself: the store or PUBLIC_URL must have public addresses for that")
        finish = Finish(
            mask_only=order.params["mask_only"],
            background_color=order.params["background_color"],
            background=order.references.get("background_image"),
        )
        return Call(CUT_OUT, {"image_url": order.public_url}, "freepik-remove-background", finish)
