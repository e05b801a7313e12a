"""Row-level security on PostgreSQL: a second wall between people, behind the conditions that every query has.

A transaction sees the rows of the person that `photofun.user` names (`u:<id>`), everybody's when it is `*`, none when nobody set it.
Superusers stand above such policies: for them there is a role that does not, taken on for each transaction.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = ("images", "image_tags", "albums", "album_images", "recipes", "runs", "run_items")
# CASE, because the planner takes it for half of the rows: an OR of comparisons would look like next to none and spoil its plans
_MINE = "CASE WHEN current_setting('photofun.user', true) = '*' THEN true ELSE 'u:' || user_id = current_setting('photofun.user', true) END"
_ROLE = """DO $$ BEGIN
  CREATE ROLE photofun_gallery NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$"""
_GRANT = """DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'photofun_gallery') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO photofun_gallery;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO photofun_gallery;
  END IF;
EXCEPTION WHEN insufficient_privilege THEN NULL;
END $$"""
_REVOKE = """DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'photofun_gallery') THEN
    ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM photofun_gallery;
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM photofun_gallery;
  END IF;
EXCEPTION WHEN insufficient_privilege THEN NULL;
END $$"""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(_ROLE)
    op.execute(_GRANT)
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({_MINE})")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in _TABLES:
        op.execute(f"DROP POLICY own_rows ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute(_REVOKE)
