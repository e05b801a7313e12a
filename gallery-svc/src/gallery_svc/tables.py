"""Which tables are there?  The gallery's rows as SQLModel knows them, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

__all__ = [
    "AlbumImageRow",
    "AlbumRow",
    "ErasureRow",
    "GoneRow",
    "ImageRow",
    "Instant",
    "ItemRow",
    "Json",
    "LeaseRow",
    "OutboxRow",
    "RecipeRow",
    "RunRow",
    "TagRow",
]


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware moment: TIMESTAMPTZ on PostgreSQL, UTC text that sorts on SQLite."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        at = value.astimezone(UTC)
        return at if dialect.name == "postgresql" else at.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = sa.JSON().with_variant(JSONB(), "postgresql")
_live = sa.text("deleted_at IS NULL")
_dead = sa.text("deleted_at IS NOT NULL")


def _index(name: str, *columns: str, where: Any = None, unique: bool = False) -> sa.Index:
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class ImageRow(SQLModel, table=True):
    """A picture."""

    __tablename__ = "images"
    __table_args__ = (
        _index("ix_images_live", "user_id", "created_at", "id", where=_live),
        _index("ix_images_trash", "user_id", "deleted_at", "id", where=_dead),
        _index("ix_images_intent", "user_id", "intent", "created_at", "id", where=_live),
        _index("ix_images_provider", "user_id", "provider", "created_at", "id", where=_live),
        _index("ix_images_favorite", "user_id", "created_at", "id", where=sa.text("favorite AND deleted_at IS NULL")),
        _index("ix_images_session", "user_id", "session_id", "created_at", "id"),
        _index("ix_images_expired", "deleted_at", where=_dead),
        _index("ix_images_parent", "parent_id", where=sa.text("parent_id IS NOT NULL")),
        _index("ix_images_parent_key", "parent_key", where=sa.text("parent_key IS NOT NULL")),
        _index("ix_images_key", "key"),
        _index("uq_images_source", "user_id", "source_hash", unique=True),
    )

    id: str = Field(primary_key=True)
    user_id: str
    key: str | None = None
    url: str | None = None
    source_hash: str | None = None
    job_id: str | None = None
    step: int | None = None
    index: int | None = None
    session_id: str | None = None
    parent_id: str | None = None
    parent_key: str | None = None
    feature: str | None = None
    intent: str | None = None
    params: dict[str, Any] = Field(default_factory=dict, sa_column=sa.Column(Json, nullable=False))
    prompt: str = Field(default="", sa_type=sa.Text)
    refined_prompt: str | None = Field(default=None, sa_type=sa.Text)
    provider: str | None = None
    model: str | None = None
    degraded: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = Field(default=None, sa_type=sa.BigInteger)
    content_type: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_column=sa.Column("metadata", Json, nullable=False))
    title: str | None = None
    tags: list[str] = Field(default_factory=list, sa_column=sa.Column(Json, nullable=False))
    favorite: bool = False
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    deleted_at: datetime | None = Field(default=None, sa_type=Instant)
    search: str = Field(default="", sa_type=sa.Text)


class TagRow(SQLModel, table=True):
    """A tag of a picture, folded, for filters and counts; `name` is how it was written."""

    __tablename__ = "image_tags"
    __table_args__ = (_index("ix_image_tags_user", "user_id", "tag", "image_id"),)

    image_id: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    user_id: str
    name: str


class GoneRow(SQLModel, table=True):
    """What is gone for good and must not come back: a purged picture, or a session deleted with its pictures.

    `became` names the picture that took the place of this one.
    """

    __tablename__ = "gone"
    __table_args__ = (_index("ix_gone_user", "user_id"),)

    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    user_id: str
    became: str | None = None
    at: datetime = Field(sa_type=Instant)


class OutboxRow(SQLModel, table=True):
    """A file to be removed, not yet told to imaging-svc."""

    __tablename__ = "outbox"
    __table_args__ = (_index("ix_outbox_due", "due_at"), _index("ix_outbox_user", "user_id"))

    image_id: str = Field(primary_key=True)
    user_id: str
    key: str
    attempts: int = 0
    due_at: datetime = Field(sa_type=Instant)


class AlbumRow(SQLModel, table=True):
    """A person's album."""

    __tablename__ = "albums"
    __table_args__ = (_index("ix_albums_user", "user_id", "created_at", "id"),)

    id: str = Field(primary_key=True)
    user_id: str
    title: str
    cover_id: str | None = None
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class AlbumImageRow(SQLModel, table=True):
    """A picture in an album."""

    __tablename__ = "album_images"
    __table_args__ = (_index("ix_album_images_image", "image_id"),)

    album_id: str = Field(primary_key=True)
    image_id: str = Field(primary_key=True)
    user_id: str
    added_at: datetime = Field(sa_type=Instant)


class RecipeRow(SQLModel, table=True):
    """A chain of edits that a person keeps."""

    __tablename__ = "recipes"
    __table_args__ = (_index("ix_recipes_user", "user_id", "created_at", "id"),)

    id: str = Field(primary_key=True)
    user_id: str
    title: str
    steps: list[dict[str, Any]] = Field(sa_column=sa.Column(Json, nullable=False))
    image_id: str | None = None
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class RunRow(SQLModel, table=True):
    """A recipe being done on pictures; `steps` are the recipe's as they were."""

    __tablename__ = "runs"
    __table_args__ = (
        _index("ix_runs_user", "user_id", "created_at", "id"),
        _index("ix_runs_open", "created_at", where=sa.text("finished_at IS NULL")),
    )

    id: str = Field(primary_key=True)
    user_id: str
    recipe_id: str
    title: str
    steps: list[dict[str, Any]] = Field(sa_column=sa.Column(Json, nullable=False))
    created_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)


class ItemRow(SQLModel, table=True):
    """One picture of a run and the job that edits it; `due_at` is when to look after it again."""

    __tablename__ = "run_items"
    __table_args__ = (
        _index("uq_run_items_job", "job_id", unique=True),
        _index("ix_run_items_due", "due_at", where=sa.text("due_at IS NOT NULL")),
        _index("ix_run_items_user", "user_id"),
    )

    run_id: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    user_id: str
    image_id: str
    job_id: str
    source: dict[str, Any] = Field(sa_column=sa.Column(Json, nullable=False))
    status: str
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    deadline: datetime | None = Field(default=None, sa_type=Instant)
    result_id: str | None = None
    result_key: str | None = None
    problem: dict[str, Any] | None = Field(default=None, sa_column=sa.Column(Json))


class LeaseRow(SQLModel, table=True):
    """Who may do a work that only one replica does at a time."""

    __tablename__ = "leases"

    name: str = Field(primary_key=True)
    holder: str
    until: datetime = Field(sa_type=Instant)


class ErasureRow(SQLModel, table=True):
    """A person's last erasure.  `name` stands for the person; `user_id` is emptied when it is finished."""

    __tablename__ = "erasures"
    __table_args__ = (_index("ix_erasures_due", "due_at"),)

    name: str = Field(primary_key=True)
    id: str
    user_id: str
    at: datetime = Field(sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    counts: dict[str, int] = Field(sa_column=sa.Column(Json, nullable=False))
    reported: list[str] = Field(sa_column=sa.Column(Json, nullable=False))
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
