"""Do enlarged pictures have the right size, more detail than plain interpolation, and no seams?"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from imaging_svc.engines.local.rendering import Pixels
from imaging_svc.engines.local.superres import upscale
from imaging_svc.weights import Weights, ensure

PHOTOS = Path(__file__).parent / "data" / "photos"


@pytest.fixture(scope="session")
def weights() -> Weights:
    """The model files, which `make test` has brought in beforehand."""
    return ensure(Path(os.environ.get("IMAGING_WEIGHTS_DIR") or Path(__file__).parents[2] / ".weights"))


@pytest.fixture
def no_weights(tmp_path: Path) -> Weights:
    return Weights(tmp_path)


@pytest.fixture(scope="session")
def face() -> Pixels:
    return np.ascontiguousarray(photo("astronaut")[40:232, 130:322])


@pytest.fixture(scope="session")
def small(face: Pixels) -> Pixels:
    return cv2.resize(face, (48, 48), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="session")
def drawing() -> Pixels:
    """A flat disc with an outline on paper, saved as a poor JPEG, 64 x 64."""
    picture = np.full((64, 64, 3), (250, 240, 220), np.uint8)
    cv2.circle(picture, (32, 32), 20, (220, 60, 50), -1, cv2.LINE_AA)
    cv2.circle(picture, (32, 32), 20, (20, 20, 20), 2, cv2.LINE_AA)
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 75])[1], cv2.IMREAD_COLOR)


def photo(name: str) -> Pixels:
    return cv2.cvtColor(cv2.imread(str(PHOTOS / f"{name}.jpg"), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def psnr(picture: Pixels, truth: Pixels) -> float:
    return float(10 * np.log10(255**2 / np.mean((picture.astype(float) - truth) ** 2)))


def detail(picture: Pixels) -> float:
    """Mean size of the Laplacian of the green channel."""
    return float(np.abs(cv2.Laplacian(np.ascontiguousarray(picture[..., 1]), cv2.CV_32F)).mean())


@pytest.mark.parametrize(("factor", "gain"), [(2, 0.5), (4, 0.4)])
def test_photos_come_closer_to_the_truth_than_lanczos(weights: Weights, factor: Any, gain: float) -> None:
    gains = []
    for name in ("astronaut", "chelsea", "coffee"):
        truth = np.ascontiguousarray(photo(name)[40:232, 120:312])
        given = cv2.resize(truth, (192 // factor, 192 // factor), interpolation=cv2.INTER_AREA)
        lanczos = cv2.resize(given, (192, 192), interpolation=cv2.INTER_LANCZOS4)
        gains.append(psnr(upscale(given, factor=factor, weights=weights).pixels, truth) - psnr(lanczos, truth))

    assert np.mean(gains) > gain


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 1, 4), (29, 2, 4), (5, 131, 3)])
@pytest.mark.parametrize("with_weights", [True, False])
def test_the_size_is_exact(weights: Weights, no_weights: Weights, shape: tuple[int, int, int], factor: Any, with_weights: bool) -> None:
    picture = np.random.default_rng(3).integers(0, 256, shape, np.uint8)

    large = upscale(picture, factor=factor, weights=weights if with_weights else no_weights)

    assert large.pixels.shape == (shape[0] * factor, shape[1] * factor, shape[2])
    assert large.pixels.dtype == np.uint8


def test_one_plain_pixel_stays_its_colour(weights: Weights) -> None:
    large = upscale(np.full((1, 1, 3), (200, 100, 50), np.uint8), factor=4, weights=weights).pixels

    assert np.abs(large.astype(int) - (200, 100, 50)).max() <= 2


def test_tiles_leave_no_seam(weights: Weights) -> None:
    picture = cv2.resize(photo("coffee"), (170, 60), interpolation=cv2.INTER_AREA)

    large = upscale(picture, factor=2, weights=weights).pixels
    shifted = upscale(np.ascontiguousarray(picture[:, 50:]), factor=2, weights=weights).pixels

    apart = np.abs(large[:, 140:].astype(int) - shifted[:, 140 - 100 :])
    assert apart.max() <= 3
    assert apart.mean() < 0.05


def test_the_average_of_the_new_pixels_is_the_old_one(weights: Weights, small: Pixels) -> None:
    large = upscale(small, factor=2, weights=weights).pixels

    back = cv2.resize(large, (48, 48), interpolation=cv2.INTER_AREA)

    assert np.abs(back.astype(int) - small).mean() < 1.0


def test_alpha_grows_with_the_colours(weights: Weights, small: Pixels) -> None:
    y, x = np.mgrid[0:48, 0:48]
    disc = (np.hypot(x - 24, y - 24) < 18).astype(np.uint8)
    picture = np.dstack([small * disc[..., None], disc * 255])
    picture[disc == 0, :3] = (0, 255, 0)

    large = upscale(picture, factor=4, weights=weights).pixels

    y, x = (np.mgrid[0:192, 0:192] + 0.5) / 4 - 0.5
    distance = np.hypot(x - 24, y - 24)
    assert (large[distance < 16][:, 3] > 250).all()
    assert (large[distance > 20][:, 3] < 5).all()
    rim = large[(distance > 16) & (large[..., 3] > 100)].astype(int)
    assert (rim[:, 1] - np.maximum(rim[:, 0], rim[:, 2])).max() < 60


def test_the_denoiser_removes_noise_that_the_photo_flavour_keeps(weights: Weights) -> None:
    truth = cv2.resize(photo("chelsea"), (120, 80), interpolation=cv2.INTER_AREA)
    noisy = np.clip(truth + np.random.default_rng(0).normal(0, 12, truth.shape), 0, 255).astype(np.uint8)
    clean = upscale(truth, factor=2, weights=weights).pixels

    kept = upscale(noisy, factor=2, weights=weights)
    removed = upscale(noisy, factor=2, flavor="photo_denoiser", weights=weights)

    assert psnr(removed.pixels, clean) > psnr(kept.pixels, clean) + 2
    assert 6 < removed.details["noise_level"] < 16


def test_drawings_get_flat_areas_and_keep_their_edges(weights: Weights, drawing: Pixels) -> None:
    plain = upscale(drawing, factor=4, weights=weights).pixels
    drawn = upscale(drawing, factor=4, flavor="sublime", weights=weights).pixels

    def unrest(picture: Pixels) -> float:
        return float(picture[90:166, 90:166].astype(float).std(axis=(0, 1)).mean())

    assert unrest(drawn) < 0.8 * unrest(plain)
    across = drawn[128, :, 1].astype(int)
    assert np.abs(np.diff(across)).max() > 35


def test_flavours_differ(weights: Weights, small: Pixels) -> None:
    made = [upscale(small, factor=2, flavor=flavor, weights=weights).pixels for flavor in ("photo", "sublime", "photo_denoiser")]

    assert all(np.abs(made[a].astype(int) - made[b]).mean() > 0.5 for a, b in ((0, 1), (0, 2), (1, 2)))


def test_sharpen_steepens_edges_by_its_strength(weights: Weights, small: Pixels) -> None:
    plain, half, full = (detail(upscale(small, factor=4, sharpen=strength, weights=weights).pixels) for strength in (0, 50, 100))

    assert plain * 1.1 < half
    assert half * 1.05 < full


def test_ultra_detail_lifts_texture_by_its_strength(weights: Weights, small: Pixels) -> None:
    plain, half, full = (upscale(small, factor=4, ultra_detail=strength, weights=weights).pixels for strength in (0, 50, 100))

    assert detail(plain) < detail(half) < detail(full)
    assert abs(plain.mean() - full.mean()) < 2


def test_grain_lies_on_middle_tones_and_spares_black_and_white(weights: Weights) -> None:
    tones = np.repeat(np.array([0, 128, 255], np.uint8), 24)
    picture = np.repeat(np.tile(tones, (40, 1))[..., None], 3, axis=2)

    plain = upscale(picture, factor=2, weights=weights).pixels.astype(int)
    grainy = upscale(picture, factor=2, smart_grain=100, weights=weights).pixels.astype(int)

    spread = [(grainy - plain)[:, left : left + 24].std() for left in (8, 60, 110)]
    assert spread[1] > 4
    assert max(spread[0], spread[2]) < 1
    assert np.ptp(grainy, axis=2).max() <= 2


def test_the_same_input_gives_the_same_bytes(weights: Weights, small: Pixels) -> None:
    first, second = (upscale(small, factor=2, smart_grain=60, ultra_detail=20, weights=weights).pixels for _ in range(2))

    assert first.tobytes() == second.tobytes()


def test_without_the_model_lanczos_enlarges_and_says_so(no_weights: Weights, face: Pixels, small: Pixels) -> None:
    large = upscale(small, factor=4, weights=no_weights)

    assert large.model == "lanczos"
    assert "spanx4_ch48" in str(large.degraded)
    assert psnr(large.pixels, face) > 20


def test_without_ncnn_lanczos_enlarges_and_says_so(weights: Weights, small: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    from imaging_svc.engines.local import superres

    superres._network.cache_clear()
    monkeypatch.setitem(sys.modules, "ncnn", None)

    large = upscale(small, factor=2, weights=weights)

    assert large.model == "lanczos"
    assert "ncnn" in str(large.degraded)


def test_progress_is_told_after_each_tile(weights: Weights) -> None:
    seen: list[float] = []

    upscale(np.zeros((130, 260, 3), np.uint8), factor=2, weights=weights, progress=seen.append)

    assert len(seen) == 6
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
