"""How is the bus real?  NATS JetStream: one stream of facts, durables from the flow table, dead letters, key-value, uploads.

Delivery is at least once: an event is acked after its handler returned.  A handler's expected, final error ends the event at
once as a dead letter; anything else hands it back with a growing delay until `MAX_DELIVER`.  While a handler works, the ack
is renewed every few seconds, so a crash shows after `ACK_WAIT` and no sooner.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import nats
import nats.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api
from nats.js import errors as js_errors
from pydantic import BaseModel, ValidationError

from .bus import DeadHandler, KeyValue, Subscription, is_retryable
from .contracts.envelope import Event, EventData, event_id
from .contracts.flow import FLOW, durable
from .contracts.values import ProblemData
from .errors import ConflictError, InvalidError, NotFoundError, PhotoFunError, ProblemError, RateLimitedError, UnavailableError
from .logs import request_id, traceparent
from .tasks import stop_tasks
from .telemetry import EVENT_SECONDS, EVENT_WAIT, EVENTS, QUEUE_IN_HAND, QUEUE_OLDEST, QUEUE_WAITING
from .tracing import Span, span

__all__ = ["ACK_WAIT", "DEAD_STREAM", "MAX_DELIVER", "STREAM", "JetStreamBus", "ensure_topology"]

log = logging.getLogger(__name__)
M = TypeVar("M", bound=BaseModel)

STREAM = "PHOTOFUN"
DEAD_STREAM = "PHOTOFUN_DEAD"
UPLOADS = "uploads"
ACK_WAIT = 10.0
HEARTBEAT = 3.0
MAX_DELIVER = 5
_DELAYS = (0.2, 1.0, 5.0, 15.0)
_TIMEOUT = 2.0
_HELD_BACK = 3.0
_MEASURE_SECONDS = 10.0


async def _ensure_stream(js: JetStreamContext, config: api.StreamConfig) -> None:
    try:
        await js.add_stream(config)
    except js_errors.BadRequestError as error:
        if error.err_code != 10058:
            raise
        present = (await js.stream_info(str(config.name))).config
        await js.update_stream(present.evolve(subjects=config.subjects, max_bytes=config.max_bytes, max_age=config.max_age))


async def ensure_topology(js: JetStreamContext, *, replicas: int = 1, consumers: Iterable[str] | None = None) -> None:
    """Create the streams and every durable of the flow table; what is there already stays."""
    await _ensure_stream(
        js,
        api.StreamConfig(
            name=STREAM,
            subjects=["photofun.*.*.*"],
            retention=api.RetentionPolicy.INTEREST,
            storage=api.StorageType.FILE,
            discard=api.DiscardPolicy.NEW,
            max_bytes=512 * 2**20,
            max_msg_size=256 * 2**10,
            duplicate_window=120,
            num_replicas=replicas,
        ),
    )
    await _ensure_stream(
        js,
        api.StreamConfig(
            name=DEAD_STREAM,
            subjects=["dead.>"],
            storage=api.StorageType.FILE,
            max_bytes=64 * 2**20,
            max_age=30 * 86400,
            duplicate_window=120,
            num_replicas=replicas,
        ),
    )
    wanted = set(consumers) if consumers is not None else None
    for row in FLOW:
        for consumer in row.consumers:
            if wanted is None or consumer in wanted:
                await js.add_consumer(
                    STREAM,
                    api.ConsumerConfig(
                        durable_name=durable(consumer, row.fact),
                        ack_policy=api.AckPolicy.EXPLICIT,
                        ack_wait=ACK_WAIT,
                        max_deliver=MAX_DELIVER,
                        filter_subject=row.fact.subject,
                        max_ack_pending=512,
                    ),
                )


class JetStreamKeyValue:
    """A KeyValue on a JetStream bucket."""

    def __init__(self, client: Client, bucket: Any, name: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"$KV.{name}."

    async def get(self, key: str) -> tuple[bytes, int] | None:
        try:
            entry = await _patient(lambda: self._bucket.get(key))
        except js_errors.KeyNotFoundError:
            return None
        return None if entry.value is None else (entry.value, entry.revision)

    async def create(self, key: str, value: bytes) -> int:
        return await self._write(lambda: self._bucket.create(key, value))

    async def update(self, key: str, value: bytes, revision: int) -> int:
        return await self._write(lambda: self._bucket.update(key, value, last=revision))

    async def put(self, key: str, value: bytes) -> int:
        return await self._write(lambda: self._bucket.put(key, value))

    async def delete(self, key: str) -> None:
        with contextlib.suppress(js_errors.KeyNotFoundError):
            await _patient(lambda: self._bucket.delete(key))

    async def items(self) -> list[tuple[str, bytes]]:
        watcher = await _patient(self._bucket.watchall)
        found: list[tuple[str, bytes]] = []
        try:
            async for entry in watcher:
                if entry is None:
                    break
                if entry.value and not entry.operation:
                    found.append((entry.key, entry.value))
        finally:
            await watcher.stop()
        return found

    async def keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix` and a dot."""
        watcher = await _patient(lambda: self._bucket.watch(f"{prefix}.>", ignore_deletes=True, meta_only=True))
        found: list[str] = []
        try:
            async for entry in watcher:
                if entry is None:
                    break
                found.append(entry.key)
        finally:
            await watcher.stop()
        return found

    async def watch(self, changed: Callable[[str, bytes], None]) -> None:
        """Call `changed` for every write from now on, through a plain subscription on the bucket's subjects."""

        async def heard(message: Msg) -> None:
            if message.data and not (message.headers or {}).get("KV-Operation"):
                changed(message.subject.removeprefix(self._prefix), message.data)

        await self._client.subscribe(self._prefix + ">", cb=heard)

    async def _write(self, write: Callable[[], Awaitable[int]]) -> int:
        try:
            revision: int = await _patient(write)
            return revision
        except js_errors.KeyWrongLastSequenceError as error:
            raise ConflictError("the value changed meanwhile") from error


