"""What does a city look like from afar?  Rows of towers in perspective haze, lit windows, neon, and wet reflections."""

from __future__ import annotations

import cv2
import numpy as np

from . import water
from .colour import RGB, linear, mixed
from .noise import Array, curve, rng_for
from .stage import Frame, Light
from .vocabulary import SceneSpec

__all__ = ["paint_city"]

_NEON: tuple[RGB, ...] = (
    (255, 50, 150),
    (60, 220, 255),
    (150, 80, 255),
    (255, 120, 50),
    (70, 255, 190),
    (90, 120, 255),
)
_LAMPS: tuple[RGB, ...] = ((255, 206, 130), (255, 190, 110), (255, 226, 170), (210, 230, 255))


def paint_city(picture: Array, spec: SceneSpec, frame: Frame, light: Light, seed: int, *, over_water: bool) -> None:
    """Draw the skyline on the horizon and water or wet asphalt before it (in place); picture is linear."""
    rng = rng_for(seed, "city")
    neon = "neon" in spec.tones
    dark = spec.time in ("night", "dusk", "blue") or spec.weather == "storm"
    lamps = 1.0 if dark else 0.35 if spec.time in ("sunset", "sunrise") else 0.08
    base = round(min(frame.horizon + 0.012 * frame.height, frame.height - 2))
    if dark:
        _city_glow(picture, frame, neon)
    layers = 5
    for k in range(layers):
        if neon and k:
            _neon_fog(picture, frame, rng, base)
        _paint_row(picture, frame, light, rng, depth=k / (layers - 1), base=base, lamps=lamps, neon=neon, fog=spec.fog)
    if neon or dark:
        bright = np.maximum(picture[:base] - 0.45, 0.0)
        picture[:base] += cv2.GaussianBlur(bright, (0, 0), frame.unit * 0.012) * (1.1 if neon else 0.5)
    _paint_quay(picture, frame, light, rng, base, lamps)
    wet = spec.falling == "rain" or not over_water
    deep, shallow = water.body_of("sea", light, is_tropical=False)
    if wet and not over_water:
        deep, shallow = linear((26, 28, 34)) * (0.3 + light.ambient), linear((44, 46, 52)) * (0.3 + light.ambient)
    surface = water.Water(0.12 if over_water else 0.035, deep, shallow)
    mask = np.zeros(picture.shape[:2], np.float32)
    mask[base:] = 1.0
    water.paint_water(picture, Frame(frame.width, frame.height, float(base), frame.focal), light, surface, mask, seed)


def _neon_fog(picture: Array, frame: Frame, rng: np.random.Generator, base: int) -> None:
    """Coloured light that hangs in the streets between two rows of towers."""
    y, x = np.mgrid[:base, : frame.width].astype(np.float32)
    for _ in range(3):
        cx, reach = float(rng.uniform(0, frame.width)), float(rng.uniform(0.10, 0.22)) * frame.unit
        glow = np.exp(-(((x - cx) / reach) ** 2) - (base - y) / (0.13 * frame.unit))
        picture[:base] += 0.22 * glow[..., None] * linear(_NEON[int(rng.integers(len(_NEON)))])


def _paint_quay(picture: Array, frame: Frame, light: Light, rng: np.random.Generator, base: int, lamps: float) -> None:
    """A low dark embankment with trees and lamps: it hides where the towers stand."""
    tall = 0.016 * frame.unit
    crowns = np.abs(curve(rng, frame.width, 60, 4)) * 0.45 + 0.35
    top = base - tall * np.clip(crowns, 0.25, 1.2)
    first = max(0, int(top.min()) - 1)
    y = np.arange(first, base, dtype=np.float32)[:, None]
    cover = np.clip(y - top[None] + 0.5, 0.0, 1.0)[..., None]
    view = picture[first:base]
    view += (linear((30, 38, 36)) * (light.ambient + 0.12 * light.key) - view) * cover
    if lamps < 0.3:
        return
    glow = np.zeros(picture.shape[:2], np.float32)
    for x in np.arange(frame.unit * 0.012, frame.width, frame.unit * 0.052):
        cv2.circle(
            glow,
            (int(x * 8), int((base - tall * 0.55) * 8)),
            max(8, int(frame.unit * 0.0016 * 8)),
            1.0,
            -1,
            cv2.LINE_AA,
            3,
        )
    glow = glow[:base] * 0.9 + cv2.GaussianBlur(glow[:base], (0, 0), frame.unit * 0.005) * 1.2
    picture[:base] += glow[..., None] * linear((255, 200, 120)) * lamps


