from __future__ import annotations

import asyncio
import base64
from contextlib import AsyncExitStack
from typing import Any

import pytest
from conversation_svc.main import create_app
from conversation_svc.settings import Settings
from photofun_common.bus import MemoryBus
from photofun_common.contracts.conversation import MessageReceived, SessionDeleted
from photofun_common.contracts.imaging import KeepQuestion
from photofun_common.contracts.values import Picture
from photofun_common.errors import NotFoundError
from photofun_common.identity import IDENTITY_HEADER, IdentityKeeper
from photofun_common.once import ONCE_HEADER
from photofun_common.testing.plugin import client_for, eventually

PIXEL = base64.b64encode(b"not really a picture, but bytes").decode()
KEY = "a" * 32 + ".png"


async def test_a_new_session_has_the_promised_shape(talk: Any) -> None:
    answer = await talk.client.post("/v1/chat/sessions/", json={"userId": "ann", "session_id": {"$ne": None}})

    assert answer.status_code == 201
    session = answer.json()["result"]
    assert session["user_id"] == "ann"
    assert session["messages"] == []
    assert {"session_id", "title", "created_at", "updated_at"} <= set(session)


async def test_a_session_needs_a_user(talk: Any) -> None:
    answer = await talk.client.post("/v1/chat/sessions", json={})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_message_is_accepted_and_told_once(talk: Any) -> None:
    await talk.start()

    answer = await talk.client.post(f"/v1/chat/sessions/{talk.sid}/messages/", json={"user_id": "ann", "prompt": "a sunset"})

    result = answer.json()["result"]
    assert answer.status_code == 202
    assert result["status"] == "PROCESSING"
    assert result["message_id"] == result["task_id"] == result["assistant_message"]["message_id"]
    assert result["user_message"]["content"] == "a sunset"
    [told] = talk.bus.of(MessageReceived)
    assert told.text == "a sunset"
    assert told.job_id == result["message_id"]
    polled = await talk.poll(told.job_id)
    assert polled["status"] == "PROCESSING"
    assert [line["stage"] for line in polled["timeline"]] == ["accepted"]


async def test_a_session_takes_its_title_from_the_first_message(talk: Any) -> None:
    await talk.start()

    await talk.say("Create a sunset over mountains " + "and more " * 20)
    await talk.say("second")

    session = (await talk.client.get(f"/v1/chat/sessions/{talk.sid}")).json()["result"]
    assert session["title"].startswith("Create a sunset over mountains")
    assert len(session["title"]) <= 60


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"content": ""}, 422),
        ({"content": "   "}, 422),
        ({}, 422),
        ({"content": "x" * 4001}, 422),
        ({"content": 5}, 422),
        ({"content": "x", "mode": "later"}, 422),
        ({"content": "x", "image_data": ""}, 422),
        ({"content": "x", "image_data": "!!!"}, 422),
        ({"content": "x", "image_data": "data:image/png,abc"}, 422),
        ({"content": "x", "image_url": "h" * 3000}, 422),
        ({"content": "x", "selected_messages": ["a"] * 9}, 422),
        ({"content": "x", "selected_messages": ["nothere"]}, 422),
        ({"content": "x", "feature_params": {"$where": 1}}, 422),
        ({"content": "x", "feature_params": {"a": "b" * 20000}}, 422),
    ],
)
async def test_a_wrong_message_is_refused(talk: Any, body: dict[str, Any], status: int) -> None:
    await talk.start()

    answer = await talk.client.post(f"/v1/chat/sessions/{talk.sid}/messages", json={"user_id": "ann", **body})

    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == 4000
    assert talk.bus.published == []


async def test_a_body_that_is_no_json_is_400_and_another_type_415(talk: Any) -> None:
    await talk.start()
    path = f"/v1/chat/sessions/{talk.sid}/messages"

    broken = await talk.client.post(path, content=b"{", headers={"content-type": "application/json"})
    text = await talk.client.post(path, content=b"hi", headers={"content-type": "text/plain"})

    assert (broken.status_code, text.status_code) == (400, 415)


