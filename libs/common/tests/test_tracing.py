import asyncio
import subprocess
import sys

import pytest
from photofun_common import tracing
from photofun_common.logs import traceparent
from photofun_common.testing.collector import collecting
from photofun_common.tracing import child_traceparent, exporting, span

CALLER = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@pytest.fixture
def collector(monkeypatch):
    for name in ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_SERVICE_NAME"):
        monkeypatch.delenv(name, raising=False)
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        yield collector


@pytest.mark.parametrize(
    "given",
    ["", "00", "00-x-y-01", f"00-{'0' * 32}-{'b' * 16}-01", f"00-{'a' * 32}-{'0' * 16}-01", f"00-{'A' * 32}-{'b' * 16}-01",
     f"ff-{'a' * 32}-{'b' * 16}-01", CALLER + "-more", CALLER[:-1]],
)  # fmt: skip
def test_a_header_that_is_not_valid_starts_a_new_trace(given):
    made = child_traceparent(given)

    assert made[3:35] != "a" * 32 and len(made) == 55


def test_a_valid_header_is_continued_and_a_newer_version_understood():
    assert child_traceparent(CALLER)[3:35] == "a" * 32
    assert child_traceparent("01" + CALLER[2:] + "-later")[3:35] == "a" * 32
    assert child_traceparent(CALLER[:-2] + "00").endswith("-00")


def test_without_an_endpoint_the_context_travels_all_the_same():
    with span("work", parent=CALLER) as told:
        told.set({"a": 1})
        told.fail("x")
        inner = traceparent.get()

    assert inner[3:35] == "a" * 32 and inner != CALLER
    assert traceparent.get() == ""


async def test_spans_make_a_tree_and_carry_the_service(collector):
    async with exporting("prompt-svc"):
        with span("outer", "server", parent=CALLER, attributes={"http.route": "/x"}) as told:
            await asyncio.gather(*(_inner(name) for name in ("one", "two")))
            told.name("POST /x")

    found = {one.name: one for one in collector.spans}
    assert set(found) == {"POST /x", "one", "two"}
    outer = found["POST /x"]
    assert (outer.trace, outer.parent, outer.kind, outer.service) == ("a" * 32, "b" * 16, "server", "prompt-svc")
    assert outer.attributes["http.route"] == "/x"
    assert {found["one"].parent, found["two"].parent} == {outer.id}
    assert traceparent.get() == ""


async def _inner(name):
    with span(name):
        await asyncio.sleep(0.01)


async def test_an_error_is_named_by_its_class_and_never_by_its_message(collector):
    async with exporting("prompt-svc"):
        with pytest.raises(ValueError, match="canary"), span("broken"):
            raise ValueError("canary: what a person wrote")

    only = collector.spans[0]
    assert only.is_error and only.attributes["error.type"] == "ValueError"
    assert "canary" not in str(only)


async def test_a_caller_that_does_not_sample_is_followed(collector):
    async with exporting("prompt-svc"):
        with span("unseen", parent=CALLER[:-2] + "00"):
            assert traceparent.get().endswith("-00")
        with span("seen", parent=CALLER):
            pass

    assert [one.name for one in collector.spans] == ["seen"]


@pytest.mark.parametrize(("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")])
async def test_the_standard_switches_turn_it_off(collector, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    async with exporting("prompt-svc"):
        with span("unseen"):
            pass

    assert not collector.spans


async def test_a_collector_that_is_away_delays_the_stop_by_seconds_only(monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    started = asyncio.get_running_loop().time()

    async with exporting("prompt-svc"):
        with span("lost"):
            pass

    assert asyncio.get_running_loop().time() - started < tracing._FLUSH_SECONDS + 2


def test_nothing_of_the_sdk_is_imported_while_it_is_off():
    script = (
        "import sys, photofun_common.service; print([m for m in sys.modules if m.startswith(('opentelemetry.sdk', 'google.protobuf'))])"
    )

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin"})

    assert told.stdout.strip() == "[]"