def _city_glow(picture: Array, frame: Frame, neon: bool) -> None:
    x, y = frame.grid()
    glow = np.exp(-np.maximum(frame.horizon - y, 0) / (0.20 * frame.height)) * (
        0.6 + 0.4 * np.exp(-(((x / frame.width - 0.5) / 0.35) ** 2))
    )
    colour = linear((214, 60, 170)) if neon else linear((240, 150, 90))
    picture += (glow * (0.60 if neon else 0.26))[..., None] * colour


def _paint_row(
    picture: Array,
    frame: Frame,
    light: Light,
    rng: np.random.Generator,
    *,
    depth: float,
    base: int,
    lamps: float,
    neon: bool,
    fog: float,
) -> None:
    """One row of towers; depth 0 is farthest.  Heights follow a skyline that swells around a third of the width."""
    scale = frame.unit * (0.032 + 0.048 * depth)
    air = np.exp(-(1.0 - depth) * (1.25 + 1.6 * fog) - 0.25 * fog)
    skyline = np.clip(0.55 + 0.35 * curve(rng, 256, 5, 3), 0.12, 1.4)
    centre = 0.5 - light.side * 0.15
    at = -0.5 * scale
    while at < frame.width:
        width = scale * float(rng.uniform(0.55, 1.5))
        t = float(np.clip((at + width / 2) / frame.width, 0, 1))
        swell = np.exp(-(((t - centre) / 0.24) ** 2))
        limit = min(0.86 * base, 0.66 * frame.unit)
        height = limit * (0.20 + 0.66 * float(swell)) * float(skyline[int(t * 255)]) * (0.95 - 0.38 * depth)
        height = min(height * float(rng.uniform(0.72, 1.18)), 0.84 * base)
        if rng.random() > 0.04 + 0.22 * depth:
            _paint_tower(picture, frame, light, rng, at, width, max(height, scale * 0.5), base, float(air), lamps, neon, scale)
        at += width * float(rng.uniform(0.70, 1.12))


def _paint_tower(
    picture: Array,
    frame: Frame,
    light: Light,
    rng: np.random.Generator,
    left: float,
    width: float,
    height: float,
    base: int,
    air: float,
    lamps: float,
    neon: bool,
    scale: float,
) -> None:
    wide, tall = max(3, round(width)), max(4, round(height))
    tower, cover = _facade(rng, light, wide, tall, lamps, neon, scale)
    tower = mixed(light.haze * (0.9 if not light.is_night else 0.6), tower, air)
    top = base - tall
    x0, x1, y0 = max(0, round(left)), min(frame.width, round(left) + wide), max(0, top)
    if x0 >= x1 or y0 >= base:
        return
    cut = np.s_[y0 - top :, x0 - round(left) : x1 - round(left)]
    view = picture[y0:base, x0:x1]
    view += (tower[cut] - view) * cover[cut][..., None]


