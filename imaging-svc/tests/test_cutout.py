"""Is the subject found, its edge clean, and the rest taken away?"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from imaging_svc.engines.local.cutout import remove_background, subject_mask
from imaging_svc.engines.local.guided import guided_filter, stretched
from imaging_svc.engines.local.rendering import Pixels
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
def coffee() -> Pixels:
    return photo("coffee", 300)


@pytest.fixture(scope="session")
def ball() -> tuple[Pixels, np.ndarray]:
    """A shaded orange ball before a blurred photo, 240 x 320, and where it is (0..1)."""
    behind = cv2.GaussianBlur(cv2.resize(photo("rocket", 320), (320, 240)), (0, 0), 4).astype(np.float32)
    y, x = np.mgrid[0:240, 0:320].astype(np.float32)
    distance = np.hypot(x - 150, y - 120)
    truth = np.clip(80.5 - distance, 0, 1)
    light = np.clip(1.1 - np.hypot(x - 125, y - 95) / 160, 0.2, 1.1)[..., None]
    paint = np.array([240, 140, 40], np.float32) * light
    return np.clip(behind + truth[..., None] * (paint - behind), 0, 255).astype(np.uint8), truth


def photo(name: str, width: int) -> Pixels:
    picture = cv2.cvtColor(cv2.imread(str(PHOTOS / f"{name}.jpg"), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return cv2.resize(picture, (width, round(picture.shape[0] * width / picture.shape[1])), interpolation=cv2.INTER_AREA)


def overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    return float(np.minimum(mask, truth).sum() / np.maximum(mask, truth).sum())


def test_the_mask_covers_the_subject_and_nothing_else(weights: Weights, ball: tuple[Pixels, np.ndarray]) -> None:
    picture, truth = ball

    mask = subject_mask(picture, weights=weights)

    assert mask.alpha.shape == (240, 320)
    assert mask.alpha.dtype == np.float32
    assert 0 <= mask.alpha.min() <= mask.alpha.max() <= 1
    assert overlap(mask.alpha, truth) > 0.95
    assert (mask.model, mask.degraded) == ("u2netp", None)


def test_a_photo_becomes_a_cutout_of_its_own_size(weights: Weights, coffee: Pixels) -> None:
    cut = remove_background(coffee, weights=weights)

    assert cut.pixels.shape == (*coffee.shape[:2], 4)
    assert cut.pixels.dtype == np.uint8
    assert cut.model == "u2netp"
    assert cut.degraded is None
    assert 0.35 < cut.details["coverage"] < 0.6
    assert (cut.pixels[0, 0] == 0).all()
    assert (cut.pixels[100, 150] == [*coffee[100, 150], 255]).all()


def test_a_large_picture_keeps_its_size_and_its_edges(weights: Weights, ball: tuple[Pixels, np.ndarray]) -> None:
    picture, truth = (cv2.resize(image, (1031, 773), interpolation=cv2.INTER_CUBIC) for image in ball)

    mask = subject_mask(picture, weights=weights)

    assert mask.alpha.shape == (773, 1031)
    assert overlap(mask.alpha, np.clip(truth, 0, 1)) > 0.96


def test_the_old_background_leaves_no_halo(weights: Weights) -> None:
    y, x = np.mgrid[0:240, 0:240].astype(np.float32)
    truth = np.clip((90 - np.hypot(x - 120, y - 120)) / 5 + 0.5, 0, 1)[..., None]
    picture = (np.array([200, 30, 30]) * truth + np.array([250, 250, 250]) * (1 - truth)).astype(np.uint8)

    cut = remove_background(picture, weights=weights).pixels

    edge = (cut[..., 3] > 60) & (cut[..., 3] < 200)
    assert edge.sum() > 50
    assert np.abs(cut[edge][:, :3].astype(int) - [200, 30, 30]).mean() < 25
    assert np.abs(picture[edge].astype(int) - [200, 30, 30]).mean() > 50


def test_only_the_mask_is_grey(weights: Weights, coffee: Pixels) -> None:
    mask = remove_background(coffee, weights=weights, mask_only=True).pixels
    cut = remove_background(coffee, weights=weights).pixels

    assert mask.shape == coffee.shape
    assert (mask == cut[..., 3:]).all()


@pytest.mark.parametrize(("color", "levels"), [("#0a14c8", (10, 20, 200)), ("#fff", (255, 255, 255)), ("teal", (0, 128, 128))])
def test_a_colour_takes_the_place_of_the_background(weights: Weights, coffee: Pixels, color: str, levels: tuple[int, int, int]) -> None:
    done = remove_background(coffee, weights=weights, background_color=color).pixels

    assert done.shape == coffee.shape
    assert tuple(done[0, 0]) == levels
    assert (done[100, 150] == coffee[100, 150]).all()


def test_a_word_that_is_no_colour_is_refused(weights: Weights, coffee: Pixels) -> None:
    with pytest.raises(ValueError, match="'colourless' is not a colour"):
        remove_background(coffee, weights=weights, background_color="colourless")


@pytest.mark.parametrize("size", [(40, 500), (3, 2)])
def test_a_picture_takes_the_place_of_the_background_and_covers_it(weights: Weights, coffee: Pixels, size: tuple[int, int]) -> None:
    behind = np.full((*size, 3), (9, 8, 7), np.uint8)

    done = remove_background(coffee, weights=weights, background_picture=behind).pixels

    assert done.shape == coffee.shape
    assert (done[[0, 0, -1, -1], [0, -1, 0, -1]] == (9, 8, 7)).all()


def test_a_background_picture_with_holes_shows_the_colour(weights: Weights, coffee: Pixels) -> None:
    behind = np.zeros((50, 75, 4), np.uint8)

    done = remove_background(coffee, weights=weights, background_color="lime", background_picture=behind).pixels

    assert tuple(done[0, 0]) == (0, 255, 0)


def test_what_was_transparent_stays_so(weights: Weights, coffee: Pixels) -> None:
    alpha = np.full(coffee.shape[:2], 255, np.uint8)
    alpha[:, :150] = 0
    alpha[90:110, 160:180] = 100

    cut = remove_background(np.dstack([coffee, alpha]), weights=weights).pixels

    assert (cut[:, :150, 3] == 0).all()
    assert cut[90:110, 160:180, 3].max() <= 100


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 1, 4), (50, 2, 3)])
@pytest.mark.parametrize("with_weights", [True, False])
def test_the_tiniest_pictures_pass(weights: Weights, no_weights: Weights, shape: tuple[int, int, int], with_weights: bool) -> None:
    picture = np.full(shape, 90, np.uint8)

    cut = remove_background(picture, weights=weights if with_weights else no_weights)

    assert cut.pixels.shape == (*shape[:2], 4)


def test_a_plain_wall_has_no_subject(weights: Weights) -> None:
    cut = remove_background(np.full((120, 160, 3), 128, np.uint8), weights=weights)

    assert cut.details["coverage"] < 0.5


def test_without_the_model_grabcut_guesses_and_says_so(no_weights: Weights, ball: tuple[Pixels, np.ndarray]) -> None:
    picture, truth = ball

    mask = subject_mask(picture, weights=no_weights)

    assert mask.model == "grabcut"
    assert mask.degraded is not None
    assert "u2netp.onnx" in mask.degraded
    assert overlap(mask.alpha, truth) > 0.8


def test_without_onnxruntime_grabcut_guesses_and_says_so(weights: Weights, coffee: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    from imaging_svc.engines.local import cutout

    cutout._session.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    cut = remove_background(coffee, weights=weights)

    assert cut.model == "grabcut"
    assert "onnxruntime" in str(cut.degraded)


def test_progress_only_goes_up_and_ends_at_one(weights: Weights, coffee: Pixels) -> None:
    seen: list[float] = []

    remove_background(coffee, weights=weights, progress=seen.append)

    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_guided_filter_follows_the_edge_of_its_guide() -> None:
    guide = np.zeros((40, 40), np.float32)
    guide[:, 20:] = 1
    blurred = cv2.GaussianBlur(guide, (0, 0), 4)

    followed = guided_filter(guide, blurred, radius=6, epsilon=1e-4)
    in_colour = guided_filter(np.dstack([guide, guide * 0.5, 1 - guide]), blurred, radius=6, epsilon=1e-4)

    for result in (followed, in_colour):
        assert result[20, 20] - result[20, 19] > 0.5
        assert blurred[20, 20] - blurred[20, 19] < 0.15


def test_a_window_of_a_stretched_map_is_that_of_the_whole() -> None:
    maps = np.random.default_rng(1).random((9, 13, 6), np.float32)

    whole = stretched(maps, slice(0, 100), slice(0, 160), size=(100, 160))
    part = stretched(maps, slice(30, 70), slice(90, 160), size=(100, 160))

    assert np.abs(whole[30:70, 90:160] - part).max() < 0.02
    assert np.abs(whole - cv2.resize(maps[..., :4], (160, 100))[..., [0, 1, 2, 3, 0, 1]])[..., :4].max() < 0.02
