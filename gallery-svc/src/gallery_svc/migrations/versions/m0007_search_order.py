"""The index of words knows when each picture was made: matches are put in order without a look at the pictures themselves.

The indexes of parents leave out pictures without one: with them in it, SQLite took the index for useless and read the whole table.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SQLITE = (
    "ALTER TABLE image_docs ADD COLUMN created_at DATETIME",
    "UPDATE image_docs SET created_at = (SELECT created_at FROM images WHERE id = image_id)",
    "DROP TRIGGER images_fts_new",
    """CREATE TRIGGER images_fts_new AFTER INSERT ON images BEGIN
      INSERT INTO image_docs (image_id, created_at) VALUES (new.id, new.created_at);
      INSERT INTO images_fts (rowid, owner, words) VALUES (last_insert_rowid(), hex(new.user_id), new.search);
    END""",
    """CREATE TRIGGER images_fts_renewed AFTER UPDATE OF created_at ON images WHEN old.created_at IS NOT new.created_at BEGIN
      UPDATE image_docs SET created_at = new.created_at WHERE image_id = new.id;
    END""",
)
_SQLITE_DOWN = (
    "DROP TRIGGER images_fts_renewed",
    "DROP TRIGGER images_fts_new",
    """CREATE TRIGGER images_fts_new AFTER INSERT ON images BEGIN
      INSERT INTO image_docs (image_id) VALUES (new.id);
      INSERT INTO images_fts (rowid, owner, words) VALUES (last_insert_rowid(), hex(new.user_id), new.search);
    END""",
    "ALTER TABLE image_docs DROP COLUMN created_at",
)
_FUNCTION = """CREATE OR REPLACE FUNCTION keep_image_search() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        INSERT INTO image_search VALUES ({inserted});
      ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM image_search WHERE image_id = OLD.id;
      ELSIF {changed} THEN
        UPDATE image_search SET {updated} WHERE image_id = NEW.id;
      END IF;
      RETURN NULL;
    END $$"""
_TRIGGER = (
    "CREATE TRIGGER images_search_kept AFTER INSERT OR DELETE OR UPDATE OF {columns} ON images "
    "FOR EACH ROW EXECUTE FUNCTION keep_image_search()"
)
_POSTGRES = (
    "SELECT set_config('photofun.user', '*', true)",
    "ALTER TABLE image_search ADD COLUMN created_at timestamptz",
    "UPDATE image_search SET created_at = images.created_at FROM images WHERE images.id = image_id",
    _FUNCTION.format(
        inserted="NEW.id, NEW.user_id, NEW.search, NEW.created_at",
        changed="NEW.search IS DISTINCT FROM OLD.search OR NEW.created_at IS DISTINCT FROM OLD.created_at",
        updated="words = NEW.search, created_at = NEW.created_at",
    ),
    "DROP TRIGGER images_search_kept ON images",
    _TRIGGER.format(columns="search, created_at"),
)
_POSTGRES_DOWN = (
    "DROP TRIGGER images_search_kept ON images",
    _FUNCTION.format(
        inserted="NEW.id, NEW.user_id, NEW.search", changed="NEW.search IS DISTINCT FROM OLD.search", updated="words = NEW.search"
    ),
    _TRIGGER.format(columns="search"),
    "ALTER TABLE image_search DROP COLUMN created_at",
)


_PARENTS = {"ix_images_parent": "parent_id", "ix_images_parent_key": "parent_key"}


def upgrade() -> None:
    _run(_SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRES)
    for name, column in _PARENTS.items():
        op.drop_index(name, "images")
        present = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "images", [column], sqlite_where=present, postgresql_where=present)


def downgrade() -> None:
    for name, column in _PARENTS.items():
        op.drop_index(name, "images")
        op.create_index(name, "images", [column])
    _run(_SQLITE_DOWN if op.get_bind().dialect.name == "sqlite" else _POSTGRES_DOWN)


def _run(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
