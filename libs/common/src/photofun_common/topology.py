"""What does the broker hold, and who may do what there?  Streams, durables and buckets, and a NATS user for each service.

`python -m photofun_common.topology` makes everything as the admin at deploy (`--replicas 3` in a cluster; again is fine);
`python -m photofun_common.topology users` prints the servers' user configuration, which follows from the flow table.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import dataclass

import nats
from nats.js import JetStreamContext, api
from nats.js import errors as js_errors

from .contracts.flow import FLOW, durable
from .jetstream import STREAM, UPLOADS, ensure_topology

__all__ = ["BUCKETS", "SERVICES", "Bucket", "Rights", "prepare", "rights_of", "to_config"]

SERVICES = ("gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc")
_DAY = 86400
_UPLOADS_KEEP, _UPLOADS_BYTES = 3600, 2**30
_ANSWERS = {
    "rpc.prompt.refine": ("prompt-svc", ("imaging-svc",)),
    "rpc.imaging.keep": ("imaging-svc", ("conversation-svc",)),
    "rpc.imaging.files": ("imaging-svc", ()),
    "rpc.imaging.missing_files": ("imaging-svc", ()),
    "rpc.imaging.remove_files": ("imaging-svc", ()),
    "rpc.conversation.said": ("conversation-svc", ("prompt-svc",)),
    "rpc.conversation.known_files": ("conversation-svc", ()),
    "rpc.gallery.known_files": ("gallery-svc", ()),
    "rpc.gallery.files": ("gallery-svc", ()),
    "rpc.gallery.forget_files": ("gallery-svc", ()),
}
"""Question: who answers, who asks."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A key-value bucket: who uses it, and for how many seconds a value is kept (None: for ever)."""

    name: str
    users: tuple[str, ...]
    keep: float | None


BUCKETS = (
    Bucket("jobs", ("conversation-svc", "imaging-svc", "gallery-svc"), 7 * _DAY),
    Bucket("idempotency", ("gateway",), _DAY),
    Bucket("suggestions", ("prompt-svc",), None),
    Bucket("spending", ("imaging-svc",), 3 * _DAY),
    Bucket("webhooks", ("imaging-svc",), 3600),
)


