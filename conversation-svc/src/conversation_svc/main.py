"""How does conversation-svc start?"""

from __future__ import annotations

from fastapi import Depends, FastAPI
from photofun_common.bus import Bus
from photofun_common.described import describe
from photofun_common.identity import caller_of
from photofun_common.service import create_service

from .api import router
from .described import DESCRIPTION
from .settings import Settings
from .wiring import open_context

__all__ = ["create_app"]


def create_app(settings: Settings | None = None, bus: Bus | None = None) -> FastAPI:
    settings = settings or Settings()
    app = create_service(
        "conversation-svc",
        settings,
        lambda _app: open_context(settings, bus),
        title="PhotoFun conversations",
        description="Sessions, messages, and which picture a message means.",
    )
    app.include_router(router, dependencies=[Depends(caller_of)])
    describe(app, DESCRIPTION)
    return app
