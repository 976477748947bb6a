"""Runs migrations on the connection that `store.engine.upgrade` gives."""

from alembic import context
from sqlmodel import SQLModel

from gateway.store import tables  # noqa: F401 - fills the metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
