"""How does a picture get another light?  Invented relief, lamps in linear light, and the statistics of a reference.

There is no depth or normal network here: the relief is the inflated subject plus smoothed luminance, lit by a Lambert
term with wrap-around, a rim, a soft shadow behind the subject, and air that glows. It gives believable direction,
colour and mood; forms throw no shadows on themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .blurring import gaussian
from .guided import guided_filter
from .light_words import Lamp, Lighting, lighting_for
from .matte import Subject, without_alpha
from .rendering import Pixels, Progress, Rendered, no_progress

__all__ = ["relight"]

_Floats = npt.NDArray[np.float32]

_WORKING_PIXELS = 500_000
"""The light is computed at this size and laid over the full picture; it is smooth, so nobody sees the difference."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Rec. 709 luminance of linear sRGB."""


def relight(
    picture: Pixels,
    *,
    prompt: str = "",
    strength: float = 0.8,
    style: str = "standard",
    reference: Pixels | None = None,
    subject: Subject | None,
    progress: Progress = no_progress,
) -> Rendered:
    """Light `picture` (h, w, 3 | 4) as `prompt` and `style` say, `strength` 0 (unchanged) to 1; alpha stays as it is.

    `prompt` is English or Vietnamese: directions, colours, presets such as "golden hour"; `style` is one of
    `light_words.STYLES`. With a `reference` picture its colours and the way its light falls are taken over, too.
    `subject` finds the subject (float32 (h, w), 0..1), whose form is then lit apart from the background; None lights
    the picture as one surface and marks the result degraded. `details` tells the direction, colours, preset and style
    understood. Raises ValueError for an unknown style.
    """
    lighting = lighting_for(prompt, style)
    details = _understood(lighting, style, reference)
    degraded = "no subject finder is at hand: the picture was lit as one surface" if subject is None else None
    if strength <= 0:
        return Rendered(picture, "relight-relief", degraded, details)
    progress(0.05)
    scene = _scene(picture, subject)
    progress(0.35)
    clue = None if reference is None else _clue(reference)
    if clue is not None:
        lighting = _like_reference(lighting, clue)
        details["reference_direction"] = clue.direction
    light = _light(scene, lighting, clue)
    progress(0.7)
    lit = _apply(picture, light, lighting, min(strength, 1.0), progress)
    progress(1.0)
    return Rendered(lit, "relight-relief", degraded, details)


def _understood(lighting: Lighting, style: str, reference: Pixels | None) -> dict[str, Any]:
    return {
        "direction": list(lighting.directions),
        "colors": list(lighting.colors),
        "preset": lighting.preset,
        "style": style,
        "reference": reference is not None,
    }


# --- what there is to light -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scene:
    """The picture at working size: `linear` (h, w, 3) light 0..1, `mask` (h, w) of the subject, normals (h, w, 3)."""

    linear: _Floats
    mask: _Floats
    inside: _Floats
    outside: _Floats

    @property
    def side(self) -> int:
        return int(max(self.mask.shape))


def _scene(picture: Pixels, subject: Subject | None) -> _Scene:
    height, width = picture.shape[:2]
    factor = min(1.0, math.sqrt(_WORKING_PIXELS / (height * width)))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = without_alpha(cv2.resize(picture, size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], -1))
    found = np.zeros((height, width), np.float32) if subject is None else np.asarray(subject(picture), np.float32)
    mask = cv2.resize(np.clip(np.nan_to_num(found), 0, 1), size, interpolation=cv2.INTER_AREA)
    light = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    mask = _aligned(mask, light)
    body, ground = _relief(light, mask)
    return _Scene(_to_linear(small), mask, _normals(body), _normals(ground))


def _aligned(mask: _Floats, light: _Floats) -> _Floats:
    """`mask` drawn to the edges of the picture by a guided filter, so that no bright seam follows a rough mask."""
    radius = max(2, round(0.006 * max(mask.shape)))
    return np.asarray(np.clip((guided_filter(light, mask, radius=radius, epsilon=1e-3) - 0.08) / 0.84, 0, 1), np.float32)


def _relief(light: _Floats, mask: _Floats) -> tuple[_Floats, _Floats]:
    """Slopes (h, w, 2), across and down, of the subject and of the background, from the inflated mask and from luminance."""
    side = max(light.shape)
    base = guided_filter(light, light, radius=max(4, round(0.02 * side)), epsilon=1e-3)
    micro = gaussian(light, 0.0012 * side) - gaussian(light, 0.006 * side)
    ground = 0.05 * side * gaussian(_shading(base), 0.022 * side) + 0.006 * side * _slopes(micro)
    away = np.minimum(cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5), side)
    swollen = sum(weight * _dome(away / (reach * side)) for reach, weight in ((0.16, 0.1), (0.06, 0.03)))
    body = _slopes(gaussian(np.asarray(swollen * side, np.float32), 0.014 * side)) + 1.1 * ground
    return np.asarray(body, np.float32), np.asarray(ground, np.float32)


