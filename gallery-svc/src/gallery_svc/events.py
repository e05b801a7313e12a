"""NATS in: what the gallery listens to."""

from __future__ import annotations

from photofun_common.bus import on
from photofun_common.contracts.conversation import SessionDeleted
from photofun_common.contracts.envelope import Event
from photofun_common.contracts.imaging import FileRemoved, ImageReady, JobFinished

from .service import Services

__all__ = ["HANDLERS", "on_file_removed", "on_image_ready", "on_job_finished", "on_session_deleted"]


@on(ImageReady, concurrency=64)
async def on_image_ready(services: Services, event: Event[ImageReady]) -> None:
    await services.gallery.take_result(event.data)


@on(SessionDeleted)
async def on_session_deleted(services: Services, event: Event[SessionDeleted]) -> None:
    await services.gallery.follow_session(event.data)


@on(JobFinished)
async def on_job_finished(services: Services, event: Event[JobFinished]) -> None:
    await services.recipes.job_finished(event.data)


@on(FileRemoved)
async def on_file_removed(services: Services, event: Event[FileRemoved]) -> None:
    await services.upkeep.file_removed(event.data)


HANDLERS = (on_image_ready, on_session_deleted, on_job_finished, on_file_removed)
