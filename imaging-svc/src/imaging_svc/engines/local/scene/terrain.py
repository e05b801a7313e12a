"""What does the land look like?  Height fields seen in true perspective, lit, shadowed, and lost in the haze.

Light is Lambert plus sky light, with shadows cast sideways, hollows darkened, and exponential aerial perspective.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from imaging_svc.engines.local.rendering import Progress, no_progress

from .colour import RGB, gradient, linear, mixed
from .noise import Array, band, fractal, octaves, ridges, rng_for, sample, smoothstep
from .relief import Plot, Seen, plot_for, see, slopes
from .stage import Frame, Light

__all__ = ["Ground", "Land", "air_colour", "desert", "hills", "mountains", "render_ground", "shore"]


@dataclass(frozen=True, slots=True)
class Land:
    """A kind of land: its heights over a plot, and its colours given the heights and the unit normal's three parts."""

    height: Callable[[Plot], Array]
    albedo: Callable[[Plot, Array, tuple[Array, Array, Array]], Array]
    nearest: float
    farthest: float
    shadow: float = 0.86
    has_water: bool = False
    relief: float = 1.0


@dataclass(frozen=True, slots=True)
class Ground:
    """Land as the camera sees it: colour (height, width, 3) linear, cover and water 0..1, depth; and its samples."""

    colour: Array
    cover: Array
    water: Array
    depth: Array
    plot: Plot
    height: Array
    seen: Seen

    def spots(self, rng: np.random.Generator, count: int, near: float, far: float) -> list[tuple[float, float, float]]:
        """Up to `count` dry, visible places, far ones first: (x, y, distance), x and y in pixels."""
        steps, width = self.height.shape
        # Evenly over the ground would crowd the horizon: even in 1 / distance is even on the screen.
        wanted = 1.0 / rng.uniform(1.0 / far, 1.0 / near, count)
        index = np.clip(np.searchsorted(self.plot.z[:, 0], np.sort(wanted)[::-1]), 1, steps - 1)
        column = rng.integers(0, width, count)
        row = self.seen.row[index, column]
        good = (row <= self.seen.highest[index - 1, column] + 1.0) & (self.height[index, column] > 0.015)
        found = zip(column[good], row[good], self.plot.z[index, 0][good], strict=True)
        return [(float(x), float(y), float(z)) for x, y, z in found]


def render_ground(frame: Frame, light: Light, land: Land, progress: Progress = no_progress) -> Ground:
    """Draw the land; pixels above it have cover 0.  `progress` hears 0..1."""
    steps = int(np.clip(1.55 * frame.height + 60, 200, 960))
    plot = plot_for(frame, land.nearest, land.farthest, steps)
    height = land.height(plot)
    progress(0.4)
    water = smoothstep(0.006, -0.006, height) if land.has_water else np.zeros(height.shape, np.float32)
    depth = np.maximum(-height, 0.0)
    height = np.maximum(height, 0.0) if land.has_water else height
    seen = see(frame, plot, height)
    progress(0.5)
    colour = seen.look(_shade(frame, light, land, plot, height))
    progress(0.95)
    wet = seen.look(water) * (seen.cover > 0.99)
    return Ground(colour, seen.cover, wet, seen.look(depth), plot, height, seen)