def _slopes(height: _Floats) -> _Floats:
    """How fast a `height` in pixels (h, w) rises across and down, (h, w, 2)."""
    return np.dstack([cv2.Sobel(height, cv2.CV_32F, dx, 1 - dx, ksize=3, scale=1 / 8) for dx in (1, 0)])


def _shading(base: _Floats) -> _Floats:
    """Slopes of luminance (h, w, 2) that may come from form: steps are where one thing ends, and would glow as halos."""
    slopes = _slopes(base)
    steep = np.linalg.norm(slopes, axis=2, keepdims=True) * max(base.shape) / 14
    return np.asarray(slopes * np.exp(-(steep**2)), np.float32)


def _dome(share: _Floats) -> _Floats:
    """The profile of a ball: 0 at its edge to 1 at `share` 1 and above."""
    return np.asarray(np.sqrt(1 - (1 - np.clip(share, 0, 1)) ** 2), np.float32)


def _normals(slopes: _Floats) -> _Floats:
    """Unit normals (h, w, 3), x right, y down, z to the viewer, of `slopes` (h, w, 2)."""
    normals = np.dstack([-slopes, np.ones(slopes.shape[:2], np.float32)])
    return np.asarray(normals / np.linalg.norm(normals, axis=2, keepdims=True), np.float32)


_LINEAR_OF = (np.where(np.arange(256) <= 10, np.arange(256) / 255 / 12.92, ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4)).astype(
    np.float32
)


def _to_linear(picture: Pixels) -> _Floats:
    """sRGB uint8 to linear light 0..1 (IEC 61966-2-1)."""
    return np.asarray(_LINEAR_OF[picture], np.float32)


def _linear_color(color: tuple[int, int, int]) -> _Floats:
    """A lamp's colour in linear light, scaled so that every colour gives about the same brightness."""
    linear = _LINEAR_OF[np.array(color)]
    return np.asarray(linear / (0.5 * linear.max() + 0.5 * float(linear @ _LUMA) + 1e-3), np.float32)


# --- the light --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Light:
    """What falls on the picture at working size (h, w, 3): out = paled(linear, `pale`) * `gain` + `veil`."""

    gain: _Floats
    veil: _Floats
    pale: float
    clue: _Clue | None


def _light(scene: _Scene, lighting: Lighting, clue: _Clue | None) -> _Light:
    old = scene.linear @ _LUMA
    flat = _flattening(old, scene.side, lighting.flatten)
    irradiance = np.full_like(scene.linear, lighting.ambient) * _linear_color(lighting.ambient_color)
    glow = np.zeros_like(scene.linear)
    for lamp in lighting.lamps:
        color = _linear_color(lamp.color) * lamp.level
        shade, air = _lamp_light(scene, lamp, lighting)
        irradiance += shade[..., None] * color
        glow += air[..., None] * color
    gain = irradiance * flat[..., None]
    if clue is not None:
        gain *= _fall(old, clue)[..., None]
    pale = 0.22 * max(_colorfulness(lamp) for lamp in lighting.lamps)
    lit = _paled(scene.linear, pale) * gain
    exposure = lighting.exposure * float(old.mean() + 0.004) / (float((lit @ _LUMA).mean()) + 0.004)
    gain *= np.clip(exposure, 0.2, 5.0)
    veil = 0.32 * lighting.haze * lighting.exposure * glow
    if lighting.bloom:
        soft = gaussian(np.asarray(lit * np.clip(exposure, 0.2, 5.0), np.float32), 0.014 * scene.side)
        gain *= 1 - lighting.bloom
        veil += lighting.bloom * 1.06 * soft
    return _Light(np.asarray(gain, np.float32), np.asarray(veil, np.float32), pale, clue)


def _flattening(old: _Floats, side: int, amount: float) -> _Floats:
    """A retinex gain that takes `amount` (0..1) of the old large-scale shading off, so that the new can be seen."""
    shading = gaussian(old, 0.12 * side) + 0.03
    return np.asarray(np.clip((float(shading.mean()) / shading) ** amount, 0.5, 2.2), np.float32)


