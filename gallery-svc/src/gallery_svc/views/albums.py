"""How do albums look from outside?"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from photofun_common.contracts.values import Id, Text
from photofun_common.fileurls import FileUrls
from pydantic import BaseModel, Field

from ..domain.albums import Album, AlbumOutcome
from ..service import BULK_MOST
from .images import Claim, OwnerQuery, Whole

__all__ = ["AlbumActBody", "AlbumActView", "AlbumBody", "AlbumChangeBody", "AlbumView", "AlbumsQuery", "act_view", "album_view"]

Title = Annotated[Text, Field(min_length=1, max_length=200)]
Ids = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=BULK_MOST)]


class AlbumBody(Claim):
    """A new album, perhaps with pictures in it."""

    title: Title
    ids: Ids = Field(default_factory=list)


class AlbumChangeBody(Claim):
    """What may be changed; what is left out stays.  `cover_id: null` lets the newest picture be the cover."""

    title: Title = ""
    cover_id: Id | None = None


class AlbumActBody(Claim):
    """Pictures to put in or to take out."""

    action: Literal["add", "remove"] = "add"
    ids: Ids


class AlbumsQuery(OwnerQuery):
    limit: Annotated[Whole, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(max_length=400)] | None = Field(default=None, description="next_cursor of the page before")


class AlbumView(BaseModel):
    """An album; `GET /v1/gallery?album_id=` lists what is in it."""

    album_id: Id
    id: Id
    user_id: str
    title: str
    count: int
    cover_id: str | None
    cover_url: str | None
    created_at: datetime
    updated_at: datetime


class AlbumOutcomeView(BaseModel):
    id: str
    status: AlbumOutcome


class AlbumActView(BaseModel):
    """How many, and what came of each."""

    added: int | None = None
    removed: int | None = None
    results: list[AlbumOutcomeView]


def album_view(album: Album, files: FileUrls) -> AlbumView:
    cover = album.cover
    url = None if cover is None else f"{files.url(cover.key)}" if cover.key else cover.url
    if url and cover is not None and cover.key:
        url = f"{url}{'&' if '?' in url else '?'}w=512"
    return AlbumView(
        album_id=album.id, id=album.id, user_id=album.user_id, title=album.title, count=album.count,
        cover_id=cover.id if cover else None, cover_url=url, created_at=album.created_at, updated_at=album.updated_at,
    )  # fmt: skip


def act_view(act: Literal["add", "remove"], outcomes: dict[str, AlbumOutcome]) -> dict[str, object]:
    done = "added" if act == "add" else "removed"
    results = [AlbumOutcomeView(id=image_id, status=outcome) for image_id, outcome in outcomes.items()]
    return {done: sum(outcome == done for outcome in outcomes.values()), "results": results}
