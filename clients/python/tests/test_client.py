"""Does the client say and hear what the document says?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from photofun_client import AsyncPhotoFun, PhotoFun, ProblemError

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text())
METHODS = ("get", "post", "put", "patch", "delete")


class Studio:
    """Remembers what was asked and answers what a test says."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        return self._answers.pop(0)


def _client(studio: Studio, **more: Any) -> PhotoFun:
    client = PhotoFun("http://studio", **more)
    client.http.close()
    client.http = httpx.Client(base_url="http://studio", transport=httpx.MockTransport(studio), headers=client.http.headers)
    return client


def _ok(result: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json={"code": 1000, "message": "Success", "result": result})


def test_the_modules_are_what_the_document_says(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "photofun_tools.client"], check=True, env={**os.environ, "CLIENT_DIR": str(tmp_path)})

    for name in ("calls.py", "types.py"):
        assert (tmp_path / name).read_text() == (ROOT / "clients/python/src/photofun_client" / name).read_text(), "run `make openapi`"


def test_every_call_of_the_document_is_a_method_of_both() -> None:
    names = {told["operationId"] for item in DOCUMENT["paths"].values() for method, told in item.items() if method in METHODS}

    assert all(callable(getattr(PhotoFun, name)) and callable(getattr(AsyncPhotoFun, name)) for name in names)


def test_fields_go_as_json_and_what_is_left_out_is_not_said() -> None:
    studio = Studio(_ok({"session_id": "s"}, 201))

    made = _client(studio, user_id="ana", token="pf_x").create_session(title="Boats", idempotency_key="k1")

    assert made["session_id"] == "s"
    assert json.loads(studio.asked[0].content) == {"user_id": "ana", "title": "Boats"}
    assert studio.asked[0].headers["authorization"] == "Bearer pf_x"
    assert studio.asked[0].headers["idempotency-key"] == "k1"


def test_a_file_makes_it_a_form() -> None:
    studio = Studio(_ok({"task_id": "t"}, 202))

    _client(studio, user_id="ana").create_adjust(operations=[{"op": "grayscale"}], image_file=b"pixels", wait=5)

    body = studio.asked[0].content
    assert studio.asked[0].url.params["wait"] == "5"
    assert b'name="image_file"' in body
    assert b"pixels" in body
    assert b'[{"op": "grayscale"}]' in body


def test_ids_are_quoted_into_the_path() -> None:
    studio = Studio(_ok({}))

    _client(studio).get_image("a/../b?c")

    assert studio.asked[0].url.raw_path.startswith(b"/v1/gallery/a%2F..%2Fb%3Fc")


@pytest.mark.parametrize(
    ("body", "slug"),
    [({"slug": "needs-image", "detail": "Send a picture"}, "needs-image"), ({"error": {"code": "x-y", "message": "m"}}, "x-y")],
)
def test_a_failure_is_raised_as_the_problem_it_is(body: dict[str, Any], slug: str) -> None:
    with pytest.raises(ProblemError) as caught:
        _client(Studio(httpx.Response(422, json=body))).list_jobs()

    assert (caught.value.status, caught.value.slug) == (422, slug)


def test_events_come_one_by_one_and_go_on_after_the_last() -> None:
    text = b': listening\n\nid: 4\nevent: progress\ndata: {"progress": 0.5}\n\nid: 5\nevent: end\ndata: {"progress": 1}\n\n'
    studio = Studio(httpx.Response(200, content=text, headers={"content-type": "text/event-stream"}))

    events = list(_client(studio).job_events("j", last_event_id="3"))

    assert [(event.id, event.name, event.data["progress"]) for event in events] == [("4", "progress", 0.5), ("5", "end", 1)]
    assert studio.asked[0].headers["last-event-id"] == "3"


async def test_the_asyncio_client_waits_for_a_message_to_end() -> None:
    answers = [
        {"role": "assistant", "status": "PROCESSING"},
        {"role": "assistant", "status": "FAILED", "error": {"status": 422, "slug": "needs-image"}},
    ]
    studio = Studio(*(_ok(answer) for answer in answers))
    async with AsyncPhotoFun("http://studio", user_id="ana") as client:
        await client.http.aclose()
        client.http = httpx.AsyncClient(base_url="http://studio", transport=httpx.MockTransport(studio))

        with pytest.raises(ProblemError) as caught:
            await client.wait_for_message("s", "m")

    assert caught.value.slug == "needs-image"
    assert len(studio.asked) == 2