def _colorfulness(lamp: Lamp) -> float:
    return 1 - min(lamp.color) / max(*lamp.color, 1)


def _paled(linear: _Floats, pale: float) -> _Floats:
    """A share of each surface's colour made grey: a strongly coloured lamp shows on things that lack its colour."""
    grey = linear @ _LUMA
    return np.asarray(linear * (1 - pale) + grey[..., None] * pale, np.float32)


def _lamp_light(scene: _Scene, lamp: Lamp, lighting: Lighting) -> tuple[_Floats, _Floats]:
    """What one lamp sheds on surfaces, and how much the air in front of it glows, both (h, w)."""
    toward = np.array(lamp.direction, np.float32)
    toward /= np.linalg.norm(toward)
    ramp = _ramp(scene.mask.shape, toward)
    fade = np.exp(1.15 * lighting.falloff * ramp)
    mask = scene.mask
    if toward[2] < 0:
        behind = _from_behind(scene, lighting)
        return behind, _air(scene, ramp, toward)
    body = _diffuse(scene.inside, toward, lighting)
    ground = _diffuse(scene.outside, toward, lighting) * (1 - lighting.shadow * _shadow(mask, toward))
    edge = np.clip(1 - scene.inside[..., 2], 0, 1) ** 1.5 * np.clip(scene.inside[..., :2] @ toward[:2], 0, 1)
    shade = (body * mask + ground * (1 - mask) + 1.1 * lighting.rim * edge * mask) * fade
    return np.asarray(shade, np.float32), _air(scene, ramp, toward)


def _ramp(shape: tuple[int, ...], toward: _Floats) -> _Floats:
    """-1 at the edge away from the light to 1 at the one nearest to it (h, w); 0 for light from the front."""
    height, width = shape[:2]
    x = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
    y = (np.arange(height, dtype=np.float32) + 0.5) / height - 0.5
    reach = abs(float(toward[0])) + abs(float(toward[1])) + 1e-6
    weight = min(1.0, reach)
    return np.asarray(2 * weight * (x[None, :] * toward[0] + y[:, None] * toward[1]) / reach, np.float32)


def _diffuse(normals: _Floats, toward: _Floats, lighting: Lighting) -> _Floats:
    """Lambert with wrap-around (Green, GPU Gems, ch. 16): `wrap` 0 is hard, 1 reaches the far side."""
    relief = lighting.relief
    facing = normals[..., 2] * toward[2] + relief * (normals[..., :2] @ toward[:2])
    wrap = lighting.wrap
    return np.asarray(np.clip((facing + wrap) / (1 + wrap), 0, None) ** (1.25 - 0.25 * wrap), np.float32)


