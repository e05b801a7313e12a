"""Albums, recipes and their runs; which file a picture was made of; removals are told until they are confirmed.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gallery_svc.tables import Instant, Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("run_items", "runs", "recipes", "album_images", "albums")


def _index(name: str, table: str, columns: list[str], where: str | None = None, *, unique: bool = False) -> None:
    condition: Any = sa.text(where) if where else None
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def upgrade() -> None:
    op.add_column("images", sa.Column("parent_key", sa.String()))
    _index("ix_images_parent_key", "images", ["parent_key"])
    op.create_table(
        "albums",
        sa.Column("id", sa.String(), primary_key=True),
        *_text("user_id", "title"),
        sa.Column("cover_id", sa.String()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
    )
    _index("ix_albums_user", "albums", ["user_id", "created_at", "id"])
    op.create_table(
        "album_images",
        sa.Column("album_id", sa.String(), primary_key=True),
        sa.Column("image_id", sa.String(), primary_key=True),
        *_text("user_id"),
        sa.Column("added_at", Instant(), nullable=False),
    )
    _index("ix_album_images_image", "album_images", ["image_id"])
    op.create_table(
        "recipes",
        sa.Column("id", sa.String(), primary_key=True),
        *_text("user_id", "title"),
        sa.Column("steps", Json, nullable=False),
        sa.Column("image_id", sa.String()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
    )
    _index("ix_recipes_user", "recipes", ["user_id", "created_at", "id"])
    op.create_table(
        "runs",
        sa.Column("id", sa.String(), primary_key=True),
        *_text("user_id", "recipe_id", "title"),
        sa.Column("steps", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant()),
    )
    _index("ix_runs_user", "runs", ["user_id", "created_at", "id"])
    _index("ix_runs_open", "runs", ["created_at"], "finished_at IS NULL")
    op.create_table(
        "run_items",
        sa.Column("run_id", sa.String(), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        *_text("user_id", "image_id", "job_id"),
        sa.Column("source", Json, nullable=False),
        *_text("status"),
        sa.Column("due_at", Instant()),
        sa.Column("deadline", Instant()),
        sa.Column("result_id", sa.String()),
        sa.Column("result_key", sa.String()),
        sa.Column("problem", Json),
    )
    _index("uq_run_items_job", "run_items", ["job_id"], unique=True)
    _index("ix_run_items_due", "run_items", ["due_at"], "due_at IS NOT NULL")
    _index("ix_run_items_user", "run_items", ["user_id"])


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    op.drop_index("ix_images_parent_key", "images")
    op.drop_column("images", "parent_key")
