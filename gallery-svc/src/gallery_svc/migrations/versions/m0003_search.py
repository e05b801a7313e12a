"""Text search with an index: full text on SQLite, trigrams of words on PostgreSQL, both kept by triggers.

The index of words stands apart from the pictures: it gives ids only, and row-level security (0004) has no hand in how it is read.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gallery_svc.domain import words_of

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BATCH = 1000
_SQLITE = (
    "CREATE TABLE image_docs (number INTEGER PRIMARY KEY, image_id TEXT NOT NULL UNIQUE)",
    "CREATE VIRTUAL TABLE images_fts USING fts5(owner, words, content='', prefix='2 3', "
    "tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* So'\")",
    "INSERT INTO image_docs (image_id) SELECT id FROM images",
    "INSERT INTO images_fts (rowid, owner, words) SELECT number, hex(user_id), search FROM image_docs JOIN images ON id = image_id",
    """CREATE TRIGGER images_fts_new AFTER INSERT ON images BEGIN
      INSERT INTO image_docs (image_id) VALUES (new.id);
      INSERT INTO images_fts (rowid, owner, words) VALUES (last_insert_rowid(), hex(new.user_id), new.search);
    END""",
    """CREATE TRIGGER images_fts_changed AFTER UPDATE OF search ON images WHEN old.search IS NOT new.search BEGIN
      INSERT INTO images_fts (images_fts, rowid, owner, words)
        SELECT 'delete', number, hex(old.user_id), old.search FROM image_docs WHERE image_id = old.id;
      INSERT INTO images_fts (rowid, owner, words)
        SELECT number, hex(new.user_id), new.search FROM image_docs WHERE image_id = old.id;
    END""",
    """CREATE TRIGGER images_fts_gone AFTER DELETE ON images BEGIN
      INSERT INTO images_fts (images_fts, rowid, owner, words)
        SELECT 'delete', number, hex(old.user_id), old.search FROM image_docs WHERE image_id = old.id;
      DELETE FROM image_docs WHERE image_id = old.id;
    END""",
)
_SQLITE_DOWN = (
    "DROP TRIGGER images_fts_new",
    "DROP TRIGGER images_fts_changed",
    "DROP TRIGGER images_fts_gone",
    "DROP TABLE images_fts",
    "DROP TABLE image_docs",
)
_POSTGRES = (
    "DROP INDEX IF EXISTS ix_images_search",
    "CREATE TABLE image_search (image_id TEXT PRIMARY KEY, user_id TEXT NOT NULL, words TEXT NOT NULL)",
    "INSERT INTO image_search SELECT id, user_id, search FROM images",
    "CREATE INDEX ix_image_search_user ON image_search (user_id)",
    """CREATE FUNCTION keep_image_search() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        INSERT INTO image_search VALUES (NEW.id, NEW.user_id, NEW.search);
      ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM image_search WHERE image_id = OLD.id;
      ELSIF NEW.search IS DISTINCT FROM OLD.search THEN
        UPDATE image_search SET words = NEW.search WHERE image_id = NEW.id;
      END IF;
      RETURN NULL;
    END $$""",
    "CREATE TRIGGER images_search_kept AFTER INSERT OR DELETE OR UPDATE OF search ON images "
    "FOR EACH ROW EXECUTE FUNCTION keep_image_search()",
)
_POSTGRES_DOWN = (
    "DROP TRIGGER images_search_kept ON images",
    "DROP FUNCTION keep_image_search",
    "DROP TABLE image_search",
)


def upgrade() -> None:
    _rewrite()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    _run(_SQLITE if is_sqlite else _POSTGRES)
    if not is_sqlite:
        _index_words()


def downgrade() -> None:
    _run(_SQLITE_DOWN if op.get_bind().dialect.name == "sqlite" else _POSTGRES_DOWN)


def _run(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)


def _rewrite() -> None:
    """What was searched so far was folded text; now it is words."""
    images = sa.table("images", sa.column("id"), sa.column("search"))
    connection, last = op.get_bind(), ""
    while rows := connection.execute(sa.select(images).where(images.c.id > last).order_by(images.c.id).limit(_BATCH)).all():
        changed = [{"key": row.id, "words": words_of(row.search)} for row in rows]
        connection.execute(images.update().where(images.c.id == sa.bindparam("key")).values(search=sa.bindparam("words")), changed)
        last = rows[-1].id


def _index_words() -> None:
    """By person and trigram; a database that refuses the extensions searches through the person's own rows instead."""
    for extensions, columns in ((("pg_trgm", "btree_gin"), "user_id, words gin_trgm_ops"), (("pg_trgm",), "words gin_trgm_ops")):
        try:
            with op.get_bind().begin_nested():
                for extension in extensions:
                    op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
                op.execute(f"CREATE INDEX ix_image_search_words ON image_search USING gin ({columns})")
        except sa.exc.DBAPIError:
            continue
        return