def _shadow(mask: _Floats, toward: _Floats) -> _Floats:
    """The subject's soft shadow on what is behind it, 0..1 (h, w), thrown away from the light; none on the lit side."""
    height, width = mask.shape
    shift = np.array([[1, 0, -0.05 * toward[0] * width], [0, 1, -0.03 * toward[1] * height]], np.float64)
    thrown = cv2.warpAffine(mask, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
    cast = np.clip(gaussian(thrown, 0.03 * max(mask.shape)) - gaussian(mask, 0.03 * max(mask.shape)), 0, 1)
    return np.asarray(cast * (1 - mask), np.float32)


def _from_behind(scene: _Scene, lighting: Lighting) -> _Floats:
    """A lamp behind the subject: the background glows around it, its face stays in ambient light, its edge burns."""
    height, width = scene.mask.shape
    middle = _middle(scene.mask)
    x = (np.arange(width, dtype=np.float32) + 0.5 - middle[0]) / max(width, height)
    y = (np.arange(height, dtype=np.float32) + 0.5 - middle[1]) / max(width, height)
    around = np.exp(-(1 + lighting.falloff) * 2.2 * (x[None, :] ** 2 + y[:, None] ** 2))
    edge = np.clip(1 - scene.inside[..., 2], 0, 1) ** 1.6 * np.clip(0.55 - scene.inside[..., 1], 0, 1)
    body = 0.1 + 1.6 * lighting.rim * edge
    return np.asarray(body * scene.mask + 1.1 * around * (1 - scene.mask), np.float32)


def _middle(mask: _Floats) -> tuple[float, float]:
    """Where the light behind stands, x and y in pixels: above the middle of the subject, or of the picture."""
    height, width = mask.shape
    mass = float(mask.sum())
    if mass < 1:
        return width / 2, 0.35 * height
    x = float((mask.sum(0) * np.arange(width)).sum()) / mass
    y = float((mask.sum(1) * np.arange(height)).sum()) / mass
    return x, max(0.0, y - 0.22 * height)


def _air(scene: _Scene, ramp: _Floats, toward: _Floats) -> _Floats:
    """The glow of the air towards the lamp, 0..1 (h, w), thinner in front of the near subject."""
    if toward[2] < 0:
        height, width = scene.mask.shape
        x, y = _middle(scene.mask)
        across = (np.arange(width, dtype=np.float32) - x) / max(width, height)
        down = (np.arange(height, dtype=np.float32) - y) / max(width, height)
        glow = np.exp(-5 * (across[None, :] ** 2 + down[:, None] ** 2))
    else:
        glow = np.clip(0.5 + 0.5 * ramp, 0, 1) ** 2.6
    return np.asarray(glow * (1 - 0.55 * scene.mask), np.float32)


# --- a reference ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Clue:
    """What a reference tells: large-scale light (96, 96) around 1, Lab mean and spread, its light and dark colour."""

    fall: _Floats
    mean: _Floats
    spread: _Floats
    bright: tuple[int, int, int]
    dark: tuple[int, int, int]
    luminance: float
    direction: str


def _clue(reference: Pixels) -> _Clue:
    small = without_alpha(np.asarray(cv2.resize(reference, (96, 96), interpolation=cv2.INTER_AREA), np.uint8))
    linear = _to_linear(small)
    light = linear @ _LUMA
    low = gaussian(light, 14) + 0.02
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2Lab).reshape(-1, 3)
    order = np.argsort(light.ravel())
    flat, tenth = small.reshape(-1, 3).astype(np.float32), max(1, light.size // 6)
    return _Clue(
        fall=np.asarray(low / low.mean(), np.float32),
        mean=lab.mean(0),
        spread=lab.std(0),
        bright=_tone(flat[order[-tenth:]].mean(0)),
        dark=_tone(flat[order[:tenth]].mean(0)),
        luminance=float(light.mean()),
        direction=_brighter_side(low),
    )


def _tone(color: _Floats) -> tuple[int, int, int]:
    """A lamp's colour from a picture's: as bright as can be, at least a third of white in it."""
    scaled = color / max(float(color.max()), 1.0) * 255
    red, green, blue = (round(max(float(part), 60.0)) for part in scaled)
    return red, green, blue


def _brighter_side(low: _Floats) -> str:
    across = float(low[:, 48:].mean() - low[:, :48].mean())
    down = float(low[48:].mean() - low[:48].mean())
    if max(abs(across), abs(down)) < 0.08 * float(low.mean()):
        return "even"
    if abs(across) >= abs(down):
        return "right" if across > 0 else "left"
    return "below" if down > 0 else "top"


def _like_reference(lighting: Lighting, clue: _Clue) -> Lighting:
    """The reference's colours for lamps that the words left open, and its direction when they named none."""
    key = lighting.lamps[0]
    towards = {
        "left": (-1.0, -0.15, 0.5),
        "right": (1.0, -0.15, 0.5),
        "top": (0.0, -1.0, 0.5),
        "below": (0.0, 1.0, 0.5),
    }
    direction = key.direction if lighting.directions else towards.get(clue.direction, (0.0, -0.3, 1.0))
    color = key.color if lighting.colors else clue.bright
    return replace(lighting, lamps=(replace(key, direction=direction, color=color),), ambient_color=clue.dark)


def _fall(old: _Floats, clue: _Clue) -> _Floats:
    """The gain (h, w) that gives the picture the reference's large-scale light instead of its own."""
    height, width = old.shape
    mine = gaussian(old, 0.15 * max(height, width)) + 0.02
    theirs = cv2.resize(clue.fall, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(theirs / (mine / mine.mean()), 0.3, 3.0) ** 0.6, np.float32)


def _transfer(rgb: _Floats, own: tuple[_Floats, _Floats], clue: _Clue) -> _Floats:
    """Mean and spread of the reference in Lab (Reinhard et al., "Color Transfer between Images", 2001), bounded.

    `rgb` (h, w, 3) sRGB 0..1, `own` the picture's Lab mean and spread. Spreads move by at most half, so flat
    references do not bleach and loud ones do not burn.
    """
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)
    ratio = np.clip(clue.spread / (own[1] + 1e-3), 0.6, 1.5)
    ratio[0] = ratio[0] ** 0.6
    shift = (clue.mean - own[0]) * np.array([0.75, 0.85, 0.85], np.float32)
    moved = (lab - own[0]) * ratio + own[0] + shift
    moved[..., 0] = np.clip(moved[..., 0], 0, 100)
    return np.asarray(np.clip(cv2.cvtColor(np.asarray(moved, np.float32), cv2.COLOR_Lab2RGB), 0, 1), np.float32)


