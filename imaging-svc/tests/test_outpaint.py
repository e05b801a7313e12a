"""Do pictures go on beyond their border, and stay as they are within?"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from imaging_svc.engines.local import outpaint
from imaging_svc.engines.local.outpaint import expand
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
def rocket() -> Pixels:
    picture = cv2.cvtColor(cv2.imread(str(PHOTOS / "rocket.jpg"), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return cv2.resize(picture, (90, 60), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="session")
def stripes() -> Pixels:
    """Level stripes, 64 x 96: what comes left and right of them is plain to see."""
    levels = (np.arange(64) // 8 % 2 * 150 + 50).astype(np.uint8)
    return np.repeat(np.repeat(levels[:, None], 96, axis=1)[..., None], 3, axis=2)


def inside(canvas: Pixels, *, left: int = 0, right: int = 0, top: int = 0, bottom: int = 0) -> Pixels:
    return canvas[top : canvas.shape[0] - bottom, left : canvas.shape[1] - right]


@pytest.mark.parametrize(
    "amounts",
    [
        {"left": 12, "right": 20, "top": 7, "bottom": 15},
        {"top": 1},
        {"left": 3, "bottom": 33},
    ],
)
@pytest.mark.parametrize("with_weights", [True, False])
def test_each_side_grows_by_its_own_amount_and_the_picture_stays(
    weights: Weights, no_weights: Weights, rocket: Pixels, amounts: dict[str, int], with_weights: bool
) -> None:
    done = expand(rocket, weights=weights if with_weights else no_weights, **amounts)

    height = 60 + amounts.get("top", 0) + amounts.get("bottom", 0)
    width = 90 + amounts.get("left", 0) + amounts.get("right", 0)
    assert done.pixels.shape == (height, width, 3)
    assert (inside(done.pixels, **amounts) == rocket).all()
    assert done.model == "patchmatch"
    assert (done.degraded is None) == with_weights


def test_a_picture_worked_on_at_a_smaller_size_stays_untouched_and_sharp(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outpaint, "_WORK_PIXELS", 10_000)
    picture = np.random.default_rng(5).integers(0, 256, (151, 207, 3), np.uint8)

    done = expand(picture, left=31, bottom=17, weights=weights).pixels

    assert done.shape == (168, 238, 3)
    assert (inside(done, left=31, bottom=17) == picture).all()
    assert done[:151, :31].std() > 0.6 * picture.std()


def test_structures_go_on(weights: Weights, stripes: Pixels) -> None:
    done = expand(stripes, left=24, right=24, weights=weights).pixels

    wanted = np.repeat(stripes[:, :1], 144, axis=1)
    assert np.abs(done.astype(int) - wanted).mean() < 12


def test_the_border_shows_no_seam(weights: Weights) -> None:
    y, x = np.mgrid[0:80, 0:120]
    sky = np.dstack([90 + y / 2, 120 + y / 2 + x / 20, 200 - y / 5]) + np.random.default_rng(2).normal(0, 2, (80, 120, 3))
    sky = np.clip(sky, 0, 255).astype(np.uint8)

    done = expand(sky, left=24, right=24, top=16, bottom=16, weights=weights).pixels.astype(float)

    for line in (np.diff(done[:, 22:27].mean(axis=0).mean(axis=1)), np.diff(done[14:19].mean(axis=1).mean(axis=1))):
        assert np.abs(line).max() < 4


def test_the_subject_does_not_appear_twice(weights: Weights) -> None:
    picture = np.clip(np.random.default_rng(4).normal(150, 4, (70, 100, 3)), 0, 255).astype(np.uint8)
    cv2.circle(picture, (50, 35), 16, (230, 30, 30), -1, cv2.LINE_AA)

    done = expand(picture, left=25, right=25, top=16, bottom=16, weights=weights).pixels.astype(int)

    red = (done[..., 0] - done[..., 1]) > 80
    assert red.sum() == inside(red, left=25, right=25, top=16, bottom=16).sum()


def test_the_seed_decides(weights: Weights, rocket: Pixels) -> None:
    first, again, other = (expand(rocket, left=16, seed=seed, weights=weights).pixels for seed in (7, 7, 8))

    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_a_cutout_gets_clear_surroundings(weights: Weights, rocket: Pixels) -> None:
    alpha = np.zeros((60, 90), np.uint8)
    alpha[20:40, 20:70] = 255
    picture = np.dstack([rocket, alpha])

    done = expand(picture, left=10, right=20, top=5, weights=weights).pixels

    assert done.shape == (65, 120, 4)
    assert (inside(done, left=10, right=20, top=5) == picture).all()
    assert done[..., 3].sum() == alpha.sum(dtype=np.int64)


def test_an_opaque_border_of_an_alpha_picture_goes_on_opaque(weights: Weights, rocket: Pixels) -> None:
    alpha = np.zeros((60, 90), np.uint8)
    alpha[30:] = 255
    picture = np.dstack([rocket, alpha])

    done = expand(picture, bottom=20, left=15, weights=weights).pixels

    assert (inside(done, bottom=20, left=15) == picture).all()
    assert (done[60:, :, 3] == 255).all()
    assert (done[:30, :15, 3] == 0).all()


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 1, 4), (19, 40, 3), (20, 20, 3), (100, 21, 3)])
def test_the_tiniest_pictures_pass(weights: Weights, shape: tuple[int, int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)

    done = expand(picture, left=9, right=3, top=1, bottom=12, weights=weights)

    assert done.pixels.shape == (shape[0] + 13, shape[1] + 12, shape[2])
    assert (inside(done.pixels, left=9, right=3, top=1, bottom=12) == picture).all()


def test_nothing_added_is_the_same_picture(weights: Weights, rocket: Pixels) -> None:
    done = expand(rocket, weights=weights)

    assert (done.pixels == rocket).all()
    assert done.pixels is not rocket


@pytest.mark.parametrize("amount", [-1, 2049])
def test_an_amount_out_of_range_is_refused(weights: Weights, rocket: Pixels, amount: int) -> None:
    with pytest.raises(ValueError, match="0 to 2048"):
        expand(rocket, left=amount, weights=weights)


def test_a_prompt_is_owned_up_to(weights: Weights, rocket: Pixels) -> None:
    done = expand(rocket, top=2, prompt="a castle", weights=weights)

    assert done.details["ignored_prompt"] == "a castle"


def test_without_patchmatch_the_picture_is_mirrored_and_says_so(weights: Weights, rocket: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "patchmatch", None)

    done = expand(rocket, left=40, right=10, top=8, bottom=300, weights=weights)

    assert done.model == "mirror"
    assert "PatchMatch" in str(done.degraded)
    assert done.pixels.shape == (368, 140, 3)
    assert (inside(done.pixels, left=40, right=10, top=8, bottom=300) == rocket).all()


class Cancelled(Exception):
    """Stands for whatever a worker raises to stop."""


def test_progress_only_goes_up_and_a_cancel_is_heard(weights: Weights, rocket: Pixels) -> None:
    seen: list[float] = []
    expand(rocket, left=16, weights=weights, progress=seen.append)

    def cancel(fraction: float) -> Any:
        if fraction > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        expand(rocket, left=16, weights=weights, progress=cancel)

    assert seen == sorted(seen)
    assert seen[-1] == 1.0
