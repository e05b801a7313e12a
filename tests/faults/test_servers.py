"""The fault matrix: NATS or the document server is killed, frozen, or gone for half a minute."""

from __future__ import annotations

import time

import pytest

from .bench import Bench, until

GONE_SECONDS = 30.0


@pytest.mark.parametrize("name", ["nats", "documents"])
def test_killed_while_messages_are_worked_on(bench: Bench, name: str) -> None:
    person = bench.person()
    session = person.session()
    messages = [person.say(session) for _ in range(3)]

    bench.kill(name)

    assert {person.answer(session, message)["status"] for message in messages} == {"DONE"}
    person.rows(3)


@pytest.mark.parametrize("name", ["nats", "documents"])
def test_frozen_for_20_seconds(bench: Bench, name: str) -> None:
    person = bench.person()
    session = person.session()
    messages = [person.say(session) for _ in range(3)]
    with bench.frozen(name):
        started = time.monotonic()
        sent = person.http.post(f"/v1/chat/sessions/{session}/messages", json={"user_id": person.name, "content": "hello"})
        spent = time.monotonic() - started
        time.sleep(20 - spent)

    assert sent.status_code in (202, 503), sent.text
    assert spent < 8
    assert {person.answer(session, message)["status"] for message in messages} == {"DONE"}
    person.rows(3)


def test_the_broker_gone_for_half_a_minute_words_are_taken_and_answered_when_it_is_back(bench: Bench) -> None:
    person = bench.person()
    session = person.session()
    before = person.say(session)
    with bench.gone("nats"):
        time.sleep(1)
        started = time.monotonic()
        sent = person.http.post(f"/v1/chat/sessions/{session}/messages", json={"user_id": person.name, "content": "create a calm sea"})
        picture = person.post_message(session, "make it brighter")
        spent = time.monotonic() - started
        time.sleep(GONE_SECONDS - 1 - spent)

    assert sent.status_code == 202, sent.text
    assert picture.status_code == 503, picture.text  # an upload has nowhere to go
    assert spent < 8
    assert person.answer(session, before)["status"] == "DONE"
    assert person.answer(session, sent.json()["result"]["message_id"])["status"] == "DONE"
    person.rows(2)


def test_the_document_store_gone_for_half_a_minute_accepted_work_goes_on_when_it_is_back(bench: Bench) -> None:
    person = bench.person()
    session = person.session()
    bench.provider.fake.polls = 6
    message = person.say(session, "upscale it")
    time.sleep(0.3)
    with bench.gone("documents"):
        time.sleep(1)
        started = time.monotonic()
        refused = person.post_message(session, "make it brighter")
        spent = time.monotonic() - started
        person.rows(1)  # the gallery goes its own way
        time.sleep(max(0.0, GONE_SECONDS - 5))

    assert refused.status_code == 503, refused.text
    assert "retry-after" in refused.headers
    assert spent < 3
    assert person.answer(session, message)["status"] == "DONE"
    again = until(lambda: person.post_message(session, "make it brighter"), lambda answer: answer.status_code == 202, seconds=10)
    assert person.answer(session, again.json()["result"]["message_id"])["status"] == "DONE"
    person.rows(2)
