"""Can an operator see jobs and dead letters, run them again and forget them?  On a real NATS server."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from photofun_common.bus import Subscription
from photofun_common.contracts.imaging import StepRequested
from photofun_common.contracts.jobs import JobRecord, JobStatus, ProviderTask, StepRecord
from photofun_common.contracts.values import ProblemData
from photofun_common.errors import InvalidError
from photofun_common.jetstream import DEAD_STREAM, STREAM, JetStreamBus
from photofun_common.jobs import JobStore
from photofun_common.testing.plugin import eventually
from photofun_tools.cli import app
from typer.testing import CliRunner

pytestmark = pytest.mark.connected
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = str(tmp_path_factory.mktemp("nats"))
    command = [Path(sys.executable).parent / "nats-server", "-js", "-sd", folder, "-a", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        yield f"nats://127.0.0.1:{port}"
        server.terminate()


@pytest.fixture
def photofun(nats_url: str) -> Callable[..., str]:
    """The command; its output, after its exit code when that is not 0."""

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, [*words, "--nats", nats_url])
        return result.output if result.exit_code == 0 else f"exit {result.exit_code}: {result.output}"

    return run


def on_bus(url: str, service: str, work: Callable[[JetStreamBus], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with JetStreamBus(url, service) as bus:
            return await work(bus)

    return asyncio.run(run())


def job(name: str, status: JobStatus, kind: Any = "feature") -> JobRecord:
    problem = ProblemData(slug="provider-failed", title="t", status=502, detail="it broke", code=1007)
    task = ProviderTask(engine="freepik", endpoint="/v1", task_id="t1", state="placed", placed_at=NOW)
    steps = [
        StepRecord(feature="remove_background", status="COMPLETED"),
        StepRecord(feature="upscale", status="FAILED", problem=problem, tasks=[task], attempts=3),
    ]
    return JobRecord(
        job_id=name, kind=kind, user_id="ann", session_id="s1" if kind == "chat" else None, status=status, steps=steps,
        problem=problem, deadline=NOW - timedelta(minutes=1),
    )  # fmt: skip


def test_jobs_are_listed_shown_run_again_and_forgotten(nats_url: str, photofun: Callable[..., str]) -> None:
    async def write(bus: JetStreamBus) -> None:
        for record in (job("failed1", "FAILED"), job("message1", "FAILED", "chat"), job("running1", "IN_PROGRESS")):
            await JobStore(bus).create(record)

    on_bus(nats_url, "imaging-svc", write)

    listed = photofun("jobs", "list", "--status", "failed", "--user", "ann")
    shown = json.loads(photofun("jobs", "show", "failed1"))
    replayed = photofun("jobs", "replay", "failed1")

    assert "failed1" in listed and "message1" in listed and "running1" not in listed
    assert shown["problem"]["detail"] == "it broke"
    assert replayed == "failed1 runs again, attempt 2\n"
    after = on_bus(nats_url, "imaging-svc", lambda bus: JobStore(bus).get("failed1"))
    assert (after.status, after.run, after.problem) == ("CREATED", 2, None)
    assert [step.status for step in after.steps] == ["COMPLETED", "PENDING"]
    assert [task.task_id for task in after.steps[1].tasks] == ["t1"]
    asked = on_bus(nats_url, "imaging-svc", lambda bus: bus.js.get_last_msg(STREAM, StepRequested.subject))
    assert (json.loads(asked.data)["data"]["step"], json.loads(asked.data)["data"]["run"]) == (1, 2)
    assert "/v1/chat/sessions/s1/messages/message1/retry" in photofun("jobs", "replay", "message1")
    assert "exit 1: It is IN_PROGRESS" in photofun("jobs", "replay", "running1")
    assert "exit 1: It is IN_PROGRESS" in photofun("jobs", "drop", "running1")
    assert photofun("jobs", "drop", "message1") == "dropped message1\n"
    assert "exit 1: There is no job" in photofun("jobs", "show", "message1")


def test_dead_letters_are_listed_shown_replayed_and_dropped(nats_url: str, photofun: Callable[..., str]) -> None:
    handled: list[int] = []

    async def fail(_service: Any, event: Any) -> None:
        handled.append(event.data.step)
        if event.data.step == 7:
            raise InvalidError("no such step", slug="bad-step")

    async def hear(bus: JetStreamBus, until: Callable[[], Awaitable[bool]]) -> None:
        bus.subscribe(None, [Subscription(StepRequested, fail)])
        assert await eventually(until, seconds=20)

    async def bury(bus: JetStreamBus) -> None:
        await bus.publish(StepRequested(job_id="j", user_id="ann", step=7, run=1, deadline=NOW), "7")

        async def is_dead() -> bool:
            return bool((await bus.js.stream_info(DEAD_STREAM)).state.messages)

        await hear(bus, is_dead)

    async def heard_again(bus: JetStreamBus) -> None:
        before = len(handled)

        async def again() -> bool:
            return len(handled) > before and (await bus.js.stream_info(DEAD_STREAM)).state.last_seq == 2

        await hear(bus, again)

    on_bus(nats_url, "imaging-svc", bury)
    listed = photofun("dead-letters", "list")
    shown = json.loads(photofun("dead-letters", "show", "1"))
    replayed = photofun("dead-letters", "replay", "1")
    on_bus(nats_url, "imaging-svc", heard_again)

    assert "no such step" in listed and "imaging-svc" in listed
    assert (shown["reason"], shown["data"]["data"]["step"]) == ("no such step", 7)
    assert replayed == f"replayed 1 on {StepRequested.subject}\n"
    assert "exit 1: There is no dead letter 1" in photofun("dead-letters", "show", "1")
    assert photofun("dead-letters", "drop", "2") == "dropped 2\n"
    assert "exit 1: There is no dead letter 2" in photofun("dead-letters", "drop", "2")
    assert "no such step" not in photofun("dead-letters", "list")
