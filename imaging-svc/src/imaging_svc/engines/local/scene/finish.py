"""How does raw light become a finished picture?  Tone, palette and mood, then the medium it seems made with."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from imaging_svc.engines.local.rendering import Pixels, Progress

from .colour import NAMED, RGB, luma, mixed, palette_of, shoulder, srgb
from .media import MEDIA, pixel_art
from .noise import Array, rng_for, smoothstep
from .vocabulary import SceneSpec

__all__ = ["finish", "palette_for"]

_DEPICTED = ("abstract", "geometric", "gradient")


def palette_for(spec: SceneSpec, reference: Pixels | None) -> tuple[RGB, ...]:
    """The colours asked for: those of the words, else those of the reference picture, else none."""
    if spec.colours:
        return tuple(NAMED[name] for name in spec.colours)
    return tuple(palette_of(reference)) if reference is not None else ()


def finish(
    light: Array,
    spec: SceneSpec,
    size: tuple[int, int],
    seed: int,
    palette: Sequence[RGB],
    reference: Pixels | None,
    progress: Progress,
) -> Pixels:
    """Linear light (h, w, 3) of any size to sRGB bytes of `size` (width, height)."""
    is_flat = bool(set(_DEPICTED) & set(spec.places))
    picture = srgb(shoulder(light if is_flat else _bloom(light)))
    if not is_flat:
        picture = _print(picture)
    progress(0.83)
    if reference is not None and not is_flat and not spec.colours:
        picture = _borrow_colours(picture, reference)
    elif palette:
        picture = _steer(picture, palette)
    picture = _tones(picture, spec.tones)
    progress(0.86)
    if spec.style == "pixel-art":
        return pixel_art(picture, size)
    if spec.style:
        picture = MEDIA[spec.style](picture, rng_for(seed, "medium"), lambda fraction: progress(0.86 + 0.09 * fraction))
    progress(0.95)
    if not is_flat and spec.style in (None, "photorealistic", "3d", "digital-art"):
        picture = _vignette(picture, 0.22)
    if picture.shape[1::-1] != size:
        shrinking = picture.shape[1] > size[0]
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC), np.float32)
    return _to_bytes(picture, seed, grain=_grain(spec))


def _grain(spec: SceneSpec) -> float:
    if "grain" in spec.tones:
        return 0.035
    return 0.012 if spec.style == "photorealistic" else 0.004


def _to_bytes(picture: Array, seed: int, grain: float) -> Pixels:
    """Grain also dithers: without it, eight bits show steps in a clear sky."""
    rng = rng_for(seed, "grain")
    noise = rng.standard_normal(picture.shape[:2], dtype=np.float32)
    soft = picture + (noise * grain)[..., None]
    return np.clip(soft * 255.0 + 0.5, 0, 255).astype(np.uint8)


def _print(picture: Array) -> Array:
    """The curve and colour of a good print: deeper shadows, a little more colour where there is little."""
    picture = mixed(picture, smoothstep(-0.015, 1.0, picture), 0.30)
    grey = luma(picture)[..., None]
    return np.asarray(np.clip(grey + (picture - grey) * 1.09, 0.0, 1.0), np.float32)


def _bloom(light: Array) -> Array:
    """Bright parts spill over their surroundings, as they do in a lens; worked out at a quarter of the size."""
    height, width = light.shape[:2]
    small = cv2.resize(np.maximum(light - 0.72, 0.0), (max(8, width // 4), max(8, height // 4)), interpolation=cv2.INTER_AREA)
    spread = float(np.sqrt(width * height)) / 4
    wide = cv2.GaussianBlur(small, (0, 0), spread * 0.014) * 0.6 + cv2.GaussianBlur(small, (0, 0), spread * 0.05) * 0.35
    return np.asarray(light + cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _lab(picture: Array) -> Array:
    return np.asarray(cv2.cvtColor(np.clip(picture, 0, 1), cv2.COLOR_RGB2Lab), np.float32)


def _rgb(lab: Array) -> Array:
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), np.float32)


def _steer(picture: Array, palette: Sequence[RGB]) -> Array:
    """Bend the picture's hues to a palette: each lightness goes to the palette colour of that lightness."""
    lab = _lab(picture)
    wanted = _lab(np.array(palette, np.float32)[None] / 255.0)[0]
    wanted = wanted[np.argsort(wanted[:, 0], kind="stable")]
    chroma = float(np.hypot(wanted[:, 1], wanted[:, 2]).mean())
    # Neutral words ("white", "black") steer lightness more than hue.
    strength = (0.22 + 0.40 * min(1.0, chroma / 45.0)) * (0.72 if len(palette) == 1 else 1.0)
    positions = np.linspace(15.0, 88.0, len(wanted)) if len(wanted) > 1 else np.array([50.0])
    rise = np.clip(lab[..., 0] / 26.0, 0.25, 1.0) * np.clip((108.0 - lab[..., 0]) / 42.0, 0.25, 1.0)
    for k in (1, 2):
        target = np.interp(lab[..., 0], positions, wanted[:, k]).astype(np.float32) * rise
        lab[..., k] += (target - lab[..., k]) * strength
    lift = float(np.clip(wanted[:, 0].mean() - 55.0, -40, 40)) * 0.12
    lab[..., 0] = np.clip(lab[..., 0] + lift * np.clip(lab[..., 0] / 60.0, 0, 1), 0, 100)
    return _rgb(lab)