async def test_anothers_session_does_not_exist(talk: Any) -> None:
    await talk.start()
    mid = await talk.say("a sunset")
    base = f"/v1/chat/sessions/{talk.sid}"

    answers = [
        await talk.client.post(f"{base}/messages", json={"user_id": "bob", "content": "x"}),
        await talk.client.get(f"{base}?user_id=bob"),
        await talk.client.get(f"{base}/messages?user_id=bob"),
        await talk.client.get(f"{base}/messages/{mid}?user_id=bob"),
        await talk.client.get(f"{base}/messages/{mid}/events?user_id=bob"),
        await talk.client.patch(base, json={"user_id": "bob", "title": "mine"}),
        await talk.client.delete(f"{base}?user_id=bob"),
        await talk.client.delete(f"{base}/messages/{mid}?user_id=bob"),
        await talk.client.post(f"{base}/messages/{mid}/cancel", json={"user_id": "bob"}),
        await talk.client.post(f"{base}/messages/{mid}/retry?userId=bob"),
        await talk.client.post(f"{base}/messages/{mid}/approve?user_id=bob"),
        await talk.client.get("/v1/chat/sessions/unknown"),
        await talk.client.post("/v1/chat/sessions/unknown/messages", json={"user_id": "ann", "content": "x"}),
        await talk.client.get(f"{base}/messages/unknown"),
    ]

    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert (await talk.poll(mid))["status"] == "PROCESSING"


async def test_an_uploaded_file_is_parked_and_rides_as_a_reference(talk: Any) -> None:
    await talk.start()

    answer = await talk.client.post(
        f"/v1/chat/sessions/{talk.sid}/messages",
        data={"user_id": "ann", "message": "remove the background", "additional_images": '["https://x.test/b.png"]', "refine": "false"},
        files={"image_file": ("a.png", b"picture bytes", "image/png")},
    )

    assert answer.status_code == 202, answer.text
    [told] = talk.bus.of(MessageReceived)
    assert talk.bus.parked[told.picture.upload] == b"picture bytes"
    assert told.reference.url == "https://x.test/b.png"
    assert told.refine is False


async def test_an_empty_file_is_refused(talk: Any) -> None:
    await talk.start()

    answer = await talk.client.post(
        f"/v1/chat/sessions/{talk.sid}/messages",
        data={"user_id": "ann", "content": "cut"},
        files={"image_file": ("a.png", b"", "image/png")},
    )

    assert answer.status_code == 422


async def test_base64_and_urls_ride_along_and_own_urls_become_keys(talk: Any) -> None:
    await talk.start()

    await talk.say("edit", image_data="data:image/png;base64," + PIXEL)
    await talk.say("edit", image_url="https://elsewhere.test/a.png")
    await talk.say("edit", image_url=f"http://other-gateway.test/api/v1/files/{KEY}")

    data, url, own = (told.picture for told in talk.bus.of(MessageReceived))
    assert talk.bus.parked[data.upload] == base64.b64decode(PIXEL)
    assert url.url == "https://elsewhere.test/a.png"
    assert own.key == KEY


async def test_sessions_come_newest_first_page_by_page(talk: Any) -> None:
    ids = [await talk.start() for _ in range(5)]
    await talk.start("bob")
    seen: list[str] = []
    cursor = ""

    while True:
        page = (await talk.client.get(f"/v1/chat/sessions?user_id=ann&limit=2&cursor={cursor}")).json()
        seen += [session["session_id"] for session in page["result"]]
        cursor = page["meta"]["next_cursor"]
        if cursor is None:
            break

    assert seen == ids[::-1]
    assert (await talk.client.get("/v1/chat/sessions?user_id=ann&cursor=%25%25")).status_code == 422
    assert (await talk.client.get("/v1/chat/sessions?user_id=ann&limit=0")).status_code == 422
    assert (await talk.client.get("/v1/chat/sessions")).status_code == 422


async def test_history_pages_are_oldest_first_and_meet_without_gap(talk: Any) -> None:
    await talk.start()
    for index in range(4):
        await talk.say(f"message {index}")
    url = f"/v1/chat/sessions/{talk.sid}/messages?limit=3"

    pages = [(await talk.client.get(url)).json()]
    while cursor := pages[-1]["meta"]["next_cursor"]:
        pages.append((await talk.client.get(f"{url}&before={cursor}")).json())

    lines = [(message["role"], message["content"]) for page in reversed(pages) for message in page["result"]]
    assert [content for role, content in lines if role == "user"] == [f"message {index}" for index in range(4)]
    assert len(lines) == 8
    assert [len(page["result"]) for page in pages] == [3, 3, 2]


