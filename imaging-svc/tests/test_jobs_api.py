"""Jobs over HTTP: read, list, watch, cancel."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest


async def made(client: httpx.AsyncClient, photo: str, user_id: str, *, wait: int = 30) -> str:
    body = {"user_id": user_id, "image_data": photo, "operations": [{"op": "sepia"}]}
    answer = await client.post(f"/v1/features/adjust?wait={wait}", json=body)
    return str(answer.json()["result"]["task_id"])


def read_stream(text: str) -> list[dict[str, Any]]:
    """The events of a stream."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append({"id": int(lines["id"]), "event": lines["event"], "data": json.loads(lines["data"])})
    return found


async def test_a_job_tells_its_story(client: httpx.AsyncClient, photo_base64: str) -> None:
    job_id = await made(client, photo_base64, "ann")

    job = (await client.get(f"/v1/jobs/{job_id}/?wait=1")).json()["result"]

    assert (job["status"], job["kind"], job["progress"], job["provider"]) == ("COMPLETED", "feature", 1.0, "local")
    assert [line["stage"] for line in job["timeline"]] == ["accepted", "adjust-started", "adjust-done", "completed"]
    assert job["plan"][0]["image_url"] == job["image_url"] == job["images"][0]["image_url"]


async def test_the_stream_starts_at_the_start_and_resumes_where_it_was(client: httpx.AsyncClient, photo_base64: str) -> None:
    job_id = await made(client, photo_base64, "ann", wait=0)

    whole = await client.get(f"/v1/jobs/{job_id}/events")
    events = read_stream(whole.text)
    again = read_stream((await client.get(f"/v1/jobs/{job_id}/events")).text)
    rest = read_stream((await client.get(f"/v1/jobs/{job_id}/events/", headers={"last-event-id": "2"})).text)
    queried = read_stream((await client.get(f"/v1/jobs/{job_id}/events?last_event_id={events[-2]['id']}")).text)
    nothing = read_stream((await client.get(f"/v1/jobs/{job_id}/events", headers={"last-event-id": "1000000000"})).text)

    assert whole.headers["content-type"].startswith("text/event-stream")
    assert whole.headers["cache-control"] == "no-store"
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["data"]["event"]["stage"] == "accepted"
    assert (events[-1]["event"], events[-1]["data"]["status"]) == ("end", "COMPLETED")
    assert [event["id"] for event in again] == [event["id"] for event in events]
    assert [event["id"] for event in rest] == [event["id"] for event in events[2:]]
    assert [event["event"] for event in queried] == ["end"]
    assert nothing == []


@pytest.mark.parametrize("mark", ["x", "-1", "1.5", "9" * 40, "٣"])
async def test_a_mark_we_never_sent_is_400(mark: str, client: httpx.AsyncClient, photo_base64: str) -> None:
    job_id = await made(client, photo_base64, "ann")

    assert (await client.get(f"/v1/jobs/{job_id}/events", params={"last_event_id": mark})).status_code == 400


async def test_a_person_sees_their_own_jobs_page_by_page(client: httpx.AsyncClient, photo_base64: str) -> None:
    user_id = f"pages-{uuid4().hex}"
    jobs = [await made(client, photo_base64, user_id) for _ in range(5)]
    await made(client, photo_base64, "other")

    pages, cursor = [], None
    while True:
        query = {"user_id": user_id, "limit": "2", **({"cursor": cursor} if cursor else {})}
        body = (await client.get("/v1/jobs/", params=query)).json()
        pages.append([job["job_id"] for job in body["result"]])
        assert body["meta"]["count"] == len(body["result"])
        cursor = body["meta"]["next_cursor"]
        if cursor is None:
            break

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [job for page in pages for job in page] == jobs[::-1]
    done = (await client.get("/v1/jobs", params={"user_id": user_id, "status": "COMPLETED"})).json()["result"]
    failed = (await client.get("/v1/jobs", params={"user_id": user_id, "status": "FAILED"})).json()["result"]
    assert (len(done), failed) == (5, [])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "user_id=",
        f"user_id={'a' * 129}",
        "user_id=%00",
        "user_id=a&limit=0",
        "user_id=a&limit=101",
        "user_id=a&limit=x",
        "user_id=a&status=DONE",
        "user_id=a&cursor=é",
        "user_id=a&cursor=x",
    ],
)
async def test_odd_lists_are_422(query: str, client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/v1/jobs?{query}")).status_code == 422


async def test_another_persons_job_is_404(client: httpx.AsyncClient, photo_base64: str) -> None:
    job_id = await made(client, photo_base64, "ann")

    for path in (f"/v1/jobs/{job_id}", f"/v1/jobs/{job_id}/events"):
        assert (await client.get(f"{path}?user_id=ann")).status_code == 200
        assert (await client.get(f"{path}?user_id=eve")).status_code == 404
    assert (await client.post(f"/v1/jobs/{job_id}/cancel?user_id=eve")).status_code == 404
    strange, unknown = await client.get(f"/v1/jobs/{job_id}?user_id=eve"), await client.get(f"/v1/jobs/{'0' * 32}?user_id=eve")
    assert {**strange.json(), "instance": ""} == {**unknown.json(), "instance": ""}


@pytest.mark.parametrize("job_id", ["0" * 32, "x" * 65, "a.b", "a*", "a>", "%20", "é", "..%2fx"])
async def test_an_unknown_job_is_404(job_id: str, client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/v1/jobs/{job_id}")).status_code == 404
    assert (await client.get(f"/v1/jobs/{job_id}/events")).status_code == 404
    assert (await client.post(f"/v1/jobs/{job_id}/cancel")).status_code == 404


async def test_cancel_ends_exactly_this_job(client: httpx.AsyncClient, photo_base64: str) -> None:
    body = {"user_id": "ann", "prompt": "a lake", "size": "2048x2048", "num_images": 4, "refine": False}
    first, second = [
        (await client.post("/v1/features/image-generate", json={**body, "size": size})).json()["result"]["task_id"]
        for size in ("2048x2048", "64x64")
    ]

    canceled = (await client.post(f"/v1/jobs/{first}/cancel/")).json()["result"]
    other = (await client.get(f"/v1/jobs/{second}?wait=30")).json()["result"]

    assert canceled["status"] == "CANCELED"
    assert other["status"] == "COMPLETED"
    assert read_stream((await client.get(f"/v1/jobs/{first}/events")).text)[-1]["data"]["status"] == "CANCELED"
    finished = await client.post(f"/v1/jobs/{second}/cancel")
    assert (finished.status_code, finished.json()["result"]["status"]) == (200, "COMPLETED")
