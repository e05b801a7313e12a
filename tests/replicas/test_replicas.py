"""Two replicas of everything do the work of one: once, shared fairly, and whoever is asked knows."""

from __future__ import annotations

import json
import signal
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor

import httpx

from tests.e2e.support import Person, events_of, picture, poll

from .cluster import Cluster
from .overdue import Overdue


def _handled(cluster: Cluster, service: str) -> list[int]:
    """How many events each replica of a service handled."""
    return [sum('"message":"event"' in line for line in one.log.read_text().splitlines()) for one in cluster.of(service)]


def test_every_message_is_done_once_whichever_replica_gets_it(cluster: Cluster, gateways: list[httpx.Client]) -> None:
    people = [Person(gateways[number % 2]) for number in range(4)]
    sessions = [person.session() for person in people]
    photo = picture(200, 150, kind="JPEG")

    def talk(number: int) -> list[dict[str, object]]:
        sent = [people[number].say(sessions[number], "make it black and white", image_file=photo) for _ in range(5)]
        return [people[number].answer(sessions[number], one["message_id"], seconds=90) for one in sent]

    with ThreadPoolExecutor(len(people)) as pool:
        told = list(pool.map(talk, range(len(people))))

    assert {answer["status"] for answers in told for answer in answers} == {"DONE"}
    for person, answers in zip(people, told, strict=True):
        rows = person.gallery_of(5)
        assert sorted(row["image_url"] for row in rows) == sorted(str(answer["image_url"]) for answer in answers)
    for service in ("conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc"):
        assert min(_handled(cluster, service)) > 0, f"both replicas of {service} work: {_handled(cluster, service)}"


def test_the_other_gateway_tells_the_same_story(gateways: list[httpx.Client]) -> None:
    here, there = gateways
    person = Person(here)
    session = person.session()
    message = person.say(session, "create a sunset over mountains")["message_id"]
    path = f"/v1/chat/sessions/{session}/messages/{message}/events?user_id={person.user_id}"

    with events_of(there, path) as events:
        heard = list(events)
    with events_of(here, path, last_id=heard[0]["id"]) as events:
        rest = list(events)

    assert heard[-1]["event"] == "end" and rest[-1]["event"] == "end"
    ids = [event["id"] for event in heard]
    assert ids == sorted(set(ids))
    assert [event["id"] for event in rest] == ids[1:]