async def test_a_session_can_be_renamed(talk: Any) -> None:
    await talk.start()

    answer = await talk.client.patch(f"/v1/chat/sessions/{talk.sid}", json={"user_id": "ann", "title": "Trip"})
    empty = await talk.client.patch(f"/v1/chat/sessions/{talk.sid}", json={"title": " "})

    assert answer.json()["result"]["title"] == "Trip"
    assert empty.status_code == 422


async def test_deleting_a_session_cancels_its_jobs_and_tells(talk: Any) -> None:
    await talk.start()
    mid = await talk.say("a sunset")

    answer = await talk.client.delete(f"/v1/chat/sessions/{talk.sid}?images=trash")
    again = await talk.client.delete(f"/v1/chat/sessions/{talk.sid}")
    wrong = await talk.client.delete(f"/v1/chat/sessions/{talk.sid}?images=burn")

    assert (answer.status_code, again.status_code, wrong.status_code) == (200, 404, 422)
    [told] = talk.bus.of(SessionDeleted)
    assert (told.images, told.job_ids) == ("trash", [mid])
    assert (await talk.client.get(f"/v1/chat/sessions/{talk.sid}/messages/{mid}")).status_code == 404
    assert (await talk.context.doors.jobs.get(mid)).status == "CANCELED"


async def test_a_deleted_session_is_told_later_when_the_bus_is_away(talk: Any) -> None:
    await talk.start()
    mid = await talk.say("a sunset")
    talk.bus.is_connected = False

    answer = await talk.client.delete(f"/v1/chat/sessions/{talk.sid}")

    assert answer.status_code == 200
    assert (await talk.client.get(f"/v1/chat/sessions/{talk.sid}/messages/{mid}")).status_code == 404
    talk.bus.is_connected = True
    await talk.context.store._sessions.update_many({}, {"$currentDate": {"bury_due": True}})
    assert await eventually(lambda: _told(talk, SessionDeleted), seconds=5)


async def _told(talk: Any, fact: Any) -> Any:
    return talk.bus.of(fact)


async def test_a_message_is_accepted_while_the_bus_is_away_and_relayed_later(talk: Any) -> None:
    await talk.start()
    talk.bus.is_connected = False

    mid = await talk.say("a sunset")

    assert talk.bus.of(MessageReceived) == []
    assert (await talk.poll(mid))["progress"] == 0
    talk.bus.is_connected = True
    await talk.context.store._turns.update_many({}, {"$currentDate": {"outbox_due": True}})
    assert await eventually(lambda: _told(talk, MessageReceived), seconds=5)
    assert (await talk.context.doors.jobs.get(mid)).status == "CREATED"


async def test_too_many_unfinished_messages_are_429(talk: Any) -> None:
    await talk.start()
    for index in range(5):
        await talk.say(f"message {index}")

    answer = await talk.client.post(f"/v1/chat/sessions/{talk.sid}/messages", json={"user_id": "ann", "content": "one more"})

    assert answer.status_code == 429
    assert answer.json()["slug"] == "too-many-jobs"
    assert int(answer.headers["retry-after"]) > 0


async def test_cancel_ends_the_message_and_its_job(talk: Any) -> None:
    await talk.start()
    mid = await talk.say("a sunset")
    other = await talk.say("a moon")

    answer = await talk.call(mid, "cancel")
    again = await talk.call(mid, "cancel", {"user_id": "ann"})

    assert answer.json()["result"]["status"] == again.json()["result"]["status"] == "CANCELED"
    record = await talk.context.doors.jobs.get(mid)
    assert (record.status, record.events[-1].event) == ("CANCELED", "end")
    assert (await talk.poll(other))["status"] == "PROCESSING"


