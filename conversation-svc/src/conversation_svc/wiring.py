"""What is plugged into what?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from photofun_common.bus import Bus, answering, subscriptions_of
from photofun_common.contracts.conversation import SaidQuestion
from photofun_common.contracts.files import Keys
from photofun_common.errors import UnavailableError
from photofun_common.fileurls import FileUrls
from photofun_common.jetstream import JetStreamBus
from photofun_common.jobs import JobStore
from photofun_common.tasks import stop_tasks

from .api import Doors
from .events import HANDLERS, given_up
from .service import Conversations, open_conversations
from .settings import Settings
from .store import Store, open_client
from .views import Views

__all__ = ["Context", "open_context"]

log = logging.getLogger(__name__)
KNOWN_FILES = "rpc.conversation.known_files"
SAID = "rpc.conversation.said"


@dataclass(frozen=True, slots=True)
class Context:
    """The open parts of the service."""

    doors: Doors
    conversations: Conversations
    store: Store
    bus: Bus

    def checks(self) -> dict[str, Callable[[], Awaitable[bool]]]:
        async def bus() -> bool:
            return self.bus.is_connected

        return {"documents": self.store.ping, "nats": bus}


@asynccontextmanager
async def open_context(settings: Settings, bus: Bus | None = None) -> AsyncIterator[Context]:
    """Open the store and the bus and start the background work.  Nothing here waits for a server to be up."""
    async with AsyncExitStack() as stack:
        client = open_client(settings.mongo_uri)
        stack.push_async_callback(client.close)
        store = Store(client)
        await store.connect()
        given = bus
        bus = given if given is not None else await stack.enter_async_context(JetStreamBus(settings.nats_url, "conversation-svc"))
        jobs = JobStore(bus)
        signed = settings.auth_mode == "required"
        files = FileUrls(settings.public_url, settings.files_secret.get_secret_value(), signed=signed)
        conversations = open_conversations(
            store,
            bus,
            jobs,
            files,
            job_deadline=settings.job_deadline,
            max_queued=settings.conversation_max_queued,
            max_backlog=settings.conversation_max_backlog,
            signed=signed,
        )
        stack.push_async_callback(conversations.outbox.aclose)
        stopping = asyncio.Event()
        background = [
            asyncio.create_task(_index(store, stopping)),
            asyncio.create_task(_every(settings.conversation_relay_seconds, "relay", conversations.tending.relay, stopping)),
            asyncio.create_task(_every(settings.conversation_sweep_seconds, "sweep", conversations.tending.sweep, stopping)),
        ]
        stack.push_async_callback(_stop, background, stopping)
        if isinstance(bus, JetStreamBus):
            bus.subscribe(conversations, subscriptions_of(HANDLERS), dead=partial(given_up, conversations))
            knowing = asyncio.create_task(bus.answer(KNOWN_FILES, answering(Keys, conversations.tending.known_files)))
            saying = asyncio.create_task(bus.answer(SAID, answering(SaidQuestion, conversations.tending.said)))
            stack.push_async_callback(_stop, [knowing, saying], stopping)
        yield Context(Doors(conversations, jobs, Views(files.url)), conversations, store, bus)


async def _stop(tasks: list[asyncio.Task[None]], stopping: asyncio.Event) -> None:
    """Let the round in hand end; what takes longer is cancelled."""
    stopping.set()
    _, late = await asyncio.wait(tasks, timeout=6)
    await stop_tasks(late)


async def _rested(stopping: asyncio.Event, seconds: float) -> bool:
    """Whether to go on after a rest."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return True
    return False


async def _index(store: Store, stopping: asyncio.Event) -> None:
    """Create the indexes; try until the store is there."""
    while True:
        try:
            await store.ensure_indexes()
            return
        except UnavailableError:
            log.warning("document store not ready")
        if not await _rested(stopping, 1):
            return


async def _every(seconds: float, what: str, work: Callable[[], Awaitable[int]], stopping: asyncio.Event) -> None:
    """Do the work again and again; trouble is logged and tried again."""
    while await _rested(stopping, seconds):
        try:
            done = await work()
            if done:
                log.info(f"{what} done", extra={"count": done})
        except UnavailableError as error:
            log.warning(f"{what} has to wait", extra={"error": error.detail})
        except Exception:  # the loop outlives whatever one round met
            log.exception(f"{what} failed")
