"""How do a person's own photos get in?  One, many, or a zip of them; each stored once by its bytes, each with its own outcome."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol
from uuid import uuid4

from photofun_common.contracts.values import ProblemData, clean_text
from photofun_common.errors import PhotoFunError, UnavailableError

from ..archive import Member, NamedFile, members_of
from ..domain import Image
from ..store import Stores

__all__ = ["MOST_PICTURES", "Imported", "Imports", "PictureStore", "StoredPicture"]

log = logging.getLogger(__name__)
MOST_PICTURES = 100
_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """What the file store says of a picture that it took; `taken_at` is its camera's word, in ISO 8601."""

    key: str
    width: int
    height: int
    content_type: str
    bytes: int
    taken_at: str | None = None


class PictureStore(Protocol):
    """Keeps pictures."""

    async def store(self, data: bytes, user_id: str, *, once: str) -> StoredPicture:
        """Keep it; the same `once` is the same file.  Raises what is wrong with the picture, or UnavailableError."""
        ...


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of one file."""

    name: str
    status: Literal["imported", "existing", "failed", "skipped"]
    image: Image | None = None
    problem: ProblemData | None = None


class Imports:
    """Takes photos in."""

    def __init__(self, stores: Stores, pictures: PictureStore, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._filing = stores.filing
        self._pictures = pictures
        self._clock = clock

    async def take(self, user_id: str, files: Sequence[NamedFile]) -> list[Imported]:
        """File these photos, and those in zips among them, in their order; a few are in hand at a time.

        Raises ArchiveError kinds for a zip that may not be opened, TooManyPicturesError, UnavailableError when nothing can be stored.
        """
        members = await asyncio.to_thread(members_of, files, MOST_PICTURES)
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(member: Member) -> Imported:
            async with places:
                return await self._one(user_id, member)

        return list(await asyncio.gather(*(one(member) for member in members)))

    async def _one(self, user_id: str, member: Member) -> Imported:
        if member.skipped:
            return Imported(member.name, "skipped")
        try:
            data = await asyncio.to_thread(member.read)
            return await self._file(user_id, member.name, data)
        except UnavailableError:
            raise
        except PhotoFunError as error:
            return Imported(member.name, "failed", problem=error.to_problem())

    async def _file(self, user_id: str, name: str, data: bytes) -> Imported:
        source = f"bytes:{hashlib.sha256(data).hexdigest()}"
        now = self._clock()
        known = await self._filing.known(user_id, source, now=now)
        if known is not None:
            return Imported(name, "existing", known)
        image_id = uuid4().hex
        stored = await self._pictures.store(data, user_id, once=f"import/{image_id}")
        image = Image(
            id=image_id, user_id=user_id, key=stored.key, intent="import", width=stored.width, height=stored.height,
            content_type=stored.content_type, bytes=stored.bytes, title=_title(name),
            metadata={"source": "import", "file_name": name, **({"taken_at": stored.taken_at} if stored.taken_at else {})},
            created_at=now, updated_at=now,
        )  # fmt: skip
        kept = await self._filing.save_import(image, source=source)
        return Imported(name, "imported" if kept.id == image_id else "existing", kept)


def _title(name: str) -> str | None:
    """A title out of a file's name; None when nothing readable is left."""
    try:
        return clean_text(name.rsplit(".", 1)[0].replace("_", " "))[:200] or None
    except ValueError:
        return None