async def test_a_message_can_be_deleted_either_side(talk: Any) -> None:
    await talk.start()
    answer = await talk.client.post(f"/v1/chat/sessions/{talk.sid}/messages", json={"user_id": "ann", "content": "secret"})
    user_mid, mid = answer.json()["result"]["user_message"]["message_id"], answer.json()["result"]["message_id"]
    base = f"/v1/chat/sessions/{talk.sid}/messages"

    assert (await talk.client.get(f"{base}/{user_mid}")).json()["result"]["content"] == "secret"
    assert (await talk.client.delete(f"{base}/{user_mid}")).status_code == 200
    assert (await talk.client.get(f"{base}/{user_mid}")).status_code == 404
    assert (await talk.client.delete(f"{base}/{mid}")).status_code == 200
    assert (await talk.client.delete(f"{base}/{mid}")).status_code == 404

    assert (await talk.client.get(base)).json()["result"] == []
    assert (await talk.context.doors.jobs.get(mid)).status == "CANCELED"


async def test_a_message_whose_words_were_deleted_cannot_run_again(talk: Any) -> None:
    await talk.start()
    answer = await talk.client.post(f"/v1/chat/sessions/{talk.sid}/messages", json={"user_id": "ann", "content": "secret"})
    user_mid, mid = answer.json()["result"]["user_message"]["message_id"], answer.json()["result"]["message_id"]
    await talk.call(mid, "cancel")
    await talk.client.delete(f"/v1/chat/sessions/{talk.sid}/messages/{user_mid}")

    answer = await talk.call(mid, "retry")

    assert (answer.status_code, answer.json()["slug"]) == (409, "not-retryable")


async def test_events_are_told_from_the_beginning_or_after_the_last_one_heard(talk: Any) -> None:
    await talk.start()
    mid = await talk.say("a sunset")
    await talk.call(mid, "cancel")
    url = f"/v1/chat/sessions/{talk.sid}/messages/{mid}/events"

    whole = await talk.client.get(url)
    rest = await talk.client.get(url, headers={"Last-Event-ID": "1"})

    assert whole.headers["content-type"].startswith("text/event-stream")
    assert whole.headers["x-accel-buffering"] == "no"
    assert "id: 1\nevent: stage" in whole.text
    assert "event: end" in rest.text
    assert "id: 1\n" not in rest.text


async def test_health_names_its_parts(talk: Any) -> None:
    ready = await talk.client.get("/readyz")

    assert ready.json()["parts"] == {"documents": "up", "nats": "up"}


async def test_in_required_mode_the_token_says_whose_it_is_and_urls_are_signed(settings: Settings) -> None:
    secrets = {"internal_secret": "inner", "files_secret": "files", "auth_mode": "required"}
    strict = Settings(mongo_uri=settings.mongo_uri, log_level="ERROR", _env_file=None, **secrets)
    keeper, bus = IdentityKeeper("inner", is_open=False), MemoryBus()
    ann = {IDENTITY_HEADER: keeper.sign("ann", audience="conversation-svc")}
    bob = {IDENTITY_HEADER: keeper.sign("bob", audience="conversation-svc")}

    async with client_for(create_app(strict, bus)) as client:
        nobody = await client.post("/v1/chat/sessions", json={"user_id": "ann"})
        other = await client.post("/v1/chat/sessions", json={"user_id": "ann"}, headers=bob)
        mine = await client.post("/v1/chat/sessions", json={}, headers=ann)
        path = f"/v1/chat/sessions/{mine.json()['result']['session_id']}"
        theirs = await client.get(path, headers=bob)
        await client.post(path + "/messages", json={"content": "edit", "image_url": f"http://localhost:9999/v1/files/{KEY}"}, headers=ann)

    assert [answer.status_code for answer in (nobody, other, mine, theirs)] == [401, 403, 201, 404]
    [told] = bus.of(MessageReceived)
    assert told.picture.key is None, "an unsigned URL opens nobody's file"


async def test_a_form_may_name_one_selected_message(talk: Any) -> None:
    await talk.start()
    first = await talk.say("a sunset")

    answer = await talk.client.post(
        f"/v1/chat/sessions/{talk.sid}/messages", data={"userId": "ann", "message": "again", "selected_messages": first}
    )

    assert answer.status_code == 202, answer.text


