"""Who may do what?  Every call of the API document has a row here; a new route without one fails.

Each row is tried by nobody, by another person, with a token of yesterday, in another's name, and with a key that may only read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import httpx
import pytest

from .conftest import Studio
from .guarded import ADMIN_KEY, READ_KEY, Guarded, guarded_gateway, token
from .support import ROOT, as_base64, assert_problem, picture, poll

DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text())
METHODS = ("get", "post", "put", "patch", "delete")
Kind = Literal["public", "anyone", "mine", "own"]

# public: nobody needs to sign in; anyone: whoever is signed in; mine: acts for `user_id`; own: another's thing is not found
ROWS: dict[str, Kind] = {
    "GET /health": "public", "GET /livez": "public", "GET /readyz": "public", "GET /openapi.json": "public",
    "GET /v1/features": "public", "GET /v1/files/{key}": "public", "POST /v1/webhooks/freepik": "public",
    "GET /v1/engines": "anyone", "GET /v1/models": "anyone", "GET /v1/models/{name}": "anyone",
    "POST /v1/prompt/refine": "anyone", "POST /v1/prompt/suggest": "mine", "POST /v1/rec-prompt/suggest": "mine",
    "POST /v1/rec-prompt/choose": "mine", "POST /v1/images/generations": "anyone", "POST /v1/images/edits": "anyone",
    "POST /v1/images/variations": "anyone",
    "GET /v1/chat/sessions": "mine", "POST /v1/chat/sessions": "mine", "GET /v1/chat/sessions/{session_id}": "own",
    "PATCH /v1/chat/sessions/{session_id}": "own", "DELETE /v1/chat/sessions/{session_id}": "own",
    "POST /v1/chat/sessions/{session_id}/messages": "own", "GET /v1/chat/sessions/{session_id}/messages": "own",
    "GET /v1/chat/sessions/{session_id}/messages/{message_id}": "own", "DELETE /v1/chat/sessions/{session_id}/messages/{message_id}": "own",
    "POST /v1/chat/sessions/{session_id}/messages/{message_id}/cancel": "own",
    "POST /v1/chat/sessions/{session_id}/messages/{message_id}/retry": "own",
    "POST /v1/chat/sessions/{session_id}/messages/{message_id}/approve": "own",
    "GET /v1/chat/sessions/{session_id}/messages/{message_id}/events": "own",
    "POST /v1/features/adjust": "mine", "POST /v1/features/edit": "mine", "POST /v1/features/image-expand": "mine",
    "POST /v1/features/image-generate": "mine", "POST /v1/features/reimagine": "mine", "POST /v1/features/relight": "mine",
    "POST /v1/features/remove-background": "mine", "POST /v1/features/style-transfer": "mine", "POST /v1/features/upscale": "mine",
    "GET /v1/features/{slug}/status/{task_id}": "own", "POST /v1/features/{slug}/cancel/{task_id}": "own",
    "POST /v1/image/generate": "mine", "POST /v1/files": "mine", "POST /v1/file/uploads": "mine",
    "GET /v1/jobs": "mine", "GET /v1/jobs/{job_id}": "own", "POST /v1/jobs/{job_id}/cancel": "own", "GET /v1/jobs/{job_id}/events": "own",
    "GET /v1/gallery": "mine", "POST /v1/gallery": "mine", "POST /v1/gallery/bulk": "mine", "GET /v1/gallery/deleted": "mine",
    "GET /v1/gallery/export": "mine", "GET /v1/gallery/facets": "mine", "POST /v1/gallery/import": "mine",
    "GET /v1/gallery/{image_id}": "own", "PATCH /v1/gallery/{image_id}": "own", "DELETE /v1/gallery/{image_id}": "own",
    "GET /v1/gallery/{image_id}/history": "own", "DELETE /v1/gallery/{image_id}/permanent": "own",
    "POST /v1/gallery/{image_id}/restore": "own", "GET /v1/gallery/{image_id}/recipe": "own",
    "GET /v1/gallery/albums": "mine", "POST /v1/gallery/albums": "mine", "GET /v1/gallery/albums/{album_id}": "own",
    "PATCH /v1/gallery/albums/{album_id}": "own", "DELETE /v1/gallery/albums/{album_id}": "own",
    "POST /v1/gallery/albums/{album_id}/images": "own",
    "GET /v1/gallery/recipes": "mine", "POST /v1/gallery/recipes": "mine", "GET /v1/gallery/recipes/{recipe_id}": "own",
    "PATCH /v1/gallery/recipes/{recipe_id}": "own", "DELETE /v1/gallery/recipes/{recipe_id}": "own",
    "POST /v1/gallery/recipes/{recipe_id}/run": "own", "GET /v1/gallery/runs": "mine", "GET /v1/gallery/runs/{run_id}": "own",
    "POST /v1/gallery/runs/{run_id}/cancel": "own",
    "DELETE /v1/users/{user_id}": "mine", "GET /v1/users/{user_id}/erasure": "mine",
}  # fmt: skip
SIGNED = sorted(line for line, kind in ROWS.items() if kind != "public")
NAMED = sorted(line for line, kind in ROWS.items() if kind in ("mine", "own"))
OWNED = sorted(line for line, kind in ROWS.items() if kind == "own")
WRITES = sorted(line for line in SIGNED if not line.startswith("GET "))


def _operations() -> dict[str, dict[str, Any]]:
    return {f"{verb.upper()} {path}": told for path, item in DOCUMENT["paths"].items() for verb, told in item.items() if verb in METHODS}


OPERATIONS = _operations()


def test_every_call_of_the_document_has_a_row() -> None:
    assert set(ROWS) == set(OPERATIONS)
    for line, told in OPERATIONS.items():
        assert (told["security"] == [{}]) == (ROWS[line] == "public"), line


@dataclass(frozen=True)
class Alice:
    """What Alice has: an id for every parameter of a path."""

    ids: dict[str, str]

    def call(self, line: str) -> tuple[str, str, dict[str, Any]]:
        """Method, path and arguments of a right call about her things."""
        method, path = line.split(" ")
        told = OPERATIONS[line]
        path = re.sub(r"{(\w+)}", lambda found: self.ids[found.group(1)], path)
        content = told.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            body = {name: value for name, value in dict(content["application/json"]["example"]).items() if name != "user_id"}
            return method, path, {"json": body}
        if "multipart/form-data" in content:
            schema = content["multipart/form-data"]["schema"]["properties"]
            files = {name: ("a.png", picture(), "image/png") for name, one in schema.items() if _is_file(one)}
            return method, path, {"files": dict(list(files.items())[:1]), "data": {"prompt": "grayscale"} if "prompt" in schema else {}}
        return method, path, {}


def _is_file(schema: dict[str, Any]) -> bool:
    return schema.get("format") == "binary" or schema.get("items", {}).get("format") == "binary"


@pytest.fixture(scope="module")
def door(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded_gateway(studio, tmp_path_factory.mktemp("guarded")) as found:
        yield found


@pytest.fixture(scope="module")
def alice(door: Guarded) -> Alice:
    bearer = token("alice")

    def post(path: str, **more: Any) -> dict[str, Any]:
        answer = door.ask("POST", path, bearer=bearer, **more)
        assert answer.status_code in (200, 201, 202), answer.text
        return dict(answer.json()["result"])

    session = post("/v1/chat/sessions", json={})["session_id"]
    message = post(f"/v1/chat/sessions/{session}/messages", json={"content": "hello"})["message_id"]
    body = {"image_data": as_base64(picture()), "operations": [{"op": "grayscale"}]}
    task = post("/v1/features/adjust?wait=30", json=body)
    assert task["status"] == "COMPLETED", task
    image = task["images"][0]["image_id"]
    poll(lambda: door.ask("GET", f"/v1/gallery/{image}", bearer=bearer), until=lambda answer: answer.status_code == 200, seconds=20)
    ids = {
        "user_id": "alice",
        "session_id": session,
        "message_id": message,
        "slug": "adjust",
        "task_id": task["task_id"],
        "job_id": task["task_id"],
        "image_id": image,
        "name": "photofun-1",
        "album_id": post("/v1/gallery/albums", json={"title": "hers", "ids": [image]})["album_id"],
    }
    recipe = post("/v1/gallery/recipes", json={"title": "grey", "image_id": image})
    run = post(f"/v1/gallery/recipes/{recipe['recipe_id']}/run", json={"ids": [image]})
    return Alice({**ids, "recipe_id": recipe["recipe_id"], "run_id": run["run_id"]})


@pytest.mark.parametrize("line", SIGNED)
def test_nobody_is_sent_to_sign_in(door: Guarded, alice: Alice, line: str) -> None:
    method, path, sent = alice.call(line)

    answer = door.ask(method, path, **sent)

    _refused(answer, 401, line)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("line", SIGNED)
def test_yesterdays_token_is_worth_nothing(door: Guarded, alice: Alice, line: str) -> None:
    method, path, sent = alice.call(line)

    _refused(door.ask(method, path, bearer=token("alice", age=90_000), **sent), 401, line)


@pytest.mark.parametrize("line", OWNED)
@pytest.mark.parametrize("who", ["bob", "admin"])
def test_anothers_things_are_not_found(door: Guarded, alice: Alice, line: str, who: str) -> None:
    """Not even with a key that may do all: it may do all of its own user's."""
    method, path, sent = alice.call(line)

    _refused(door.ask(method, path, bearer=token("bob") if who == "bob" else ADMIN_KEY, **sent), 404, line)


