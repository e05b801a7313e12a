"""NATS in and out: which facts does imaging-svc hear?"""

from __future__ import annotations

from typing import Any

from photofun_common.bus import on
from photofun_common.contracts.conversation import PlanApproved, SessionDeleted
from photofun_common.contracts.envelope import Event
from photofun_common.contracts.gallery import EditsRequested, ImagePurged, UserErased
from photofun_common.contracts.imaging import StepRequested
from photofun_common.contracts.prompt import PlanFailed, PlanReady, ReplyReady

from .service import ImagingService

__all__ = ["HANDLERS"]


@on(PlanReady)
async def on_plan_ready(service: ImagingService, event: Event[PlanReady]) -> None:
    await service.take_plan(event.data)


@on(PlanApproved)
async def on_plan_approved(service: ImagingService, event: Event[PlanApproved]) -> None:
    await service.take_plan(event.data)


@on(ReplyReady)
async def on_reply_ready(service: ImagingService, event: Event[ReplyReady]) -> None:
    await service.take_reply(event.data)


@on(PlanFailed)
async def on_plan_failed(service: ImagingService, event: Event[PlanFailed]) -> None:
    await service.take_plan_failure(event.data)


@on(StepRequested, concurrency=256)  # more than all remote lanes hold: steps of broken engines must not keep others out
async def on_step_requested(service: ImagingService, event: Event[StepRequested]) -> None:
    await service.run_step(event.data)


@on(SessionDeleted)
async def on_session_deleted(service: ImagingService, event: Event[SessionDeleted]) -> None:
    await service.end_session(event.data)


@on(ImagePurged)
async def on_image_purged(service: ImagingService, event: Event[ImagePurged]) -> None:
    await service.purge(event.data, event.id)


@on(EditsRequested)
async def on_edits_requested(service: ImagingService, event: Event[EditsRequested]) -> None:
    await service.intake.take_edits(event.data)


@on(UserErased)
async def on_user_erased(service: ImagingService, event: Event[UserErased]) -> None:
    await service.eraser.erase(event.data)


HANDLERS: list[Any] = [
    on_plan_ready,
    on_plan_approved,
    on_reply_ready,
    on_plan_failed,
    on_step_requested,
    on_session_deleted,
    on_image_purged,
    on_edits_requested,
    on_user_erased,
]
