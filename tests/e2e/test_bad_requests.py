"""What is wrong gets the right status and a problem that says what to do; nothing is a 5xx, nothing stays PROCESSING."""

from __future__ import annotations

import socket
import uuid
from typing import Any

import pytest

from .support import Person, PictureServer, as_base64, assert_problem


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("text", [None, "", "   "])
def test_a_message_without_text_is_refused(person: Person, text: str | None) -> None:
    session = person.session()
    body: dict[str, Any] = {"user_id": person.user_id} | ({} if text is None else {"content": text})

    sent = person.http.post(f"/v1/chat/sessions/{session}/messages", json=body)

    assert assert_problem(sent, 422)["code"] == 4000


def test_a_message_to_an_unknown_session_is_not_found(person: Person) -> None:
    sent = person.http.post(f"/v1/chat/sessions/{uuid.uuid4().hex}/messages", json={"user_id": person.user_id, "content": "hello"})

    assert assert_problem(sent, 404)["code"] == 1004


def test_another_persons_session_is_not_found(person: Person) -> None:
    session = person.session()

    sent = person.http.post(f"/v1/chat/sessions/{session}/messages", json={"user_id": "somebody-else", "content": "hello"})

    assert_problem(sent, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/sessions/{wrong}",
        "/v1/chat/sessions/{session}/messages/{wrong}",
        "/v1/gallery/{wrong}/",
        "/v1/jobs/{wrong}",
        "/v1/features/upscale/status/{wrong}/",
        "/v1/files/{wrong}",
    ],
)
@pytest.mark.parametrize("wrong", ["not-an-id", "00000000000000000000000000000000", "%00", "a" * 300])
def test_a_wrong_id_is_not_found(person: Person, path: str, wrong: str) -> None:
    found = person.http.get(path.format(wrong=wrong, session=person.session()), params={"user_id": person.user_id})

    assert_problem(found, (400, 404, 422) if wrong == "%00" else 404)


@pytest.mark.parametrize(
    "path", ["/v1/chat/sessions", "/v1/features/upscale/", "/v1/features/adjust/", "/v1/prompt/refine/", "/v1/gallery/"]
)
@pytest.mark.parametrize("body", [b"{", b"not json", b"", b'{"user_id": "\xff"}'])
def test_a_body_that_is_no_json_is_malformed(person: Person, path: str, body: bytes) -> None:
    sent = person.http.post(path, content=body, headers={"content-type": "application/json"})

    assert assert_problem(sent, (400, 422))["code"] == 4000
    if body in (b"{", b"not json"):
        assert sent.status_code == 400


@pytest.mark.parametrize("body", [b"[]", b"null", b"3", b'"text"'])
def test_json_that_is_no_object_is_refused(person: Person, body: bytes) -> None:
    sent = person.http.post("/v1/features/upscale/", content=body, headers={"content-type": "application/json"})

    assert_problem(sent, (400, 422))


def test_another_body_type_is_unsupported(person: Person) -> None:
    sent = person.http.post("/v1/chat/sessions", content=b"user_id: me", headers={"content-type": "application/yaml"})

    assert_problem(sent, 415)


BAD_PICTURES: dict[str, Any] = {
    "text as base64": {"image_data": as_base64(b"this is no picture, it is a sentence")},
    "not base64": {"image_data": "%%% not base64 %%%"},
    "half a PNG": {"image_data": as_base64(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00")},
    "a page": {"image_url": "page.html"},
    "gone": {"image_url": "nothing-here.png"},
    "unreachable": {"image_url": "closed"},
    "no such host": {"image_url": "http://no-such-host.invalid/picture.png"},
    "a file": {"image_url": "file:///etc/passwd"},
    "link-local": {"image_url": "http://169.254.169.254/latest/meta-data"},
}


def _source(case: str, pictures: PictureServer) -> dict[str, Any]:
    given = dict(BAD_PICTURES[case])
    url = given.get("image_url")
    if url == "closed":
        given["image_url"] = f"http://127.0.0.1:{_closed_port()}/picture.png"
    elif url and "://" not in url:
        given["image_url"] = pictures.url(url)
    return given


@pytest.mark.parametrize("case", BAD_PICTURES)
def test_a_feature_refuses_a_bad_picture_at_once(person: Person, pictures: PictureServer, case: str) -> None:
    sent = person.feature("upscale", wait=0, **_source(case, pictures))

    body = assert_problem(sent, (400, 403, 404, 413, 415, 422))
    assert body["detail"]
    assert person.gallery() == []


@pytest.mark.parametrize("case", BAD_PICTURES)
def test_a_message_with_a_bad_picture_is_refused_or_ends_failed(person: Person, pictures: PictureServer, case: str) -> None:
    session = person.session()

    sent = person.http.post(
        f"/v1/chat/sessions/{session}/messages",
        json={"user_id": person.user_id, "content": "remove the background", **_source(case, pictures)},
    )

    if sent.status_code != 202:
        assert_problem(sent, (400, 403, 404, 413, 415, 422))
        return
    told = person.answer(session, sent.json()["result"]["message_id"])
    assert told["status"] == "FAILED", told
    assert "/problems/" in told["error"]["type"]
    assert told["error"]["detail"]
    assert 400 <= told["error"]["status"] < 500, told["error"]


def test_a_feature_without_its_picture_says_so(person: Person) -> None:
    assert_problem(person.feature("upscale"), 422, "needs-image")


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("upscale", {"scale_factor": 3}),
        ("upscale", {"scale_factor": "many"}),
        ("adjust", {"operations": []}),
        ("adjust", {"operations": [{"op": "dance"}]}),
        ("image-expand", {}),
        ("image-expand", {"left": -1}),
        ("relight", {"style": "disco", "prompt": "x"}),
    ],
)
def test_a_wrong_value_names_its_field(person: Person, pictures: PictureServer, name: str, params: dict[str, Any]) -> None:
    body = assert_problem(person.feature(name, image_url=pictures.url("picture.png"), **params), 422)

    assert body["code"] == 4000


def test_generating_nothing_is_refused(person: Person) -> None:
    for prompt in ("", " ", "x" * 2001, None):
        assert_problem(person.feature("image-generate", prompt=prompt), 422)


def test_an_edit_in_free_words_names_the_key_it_needs(person: Person, pictures: PictureServer) -> None:
    body = assert_problem(
        person.feature("edit", prompt="put a red hat on him", image_url=pictures.url("picture.png")), 422, "engine-missing"
    )

    assert "API_KEY" in body["detail"]


def test_nobody_named_is_refused(person: Person) -> None:
    assert_problem(person.http.post("/v1/chat/sessions", json={}), 422)
    assert_problem(person.http.get("/v1/gallery/"), 422)


def test_an_unknown_path_is_a_problem_too(person: Person) -> None:
    assert_problem(person.http.get("/v1/nothing/here"), 404)
    assert_problem(person.http.put("/v1/chat/sessions", json={}), 405)


def test_too_large_a_picture_is_refused(person: Person) -> None:
    assert_problem(person.feature("upscale", image_file=b"\x89PNG" + b"0" * (10 * 2**20 + 1)), 413)