@dataclass(frozen=True, slots=True)
class Rights:
    """The subjects a service may publish and subscribe to; `answers` lets it reply to what it was asked."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    answers: bool


def rights_of(service: str) -> Rights:
    """The least that this service needs."""
    publish = [row.fact.subject for row in FLOW if row.producer == service]
    subscribe = [f"_INBOX_{service}.>"]
    for row in FLOW:
        if service in row.consumers:
            name = durable(service, row.fact)
            publish += [f"$JS.API.CONSUMER.{verb}.{STREAM}.{name}" for verb in ("INFO", "MSG.NEXT")]
            publish.append(f"$JS.ACK.{STREAM}.{name}.>")
    if any(service in row.consumers for row in FLOW):
        publish.append(f"dead.{service}.>")
    for bucket in BUCKETS:
        if service in bucket.users:
            publish += [f"$KV.{bucket.name}.>", *_reading(f"KV_{bucket.name}")]
            subscribe.append(f"$KV.{bucket.name}.>")
    if service == "conversation-svc":
        publish += [f"$O.{UPLOADS}.>", *(f"$JS.API.STREAM.{verb}.OBJ_{UPLOADS}" for verb in ("INFO", "MSG.GET", "PURGE"))]
        publish.append(f"$JS.API.DIRECT.GET.OBJ_{UPLOADS}.>")
    if service == "imaging-svc":
        publish += ["$JS.API.STREAM.NAMES", *_reading(f"OBJ_{UPLOADS}")]  # the client asks which stream holds an object's pieces
    answers = False
    for subject, (answerer, askers) in _ANSWERS.items():
        if service in askers:
            publish.append(subject)
        if service == answerer:
            subscribe.append(subject)
            answers = True
    return Rights(tuple(publish), tuple(subscribe), answers)


def _reading(stream: str) -> list[str]:
    """Look at a stream, get a message of it, follow it."""
    api_calls = [f"STREAM.INFO.{stream}", f"STREAM.MSG.GET.{stream}", f"DIRECT.GET.{stream}.>"]
    api_calls += [f"CONSUMER.CREATE.{stream}", *(f"CONSUMER.{verb}.{stream}.>" for verb in ("CREATE", "INFO", "DELETE"))]
    return [f"$JS.API.{call}" for call in api_calls] + [f"$JS.FC.{stream}.>"]


def to_config() -> str:
    """The servers' `authorization` block.  Passwords come from NATS_ADMIN_PASSWORD and NATS_<SERVICE>_PASSWORD of their environment."""
    lines = [
        "# Printed from libs/common/src/photofun_common/topology.py by `make users`.  A password must begin with a letter:",
        "# the server reads what a variable holds as a value of this file, and 12ab or 5e3 would be a number.",
        "authorization {",
        "  users: [",
        '    {user: "admin", password: $NATS_ADMIN_PASSWORD}',
    ]
    for service in SERVICES:
        rights = rights_of(service)
        lines.append(f"    {{user: {json.dumps(service)}, password: ${password_variable(service)}, permissions: {{")
        lines += ["      publish: {allow: [", *(f"        {json.dumps(subject)}" for subject in rights.publish), "      ]}"]
        lines += ["      subscribe: {allow: [", *(f"        {json.dumps(subject)}" for subject in rights.subscribe), "      ]}"]
        if rights.answers:
            lines.append('      allow_responses: {max: 1, expires: "30s"}')
        lines.append("    }}")
    return "\n".join([*lines, "  ]", "}"]) + "\n"


def password_variable(user: str) -> str:
    """`NATS_CONVERSATION_PASSWORD` for conversation-svc."""
    return f"NATS_{user.removesuffix('-svc').upper()}_PASSWORD"


async def prepare(js: JetStreamContext, *, replicas: int = 1) -> None:
    """Make every stream, durable and bucket with so many copies; what is there stays and is brought to as many."""
    await ensure_topology(js, replicas=replicas)
    for bucket in BUCKETS:
        config = api.KeyValueConfig(bucket=bucket.name, history=1, ttl=bucket.keep, storage=api.StorageType.FILE, replicas=replicas)
        try:
            await js.create_key_value(config)
        except js_errors.BadRequestError:  # it is there already
            await js.key_value(bucket.name)
    kept = api.ObjectStoreConfig(ttl=_UPLOADS_KEEP, storage=api.StorageType.FILE, max_bytes=_UPLOADS_BYTES, replicas=replicas)
    try:
        await js.create_object_store(UPLOADS, kept)
    except js_errors.BadRequestError:
        await js.object_store(UPLOADS)
    for stream in await js.streams_info():
        if stream.config.num_replicas != replicas:
            await js.update_stream(stream.config.evolve(num_replicas=replicas))


async def _prepare(url: str, replicas: int) -> None:
    client = await nats.connect(url, name="topology", connect_timeout=5, max_reconnect_attempts=10)
    try:
        await prepare(client.jetstream(timeout=10), replicas=replicas)
    finally:
        await client.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m photofun_common.topology", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("make", "users"), default="make", help="make everything, or print the users")
    parser.add_argument("--replicas", type=int, default=1, help="copies of every stream and bucket")
    given = parser.parse_args()
    if given.what == "users":
        sys.stdout.write(to_config())
        return 0
    url = os.environ.get("NATS_URL")
    if not url:
        parser.error("NATS_URL says where the broker is: nats://admin:PASSWORD@HOST:4222")
    asyncio.run(_prepare(url, given.replicas))
    sys.stdout.write("Streams, consumers and buckets are there.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
