"""How does a diffusers pipeline paint?  In a worker process that loads it once; at the size it was trained for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from ...codec import Encoded, Format, encode

__all__ = ["native_size", "paint"]


@cache
def _pipeline(model: str) -> Any:
    """The pipeline in `model`, from the disk alone, on a GPU where there is one."""
    import torch
    from diffusers import AutoPipelineForText2Image

    on_gpu = torch.cuda.is_available()
    pipeline = AutoPipelineForText2Image.from_pretrained(
        model, local_files_only=True, torch_dtype=torch.float16 if on_gpu else torch.float32
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to("cuda" if on_gpu else "cpu")


def native_size(side: int, ratio: float) -> tuple[int, int]:
    """Width and height of about `side` x `side` pixels in `ratio` (width by height), in the steps a model can paint."""
    step = 64 if side >= 512 else 8
    width = max(step, round(side * ratio**0.5 / step) * step)
    height = max(step, round(side / ratio**0.5 / step) * step)
    return width, height


def _side(pipeline: Any) -> int:
    """The side of the squares that the model was trained on, in pixels."""
    network = getattr(pipeline, "unet", None) or getattr(pipeline, "transformer", None)
    cells = getattr(getattr(network, "config", None), "sample_size", None)
    return int(cells) * int(getattr(pipeline, "vae_scale_factor", 8)) if isinstance(cells, int) else 1024


def paint(
    model: str,
    prompt: str,
    ratio: float,
    size: tuple[int, int] | None,
    seed: int,
    count: int,
    steps: int,
    wanted: Format,
    provenance: dict[str, Any],
    *,
    progress: Callable[[float], None],
) -> tuple[list[Encoded], tuple[int, int]]:
    """`count` pictures of `prompt`, and the size they were painted at; `size` (width, height) is exact when given."""
    import numpy as np
    import torch
    from PIL import Image

    pipeline = _pipeline(model)
    native = native_size(_side(pipeline), ratio)
    progress(0.05)
    made = []
    for index in range(count):

        def share(_pipeline: Any, step: int, _timestep: Any, kwargs: dict[str, Any], index: int = index) -> dict[str, Any]:
            progress(0.05 + 0.93 * (index + (step + 1) / steps) / count)
            return kwargs

        one = (seed + index) % 2**31
        generator = torch.Generator("cpu").manual_seed(one)
        picture: Image.Image = pipeline(
            prompt, width=native[0], height=native[1], num_inference_steps=steps, generator=generator, callback_on_step_end=share
        ).images[0]
        if size is not None and picture.size != size:
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        pixels = np.asarray(picture.convert("RGB"))
        made.append(encode(pixels, wanted, provenance={**provenance, "seed": one}, source_type="trainedAlgorithmicMedia"))
    progress(1.0)
    return made, native
