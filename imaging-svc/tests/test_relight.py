"""Does the light come from where the words say, in the colour they say?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from imaging_svc.engines.local.light_words import STYLES
from imaging_svc.engines.local.relight import relight
from imaging_svc.engines.local.rendering import Pixels, Rendered


@pytest.fixture
def photo() -> Pixels:
    """A grey-brown ball (80 x 120) before a light wall, with grain."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:80, 0:120]
    wall = np.stack([150 + 0 * x, 150 + 0.2 * y, 155 + 0 * x], axis=2)
    ball = ((x - 60) ** 2 + (y - 42) ** 2 < 26**2)[..., None]
    picture = np.where(ball, [128, 108, 96], wall) + rng.normal(0, 4, (80, 120, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


def ball(picture: Pixels) -> npt.NDArray[np.float32]:
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    inside = (x - width / 2) ** 2 + (y - 0.52 * height) ** 2 < (0.32 * height) ** 2
    return inside.astype(np.float32)


def lit(picture: Pixels, prompt: str = "", **wishes: object) -> Pixels:
    return described(picture, prompt, **wishes).pixels


def described(picture: Pixels, prompt: str = "", **wishes: object) -> Rendered:
    return relight(picture, prompt=prompt, subject=ball, **wishes)  # type: ignore[arg-type]  # any of its keywords


def halves(before: Pixels, after: Pixels) -> tuple[float, float, float, float]:
    """How much brighter the left, right, upper and lower half became."""
    change = after[..., :3].astype(float).mean(2) - before[..., :3].astype(float).mean(2)
    height, width = change.shape
    return (
        change[:, : width // 2].mean(),
        change[:, width // 2 :].mean(),
        change[: height // 2].mean(),
        change[height // 2 :].mean(),
    )


def warmth(picture: Pixels) -> float:
    return float(picture[..., 0].astype(float).mean() - picture[..., 2].astype(float).mean())


def test_light_from_the_left_brightens_the_left(photo: Pixels) -> None:
    left, right, *_ = halves(photo, lit(photo, "light from the left"))

    assert left > right + 20


def test_light_from_the_right_brightens_the_right(photo: Pixels) -> None:
    left, right, *_ = halves(photo, lit(photo, "light from the right"))

    assert right > left + 20


def test_light_from_above_and_below_brighten_their_halves(photo: Pixels) -> None:
    *_, upper, lower = halves(photo, lit(photo, "light from above"))
    *_, upper_of_below, lower_of_below = halves(photo, lit(photo, "lit from below"))

    assert upper > lower + 15
    assert lower_of_below > upper_of_below + 15


def test_the_ball_itself_turns_bright_on_the_side_of_the_lamp(photo: Pixels) -> None:
    after = lit(photo, "dramatic light from the left").astype(float).mean(2)

    assert after[42, 38:52].mean() > after[42, 68:82].mean() + 25


def test_light_from_behind_leaves_the_subject_darker_than_its_background(photo: Pixels) -> None:
    after = lit(photo, "backlight").astype(float).mean(2)
    before = photo.astype(float).mean(2)

    ratio_before = before[34:50, 52:68].mean() / before[4:14, 40:80].mean()
    ratio_after = after[34:50, 52:68].mean() / after[4:14, 40:80].mean()
    assert ratio_after < 0.85 * ratio_before


@pytest.mark.parametrize("prompt", ["warm light", "golden hour", "candle light", "ánh sáng ấm"])
def test_warm_words_raise_red_over_blue(photo: Pixels, prompt: str) -> None:
    assert warmth(lit(photo, prompt)) > warmth(photo) + 15


@pytest.mark.parametrize("prompt", ["cool light", "moonlight", "night", "ánh sáng lạnh", "anh sang xanh duong"])
def test_cool_words_raise_blue_over_red(photo: Pixels, prompt: str) -> None:
    assert warmth(lit(photo, prompt)) < warmth(photo) - 15


def test_two_lamps_of_two_colours_shine_from_two_sides(photo: Pixels) -> None:
    after = lit(photo, "red light from the left, blue light from the right")

    assert warmth(after[:, :40]) > 25
    assert warmth(after[:, 80:]) < -25


TWINS = [
    ("warm light from the left", "ánh sáng ấm từ bên trái"),
    ("warm light from the left", "anh sang am tu ben trai"),
    ("cool light from the right", "ánh sáng lạnh từ bên phải"),
    ("golden hour", "giờ vàng"),
    ("sunset", "hoàng hôn"),
    ("sunrise", "bình minh"),
    ("night", "ban đêm"),
    ("moonlight", "ánh trăng"),
    ("candle", "ánh nến"),
    ("neon", "đèn neon"),
    ("neon pink", "hồng neon"),
    ("studio", "phòng chụp"),
    ("window light", "ánh sáng cửa sổ"),
    ("backlight", "ngược sáng"),
    ("sunny", "trời nắng"),
    ("spotlight", "sân khấu"),
    ("overcast", "u ám"),
    ("red light from above", "ánh sáng đỏ từ trên"),
    ("blue light from below", "ánh sáng xanh dương từ dưới"),
    ("purple light from behind", "ánh sáng tím từ phía sau"),
    ("soft light", "ánh sáng dịu"),
    ("cinematic", "điện ảnh"),
    ("dramatic", "kịch tính"),
]


@pytest.mark.parametrize(("english", "vietnamese"), TWINS)
def test_vietnamese_gives_the_same_light_as_english(photo: Pixels, english: str, vietnamese: str) -> None:
    assert np.array_equal(lit(photo, english), lit(photo, vietnamese))
    assert not np.array_equal(lit(photo, english), lit(photo))


def test_words_that_only_look_like_directions_or_colours_are_not(photo: Pixels) -> None:
    for prompt in ("do it right now", "I am here, come back", "con trai cầm hoa"):
        assert described(photo, prompt).details["direction"] == []
        assert described(photo, prompt).details["colors"] == []


def test_the_details_tell_what_was_understood(photo: Pixels) -> None:
    details = described(photo, "golden hour, warm light from the left", style="cinematic").details

    assert details["direction"] == ["left"]
    assert details["colors"] == ["warm"]
    assert details["preset"] == "golden hour"
    assert details["style"] == "cinematic"


def test_every_style_looks_different_from_every_other(photo: Pixels) -> None:
    looks = {style: lit(photo, style=style).astype(float) for style in STYLES}

    for one in STYLES:
        for other in STYLES:
            if one < other:
                assert np.abs(looks[one] - looks[other]).mean() > 1.0, (one, other)


def test_darker_is_darker_and_clean_is_brighter(photo: Pixels) -> None:
    assert lit(photo, style="darker_but_realistic").mean() < 0.85 * photo.mean()
    assert lit(photo, style="clean").mean() > photo.mean() + 5


def test_an_unknown_style_lists_the_known_ones(photo: Pixels) -> None:
    with pytest.raises(ValueError, match="cinematic"):
        lit(photo, style="disco")


def test_no_strength_changes_no_byte(photo: Pixels) -> None:
    assert lit(photo, "neon", strength=0.0).tobytes() == photo.tobytes()


def test_more_strength_moves_the_picture_further(photo: Pixels) -> None:
    away = [np.abs(lit(photo, "sunset from the left", strength=strength).astype(float) - photo).mean() for strength in (0.2, 0.5, 0.8, 1.0)]

    assert away == sorted(away)
    assert away[0] > 1


def test_a_reference_gives_its_colours_and_its_light(photo: Pixels) -> None:
    blue_from_left = np.zeros((60, 90, 3), np.uint8)
    blue_from_left[..., 2] = np.linspace(250, 60, 90)
    blue_from_left[..., 1] = np.linspace(120, 30, 90)

    result = described(photo, reference=blue_from_left)
    left, right, *_ = halves(photo, result.pixels)

    assert warmth(result.pixels) < warmth(photo) - 20
    assert left > right + 10
    assert result.details["reference_direction"] == "left"


def test_no_halo_runs_around_the_subject() -> None:
    flat = np.full((200, 300, 3), 120, np.uint8)
    mask = ball(flat)

    after = lit(flat, "soft light from the front").astype(float).mean(2)

    near = (np.abs(np.hypot(*np.ogrid[-104:96, -150:150]) - 68) < 4) & (mask < 0.5)
    far = np.hypot(*np.ogrid[-104:96, -150:150]) > 90
    assert after[near].max() < after[far].max() + 12


def test_a_dark_thing_before_a_bright_sky_gets_no_dark_rim_on_its_lit_side() -> None:
    picture = np.full((200, 300, 3), 210, np.uint8)
    picture[ball(picture) > 0.5] = 40

    after = lit(picture, "light from the left", style="dramatic").astype(float).mean(2)

    row = after[104, 30:76]  # the sky from the left up to the ball's edge at 82
    assert row[-6:].min() > row.max() - 36


def test_alpha_survives(photo: Pixels) -> None:
    alpha = np.tile(np.arange(120, dtype=np.uint8), (80, 1))
    cutout = np.dstack([photo, alpha])

    assert np.array_equal(lit(cutout, "neon")[..., 3], alpha)


def test_what_hides_under_clear_pixels_does_not_matter(photo: Pixels) -> None:
    shown = ball(photo) > 0.5
    black, white = (np.where(shown[..., None], photo, np.uint8(hidden)) for hidden in (0, 255))
    alpha = (shown * 255).astype(np.uint8)

    results = [lit(np.dstack([picture, alpha]), "sunset from the left") for picture in (black, white)]

    assert np.array_equal(results[0][shown], results[1][shown])


def test_the_same_words_give_the_same_bytes(photo: Pixels) -> None:
    assert lit(photo, "fire from below").tobytes() == lit(photo, "fire from below").tobytes()


def test_without_a_subject_finder_it_still_lights_and_says_so(photo: Pixels) -> None:
    result = relight(photo, prompt="warm light from the left", subject=None)

    assert result.degraded is not None
    left, right, *_ = halves(photo, result.pixels)
    assert left > right + 15


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 1, 4), (16, 16, 3), (2, 500, 3), (500, 2, 4)])
@pytest.mark.parametrize("value", [0, 255])
def test_the_smallest_thinnest_blackest_and_whitest_pictures_work(shape: tuple[int, int, int], value: int) -> None:
    picture = np.full(shape, value, np.uint8)

    for prompt in ("backlight", "neon", "night from the left"):
        for reference in (None, np.full((1, 1, 3), 200, np.uint8)):
            result = lit(picture, prompt, strength=1.0, style="dramatic", reference=reference)
            assert result.shape == shape
            assert result.dtype == np.uint8


@pytest.mark.parametrize("share", [0.0, 1.0, float("nan")])
def test_a_mask_of_nothing_everything_or_nonsense_is_survived(photo: Pixels, share: float) -> None:
    def mask(picture: Pixels) -> npt.NDArray[np.float32]:
        return np.full(picture.shape[:2], share, np.float32)

    left, right, *_ = halves(photo, relight(photo, prompt="light from the left", subject=mask).pixels)

    assert left > right


def test_progress_grows_to_one(photo: Pixels) -> None:
    told: list[float] = []

    lit(photo, "sunset", progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0
