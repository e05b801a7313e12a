"""Every feature, called directly, with the picture as URL, base64 or file."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from .support import FINAL_FEATURE, Person, PictureServer, as_base64, assert_problem, is_grey, picture, poll

CASES: list[tuple[str, dict[str, Any]]] = [
    ("remove-background", {}),
    ("upscale", {"scale_factor": 2}),
    ("adjust", {"operations": [{"op": "grayscale"}]}),
    ("reimagine", {"imagination": "subtle"}),
    ("relight", {"prompt": "warm evening light from the left"}),
    ("image-expand", {"left": 32, "right": 32}),
]


def ended(person: Person, name: str, task: str) -> dict[str, Any]:
    """The feature's status once it is final."""
    return poll(
        lambda: person.http.get(f"/v1/features/{name}/status/{task}/").json()["result"],
        until=lambda told: told["status"] in FINAL_FEATURE,
    )


@pytest.mark.parametrize(("name", "params"), CASES, ids=[name for name, _ in CASES])
@pytest.mark.parametrize("way", ["url", "base64", "file"])
def test_a_feature_takes_its_picture_in_three_ways(
    person: Person, pictures: PictureServer, name: str, params: dict[str, Any], way: str
) -> None:
    source: dict[str, Any] = {
        "url": {"image_url": pictures.url("picture.png")},
        "base64": {"image_data": as_base64(picture())},
        "file": {"image_file": picture()},
    }[way]

    made = person.feature(name, **params, **source)

    assert made.status_code == 200, made.text
    result = made.json()["result"]
    assert made.json()["code"] == 1000
    if name == "remove-background":
        assert result["input_source"] == way
    image = person.load(result["image_url"])
    expected = {"upscale": (192, 128), "image-expand": (160, 64)}.get(name, image.size)
    assert image.size == expected
    if name == "adjust":
        assert is_grey(image)
    told = person.http.get(f"/v1/features/{name}/status/{result['task_id']}/").json()["result"]
    assert told["status"] == "COMPLETED"
    assert told["image_url"] == result["image_url"]
    rows = person.gallery_of(1)
    assert [row["image_url"] for row in rows] == [result["image_url"]]


def test_a_style_transfer_takes_a_reference(person: Person, pictures: PictureServer) -> None:
    made = person.feature(
        "style-transfer", image_url=pictures.url("picture.png"), reference_image_data=as_base64(picture(64, 64, colour=(20, 90, 220)))
    )

    assert made.status_code == 200, made.text
    assert person.load(made.json()["result"]["image_url"]).size == (96, 64)


@pytest.mark.parametrize("name", ["image-generate", "image-generation"])
def test_generating_answers_at_once_and_the_status_tells_the_end(person: Person, name: str) -> None:
    made = person.http.post(
        f"/api/v1/features/{name}", json={"user_id": person.user_id, "prompt": "a calm sea at night", "aspect_ratio": "4:3", "seed": 7}
    )

    assert made.status_code == 202, made.text
    result = made.json()["result"]
    assert (result["status"], result["image_url"], result["aspect_ratio"]) == ("CREATED", None, "4:3")
    told = ended(person, name, result["task_id"])
    assert told["status"] == "COMPLETED", told
    assert told["provider"] == "local"
    image = person.load(told["image_url"])
    assert abs(image.width / image.height - 4 / 3) < 0.02
    assert len(person.gallery_of(1)) == 1


def test_four_pictures_are_four_rows_and_stay_four_when_polled(person: Person) -> None:
    made = person.feature("image-generate", prompt="abstract waves", num_images=4)

    assert made.status_code in (200, 202), made.text
    task = made.json()["result"]["task_id"]
    told = ended(person, "image-generate", task)
    assert len(told["images"]) == 4, told
    rows = person.gallery_of(4)
    assert len({row["image_url"] for row in rows}) == 4
    for _ in range(3):
        person.http.get(f"/v1/features/image-generate/status/{task}/")
    assert len(person.gallery()) == 4


@pytest.mark.parametrize("name", ["image-generate", "upscale", "adjust", "remove-background"])
def test_an_unknown_task_is_not_found(person: Person, name: str) -> None:
    assert_problem(person.http.get(f"/v1/features/{name}/status/{uuid.uuid4().hex}/"), 404)


def test_the_features_are_listed_with_their_schemas(person: Person) -> None:
    found = person.http.get("/v1/features").json()["result"]

    names = {one["name"] for one in found}
    assert {"image-generate", "remove-background", "upscale", "adjust", "relight", "reimagine", "image-expand", "style-transfer"} <= names


def test_the_old_generate_call_still_works(person: Person) -> None:
    made = person.http.post("/v1/image/generate/", json={"user_id": person.user_id, "refined_prompt": "a city at dawn", "size": "512x512"})

    assert made.status_code == 202, made.text
    task = made.json()["result"]["task_id"]
    told = ended(person, "image-generate", task)
    assert told["status"] == "COMPLETED", told


def test_an_upload_can_be_edited_by_its_url(person: Person) -> None:
    sent = person.http.post("/v1/files/", data={"user_id": person.user_id}, files={"file": ("one.png", picture(), "image/png")})

    assert sent.status_code == 201, sent.text
    url = sent.json()["result"]["url"]
    made = person.feature("adjust", image_url=url, operations=[{"op": "rotate", "degrees": 90}])
    assert made.status_code == 200, made.text
    assert person.load(made.json()["result"]["image_url"]).size == (64, 96)


def test_a_stored_picture_has_an_etag_and_a_thumbnail(person: Person) -> None:
    made = person.feature("adjust", image_data=as_base64(picture()), operations=[{"op": "sepia"}]).json()["result"]

    whole = person.http.get(made["image_url"])
    again = person.http.get(made["image_url"], headers={"If-None-Match": whole.headers["etag"]})
    small = person.http.get(made["image_url"], params={"w": 32})

    assert again.status_code == 304
    assert small.headers["content-type"] == "image/webp"


def test_refine_and_suggest_answer(person: Person) -> None:
    refined = person.http.post("/v1/prompt/refine/", json={"user_id": person.user_id, "prompt": "a cat on a roof"}).json()["result"]
    suggested = person.http.post("/v1/rec-prompt/suggest/", json={"user_id": person.user_id, "query": "sunset"}).json()["result"]

    assert refined["intent"] == "image_generation"
    assert "cat" in refined["refined_prompt"]
    assert isinstance(suggested["results"], list)


def test_the_gateway_tells_the_health_of_all(person: Person) -> None:
    told = person.http.get("/health/").json()

    assert (told["status"], told["service"]) == ("healthy", "gateway")
    document = person.http.get("/openapi.json").json()
    assert any("messages" in path for path in document["paths"])
    assert any("gallery" in path for path in document["paths"])
    assert person.http.get("/swagger/").status_code == 200
    assert person.http.get("/redoc/").status_code == 200
