"""How does imaging-svc start?"""

from __future__ import annotations

from fastapi import Depends, FastAPI
from photofun_common.described import describe
from photofun_common.identity import caller_of
from photofun_common.service import create_service

from .api import routers
from .api.described import DESCRIPTION
from .settings import Settings
from .wiring import open_context

__all__ = ["create_app"]


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app; nothing is opened before its lifespan."""
    chosen = settings or Settings()
    app = create_service(
        "imaging-svc", chosen, lambda _app: open_context(chosen), title="PhotoFun imaging", description="Features, engines, files, jobs."
    )
    for router in routers:
        app.include_router(router, dependencies=[Depends(caller_of)])
    describe(app, DESCRIPTION)
    return app