# --- onto the picture -------------------------------------------------------------------------------------------------


def _apply(picture: Pixels, light: _Light, lighting: Lighting, strength: float, progress: Progress) -> Pixels:
    """The full picture under the light, in bands of rows, so that 12 MP need little memory."""
    tables = _grade(lighting)
    own = None if light.clue is None else _lab_statistics(picture, light, lighting, tables)
    height = picture.shape[0]
    lit = picture.copy()
    for top in range(0, height, 256):
        rows = slice(top, min(top + 256, height))
        shown = _shown(picture[rows, :, :3], light, lighting, tables, _window(picture.shape, light.gain.shape, top))
        if light.clue is not None and own is not None:
            shown = _transfer(shown, own, light.clue)
        old = picture[rows, :, :3].astype(np.float32)
        lit[rows, :, :3] = np.clip(old + strength * (shown * 255 - old) + 0.5, 0, 255)
        progress(0.7 + 0.3 * rows.stop / height)
    return lit


def _window(shape: tuple[int, ...], working: tuple[int, ...], top: int) -> npt.NDArray[np.float64]:
    """The affine map from pixels of the band that starts at row `top` to those of the working picture."""
    down, across = working[0] / shape[0], working[1] / shape[1]
    return np.array([[across, 0, 0.5 * across - 0.5], [0, down, (top + 0.5) * down - 0.5]], np.float64)


def _shown(band: Pixels, light: _Light, lighting: Lighting, tables: _Floats, window: npt.NDArray[np.float64]) -> _Floats:
    """`band` (h, w, 3) under the light, as sRGB 0..1 float32."""
    size = (band.shape[1], band.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    gain, veil = (cv2.warpAffine(field, window, size, flags=flags, borderMode=cv2.BORDER_REPLICATE) for field in (light.gain, light.veil))
    out = _paled(_to_linear(band), light.pale) * gain + veil
    grey = (out @ _LUMA)[..., None]
    out = grey + (out - grey) * lighting.saturation
    index = (np.clip(_shoulder(out), 0, 1) * 65535).astype(np.uint16)
    return np.dstack([tables[channel][index[..., channel]] for channel in range(3)])


def _shoulder(out: _Floats) -> _Floats:
    """Values above 0.7 bend towards 1 and never reach it, hue kept in most of the range."""
    peak = out.max(axis=2, keepdims=True)
    over = np.maximum(peak - 0.7, 0)
    bent = np.where(peak > 0.7, 0.7 + 0.3 * (1 - np.exp(-over / 0.3)), peak)
    kept = out * (bent / np.maximum(peak, 1e-6))
    return np.asarray(kept + np.clip(over * 0.12, 0, 0.3) * (bent - kept), np.float32)


def _grade(lighting: Lighting) -> _Floats:
    """Tables (3, 65536) from linear light to graded sRGB 0..1: contrast around middle grey, and the split tone."""
    linear = np.linspace(0, 1, 65536, dtype=np.float32)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    if lighting.contrast > 1:
        slope = 2.6 * (lighting.contrast - 1) + 0.2
        curve = 0.5 + np.tanh(2 * slope * (coded - 0.46)) / (2 * np.tanh(slope))
        coded = coded + min(1.0, 2 * (lighting.contrast - 1)) * (np.clip(curve, 0, 1) - coded)
    else:
        coded = 0.5 + (coded - 0.5) * lighting.contrast
    lights = coded**2
    split = lighting.tint * np.array([[-0.1, 0.07], [0.015, 0.015], [0.11, -0.08]], np.float32)
    tinted = [coded + low * coded**0.5 * (1 - coded) * 2 + high * lights for low, high in split]
    return np.asarray(np.clip(tinted, 0, 1), np.float32)


def _lab_statistics(picture: Pixels, light: _Light, lighting: Lighting, tables: _Floats) -> tuple[_Floats, _Floats]:
    """Lab mean and spread (3,) of the lit picture, from a copy of about 200 px."""
    height, width = picture.shape[:2]
    factor = min(1.0, 200 / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = cv2.resize(np.ascontiguousarray(picture[..., :3]), size, interpolation=cv2.INTER_AREA)
    shown = _shown(small, light, lighting, tables, _window(small.shape, light.gain.shape, 0))
    lab = cv2.cvtColor(shown, cv2.COLOR_RGB2Lab).reshape(-1, 3)
    return lab.mean(0), lab.std(0)