async def test_a_message_whose_answer_was_lost_is_found_when_it_is_sent_again(talk: Any) -> None:
    await talk.start()
    path, body = f"/v1/chat/sessions/{talk.sid}/messages", {"user_id": "ann", "content": "a sunset"}

    first, again, other = [
        (await talk.client.post(path, json=body, headers={"x-photofun-once": once})).json()["result"] for once in ("one", "one", "two")
    ]

    assert first["message_id"] == again["message_id"] != other["message_id"]
    told = (await talk.client.get(path, params={"user_id": "ann"})).json()["result"]
    assert sum(message["role"] == "user" for message in told) == 2


async def test_messages_sent_at_once_get_numbers_of_their_own_in_one_session(talk: Any) -> None:
    await talk.start()

    ids = await asyncio.gather(*(talk.say(f"message {number}") for number in range(5)))

    turns = await talk.context.store.turns(talk.sid, limit=10)
    assert sorted(turn.message_id for turn in turns) == sorted(ids)
    assert len({turn.seq for turn in turns}) == 5
    await talk.context.doors.conversations.steering.cancel(ids[0], talk.sid, None)
    again = await talk.call(ids[0], "retry")
    assert again.status_code == 202
    [tried] = [turn for turn in await talk.context.store.turns(talk.sid, limit=10) if turn.message_id == ids[0]]
    assert tried.rank > max(turn.seq for turn in turns)


async def test_the_same_call_sent_twice_at_once_is_one_message(talk: Any) -> None:
    await talk.start()
    path = f"/v1/chat/sessions/{talk.sid}/messages"

    answers = await asyncio.gather(
        *(talk.client.post(path, json={"user_id": "ann", "content": "once"}, headers={ONCE_HEADER: "call-1"}) for _ in range(4))
    )

    assert {answer.status_code for answer in answers} == {202}
    [mid] = {answer.json()["result"]["message_id"] for answer in answers}
    assert [turn.message_id for turn in await talk.context.store.turns(talk.sid, limit=10)] == [mid]
    assert len(talk.bus.of(MessageReceived)) == 1


