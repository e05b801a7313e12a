import asyncio
import json
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from photofun_common.bus import MemoryBus, Subscription
from photofun_common.contracts.flow import durable
from photofun_common.contracts.gallery import ImagePurged
from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.prompt import RefineAnswer, RefineQuestion
from photofun_common.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from photofun_common.jetstream import DEAD_STREAM, STREAM, JetStreamBus
from photofun_common.jobs import JobNotFoundError, JobStore, with_event
from photofun_common.testing.plugin import eventually

pytestmark = pytest.mark.connected


@pytest.fixture(scope="session")
def nats_url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nats")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Path(sys.executable).parent / "nats-server"
    process = subprocess.Popen([server, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", folder], stderr=subprocess.DEVNULL)
    yield f"nats://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


@pytest.fixture(params=["memory", "jetstream"])
async def bus(request, nats_url):
    if request.param == "memory":
        yield MemoryBus()
    else:
        async with JetStreamBus(nats_url, "imaging-svc") as bus:
            yield bus


def purged(name: str) -> ImagePurged:
    return ImagePurged(job_id=name, user_id="ada", image_id=name, key="k")


def record(name: str) -> JobRecord:
    return JobRecord(job_id=name, kind="chat", user_id="ada", deadline=datetime.now(UTC) + timedelta(seconds=60))


async def test_compare_and_set_lets_one_writer_win(bus):
    bucket = await bus.key_value("things")
    await bucket.put("a", b"1")
    found = await bucket.get("a")
    assert found is not None
    await bucket.update("a", b"2", found[1])

    with pytest.raises(ConflictError):
        await bucket.update("a", b"3", found[1])
    with pytest.raises(ConflictError):
        await bucket.create("a", b"4")
    assert (await bucket.get("a") or (b"",))[0] == b"2"
    assert ("a", b"2") in await bucket.items()
    assert await bucket.get("missing") is None


async def test_parked_uploads_can_be_fetched(bus):
    data = bytes(range(256)) * 2000
    await bus.park("upload-1", data)

    assert await bus.unpark("upload-1") == data
    with pytest.raises(NotFoundError):
        await bus.unpark("nothing")


async def test_job_records_change_under_many_writers(bus):
    jobs = JobStore(bus)
    await jobs.create(record("racy"))

    await asyncio.gather(*(jobs.change("racy", lambda found: with_event(found, "stage", "x")) for _ in range(8)))

    assert [line.id for line in (await jobs.get("racy")).events] == list(range(1, 9))
    with pytest.raises(JobNotFoundError):
        await jobs.get("unknown")


async def test_a_store_that_remembers_an_older_record_judges_the_newer_one(bus):
    ours, theirs = JobStore(bus), JobStore(bus)
    name = f"shared-{id(bus)}"
    await ours.create(record(name))
    await theirs.change(name, lambda found: with_event(found, "stage", "theirs", run=2))

    def in_run_two(found):
        if found.run != 2:
            raise ConflictError("another run")
        return with_event(found, "stage", "ours")

    after = await ours.change(name, in_run_two)
    unchanged = await theirs.change(name, lambda found: None)

    assert [line.stage for line in after.events] == ["theirs", "ours"]
    assert unchanged == after


async def test_a_listener_hears_all_and_resumes_after_the_last_it_heard(bus):
    jobs = JobStore(bus)
    name = f"story-{id(bus)}"
    await jobs.create(with_event(record(name), "stage", "accepted"))

    async def tell():
        await asyncio.sleep(0.05)
        await jobs.change(name, lambda found: with_event(found, "stage", "planned"))
        await jobs.change(name, lambda found: with_event(found, "end", "completed", status="COMPLETED"))

    telling = asyncio.create_task(tell())
    heard = [told[0].stage async for told in jobs.listen(name) if told]
    await telling
    later = [told[0].stage async for told in jobs.listen(name, after=1) if told]

    assert heard == ["accepted", "planned", "completed"]
    assert later == ["planned", "completed"]
    assert (await jobs.wait(name, 5)).is_final


async def test_an_event_is_handled_once_though_it_is_published_twice(nats_url):
    heard = []

    async def handler(_service, event):
        heard.append(event.data.image_id)

    async with JetStreamBus(nats_url, "imaging-svc") as bus:
        bus.subscribe(None, [Subscription(ImagePurged, handler)])
        await bus.publish(purged("twice"))
        await bus.publish(purged("twice"))
        await bus.publish(purged("other"))

        async def both():
            return len(heard) >= 2

        await eventually(both)
        await asyncio.sleep(0.2)
    assert sorted(heard) == ["other", "twice"]


async def test_passing_trouble_is_tried_again_and_final_trouble_becomes_a_dead_letter(nats_url):
    tries, dead = [], []

    async def handler(_service, event):
        tries.append(event.data.image_id)
        if event.data.image_id == "passing" and tries.count("passing") < 3:
            raise UnavailableError("not yet")
        if event.data.image_id == "final":
            raise InvalidError("never")

    async def on_dead(event, reason):
        dead.append((event.data.image_id, reason))

    async with JetStreamBus(nats_url, "imaging-svc") as bus:
        bus.subscribe(None, [Subscription(ImagePurged, handler)], dead=on_dead)
        await bus.publish(purged("passing"))
        await bus.publish(purged("final"))
        await bus.js.publish(ImagePurged.subject, b"this is no event")

        async def done():
            info = await bus.js.stream_info(DEAD_STREAM)
            return tries.count("passing") == 3 and info.state.messages >= 2

        assert await eventually(done)

        async def empty():
            return (await bus.js.stream_info(STREAM)).state.messages == 0

        assert await eventually(empty)
    assert dead == [("final", "never")]
    assert tries.count("final") == 1


async def test_questions_are_answered_over_the_bus_and_problems_come_back_as_they_were(nats_url):
    async def answer(raw: bytes) -> RefineAnswer:
        question = RefineQuestion.model_validate(json.loads(raw))
        if question.prompt == "bad":
            raise InvalidError("no", slug="blocked")
        return RefineAnswer.model_validate(
            {
                "refined_prompt": question.prompt + "!",
                "intent": "chat",
                "confidence": 1,
                "metadata": {"model": "m", "provider": "p", "processing_time": 0},
            }
        )

    async with JetStreamBus(nats_url, "prompt-svc") as bus:
        await bus.answer("rpc.prompt.refine", answer)

        assert (await bus.request("rpc.prompt.refine", RefineQuestion(prompt="hi"), RefineAnswer, timeout=2)).refined_prompt == "hi!"
        with pytest.raises(Exception, match="no") as caught:
            await bus.request("rpc.prompt.refine", RefineQuestion(prompt="bad"), RefineAnswer, timeout=2)
        assert caught.value.slug == "blocked"
        with pytest.raises(UnavailableError):
            await bus.request("rpc.nobody", RefineQuestion(prompt="hi"), RefineAnswer, timeout=1)


async def test_a_consumer_that_somebody_deleted_is_made_again(nats_url):
    heard = []

    async def handler(_service, event):
        heard.append(event.data.image_id)

    async with JetStreamBus(nats_url, "imaging-svc") as bus:
        bus.subscribe(None, [Subscription(ImagePurged, handler)])
        await bus.publish(purged("before-deletion"))

        async def heard_the_first():
            return heard == ["before-deletion"]

        assert await eventually(heard_the_first)
        name = durable("imaging-svc", ImagePurged)
        await bus.js.delete_consumer(STREAM, name)

        async def is_back():
            return name in {consumer.name for consumer in await bus.js.consumers_info(STREAM)}

        assert await eventually(is_back, seconds=30)
        await bus.publish(purged("after-deletion"))

        async def heard_the_second():
            return heard == ["before-deletion", "after-deletion"]

        assert await eventually(heard_the_second)
