"""How does a feature's declaration become pixels?  One verb per feature, run in a worker process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...codec import Encoded, Facts, decode, encode
from ...domain import MAX_PIXELS, NeedsImageError, NeedsReferenceError, check_growth
from ...weights import Weights
from .rendering import Pixels, Progress, Rendered

__all__ = ["VERBS", "perform"]

Verb = Callable[["Work"], list[Rendered]]

_SUBJECT_PIXELS = 1_500_000
RATIO_SIZES = {
    "1:1": (1024, 1024),
    "16:9": (1344, 756),
    "9:16": (756, 1344),
    "21:9": (1512, 648),
    "4:3": (1152, 864),
    "3:4": (864, 1152),
    "3:2": (1200, 800),
    "2:3": (800, 1200),
}


class Work:
    """One order in a worker: parameters, lazily decoded pictures, progress."""

    def __init__(
        self, params: dict[str, Any], prompt: str, picture: bytes | None, references: dict[str, bytes], seed: int, progress: Progress
    ) -> None:
        self.params = params
        self.prompt = prompt
        self.seed = seed
        self.progress = progress
        self.weights = _weights()
        self._references = references
        self.facts: Facts | None = None
        self._pixels: Pixels | None = None
        self.reduced_from: tuple[int, int] | None = None
        self.lesser: str | None = None
        if picture is not None:
            self._pixels, self.facts = decode(picture, ours=True)

    @property
    def pixels(self) -> Pixels:
        if self._pixels is None:
            raise NeedsImageError("Send the picture to work on as image_url, image_data or image_file")
        return self._pixels

    @property
    def workable(self) -> Pixels:
        """The pixels, at most 25 million of them: a larger result of an earlier step is made smaller first."""
        height, width = self.pixels.shape[:2]
        if width * height <= MAX_PIXELS:
            return self.pixels
        import numpy as np
        from PIL import Image

        factor = (MAX_PIXELS / (width * height)) ** 0.5
        self.reduced_from = (width, height)
        return np.asarray(Image.fromarray(self.pixels).resize((int(width * factor), int(height * factor)), Image.Resampling.BOX))

    def reference(self, name: str) -> Pixels | None:
        return decode(self._references[name], ours=True)[0] if name in self._references else None

    def subject(self, pixels: Pixels) -> Any:
        """Where the subject is, (h, w) 0..1; of a large picture as found in a smaller copy."""
        import cv2

        from .cutout import subject_mask

        height, width = pixels.shape[:2]
        factor = (_SUBJECT_PIXELS / (height * width)) ** 0.5
        size = (max(1, int(width * factor)), max(1, int(height * factor)))
        found = subject_mask(pixels if factor >= 1 else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), weights=self.weights)
        self.lesser = found.degraded
        return found.alpha if factor >= 1 else cv2.resize(found.alpha, (width, height), interpolation=cv2.INTER_LINEAR)


def _weights() -> Weights:
    return Weights(Path(os.environ.get("IMAGING_WEIGHTS_DIR", ".weights")))


def _size_of(params: dict[str, Any]) -> tuple[int, int]:
    if params.get("size"):
        width, height = (int(side) for side in params["size"].split("x"))
        return max(64, min(2048, width)), max(64, min(2048, height))
    return RATIO_SIZES[params["aspect_ratio"]]


def _generate(work: Work) -> list[Rendered]:
    from .scene import render_scene

    width, height = _size_of(work.params)
    count = work.params["num_images"]
    made = []
    for index in range(count):

        def share(fraction: float, index: int = index) -> None:
            work.progress((index + fraction) / count)

        rendered = render_scene(
            work.prompt,
            width=width,
            height=height,
            seed=(work.seed + index) % 2**31,
            style=work.params["styling"].get("style"),
            palette_reference=work.reference("style_reference"),
            progress=share,
        )
        made.append(rendered)
    return made


def _remove_background(work: Work) -> list[Rendered]:
    from .cutout import remove_background

    behind = work.reference("background_image")
    if work.params["background"] == "picture" and behind is None:
        raise NeedsReferenceError("Send a second picture for the background along")
    return [
        remove_background(
            work.workable,
            weights=work.weights,
            mask_only=work.params["mask_only"],
            background_color=work.params["background_color"],
            background_picture=behind,
            progress=work.progress,
        )
    ]


def _upscale(work: Work) -> list[Rendered]:
    from .superres import upscale

    factor = work.params["scale_factor"]
    check_growth("upscale", work.params, work.pixels.shape[1], work.pixels.shape[0])
    return [
        upscale(
            work.pixels,
            factor=factor,
            flavor=work.params["flavor"],
            sharpen=work.params["sharpen"],
            smart_grain=work.params["smart_grain"],
            ultra_detail=work.params["ultra_detail"],
            weights=work.weights,
            progress=work.progress,
        )
    ]


def _reimagine(work: Work) -> list[Rendered]:
    from .painterly import reimagine

    return [
        reimagine(
            work.workable,
            prompt=work.params["prompt"],
            imagination=work.params["imagination"],
            aspect_ratio=work.params["aspect_ratio"],
            seed=work.seed,
            subject=work.subject,
            progress=work.progress,
        )
    ]


def _relight(work: Work) -> list[Rendered]:
    from .relight import relight

    return [
        relight(
            work.workable,
            prompt=work.params["prompt"],
            strength=work.params["light_transfer_strength"],
            style=work.params["style"],
            reference=work.reference("reference_image"),
            subject=work.subject,
            progress=work.progress,
        )
    ]


def _expand(work: Work) -> list[Rendered]:
    from .outpaint import expand

    sides = {side: work.params[side] for side in ("left", "right", "top", "bottom")}
    check_growth("image_expand", work.params, work.pixels.shape[1], work.pixels.shape[0])
    return [
        expand(work.pixels, **sides, prompt=work.params["prompt"] or None, seed=work.seed, weights=work.weights, progress=work.progress)
    ]


def _style_transfer(work: Work) -> list[Rendered]:
    from .painterly import style_transfer

    reference = work.reference("reference_image")
    if reference is None:
        raise NeedsReferenceError("Send the picture whose style to take as reference_image_url, _data or _file")
    return [
        style_transfer(
            work.workable,
            reference=reference,
            style_strength=work.params["style_strength"],
            structure_strength=work.params["structure_strength"],
            is_portrait=work.params["is_portrait"],
            portrait_style=work.params["portrait_style"],
            subject=work.subject,
            seed=work.seed,
            progress=work.progress,
        )
    ]


def _adjust(work: Work) -> list[Rendered]:
    from .adjust import adjust

    return [adjust(work.pixels, operations=work.params["operations"], subject=work.subject, progress=work.progress)]


VERBS: dict[str, Verb] = {
    "image_generation": _generate,
    "remove_background": _remove_background,
    "upscale": _upscale,
    "reimagine": _reimagine,
    "relight": _relight,
    "image_expand": _expand,
    "style_transfer": _style_transfer,
    "adjust": _adjust,
}
_SOURCE_TYPES = {"image_generation": "algorithmicMedia", "adjust": "humanEdits"}


def perform(
    feature: str,
    params: dict[str, Any],
    prompt: str,
    picture: bytes | None,
    references: dict[str, bytes],
    seed: int,
    provenance: dict[str, Any],
    *,
    progress: Progress,
) -> tuple[list[Encoded], Rendered]:
    """Run a feature: bytes in, bytes out, and the last rendering without its pixels.

    Raises the errors of codec and of the verbs; a ValueError of a verb says what the parameters got wrong.
    """
    from photofun_common.errors import InvalidError

    work = Work(params, prompt, picture, references, seed, progress)
    try:
        made = VERBS[feature](work)
    except ValueError as error:
        raise InvalidError(str(error)[:300]) from error
    wanted = params.get("output_format") or (work.facts.format if work.facts and feature != "image_generation" else "png")
    if feature == "remove_background" and made[0].pixels.shape[2] == 4 and not params.get("output_format"):
        wanted = "png"
    encoded = []
    for index, rendered in enumerate(made):
        story = {**provenance, "model": rendered.model, "provider": "local"}
        if feature == "image_generation":
            story["seed"] = (seed + index) % 2**31
        encoded.append(encode(rendered.pixels, wanted, provenance=story, source_type=_SOURCE_TYPES.get(feature)))
    last = made[-1]
    progress(1.0)
    import numpy as np

    details = dict(last.details) | ({"reduced_from": list(work.reduced_from)} if work.reduced_from else {})
    reasons = dict.fromkeys(filter(None, (last.degraded, work.lesser)))
    return encoded, Rendered(np.zeros((1, 1, 3), np.uint8), last.model, "; ".join(reasons) or None, details)


def seed_of(job_id: str, step: int) -> int:
    """A seed that follows from the job, so that a repeat makes the same picture."""
    return int.from_bytes(hashlib.sha256(f"{job_id}/{step}".encode()).digest()[:4]) % 2**31
