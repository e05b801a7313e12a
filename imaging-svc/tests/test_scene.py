"""The procedural scene renderer: what it understands, what it draws, and that the same words give the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from imaging_svc.engines.local.rendering import Pixels, Rendered
from imaging_svc.engines.local.scene import read_prompt, render_scene
from imaging_svc.engines.local.scene.vocabulary import STYLES

PLACES = (
    "mountains",
    "sea",
    "beach",
    "lake",
    "river",
    "forest",
    "desert",
    "city skyline",
    "countryside",
    "night sky",
    "space",
    "planet",
    "nebula",
    "galaxy",
    "abstract",
    "geometric",
    "gradient",
    "aurora over a lake",
    "mountains by the sea with a forest",
)


def draw(prompt: str, *, width: int = 160, height: int = 90, seed: int = 7, **more: str | Pixels) -> Rendered:
    return render_scene(prompt, width=width, height=height, seed=seed, **more)  # type: ignore[arg-type]


def mean_lab(pixels: Pixels) -> tuple[float, float, float]:
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab)
    lightness, green_red, blue_yellow = lab.reshape(-1, 3).mean(0)
    return float(lightness), float(green_red), float(blue_yellow)


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


@pytest.mark.parametrize("place", PLACES)
def test_every_place_gives_a_full_picture(place: str) -> None:
    with np.errstate(invalid="raise", divide="raise"):
        rendered = draw(place)

    assert rendered.pixels.shape == (90, 160, 3)
    assert rendered.pixels.dtype == np.uint8
    assert rendered.model == "procedural"
    assert rendered.degraded is None
    assert rendered.pixels.std() > 8, "a flat picture is not a picture"


@pytest.mark.parametrize(
    "weather",
    [
        "storm over the sea",
        "rain in the city",
        "snowing in a forest",
        "fog in the mountains",
        "rainbow over fields",
        "lightning at night",
        "a sailboat at sunset",
        "winter lake",
        "full moon over the ocean",
    ],
)
def test_every_weather_gives_a_full_picture(weather: str) -> None:
    with np.errstate(invalid="raise", divide="raise"):
        rendered = draw(weather)

    assert rendered.pixels.std() > 8


@pytest.mark.parametrize("time", ["sunrise", "sunset", "golden hour", "noon", "dusk", "blue hour", "night"])
def test_every_hour_is_drawn(time: str) -> None:
    assert draw(f"hills at {time}").pixels.std() > 8


def test_the_same_arguments_give_the_same_bytes(one_thread: None) -> None:
    alone = draw("sunset over mountains with a lake and trees", seed=3).pixels

    cv2.setNumThreads(4)
    np.random.seed(99)
    together = draw("sunset over mountains with a lake and trees", seed=3).pixels

    assert hashlib.sha256(alone.tobytes()).digest() == hashlib.sha256(together.tobytes()).digest()


@pytest.mark.parametrize("prompt", ["sunset over mountains", "neon city", "abstract", "a cat on a sofa", "gradient"])
def test_another_seed_gives_another_picture(prompt: str) -> None:
    first, second = draw(prompt, seed=1).pixels, draw(prompt, seed=2).pixels

    assert np.abs(first.astype(int) - second).mean() > 6


@pytest.mark.parametrize(("width", "height"), [(64, 64), (64, 300), (300, 64), (97, 131), (64, 512), (512, 64)])
def test_any_size_and_ratio_comes_out_exactly(width: int, height: int) -> None:
    assert draw("misty mountains with a lake", width=width, height=height).pixels.shape == (height, width, 3)


def test_the_largest_size_comes_out_exactly() -> None:
    assert draw("gradient", width=2048, height=2048).pixels.shape == (2048, 2048, 3)


def test_a_size_nobody_can_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="pixels long"):
        draw("sea", width=4, height=100)


@pytest.mark.parametrize("style", STYLES)
def test_a_style_changes_the_picture(style: str) -> None:
    plain = draw("sunset over the sea").pixels

    styled = draw("sunset over the sea", style=style)

    assert np.abs(plain.astype(int) - styled.pixels).mean() > 2
    assert styled.details["scene"]["style"] == style


def test_styles_differ_from_each_other() -> None:
    pictures = [draw("sunset over the sea", style=style).pixels.astype(int) for style in STYLES]

    for index, one in enumerate(pictures):
        assert all(np.abs(one - other).mean() > 2 for other in pictures[index + 1 :])


def test_a_style_word_counts_and_the_parameter_wins() -> None:
    assert read_prompt("a forest, watercolor").style == "watercolor"
    assert read_prompt("a forest, watercolor", "anime").style == "anime"
    assert read_prompt("rừng thông, tranh sơn dầu").style == "oil-painting"
    assert read_prompt("a forest", "no such style").style is None


def test_night_is_darker_than_day() -> None:
    for place in ("mountains", "the sea"):
        assert mean_lab(draw(f"{place} at night").pixels)[0] < mean_lab(draw(f"{place} on a sunny day").pixels)[0] - 15


@pytest.mark.parametrize("place", ["mountains", "gradient", "city skyline"])
def test_colour_words_move_the_hue_their_way(place: str) -> None:
    _, _, blue = mean_lab(draw(f"{place} in blue tones").pixels)
    _, _, gold = mean_lab(draw(f"{place} in gold tones").pixels)
    _, green, _ = mean_lab(draw(f"{place} in emerald tones").pixels)
    _, pink, _ = mean_lab(draw(f"{place} in pink tones").pixels)

    assert blue < gold - 8
    assert green < pink - 8


def test_tone_words_move_the_colours() -> None:
    assert mean_lab(draw("lake, warm tones").pixels)[2] > mean_lab(draw("lake, cool tones").pixels)[2] + 8

    grey = draw("sunset, black and white").pixels.astype(int)
    assert np.abs(grey[..., 0] - grey[..., 2]).max() <= 3


def test_a_reference_lends_its_colours() -> None:
    reference = np.zeros((40, 40, 3), np.uint8)
    reference[:20], reference[20:] = (220, 60, 40), (90, 20, 30)

    red = mean_lab(draw("mountains by day", palette_reference=reference).pixels)

    assert red[1] > mean_lab(draw("mountains by day").pixels)[1] + 10


def test_a_reference_with_alpha_serves_abstract_pictures_too() -> None:
    reference = np.full((9, 7, 4), (20, 160, 90, 255), np.uint8)

    assert mean_lab(draw("abstract", palette_reference=reference).pixels)[1] < -10


@pytest.mark.parametrize(
    ("prompt", "time", "places"),
    [
        ("A sunset over mountains", "sunset", ("mountains",)),
        ("hoàng hôn trên núi với hồ nước", "sunset", ("mountains", "lake")),
        ("hoang hon tren nui", "sunset", ("mountains",)),
        ("city skyline by the sea at night", "night", ("city", "sea")),
        ("thành phố bên bờ biển về đêm", "night", ("city", "beach")),
        ("bình minh trên cánh đồng", "sunrise", ("countryside",)),
        ("sa mac luc binh minh", "sunrise", ("desert",)),
        ("dải ngân hà trên đồi", "night", ("countryside",)),
        ("vu tru", "day", ("space",)),
        ("starry night", "night", ("nightsky",)),
        ("mountain lake at blue hour", "blue", ("mountains", "lake")),
    ],
)
def test_words_of_both_languages_are_read(prompt: str, time: str, places: tuple[str, ...]) -> None:
    spec = read_prompt(prompt)

    assert spec.places == places
    if "space" not in places:
        assert spec.time == time
    assert spec.ignored_terms == ()


def test_weather_season_and_things_are_read() -> None:
    assert read_prompt("mùa đông, tuyết rơi").falling == "snow"
    assert read_prompt("mùa đông trên núi").season == "winter"
    assert read_prompt("trời mưa trong thành phố").falling == "rain"
    assert read_prompt("khu rừng sương mù").fog == 1.0
    assert read_prompt("stormy sea").weather == "storm"
    assert read_prompt("bầu trời xanh trên biển").weather == "clear"
    assert read_prompt("autumn woods").season == "autumn"
    assert read_prompt("palm trees, full moon").things >= {"palm", "moon"}
    assert read_prompt("cau vong tren canh dong").things == {"rainbow"}


@pytest.mark.parametrize(
    ("prompt", "places", "things", "left_out"),
    [
        ("a waterfall in a jungle", ("forest",), {"jungle"}, ("waterfall",)),
        ("thác nước", ("river",), set(), ("thác nước",)),
        ("a lighthouse in a storm", ("sea",), set(), ("lighthouse",)),
        ("cánh đồng lúa chín vàng buổi chiều", ("countryside",), {"ripe"}, ()),
        ("cherry blossoms by a lake", ("lake",), {"blossom"}, ()),
        ("vịnh Hạ Long buổi sáng", ("sea", "mountains"), set(), ()),
        ("rừng thông trong sương sớm", ("forest",), {"pine"}, ()),
        ("a crescent moon over the sea", ("sea",), {"moon", "crescent"}, ()),
    ],
)
def test_words_that_set_a_scene_and_words_that_mean_two_things(
    prompt: str, places: tuple[str, ...], things: set[str], left_out: tuple[str, ...]
) -> None:
    spec = read_prompt(prompt)

    assert spec.places == places
    assert spec.things == things
    assert spec.ignored_terms == left_out
    assert not set(spec.matched_terms) & set(left_out)


def test_a_colour_that_a_thing_has_anyway_does_not_tint_the_picture() -> None:
    assert read_prompt("lúa chín vàng").colours == ()
    assert read_prompt("pink cherry blossoms").colours == ()
    assert read_prompt("abstract waves of blue and gold").colours == ("blue", "gold")
    assert read_prompt("mars landscape").colours == ("red",)


def test_after_the_rain_no_rain_falls() -> None:
    assert read_prompt("a rainbow over a meadow after rain").falling == ""
    assert read_prompt("cầu vồng sau cơn mưa").falling == ""
    assert read_prompt("heavy snow at night").falling == "snow"


def test_a_gradient_holds_only_the_colours_it_was_asked_for() -> None:
    red, green, _ = draw("smooth gradient from pink to orange").pixels.reshape(-1, 3).astype(int).T

    assert red.min() > 190
    assert green.min() > 80


def test_the_lights_of_a_city_survive_the_anime_style() -> None:
    plain, anime = (draw("city skyline at night", width=480, height=270, style=style).pixels.max(2) for style in (None, "anime"))

    assert (anime > 180).sum() > 0.5 * (plain > 180).sum()


def test_what_cannot_be_drawn_is_named_and_still_gives_a_picture() -> None:
    rendered = draw("a cat on a sofa")

    assert rendered.details["ignored_terms"] == ["cat", "sofa"]
    assert rendered.details["matched_terms"] == []
    assert rendered.details["scene"]["places"] == ["abstract"]
    assert rendered.pixels.std() > 8


def test_a_drawable_setting_is_drawn_around_what_is_not() -> None:
    spec = read_prompt("A dog running on the beach at sunset")

    assert spec.places == ("beach",)
    assert spec.matched_terms == ("beach", "sunset")
    assert spec.ignored_terms == ("dog", "running")


def test_craft_words_of_a_refined_prompt_are_neither_matched_nor_ignored() -> None:
    spec = read_prompt(
        "A sunset over mountains, golden light, 35mm lens, f/1.8, highly detailed, 8k, masterpiece, sharp focus, "
        "wide angle shot, award-winning photography"
    )

    assert spec.time == "sunset"
    assert spec.style == "photorealistic"
    assert spec.matched_terms == ("sunset", "mountains", "golden light", "photography")
    assert spec.ignored_terms == ()


def test_a_colour_that_only_describes_its_neighbour_does_not_steer() -> None:
    assert read_prompt("green meadow under a blue sky").colours == ()
    assert read_prompt("a forest in purple").colours == ("purple",)
    assert read_prompt("bien xanh va bau troi sao").colours == ()


def test_english_words_do_not_become_vietnamese_ones() -> None:
    spec = read_prompt("I do like the den with ham and cam")

    assert spec.colours == ()
    assert spec.matched_terms == ()


def test_odd_prompts_do_no_harm() -> None:
    for prompt in ("", "!!!", "🌋🌋", "a" * 2000, "the of and", "mountain " * 200, "\u0301\u0301", "İstanbul ǅ"):
        assert read_prompt(prompt).places is not None

    assert draw("", width=64, height=64).pixels.shape == (64, 64, 3)


def test_progress_only_rises_and_ends_at_one() -> None:
    told: list[float] = []

    render_scene("forest by a lake in the mountains", width=160, height=90, seed=1, style="oil-painting", progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 6
