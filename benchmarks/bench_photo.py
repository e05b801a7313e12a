"""How good, how fast and how large are the local photo features?  Every figure beside a plain peer's, in the same run.

    python benchmarks/bench_photo.py [--quick]

Photos: those of imaging-svc/tests/data/photos, and those of scikit-learn and scikit-image where these are installed.
Times and peaks are taken in fresh processes, one per figure; "cpu" counts both cores.
"""

from __future__ import annotations

import argparse
import colorsys
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from imaging_svc.codec import encode
from imaging_svc.engines.local.adjust import adjust
from imaging_svc.engines.local.cutout import remove_background, subject_mask
from imaging_svc.engines.local.outpaint import expand
from imaging_svc.engines.local.painterly import reimagine
from imaging_svc.engines.local.relight import relight
from imaging_svc.engines.local.rendering import Pixels
from imaging_svc.engines.local.scene import render_scene
from imaging_svc.engines.local.superres import Factor, upscale
from imaging_svc.engines.local.verbs import perform
from imaging_svc.weights import Weights, ensure
from photofun_common.contracts.features import by_slug
from photofun_common.http import validated
from PIL import Image, ImageEnhance

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = ROOT / "imaging-svc" / "tests" / "data" / "photos"
NOWHERE = Weights(ROOT / "benchmarks" / "no-weights-here")
"""With this the features fall to their lower rung: GrabCut, Lanczos."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer subjects and photos")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    weights = ensure(Path(os.environ.get("IMAGING_WEIGHTS_DIR") or ROOT / ".weights"))
    if options.child:
        print(json.dumps(CHILDREN[options.child](weights)))
        return 0
    photos = load_photos()
    print(f"{len(photos)} photos: {', '.join(sorted(photos))}\n")
    misses = [
        *bench_cutout(weights, photos, subjects=8 if options.quick else 24),
        *bench_upscale(weights, photos, most=3 if options.quick else 99),
        *bench_expand(photos, weights, most=2 if options.quick else 6),
        *bench_others(),
        *bench_progress(),
    ]
    print("\nall figures reached" if not misses else "\nmissed: " + "; ".join(misses))
    return 1 if misses else 0


# --- remove-background ------------------------------------------------------------------------------------------------


def bench_cutout(weights: Weights, photos: dict[str, Pixels], *, subjects: int) -> list[str]:
    ours, peers = [], []
    for picture, truth in composites(photos, subjects):
        ours.append(overlap(subject_mask(picture, weights=weights).alpha, truth))
        peers.append(overlap(subject_mask(picture, weights=NOWHERE).alpha, truth))
    mine, peer = float(np.mean(ours)), float(np.mean(peers))
    print(f"remove-background, {len(ours)} composites with known masks")
    print(f"  IoU               {mine:.3f} (least {min(ours):.3f})   GrabCut {peer:.3f}   ratio {mine / peer:.2f}")
    cost, rival = measured("cutout"), measured("grabcut")
    print(cost_line("1 MP, warm", cost, "GrabCut", rival))
    large = measured("cutout-12mp")
    print(cost_line("12 MP, warm", large, "1 MP", cost))
    return missed({
        "IoU >= 0.9": mine >= 0.9, "cutout <= 1.5 s": cost["wall"] <= 1.5, "cutout <= 450 MB": cost["peak"] <= 450,
        "12 MP cutout < 900 MB": large["peak"] < 900,
    })  # fmt: skip


def composites(photos: dict[str, Pixels], count: int) -> list[tuple[Pixels, np.ndarray[Any, Any]]]:
    """Subjects of known outline, with texture, shading and a shadow, before blurred photos: (picture, mask 0..1)."""
    names = sorted(photos)
    made = []
    for number in range(count):
        random = np.random.default_rng(number)
        backdrop = cv2.GaussianBlur(fitted(photos[names[number % len(names)]], 720, 540), (0, 0), 10)
        texture = fitted(photos[names[(number + 2) % len(names)]], 720, 540).astype(np.float32)
        outline = silhouette(number, 720, 540, random)
        height = cv2.GaussianBlur(outline, (0, 0), 22)
        light = 0.8 + 6 * (cv2.Sobel(height, cv2.CV_32F, 1, 0) + cv2.Sobel(height, cv2.CV_32F, 0, 1))
        paint = np.array(colorsys.hsv_to_rgb(random.random(), 0.75, 0.92), np.float32) * 255
        subject = np.clip((0.35 * texture + 0.65 * paint) * light[..., None], 0, 255)
        shadow = cv2.GaussianBlur(np.roll(outline, (14, 10), (0, 1)), (0, 0), 12)[..., None]
        behind = backdrop * (1 - 0.4 * shadow)
        picture = behind + outline[..., None] * (subject - behind)
        made.append((np.clip(picture + random.normal(0, 2, picture.shape), 0, 255).astype(np.uint8), outline))
    return made


def silhouette(number: int, width: int, height: int, random: np.random.Generator) -> np.ndarray[Any, Any]:
    """One of eight kinds of outline, its measures drawn at random: float32 (height, width), 0..1, antialiased."""
    mask = np.zeros((height * 2, width * 2), np.uint8)
    x, y = int(width + random.integers(-120, 120)), int(height + random.integers(-60, 60))
    size = int(random.integers(230, 330))
    kind = number % 8
    if kind == 0:
        cv2.circle(mask, (x, y), size, 255, -1)
    elif kind == 1:
        cv2.ellipse(mask, (x, y), (size, int(size * 0.6)), float(random.integers(180)), 0, 360, 255, -1)
    elif kind == 2:
        cv2.fillPoly(mask, [star(x, y, size, 5, 0.5)], 255)
    elif kind == 3:
        cv2.rectangle(mask, (x - size // 3, y - size // 4), (x + size // 3, y + size), 255, -1)
        cv2.rectangle(mask, (x - size // 8, y - size), (x + size // 8, y), 255, -1)
        cv2.ellipse(mask, (x, y - size // 4), (size // 3, size // 4), 0, 180, 360, 255, -1)
    elif kind == 4:
        cv2.circle(mask, (x, y - size // 2), size // 3, 255, -1)
        cv2.ellipse(mask, (x, y + size), (size * 2 // 3, size), 0, 180, 360, 255, -1)
    elif kind == 5:
        cv2.fillPoly(mask, [star(x, y, size, 9, 0.8)], 255)
    elif kind == 6:
        cv2.circle(mask, (x - size // 4, y), size * 2 // 3, 255, -1)
        cv2.ellipse(mask, (x + size // 2, y), (size // 3, size // 3), 0, 0, 360, 255, size // 8)
    else:
        cv2.ellipse(mask, (x, y), (size, size // 2), 0, 0, 360, 255, -1)
        cv2.fillPoly(mask, [np.array([(x - size + 30, y), (x - size - 140, y - 110), (x - size - 140, y + 110)])], 255)
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / 255


def star(x: int, y: int, size: int, points: int, inner: float) -> np.ndarray[Any, Any]:
    angles = np.arange(2 * points) * np.pi / points
    reach = np.where(np.arange(2 * points) % 2, inner, 1.0) * size
    return np.stack([x + reach * np.sin(angles), y - reach * np.cos(angles)], axis=1).astype(np.int32)


def overlap(alpha: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]) -> float:
    """Intersection over union of two soft masks."""
    return float(np.minimum(alpha, truth).sum() / np.maximum(alpha, truth).sum())


# --- upscale ----------------------------------------------------------------------------------------------------------


def bench_upscale(weights: Weights, photos: dict[str, Pixels], *, most: int) -> list[str]:
    results = {}
    factors: tuple[Factor, ...] = (2, 4)
    for factor in factors:
        gains = []
        for name in sorted(photos)[:most]:
            photo = photos[name][: photos[name].shape[0] // 4 * 4, : photos[name].shape[1] // 4 * 4]
            size = (photo.shape[1], photo.shape[0])
            small = cv2.resize(photo, (size[0] // factor, size[1] // factor), interpolation=cv2.INTER_AREA)
            lanczos = psnr(cv2.resize(small, size, interpolation=cv2.INTER_LANCZOS4), photo)
            gains.append((psnr(upscale(small, factor=factor, weights=weights).pixels, photo), lanczos))
        ours, peer = np.mean(gains, axis=0)
        error = 10 ** ((peer - ours) / 10)
        print(f"\nupscale x{factor}, {len(gains)} photos, made small by area and enlarged again")
        print(f"  PSNR              {ours:.2f} dB   Lanczos {peer:.2f} dB   {ours - peer:+.2f} dB, error x {error:.2f}")
        cost, rival = measured(f"upscale-{factor}"), measured(f"lanczos-{factor}")
        print(cost_line("1 MP in", cost, "Lanczos", rival))
        results[f"x{factor} >= Lanczos + 0.3 dB"] = ours >= peer + 0.3
        results[f"x{factor} 1 MP <= 12 s"] = cost["wall"] <= 12
    return missed(results)


def psnr(ours: Pixels, truth: Pixels) -> float:
    """Peak signal to noise ratio in dB over all channels."""
    return float(10 * np.log10(255**2 / np.mean((ours.astype(np.float32) - truth) ** 2)))


# --- image-expand -----------------------------------------------------------------------------------------------------


def bench_expand(photos: dict[str, Pixels], weights: Weights, *, most: int) -> list[str]:
    rows = []
    for name in sorted(photos)[:most]:
        photo = photos[name]
        down, across = photo.shape[0] // 6, photo.shape[1] // 6
        middle = np.ascontiguousarray(photo[down:-down, across:-across])
        amounts = {"left": across, "right": across, "top": down, "bottom": down}
        ours = expand(middle, weights=weights, **amounts).pixels
        peer = cv2.copyMakeBorder(middle, down, down, across, across, cv2.BORDER_REFLECT_101)
        rows.append((*(likeness(picture, photo, down, across) for picture in (ours, peer)), sharpness(ours, down, across)))
    mine, peer_likeness, sharp = np.mean(rows, axis=0)
    print(f"\nimage-expand, {len(rows)} photos cut to the middle two thirds and expanded again")
    print(f"  likeness, blurred {mine:.2f} dB   mirror {peer_likeness:.2f} dB   {mine - peer_likeness:+.2f} dB")
    print(f"  fine texture      x {sharp:.2f} of the picture's own")
    cost, rival = measured("expand"), measured("mirror")
    print(cost_line("1 MP, +25 % a side", cost, "mirror", rival))
    return missed({"expand <= 12 s": cost["wall"] <= 12, "expand <= 550 MB": cost["peak"] <= 550})


def likeness(picture: Pixels, truth: Pixels, down: int, across: int) -> float:
    """PSNR of what was added, at the scale at which it can be guessed at all."""
    added = np.ones(truth.shape[:2], bool)
    added[down:-down, across:-across] = False
    size = (0, 0)
    apart = cv2.GaussianBlur(picture.astype(np.float32), size, 8) - cv2.GaussianBlur(truth.astype(np.float32), size, 8)
    return float(10 * np.log10(255**2 / np.mean(apart[added] ** 2)))


def sharpness(picture: Pixels, down: int, across: int) -> float:
    """Mean size of the Laplacian in what was added, over that of the border zone inside."""
    edges = np.abs(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.CV_32F))
    inside = np.zeros(edges.shape, bool)
    inside[down:-down, across:-across] = True
    core = np.zeros(edges.shape, bool)
    core[2 * down : -2 * down, 2 * across : -2 * across] = True
    return float(edges[~inside].mean() / edges[inside & ~core].mean())


# --- relight, reimagine, image-generate, adjust: what they cost -------------------------------------------------------


def bench_others() -> list[str]:
    print("\nthe other features")
    results = {}
    for name, label, peer, most in (
        ("relight", "relight, 1 MP", "gamma", 2.0),
        ("reimagine", "reimagine, 1 MP", "stylization", 4.0),
        ("generate", "generate 1024x576", "noise", 2.0),
        ("adjust", "adjust, 12 MP", "pillow", 0.5),
    ):
        cost, rival = measured(name), measured(peer)
        print(cost_line(label, cost, peer, rival))
        results[f"{label} <= {most} s"] = cost["wall"] <= most
    return missed(results)


# --- progress ---------------------------------------------------------------------------------------------------------


def bench_progress() -> list[str]:
    """The longest silence of each feature on 1 MP, in CPU time, so that a busy machine does not count."""
    print("\nprogress: the longest silence, CPU seconds")
    results = {}
    for name in SILENCES:
        silence = measured(f"silence-{name}")
        print(f"  {name:<17} {silence['silence']:.2f} s of {silence['cpu']:.1f} s, told {silence['told']:.0f} times")
        results[f"{name} tells each second"] = silence["silence"] <= 1.0
    return missed(results)


SILENCES: dict[str, dict[str, Any]] = {
    "image-generate": {"prompt": "sunset over mountains with a lake", "size": "2048x2048", "styling": {"style": "oil-painting"}},
    "remove-background": {},
    "upscale": {"scale_factor": 4, "flavor": "photo_denoiser"},
    "image-expand": {"left": 300, "right": 300, "top": 200, "bottom": 200},
    "relight": {"prompt": "warm light from the left"},
    "reimagine": {"imagination": "wild", "prompt": "oil painting"},
    "style-transfer": {},
    "adjust": {"operations": [{"op": "text", "text": "xin chào " * 30, "size": 1000}] * 8},
}


def child_silence(slug: str) -> dict[str, float]:
    feature = by_slug(slug)
    assert feature is not None
    picture = encode(sample(1), "jpeg").data
    params = validated(feature.params, SILENCES[slug]).model_dump(mode="json")
    references = {feature.references[0]: picture} if feature.reference_required else {}
    told = [time.process_time()]
    perform(
        feature.id,
        params,
        params.get("prompt") or "",
        picture if feature.needs_picture else None,
        references,
        7,
        {},
        progress=lambda _: told.append(time.process_time()),
    )
    return {"silence": max(np.diff(told)), "cpu": told[-1] - told[0], "told": len(told) - 1}


# --- cost -------------------------------------------------------------------------------------------------------------


def timed(work: Callable[[], object], *, warm: bool) -> dict[str, float]:
    if warm:
        work()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    used = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    return used | {"peak": peak_memory()}


def peak_memory() -> float:
    """Largest resident size of this process in MB; getrusage would also count what its parent had."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def sample(megapixels: float) -> Pixels:
    """A photo enlarged to so many megapixels, 3:2."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    return fitted(next(iter(load_photos().values())), round(height * 1.5), height)


def child_expand(weights: Weights) -> dict[str, float]:
    picture = sample(1)
    down, across = picture.shape[0] // 4, picture.shape[1] // 4
    amounts = {"left": across, "right": across, "top": down, "bottom": down}
    return timed(lambda: expand(picture, weights=weights, **amounts), warm=False)


def child_mirror(_weights: Weights) -> dict[str, float]:
    picture = sample(1)
    down, across = picture.shape[0] // 4, picture.shape[1] // 4
    return timed(lambda: cv2.copyMakeBorder(picture, down, down, across, across, cv2.BORDER_REFLECT_101), warm=False)


def child_upscale(factor: Factor, weights: Weights) -> dict[str, float]:
    picture = sample(1)
    return timed(lambda: upscale(picture, factor=factor, weights=weights), warm=False)


def child_lanczos(factor: int) -> dict[str, float]:
    picture = sample(1)
    return timed(lambda: cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_LANCZOS4), warm=False)


def child_cutout(megapixels: float, weights: Weights) -> dict[str, float]:
    picture = sample(megapixels)
    return timed(lambda: remove_background(picture, weights=weights), warm=True)


def child_relight(weights: Weights) -> dict[str, float]:
    picture = sample(1)
    return timed(
        lambda: relight(picture, prompt="warm light from the left", subject=lambda one: subject_mask(one, weights=weights).alpha), warm=True
    )


def child_reimagine(weights: Weights) -> dict[str, float]:
    picture = sample(1)
    return timed(lambda: reimagine(picture, imagination="vivid", subject=lambda one: subject_mask(one, weights=weights).alpha), warm=True)


def child_generate(_weights: Weights) -> dict[str, float]:
    return timed(lambda: render_scene("sunset over mountains with a lake", width=1024, height=576, seed=7), warm=True)


def child_adjust(_weights: Weights) -> dict[str, float]:
    picture = sample(12)
    operations = [{"op": "brightness", "amount": 20}, {"op": "contrast", "amount": 10}]
    return timed(lambda: adjust(picture, operations=operations, subject=None), warm=True)


def child_pillow(_weights: Weights) -> dict[str, float]:
    picture = Image.fromarray(sample(12))
    return timed(lambda: ImageEnhance.Contrast(ImageEnhance.Brightness(picture).enhance(1.2)).enhance(1.1), warm=True)


def child_gamma(_weights: Weights) -> dict[str, float]:
    picture, table = sample(1), (255 * (np.arange(256) / 255) ** 0.8).astype(np.uint8)
    return timed(lambda: cv2.LUT(picture, table), warm=True)


CHILDREN: dict[str, Callable[[Weights], dict[str, float]]] = {
    "cutout": lambda weights: child_cutout(1, weights),
    "cutout-12mp": lambda weights: child_cutout(12, weights),
    "grabcut": lambda _weights: child_cutout(1, NOWHERE),
    "upscale-2": lambda weights: child_upscale(2, weights),
    "upscale-4": lambda weights: child_upscale(4, weights),
    "lanczos-2": lambda _weights: child_lanczos(2),
    "lanczos-4": lambda _weights: child_lanczos(4),
    "expand": child_expand,
    "mirror": child_mirror,
    "relight": child_relight,
    "reimagine": child_reimagine,
    "generate": child_generate,
    "adjust": child_adjust,
    "pillow": child_pillow,
    "gamma": child_gamma,
    "stylization": lambda _weights: timed(partial(cv2.stylization, sample(1)), warm=True),
    "noise": lambda _weights: timed(lambda: np.random.default_rng(7).random((576, 1024, 3), np.float32), warm=True),
    **{f"silence-{slug}": lambda _weights, slug=slug: child_silence(slug) for slug in SILENCES},
}


def measured(name: str) -> dict[str, float]:
    """Wall and CPU seconds and peak memory in MB of one child process."""
    answer = subprocess.run([sys.executable, __file__, "--child", name], capture_output=True, text=True, check=True, timeout=600)
    figures: dict[str, float] = json.loads(answer.stdout)
    return figures


def cost_line(label: str, cost: dict[str, float], peer: str, rival: dict[str, float]) -> str:
    ratio = cost["wall"] / max(rival["wall"], 1e-4)
    return (
        f"  {label:<17} {cost['wall']:.2f} s (cpu {cost['cpu']:.2f} s), peak {cost['peak']:.0f} MB   "
        f"{peer} {rival['wall']:.3f} s, {rival['peak']:.0f} MB   time x {ratio:.2f}"
    )


def missed(results: dict[str, bool]) -> list[str]:
    return [name for name, reached in results.items() if not reached]


# --- photos -----------------------------------------------------------------------------------------------------------


def load_photos() -> dict[str, Pixels]:
    """RGB photos by name; drawn ones when there is none."""
    files = sorted(PHOTOS.glob("*.jpg"))
    for package, folder, names in (("sklearn", "datasets/images", ["china.jpg", "flower.jpg"]),):
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None:
            files += [Path(found.origin).parent / folder / name for name in names]
    photos = {file.stem: read_photo(file) for file in files if file.exists()}
    return photos or {f"drawn-{number}": drawn(number) for number in range(6)}


def read_photo(file: Path) -> Pixels:
    picture: Pixels = cv2.cvtColor(cv2.imread(str(file), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return picture


def drawn(number: int) -> Pixels:
    """Soft clouds of colour with sharp edges and grain, 640 x 480."""
    random = np.random.default_rng(number)
    clouds = sum(
        cv2.resize(random.random((3 << step, 4 << step, 3), np.float32), (640, 480), interpolation=cv2.INTER_CUBIC) / 2**step
        for step in range(6)
    )
    picture = np.asarray(clouds, np.float32) * 130
    picture[picture[..., 0] > 140] *= 0.5
    return np.clip(picture + random.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


def fitted(picture: Pixels, width: int, height: int) -> Pixels:
    """The middle of `picture`, stretched evenly to cover width x height."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    wide, high = max(round(picture.shape[1] * scale), width), max(round(picture.shape[0] * scale), height)
    large = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    left, top = (wide - width) // 2, (high - height) // 2
    return np.ascontiguousarray(large[top : top + height, left : left + width])


if __name__ == "__main__":
    sys.exit(main())
