"""How is an outdoor scene put together?  Sky, land, water, trees and weather, from far to near."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import city, clouds, meadow, sky, terrain, trees, water, weather
from .colour import RGB, linear, mixed
from .noise import Array, curve, fractal, rng_for, sample
from .stage import Frame, Light, light_for
from .vocabulary import SceneSpec

__all__ = ["paint_landscape"]

Step = Callable[[float], None]

_WATERS = ("lake", "river", "sea")


def paint_landscape(spec: SceneSpec, width: int, height: int, seed: int, progress: Step) -> Array:
    """The finished scene in linear light: (height, width, 3), values may exceed 1 where light is strong."""
    places = _places(spec, seed)
    frame = _frame(spec, places, width, height)
    light = light_for(spec, frame, seed)
    picture = _paint_sky(spec, places, frame, light, seed, progress)
    if "forest" in places and "city" not in places:
        _paint_forest(picture, spec, frame, light, seed, places, progress)
    else:
        _paint_ground(picture, spec, places, frame, light, seed, progress)
    progress(0.8)
    _paint_air(picture, spec, places, frame, light, seed)
    progress(0.9)
    return picture


def _places(spec: SceneSpec, seed: int) -> tuple[str, ...]:
    if spec.places:
        return spec.places
    choice = int(rng_for(seed, "place").integers(3))
    return (("mountains", "lake"), ("sea",), ("countryside",))[choice]


def _frame(spec: SceneSpec, places: tuple[str, ...], width: int, height: int) -> Frame:
    """The horizon sits on a third: low for a great sky, higher for water or land worth looking at."""
    share = 0.62
    if spec.things & {"milkyway", "aurora", "stars"} or "nightsky" in places:
        share = 0.78
    elif "city" in places:
        share = 0.68
    elif "mountains" in places:
        share = 0.62 if {"lake", "river", "sea", "beach"} & set(places) else 0.70
    elif "desert" in places or "countryside" in places:
        share = 0.54
    elif "beach" in places:
        share = 0.52
    elif "sea" in places and "mountains" not in places:
        share = 0.56
    return Frame(width, height, horizon=height * share, focal=0.92 * float(np.sqrt(width * height)) * 0.75 + 0.2 * height)


def _paint_sky(spec: SceneSpec, places: tuple[str, ...], frame: Frame, light: Light, seed: int, progress: Step) -> Array:
    picture = sky.paint_gradient(frame, light)
    if light.is_night and spec.weather not in ("storm", "overcast"):
        in_city = "city" in places
        sky.add_stars(
            picture,
            frame,
            seed,
            density=0.25 if in_city else 1.3 if "nightsky" in places or "stars" in spec.things else 0.8,
        )
        if "milkyway" in spec.things or ("nightsky" in places and not spec.things & {"moon", "aurora"}):
            sky.add_milky_way(picture, frame, seed)
    progress(0.15)
    if "aurora" in spec.things:
        sky.add_aurora(picture, frame, seed)
    if not light.is_night:
        sky.add_sun(picture, frame, light)
    elif _has_moon(spec, places):
        sky.add_moon(picture, frame, light, seed, is_crescent="crescent" in spec.things)
    progress(0.25)
    amount = 0.45 if spec.things & {"aurora", "milkyway", "stars"} or "nightsky" in places else 1.0
    if light.is_night and spec.weather == "fair":
        amount *= 0.5
    progress(0.3)
    clouds.paint_clouds(picture, frame, light, spec.weather, seed, amount=amount)
    if "lightning" in spec.things:
        sky.add_lightning(picture, frame, light, seed)
    if "rainbow" in spec.things:
        sky.add_rainbow(picture, frame, light)
    progress(0.4)
    return picture


def _has_moon(spec: SceneSpec, places: tuple[str, ...]) -> bool:
    if "moon" in spec.things:
        return True
    if "city" in places and "neon" in spec.tones:
        return False
    return spec.weather in ("fair", "clear") and "nightsky" not in places and not spec.things & {"milkyway", "aurora", "stars"}


def _land(spec: SceneSpec, places: tuple[str, ...], frame: Frame, light: Light, seed: int) -> terrain.Land | None:
    wet = "lake" in places or "river" in places
    season = spec.season or ("winter" if spec.falling == "snow" else "")
    if "beach" in places and "mountains" not in places:
        return terrain.shore(frame, light, seed)
    if "mountains" in places:
        sea = "sea" in places or "beach" in places
        return terrain.mountains(frame, light, seed, season=season, has_water=wet or sea, height=0.75 if sea else 1.0)
    if "desert" in places:
        return terrain.desert(frame, light, seed)
    if "sea" in places:
        return None
    return terrain.hills(frame, light, seed, season=season, has_water=wet, low="nightsky" in places)


def _paint_ground(picture: Array, spec: SceneSpec, places: tuple[str, ...], frame: Frame, light: Light, seed: int, progress: Step) -> None:
    if "city" in places:
        city.paint_city(picture, spec, frame, light, seed, over_water=bool({"sea", "lake", "river", "beach"} & set(places)))
        return
    land = _land(spec, places, frame, light, seed)
    ground: terrain.Ground | None = None
    mask: Array = np.zeros(picture.shape[:2], np.float32)
    mask[int(np.ceil(frame.horizon)) :] = 1.0
    if land is not None:
        ground = terrain.render_ground(frame, light, land, lambda part: progress(0.4 + 0.15 * part))
        picture[:] = mixed(picture, ground.colour, ground.cover[..., None])
        mask = ground.water * ground.cover
        _paint_woods(picture, spec, places, frame, light, ground, seed)
    progress(0.6)
    if land is None or land.has_water:
        kind = next((name for name in places if name in _WATERS), "sea")
        surface = _water(spec, kind, light, "beach" in places)
        if land is None and spec.weather == "storm":
            water.paint_swell(picture, frame, light, surface, seed)
        else:
            bottom = ground.depth if ground is not None and "beach" in places and "mountains" not in places else None
            water.paint_water(picture, frame, light, surface, mask, seed, bottom)
    if "boat" in spec.things and mask.max() > 0.5:
        _paint_boats(picture, frame, light, seed)
    progress(0.7)
    _paint_foreground(picture, spec, places, frame, light, seed)


def _paint_woods(
    picture: Array,
    spec: SceneSpec,
    places: tuple[str, ...],
    frame: Frame,
    light: Light,
    ground: terrain.Ground,
    seed: int,
) -> None:
    """Trees that stand on the land itself, from far to near, in groups."""
    if "desert" in places or ("beach" in places and "mountains" not in places):
        return
    rng = rng_for(seed, "woods")
    alpine = "mountains" in places or "pine" in spec.things
    winter = spec.season == "winter" or spec.falling == "snow"
    stamps = trees.tree_kinds(seed, "conifer" if alpine else "bare" if winter else "broadleaf", round(0.10 * frame.unit))
    grove = fractal(rng, slope=1.6, largest=120)
    near, far, count = (8.0, 70.0, 1500) if alpine else (9.0, 60.0, 520)
    air = terrain.air_colour(frame, light)
    for x, y, distance in ground.spots(rng, count, near, far):
        at = np.full((1, 1), x / frame.unit * 240, np.float32), np.full((1, 1), distance * 5.0, np.float32)
        if float(sample(grove, *at)[0, 0]) < (0.15 if alpine else 0.35):
            continue
        tall = frame.focal * float(rng.uniform(0.45, 0.95)) * (1.0 if alpine else 0.85) / distance
        near_part = float(np.exp(-light.haze_density * distance * 1.3))
        colour = mixed(air[int(x)], _tree_colour(spec, light, 0.55, rng), near_part)
        stamp = stamps[int(rng.integers(len(stamps)))]
        snow = mixed(air[int(x)], _snow(light), near_part) if winter and alpine else None
        trees.paste(
            picture,
            stamp,
            (x, y + 1),
            max(tall, 3.0),
            colour,
            mirror=light.side < 0,
            shading=0.75 * near_part,
            snow=snow,
        )


def _water(spec: SceneSpec, kind: str, light: Light, is_beach: bool) -> water.Water:
    tropical = is_beach and spec.time in ("day", "golden", "sunrise") and spec.weather in ("clear", "fair", "cloudy")
    deep, shallow = water.body_of(kind, light, is_tropical=tropical)
    waves = {"lake": 0.045, "river": 0.10, "sea": 0.5}[kind]
    if is_beach:
        waves = 0.3
    if "calm" in spec.tones or "reflection" in spec.things:
        waves *= 0.35
    if spec.weather == "storm":
        waves = min(1.0, waves * 1.9)
    return water.Water(waves, deep, shallow, foam=1.0 if spec.weather == "storm" else 0.16 if kind == "sea" and waves > 0.3 else 0.0)


def _paint_boats(picture: Array, frame: Frame, light: Light, seed: int) -> None:
    rng = rng_for(seed, "boats")
    colour = light.ambient * 0.10
    for _ in range(int(rng.integers(1, 4))):
        below = float(rng.uniform(0.015, 0.09)) * frame.height
        x = frame.width * float(rng.uniform(0.06, 0.40)) + (0.5 * frame.width if light.side < 0 else 0.0)
        height = below * 1.9 + 0.018 * frame.height
        stamp = trees.boat(round(height))
        y = frame.horizon + below
        trees.paste(picture, stamp, (x, y), height, colour)
        flipped = trees.Stamp(stamp.cover[::-1] * 0.45, stamp.light)
        trees.paste(picture, flipped, (x, y + height * 0.6), height * 0.6, colour)


def _paint_foreground(picture: Array, spec: SceneSpec, places: tuple[str, ...], frame: Frame, light: Light, seed: int) -> None:
    where = set(places)
    snowy = spec.season == "winter" or spec.falling == "snow"
    meadowy = not snowy and not where & {"lake", "river", "sea", "beach", "desert"}
    if "beach" in where and "mountains" not in where:
        _paint_palms(picture, frame, light, rng_for(seed, "foreground"))
    elif "flowers" in spec.things and meadowy:
        if "mountains" not in where:
            _paint_lone_trees(picture, spec, frame, light, seed)
        meadow.paint_meadow(picture, spec, frame, light, seed)
    elif where & {"mountains", "lake", "river"} or "pine" in spec.things:
        _paint_tree_bank(picture, spec, frame, light, seed)
    elif not where & {"sea", "desert"}:
        _paint_lone_trees(picture, spec, frame, light, seed)
        if meadowy:
            meadow.paint_meadow(picture, spec, frame, light, seed)


_LEAVES: dict[str, tuple[RGB, ...]] = {
    "autumn": ((196, 104, 30), (214, 146, 44), (168, 62, 30), (184, 122, 40), (142, 128, 52)),
    "winter": ((54, 66, 66), (62, 72, 74)),
    "spring": ((84, 122, 48), (104, 140, 58), (232, 160, 180), (70, 112, 48)),
    "": ((48, 78, 40), (60, 90, 44), (42, 68, 40)),
}


_BLOSSOMS: tuple[RGB, ...] = ((240, 172, 192), (248, 200, 212), (228, 142, 170))
_JUNGLE: tuple[RGB, ...] = ((38, 84, 40), (58, 104, 44), (30, 66, 38), (82, 118, 48))


def _tree_colour(spec: SceneSpec, light: Light, dark: float, rng: np.random.Generator | None = None) -> Array:
    """The colour of leaves under this light; with a generator, each call gives another tree of the season."""
    leaves = _BLOSSOMS if "blossom" in spec.things else _JUNGLE if "jungle" in spec.things else _LEAVES.get(spec.season, _LEAVES[""])
    base = leaves[int(rng.integers(len(leaves)))] if rng is not None else leaves[0]
    return linear(base) * (light.ambient * 0.9 + light.key * 0.30) * dark


def _snow(light: Light) -> Array:
    """Fresh snow under this light."""
    return np.asarray(np.minimum(light.ambient * 0.75 + light.key * 0.24, 0.95), np.float32)


def _paint_palms(picture: Array, frame: Frame, light: Light, rng: np.random.Generator) -> None:
    side = -light.side
    shine = light.ambient * 0.85 + light.key * 0.30
    for at, tall in ((0.43, 0.74), (0.34, 0.56)):
        height = min(tall * frame.height, 1.15 * frame.unit * tall)
        trunk, crown = trees.palm(rng, round(height), lean=-side * float(rng.uniform(0.20, 0.30)))
        foot = frame.width * (0.5 + side * at) + side * 0.05 * frame.unit, frame.horizon + 0.30 * frame.height * tall
        trees.paste(picture, trunk, foot, height, linear((122, 96, 70)) * shine, shading=0.6)
        trees.paste(picture, crown, foot, height, linear((62, 104, 42)) * shine, shading=0.6)


def _paint_tree_bank(picture: Array, spec: SceneSpec, frame: Frame, light: Light, seed: int) -> None:
    """Dark trees in a lower corner, a few rows deep: they frame the view and give it scale."""
    rng = rng_for(seed, "conifer bank")
    leafy = _has_leaves(spec) and "pine" not in spec.things
    stamps = trees.tree_kinds(seed, "broadleaf" if leafy else "conifer", round(0.30 * frame.unit))
    side = light.side
    snow = _snow(light) * 0.62 if spec.season == "winter" or spec.falling == "snow" else None
    for row, (level, tall, dark) in enumerate(((0.90, 0.11, 0.5), (0.97, 0.17, 0.30), (1.05, 0.27, 0.16))):
        colour = _tree_colour(spec, light, dark * (0.7 if spec.season == "autumn" else 1.0))
        spread = 0.42 - 0.06 * row
        edge = curve(rng, 64, 4)
        _paint_bank(picture, frame, side, spread, level, edge, colour * 0.85 if snow is None else snow * (0.95 - 0.1 * row))
        for x in np.sort(rng.uniform(0, spread, 26 - 5 * row)):
            drop = (x / spread) ** 1.6 * 0.14 * frame.height
            height = tall * frame.unit * float(rng.uniform(0.6, 1.1)) * (1.0 - 0.45 * x / spread)
            foot = frame.height * level + drop + 0.01 * frame.height * float(edge[int(x / spread * 63)])
            at = frame.width * (0.5 + side * (0.52 - x))
            stamp = stamps[int(rng.integers(len(stamps)))]
            leaves, shading = (_tree_colour(spec, light, 0.55 + dark, rng), 0.85) if leafy else (colour, 0.35)
            trees.paste(picture, stamp, (at, foot), height, leaves, mirror=bool(rng.random() < 0.5), shading=shading, snow=snow)


def _paint_bank(picture: Array, frame: Frame, side: float, spread: float, level: float, edge: Array, colour: Array) -> None:
    """The dark slope that the corner trees stand on."""
    x = np.arange(frame.width, dtype=np.float32) / frame.width
    inward = np.clip((1.0 - x if side > 0 else x) / spread, 0.0, 1.6)
    rough = np.interp(inward * 63, np.arange(64), edge)
    top = frame.height * (level - 0.012 + 0.006 * rough) + np.clip(inward, 0, 1.6) ** 1.6 * 0.14 * frame.height
    first = int(np.clip(top.min() - 2, 0, frame.height - 1))
    y = np.arange(first, frame.height, dtype=np.float32)[:, None]
    view = picture[first:]
    view += (colour - view) * np.clip(y - top[None] + 0.5, 0.0, 1.0)[..., None]


def _paint_lone_trees(picture: Array, spec: SceneSpec, frame: Frame, light: Light, seed: int) -> None:
    rng = rng_for(seed, "lone trees")
    bare = spec.season == "winter"
    stamps = trees.tree_kinds(seed, "bare" if bare else "broadleaf", round(0.42 * frame.unit))
    side = -light.side
    for x, level, tall in (
        (0.30, 0.10, 0.17),
        (0.24, 0.07, 0.10),
        (-0.36, 0.05, 0.07),
        (-0.30, 0.045, 0.055),
        (0.37, 0.20, 0.36),
    ):
        at = frame.width * (0.5 + side * (x + float(rng.uniform(-0.03, 0.03))))
        foot = frame.horizon + level * frame.height * 1.2
        colour = _tree_colour(spec, light, 0.8 if not light.is_night else 0.35, rng)
        trees.paste(
            picture,
            stamps[int(rng.integers(len(stamps)))],
            (at, foot),
            tall * frame.unit,
            colour,
            mirror=light.side < 0,
            shading=0.85,
        )


def _has_leaves(spec: SceneSpec) -> bool:
    """Whether the woods are of broad-leaved trees: in autumn colours, in blossom, or tropical."""
    return spec.season == "autumn" or bool({"blossom", "jungle"} & spec.things)


def _paint_forest(picture: Array, spec: SceneSpec, frame: Frame, light: Light, seed: int, places: tuple[str, ...], progress: Step) -> None:
    """Rows of trees that fade into the air, on slopes that cross from both sides."""
    rng = rng_for(seed, "forest")
    fog = max(spec.fog, 0.35)
    kind = "broadleaf" if _has_leaves(spec) and "pine" not in spec.things else "conifer"
    wet = bool({"lake", "river"} & set(places))
    if "mountains" in places:
        land = terrain.mountains(frame, light, seed, season=spec.season, has_water=False)
        ground = terrain.render_ground(frame, light, land)
        picture[:] = mixed(picture, ground.colour, ground.cover[..., None])
    stamps = trees.tree_kinds(seed, kind, round(0.5 * frame.unit))
    snowy = spec.season == "winter" or spec.falling == "snow"
    layers = 7
    bottom = frame.height if not wet else round(frame.horizon + 0.06 * frame.height)
    y = np.arange(frame.height, dtype=np.float32)[:, None]
    for k in range(layers):
        t = k / (layers - 1)
        slope = 0.16 * frame.height * (1 - 0.4 * t) * (1 if k % 2 else -1) * np.linspace(-1, 1, frame.width, dtype=np.float32)
        level = frame.horizon - 0.10 * frame.height + (bottom - frame.horizon + 0.12 * frame.height) * t**1.35
        profile = level + slope * 0.8 + 0.020 * frame.height * curve(rng, frame.width, 3 + k, 4)
        air = np.exp(-(1.0 - t) * (1.3 + 2.4 * fog))
        deep = _tree_colour(spec, light, 0.55 - 0.38 * t) if kind == "conifer" else _tree_colour(spec, light, 1.0 - 0.5 * t)
        colour = mixed(light.haze, deep, float(air))
        tall = frame.unit * (0.05 + 0.30 * t**1.5)
        body = np.clip(y - profile[None] + tall * 0.12, 0, 1)[..., None]
        mist = np.clip((y - profile[None]) / (0.28 * frame.height), 0, 1)[..., None] * fog * (1 - t) * 0.9
        snow = mixed(light.haze, _snow(light), float(air)) if snowy else None
        soil = colour if snow is None else snow
        picture[:] = mixed(picture, mixed(soil, light.haze, mist), body)
        count = int(frame.width / (tall * (0.155 if kind == "conifer" else 0.26)))
        for x in rng.permutation(np.linspace(0, frame.width - 1, count)) + rng.uniform(-0.1, 0.1, count) * tall:
            at = int(np.clip(x, 0, frame.width - 1))
            stamp = stamps[int(rng.integers(len(stamps)))]
            size = tall * float(rng.uniform(0.55, 1.15))
            leaves = colour
            if kind == "broadleaf":
                leaves = mixed(light.haze, _tree_colour(spec, light, 1.05 - 0.45 * t, rng), float(air))
            trees.paste(
                picture,
                stamp,
                (x, float(profile[at]) + tall * 0.16),
                size,
                leaves,
                mirror=light.side < 0 if kind == "broadleaf" else bool(rng.random() < 0.5),
                shading=(0.9 if kind == "broadleaf" else 0.5) * float(air),
                snow=snow,
            )
        progress(0.4 + 0.05 * k)
    if not wet:
        _paint_frame_trees(picture, frame, light, rng, stamps, _tree_colour(spec, light, 0.12 if kind == "conifer" else 0.35), snowy)
    if wet:
        mask = np.zeros(picture.shape[:2], np.float32)
        mask[bottom:] = 1.0
        water.paint_water(
            picture,
            Frame(frame.width, frame.height, float(bottom), frame.focal),
            light,
            _water(spec, "lake", light, False),
            mask,
            seed,
        )


def _paint_frame_trees(
    picture: Array, frame: Frame, light: Light, rng: np.random.Generator, stamps: list[trees.Stamp], colour: Array, snowy: bool
) -> None:
    """Tall trees at both edges, close to the camera: the window one looks through."""
    snow = mixed(colour, _snow(light), 0.32) if snowy else None
    for at, tall in ((-0.01, 0.98), (0.085, 0.66), (1.02, 1.10), (0.93, 0.74), (0.86, 0.48)):
        x = frame.width * (at + float(rng.uniform(-0.015, 0.015)))
        height = tall * min(0.95 * frame.height, 0.95 * frame.unit)
        stamp = stamps[int(rng.integers(len(stamps)))]
        trees.paste(picture, stamp, (x, frame.height * 1.04), height, colour, shading=0.45, snow=snow)


def _paint_air(picture: Array, spec: SceneSpec, places: tuple[str, ...], frame: Frame, light: Light, seed: int) -> None:
    if spec.fog:
        weather.add_fog(picture, frame, light, seed, amount=0.75 * spec.fog)
    if not light.is_night and light.glow > 0.2 and spec.weather not in ("overcast", "storm"):
        weather.add_rays(picture, frame, light, strength=0.34 if spec.fog or "sun" in spec.things or "forest" in places else 0.16)
    if spec.falling == "rain":
        weather.add_rain(picture, frame, light, seed)
    elif spec.falling == "snow":
        weather.add_snow(picture, frame, light, seed)
