"""`python -m imaging_svc` serves."""

from photofun_common.service import serve

from .main import create_app
from .settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app, host=settings.imaging_host, port=settings.imaging_port)
