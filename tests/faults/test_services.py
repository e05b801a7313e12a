"""The fault matrix: a service is killed, frozen, cut off or told to stop.  What was accepted ends, once."""

from __future__ import annotations

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.chaos.studio import SERVICES

from .bench import FINAL, Bench, grey, until

BACK_SECONDS = 5.0


def test_gateway_killed_while_a_message_is_accepted_the_same_key_finds_it(bench: Bench) -> None:
    person = bench.person()
    session, key = person.session(), str(uuid.uuid4())
    with ThreadPoolExecutor(1) as other:
        with bench.frozen("conversation-svc"):
            first = other.submit(lambda: person.post_message(session, "make it black and white", key=key))
            time.sleep(0.4)
            bench.kill("gateway")
        with pytest.raises(httpx.TransportError):
            first.result()

    again = until(
        lambda: person.post_message(session, "make it black and white", key=key), lambda answer: answer.status_code == 202, seconds=20
    )

    told = person.answer(session, again.json()["result"]["message_id"])
    assert told["status"] == "DONE"
    assert sum(line["role"] == "user" for line in person.messages(session)) == 1
    person.rows(1)


def test_gateway_frozen_the_client_times_out_and_the_same_key_is_safe(bench: Bench) -> None:
    person = bench.person()
    session, key = person.session(), str(uuid.uuid4())

    with bench.frozen("gateway"), pytest.raises(httpx.TimeoutException):
        person.post_message(session, "make it black and white", key=key, seconds=2)

    again = until(lambda: person.post_message(session, "make it black and white", key=key), lambda answer: answer.status_code == 202)
    assert person.answer(session, again.json()["result"]["message_id"])["status"] == "DONE"
    assert sum(line["role"] == "user" for line in person.messages(session)) == 1
    person.rows(1)


def test_gateway_killed_a_stream_goes_on_where_it_was(bench: Bench) -> None:
    person = bench.person()
    bench.provider.fake.polls = 8
    job = person.generate(f"a lake {uuid.uuid4().hex}")
    path, seen = f"/v1/jobs/{job}/events", []
    with pytest.raises(httpx.TransportError), bench.http.stream("GET", path, params={"user_id": person.name}) as stream:
        for line in stream.iter_lines():
            if line.startswith("id:"):
                seen.append(int(line[3:]))
                bench.kill("gateway")

    last, kinds = seen[-1], []

    def rest() -> bool:
        headers = {"Last-Event-ID": str(last)}
        with bench.http.stream("GET", path, params={"user_id": person.name}, headers=headers) as stream:
            for line in stream.iter_lines():
                if line.startswith("id:"):
                    seen.append(int(line[3:]))
                if line.startswith("event:"):
                    kinds.append(line[6:].strip())
            return stream.status_code == 200

    until(rest, bool, seconds=20)
    assert seen == list(range(seen[0], seen[0] + len(seen)))
    assert kinds[-1] == "end"


@pytest.mark.parametrize("name", SERVICES)
def test_a_killed_service_answers_again_soon(bench: Bench, name: str) -> None:
    person = bench.person()
    old = bench.process(name).pid
    bench.kill(name)
    killed = time.monotonic()

    until(lambda: bench.studio.process(name), lambda found: found is not None and found.pid != old, seconds=20, every=0.02)
    bench.wait_until_well()

    assert time.monotonic() - killed < BACK_SECONDS * 3  # a whole health check; the machine may be busy
    session = person.session()
    assert person.answer(session, person.say(session))["status"] == "DONE"


def test_conversation_killed_after_the_message_was_written_before_it_was_told(bench: Bench) -> None:
    person = bench.person()
    session = person.session()
    with bench.cut("conversation-svc>nats"):
        time.sleep(0.5)
        sent = person.http.post(f"/v1/chat/sessions/{session}/messages", json={"user_id": person.name, "content": "create a calm sea"})
        assert sent.status_code == 202, sent.text
        bench.kill("conversation-svc")

    assert person.answer(session, sent.json()["result"]["message_id"])["status"] == "DONE"
    person.rows(1)


def test_conversation_gone_calls_are_refused_at_once_the_rest_works_and_the_job_ends(bench: Bench) -> None:
    person = bench.person()
    session = person.session()
    bench.provider.fake.polls = 6
    message = person.say(session, "upscale it")
    time.sleep(0.5)

    with bench.cut("gateway>conversation-svc", "conversation-svc>nats"):
        started = time.monotonic()
        refused = person.post_message(session, "again")
        spent = time.monotonic() - started
        assert refused.status_code in (502, 503), refused.text
        assert spent < 2
        person.rows(1)
        assert person.http.get("/v1/features").status_code == 200
        time.sleep(4)

    assert person.answer(session, message)["status"] == "DONE"


@pytest.mark.parametrize("how", ["kill", "freeze"])
def test_prompt_lost_while_a_message_is_planned(bench: Bench, how: str) -> None:
    person = bench.person()
    session = person.session()
    with bench.frozen("prompt-svc"):
        message = person.say(session)
        if how == "kill":
            bench.kill("prompt-svc")
        else:
            time.sleep(12)

    told = person.answer(session, message)

    assert told["status"] == "DONE", told
    assert len(told["plan"]) == 1
    person.rows(1)