def _borrow_colours(picture: Array, reference: Pixels) -> Array:
    """Give the picture the reference's colour statistics (Reinhard et al., "Color Transfer between Images", 2001)."""
    small = cv2.resize(np.ascontiguousarray(reference[..., :3]), (96, 96), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    wanted, lab = _lab(small), _lab(picture)
    for k, share in ((0, 0.35), (1, 0.9), (2, 0.9)):
        have_mean, have_spread = float(lab[..., k].mean()), float(lab[..., k].std()) + 1e-3
        want_mean, want_spread = float(wanted[..., k].mean()), float(wanted[..., k].std())
        ratio = float(np.clip(want_spread / have_spread, 0.5, 1.6))
        moved = (lab[..., k] - have_mean) * ratio + want_mean
        lab[..., k] += (moved - lab[..., k]) * share
    lab[..., 0] = np.clip(lab[..., 0], 0, 100)
    return _rgb(lab)


def _tones(picture: Array, tones: frozenset[str]) -> Array:
    """Moods and grades, as moves in CIE Lab."""
    if not tones:
        return picture
    lab = _lab(picture)
    light = lab[..., 0]
    if "cinematic" in tones:
        split = smoothstep(25.0, 75.0, light)
        lab[..., 1] += -5.0 + 11.0 * split
        lab[..., 2] += -11.0 + 24.0 * split
    moves = {"warm": (5.0, 13.0), "cool": (-3.0, -14.0), "romantic": (9.0, 1.0), "neon": (5.0, -6.0)}
    for tone, (a, b) in moves.items():
        if tone in tones:
            lab[..., 1] += a
            lab[..., 2] += b
    chroma = {
        "vivid": 1.32,
        "muted": 0.62,
        "pastel": 0.72,
        "neon": 1.30,
        "dark": 0.85,
        "dramatic": 1.05,
        "monochrome": 0.0,
    }
    for tone, factor in chroma.items():
        if tone in tones:
            lab[..., 1:] *= factor
    if "pastel" in tones:
        light[:] = 34.0 + 0.66 * light
    if "bright" in tones:
        light[:] = 100.0 * (light / 100.0) ** 0.82
    if "dark" in tones:
        light[:] = 92.0 * (light / 100.0) ** 1.22
    if tones & {"dramatic", "monochrome", "neon"}:
        eased = 100.0 * smoothstep(-4.0, 104.0, light)
        light[:] = light + (eased - light) * 0.55
    np.clip(light, 0, 100, out=light)
    return _rgb(lab)


def _vignette(picture: Array, amount: float) -> Array:
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    away = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) * 2.0
    return np.asarray(picture * (1.0 - amount * away**1.3)[..., None], np.float32)
