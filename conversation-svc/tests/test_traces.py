"""A message stays in the trace of the call that brought it, also when it is told later."""

from typing import Any

from photofun_common.contracts.conversation import MessageReceived
from photofun_common.logs import traceparent
from photofun_common.testing.plugin import eventually

CALLER = "00-" + "c" * 32 + "-" + "d" * 16 + "-01"


async def test_what_the_relay_tells_stays_in_the_trace_of_the_message(talk: Any, monkeypatch: Any) -> None:
    await talk.start()
    traces: list[str] = []
    publish = talk.bus.publish

    async def heard(data: Any, *parts: str) -> None:
        if isinstance(data, MessageReceived):
            traces.append(traceparent.get())
        await publish(data, *parts)

    monkeypatch.setattr(talk.bus, "publish", heard)
    talk.client.headers["traceparent"] = CALLER
    talk.bus.is_connected = False
    mid = await talk.say("a sunset")
    talk.client.headers.pop("traceparent")
    talk.bus.is_connected = True
    await talk.context.store._turns.update_many({}, {"$currentDate": {"outbox_due": True}})

    async def told() -> list[str]:
        return traces

    assert await eventually(told, seconds=5)
    assert {trace[3:35] for trace in traces} == {"c" * 32}
    assert (await talk.context.doors.jobs.get(mid)).traceparent[3:35] == "c" * 32