def _messaging(subject: str, operation: str) -> dict[str, str | int | float | bool]:
    return {"messaging.system": "nats", "messaging.destination.name": subject, "messaging.operation.type": operation}


async def _patient(call: Callable[[], Awaitable[Any]]) -> Any:
    """Run a JetStream call; what means 'the broker is away' becomes UnavailableError."""
    try:
        return await call()
    except (
        TimeoutError,
        nats.errors.ConnectionClosedError,
        nats.errors.NoServersError,
        nats.errors.OutboundBufferLimitError,
    ) as error:
        raise UnavailableError("The message broker does not answer", slug="broker-unavailable") from error
    except (js_errors.ServiceUnavailableError, js_errors.NoStreamResponseError, nats.errors.NoRespondersError) as error:
        raise UnavailableError("The message broker is not ready", slug="broker-unavailable") from error


class JetStreamBus:
    """The Bus on NATS.  Use as `async with JetStreamBus(...) as bus`; `subscribe` starts the pull loops.

    A URL with a user in it means a broker with rights per user: streams, durables and buckets were made by the admin
    (`photofun_common.topology`), and nothing is made here.
    """

    def __init__(self, url: str, service: str, *, manage_topology: bool = True) -> None:
        self._url = url
        self._service = service
        self._has_rights = urlsplit(url).username is not None
        self._manage = manage_topology and not self._has_rights
        self._buckets: dict[str, KeyValue] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._pulls: list[Any] = []
        self._handed_over: dict[str, float] = {}
        self._stopping = asyncio.Event()
        self._ready = asyncio.Event()
        self._client = Client()
        self._js: JetStreamContext = self._client.jetstream(timeout=_TIMEOUT)
        self._object_store: Any = None

    @property
    def is_connected(self) -> bool:
        return self._client.is_connected and self._ready.is_set()

    @property
    def js(self) -> JetStreamContext:
        """The JetStream context, for tools that look at streams and consumers."""
        return self._js

    async def __aenter__(self) -> JetStreamBus:
        self._spawn(self._connect())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), 5)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.aclose()

    async def _connect(self) -> None:
        async def quiet(error: Exception) -> None:
            log.warning("broker trouble", extra={"error": f"{type(error).__name__}: {error}"[:200]})

        await self._client.connect(
            self._url,
            name=self._service,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.2,
            ping_interval=10,
            max_outstanding_pings=2,
            connect_timeout=2,
            error_cb=quiet,
            drain_timeout=5,
            inbox_prefix=f"_INBOX_{self._service}",
        )
        while not self._stopping.is_set():
            try:
                if self._manage:
                    await ensure_topology(self._js)
                self._ready.set()
                return
            except (nats.errors.Error, js_errors.Error) as error:
                log.warning("broker not ready", extra={"error": f"{type(error).__name__}: {error}"[:200]})
                await asyncio.sleep(0.3)

    async def aclose(self) -> None:
        """Stop fetching, let handlers finish for a few seconds, unsubscribe the pulls, then drain."""
        self._stopping.set()
        pending = {task for task in self._tasks if not task.done()}
        if not self._ready.is_set():  # never connected: nothing is in hand
            for task in pending:
                task.cancel()
        if pending:
            _, late = await asyncio.wait(pending, timeout=8)
            await stop_tasks(late)
        for pull in self._pulls:
            with contextlib.suppress(Exception):
                await pull.unsubscribe()
        with contextlib.suppress(Exception):
            await (self._client.drain() if self._client.is_connected else self._client.close())

    # --- telling

    async def publish(self, data: EventData, *parts: str) -> None:
        """Publish a fact once: its id follows from job, subject and `parts`, and the broker drops a repeat.

        Raises UnavailableError when the broker does not confirm; the event may be delivered all the same.
        """
        identity = event_id(data, *parts)
        payload = orjson.dumps(
            {
                "id": identity,
                "type": data.subject,
                "job_id": data.job_id,
                "user_id": data.user_id,
                "occurred_at": datetime.now(UTC).isoformat(),
                "attempt": 1,
                "data": data.model_dump(mode="json"),
            }
        )
        attributes = _messaging(data.subject, "send") | {"messaging.message.id": identity, "photofun.job_id": data.job_id}
        with span(f"send {data.subject}", "producer", attributes=attributes):
            headers = {"Nats-Msg-Id": identity, "traceparent": traceparent.get()}
            if request_id.get():
                headers["x-request-id"] = request_id.get()
            try:
                await _patient(lambda: self._js.publish(data.subject, payload, headers=headers, timeout=_TIMEOUT))
            except js_errors.APIError as error:
                raise UnavailableError("The message broker is full or refused the event", slug="overloaded", retry_after=5) from error

    async def request(self, subject: str, question: BaseModel, answer: type[M], *, timeout: float) -> M:  # noqa: ASYNC109
        """Ask another service.  Raises UnavailableError when nobody answers in time, or the problem that was answered."""
        with span(f"request {subject}", "client", attributes=_messaging(subject, "send")):
            headers = {"traceparent": traceparent.get()}
            try:
                reply = await self._client.request(subject, question.model_dump_json().encode(), timeout=timeout, headers=headers)
            except (nats.errors.Error, TimeoutError) as error:
                raise UnavailableError(f"{subject} did not answer in {timeout:.1f} s") from error
            if (reply.headers or {}).get("x-problem"):
                raise ProblemError(ProblemData.model_validate_json(reply.data))
            return answer.model_validate_json(reply.data)

    async def answer(self, subject: str, handler: Callable[[bytes], Awaitable[BaseModel]], *, concurrency: int = 16) -> None:
        """Answer questions on a subject, shared between replicas, so many at a time."""
        slots = asyncio.Semaphore(concurrency)

        async def respond(message: Msg) -> None:
            parent = (message.headers or {}).get("traceparent", "")
            async with slots:
                with span(f"process {subject}", "server", parent=parent, attributes=_messaging(subject, "process")) as told:
                    await answer_one(message, told)

        async def answer_one(message: Msg, told: Span) -> None:
            try:
                await message.respond((await handler(message.data)).model_dump_json().encode())
            except Exception as error:  # an answer is owed, whatever happened
                told.fail(type(error).__name__)
                problem = (
                    error if isinstance(error, PhotoFunError) else UnavailableError("The question could not be answered")
                ).to_problem()
                if not isinstance(error, PhotoFunError):
                    log.exception("question failed", extra={"subject": subject})
                await self._client.publish(message.reply, problem.model_dump_json().encode(), headers={"x-problem": "1"})

        async def heard(message: Msg) -> None:
            self._spawn(respond(message))

        await self._ready.wait()
        await self._client.subscribe(subject, queue=self._service, cb=heard)

    # --- hearing

    def subscribe(self, service: Any, subscriptions: Iterable[Subscription], *, dead: DeadHandler | None = None) -> None:
        """Start one pull loop a subscription.  `dead` is told of every event that is given up, before its last ack."""
        for subscription in subscriptions:
            self._spawn(self._pull(service, subscription, dead))
            self._spawn(self._measure(subscription.fact))

    async def _pull(self, service: Any, subscription: Subscription, dead: DeadHandler | None) -> None:
        name = durable(self._service, subscription.fact)
        await self._ready.wait()
        slots = asyncio.Semaphore(subscription.concurrency)
        pull: Any = None
        while not self._stopping.is_set():
            await slots.acquire()
            try:
                if pull is None:
                    pull = await self._js.pull_subscribe_bind(name, stream=STREAM)
                    self._pulls.append(pull)
                # one at a time: a larger batch waits for its rest, up to the whole time-out, before it hands out the first
                messages = await pull.fetch(1, timeout=1.0)
            except TimeoutError:  # nats-py raises its own or asyncio's; both mean that nothing came
                slots.release()
                continue
            except Exception as error:  # the loop outlives whatever the client meets: a dead loop hears nothing for ever
                slots.release()
                log.warning("fetch failed", extra={"durable": name, "error": f"{type(error).__name__}: {error}"[:200]})
                await self._renew(pull)
                pull = None
                continue
            slots.release()
            for message in messages:
                await slots.acquire()
                self._spawn(self._handle(service, subscription, message, dead), done=slots.release)

    async def _measure(self, fact: type[EventData]) -> None:
        """Keep the gauges of one durable's queue true, until the bus closes."""
        name, clear = durable(self._service, fact), time.time()
        while not self._stopping.is_set():
            with contextlib.suppress(nats.errors.Error, js_errors.Error, TimeoutError):
                found = await self._js.consumer_info(STREAM, name, timeout=_TIMEOUT)
                waiting = found.num_pending or 0
                clear = clear if waiting else time.time()
                since = max(clear, self._handed_over.get(fact.subject, 0.0))
                QUEUE_WAITING.labels(fact.subject).set(waiting)
                QUEUE_IN_HAND.labels(fact.subject).set(found.num_ack_pending or 0)
                QUEUE_OLDEST.labels(fact.subject).set(time.time() - since if waiting else 0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _MEASURE_SECONDS)

    async def _renew(self, pull: Any) -> None:
        """After a failed fetch: let the old pull go, make sure that the durable exists, wait a little."""
        if pull is not None and pull in self._pulls:
            self._pulls.remove(pull)
            with contextlib.suppress(Exception):
                await pull.unsubscribe()
        await asyncio.sleep(0.3)
        if self._manage and self._client.is_connected:
            with contextlib.suppress(nats.errors.Error, js_errors.Error):
                await ensure_topology(self._js, consumers=[self._service])

    async def _handle(self, service: Any, subscription: Subscription, message: Msg, dead: DeadHandler | None) -> None:
        headers = message.headers or {}
        request_id.set(headers.get("x-request-id", ""))
        attributes = _messaging(message.subject, "process") | {"messaging.message.id": headers.get("Nats-Msg-Id", "")}
        with span(f"process {message.subject}", "consumer", parent=headers.get("traceparent", ""), attributes=attributes) as told:
            outcome = await self._handled(service, subscription, message, dead)
            told.set({"photofun.outcome": outcome, "photofun.attempt": message.metadata.num_delivered})
            if outcome != "done":
                told.fail(outcome)

    async def _handled(self, service: Any, subscription: Subscription, message: Msg, dead: DeadHandler | None) -> str:
        attempt = message.metadata.num_delivered
        told_at = message.metadata.timestamp.timestamp()
        if attempt == 1:
            EVENT_WAIT.labels(message.subject).observe(max(0.0, time.time() - told_at))
            self._handed_over[message.subject] = max(told_at, self._handed_over.get(message.subject, 0.0))
        started = time.perf_counter()
        beat = asyncio.create_task(self._keep(message))
        outcome = "done"
        try:
            event = self._read(subscription.fact, message)
            await subscription.handler(service, event)
            await message.ack()
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                await message.nak(delay=0.5)
            raise
        except Exception as error:
            outcome = await self._failed(subscription.fact, message, error, attempt, dead)
        finally:
            beat.cancel()
            spent = time.perf_counter() - started
            EVENTS.labels(message.subject, outcome).inc()
            EVENT_SECONDS.labels(message.subject).observe(spent)
            log.info("event", extra={"subject": message.subject, "outcome": outcome, "attempt": attempt, "ms": round(spent * 1000, 1)})
        return outcome

    def _read(self, fact: type[EventData], message: Msg) -> Event[Any]:
        try:
            return Event[fact].model_validate_json(message.data)  # type: ignore[valid-type]
        except ValidationError as error:
            raise InvalidError(f"the event is not a {fact.__name__}: {error.error_count()} errors", slug="poison-event") from error

    async def _failed(self, fact: type[EventData], message: Msg, error: Exception, attempt: int, dead: DeadHandler | None) -> str:
        final = not is_retryable(error) or attempt >= MAX_DELIVER
        log.log(
            logging.ERROR if final else logging.WARNING,
            "event failed",
            extra={"subject": message.subject, "attempt": attempt, "final": final, "error": f"{type(error).__name__}: {error}"[:300]},
            exc_info=None if isinstance(error, PhotoFunError) else error,
        )
        try:
            if not final:
                hint = error.retry_after if isinstance(error, RateLimitedError) and error.retry_after else None
                await message.nak(delay=hint or _DELAYS[min(attempt, len(_DELAYS)) - 1])
                return "retry"
            await self._bury(fact, message, error, dead)
            await message.term()
            return "dead"
        except Exception as trouble:  # the broker redelivers what was not acked
            log.warning("hand-back failed", extra={"error": f"{type(trouble).__name__}: {trouble}"[:200]})
            return "lost-ack"

    async def _bury(self, fact: type[EventData], message: Msg, error: Exception, dead: DeadHandler | None) -> None:
        reason = error.detail if isinstance(error, PhotoFunError) else f"{type(error).__name__}: {error}"
        if dead is not None:
            with contextlib.suppress(ValidationError):
                await dead(Event[fact].model_validate_json(message.data), reason)  # type: ignore[valid-type]
        sequence = message.metadata.sequence.stream
        headers = {
            "Nats-Msg-Id": f"dead-{self._service}-{STREAM}-{sequence}",
            "x-reason": reason[:300].replace("\n", " "),
            "x-consumer": self._service,
            "x-subject": message.subject,
            "x-failed-at": datetime.now(UTC).isoformat(),
        }
        await self._js.publish(f"dead.{self._service}.{message.subject.split('.')[2]}", message.data, headers=headers, timeout=_TIMEOUT)

    async def _keep(self, message: Msg) -> None:
        """Renew the ack until cancelled."""
        while True:
            await asyncio.sleep(HEARTBEAT)
            with contextlib.suppress(Exception):
                await message.in_progress()

    # --- keeping

    async def key_value(self, bucket: str, *, ttl: float | None = None) -> KeyValue:
        """The bucket of this name, made when it is missing.  `ttl` in seconds counts from a key's last write."""
        if bucket not in self._buckets:
            await self._wait_ready()
            config = api.KeyValueConfig(bucket=bucket, history=1, ttl=ttl, storage=api.StorageType.FILE)
            made = await self._made(lambda: self._js.create_key_value(config), lambda: self._js.key_value(bucket))
            self._buckets[bucket] = JetStreamKeyValue(self._client, made, bucket)
        return self._buckets[bucket]

    async def _made(self, create: Callable[[], Awaitable[Any]], find: Callable[[], Awaitable[Any]]) -> Any:
        """A bucket that is there, or is made now when that is ours to do.  Raises UnavailableError."""
        if not self._has_rights:
            with contextlib.suppress(js_errors.BadRequestError):  # it is there, made with other settings
                return await _patient(create)
        try:
            return await _patient(find)
        except js_errors.NotFoundError as error:
            raise UnavailableError("The message broker is not prepared yet", slug="broker-unavailable") from error

    async def park(self, name: str, data: bytes) -> None:
        """Put an upload where any service can fetch it for an hour.  Raises UnavailableError."""
        store = await self._uploads()
        await _patient(lambda: store.put(name, data))

    async def unpark(self, name: str) -> bytes:
        """Fetch a parked upload.  Raises NotFoundError when it is gone."""
        store = await self._uploads()
        try:
            found = await _patient(lambda: store.get(name))
        except js_errors.ObjectNotFoundError as error:
            raise NotFoundError("The uploaded picture is no longer there: send it again", slug="upload-gone") from error
        return bytes(found.data)

    async def _uploads(self) -> Any:
        if self._object_store is None:
            await self._wait_ready()
            config = api.ObjectStoreConfig(ttl=3600, storage=api.StorageType.FILE, max_bytes=2**30)
            create, find = lambda: self._js.create_object_store(UPLOADS, config), lambda: self._js.object_store(UPLOADS)
            self._object_store = await self._made(create, find)
        return self._object_store

    async def _wait_ready(self) -> None:
        try:
            await asyncio.wait_for(self._ready.wait(), _HELD_BACK)
        except TimeoutError as error:
            raise UnavailableError("The message broker is not reachable", slug="broker-unavailable") from error

    def _spawn(self, work: Any, *, done: Callable[[], None] | None = None) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)

        def finished(ended: asyncio.Task[None]) -> None:
            self._tasks.discard(ended)
            if done is not None:
                done()
            if not ended.cancelled() and ended.exception() is not None:
                log.error("background task failed", exc_info=ended.exception())

        task.add_done_callback(finished)
