"""Which painterly looks are there?  One function each: a picture in, a painting out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
from PIL import Image

from imaging_svc.engines.local.rendering import Progress

from .canvas import (
    Floats,
    Random,
    along_flow,
    blur,
    clipped,
    darken_lines,
    flow_of,
    grain,
    kuwahara,
    light_of,
    mix,
    saturate,
    smooth_regions,
    unit,
)
from .strokes import paint

__all__ = ["FILTERS", "Filter"]

Filter = Callable[[Floats, Floats, Random, Progress], Floats]
"""(picture (h, w, 3) 0..1, where detail matters (h, w) 0..1, random numbers, progress) -> painting (h, w, 3) 0..1."""


def oil(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """Three brushes that follow the forms, the paint's relief lit from the upper left."""
    size = unit(picture)
    base = saturate(_vivid(picture), 1.22)
    radii = [max(1.6, part * size) for part in (11, 5.5, 2.6)]
    painted, height = paint(np.clip(base, 0, 1), radii, random, detail=detail, progress=progress)
    return _impasto(painted, height, 0.16)


def impressionist(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """Short, loose, colourful dabs and a sunny palette; no fine brush."""
    size = unit(picture)
    base = saturate(_vivid(picture), 1.45)
    radii = [max(1.6, part * size) for part in (12, 7, 4)]
    painted, height = paint(
        np.clip(base * 0.96 + 0.05, 0, 1),
        radii,
        random,
        detail=np.asarray(0.5 * detail, np.float32),
        jitter=0.055,
        progress=progress,
    )
    return _impasto(painted, height, 0.2)


def _impasto(painted: Floats, height: Floats, depth: float) -> Floats:
    """Oblique light over the paint's `height` (h, w)."""
    soft = blur(height, 0.7)
    slope = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3) + cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3)
    return clipped(painted + (depth * 0.35 * np.tanh(slope))[..., None])


def _vivid(picture: Floats) -> Floats:
    """Levels stretched to the 1st and 99th percentile, at most by a third."""
    low, high = np.percentile(light_of(picture), (1, 99))
    low, high = min(float(low), 0.12), max(float(high), 0.85)
    return clipped((picture - low) / (high - low))


