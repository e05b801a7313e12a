"""Do reimagine and style transfer make the paintings they promise?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from imaging_svc.engines.local.painterly import reimagine, style_transfer
from imaging_svc.engines.local.painterly.filters import FILTERS
from imaging_svc.engines.local.rendering import Pixels, Rendered, no_progress


@pytest.fixture
def photo() -> Pixels:
    """A ball with two dark eyes before a blue-green slope, 96 x 144."""
    rng = np.random.default_rng(11)
    y, x = np.mgrid[0:96, 0:144]
    slope = np.stack([60 + 0.3 * x, 110 + 0.8 * y, 190 - 0.6 * y], axis=2)
    face = ((x - 72) ** 2 + (y - 50) ** 2 < 32**2)[..., None]
    eyes = ((np.abs(x - 72) - 12) ** 2 + (y - 42) ** 2 < 5**2)[..., None]
    picture = np.where(eyes, [30, 20, 20], np.where(face, [224, 176, 140], slope)) + rng.normal(0, 5, (96, 144, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.fixture
def poster() -> Pixels:
    """A reference of loud orange and violet stripes."""
    y, x = np.mgrid[0:80, 0:100]
    stripes = (np.sin((x + y) / 2.5) > 0)[..., None]
    return np.where(stripes, [250, 140, 20], [70, 20, 110]).astype(np.uint8)


def face(picture: Pixels) -> npt.NDArray[np.float32]:
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    inside = (x - width / 2) ** 2 + (y - 0.52 * height) ** 2 < (0.33 * height) ** 2
    return inside.astype(np.float32)


def away(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one[..., :3].astype(float) - other[..., :3]).mean())


def variation(picture: Pixels, prompt: str = "", **wishes: object) -> Rendered:
    return reimagine(picture, prompt=prompt, subject=face, **wishes)  # type: ignore[arg-type]  # any of its keywords


def styled(picture: Pixels, reference: Pixels, **wishes: object) -> Pixels:
    return style_transfer(picture, reference=reference, subject=face, **wishes).pixels  # type: ignore[arg-type]


@pytest.mark.parametrize("look", FILTERS)
def test_every_look_changes_the_picture_and_stays_a_picture(photo: Pixels, look: str) -> None:
    plain = photo.astype(np.float32) / 255

    painted = FILTERS[look](plain, face(photo), np.random.default_rng(0), no_progress)

    assert painted.shape == plain.shape
    assert painted.dtype == np.float32
    assert np.isfinite(painted).all()
    assert painted.min() >= 0
    assert painted.max() <= 1
    assert 0.01 < np.abs(painted - plain).mean() < 0.5


WORDS = [
    ("like a watercolor", "tranh màu nước", "watercolor"),
    ("an oil painting", "tranh sơn dầu", "oil"),
    ("pencil sketch", "vẽ bút chì", "pencil"),
    ("as a comic", "truyện tranh", "comic"),
    ("a cartoon", "phim hoạt hình", "cartoon"),
    ("anime", "hoạt hình nhật", "anime"),
    ("cyberpunk", "viễn tưởng", "neon"),
    ("low poly", "đa giác", "low-poly"),
    ("pixel art", "tranh pixel", "pixel-art"),
    ("vintage photo", "ảnh cũ hoài niệm", "vintage"),
    ("colored pencil", "bút chì màu", "colored-pencil"),
    ("impressionist", "trường phái ấn tượng", "impressionist"),
    ("ink wash", "tranh thuỷ mặc", "ink"),
]


@pytest.mark.parametrize(("english", "vietnamese", "look"), WORDS)
def test_both_languages_name_the_same_look(photo: Pixels, english: str, vietnamese: str, look: str) -> None:
    results = [variation(photo, words, imagination="vivid") for words in (english, vietnamese)]

    assert [result.details["look"] for result in results] == [look, look]
    assert np.array_equal(results[0].pixels, results[1].pixels)


def test_a_named_light_falls_on_the_painting_too(photo: Pixels) -> None:
    plain, evening = (variation(photo, words) for words in ("oil painting", "oil painting at sunset"))

    assert evening.details["light"] == "sunset"
    assert evening.pixels[..., 2].mean() < plain.pixels[..., 2].mean() - 5


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_picture(photo: Pixels) -> None:
    first, again, other = (variation(photo, imagination="vivid", seed=seed).pixels for seed in (4, 4, 5))

    assert first.tobytes() == again.tobytes()
    assert away(first, other) > 2


def test_wild_goes_further_than_subtle(photo: Pixels) -> None:
    subtle, wild = (
        np.mean([away(variation(photo, imagination=name, seed=seed).pixels, photo) for seed in range(4)]) for name in ("subtle", "wild")
    )

    assert wild > 1.5 * subtle
    assert subtle > 1


@pytest.mark.parametrize(("alias", "name"), [("moderate", "subtle"), ("creative", "vivid"), ("extreme", "wild")])
def test_the_other_names_of_imagination_mean_the_same(photo: Pixels, alias: str, name: str) -> None:
    assert np.array_equal(variation(photo, imagination=alias).pixels, variation(photo, imagination=name).pixels)


def test_an_unknown_imagination_lists_the_known_ones(photo: Pixels) -> None:
    with pytest.raises(ValueError, match="vivid"):
        variation(photo, imagination="boring")


@pytest.mark.parametrize(("ratio", "size"), [("1:1", (96, 96)), ("9:16", (96, 54)), ("21:9", (62, 144)), (None, (96, 144))])
def test_the_aspect_ratio_is_exact_and_the_size_stays_without_one(photo: Pixels, ratio: str | None, size: tuple[int, int]) -> None:
    assert variation(photo, aspect_ratio=ratio).pixels.shape[:2] == size


def test_a_narrow_crop_follows_the_subject(photo: Pixels) -> None:
    def at_the_left(picture: Pixels) -> npt.NDArray[np.float32]:
        mask = np.zeros(picture.shape[:2], np.float32)
        mask[:, :20] = 1
        return mask

    crop = reimagine(photo, aspect_ratio="9:16", subject=at_the_left).details["crop"]

    assert crop[0] < 30


@pytest.mark.parametrize("look", ["oil painting", "watercolor", "impressionist", "anime"])
def test_a_face_keeps_its_eyes(photo: Pixels, look: str) -> None:
    painted = variation(photo, look, imagination="vivid").pixels.astype(float).mean(2)

    eyes = min(painted[30:55, 45:75].min(), painted[30:55, 70:100].min())
    assert eyes < painted[60:70, 60:84].mean() - 60


def test_no_style_changes_no_byte(photo: Pixels, poster: Pixels) -> None:
    assert styled(photo, poster, style_strength=0).tobytes() == photo.tobytes()


def test_more_style_moves_the_picture_further(photo: Pixels, poster: Pixels) -> None:
    distances = [away(styled(photo, poster, style_strength=share), photo) for share in (0.25, 0.5, 0.75, 1.0)]

    assert distances == sorted(distances)
    assert distances[0] > 2
    assert distances[-1] > 2 * distances[0]


def test_more_structure_keeps_more_of_the_drawing(photo: Pixels, poster: Pixels) -> None:
    def likeness(structure: float) -> float:
        light = styled(photo, poster, style_strength=1.0, structure_strength=structure).astype(float).mean(2)
        own = photo.astype(float).mean(2)
        lines = [np.diff(grey, axis=1).ravel() for grey in (light, own)]
        return float(np.corrcoef(*lines)[0, 1])

    loose, half, tight = (likeness(structure) for structure in (0.0, 0.5, 1.0))

    assert loose < half < tight
    assert tight > loose + 0.1


def test_the_colours_come_from_the_reference(photo: Pixels, poster: Pixels) -> None:
    def chroma(picture: Pixels) -> npt.NDArray[np.float64]:
        mean = picture[..., :3].astype(float).mean((0, 1))
        return np.asarray(mean - mean.mean())

    result = chroma(styled(photo, poster, style_strength=1.0))

    assert np.linalg.norm(result - chroma(poster)) < 0.5 * np.linalg.norm(chroma(photo) - chroma(poster))


def test_a_portrait_keeps_more_of_the_face(photo: Pixels, poster: Pixels) -> None:
    inside = face(photo) > 0.5
    plain, portrait = (styled(photo, poster, is_portrait=wish, structure_strength=0.2) for wish in (False, True))

    assert away(portrait[inside][None], photo[inside][None]) < away(plain[inside][None], photo[inside][None])


def test_pop_portraits_are_more_colourful(photo: Pixels) -> None:
    wall = np.random.default_rng(0).integers(90, 170, (60, 60, 3)).astype(np.uint8)

    colour = [
        float(np.ptp(styled(photo, wall, is_portrait=True, portrait_style=name), axis=2).mean())
        for name in ("standard", "pop", "super_pop")
    ]

    assert colour == sorted(colour)
    assert colour[2] > colour[0]


def test_style_transfer_is_the_same_every_time(photo: Pixels, poster: Pixels) -> None:
    assert styled(photo, poster, seed=3).tobytes() == styled(photo, poster, seed=3).tobytes()


def test_alpha_survives_both(photo: Pixels, poster: Pixels) -> None:
    alpha = np.tile(np.arange(144, dtype=np.uint8), (96, 1))
    cutout = np.dstack([photo, alpha])

    assert np.array_equal(styled(cutout, poster)[..., 3], alpha)
    painted = variation(cutout, "oil painting").pixels
    assert painted.shape == cutout.shape
    assert np.array_equal(painted[..., 3], alpha)


def test_what_hides_under_clear_pixels_does_not_matter(photo: Pixels, poster: Pixels) -> None:
    shown = face(photo) > 0.5
    black, white = (np.where(shown[..., None], photo, np.uint8(hidden)) for hidden in (0, 255))
    alpha = (shown * 255).astype(np.uint8)

    for verb in (lambda cutout: variation(cutout, "watercolor").pixels, lambda cutout: styled(cutout, poster)):
        dark, light = (verb(np.dstack([picture, alpha])) for picture in (black, white))
        assert np.array_equal(dark[dark[..., 3] > 0], light[light[..., 3] > 0])


def test_a_coloured_dress_is_no_coloured_lamp(photo: Pixels) -> None:
    assert variation(photo, "an oil painting of a girl in a blue dress").details["light"] is None
    assert variation(photo, "an oil painting in blue light").details["light"] == "blue"
    assert variation(photo, "studio ghibli style").details == variation(photo, "anime").details


def test_a_named_look_wins_over_a_loose_word(photo: Pixels) -> None:
    assert variation(photo, "a painting in watercolor").details["look"] == "watercolor"
    assert variation(photo, "a nice painting").details["look"] == "oil"
    assert variation(photo, "bức tranh đẹp").details["look"] == "oil"


def test_without_a_subject_finder_both_say_so(photo: Pixels, poster: Pixels) -> None:
    assert reimagine(photo, subject=None).degraded is not None
    assert style_transfer(photo, reference=poster, subject=None).degraded is not None


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 1, 4), (16, 16, 3), (2, 400, 3), (400, 2, 4)])
def test_the_smallest_and_thinnest_pictures_work(shape: tuple[int, int, int], poster: Pixels) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)

    for name in FILTERS:
        assert variation(picture, name.replace("-", " "), imagination="wild").pixels.shape == shape
    assert styled(picture, poster).shape == shape
    assert styled(picture, picture).shape == shape
    assert styled(np.full(shape, 255, np.uint8), np.zeros((1, 1, 4), np.uint8)).shape == shape


def test_progress_grows_to_one(photo: Pixels, poster: Pixels) -> None:
    for verb in (reimagine, lambda *given, **named: style_transfer(*given, reference=poster, **named)):
        told: list[float] = []

        verb(photo, subject=face, progress=told.append)

        assert told == sorted(told)
        assert told[-1] == 1.0
