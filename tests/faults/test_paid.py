"""The fault matrix: what happens around a paid call.  Charged once, whatever dies when."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from .bench import Bench, grey, until


@pytest.fixture
def charges(bench: Bench) -> int:
    return bench.provider.charges


def _prompt() -> str:
    return f"a calm sea {uuid.uuid4().hex}"


def test_imaging_killed_before_the_provider_answered(bench: Bench, charges: int) -> None:
    person = bench.person()
    bench.provider.fake.switches.hang_after_accept = 4.0
    job = person.generate(_prompt())
    until(lambda: bench.provider.charges, lambda count: count > charges, seconds=10, every=0.02)

    bench.kill("imaging-svc")
    bench.provider.fake.switches.hang_after_accept = 0.0

    assert person.ended(job)["status"] == "COMPLETED"
    assert bench.provider.charges == charges + 1  # the provider's list told which task it was
    person.rows(1)


def test_imaging_killed_after_the_task_was_saved(bench: Bench, charges: int) -> None:
    person = bench.person()
    bench.provider.fake.polls = 6
    job = person.generate(_prompt())
    until(lambda: bench.provider.charges, lambda count: count > charges, seconds=10, every=0.02)
    time.sleep(1.0)

    bench.kill("imaging-svc")

    assert person.ended(job)["status"] == "COMPLETED"
    assert bench.provider.charges == charges + 1
    person.rows(1)


def test_a_frozen_worker_wakes_up_after_another_took_over(bench: Bench, charges: int, tmp_path: Path) -> None:
    person = bench.person()
    bench.provider.fake.polls = 4
    job = person.generate(_prompt())
    until(lambda: bench.provider.charges, lambda count: count > charges, seconds=10, every=0.02)
    with _second_worker(bench, tmp_path):
        with bench.frozen("imaging-svc"):
            ended = until(lambda: _state(bench, job), lambda told: told == "COMPLETED", seconds=40, every=0.5)
        time.sleep(2)

    assert ended == "COMPLETED"
    assert person.ended(job)["status"] == "COMPLETED"
    assert bench.provider.charges == charges + 1
    person.rows(1)


@contextmanager
def _second_worker(bench: Bench, tmp_path: Path) -> Iterator[None]:
    """Another imaging-svc beside the first, on the same bus and files."""
    entry = json.loads((bench.studio.data_dir / "run.json").read_text())["imaging-svc"]
    first = bench.process("imaging-svc").environ()
    environ = {**first, **entry["env"], "NATS_URL": bench.studio.nats_url, "IMAGING_PORT": "0"}
    with (tmp_path / "second.log").open("wb") as log:
        worker = subprocess.Popen(entry["cmd"], cwd=entry["cwd"], env=environ, stdout=log, stderr=log)
    try:
        time.sleep(3)
        yield
    finally:
        worker.terminate()
        worker.wait(20)


def _state(bench: Bench, job: str) -> str:
    """A job's state out of the bucket: its usual door is frozen."""
    command = [Path(sys.executable).with_name("photofun"), "jobs", "show", job, "--nats", bench.studio.nats_url]
    told = subprocess.run(command, capture_output=True, text=True, timeout=20, env={**os.environ, "NO_COLOR": "1"}, check=False)
    return str(json.loads(told.stdout)["status"]) if told.returncode == 0 else told.stderr


def test_a_picture_worker_killed_the_job_ends_and_the_service_lives(bench: Bench) -> None:
    person = bench.person()
    service = bench.process("imaging-svc")
    for child in service.children(recursive=True):
        child.kill()

    made = until(
        lambda: person.http.post("/v1/features/adjust", params={"wait": 20}, **grey(person.name)),
        lambda answer: answer.status_code in (200, 202),
        seconds=30,
    )

    assert person.ended(made.json()["result"]["task_id"])["status"] == "COMPLETED"
    assert bench.process("imaging-svc").pid == service.pid
    assert service.status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("switch", ["reset_after_accept", "truncate"])
def test_the_provider_breaks_off_after_it_accepted(bench: Bench, charges: int, switch: str) -> None:
    person = bench.person()
    setattr(bench.provider.fake.switches, switch, 1)

    job = person.generate(_prompt())

    assert person.ended(job)["status"] == "COMPLETED"
    assert bench.provider.charges == charges + 1
    person.rows(1)


def test_the_provider_fails_and_the_local_engine_does_it_and_says_so(bench: Bench, charges: int) -> None:
    person = bench.person()
    bench.provider.fake.switches.fail = [(500, {"message": "broken"})] * 20

    told = person.ended(person.generate(_prompt()))

    assert (told["status"], told["provider"], told["degraded"]) == ("COMPLETED", "local", True)
    assert bench.provider.charges == charges
    person.rows(1)


def test_the_provider_takes_longer_than_there_is_time(bench: Bench, charges: int) -> None:
    person = bench.person()
    bench.provider.fake.polls = 10_000

    told = person.ended(person.generate(_prompt()), seconds=60 + 30)

    is_local = (told["status"], told["provider"], told["degraded"]) == ("COMPLETED", "local", True)  # there was time left for it
    assert is_local or told["error"]["slug"] in ("deadline-exceeded", "provider-timeout"), told
    assert bench.provider.charges == charges + 1
    time.sleep(3)
    assert len(person.gallery()) == is_local


def test_the_files_cannot_be_written_for_a_while(bench: Bench) -> None:
    person = bench.person()
    folder = bench.studio.data_dir / "files"
    aside = folder.with_name("files-aside")
    bench.provider.fake.polls = 6
    job = person.generate(_prompt())
    time.sleep(0.5)
    folder.rename(aside)
    folder.write_text("not a folder")
    try:
        refused = person.http.post("/v1/features/adjust", **grey(person.name))
        time.sleep(4)
    finally:
        folder.unlink()
        aside.rename(folder)

    assert refused.status_code == 503, refused.text
    told = person.ended(job)
    assert told["status"] in ("COMPLETED", "FAILED")
    rows = person.rows(1) if told["status"] == "COMPLETED" else []
    assert all(bench.http.get(row["image_url"].split("/", 3)[3].join(["/", ""])).status_code == 200 for row in rows)
