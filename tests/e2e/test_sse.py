"""A job's story as Server-Sent Events: whole, resumable, ended."""

from __future__ import annotations

import pytest

from .support import Person, events_of


@pytest.fixture
def finished(person: Person) -> tuple[Person, str, str]:
    session = person.session()
    told = person.ask(session, "Create a forest in the fog")
    assert told["status"] == "DONE", told
    return person, session, told["message_id"]


def test_a_listener_hears_the_story_to_its_end(person: Person) -> None:
    session = person.session()
    message = person.say(session, "Create a lighthouse at night")["message_id"]

    with events_of(person.http, f"/v1/chat/sessions/{session}/messages/{message}/events?user_id={person.user_id}") as stream:
        heard = list(stream)

    assert heard[-1]["event"] == "end"
    assert {"stage", "result", "end"} <= {one["event"] for one in heard}
    assert [one["id"] for one in heard] == sorted({one["id"] for one in heard})
    assert heard[-1]["data"]["status"] in ("DONE", "COMPLETED")


def test_a_late_listener_hears_everything(finished: tuple[Person, str, str]) -> None:
    person, session, message = finished

    with events_of(person.http, f"/v1/chat/sessions/{session}/messages/{message}/events?user_id={person.user_id}") as stream:
        by_message = list(stream)
    with events_of(person.http, f"/v1/jobs/{message}/events?user_id={person.user_id}") as stream:
        by_job = list(stream)

    assert by_message[-1]["event"] == by_job[-1]["event"] == "end"
    assert [one["event"] for one in by_message] == [one["event"] for one in by_job]


def test_a_listener_goes_on_where_it_stopped(finished: tuple[Person, str, str]) -> None:
    person, _, message = finished
    path = f"/v1/jobs/{message}/events?user_id={person.user_id}"
    with events_of(person.http, path) as stream:
        whole = [one["id"] for one in stream]
    middle = len(whole) // 2

    with events_of(person.http, path, last_id=whole[middle - 1]) as stream:
        rest = [one["id"] for one in stream]

    assert rest == whole[middle:]
