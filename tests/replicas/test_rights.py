"""Each service has the least rights at the broker: whatever is not its own work is refused.  (That its own work is allowed is shown by
every other test of this folder: all of them run with these users.)"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest
from photofun_common.contracts.flow import FLOW, RPC, durable
from photofun_common.jetstream import DEAD_STREAM, STREAM
from photofun_common.topology import BUCKETS, SERVICES, to_config

from .stores import Broker

ROOT = Path(__file__).resolve().parents[2]
ASKED = {"imaging-svc": ["rpc.prompt.refine"], "conversation-svc": ["rpc.imaging.keep"], "prompt-svc": ["rpc.conversation.said"]}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker")).running() as found:
        yield found


def _not_to_publish(service: str) -> list[str]:
    """Subjects on which a service could pretend, pry or destroy."""
    others = [one for one in SERVICES if one != service]
    ruin = ("PURGE", "DELETE", "UPDATE", "MSG.DELETE")
    theirs = [durable(consumer, row.fact) for row in FLOW for consumer in row.consumers if consumer != service]
    own = [durable(service, row.fact) for row in FLOW if service in row.consumers]
    return [
        *(row.fact.subject for row in FLOW if row.producer != service),
        *(f"dead.{other}.plan_ready" for other in others),
        *(subject for subject in RPC if subject not in ASKED.get(service, ())),
        *(f"$KV.{bucket.name}.key" for bucket in BUCKETS if service not in bucket.users),
        *(f"$JS.API.STREAM.{verb}.{stream}" for verb in (*ruin, "MSG.GET") for stream in (STREAM, DEAD_STREAM)),
        *(f"$JS.API.STREAM.{verb}.KV_{bucket.name}" for verb in ruin for bucket in BUCKETS),
        *(f"$JS.API.STREAM.{verb}.{STREAM}" for verb in ("SNAPSHOT", "RESTORE")),
        *("$JS.API.STREAM.CREATE.MINE", "$JS.API.STREAM.LIST", f"$JS.API.CONSUMER.LIST.{STREAM}"),
        *(f"$JS.API.CONSUMER.{verb}" for verb in (f"CREATE.{STREAM}", f"CREATE.{STREAM}.mine.photofun.>", f"DURABLE.CREATE.{STREAM}.mine")),
        f"$JS.API.DIRECT.GET.{STREAM}.photofun.conversation.message_received.v1",
        *(f"$JS.API.CONSUMER.{verb}.{STREAM}.{name}" for verb in ("MSG.NEXT", "DELETE", "INFO") for name in theirs),
        *(f"$JS.API.CONSUMER.DELETE.{STREAM}.{name}" for name in own),
        *(f"$JS.ACK.{STREAM}.{name}.1.1.1.1.0" for name in theirs),
        *(f"_INBOX_{other}.guess" for other in others),
        *("_INBOX.guess", "$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.PING", "photofun.mine.up.v1", "anything"),
    ]


def _not_to_hear(service: str) -> list[str]:
    return [
        ">", "photofun.>", "photofun.conversation.>", "*.>", "dead.>", "$KV.>", "$O.>", "$JS.>", "$SYS.>", "_INBOX.>",
        *(f"_INBOX_{other}.>" for other in SERVICES if other != service),
        *(f"$KV.{bucket.name}.>" for bucket in BUCKETS if service not in bucket.users),
        *(subject for subject in RPC if subject.split(".")[1] != service.removesuffix("-svc")),
        "rpc.>",
    ]  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
async def test_what_is_not_its_work_is_refused(broker: Broker, service: str) -> None:
    refused: list[str] = []

    async def told(error: Exception) -> None:
        refused.append(str(error).lower())

    client = await nats.connect(broker.url(service), error_cb=told, inbox_prefix=f"_INBOX_{service}", allow_reconnect=False)
    try:
        publish, hear = _not_to_publish(service), _not_to_hear(service)
        for subject in publish:
            await client.publish(subject, b"{}", reply=f"_INBOX_{service}.answer")
        for subject in hear:
            await client.subscribe(subject)
        await client.flush()
        for _ in range(100):
            if len(refused) >= len(publish) + len(hear):
                break
            await asyncio.sleep(0.02)
    finally:
        await client.close()

    assert [one for one in publish if not any(f'publish to "{one.lower()}"' in text for text in refused)] == []
    assert [one for one in hear if not any(f'subscription to "{one.lower()}"' in text for text in refused)] == []


@pytest.mark.parametrize(("user", "word"), [(None, None), ("gateway", "wrong"), ("nobody", "x"), ("admin", ""), ("gateway", None)])
def test_nobody_comes_in_without_a_password(broker: Broker, user: str | None, word: str | None) -> None:
    with socket.create_connection(("127.0.0.1", broker.port), 2) as line:
        assert b'"auth_required":true' in line.recv(4096)
        who = {"verbose": False, "user": user, "pass": word}
        line.sendall(b"CONNECT " + json.dumps({name: value for name, value in who.items() if value is not None}).encode() + b"\r\nPING\r\n")

        assert b"Authorization Violation" in line.recv(4096)


async def test_the_admin_tends_everything(broker: Broker) -> None:
    client = await nats.connect(broker.url("admin"))
    try:
        names = {stream.config.name for stream in await client.jetstream().streams_info()}
    finally:
        await client.close()

    assert names == {STREAM, DEAD_STREAM, "OBJ_uploads", *(f"KV_{bucket.name}" for bucket in BUCKETS)}


def test_the_printed_users_are_those_of_the_table() -> None:
    assert (ROOT / "deploy/k8s/components/nats-users/nats-users.conf").read_text() == to_config(), "run `make users`"
