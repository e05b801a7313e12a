"""Pictures, their tags, what is gone for good, and files to be removed.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gallery_svc.tables import Instant, Json

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_LIVE = sa.text("deleted_at IS NULL")
_DEAD = sa.text("deleted_at IS NOT NULL")
_TEXT = ("key", "url", "source_hash", "job_id", "session_id", "parent_id", "feature", "intent", "provider", "model", "degraded",
         "content_type", "title")  # fmt: skip


def _index(name: str, table: str, columns: list[str], where: Any = None, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    op.create_table(
        "images",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("user_id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String()) for name in _TEXT),
        *(sa.Column(name, sa.Integer()) for name in ("step", "index", "width", "height")),
        sa.Column("bytes", sa.BigInteger()),
        sa.Column("params", Json, nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("refined_prompt", sa.Text()),
        sa.Column("metadata", Json, nullable=False),
        sa.Column("tags", Json, nullable=False),
        sa.Column("favorite", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("deleted_at", Instant()),
        sa.Column("search", sa.Text(), nullable=False),
    )
    _index("ix_images_live", "images", ["user_id", "created_at", "id"], _LIVE)
    _index("ix_images_trash", "images", ["user_id", "deleted_at", "id"], _DEAD)
    _index("ix_images_intent", "images", ["user_id", "intent", "created_at", "id"], _LIVE)
    _index("ix_images_provider", "images", ["user_id", "provider", "created_at", "id"], _LIVE)
    _index("ix_images_favorite", "images", ["user_id", "created_at", "id"], sa.text("favorite AND deleted_at IS NULL"))
    _index("ix_images_session", "images", ["user_id", "session_id", "created_at", "id"])
    _index("ix_images_expired", "images", ["deleted_at"], _DEAD)
    _index("ix_images_parent", "images", ["parent_id"])
    _index("ix_images_key", "images", ["key"])
    _index("uq_images_source", "images", ["user_id", "source_hash"], unique=True)
    op.create_table(
        "image_tags",
        sa.Column("image_id", sa.String(), primary_key=True),
        sa.Column("tag", sa.String(), primary_key=True),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
    )
    _index("ix_image_tags_user", "image_tags", ["user_id", "tag", "image_id"])
    op.create_table(
        "gone",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("became", sa.String()),
        sa.Column("at", Instant(), nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("image_id", sa.String(), primary_key=True),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
    )
    _index("ix_outbox_due", "outbox", ["due_at"])
    if op.get_bind().dialect.name == "postgresql":
        _create_trigrams()


def _create_trigrams() -> None:
    """Trigrams make text search fast; a database that refuses the extension still searches, only slower."""
    try:
        with op.get_bind().begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            op.execute("CREATE INDEX ix_images_search ON images USING gin (search gin_trgm_ops)")
    except sa.exc.DBAPIError:
        return


def downgrade() -> None:
    for table in ("outbox", "gone", "image_tags", "images"):
        op.drop_table(table)