def test_a_key_is_taken_once_by_both_gateways(gateways: list[httpx.Client]) -> None:
    person = Person(gateways[0])
    session = person.session()
    key = uuid.uuid4().hex
    body = {"user_id": person.user_id, "content": "create a red balloon"}
    path = f"/v1/chat/sessions/{session}/messages"

    def send(number: int) -> httpx.Response:
        return gateways[number % 2].post(path, json=body, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    later = [send(number) for number in range(2)]

    assert {answer.status_code for answer in answers} <= {202, 409}
    taken = {answer.json()["result"]["message_id"] for answer in [*answers, *later] if answer.status_code == 202}
    assert len(taken) == 1
    assert [answer.status_code for answer in later] == [202, 202]
    assert gateways[1].post(path, json={**body, "content": "another"}, headers={"Idempotency-Key": key}).status_code == 422
    assert person.answer(session, taken.pop())["status"] == "DONE"
    assert len(person.gallery_of(1)) == 1


def test_both_gateways_count_a_person_s_calls_together(cluster: Cluster) -> None:
    """Two gateways of their own with a small limit, against the same stores."""
    with cluster.more("gateway", {"RATE_LIMIT": "20/minute"}, count=2) as addresses:
        clients = [httpx.Client(base_url=address, timeout=20, trust_env=False) for address in addresses]
        person = f"counted-{uuid.uuid4().hex[:8]}"

        told = [clients[number % 2].get("/v1/gallery/", params={"user_id": person}).status_code for number in range(40)]

        for client in clients:
            client.close()

    assert 20 <= told.count(200) <= 22, f"{told.count(200)} of 40 calls passed: the limit is 20, a minute lets one through in 3 s"
    assert told.count(429) == 40 - told.count(200)


def test_a_flood_of_one_person_does_not_starve_another(cluster: Cluster, gateways: list[httpx.Client]) -> None:
    flood, other = Person(gateways[0]), Person(gateways[1])
    flooded, quiet = flood.session(), other.session()
    photo = picture(600, 450, kind="JPEG")
    sent = [flood.say(flooded, "make it look like a watercolor painting", image_file=photo)["message_id"] for _ in range(8)]

    told = other.ask(quiet, "make it black and white", image_file=picture(200, 150, kind="JPEG"))

    assert told["status"] == "DONE", told.get("error")
    waiting = [one for one in sent if flood.message(flooded, one)["status"] == "PROCESSING"]
    assert len(waiting) >= 2, "the other person was served before the flood was over"
    for one in sent:
        flood.http.post(f"/v1/chat/sessions/{flooded}/messages/{one}/cancel", params={"user_id": flood.user_id})
    for one in sent:
        assert flood.answer(flooded, one)["status"] in ("DONE", "CANCELED")


def test_a_killed_replica_s_work_is_done_by_the_other(cluster: Cluster, person: Person) -> None:
    session = person.session()
    sent = [person.say(session, "make it black and white", image_file=picture(640, 480, kind="JPEG"))["message_id"] for _ in range(4)]
    victim = cluster.of("imaging-svc")[0]

    cluster.balancers["imaging-svc"].take_out(victim.port)
    victim.signal(signal.SIGKILL)
    told = [person.answer(session, one, seconds=90) for one in sent]

    assert [one["status"] for one in told] == ["DONE"] * 4
    rows = person.gallery_of(4)
    assert len({row["image_url"] for row in rows}) == len(rows) == 4
    victim.wait_gone()
    victim.start()
    victim.wait_ready()
    cluster.balancers["imaging-svc"].put_in(victim.port)


def test_health_tells_the_truth_within_a_second_while_a_store_hangs(cluster: Cluster, http: httpx.Client) -> None:
    assert poll(lambda: http.get("/health/").json()["status"], until=lambda status: status == "healthy", seconds=10)
    cluster.documents.send_signal(signal.SIGSTOP)
    try:
        spent = []
        for _ in range(3):
            started = time.monotonic()
            told = http.get("/health/").json()
            spent.append(time.monotonic() - started)
    finally:
        cluster.documents.send_signal(signal.SIGCONT)

    assert told["status"] == "degraded"
    assert {name for name, state in told["services"].items() if state != "healthy"} == {"conversation-svc"}
    assert min(spent) <= 1.0, spent
    poll(lambda: http.get("/health/").json()["status"], until=lambda status: status == "healthy", seconds=15)


def test_logs_and_spans_hold_no_secret_no_text_and_no_picture(cluster: Cluster, person: Person, collector) -> None:  # type: ignore[no-untyped-def]
    words = f"canary{uuid.uuid4().hex[:8]}"
    secrets = {"Authorization": f"Bearer {words}-token", "X-API-Key": f"{words}-key", "Cookie": f"sid={words}-cookie"}
    photo = picture(64, 48, kind="PNG")
    session = person.session()
    told = person.ask(session, f"create a {words} castle", image_file=photo)
    person.http.headers.update(secrets)
    person.ask(session, f"{words}: make it brighter and add the text '{words}'")
    person.feature("upscale", image_url=f"http://127.0.0.1:9/{words}.png?signature={words}")
    person.feature("image-generate", prompt=f"a {words} tree", aspect_ratio=words)
    person.http.post("/v1/prompt/refine/", json={"prompt": f"draw {words}"})
    person.http.get("/v1/gallery/", params={"user_id": person.user_id, "q": words})
    person.http.post(f"/v1/chat/sessions/{session}/messages", content=b'{"content": "' + words.encode() + b'"')
    person.http.get(f"/v1/files/{words}.png")
    assert told["status"] == "DONE", told.get("error")

    written = cluster.logs()

    assert "/v1/chat/sessions" in written, "the logs are those of this run"
    lines = [line for line in written.splitlines() if words in line]
    assert [line for line in lines if f"/v1/files/{words}" not in line] == []  # a path is no secret, a query would be
    for secret in (*cluster.broker.passwords.values(), *cluster.secrets):
        assert secret not in written
    assert "iVBORw0KGgo" not in written and "data:image" not in written
    assert not [one for one in list(collector.spans) if words in str(one)]
    whole = [line for one in cluster.replicas if not one.was_killed for line in one.log.read_text().splitlines()]
    for line in whole:
        assert line.startswith("{") and {"at", "level", "service", "message"} <= json.loads(line).keys(), line


def test_two_sweepers_end_a_job_once(overdue: Future[Overdue]) -> None:
    found = overdue.result(120)

    assert [one["status"] for one in found.ended] == ["FAILED"] * 3
    assert all(one["error"]["type"].endswith("deadline-exceeded") for one in found.ended)
    assert [one["updated_at"] for one in found.later] == [one["updated_at"] for one in found.ended], "the second sweeper changed nothing"
