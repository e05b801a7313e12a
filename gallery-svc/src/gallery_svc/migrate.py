"""How do the tables get there?  `python -m gallery_svc.migrate up|down [REVISION]`, and at every start."""

from __future__ import annotations

import argparse
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from .settings import GallerySettings

__all__ = ["main", "migrate"]

_LOCK = 7_346_193_902


def _plain(url: str) -> sa.URL:
    """The URL for a connection without asyncio."""
    found = sa.make_url(url)
    return found.set(drivername="sqlite") if found.get_backend_name() == "sqlite" else found


def migrate(url: str, *, to: str = "head", down: bool = False) -> None:
    """Bring the tables to a revision.  Replicas that start together wait for each other."""
    place = _plain(url)
    postgres = place.get_backend_name() == "postgresql"
    if place.database and not postgres:
        Path(place.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(place, poolclass=sa.NullPool, connect_args={"connect_timeout": 3} if postgres else {"timeout": 10})
    try:
        with engine.begin() as connection:
            if postgres:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
            config.attributes["connection"] = connection
            (command.downgrade if down else command.upgrade)(config, to)
    finally:
        engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m gallery_svc.migrate", description="Change the gallery's tables")
    parser.add_argument("direction", nargs="?", choices=("up", "down"), default="up")
    parser.add_argument("revision", nargs="?", help="up: head when left out; down: -1")
    given = parser.parse_args()
    down = given.direction == "down"
    migrate(GallerySettings().database, to=given.revision or ("-1" if down else "head"), down=down)


if __name__ == "__main__":
    main()
