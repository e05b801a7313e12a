"""What is plugged into what?  Opens and closes imaging-svc's parts."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from photofun_common.bus import subscriptions_of
from photofun_common.contracts.envelope import Event
from photofun_common.contracts.jobs import ProviderTask
from photofun_common.errors import PhotoFunError
from photofun_common.fileurls import FileUrls
from photofun_common.jetstream import JetStreamBus
from photofun_common.jobs import JobStore
from photofun_common.tasks import stop_tasks
from pydantic import SecretStr

from .answers import answers_of
from .engines import Engine
from .engines.bells import Bells
from .engines.freepik import FreepikEngine
from .engines.gemini import GeminiEngine
from .engines.local import LocalEngine
from .engines.openai import OpenAIEngine
from .engines.own_model import OwnModelEngine
from .events import HANDLERS
from .guard import PictureFetcher
from .lanes import Lanes
from .pool import WorkerPool
from .routing import parse_routing
from .service import ImagingService
from .settings import Settings
from .spending import BUCKET as SPENDING
from .spending import KEEP_SECONDS as KEEP_SPENDING
from .spending import Prices, Spending
from .stores import open_store
from .webhooks import BUCKET as WEBHOOKS
from .webhooks import KEEP_SECONDS as KEEP_WEBHOOKS
from .webhooks import Webhooks

__all__ = ["Context", "open_context"]

log = logging.getLogger(__name__)
_SWEEP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Context:
    """What the doors use."""

    service: ImagingService
    bus: JetStreamBus

    def checks(self) -> dict[str, Callable[[], Awaitable[bool]]]:
        async def nats() -> bool:
            return self.bus.is_connected

        return {"nats": nats}


def _engines(settings: Settings, pool: WorkerPool, jobs: JobStore, bells: Bells) -> list[Engine]:
    """All engines there are; one without its key says so in `missing`."""

    async def paid_calls() -> list[ProviderTask]:
        return [task for record in await jobs.all() for step in record.steps for task in step.tasks]

    return [
        FreepikEngine(
            pool,
            api_key=_key(settings.freepik_api_key),
            base_url=settings.freepik_base_url,
            key_header=settings.freepik_api_key_header,
            private_hosts=settings.allow_private_image_hosts,
            others=paid_calls,
            bells=bells,
            webhook_url=f"{settings.public_url.rstrip('/')}/v1/webhooks/freepik" if settings.freepik_webhook_secret else None,
            per_minute=settings.freepik_per_minute,
            poll_seconds=settings.freepik_poll_seconds,
        ),
        GeminiEngine(
            pool,
            api_keys=settings.gemini_keys,
            base_url=settings.gemini_base_url,
            model=settings.gemini_image_model,
            per_minute=settings.gemini_per_minute,
        ),
        OpenAIEngine(
            pool,
            api_key=_key(settings.openai_api_key),
            base_url=settings.openai_base_url,
            model=settings.openai_image_model,
            private_hosts=settings.allow_private_image_hosts,
            per_minute=settings.openai_per_minute,
        ),
        OwnModelEngine(
            WorkerPool(1, str(settings.imaging_weights_dir), memory=None), settings.diffusers_model, steps=settings.diffusers_steps
        ),
        LocalEngine(pool),
    ]


def _key(secret: SecretStr | None) -> str | None:
    return (secret.get_secret_value().strip() or None) if secret is not None else None


async def _sweep(service: ImagingService) -> None:
    """Load the index, then sweep for ever; the broker being away is no reason to stop."""
    loaded = False
    while True:
        try:
            if not loaded:
                await service.watcher.load()
                await service.webhooks.follow()
                loaded = True
            await service.sweep()
        except PhotoFunError as error:
            log.warning("sweep failed", extra={"error": error.slug})
        await asyncio.sleep(_SWEEP_SECONDS * random.uniform(0.8, 1.2) if loaded else 0.5)


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[Context]:
    """The running service: bus, stores, workers, sweeper."""
    pool = WorkerPool(settings.imaging_workers, str(settings.imaging_weights_dir.resolve()))
    fetcher = PictureFetcher(private_too=settings.allow_private_image_hosts)
    secret = settings.files_secret.get_secret_value()
    async with JetStreamBus(settings.nats_url, "imaging-svc") as bus:
        jobs, bells = JobStore(bus), Bells()
        service = ImagingService(
            bus=bus,
            jobs=jobs,
            blobs=open_store(settings.storage),
            pool=pool,
            fetcher=fetcher,
            engines=_engines(settings, pool, jobs, bells),
            routing=parse_routing(settings.image_routing),
            urls=FileUrls(settings.public_url, secret, signed=settings.auth_mode == "required"),
            secret=secret,
            deadline=settings.job_deadline,
            max_jobs_per_user=settings.imaging_max_jobs_per_user,
            max_backlog=settings.imaging_max_backlog,
            lanes=Lanes(settings.imaging_workers, per_user=settings.imaging_max_running_per_user),
            spending=Spending(
                lambda: bus.key_value(SPENDING, ttl=KEEP_SPENDING),
                cap=settings.imaging_daily_cap,
                cap_per_user=settings.imaging_daily_cap_per_user,
            ),
            prices=Prices(settings.imaging_prices),
            webhooks=Webhooks(lambda: bus.key_value(WEBHOOKS, ttl=KEEP_WEBHOOKS), bells, _key(settings.freepik_webhook_secret)),
        )

        async def dead(event: Event[object], reason: str) -> None:  # type: ignore[type-var]
            await service.give_up(event.job_id, reason)

        bus.subscribe(service, subscriptions_of(HANDLERS), dead=dead)
        answering = [asyncio.create_task(bus.answer(subject, answer)) for subject, answer in answers_of(service).items()]
        sweeper = asyncio.create_task(_sweep(service))
        try:
            yield Context(service, bus)
        finally:
            await stop_tasks([sweeper, *answering])
            await bus.aclose()
            await service.aclose()
            await fetcher.aclose()
            await pool.aclose()
