"""What could not be handled?  The dead-letter stream: read, publish again, forget."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from nats.js.errors import NotFoundError as NatsNotFoundError
from photofun_common.errors import NotFoundError
from photofun_common.jetstream import DEAD_STREAM

__all__ = ["Letter", "drop", "newest", "read", "replay"]


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: an event, who could not handle it, and why."""

    number: int
    subject: str
    consumer: str
    reason: str
    failed_at: str
    data: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON members, the event decoded where it is JSON."""
        try:
            event = json.loads(self.data)
        except ValueError:
            event = self.data
        return {**asdict(self), "data": event}


async def read(js: Any, number: int) -> Letter:
    """Raises NotFoundError."""
    try:
        raw = await js.get_msg(DEAD_STREAM, seq=number)
    except NatsNotFoundError as error:
        raise NotFoundError(f"There is no dead letter {number}") from error
    headers = raw.headers or {}
    return Letter(
        number, headers.get("x-subject", raw.subject or ""), headers.get("x-consumer", ""), headers.get("x-reason", ""),
        headers.get("x-failed-at", ""), (raw.data or b"").decode(errors="replace"),
    )  # fmt: skip


async def newest(js: Any, limit: int) -> list[Letter]:
    """The newest letters first."""
    try:
        state = (await js.stream_info(DEAD_STREAM)).state
    except NatsNotFoundError:
        return []
    found: list[Letter] = []
    number = state.last_seq
    while number >= max(1, state.first_seq) and len(found) < limit and state.messages:
        with suppress(NotFoundError):  # dropped or replayed
            found.append(await read(js, number))
        number -= 1
    return found


async def replay(js: Any, number: int) -> str:
    """Publish the event on its own subject again, under a new message id, and drop the letter; the subject."""
    letter = await read(js, number)
    await js.publish(letter.subject, letter.data.encode(), headers={"Nats-Msg-Id": f"replay-{number}-{letter.failed_at}"})
    await drop(js, number)
    return letter.subject


async def drop(js: Any, number: int) -> None:
    """Raises NotFoundError."""
    await read(js, number)
    await js.delete_msg(DEAD_STREAM, number)
