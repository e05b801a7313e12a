"""How does a picture become a row, and a row a picture?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields

import sqlalchemy as sa
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from ..domain import Image, fold, search_text
from ..tables import AlbumImageRow, ImageRow, TagRow

__all__ = ["erase", "hash_of", "move_albums", "to_image", "to_row", "write_tags"]


def hash_of(source: str) -> str:
    """What stands for a source: a person has one row for each."""
    return hashlib.sha256(source.encode()).hexdigest()


def to_image(row: ImageRow) -> Image:
    values = {item.name: getattr(row, "details" if item.name == "metadata" else item.name) for item in fields(Image)}
    return Image(**{**values, "tags": tuple(row.tags or ())})


def to_row(image: Image, *, source_hash: str | None = None) -> ImageRow:
    values = {item.name: getattr(image, item.name) for item in fields(Image) if item.name != "metadata"}
    return ImageRow(**{**values, "tags": list(image.tags)}, details=image.metadata, search=search_text(image), source_hash=source_hash)


async def write_tags(session: AsyncSession, image: Image) -> None:
    """Write the picture's tags anew."""
    await session.exec(sa.delete(TagRow).where(col(TagRow.image_id) == image.id))
    session.add_all(TagRow(image_id=image.id, user_id=image.user_id, tag=fold(tag), name=tag) for tag in image.tags)


async def erase(session: AsyncSession, ids: Sequence[str]) -> None:
    """Take pictures and what hangs on them out of the tables."""
    await session.exec(sa.delete(TagRow).where(col(TagRow.image_id).in_(ids)))
    await session.exec(sa.delete(AlbumImageRow).where(col(AlbumImageRow.image_id).in_(ids)))
    await session.exec(sa.delete(ImageRow).where(col(ImageRow.id).in_(ids)))


async def move_albums(session: AsyncSession, old: str, new: str) -> None:
    """A picture takes another's place in its albums."""
    await session.exec(sa.update(AlbumImageRow).where(col(AlbumImageRow.image_id) == old).values(image_id=new))
