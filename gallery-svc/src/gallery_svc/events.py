"""NATS in: what the gallery listens to."""

from __future__ import annotations

from photofun_common.bus import on
from photofun_common.contracts.conversation import SessionDeleted
from photofun_common.contracts.envelope import Event
from photofun_common.contracts.imaging import ImageReady

from .service import Gallery

__all__ = ["HANDLERS", "on_image_ready", "on_session_deleted"]


@on(ImageReady, concurrency=64)
async def on_image_ready(gallery: Gallery, event: Event[ImageReady]) -> None:
    await gallery.take_result(event.data)


@on(SessionDeleted)
async def on_session_deleted(gallery: Gallery, event: Event[SessionDeleted]) -> None:
    await gallery.follow_session(event.data)


HANDLERS = (on_image_ready, on_session_deleted)
