"""What differs between two deployments?  The gallery's database, its trash, and where imaging answers."""

from __future__ import annotations

from photofun_common.settings import CommonSettings
from pydantic import Field
from sqlalchemy import make_url

__all__ = ["GallerySettings"]


class GallerySettings(CommonSettings):
    """Read from the environment or `.env`; the gallery's own start with GALLERY_."""

    database_url: str | None = Field(default=None, description="postgresql://… or sqlite+aiosqlite:///…; unset: SQLite in DATA_DIR")
    imaging_url: str = Field(default="http://127.0.0.1:9103", description="where imaging-svc answers; the export reads pictures there")
    gallery_port: int = Field(default=9104, ge=1, le=65535, description="the port of `python -m gallery_svc`")
    gallery_host: str = Field(default="127.0.0.1", description="the address of `python -m gallery_svc`")
    gallery_trash_days: int = Field(default=30, ge=0, le=3650, description="days a picture stays in the trash")
    gallery_sweep_seconds: float = Field(default=600, gt=0, description="how often old trash is looked for")
    gallery_relay_seconds: float = Field(default=2, gt=0, description="how often unsent events are tried again")
    gallery_pool_size: int = Field(default=10, ge=1, le=100, description="connections to PostgreSQL a process")

    @property
    def database(self) -> str:
        """The database's URL with its driver: `postgresql://` means psycopg, `sqlite://` means aiosqlite."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.data_dir / 'gallery.db'}"
        url = make_url(self.database_url)
        driver = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "sqlite": "sqlite+aiosqlite"}.get(url.drivername)
        return (url.set(drivername=driver) if driver else url).render_as_string(hide_password=False)