def _shade(frame: Frame, light: Light, land: Land, plot: Plot, height: Array) -> Array:
    normal = slopes(plot, height)
    nx, ny, nz = normal
    albedo = land.albedo(plot, height, normal)
    if land.has_water:
        # Wet ground is dark ground.
        albedo = albedo * (0.40 + 0.60 * smoothstep(0.0, 0.30, height))[..., None]
    if light.is_night:
        # Eyes see little colour in the dark (the Purkinje effect).
        albedo = mixed(albedo, albedo.mean(-1, keepdims=True) * np.array([0.9, 1.0, 1.15], np.float32), 0.6)
    direction = np.array([light.side * 0.86, light.slope, -0.10 - 0.8 * light.slope], np.float32)
    direction /= np.linalg.norm(direction)
    lambert = np.clip(nx * direction[0] + ny * direction[1] + nz * direction[2], 0.0, 1.0)
    lambert *= _sunlit(plot.x, height, light, land.shadow)
    wide = cv2.blur(height, (max(3, frame.width // 24) | 1, 31))
    hollow = np.clip(0.5 + (height - wide) / (0.10 * plot.z * land.relief + 0.4), 0.28, 1.0)
    sky_part = (0.55 + 0.45 * ny) * hollow
    lit = albedo * (lambert[..., None] * light.key + sky_part[..., None] * light.ambient)
    # Rough ground seen against the light glows a little at grazing angles.
    seen = 1.0 - np.exp(-light.haze_density * plot.z * (1.0 - 0.35 * smoothstep(0.0, 26.0, height)))
    return mixed(lit, air_colour(frame, light)[None], seen[..., None])


def air_colour(frame: Frame, light: Light) -> Array:
    """The colour that distance fades to, per column: the low sky's own, warmer and brighter towards the sun."""
    toward = np.exp(-((np.abs(np.arange(frame.width) - light.sun_x) / (0.34 * frame.unit)) ** 1.5)) * min(1.0, light.glow * 1.2)
    air = gradient(light.sky, 0.60 + 0.30 * toward)
    return np.asarray(mixed(air, light.haze, 0.45) * (0.92 + 0.22 * toward)[:, None])


def _sunlit(x: Array, height: Array, light: Light, depth: float) -> Array:
    """1 in the light, less in cast shadow.  Light comes mostly from the side: a running maximum along rows finds it."""
    ray = height + x * (light.side * max(0.5, light.slope * 1.25))
    ahead = ray[:, ::-1] if light.side > 0 else ray
    blocked = np.maximum.accumulate(ahead, 1) - ahead
    blocked = blocked[:, ::-1] if light.side > 0 else blocked
    shadow = smoothstep(0.02, 1.4, blocked)
    return np.asarray(1.0 - depth * cv2.GaussianBlur(shadow, (0, 0), 1.2), np.float32)


def mountains(frame: Frame, light: Light, seed: int, *, season: str, has_water: bool, height: float = 1.0, far: float = 220.0) -> Land:
    """An alpine range behind foothills: a main peak near a third of the width, a side range, and a lake if asked."""
    rng = rng_for(seed, "mountains")
    tile, wide = band(rng), fractal(rng, slope=2.0)
    peak_side = -light.side
    peak_x = peak_side * float(rng.uniform(0.14, 0.22)) * frame.width / frame.focal * far * 0.56
    peak_z = far * 0.56
    shift_x, shift_z = float(rng.uniform(0, 400)), float(rng.uniform(0, 400))
    shore_line = float(rng.uniform(17, 24)) if has_water else 0.0
    # Where the sun shows, the range has a gap for it.
    notch, toward_sun = (0.50 if light.has_disc else 0.0), light.sun_x - 0.5 * frame.width
    reach = min(1.0, 0.62 * frame.horizon / (0.36 * frame.focal))

    def heights(plot: Plot) -> Array:
        x, z = plot.x + shift_x, plot.z + shift_z
        bend_x, bend_z = octaves(tile, x, z, 80.0, 2), octaves(tile, x + 191, z + 77, 80.0, 2)
        crest = ridges(tile, x + 7.0 * bend_x, z + 7.0 * bend_z, 104.0, 9, gain=0.47, sharpness=1.5)
        envelope = smoothstep(0.10 * far, 0.52 * far, plot.z)
        away = np.sqrt(((plot.x - peak_x) / (far * 0.16)) ** 2 + ((plot.z - peak_z) / (far * 0.20)) ** 2)
        main = np.exp(-(away**1.5))
        flank = smoothstep(0.10, 0.5, np.abs(plot.x / plot.z) * frame.focal / frame.width * 2)
        alps = envelope * (0.60 + 0.40 * flank) * (30.0 * crest**1.1 - 3.0) + main * (11.0 + 15.0 * crest)
        hills = smoothstep(6.0, 40.0, plot.z) * (2.2 + 2.3 * octaves(tile, x, z, 24.0, 6, 0.44))
        rough = (0.05 if season == "winter" else 0.13) * octaves(tile, x, z, 5.0, 5, 0.55) * smoothstep(2.0, 8.0, plot.z)
        alps = alps * (1.0 - notch * np.exp(-(((plot.x / plot.z * frame.focal - toward_sun) / (0.13 * frame.unit)) ** 2)))
        land = height * reach * alps + np.maximum(hills, -0.3) * 0.8 + rough
        if not has_water:
            return np.asarray(land)
        coast = shore_line + 3.5 * octaves(tile, x, np.full_like(z, 9.0), 26.0, 3)
        return np.where(plot.z < coast, -0.4, land * smoothstep(0.0, 1.0, (plot.z - coast) / 9.0) + 0.02)

    palette = _ALPINE[season or "summer"]

    def albedo(plot: Plot, land: Array, normal: tuple[Array, Array, Array]) -> Array:
        x, z = plot.x + shift_x, plot.z + shift_z
        patch = octaves(tile, x, z, 9.0, 5, 0.6)
        spot = sample(wide, x * 14, z * 14)
        top = 34.0 * reach * height
        rock = mixed(linear(palette.rock), linear(palette.rock_dark), smoothstep(-0.8, 0.9, patch)[..., None])
        grass = mixed(linear(palette.grass), linear(palette.grass_dark), smoothstep(-0.6, 0.8, spot + 0.4 * patch)[..., None])
        grow = smoothstep(0.52, 0.80, normal[1] + 0.10 * patch) * smoothstep(top * 0.62, top * 0.20, land + 2.2 * patch)
        blades = octaves(tile, x * 2.2, z, 0.7, 4, 0.85) * smoothstep(24.0, 3.0, plot.z)
        colour = mixed(rock, grass * (1.0 + 0.20 * blades)[..., None], grow[..., None])
        snow = smoothstep(palette.snow_from * top, (palette.snow_from + 0.20) * top, land + 0.10 * top * patch)
        snow *= smoothstep(0.50, 0.70, normal[1] + 0.10 * spot + 0.06 * patch)
        return mixed(colour, linear((238, 244, 252)), snow[..., None])

    # High light leaves the valleys open; low light fills them with shadow.
    shadow = 0.74 if light.slope < 0.5 else 0.62
    return Land(heights, albedo, nearest=1.2, farthest=far, shadow=shadow, has_water=has_water)


@dataclass(frozen=True, slots=True)
class _Ground:
    rock: RGB
    rock_dark: RGB
    grass: RGB
    grass_dark: RGB
    snow_from: float


_ALPINE: dict[str, _Ground] = {
    "spring": _Ground((142, 132, 124), (84, 80, 84), (116, 146, 66), (58, 92, 50), 0.42),
    "summer": _Ground((146, 134, 122), (86, 80, 82), (96, 124, 60), (44, 74, 44), 0.52),
    "autumn": _Ground((146, 130, 118), (84, 76, 78), (182, 124, 48), (128, 66, 36), 0.48),
    "winter": _Ground((132, 132, 140), (74, 76, 88), (196, 204, 214), (120, 132, 148), -0.30),
}


def hills(frame: Frame, light: Light, seed: int, *, season: str, has_water: bool = False, low: bool = False) -> Land:
    """Rolling country: long soft slopes, fields of several crops, hedges, and blue hills far away."""
    rng = rng_for(seed, "hills")
    tile, wide = band(rng), fractal(rng, slope=1.9)
    shift_x, shift_z = float(rng.uniform(0, 400)), float(rng.uniform(0, 400))
    size = 0.45 if low else 1.0
    near, far_colour = _MEADOW[season or "summer"]
    shore_line = float(rng.uniform(15, 20)) if has_water else 0.0

    def heights(plot: Plot) -> Array:
        x, z = plot.x + shift_x, plot.z + shift_z
        soft = octaves(tile, x, z, 34.0, 3, 0.32)
        distant = octaves(tile, x, z, 60.0, 5, 0.45)
        grow = smoothstep(3.0, 60.0, plot.z)
        land = size * (0.3 + 3.4 * grow * (0.55 + 0.62 * soft)) + size * smoothstep(60, 130, plot.z) * (5.0 + 5.5 * distant)
        bumps = 0.007 * octaves(tile, x, z, 1.1, 3, 0.5) + 0.10 * smoothstep(14, 60, plot.z) * octaves(tile, x, z, 1.6, 3, 0.6)
        if has_water:
            coast = shore_line + 3.0 * octaves(tile, x, np.full_like(z, 5.0), 22.0, 3)
            return np.where(plot.z < coast, -0.4, land * smoothstep(0.0, 1.0, (plot.z - coast) / 8.0) + 0.02)
        return land - 0.25 + bumps

    def albedo(plot: Plot, land: Array, normal: tuple[Array, Array, Array]) -> Array:
        x, z = plot.x + shift_x, plot.z + shift_z
        blades = octaves(tile, x * 2.2, z, 0.5, 5, 0.85) * smoothstep(30.0, 4.0, plot.z)
        patch = sample(wide, x * 9, z * 9)
        field, edge = _fields(tile, x, z)
        crops = linear(np.array(near))
        index = np.clip(field * len(near), 0, len(near) - 1).astype(np.int32)
        colour = crops[index] * (1.0 + 0.16 * blades + 0.14 * patch)[..., None]
        colour = mixed(colour, linear(far_colour), (0.75 * edge * smoothstep(3.0, 12.0, plot.z))[..., None])
        colour = mixed(colour, linear(far_colour), (0.75 * smoothstep(34.0, 85.0, plot.z))[..., None])
        woods = smoothstep(0.55, 0.95, patch + 0.35 * octaves(tile, x, z, 3.0, 3, 0.6)) * smoothstep(16.0, 34.0, plot.z)
        return np.clip(mixed(colour, linear(far_colour) * 0.8, woods[..., None]), 0.0, 1.0)

    return Land(heights, albedo, nearest=1.1, farthest=150.0, shadow=0.30, has_water=has_water, relief=0.7)


_MEADOW: dict[str, tuple[list[RGB], RGB]] = {
    "spring": ([(126, 170, 64), (150, 184, 78), (104, 156, 66), (196, 196, 92)], (58, 100, 52)),
    "summer": ([(112, 148, 58), (158, 164, 74), (92, 132, 56), (206, 178, 94)], (48, 80, 44)),
    "autumn": ([(188, 142, 60), (206, 166, 84), (158, 120, 54), (172, 104, 48)], (150, 72, 34)),
    "winter": ([(226, 232, 240), (214, 222, 234), (232, 236, 242), (204, 212, 226)], (96, 102, 116)),
}


def _fields(tile: Array, x: Array, z: Array) -> tuple[Array, Array]:
    """A patchwork: which crop (0..1) grows at each point and how close the hedge is (1 on it)."""
    u = (x + 3.2 * octaves(tile, x, z, 40.0, 2)) / 11.0
    v = (z + 3.2 * octaves(tile, x + 87, z + 31, 40.0, 2)) / 17.0
    u = u + 0.35 * np.sin(np.floor(v) * 2.4)
    cell = np.sin(np.floor(u) * 127.1 + np.floor(v) * 311.7) * 43758.5453
    near_u, near_v = np.abs(u - np.round(u)), np.abs(v - np.round(v))
    edge = np.maximum(smoothstep(0.045, 0.0, near_u), smoothstep(0.045, 0.0, near_v))
    return np.asarray(cell - np.floor(cell), np.float32), edge


def desert(frame: Frame, light: Light, seed: int) -> Land:
    """Crescent dunes: sharp crests between a long windward slope and a steep lee, with wind ripples."""
    rng = rng_for(seed, "desert")
    tile, wide = band(rng), fractal(rng, slope=2.0)
    shift_x, shift_z = float(rng.uniform(0, 400)), float(rng.uniform(0, 400))

    def heights(plot: Plot) -> Array:
        x, z = plot.x + shift_x, plot.z + shift_z
        bend = octaves(tile, x, z, 46.0, 2, 0.4)
        crest = 1.0 - np.abs(sample(tile, (x + 7 * bend) * 0.62, (z * 0.8 + 5 * bend) * 0.62)) * 0.75
        crest = np.clip(crest, 0.0, 1.0) ** 1.5
        second = 1.0 - np.abs(sample(tile, (x * 1.0 + 4 * bend) * 1.5 + 90, (z + 3 * bend) * 1.5 + 40)) * 0.7
        grow = smoothstep(2.0, 46.0, plot.z)
        large = (0.7 + 5.8 * grow) * crest + (0.30 + 0.9 * grow) * np.clip(second, 0, 1) ** 1.6 * crest
        big = smoothstep(50.0, 120.0, plot.z) * 9.0 * np.clip(octaves(tile, x, z, 70.0, 3, 0.4) * 0.5 + 0.55, 0, 2)
        wind = np.sin((x * 0.5 + z * 0.85 + 0.30 * octaves(tile, x, z, 3.0, 3)) * 17.0)
        return np.asarray(large * 0.9 - 0.75 + big + 0.0065 * wind * smoothstep(14.0, 4.0, plot.z) * (0.5 + crest))

    def albedo(plot: Plot, land: Array, normal: tuple[Array, Array, Array]) -> Array:
        x, z = plot.x + shift_x, plot.z + shift_z
        patch = sample(wide, x * 11, z * 11)[..., None]
        grain = octaves(tile, x, z, 0.5, 2, 0.7)[..., None]
        return mixed(linear((226, 170, 108)), linear((196, 130, 78)), np.clip(0.5 + 0.3 * patch, 0, 1)) * (1.0 + 0.035 * grain)

    return Land(heights, albedo, nearest=1.1, farthest=160.0, relief=0.9)


def shore(frame: Frame, light: Light, seed: int) -> Land:
    """A sandy beach that curves from the near corner to a headland; everything below zero is the sea."""
    rng = rng_for(seed, "shore")
    tile, wide = band(rng), fractal(rng, slope=2.0)
    shift = float(rng.uniform(0, 400))
    side = -light.side

    def heights(plot: Plot) -> Array:
        x, z = plot.x * side, plot.z
        wander = octaves(tile, plot.x * 0.4 + shift, z + shift, 16.0, 3, 0.4)
        # Positive inland.  The beach comes in from the side and narrows into the distance.
        inland = x - 0.15 - 0.17 * z + 0.8 * wander - 3.0 * smoothstep(8.0, 30.0, z)
        sand = 0.10 * inland + 0.0045 * np.sin(6.0 * x + 3 * wander) * smoothstep(10, 3, z)
        bump = 0.020 * octaves(tile, plot.x + shift, z, 1.2, 3, 0.6) * smoothstep(0.2, 1.0, inland)
        head = np.exp(-(((x - 34.0) / 22.0) ** 2) - (((z - 92.0) / 26.0) ** 2))
        cliff = head * (13.0 + 9.0 * ridges(tile, plot.x + shift, z + shift, 18.0, 6)) - 2.2
        land = np.where(inland > 0, np.minimum(sand, 0.5) + bump, sand)
        return np.asarray(np.maximum(np.where(z > 40, -0.5, land), cliff))

    def albedo(plot: Plot, land: Array, normal: tuple[Array, Array, Array]) -> Array:
        grain = octaves(tile, plot.x, plot.z, 0.35, 2, 0.8)[..., None]
        patch = sample(wide, plot.x * 16, plot.z * 16)[..., None]
        sand = mixed(linear((250, 228, 184)), linear((214, 186, 144)), smoothstep(0.085, 0.015, land)[..., None]) * (
            1 + 0.05 * grain + 0.05 * patch
        )
        green = mixed(linear((92, 112, 60)), linear((42, 66, 40)), smoothstep(-0.6, 0.6, patch))
        green = mixed(linear((146, 126, 104)), green, smoothstep(0.35, 0.7, normal[1])[..., None])
        return np.where((plot.z > 40)[..., None], green, sand)

    return Land(heights, albedo, nearest=1.1, farthest=150.0, shadow=0.25, has_water=True, relief=0.5)
