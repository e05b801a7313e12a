"""`python -m gateway_svc`: the gateway on its port, with patience for honest clients only."""

from __future__ import annotations

from photofun_common.service import serve

from .main import create_app
from .protocol import protocol_with
from .settings import Settings


def main() -> None:
    settings = Settings()
    protocol = protocol_with(max_per_peer=settings.max_connections_per_peer, max_connections=settings.max_connections)
    serve(create_app, host=settings.host, port=settings.port, http=protocol, ws="none", loop="uvloop", backlog=2048)


if __name__ == "__main__":
    main()
