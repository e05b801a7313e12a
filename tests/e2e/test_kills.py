"""Whatever is killed between the question and the answer: the message ends DONE, with exactly one picture."""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest

from .conftest import Studio
from .support import Person, is_grey, picture, poll

SERVICES = ["gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc"]
RESTART_SECONDS = 2.0


def _kill(studio: Studio, name: str) -> tuple[int, float]:
    pid = studio.pid(name)
    os.kill(pid, signal.SIGKILL)
    return pid, time.time()


def _assert_comes_back(studio: Studio, name: str, old: int, killed_at: float) -> None:
    new = poll(lambda: studio.pid(name), until=lambda pid: pid != old and psutil.pid_exists(pid), seconds=15)
    started_at = psutil.Process(new).create_time()
    assert started_at - killed_at < RESTART_SECONDS, f"{name} was started again after {started_at - killed_at:.1f} s"
    command = studio.processes[name]["cmd"]
    poll(psutil.Process(new).cmdline, until=lambda found: found == command, seconds=5)


@pytest.mark.parametrize("pause", [0.0, 0.15])
@pytest.mark.parametrize("name", SERVICES)
def test_a_killed_service_costs_no_message_and_no_picture(studio: Studio, person: Person, name: str, pause: float) -> None:
    session = person.session()
    message = person.say(session, "make it black and white", image_file=picture(320, 240, kind="JPEG"))["message_id"]
    time.sleep(pause)  # the kill falls into another stage of the work

    old, killed_at = _kill(studio, name)

    told = person.answer(session, message, seconds=90)
    assert told["status"] == "DONE", told
    assert is_grey(person_load(person, told["image_url"]))
    _assert_comes_back(studio, name, old, killed_at)
    rows = poll(lambda: rows_of(person), until=lambda found: len(found) >= 1, seconds=30)
    assert [row["image_url"] for row in rows] == [told["image_url"]]
    again = person.ask(session, "make it brighter")
    assert again["status"] == "DONE", again
    rows = poll(lambda: rows_of(person), until=lambda found: len(found) >= 2, seconds=30)
    assert len(rows) == 2


@pytest.mark.parametrize("name", ["nats", "documents"])
def test_a_killed_server_costs_no_message_either(studio: Studio, person: Person, name: str) -> None:
    session = person.session()
    message = person.say(session, "make it black and white", image_file=picture(320, 240, kind="JPEG"))["message_id"]

    old, killed_at = _kill(studio, name)

    told = person.answer(session, message, seconds=90)
    assert told["status"] == "DONE", told
    _assert_comes_back(studio, name, old, killed_at)
    rows = poll(lambda: rows_of(person), until=lambda found: len(found) >= 1, seconds=30)
    assert len(rows) == 1


def person_load(person: Person, url: str):  # type: ignore[no-untyped-def]
    """The picture, once its service answers again."""
    return poll(lambda: _try_load(person, url), until=lambda image: image is not None, seconds=20)


def _try_load(person: Person, url: str):  # type: ignore[no-untyped-def]
    try:
        return person.load(url)
    except AssertionError:
        return None


def rows_of(person: Person) -> list[dict[str, object]]:
    """The gallery, empty while its service is being started again."""
    try:
        return person.gallery()
    except AssertionError:
        return []
