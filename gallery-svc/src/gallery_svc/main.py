"""How does the gallery start?  `create_app()` builds it, wiring opens it."""

from __future__ import annotations

from fastapi import Depends, FastAPI
from photofun_common.described import describe
from photofun_common.identity import caller_of
from photofun_common.service import Opened, create_service

from .api import routers
from .described import DESCRIPTION
from .settings import GallerySettings
from .wiring import open_context

__all__ = ["create_app"]


def create_app(settings: GallerySettings | None = None, opened: Opened | None = None) -> FastAPI:
    """The app; tests hand in settings and what opens another context."""
    found = settings or GallerySettings()
    app = create_service(
        "gallery-svc",
        found,
        opened or (lambda _app: open_context(found)),
        title="PhotoFun gallery",
        description="A person's pictures: find, favour, tag, trash, restore, export.",
    )
    for router in routers:
        app.include_router(router, dependencies=[Depends(caller_of)])
    describe(app, DESCRIPTION)
    return app
