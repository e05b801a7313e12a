"""`python -m prompt_svc` serves."""

from __future__ import annotations

from photofun_common.service import serve

from .main import create_app
from .settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app, host=settings.host, port=settings.port)
