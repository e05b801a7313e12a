"""Where are pictures kept?  In PostgreSQL or SQLite, one code for both; every method is one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from .albums import AlbumStore
from .database import Database
from .filing import Filing
from .images import Act, Images
from .lineage import Lineage
from .lists import Lists
from .recipes import RecipeStore
from .removals import Removals

__all__ = ["Act", "Database", "Stores"]


@dataclass(frozen=True, slots=True)
class Stores:
    """The tables, each with its own methods, on one database."""

    database: Database
    filing: Filing
    images: Images
    lists: Lists
    lineage: Lineage
    removals: Removals
    albums: AlbumStore
    recipes: RecipeStore

    @staticmethod
    def on(database: Database) -> Stores:
        return Stores(
            database,
            Filing(database),
            Images(database),
            Lists(database),
            Lineage(database),
            Removals(database),
            AlbumStore(database),
            RecipeStore(database),
        )

    async def aclose(self) -> None:
        await self.filing.aclose()
        await self.database.aclose()
