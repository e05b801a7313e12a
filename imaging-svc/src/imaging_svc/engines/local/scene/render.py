"""How does a prompt become a picture?  Read it, paint it, finish it in the wanted style."""

from __future__ import annotations

import numpy as np

from imaging_svc.engines.local.rendering import Pixels, Progress, Rendered, no_progress

from .vocabulary import SceneSpec, read_prompt

__all__ = ["render_scene"]

_MOST_PIXELS = 1_600_000
_LEAST_SIDE = 96
_SIDES = (16, 4096)


def render_scene(
    prompt: str,
    *,
    width: int,
    height: int,
    seed: int,
    style: str | None = None,
    palette_reference: Pixels | None = None,
    progress: Progress = no_progress,
) -> Rendered:
    """Draw a prompt: RGB pixels, exactly (height, width, 3); the same arguments always give the same bytes.

    Sizes are 64..2048 a side in any ratio.  Scenes are painted with at most 1.6 megapixels and at least 96 pixels on
    the short side, then resampled, so memory stays bounded and small pictures are smooth.  details: `matched_terms`,
    `ignored_terms` (content words this renderer cannot draw) and `scene` (what it understood).
    """
    if not (_SIDES[0] <= width <= _SIDES[1] and _SIDES[0] <= height <= _SIDES[1]):
        raise ValueError(f"A side must be {_SIDES[0]} to {_SIDES[1]} pixels long, not {width}x{height}.")
    spec = read_prompt(prompt, style)
    pixels = _paint(spec, width, height, seed, palette_reference, progress)
    details = {
        "matched_terms": list(spec.matched_terms),
        "ignored_terms": list(spec.ignored_terms),
        "scene": spec.to_details(),
    }
    progress(1.0)
    return Rendered(pixels=pixels, model="procedural", details=details)


def _paint(spec: SceneSpec, width: int, height: int, seed: int, reference: Pixels | None, progress: Progress) -> Pixels:
    # The painters bring in OpenCV and a hundred milliseconds of imports: only a service that draws pays for them.
    from . import abstract, finish, landscape, space

    progress(0.02)
    inner_width, inner_height = _inner_size(width, height)
    palette = finish.palette_for(spec, reference)

    def part(fraction: float) -> None:
        progress(0.02 + 0.78 * fraction)

    if {"abstract", "geometric", "gradient"} & set(spec.places):
        light = abstract.paint_abstract(spec, inner_width, inner_height, seed, palette, part)
        palette = ()
    elif "space" in spec.places:
        light = space.paint_space(spec, inner_width, inner_height, seed, part)
    else:
        light = landscape.paint_landscape(spec, inner_width, inner_height, seed, part)
    progress(0.8)
    return finish.finish(np.ascontiguousarray(light), spec, (width, height), seed, palette, reference, progress)


def _inner_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, (_MOST_PIXELS / (width * height)) ** 0.5)
    scale = max(scale, min(_LEAST_SIDE / min(width, height), (_MOST_PIXELS / (width * height)) ** 0.5))
    return max(16, round(width * scale)), max(16, round(height * scale))