async def test_a_session_deleted_while_a_message_arrives_takes_it_along(talk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await talk.start()
    store = talk.context.store
    write = store.add_turn

    async def late(turn: Any, due: Any) -> Any:
        await talk.client.delete(f"/v1/chat/sessions/{talk.sid}")
        return await write(turn, due)

    monkeypatch.setattr(store, "add_turn", late)

    mid = await talk.say("too late")

    assert await store.turns(talk.sid, limit=10) == []
    assert (await talk.context.doors.jobs.get(mid)).status == "CANCELED"


async def test_every_call_that_makes_something_finds_it_when_it_is_made_again(talk: Any) -> None:
    async def post(path: str, once: str, **body: Any) -> Any:
        return await talk.client.post(f"/v1/chat/sessions{path}", json={"user_id": "ann", **body}, headers={ONCE_HEADER: once})

    first, again = [(await post("", "s")).json()["result"]["session_id"] for _ in range(2)]
    talk.sid = first
    mid = (await post(f"/{first}/messages", "m", content="hello")).json()["result"]["message_id"]
    await talk.call(mid, "cancel")
    retried = [(await post(f"/{first}/messages/{mid}/retry", "r")).json()["result"] for _ in range(2)]
    other = await post(f"/{first}/messages/{mid}/retry", "r2")

    assert first == again
    assert [(one["status"], one["attempt"]) for one in retried] == [("PROCESSING", 2)] * 2
    assert other.status_code == 409


async def test_a_call_made_again_after_its_answer_was_deleted_makes_nothing_new(talk: Any) -> None:
    await talk.start()
    path = f"/v1/chat/sessions/{talk.sid}/messages"

    async def send() -> Any:
        return await talk.client.post(path, json={"user_id": "ann", "content": "hello"}, headers={ONCE_HEADER: "m"})

    mid = (await send()).json()["result"]["message_id"]
    await talk.client.delete(f"{path}/{mid}")
    again = await send()

    assert (again.status_code, again.json()["result"]["message_id"], again.json()["result"]["status"]) == (202, mid, "CANCELED")
    assert len(await talk.context.store.turns(talk.sid, limit=10)) == 1


# --- start again from a picture


def _keeps(bus: MemoryBus, *, away: bool = False) -> list[KeepQuestion]:
    """imaging-svc's look-alike: keeps every picture, and these are what it was asked to."""
    asked: list[KeepQuestion] = []

    async def keep(raw: bytes) -> Picture:
        question = KeepQuestion.model_validate_json(raw)
        asked.append(question)
        if away:
            raise NotFoundError("There is no such file", slug="file-not-found")
        key = question.picture.key or f"{'c' * 40}.png"
        return Picture(image_id="kept", key=key, width=64, height=48, content_type="image/png")

    bus.rpc["rpc.imaging.keep"] = keep
    return asked


async def test_a_session_starts_from_any_picture_and_the_first_message_edits_it(client: Any, bus: MemoryBus) -> None:
    asked = _keeps(bus)
    url = f"http://studio.test/v1/files/{'a' * 40}.png"

    made = await client.post("/v1/chat/sessions", json={"user_id": "ann", "image_url": url})
    session = made.json()["result"]
    await client.post(f"/v1/chat/sessions/{session['session_id']}/messages", json={"user_id": "ann", "content": "make it grey"})

    told = bus.of(MessageReceived)[0]
    assert made.status_code == 201 and session["image_url"] == url and asked[0].picture.key == f"{'a' * 40}.png"
    assert (told.picture.key, told.pictures[0].width, told.pictures[0].current) == (f"{'a' * 40}.png", 64, True)


async def test_a_picture_from_elsewhere_is_kept_first(client: Any, bus: MemoryBus) -> None:
    asked = _keeps(bus)

    session = (await client.post("/v1/chat/sessions", json={"user_id": "ann", "image_url": "https://a.example/b.jpg"})).json()["result"]

    assert asked[0].picture.url == "https://a.example/b.jpg" and asked[0].cause == session["session_id"]
    assert session["image_url"].endswith(f"{'c' * 40}.png")


async def test_a_session_from_a_picture_that_is_gone_is_refused(client: Any, bus: MemoryBus) -> None:
    _keeps(bus, away=True)

    gone = await client.post("/v1/chat/sessions", json={"user_id": "ann", "image_url": f"http://studio.test/v1/files/{'a' * 40}.png"})
    listed = (await client.get("/v1/chat/sessions", params={"user_id": "ann"})).json()["result"]

    assert gone.status_code == 404 and gone.json()["slug"] == "file-not-found" and listed == []


async def test_more_than_can_be_done_soon_is_refused(settings: Settings, bus: MemoryBus) -> None:
    app = create_app(settings.model_copy(update={"conversation_max_backlog": 2, "conversation_relay_seconds": 3600}), bus)
    async with client_for(app) as client:
        sids = [(await client.post("/v1/chat/sessions", json={"user_id": user})).json()["result"]["session_id"] for user in "abc"]
        answers = [
            await client.post(f"/v1/chat/sessions/{sid}/messages", json={"user_id": user, "content": "a sunset"})
            for user, sid in zip("abc", sids, strict=True)
        ]
        for session in sids[:2]:
            await client.delete(f"/v1/chat/sessions/{session}", params={"user_id": "a" if session == sids[0] else "b"})
        await app.state.context.conversations.tending.relay()
        later = await client.post(f"/v1/chat/sessions/{sids[2]}/messages", json={"user_id": "c", "content": "a sunset"})

    assert [answer.status_code for answer in answers] == [202, 202, 503]
    assert (answers[2].json()["slug"], answers[2].headers["retry-after"]) == ("overloaded", "3")
    assert later.status_code == 202


async def test_more_than_can_be_taken_at_once_is_refused_at_the_door(talk: Any) -> None:
    room = talk.context.conversations.room
    async with AsyncExitStack() as held:
        for _ in range(4):
            await held.enter_async_context(room.turn())
        line = [asyncio.create_task(talk.client.post("/v1/chat/sessions", json={"user_id": "ann"})) for _ in range(25)]
        done, waiting = await asyncio.wait(line, return_when=asyncio.FIRST_COMPLETED)

        assert {answer.result().status_code for answer in done} == {503}
        assert all(answer.result().headers["retry-after"] for answer in done)
    assert {(await answer).status_code for answer in waiting} <= {201, 503}
    assert (await talk.client.post("/v1/chat/sessions", json={"user_id": "ann"})).status_code == 201
