"""`python -m gallery_svc`: the service on its own port."""

from __future__ import annotations

from photofun_common.service import serve

from .main import create_app
from .settings import GallerySettings


def main() -> None:
    settings = GallerySettings()
    serve(create_app, host=settings.gallery_host, port=settings.gallery_port)


if __name__ == "__main__":
    main()