def _facade(rng: np.random.Generator, light: Light, wide: int, tall: int, lamps: float, neon: bool, scale: float) -> tuple[Array, Array]:
    """A tower seen slightly from the side: colour (tall, wide, 3) and cover (tall, wide)."""
    shade = float(rng.uniform(0.55, 1.0))
    wall = linear([(92, 98, 112), (120, 112, 106), (70, 82, 104), (132, 130, 134)][int(rng.integers(4))]) * shade
    turn = float(rng.uniform(0.16, 0.40))
    split = int(wide * (turn if light.side > 0 else 1 - turn))
    front = wall * (light.ambient * 1.0 + light.key * 0.16)
    bright = wall * (light.ambient * 1.2 + light.key * 0.62)
    tower = np.empty((tall, wide, 3), np.float32)
    tower[:] = front
    sunny = np.s_[:, split:] if light.side > 0 else np.s_[:, :split]
    shaded_first = light.side > 0
    tower[sunny] = bright
    fade = np.linspace(1.12, 0.82, tall, dtype=np.float32)[:, None, None]
    tower *= fade
    cover = np.ones((tall, wide), np.float32)
    _roof(rng, cover, wide, tall)
    floor = max(3, round(scale * float(rng.uniform(0.05, 0.085))))
    pane = max(2, round(floor * float(rng.uniform(0.55, 1.1))))
    rows, columns = tall // floor + 1, wide // pane + 1
    glass = np.zeros((rows * floor, columns * pane), np.float32)
    on = _lit_panes(rng, rows, columns, lamps)
    glass = np.kron(on, np.ones((floor, pane), np.float32))
    y, x = np.mgrid[: rows * floor, : columns * pane]
    gap_y, gap_x = max(1, round(floor * 0.34)), max(1, round(pane * 0.3))
    frame_mask = ((y % floor) >= gap_y) & ((x % pane) >= gap_x)
    frame_mask = frame_mask[:tall, :wide].copy()
    frame_mask[: floor // 2 + 1] = False
    frame_mask[:, max(split - 1, 0) : split + 1] = False
    glass = glass[:tall, :wide] * frame_mask
    tower[frame_mask] *= 0.72 if lamps > 0.3 else 0.80
    sky_glass = linear(light.sky[2][1]) * 0.30
    tower += (frame_mask * (0.25 if lamps < 0.3 else 0.04) * np.linspace(1.6, 0.4, tall, dtype=np.float32)[:, None])[..., None] * sky_glass
    lamp = linear((_NEON if neon and rng.random() < 0.62 else _LAMPS)[int(rng.integers(4))])
    tower += glass[..., None] * lamp * (0.95 if light.is_night else 0.75)
    if neon and wide > 8:
        _neon_trim(rng, tower, wide, tall, scale)
    _ = shaded_first
    return tower, cover


def _lit_panes(rng: np.random.Generator, rows: int, columns: int, lamps: float) -> Array:
    """Which windows are lit: whole floors in some towers, scattered rooms in others."""
    share = lamps * float(rng.uniform(0.10, 0.55))
    room = rng.random((rows, columns)) < share
    floors = rng.random((rows, 1)) < share * 0.35
    power = rng.uniform(0.25, 1.0, (rows, columns)) ** 1.4 * 1.2
    return np.asarray((room | floors) * power, np.float32)


def _roof(rng: np.random.Generator, cover: Array, wide: int, tall: int) -> None:
    kind = int(rng.integers(5))
    step = max(1, tall // 14)
    inset = max(1, wide // 5)
    if kind == 0 and wide > 8:
        cover[:step, :inset] = 0
        cover[:step, -inset:] = 0
    elif kind == 1 and wide > 10 and tall > 40:
        cover[: 2 * step] = 0
        middle = wide // 2
        cover[: 2 * step, middle - max(1, wide // 40) : middle + max(1, wide // 40) + 1] = 1
        cover[step + step // 2 : 2 * step, inset:-inset] = 1
    elif kind == 2 and wide > 8:
        slope = (np.arange(wide)[None] / wide * 1.5 * step).astype(np.float32)
        cover[: 2 * step] *= np.clip(np.arange(2 * step)[:, None] - slope + 0.5, 0, 1)
    elif kind == 3 and wide > 12 and tall > 60:
        for k in range(3):
            cover[k * step : (k + 1) * step, : inset * (3 - k) // 3] = 0
            cover[k * step : (k + 1) * step, wide - inset * (3 - k) // 3 :] = 0


def _neon_trim(rng: np.random.Generator, tower: Array, wide: int, tall: int, scale: float) -> None:
    if rng.random() < 0.75:
        colour = linear(_NEON[int(rng.integers(len(_NEON)))]) * 2.6
        thick = max(1, round(scale * 0.022))
        if rng.random() < 0.5:
            tower[:, :thick] = colour
            tower[:, -thick:] = colour
        else:
            at = int(tall * float(rng.uniform(0.04, 0.5)))
            tower[at : at + thick] = colour
    if rng.random() < 0.6 and wide > 14 and tall > 50:
        colour = linear(_NEON[int(rng.integers(len(_NEON)))])
        high, broad = (
            int(min(tall * 0.4, scale * float(rng.uniform(0.6, 1.5)))),
            max(3, int(wide * float(rng.uniform(0.16, 0.3)))),
        )
        top, left = int(tall * float(rng.uniform(0.08, 0.45))), int(rng.integers(1, max(2, wide - broad - 1)))
        sign = tower[top : top + high, left : left + broad]
        sign[:] = colour * 0.6
        glyph = max(2, round(broad * 0.8))
        for gy in range(1, max(2, sign.shape[0] - glyph), glyph + 1):
            mark = rng.random((3, 3)) < 0.62
            block = np.kron(mark, np.ones((max(1, glyph // 3), max(1, (broad - 2) // 3)), bool))
            area = sign[gy : gy + block.shape[0], 1 : 1 + block.shape[1]]
            area[block[: area.shape[0], : area.shape[1]]] = colour * 2.6