def test_gallery_frozen_chat_goes_on_and_the_picture_is_filed_later(bench: Bench) -> None:
    person = bench.person()
    session = person.session()
    with bench.frozen("gallery-svc"):
        message = person.say(session)
        assert person.answer(session, message)["status"] == "DONE"
        time.sleep(3)

    person.rows(1)


def test_gallery_killed_while_it_files(bench: Bench) -> None:
    person = bench.person()
    session = person.session()
    messages = [person.say(session) for _ in range(4)]
    for _ in range(2):
        bench.kill("gallery-svc")
        time.sleep(0.8)

    assert {person.answer(session, message)["status"] for message in messages} == {"DONE"}
    person.rows(4)


def test_gallery_gone_for_the_gateway_only_its_calls_fail(bench: Bench) -> None:
    person = bench.person()
    session = person.session()

    with bench.cut("gateway>gallery-svc"):
        started = time.monotonic()
        answers = {person.http.get("/v1/gallery/", params={"user_id": person.name}).status_code for _ in range(8)}
        spent = time.monotonic() - started
        told = person.answer(session, person.say(session))

    assert answers <= {502, 503}
    assert spent < 8
    assert told["status"] == "DONE"
    assert until(person.gallery, bool, seconds=10)


@pytest.mark.parametrize("name", SERVICES[1:])
def test_a_service_cut_off_from_the_bus_for_a_while(bench: Bench, name: str) -> None:
    person = bench.person()
    session = person.session()
    message = person.say(session)
    bench.silence(f"{name}>nats", 8)
    other = person.session()
    sent = until(lambda: person.post_message(other, "make it black and white"), lambda answer: answer.status_code == 202, seconds=30)

    assert person.answer(session, message)["status"] == "DONE"
    assert person.answer(other, sent.json()["result"]["message_id"])["status"] == "DONE"
    person.rows(2)


@pytest.mark.parametrize("name", SERVICES)
def test_told_to_stop_under_load_a_service_exits_in_time_and_loses_nothing(bench: Bench, name: str) -> None:
    person = bench.person()
    session = person.session()
    accepted = [person.say(session) for _ in range(3)]
    process = bench.process(name)
    started = time.monotonic()

    process.terminate()
    jobs = []
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < started + 20:
        try:
            made = person.http.post("/v1/features/adjust", **grey(person.name))
        except httpx.TransportError:
            assert name == "gateway"
            continue
        if made.status_code == 202:
            jobs.append(made.json()["result"]["task_id"])
        else:
            assert made.status_code in (429, 502, 503), made.text
        time.sleep(0.1)
    spent = time.monotonic() - started

    assert spent < 15
    bench.wait_until_well()
    assert {person.answer(session, message)["status"] for message in accepted} == {"DONE"}
    assert {person.ended(job)["status"] for job in jobs} <= {"COMPLETED"}
    person.rows(len(accepted) + len(jobs))


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.3, 1.2])
def test_canceled_at_any_stage_it_stays_canceled(bench: Bench, pause: float) -> None:
    person = bench.person()
    session = person.session()
    bench.provider.fake.polls = 6
    message = person.say(session, "upscale it")
    time.sleep(pause)

    canceled = person.http.post(f"/v1/chat/sessions/{session}/messages/{message}/cancel", json={"user_id": person.name})
    charges = bench.provider.charges
    time.sleep(4)

    assert canceled.json()["result"]["status"] == "CANCELED"
    assert person.message(session, message)["status"] == "CANCELED"
    assert person.job(message)["status"] == "CANCELED"
    assert bench.provider.charges <= charges + (pause < 1)
    assert person.gallery() == []


@pytest.mark.parametrize("pause", [0.0, 0.3, 1.2])
def test_a_session_deleted_at_any_stage_does_not_come_back(bench: Bench, pause: float) -> None:
    person = bench.person()
    session = person.session()
    bench.provider.fake.polls = 6
    message = person.say(session, "upscale it")
    time.sleep(pause)

    gone = person.http.delete(f"/v1/chat/sessions/{session}", params={"user_id": person.name, "images": "trash"})
    time.sleep(4)

    assert gone.status_code == 200
    assert person.message(session, message)["status"] == "HTTP 404"
    assert person.job(message)["status"] in ("CANCELED", "HTTP 404")
    assert person.gallery() == []


def test_prompt_gone_for_good_the_message_fails_at_its_deadline(bench: Bench) -> None:
    person = bench.person()
    session = person.session()
    with bench.cut("prompt-svc>nats"):
        time.sleep(0.5)
        message = person.say(session)
        told = until(lambda: person.message(session, message), lambda told: told["status"] in FINAL, seconds=60 + 30)

    assert told["status"] == "FAILED"
    assert json.dumps(told["error"]).count("deadline-exceeded")
    assert until(lambda: person.job(message), lambda job: job["status"] in FINAL)["status"] == "FAILED"
