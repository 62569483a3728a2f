"""Runs the migrations on the connection that dialog.bank.migrate hands over."""

from alembic import context

from dialog.bank.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
# The caller holds the transaction, so that all migrations succeed or none does.
context.run_migrations()
