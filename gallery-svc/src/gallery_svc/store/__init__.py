"""Where are pictures kept?  In PostgreSQL or SQLite, one code for both; every method is one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from .albums import AlbumStore
from .database import Database
from .erasures import Erasures
from .filing import Filing
from .images import Act, Images
from .leases import Leases
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
    leases: Leases
    erasures: Erasures

    @staticmethod
    def on(database: Database) -> Stores:
        kinds = (Filing, Images, Lists, Lineage, Removals, AlbumStore, RecipeStore, Leases, Erasures)
        return Stores(database, *(kind(database) for kind in kinds))  # type: ignore[arg-type]  # in the order of the fields

    async def aclose(self) -> None:
        await self.filing.aclose()
        await self.database.aclose()
