"""NATS in: what the gallery listens to."""

from __future__ import annotations

from photofun_common.bus import on
from photofun_common.contracts.conversation import SessionDeleted
from photofun_common.contracts.envelope import Event
from photofun_common.contracts.erasure import AnswersErased, ChoicesErased, JobsErased, SessionsErased
from photofun_common.contracts.imaging import FileRemoved, ImageReady, JobFinished

from .service import Services

__all__ = ["HANDLERS"]


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
    await services.erasing.file_removed(event.data.user_id)


@on(SessionsErased)
async def on_sessions_erased(services: Services, event: Event[SessionsErased]) -> None:
    await services.erasing.heard(event.data)


@on(ChoicesErased)
async def on_choices_erased(services: Services, event: Event[ChoicesErased]) -> None:
    await services.erasing.heard(event.data)


@on(JobsErased)
async def on_jobs_erased(services: Services, event: Event[JobsErased]) -> None:
    await services.erasing.heard(event.data)


@on(AnswersErased)
async def on_answers_erased(services: Services, event: Event[AnswersErased]) -> None:
    await services.erasing.heard(event.data)


HANDLERS = (
    on_image_ready,
    on_session_deleted,
    on_job_finished,
    on_file_removed,
    on_sessions_erased,
    on_choices_erased,
    on_jobs_erased,
    on_answers_erased,
)
