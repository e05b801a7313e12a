"""How is conversation-svc run by hand?  `python -m conversation_svc`."""

from __future__ import annotations

from photofun_common.service import serve

from .main import create_app
from .settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app, host=settings.conversation_host, port=settings.conversation_port)