@pytest.mark.parametrize("line", NAMED)
def test_nobody_acts_in_anothers_name(door: Guarded, alice: Alice, line: str) -> None:
    method, path, sent = alice.call(line)
    if "json" in sent and "user_id" in OPERATIONS[line]["requestBody"]["content"]["application/json"]["schema"]["properties"]:
        sent = {"json": {**sent["json"], "user_id": "alice"}}
    elif "files" in sent:
        sent = {**sent, "data": {**sent["data"], "user_id": "alice"}}
    else:
        sent = {**sent, "params": {"user_id": "alice"}}

    answer = door.ask(method, path, bearer=token("bob"), **sent)

    _refused(answer, (403, 404) if ROWS[line] == "own" else 403, line)


@pytest.mark.parametrize("line", WRITES)
def test_a_key_that_may_read_changes_nothing(door: Guarded, alice: Alice, line: str) -> None:
    method, path, sent = alice.call(line)

    _refused(door.ask(method, path, bearer=READ_KEY, **sent), 403, line)


@pytest.mark.parametrize("prefix", ["/api", ""])
@pytest.mark.parametrize("suffix", ["/", ""])
def test_every_alias_is_guarded_as_well(door: Guarded, alice: Alice, prefix: str, suffix: str) -> None:
    path = f"{prefix}/v1/gallery/{alice.ids['image_id']}{suffix}"

    assert door.ask("GET", path, bearer=token("alice")).status_code == 200
    assert door.ask("GET", path, bearer=token("bob")).status_code == 404
    assert door.ask("GET", path).status_code == 401


def test_alice_still_has_everything(door: Guarded, alice: Alice) -> None:
    for line in OWNED:
        if line.startswith("GET ") and "events" not in line:
            method, path, _ = alice.call(line)
            assert door.ask(method, path, bearer=token("alice")).status_code == 200, line


def _refused(answer: httpx.Response, status: int | tuple[int, ...], line: str) -> None:
    wanted = status if isinstance(status, tuple) else (status,)
    assert answer.status_code in wanted, f"{line}: {answer.status_code} {answer.text[:300]}"
    if "/v1/images/" in line or "/v1/models" in line:
        assert answer.json()["error"]["message"]
    else:
        assert_problem(answer, wanted)