def watercolor(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """Washes with wet edges, blooms of pigment and paper grain (Bousseau et al., "Interactive watercolor", 2006)."""
    size = unit(picture)
    wash = kuwahara(smooth_regions(_vivid(picture), 3, 0.14), max(2, round(7 * size)))
    wash = mix(wash, picture, (0.2 * detail)[..., None])
    wash = _wobbled(wash, 5 * size, 1.6 * size, random)
    light = light_of(wash)
    edges = np.clip(np.abs(blur(light, 1.3 * size) - blur(light, 3.6 * size)) * 20, 0, 1)
    paper = grain(light.shape, max(0.8, 1.0 * size), random) + 0.6 * grain(light.shape, 3.2 * size, random)
    clouds = grain(light.shape, 42 * size, random) + 0.5 * grain(light.shape, 14 * size, random)
    density = 0.92 + 0.55 * edges + 0.09 * paper + 0.13 * clouds
    pigment = np.clip(saturate(wash, 1.4) * 0.74 + 0.25, 0.02, 0.985)
    painted = pigment - (pigment - pigment * pigment) * (density[..., None] - 1) * 1.5
    return clipped(painted + (0.008 * paper)[..., None])


def _wobbled(picture: Floats, scale: float, reach: float, random: Random) -> Floats:
    """Outlines shifted by a hand's tremble: up to about `reach` pixels, in waves of `scale` pixels."""
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    shift_x, shift_y = (reach * 0.5 * grain(picture.shape, 2 * scale, random) for _ in range(2))
    moved = cv2.remap(picture, x + shift_x, y + shift_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, np.float32)


def pastel(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """Soft chalk on toothed paper: light colours, strokes along the forms."""
    size = unit(picture)
    soft = mix(kuwahara(picture, max(2, round(6 * size))), picture, (0.2 * detail)[..., None])
    angle, _ = flow_of(light_of(soft), 4 * size)
    chalk = along_flow(grain(angle.shape, 0.8, random), angle, max(3, round(8 * size)))
    tooth = grain(angle.shape, max(0.7, 0.9 * size), random)
    bright = saturate(soft, 1.45) * 0.8 + np.array([0.2, 0.19, 0.185], np.float32)
    shade = 0.038 * chalk / (chalk.std() + 1e-6) + 0.02 * tooth
    return clipped(bright + shade[..., None])


def pencil(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """Graphite: a dodge of the picture over its blurred negative, hatching along the forms in the shadows."""
    return np.repeat(_graphite(picture, random)[..., None], 3, axis=2) * np.array([0.985, 0.98, 0.965], np.float32)


def colored_pencil(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """The graphite drawing with the picture's own colours rubbed in."""
    graphite = _graphite(picture, random)[..., None]
    color = saturate(smooth_regions(picture, 1), 1.5) * 0.62 + 0.4
    return clipped(color * (0.32 + 0.68 * graphite))


def _graphite(picture: Floats, random: Random) -> Floats:
    size = unit(picture)
    light = light_of(picture)
    clear = cv2.createCLAHE(2.0, (8, 8)).apply((light * 255).astype(np.uint8)).astype(np.float32) / 255
    dodge = np.clip(clear / (blur(clear, 14 * size) + 0.02), 0, 1) ** 1.5
    fine = np.clip(clear / (blur(clear, 3 * size) + 0.02), 0, 1) ** 2
    angle, sure = flow_of(clear, 5 * size)
    hatching = np.where(sure > 0.35, angle, np.float32(-0.8)).astype(np.float32)
    strokes = along_flow(grain(light.shape, 0.7, random), hatching, max(4, round(11 * size)))
    strokes = strokes / (strokes.std() + 1e-6)
    depth = 1 - np.clip(blur(clear, 1.5 * size) * 1.25, 0, 1)
    drawn = 0.5 * dodge + 0.5 * fine - depth * (0.26 + 0.16 * strokes) - 0.02 * (1 - np.abs(strokes) / 3)
    return clipped(0.09 + 0.93 * np.maximum(drawn, 0))


def ink(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """Black ink on warm paper: bold lines, solid shadows and a grey wash."""
    size = unit(picture)
    light = light_of(smooth_regions(_vivid(picture), 2))
    lines = darken_lines(light, 1.1 * size, 110)
    solid = 1 / (1 + np.exp(-(light - 0.2) * 38))
    wash = np.floor(np.clip(light, 0, 0.999) * 3) / 2 * 0.35 + 0.65
    value = lines * solid * wash + 0.012 * grain(light.shape, max(0.7, size), random)
    return clipped(0.07 + value[..., None] * np.array([0.9, 0.875, 0.82], np.float32))


def cartoon(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """Flat tones in soft steps and dark outlines."""
    size = unit(picture)
    flat = smooth_regions(_vivid(picture), 4, 0.13)
    toned = _stepped(flat, 9, 2.2)
    lines = darken_lines(blur(light_of(picture), 0.6 * size), 1.0 * size, 75)
    return clipped(saturate(toned, 1.4) * (0.08 + 0.92 * lines[..., None]))


def anime(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """Cel painting: clean bright tones, cool shadows, thin tinted lines, glowing lights."""
    size = unit(picture)
    flat = smooth_regions(_vivid(picture), 5, 0.11)
    flat = mix(flat, kuwahara(flat, max(2, round(3 * size))), (1 - 0.7 * detail)[..., None])
    toned = saturate(_stepped(np.clip(flat, 0, 1) ** 0.82, 7, 1.4), 1.42)
    dark = np.clip(1 - 2.2 * light_of(toned), 0, 1)[..., None]
    toned = toned + dark * np.array([-0.01, 0.0, 0.07], np.float32)
    glow = blur(np.clip(toned - 0.7, 0, 1), 16 * size)
    lines = darken_lines(blur(light_of(picture), 0.5 * size), 0.75 * size, 55)[..., None]
    return clipped((toned + 0.7 * glow) * (lines + (1 - lines) * np.array([0.3, 0.2, 0.3], np.float32)))


def _stepped(picture: Floats, steps: int, softness: float) -> Floats:
    """Lightness in `steps` soft steps, colour left alone (Winnemöller 2006); more `softness`, softer steps."""
    lab = cv2.cvtColor(np.clip(picture, 0, 1), cv2.COLOR_RGB2Lab)
    width = 100 / steps
    nearest = np.floor(lab[..., 0] / width) * width + width / 2
    lab[..., 0] = np.clip(nearest + width / 2 * np.tanh((lab[..., 0] - nearest) / softness), 0, 100)
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), np.float32)


def comic(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """Printed comic: few flat colours, heavy ink, dots in the middle tones."""
    size = unit(picture)
    flat = smooth_regions(_vivid(picture), 4, 0.15)
    toned = saturate(_stepped(flat, 5, 0.8), 1.6)
    light = light_of(flat)
    shade = np.clip((0.62 - light) * 1.6, 0, 0.8) * (1 - 0.6 * detail)
    dots = _halftone(shade, max(3.5, 6.5 * size), 0.6)
    lines = darken_lines(blur(light_of(picture), 0.7 * size), 1.35 * size, 90)
    inked = (1 - 0.3 * dots) * lines * (0.12 + 0.88 / (1 + np.exp(-(light - 0.1) * 40)))
    paper = np.array([1.0, 0.985, 0.94], np.float32)
    return clipped(toned * inked[..., None] * paper + 0.02)


def pop_art(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """Four loud inks chosen by lightness, dots between them, black lines."""
    size = unit(picture)
    light = light_of(smooth_regions(_vivid(picture), 3, 0.14))
    light = np.clip((light - 0.5) * 1.15 + 0.5, 0, 1)
    inks = np.array(_POP[int(random.integers(len(_POP)))], np.float32) / 255
    level = np.clip(light, 0, 0.999) * (len(inks) - 1)
    below = level.astype(int)
    cell = max(3.5, 6.0 * size)
    dots = _halftone(np.clip((level - below - 0.15) / 0.7, 0, 1).astype(np.float32), cell, 0.5)[..., None]
    flat = mix(inks[below], inks[below + 1], dots)
    flat = mix(flat, saturate(_stepped(picture, 6, 1.2), 1.8), (0.3 + 0.25 * detail)[..., None])
    lines = darken_lines(blur(light_of(picture), 0.7 * size), 1.2 * size, 85)[..., None]
    return clipped(flat * (0.08 + 0.92 * lines))


_POP: Final = (
    ((28, 22, 84), (232, 36, 92), (255, 196, 28), (255, 246, 214)),
    ((20, 44, 92), (0, 142, 170), (255, 132, 84), (255, 240, 206)),
    ((58, 14, 80), (206, 40, 150), (60, 196, 220), (252, 250, 220)),
)
"""Sets of inks, dark to light, sRGB."""


def _halftone(shade: Floats, cell: float, angle: float) -> Floats:
    """Dots (h, w) 0..1 that cover the share `shade` of the paper, on a grid of `cell` pixels turned by `angle` rad."""
    height, width = shade.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    turned = [(x * c + y * s) / cell for c, s in ((math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle)))]
    bump = 0.5 + 0.25 * (np.cos(2 * np.pi * turned[0]) + np.cos(2 * np.pi * turned[1]))
    return clipped((blur(shade, cell / 3) - (1 - bump)) * cell * 0.9 + 0.5)


def low_poly(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """Delaunay triangles, small where there is detail, each in its own mean colour."""
    height, width = picture.shape[:2]
    if min(height, width) < 8:
        return picture
    points = _corners(picture, detail, random)
    plane = cv2.Subdiv2D((0, 0, width, height))
    plane.insert(points)
    triangles = np.asarray(plane.getTriangleList(), np.float32).reshape(-1, 3, 2)
    inside = np.all((triangles >= 0) & (triangles < [width, height]), axis=(1, 2))
    bytes_ = (np.clip(saturate(_vivid(picture), 1.25), 0, 1) * 255).astype(np.uint8)
    mesh = bytes_.copy()
    for corners in triangles[inside].astype(np.int32):
        low, high = corners.min(0), corners.max(0) + 1
        patch = bytes_[low[1] : high[1], low[0] : high[0]]
        cover = np.zeros(patch.shape[:2], np.uint8)
        cv2.fillConvexPoly(cover, corners - low, 1)
        cv2.fillConvexPoly(mesh, corners, cv2.mean(patch, cover)[:3], cv2.LINE_AA)
    return np.asarray(mesh, np.float32) / np.float32(255)


def _corners(picture: Floats, detail: Floats, random: Random) -> list[tuple[float, float]]:
    """Corners for the triangles, drawn where edges and detail are, and around the frame."""
    height, width = picture.shape[:2]
    light = blur(light_of(picture), 1.6 * unit(picture))
    edge = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
    chance = np.clip(edge / (np.percentile(edge, 97) + 1e-6), 0, 1) ** 1.3 * (1 + 2.5 * detail) + 0.02
    flat = (chance / chance.sum()).ravel().astype(np.float64)
    count = min(3600, max(8, height * width // 60))
    spots = random.choice(flat.size, size=min(count, flat.size), replace=False, p=flat / flat.sum())
    rim = np.linspace(0, 1, 14)
    frame = [(x * (width - 1), y * (height - 1)) for t in rim for x, y in ((t, 0.0), (t, 1.0), (0.0, t), (1.0, t))]
    return [*frame, *((float(spot % width), float(spot // width)) for spot in spots)]


_BAYER: Final = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16 - 0.47


def pixel_art(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """About 170 pixels on the longer side, 32 colours of the picture's own, ordered dithering, crisp squares."""
    height, width = picture.shape[:2]
    factor = max(1.0, max(height, width) / 170)
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    small = cv2.resize(saturate(_vivid(picture), 1.3), size, interpolation=cv2.INTER_AREA)
    small = small + 0.35 * (small - blur(small, 1.0))
    pattern = np.tile(_BAYER, (size[1] // 4 + 1, size[0] // 4 + 1))[: size[1], : size[0], None]
    dithered = (np.clip(small + 0.055 * pattern, 0, 1) * 255).astype(np.uint8)
    few = Image.fromarray(dithered).quantize(32, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    large = cv2.resize(np.asarray(few), (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(large / 255, np.float32)


def neon(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """Cyberpunk night: dark blue shadows, magenta and cyan lights, glowing edges, colour fringes."""
    size = unit(picture)
    light = light_of(_vivid(picture))
    ramp = np.array([(8, 6, 34), (48, 14, 96), (186, 26, 150), (255, 92, 170), (150, 236, 255)], np.float32) / 255
    level = np.clip(light**1.25 * 0.96, 0, 0.999) * (len(ramp) - 1)
    below = level.astype(int)
    grade = mix(ramp[below], ramp[below + 1], (level - below)[..., None].astype(np.float32))
    toned = mix(grade, saturate(picture, 1.5) * (0.25 + 0.75 * light[..., None]), (0.3 + 0.24 * detail)[..., None])
    soft = blur(light, 1.2 * size)
    edge = np.hypot(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)) * size
    edge = np.clip(edge * 1.6 - 0.12, 0, 1)[..., None]
    across = np.linspace(0, 1, picture.shape[1], dtype=np.float32)[None, :, None]
    lines = edge * mix(np.array([1, 0.16, 0.72], np.float32), np.array([0.1, 0.85, 1], np.float32), across)
    lines = lines * (1 - 0.55 * detail[..., None])
    lit = toned * 0.9 + 0.55 * lines + 0.8 * blur(np.asarray(lines, np.float32), 7 * size)
    lit = lit + 0.5 * blur(np.clip(np.asarray(lit, np.float32) - 0.55, 0, 1), 20 * size)
    return clipped(_fringed(np.asarray(lit, np.float32), max(1, round(1.4 * size))))


def _fringed(picture: Floats, shift: int) -> Floats:
    """Red moved right, blue left, by `shift` pixels: a cheap lens."""
    if picture.shape[1] <= 2 * shift:
        return picture
    fringed = picture.copy()
    fringed[:, shift:, 0] = picture[:, :-shift, 0]
    fringed[:, :-shift, 2] = picture[:, shift:, 2]
    return fringed


def vintage(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """An old colour print: lifted blacks, warm lights, faded colours, grain and a darkened frame."""
    faded = saturate(picture, 0.72) ** 0.95 * 0.84 + 0.07
    warm = faded * np.array([1.05, 0.99, 0.86], np.float32) + np.array([0.012, 0.012, 0.04], np.float32)
    noise = 0.028 * grain(picture.shape, max(0.6, 0.7 * unit(picture)), random)
    return clipped(warm * _vignette(picture, 0.3)[..., None] + noise[..., None])


def film(picture: Floats, detail: Floats, random: Random, progress: Progress) -> Floats:
    """A gentle cinematic grade: soft S-curve, teal shadows, warm lights, a touch of glow."""
    curved = picture + 0.16 * (picture - 0.5) * 4 * picture * (1 - picture)
    light = light_of(picture)[..., None]
    tint = (1 - light) * np.array([-0.035, 0.008, 0.04]) + light * np.array([0.035, 0.01, -0.035])
    graded = np.asarray(curved + tint, np.float32)
    glow = blur(np.clip(graded - 0.62, 0, 1), 18 * unit(picture))
    noise = 0.012 * grain(picture.shape, max(0.6, 0.6 * unit(picture)), random)
    return np.clip((saturate(graded, 1.08) + 0.35 * glow) * _vignette(picture, 0.16)[..., None] + noise[..., None], 0, 1)


def _vignette(picture: Floats, depth: float) -> Floats:
    """1 in the middle to 1 - `depth` in the corners (h, w)."""
    y = np.linspace(-1, 1, picture.shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, picture.shape[1], dtype=np.float32)[None, :]
    return np.asarray(1 - depth * np.clip((x * x + y * y) / 2, 0, 1) ** 1.2, np.float32)


FILTERS: Final[Mapping[str, Filter]] = {
    "oil": oil,
    "impressionist": impressionist,
    "watercolor": watercolor,
    "pastel": pastel,
    "pencil": pencil,
    "colored-pencil": colored_pencil,
    "ink": ink,
    "cartoon": cartoon,
    "anime": anime,
    "comic": comic,
    "pop-art": pop_art,
    "low-poly": low_poly,
    "pixel-art": pixel_art,
    "neon": neon,
    "vintage": vintage,
    "film": film,
}
"""Every look by its name."""
