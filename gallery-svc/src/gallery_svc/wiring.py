"""What is plugged into what?  Opens the database, the bus and the way to imaging-svc, and closes them again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx
from photofun_common.bus import Bus, subscriptions_of
from photofun_common.fileurls import FileUrls
from photofun_common.identity import IdentityKeeper
from photofun_common.jetstream import JetStreamBus
from photofun_common.jobs import JobStore
from photofun_common.tasks import stop_tasks

from .answers import answers_of
from .domain import Cursors
from .events import HANDLERS
from .files import FileStore
from .migrate import migrate
from .service import Albums, Erasing, Gallery, Imports, Recipes, Services, Upkeep
from .settings import GallerySettings
from .store import Database, Stores

__all__ = ["Context", "open_context", "open_gallery"]

log = logging.getLogger(__name__)
_PATIENCE = 1.5
_GRACE = 5.0


@dataclass(frozen=True, slots=True)
class Context:
    """What requests use."""

    services: Services
    files: FileUrls
    pictures: FileStore
    stores: Stores
    bus: Bus

    def checks(self) -> dict[str, Callable[[], Awaitable[bool]]]:
        async def bus() -> bool:
            return self.bus.is_connected

        return {"database": self.stores.database.ping, "nats": bus}


@asynccontextmanager
async def open_context(settings: GallerySettings) -> AsyncIterator[Context]:
    """The context of a running service: also when the database or the bus are not there yet."""
    async with JetStreamBus(settings.nats_url, "gallery-svc") as bus, open_gallery(settings, bus) as context:
        bus.subscribe(context.services, subscriptions_of(HANDLERS))
        answering = [asyncio.create_task(bus.answer(subject, answer)) for subject, answer in answers_of(context.services).items()]
        try:
            yield context
        finally:
            for task in answering:
                task.cancel()
            await asyncio.gather(*answering, return_exceptions=True)


@asynccontextmanager
async def open_gallery(settings: GallerySettings, bus: Bus) -> AsyncIterator[Context]:
    """The gallery on any bus."""
    stores = Stores.on(Database(settings.database, pool_size=settings.gallery_pool_size))
    secret = settings.files_secret.get_secret_value()
    is_open = settings.auth_mode == "open"
    files = FileUrls(settings.public_url, secret, signed=not is_open)
    upkeep = Upkeep(stores, bus, trash_days=settings.gallery_trash_days)
    cursors = Cursors(secret)
    identity = IdentityKeeper(settings.internal_secret.get_secret_value(), is_open=is_open, service="gallery-svc")
    opening = asyncio.create_task(_open_database(stores.database))
    tasks = [opening]
    try:
        async with httpx.AsyncClient(timeout=10, trust_env=False, follow_redirects=False) as client:
            pictures = FileStore(client, settings.imaging_url, files, identity)
            services = Services(
                gallery=Gallery(stores, files, cursors, trash_days=settings.gallery_trash_days, wake=upkeep.wake),
                albums=Albums(stores, cursors),
                recipes=Recipes(stores, bus, JobStore(bus), cursors, job_deadline=settings.job_deadline),
                imports=Imports(stores, pictures),
                erasing=Erasing(stores, bus, wake=upkeep.wake),
                upkeep=upkeep,
            )
            await asyncio.wait([opening], timeout=_PATIENCE)
            repeated = (
                (upkeep.sweep, settings.gallery_sweep_seconds),
                (services.recipes.advance, settings.gallery_relay_seconds),
                (services.erasing.advance, settings.gallery_relay_seconds),
            )
            tasks.append(asyncio.create_task(_after(opening, upkeep.keep_relaying, settings.gallery_relay_seconds)))
            tasks += [asyncio.create_task(_after(opening, partial(upkeep.keep_doing, work), every)) for work, every in repeated]
            yield Context(services, files, pictures, stores, bus)
    finally:
        upkeep.stop()
        opening.cancel()
        _, late = await asyncio.wait(tasks, timeout=_GRACE)
        await stop_tasks(late)
        await stores.aclose()


async def _open_database(database: Database) -> None:
    """Bring the tables up to date; while the database is away, try again."""
    while True:
        try:
            await asyncio.to_thread(migrate, database.url)
            database.opened()
            return
        except Exception as error:  # whatever it is, the service stays up and tries again
            log.warning("database not ready", extra={"error": f"{type(error).__name__}: {error}"[:200]})
            await asyncio.sleep(0.5)


async def _after(opening: asyncio.Task[None], work: Callable[[float], Awaitable[None]], every: float) -> None:
    await asyncio.wait([opening])
    await work(every)
