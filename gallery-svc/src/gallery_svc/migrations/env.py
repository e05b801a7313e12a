"""How does Alembic reach the database?  On the connection that `migrate` hands it."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from gallery_svc import tables  # noqa: F401 - fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=context.config.attributes["connection"].dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
