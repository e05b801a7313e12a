"""How does prompt-svc start?"""

from __future__ import annotations

from fastapi import Depends, FastAPI
from photofun_common.described import describe
from photofun_common.identity import caller_of
from photofun_common.service import create_service

from .api import router
from .described import DESCRIPTION
from .settings import Settings
from .wiring import open_context

__all__ = ["create_app"]


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app: `uvicorn prompt_svc.main:create_app --factory`."""
    used = settings or Settings()
    app = create_service(
        "prompt-svc",
        used,
        lambda _app: open_context(used),
        title="PhotoFun prompts",
        description="Language in, plan out: refine, suggest, choose.",
    )
    app.include_router(router, dependencies=[Depends(caller_of)])
    describe(app, DESCRIPTION)
    return app
