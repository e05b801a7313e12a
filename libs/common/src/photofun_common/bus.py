"""How do services tell each other what happened?  The bus as services see it, and one in memory for tests."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from .contracts.envelope import Event, EventData, event_id
from .errors import ConflictError, InvalidError, NotFoundError, PhotoFunError, UnavailableError

__all__ = [
    "Bus",
    "DeadHandler",
    "Delivery",
    "Handler",
    "KeyValue",
    "MemoryBus",
    "MemoryKeyValue",
    "RpcHandler",
    "Subscription",
    "answering",
    "on",
    "subscriptions_of",
]

M = TypeVar("M", bound=BaseModel)
Q = TypeVar("Q", bound=BaseModel)


class Delivery(Protocol):
    """The hand-over of one event: what a long handler needs to keep it."""

    attempt: int

    def hold(self) -> Any: ...


Handler = Callable[[Any, Event[Any]], Awaitable[None]]
DeadHandler = Callable[[Event[Any], str], Awaitable[None]]
RpcHandler = Callable[[bytes], Awaitable[BaseModel]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A fact and its handler.  `concurrency` is how many events are in hand at once."""

    fact: type[EventData]
    handler: Handler
    concurrency: int = 8


def on(fact: type[EventData], *, concurrency: int = 8) -> Callable[[Handler], Handler]:
    """Mark a coroutine `(service, event)` as the handler of a fact.  It may be called twice with the same event."""

    def mark(handler: Handler) -> Handler:
        handler.__subscription__ = Subscription(fact, handler, concurrency)  # type: ignore[attr-defined]
        return handler

    return mark


def subscriptions_of(handlers: Iterable[Handler]) -> list[Subscription]:
    return [handler.__subscription__ for handler in handlers]  # type: ignore[attr-defined]


class KeyValue(Protocol):
    """A bucket of small values with compare-and-set.  Revisions grow; a lost race raises ConflictError."""

    async def get(self, key: str) -> tuple[bytes, int] | None: ...
    async def create(self, key: str, value: bytes) -> int: ...
    async def update(self, key: str, value: bytes, revision: int) -> int: ...
    async def put(self, key: str, value: bytes) -> int: ...
    async def delete(self, key: str) -> None: ...
    async def items(self) -> list[tuple[str, bytes]]: ...
    async def keys(self, prefix: str) -> list[str]: ...
    async def watch(self, changed: Callable[[str, bytes], None]) -> None: ...


class Bus(Protocol):
    """Publish facts, ask questions, keep small values and park uploads."""

    async def publish(self, data: EventData, *parts: str) -> None: ...
    async def request(self, subject: str, question: BaseModel, answer: type[M], *, timeout: float) -> M: ...  # noqa: ASYNC109
    async def key_value(self, bucket: str, *, ttl: float | None = None) -> KeyValue: ...
    async def park(self, name: str, data: bytes) -> None: ...
    async def unpark(self, name: str) -> bytes: ...
    @property
    def is_connected(self) -> bool: ...


class MemoryKeyValue:
    """A KeyValue in memory: what the tests of services run on."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[bytes, int]] = {}
        self._revision = 0
        self._watchers: list[Callable[[str, bytes], None]] = []

    async def get(self, key: str) -> tuple[bytes, int] | None:
        return self._values.get(key)

    async def create(self, key: str, value: bytes) -> int:
        if key in self._values:
            raise ConflictError("the key exists")
        return self._set(key, value)

    async def update(self, key: str, value: bytes, revision: int) -> int:
        if self._values.get(key, (b"", 0))[1] != revision:
            raise ConflictError("the value changed meanwhile")
        return self._set(key, value)

    async def put(self, key: str, value: bytes) -> int:
        return self._set(key, value)

    async def delete(self, key: str) -> None:
        self._values.pop(key, None)

    async def items(self) -> list[tuple[str, bytes]]:
        return [(key, value) for key, (value, _) in self._values.items()]

    async def keys(self, prefix: str) -> list[str]:
        return [key for key in self._values if key.startswith(f"{prefix}.")]

    async def watch(self, changed: Callable[[str, bytes], None]) -> None:
        self._watchers.append(changed)

    def _set(self, key: str, value: bytes) -> int:
        self._revision += 1
        self._values[key] = (value, self._revision)
        for watcher in self._watchers:
            watcher(key, value)
        return self._revision


@dataclass
class MemoryBus:
    """A Bus in memory.  `published` keeps every fact; `deliver` feeds them to handlers until all is quiet."""

    published: list[EventData] = field(default_factory=list)
    rpc: dict[str, RpcHandler] = field(default_factory=dict)
    parked: dict[str, bytes] = field(default_factory=dict)
    is_connected: bool = True

    def __post_init__(self) -> None:
        self._ids: set[str] = set()
        self._buckets: dict[str, MemoryKeyValue] = defaultdict(MemoryKeyValue)
        self._queue: asyncio.Queue[EventData] = asyncio.Queue()

    async def publish(self, data: EventData, *parts: str) -> None:
        if not self.is_connected:
            raise UnavailableError("the bus is away")
        identity = event_id(data, *parts)
        if identity in self._ids:
            return
        self._ids.add(identity)
        self.published.append(data)
        self._queue.put_nowait(data)

    async def request(self, subject: str, question: BaseModel, answer: type[M], *, timeout: float) -> M:  # noqa: ASYNC109
        if subject not in self.rpc:
            raise UnavailableError("nobody answers")
        reply = await self.rpc[subject](question.model_dump_json().encode())
        return answer.model_validate_json(reply.model_dump_json())

    async def key_value(self, bucket: str, *, ttl: float | None = None) -> KeyValue:
        return self._buckets[bucket]

    async def park(self, name: str, data: bytes) -> None:
        self.parked[name] = data

    async def unpark(self, name: str) -> bytes:
        if name not in self.parked:
            raise NotFoundError("the upload is gone", slug="upload-gone")
        return self.parked[name]

    async def deliver(self, service: Any, handlers: Iterable[Handler]) -> None:
        """Feed what was published to these handlers, and what they publish in turn, until nothing is left."""
        table = {subscription.fact: subscription for subscription in subscriptions_of(handlers)}
        while not self._queue.empty():
            data = self._queue.get_nowait()
            if subscription := table.get(type(data)):
                event = Event[Any](id=event_id(data), type=data.subject, job_id=data.job_id, user_id=data.user_id, data=data)
                await subscription.handler(service, event)

    def of(self, fact: type[EventData]) -> list[Any]:
        """What was published of one kind."""
        return [data for data in self.published if type(data) is fact]


def answering(question: type[Q], answer: Callable[[Q], Awaitable[BaseModel]]) -> RpcHandler:
    """What answers this question on the bus.  A question that can't be read is InvalidError."""

    async def answered(raw: bytes) -> BaseModel:
        try:
            asked = question.model_validate_json(raw)
        except ValidationError as error:
            raise InvalidError("The question can't be read") from error
        return await answer(asked)

    return answered


def is_retryable(error: BaseException) -> bool:
    """Whether the same event may succeed later: unexpected errors may, expected ones say so themselves."""
    return error.retryable if isinstance(error, PhotoFunError) else True
