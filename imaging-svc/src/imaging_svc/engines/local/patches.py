"""From where in a picture could each pixel of another part have been copied?  A field of nearest patches.

PatchMatch without loops over pixels: every step asks the same question for all pixels at once: "would the source my
neighbour found, moved along, or a random one nearby, suit me better?"  Good guesses spread by jumps of halving length.

Sources: Barnes et al., "PatchMatch: a randomized correspondence algorithm for structural image editing", SIGGRAPH 2009;
Rong, Tan, "Jump flooding in GPU", I3D 2006.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from .rendering import Pixels, Progress, no_progress

__all__ = ["Bools", "Field", "nearest_patches", "voted"]

Bools = npt.NDArray[np.bool_]
Field = npt.NDArray[np.int32]
"""(h, w, 2): the row and the column of the source of every pixel; of a pixel that is its own source, its place."""

_RADIUS = 2
_ROUNDS = 3
_JUMPS = (8, 4, 2, 1)
_BETTER = 1.0
"""How much better, in mean squared levels, a new source must be: keeps neighbours together."""
_FAR = 150.0
"""What a source as far away as the canvas is long costs extra, in mean squared levels: what is near fits better."""


def nearest_patches(
    canvas: Pixels,
    field: Field,
    *,
    wanted: Bools,
    sources: Bools,
    random: np.random.Generator,
    progress: Progress = no_progress,
) -> Field:
    """A copy of `field` in which every `wanted` pixel points to the pixel of `sources` whose 5 x 5 patch is most alike.

    `canvas` is (h, w, 3); `wanted` and `sources` are (h, w).  What `field` says of other pixels is taken as found and
    may be carried on.  At least one source is needed.
    """
    descriptors = _patches(canvas)
    places = np.argwhere(wanted).astype(np.int32)
    mine = descriptors[wanted].astype(np.int16)
    choices = np.argwhere(sources).astype(np.int32)
    found = field.copy()
    best = choices[random.integers(len(choices), size=len(places))]
    cost = _cost(mine, descriptors, places, best)

    def offer(candidates: Field) -> None:
        inside = _within(candidates, sources)
        if not inside.any():
            return
        asked = np.flatnonzero(inside)
        offered = _cost(mine[asked], descriptors, places[asked], candidates[asked])
        better = offered < cost[asked] - _BETTER
        won = asked[better]
        best[won], cost[won] = candidates[won], offered[better]

    for _ in range(6):
        offer(choices[random.integers(len(choices), size=len(places))])
    for done in range(_ROUNDS):
        for jump in _JUMPS:
            progress((done + 1 / (1 + jump)) / _ROUNDS)
            for step in ((jump, 0), (-jump, 0), (0, jump), (0, -jump)):
                found[wanted] = best
                offer(_from_neighbours(found, places, np.array(step, np.int32)))
        reach = max(canvas.shape[:2]) // 2
        while reach >= 1:
            offer(best + random.integers(-reach, reach + 1, size=best.shape, dtype=np.int32))
            reach //= 3
    found[wanted] = best
    return found


def _patches(canvas: Pixels) -> Pixels:
    """(h, w, 75): each pixel's patch in a row."""
    height, width = canvas.shape[:2]
    around = cv2.copyMakeBorder(canvas, _RADIUS, _RADIUS, _RADIUS, _RADIUS, cv2.BORDER_REFLECT_101)
    side = 2 * _RADIUS + 1
    return np.concatenate([around[y : y + height, x : x + width] for y in range(side) for x in range(side)], axis=2, dtype=np.uint8)


def _cost(mine: npt.NDArray[np.int16], descriptors: Pixels, places: Field, offered: Field) -> npt.NDArray[np.float32]:
    """How ill the sources `offered` (n, 2) suit the pixels at `places` (n, 2), whose own patches are `mine`."""
    apart = (mine - descriptors[offered[:, 0], offered[:, 1]]).astype(np.float32)
    moved = (offered - places).astype(np.float32) / max(descriptors.shape[:2])
    unlike = np.einsum("nd,nd->n", apart, apart) / apart.shape[1]
    cost: npt.NDArray[np.float32] = unlike + np.float32(_FAR) * np.einsum("nd,nd->n", moved, moved)
    return cost


def _within(places: Field, allowed: Bools) -> Bools:
    height, width = allowed.shape
    y, x = places[:, 0], places[:, 1]
    inside: Bools = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    inside[inside] = allowed[places[inside, 0], places[inside, 1]]
    return inside


def _from_neighbours(found: Field, places: Field, step: npt.NDArray[np.int32]) -> Field:
    """What the pixel `step` away found, moved back by the same step."""
    limit = np.array(found.shape[:2], np.int32) - 1
    neighbours = np.clip(places + step, 0, limit)
    carried: Field = found[neighbours[:, 0], neighbours[:, 1]] - (neighbours - places)
    return carried


def voted(canvas: Pixels, field: Field, *, wanted: Bools, sources: Bools) -> npt.NDArray[np.float32]:
    """Colours (n, 3), in levels, of the `wanted` pixels in row order.

    The mean of the pixel's own source and of what its eight neighbours' sources hold for it: the own one counts most,
    for sharpness, the others close the joints between patches.
    """
    places = np.argwhere(wanted).astype(np.int32)
    total = np.zeros((len(places), 3), np.float32)
    weight = np.zeros((len(places), 1), np.float32)
    for step, share in _VOTES:
        candidates = _from_neighbours(field, places, np.array(step, np.int32))
        inside = _within(candidates, sources)
        total[inside] += share * canvas[candidates[inside, 0], candidates[inside, 1]].astype(np.float32)
        weight[inside] += share
    mean: npt.NDArray[np.float32] = np.divide(total, np.maximum(weight, 1e-6), dtype=np.float32)
    return mean


_VOTES = [((y, x), (8, 2, 1)[abs(y) + abs(x)]) for y in (-1, 0, 1) for x in (-1, 0, 1)]
