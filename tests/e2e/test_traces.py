"""One chat message is one trace over all five services."""

from __future__ import annotations

import uuid

from photofun_common.testing.collector import CollectedSpan, Collector

from .conftest import Studio
from .support import Person, picture, poll

ALL = {"gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc"}


def test_a_message_is_one_trace_over_all_five_services(studio: Studio, person: Person, collector: Collector) -> None:
    trace, caller = uuid.uuid4().hex, uuid.uuid4().hex[:16]
    session = person.session()
    person.http.headers["traceparent"] = f"00-{trace}-{caller}-01"
    try:
        sent = person.say(session, "make it black and white, then upscale it", image_file=picture(320, 240, kind="JPEG"))
    finally:
        del person.http.headers["traceparent"]
    told = person.answer(session, sent["message_id"])
    assert told["status"] == "DONE", told.get("error")
    person.gallery_of(2)

    spans = poll(lambda: collector.trace(trace), until=_is_whole, seconds=20)

    by_id = {one.id: one for one in spans}
    [root] = [one for one in spans if one.parent not in by_id]
    assert root.parent == caller, "the client's own span is the root's parent"
    assert (root.service, root.name, root.kind) == ("gateway", "POST /v1/chat", "server")
    assert all(_path(one, by_id)[-1] is root for one in spans)
    gallery = next(one for one in spans if one.service == "gallery-svc" and one.kind == "consumer")
    ways = [one.service for one in reversed(_path(gallery, by_id))]
    assert list(dict.fromkeys(ways)) == ["gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc"]
    assert all(one.ended >= one.started for one in spans)
    assert not [one for one in spans if one.is_error]
    assert not [one for one in spans if "black and white" in str(one)], "no text of a person in a span"


def _is_whole(spans: list[CollectedSpan]) -> bool:
    told = [one for one in spans if one.kind == "consumer"]
    finished = any(one.service == "conversation-svc" and "job_finished" in one.name for one in told)
    kept = sum(one.service == "gallery-svc" and "image_ready" in one.name for one in told)
    parents = {one.id for one in spans}
    return finished and kept == 2 and {one.service for one in spans} == ALL and sum(one.parent not in parents for one in spans) == 1


def _path(span: CollectedSpan, by_id: dict[str, CollectedSpan]) -> list[CollectedSpan]:
    """From a span up to the root."""
    way = [span]
    while way[-1].parent in by_id:
        way.append(by_id[way[-1].parent])
    return way


def test_a_feature_called_directly_is_one_trace_with_the_question_to_prompt_svc(
    studio: Studio, person: Person, collector: Collector
) -> None:
    trace = uuid.uuid4().hex
    person.http.headers["traceparent"] = f"00-{trace}-{uuid.uuid4().hex[:16]}-01"
    try:
        made = person.feature("image-generate", prompt="a castle at night", aspect_ratio="1:1", wait=0)
    finally:
        del person.http.headers["traceparent"]
    assert made.status_code == 202, made.text
    person.gallery_of(1, seconds=60)

    spans = poll(lambda: collector.trace(trace), until=lambda found: _kept(found) and _asked(found) is not None, seconds=20)

    by_id = {one.id: one for one in spans}
    asked = _asked(spans)
    assert asked is not None and asked.service == "prompt-svc"
    assert [one.service for one in _path(asked, by_id)[1:2]] == ["imaging-svc"]
    assert any(one.name == "engine local" and one.attributes["photofun.feature"] == "image_generation" for one in spans)


def _kept(spans: list[CollectedSpan]) -> bool:
    return any(one.service == "gallery-svc" and "image_ready" in one.name for one in spans)


def _asked(spans: list[CollectedSpan]) -> CollectedSpan | None:
    return next((one for one in spans if one.name == "process rpc.prompt.refine"), None)
