"""Was this POST made before?  The first answer to an Idempotency-Key, kept for a day where every gateway finds it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import time
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from photofun_common.bus import Bus, KeyValue
from photofun_common.errors import ConflictError, InvalidError, MalformedError, PhotoFunError, UnavailableError

from .wire import Answer, Exchange

__all__ = ["Claim", "IdempotencyKeeper", "Kept", "key_of"]

log = logging.getLogger(__name__)
BUCKET = "idempotency"
_DAY = 86400.0
_LEASE_SECONDS = 8.0
_BEAT_SECONDS = 2.5
_PART = 512 * 1024
MOST_KEPT = 24 * 2**20
_VISIBLE = re.compile(rb"[\x21-\x7e]{1,255}")


class InProgressError(ConflictError):
    slug = "idempotency-in-progress"
    title = "The first call with this key still runs"


class MismatchError(InvalidError):
    slug = "idempotency-mismatch"
    title = "This key was used for another request"


class IdempotencyUnavailableError(UnavailableError):
    slug = "idempotency-unavailable"
    title = "Idempotency keys can't be kept just now"


def key_of(exchange: Exchange) -> bytes | None:
    """The call's Idempotency-Key, if it sent one.  Raises MalformedError for one that can't be a key."""
    found = exchange.headers(b"idempotency-key")
    if not found:
        return None
    if len(found) > 1 or not _VISIBLE.fullmatch(found[0]):
        raise MalformedError("Idempotency-Key must be one value of 1 to 255 visible ASCII characters", slug="idempotency-key-invalid")
    return found[0]


def _name_of(caller: str, method: str, path: str, key: bytes) -> str:
    """What stands for this key of this caller on this route; it begins with what stands for the caller."""
    call = hashlib.sha256(b"\n".join([caller.encode(), method.encode(), path.encode(), key])).hexdigest()
    return f"{_owner_of(caller)}.{call}"


def _owner_of(caller: str) -> str:
    return hashlib.sha256(caller.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was given before, and the digest of the request it was given to."""

    digest: str
    answer: Answer

    def replay(self, digest: str) -> Answer:
        """The answer again.  Raises MismatchError when this request is another one."""
        if digest != self.digest:
            raise MismatchError("The Idempotency-Key was used with another body: send a new key for a new request")
        return Answer(self.answer.status, self.answer.body, [*self.answer.headers, (b"idempotency-replayed", b"true")])


@dataclass(frozen=True, slots=True)
class _Running:
    """A key in use: when it was first used, and until when its holder is believed to live."""

    born: float
    until: float

    @staticmethod
    def read(record: dict[str, Any]) -> _Running:
        return _Running(record["born"], record["until"])

    def dump(self) -> bytes:
        return orjson.dumps({"state": "running", "born": self.born, "until": self.until})

    def renewed(self) -> _Running:
        return _Running(self.born, time.time() + _LEASE_SECONDS)


class Claim:
    """The right to be the first, a lease that is renewed.  Ends with `keep`, `leave` or `release`."""

    def __init__(self, values: KeyValue, name: str, running: _Running, revision: int) -> None:
        self._values, self._name, self._running, self._revision = values, name, running, revision
        self._beat = asyncio.create_task(self._keep_alive())

    @property
    def once(self) -> str:
        """What stands for this call: the same for every holder of the key within its day, another one the day after."""
        return f"{self._name}.{round(self._running.born * 1000)}"

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            with suppress(PhotoFunError):
                self._revision = await self._values.update(self._name, self._running.renewed().dump(), self._revision)

    async def keep(self, digest: str, answer: Answer) -> None:
        """Keep the answer.  Trouble is only logged: the work is done and the client shall hear of it."""
        await self._stop()
        parts = [answer.body[start : start + _PART] for start in range(0, len(answer.body), _PART)]
        record = {
            "state": "done", "digest": digest, "status": answer.status, "parts": len(parts),
            "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in answer.headers],
        }  # fmt: skip
        try:
            for number, part in enumerate(parts):
                await self._values.put(f"{self._name}.{number}", part)
            await self._values.update(self._name, orjson.dumps(record), self._revision)
        except PhotoFunError as error:
            log.warning("an answer could not be kept", extra={"error": f"{type(error).__name__}: {error}"[:200]})

    async def leave(self) -> None:
        """Nobody knows whether the work was done: the next call with this key is the first again, and the same call for the service."""
        await self._stop()
        await self._tell(self._values.update(self._name, _Running(self._running.born, 0.0).dump(), self._revision))

    async def release(self) -> None:
        """No work was begun: forget the key."""
        await self._stop()
        await self._tell(self._values.delete(self._name))

    async def _tell(self, change: Awaitable[object]) -> None:
        try:
            await change
        except PhotoFunError as error:
            log.warning("a key could not be released", extra={"error": f"{type(error).__name__}: {error}"[:200]})

    async def _stop(self) -> None:
        self._beat.cancel()
        with suppress(asyncio.CancelledError):
            await self._beat


class IdempotencyKeeper:
    """Finds or claims keys in the bus's bucket.  Only calls with a key need the bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def begin(self, caller: str, method: str, path: str, key: bytes) -> Claim | Kept:
        """Claim the key, or find what was answered.  Raises InProgressError, IdempotencyUnavailableError."""
        name = _name_of(caller, method, path, key)
        if not self._bus.is_connected:
            raise IdempotencyUnavailableError("Idempotency-Key can't be honoured just now: try again shortly", retry_after=2)
        try:
            values = await self._bus.key_value(BUCKET, ttl=_DAY)
            return await self._begin(values, name)
        except UnavailableError as error:
            raise IdempotencyUnavailableError("Idempotency-Key can't be honoured just now: try again shortly", retry_after=2) from error

    async def erase(self, user_id: str) -> int:
        """Forget all answers of a person; how many keys there were.  Raises UnavailableError."""
        values = await self._bus.key_value(BUCKET, ttl=_DAY)
        keys = await values.keys(_owner_of(f"u:{user_id}"))
        for key in keys:
            await values.delete(key)
        return len({tuple(key.split(".")[:2]) for key in keys})

    async def _begin(self, values: KeyValue, name: str) -> Claim | Kept:
        fresh = _Running(time.time(), 0.0).renewed()
        with suppress(ConflictError):
            return Claim(values, name, fresh, await values.create(name, fresh.dump()))
        found = await values.get(name)
        if found is None:
            raise _in_progress()
        record, revision = orjson.loads(found[0]), found[1]
        if record["state"] == "done":
            return await _read(values, name, record)
        running = _Running.read(record)
        if time.time() < running.until:
            raise _in_progress()
        taken = running.renewed() if time.time() < running.born + _DAY else fresh
        try:
            return Claim(values, name, taken, await values.update(name, taken.dump(), revision))
        except ConflictError as error:
            raise _in_progress() from error


def _in_progress() -> InProgressError:
    return InProgressError("The first call with this Idempotency-Key has not ended: ask again in a moment", retry_after=1)


async def _read(values: KeyValue, name: str, record: dict[str, Any]) -> Kept:
    parts = []
    for number in range(record["parts"]):
        part = await values.get(f"{name}.{number}")
        if part is None:
            raise UnavailableError("a part of the answer is missing")
        parts.append(part[0])
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in record["headers"]]
    return Kept(record["digest"], Answer(record["status"], b"".join(parts), headers))
