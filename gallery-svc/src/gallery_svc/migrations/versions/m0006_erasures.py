"""Erasures of people; whose a file's removal is can be asked for.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gallery_svc.tables import Instant, Json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("due_at", Instant()),
        sa.Column("counts", Json, nullable=False),
        sa.Column("reported", Json, nullable=False),
        sa.Column("finished_at", Instant()),
    )
    op.create_index("ix_erasures_due", "erasures", ["due_at"])
    op.create_index("ix_outbox_user", "outbox", ["user_id"])
    op.create_index("ix_gone_user", "gone", ["user_id"])


def downgrade() -> None:
    op.drop_index("ix_gone_user", "gone")
    op.drop_index("ix_outbox_user", "outbox")
    op.drop_table("erasures")
