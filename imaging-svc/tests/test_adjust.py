"""Do the everyday edits do exactly what they say?"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from imaging_svc.engines.local.adjust import adjust
from imaging_svc.engines.local.rendering import Pixels

TONES = ["brightness", "contrast", "saturation", "warmth"]


@pytest.fixture
def photo() -> Pixels:
    """A colourful 48 x 64 picture with soft slopes and a little grain."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:48, 0:64]
    colours = np.stack([x * 3.5, y * 4.5, 128 + 90 * np.sin(x / 9) * np.cos(y / 7)], axis=2)
    return np.clip(colours + rng.normal(0, 6, colours.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def cutout(photo: Pixels) -> Pixels:
    """The same picture with a clear frame and a half clear column."""
    alpha = np.zeros(photo.shape[:2], np.uint8)
    alpha[8:-8, 8:-8] = 255
    alpha[:, 30] = 128
    return np.dstack([photo, alpha])


def run(picture: Pixels, *operations: dict[str, Any]) -> Pixels:
    return adjust(picture, operations=operations, subject=middle).pixels


def middle(picture: Pixels) -> Any:
    mask = np.zeros(picture.shape[:2], np.float32)
    mask[16:32, 20:44] = 1
    return mask


def warmth_of(picture: Pixels) -> float:
    return float(picture[..., 0].mean() - picture[..., 2].mean())


def test_four_quarter_turns_bring_the_picture_back(photo: Pixels) -> None:
    turned = run(photo, *[{"op": "rotate", "degrees": 90}] * 4)

    assert np.array_equal(turned, photo)


def test_a_quarter_turn_is_clockwise_and_lossless(photo: Pixels) -> None:
    turned = run(photo, {"op": "rotate", "degrees": 90})

    assert turned.shape == (64, 48, 3)
    assert np.array_equal(turned[0, -1], photo[0, 0])
    assert np.array_equal(turned, run(photo, {"op": "rotate", "degrees": -270}))


def test_a_slanted_turn_widens_the_canvas_and_clears_its_corners(photo: Pixels) -> None:
    turned = run(photo, {"op": "rotate", "degrees": 30})

    assert turned.shape == (74, 80, 4)
    assert turned[0, 0, 3] == turned[-1, -1, 3] == 0
    assert turned[37, 40, 3] == 255
    assert np.abs(turned[37, 40, :3].astype(int) - photo[24, 32]).max() < 40


def test_a_slanted_turn_goes_clockwise() -> None:
    picture = np.zeros((41, 41, 3), np.uint8)
    picture[18:23, 36:41] = 255

    turned = run(picture, {"op": "rotate", "degrees": 45})

    ys, xs = np.nonzero(turned[..., 0] > 128)
    assert ys.mean() > turned.shape[0] / 2 + 8
    assert xs.mean() > turned.shape[1] / 2 + 8


def test_clear_pixels_lend_no_colour_when_a_picture_turns_or_grows() -> None:
    picture = np.zeros((20, 20, 4), np.uint8)
    picture[..., 1] = 255
    picture[5:15, 5:15] = (255, 0, 0, 255)

    for result in (
        run(picture, {"op": "rotate", "degrees": 20}),
        run(picture, {"op": "resize", "width": 57}),
        run(picture, {"op": "resize", "width": 7}),
    ):
        seen = result[result[..., 3] > 8]
        assert seen[:, 1].max() < 12
        assert seen[:, 0].min() > 240


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_flipping_twice_changes_nothing(photo: Pixels, direction: str) -> None:
    once = run(photo, {"op": "flip", "direction": direction})

    assert not np.array_equal(once, photo)
    assert np.array_equal(run(once, {"op": "flip", "direction": direction}), photo)


def test_a_horizontal_flip_swaps_left_and_right(photo: Pixels) -> None:
    assert np.array_equal(run(photo, {"op": "flip", "direction": "horizontal"})[:, 0], photo[:, -1])


def test_a_crop_is_exactly_its_box(photo: Pixels) -> None:
    cut = run(photo, {"op": "crop", "x": 5, "y": 7, "width": 20, "height": 11, "aspect_ratio": None})

    assert np.array_equal(cut, photo[7:18, 5:25])


def test_a_crop_that_sticks_out_is_clipped(photo: Pixels) -> None:
    assert run(photo, {"op": "crop", "x": 60, "y": 40, "width": 500, "height": 500}).shape == (8, 4, 3)


def test_a_crop_beside_the_picture_tells_the_size_of_the_picture(photo: Pixels) -> None:
    with pytest.raises(ValueError, match="64x48"):
        run(photo, {"op": "crop", "x": 64, "y": 0, "width": 5, "height": 5})


@pytest.mark.parametrize(
    ("ratio", "size"),
    [("1:1", (48, 48)), ("16:9", (36, 64)), ("9:16", (48, 27)), ("999:1", (1, 64)), ("4:3", (48, 64))],
)
def test_a_crop_to_a_ratio_keeps_the_largest_middle_box(photo: Pixels, ratio: str, size: tuple[int, int]) -> None:
    cut = run(photo, {"op": "crop", "aspect_ratio": ratio})

    top, left = (48 - size[0]) // 2, (64 - size[1]) // 2
    assert np.array_equal(cut, photo[top : top + size[0], left : left + size[1]])


@pytest.mark.parametrize(
    ("wish", "size"),
    [
        ({"width": 32}, (24, 32)),
        ({"height": 96}, (96, 128)),
        ({"width": 10, "height": 70}, (70, 10)),
        ({"width": 1}, (1, 1)),
    ],
)
def test_one_side_keeps_the_ratio_and_two_sides_are_exact(photo: Pixels, wish: dict[str, int], size: tuple[int, int]) -> None:
    assert run(photo, {"op": "resize", **wish}).shape[:2] == size


def test_a_picture_grows_no_larger_than_the_service_can_hold(photo: Pixels) -> None:
    with pytest.raises(ValueError, match="megapixels"):
        run(photo, {"op": "resize", "width": 8192, "height": 9000})


@pytest.mark.parametrize("tone", [*TONES, "blur", "sharpen", "blur-background"])
def test_an_amount_of_nothing_changes_no_byte(photo: Pixels, tone: str) -> None:
    assert run(photo, {"op": tone, "amount": 0}).tobytes() == photo.tobytes()


def test_full_brightness_is_brighter_but_not_burnt_out(photo: Pixels) -> None:
    bright = run(photo, {"op": "brightness", "amount": 100})

    assert bright.mean() > photo.mean() + 30
    assert (bright == 255).mean() < 0.6
    assert bright.std() > photo.std() / 3


def test_full_darkness_is_darker_but_not_black(photo: Pixels) -> None:
    dark = run(photo, {"op": "brightness", "amount": -100})

    assert dark.mean() < photo.mean() - 30
    assert (dark == 0).mean() < 0.6


def test_tones_grow_with_their_amount(photo: Pixels) -> None:
    amounts = (-100, -40, 0, 40, 100)

    light = [run(photo, {"op": "brightness", "amount": amount}).mean() for amount in amounts]
    spread = [run(photo, {"op": "contrast", "amount": amount}).std() for amount in amounts]
    colour = [np.ptp(run(photo, {"op": "saturation", "amount": amount}), axis=2).mean() for amount in amounts]
    warm = [warmth_of(run(photo, {"op": "warmth", "amount": amount})) for amount in amounts]

    for series in (light, spread, colour, warm):
        assert all(low < high for low, high in itertools.pairwise(series))


def test_grayscale_and_no_saturation_have_no_colour(photo: Pixels) -> None:
    for operation in ({"op": "grayscale"}, {"op": "saturation", "amount": -100}):
        assert np.ptp(run(photo, operation), axis=2).max() == 0


def test_sepia_is_brown(photo: Pixels) -> None:
    brown = run(photo, {"op": "sepia"})

    assert brown[..., 0].mean() > brown[..., 1].mean() > brown[..., 2].mean()


def test_blur_softens_and_sharpen_crisps(photo: Pixels) -> None:
    def detail(picture: Pixels) -> float:
        return float(np.abs(np.diff(picture.astype(int), axis=1)).mean())

    soft, softer = (detail(run(photo, {"op": "blur", "amount": amount})) for amount in (30, 100))
    crisp, crisper = (detail(run(photo, {"op": "sharpen", "amount": amount})) for amount in (30, 100))

    assert softer < soft < detail(photo) < crisp < crisper


def test_blur_background_keeps_the_subject_to_the_byte(photo: Pixels) -> None:
    blurred = run(photo, {"op": "blur-background", "amount": 100})

    assert np.array_equal(blurred[16:32, 20:44], photo[16:32, 20:44])
    assert not np.array_equal(blurred[:10], photo[:10])


def test_blur_background_lets_no_subject_glow_into_the_background() -> None:
    picture = np.zeros((60, 60, 3), np.uint8)
    picture[16:32, 20:44] = 255

    blurred = run(picture, {"op": "blur-background", "amount": 100})

    assert blurred[middle(picture) == 0].max() < 12


def test_without_a_subject_the_middle_stays_sharp_and_the_result_says_so(photo: Pixels) -> None:
    operations = [{"op": "blur-background", "amount": 80}]

    alone = adjust(photo, operations=operations, subject=None)
    nobody = adjust(photo, operations=operations, subject=lambda picture: np.zeros(picture.shape[:2], np.float32))

    assert alone.degraded is not None
    assert nobody.degraded is not None
    assert np.array_equal(alone.pixels[22:26, 28:36], photo[22:26, 28:36])


def test_round_corners_clear_the_corners_only(photo: Pixels) -> None:
    rounded = run(photo, {"op": "round-corners", "radius": 12})

    assert rounded.shape == (48, 64, 4)
    assert [rounded[y, x, 3] for y in (0, -1) for x in (0, -1)] == [0, 0, 0, 0]
    assert rounded[0, 32, 3] == rounded[24, 0, 3] == 255
    assert np.array_equal(rounded[..., :3], photo)


def test_round_corners_never_reach_past_the_middle(photo: Pixels) -> None:
    assert run(photo, {"op": "round-corners", "radius": 4000})[24, 32, 3] == 255


@pytest.fixture
def plain() -> Pixels:
    return np.full((240, 360, 3), 120, np.uint8)


@pytest.mark.parametrize(("position", "third"), [("top", 0), ("center", 1), ("bottom", 2)])
def test_a_caption_is_written_in_the_third_it_names(plain: Pixels, position: str, third: int) -> None:
    written = run(plain, {"op": "text", "text": "Hello", "position": position})

    changed = [np.any(part != 120, axis=2).sum() for part in np.split(written, 3)]
    assert changed[third] > 200
    assert changed[third] == sum(changed)


def test_a_caption_in_a_corner_is_in_that_corner(plain: Pixels) -> None:
    written = run(plain, {"op": "text", "text": "Hi", "position": "top-right", "size": 20})

    ys, xs = np.nonzero(np.any(written != 120, axis=2))
    assert ys.max() < 80
    assert xs.min() > 240


@pytest.mark.parametrize("ground", [0, 120, 255])
@pytest.mark.parametrize("color", ["#ffffff", "#000000", "#787878"])
def test_a_caption_reads_on_any_background(ground: int, color: str) -> None:
    written = run(np.full((200, 300, 3), ground, np.uint8), {"op": "text", "text": "Sale", "color": color})

    assert np.ptp(written.astype(int)) > 90


def test_vietnamese_letters_are_real_letters(plain: Pixels) -> None:
    letters = "ăâđêôơưĂÂĐÊÔƠƯ" + "ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ"

    drawn = {run(plain, {"op": "text", "text": letter, "position": "center", "size": 80}).tobytes() for letter in letters}

    assert len(drawn) == len(letters)
    assert adjust(plain, operations=[{"op": "text", "text": letters}], subject=None).details.get("missing_glyphs") is None


def test_composed_and_decomposed_vietnamese_look_the_same(plain: Pixels) -> None:
    composed, decomposed = "Việt", "Vie\u0323\u0302t"

    assert np.array_equal(*(run(plain, {"op": "text", "text": text}) for text in (composed, decomposed)))


def test_signs_the_font_lacks_are_left_out_and_named(plain: Pixels) -> None:
    with_emoji = adjust(plain, operations=[{"op": "text", "text": "Happy 😀"}], subject=None)

    assert with_emoji.details["missing_glyphs"] == "😀"
    assert np.array_equal(with_emoji.pixels, run(plain, {"op": "text", "text": "Happy"}))
    with pytest.raises(ValueError, match="font"):
        run(plain, {"op": "text", "text": "😀"})


def test_a_long_caption_wraps_and_stays_inside(plain: Pixels) -> None:
    written = run(plain, {"op": "text", "text": "một hai ba bốn " * 20, "size": 90, "position": "center"})

    ys, xs = np.nonzero(np.any(written != 120, axis=2))
    assert xs.min() > 0
    assert xs.max() < 359
    assert ys.min() > 0
    assert ys.max() < 239


def test_the_lines_of_each_paragraph_are_about_equally_long() -> None:
    ground = np.full((400, 600, 3), 120, np.uint8)

    written = run(
        ground, {"op": "text", "text": "Chào buổi sáng, các bạn của tôi\nNgười ơi đường về nhà ở đâu hả em", "size": 36, "position": "top"}
    )

    letters = (written > 230).all(2)
    rows = np.flatnonzero(letters.any(1))
    last = letters[rows[-1] - 20 : rows[-1] + 1].any(0).nonzero()[0]
    widest = letters.any(0).nonzero()[0]
    assert np.ptp(last) > 0.5 * np.ptp(widest)


def test_a_caption_lands_on_clear_pixels_too() -> None:
    clear = np.zeros((120, 200, 4), np.uint8)

    assert run(clear, {"op": "text", "text": "Xin chào"})[..., 3].max() == 255


@pytest.mark.parametrize("tone", [*TONES, "blur", "sharpen", "blur-background"])
def test_alpha_survives_tones_and_focus(cutout: Pixels, tone: str) -> None:
    result = run(cutout, {"op": tone, "amount": 70})

    assert np.array_equal(result[..., 3], cutout[..., 3])
    assert not np.array_equal(result[..., :3], cutout[..., :3])


def test_operations_run_in_order(photo: Pixels) -> None:
    cropped_first = run(photo, {"op": "crop", "x": 0, "y": 0, "width": 30, "height": 20}, {"op": "rotate", "degrees": 90})
    turned_first = run(photo, {"op": "rotate", "degrees": 90}, {"op": "crop", "x": 0, "y": 0, "width": 30, "height": 20})

    assert cropped_first.shape == (30, 20, 3)
    assert turned_first.shape == (20, 30, 3)


def test_the_given_picture_is_never_written(photo: Pixels) -> None:
    before = photo.copy()

    run(photo, {"op": "text", "text": "x"}, {"op": "sharpen", "amount": 50}, {"op": "round-corners", "radius": 5})

    assert np.array_equal(photo, before)


def test_an_unknown_operation_lists_the_known_ones(photo: Pixels) -> None:
    with pytest.raises(ValueError, match="brightness"):
        run(photo, {"op": "explode"})


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 1, 4), (16, 16, 4), (1, 300, 3), (300, 1, 4)])
def test_the_smallest_and_thinnest_pictures_take_every_operation(shape: tuple[int, int, int]) -> None:
    picture = np.full(shape, 90, np.uint8)
    operations: list[dict[str, Any]] = [
        {"op": "crop", "aspect_ratio": "16:9"},
        {"op": "rotate", "degrees": 33},
        {"op": "resize", "width": 3},
        *({"op": tone, "amount": 100} for tone in [*TONES, "blur", "sharpen", "blur-background"]),
        {"op": "grayscale"},
        {"op": "sepia"},
        {"op": "round-corners", "radius": 9},
        {"op": "text", "text": "Tí hon", "position": "bottom-left"},
    ]

    for operation in operations:
        result = adjust(picture, operations=[operation], subject=None).pixels
        assert result.dtype == np.uint8
        assert min(result.shape[:2]) >= 1


def test_progress_grows_to_one(photo: Pixels) -> None:
    told: list[float] = []

    adjust(photo, operations=[{"op": "sepia"}, {"op": "grayscale"}], subject=None, progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0
