"""What Alembic runs around the migrations: the connection is given, with its transaction."""

from alembic import context

from processors.edge.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
