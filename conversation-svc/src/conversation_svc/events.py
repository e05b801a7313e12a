"""Which facts does conversation-svc listen to?"""

from __future__ import annotations

from typing import Any

from photofun_common.bus import Handler, on
from photofun_common.contracts.envelope import Event
from photofun_common.contracts.gallery import UserErased
from photofun_common.contracts.imaging import ImageReady, JobFinished, SourceStored
from photofun_common.contracts.prompt import PlanFailed, PlanReady, ReplyReady

from .service import Conversations

__all__ = ["HANDLERS", "given_up"]


@on(PlanReady)
async def on_plan_ready(conversations: Conversations, event: Event[PlanReady]) -> None:
    await conversations.following.planned(event.data)


@on(ReplyReady)
async def on_reply_ready(conversations: Conversations, event: Event[ReplyReady]) -> None:
    await conversations.following.replied(event.data)


@on(PlanFailed)
async def on_plan_failed(conversations: Conversations, event: Event[PlanFailed]) -> None:
    await conversations.following.not_planned(event.data)


@on(SourceStored)
async def on_source_stored(conversations: Conversations, event: Event[SourceStored]) -> None:
    await conversations.following.source_stored(event.data)


@on(ImageReady)
async def on_image_ready(conversations: Conversations, event: Event[ImageReady]) -> None:
    await conversations.following.image_ready(event.data)


@on(JobFinished)
async def on_job_finished(conversations: Conversations, event: Event[JobFinished]) -> None:
    await conversations.following.job_finished(event.data)


@on(UserErased)
async def on_user_erased(conversations: Conversations, event: Event[UserErased]) -> None:
    await conversations.tending.erase(event.data)


HANDLERS: tuple[Handler, ...] = (
    on_user_erased,
    on_plan_ready,
    on_reply_ready,
    on_plan_failed,
    on_source_stored,
    on_image_ready,
    on_job_finished,
)
_DECISIVE = (PlanReady, ReplyReady, PlanFailed, JobFinished)


async def given_up(conversations: Conversations, event: Event[Any], reason: str) -> None:
    """An event was given up: when the message would wait for it for ever, the message ends."""
    if isinstance(event.data, _DECISIVE):
        await conversations.following.give_up(event.job_id, reason)
