"""Brings a database's tables to the newest migration. Also the way in for tools: `alembic` needs a connection only."""

import logging
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from processors.edge.store.views import make_views

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 7_236_151
"""Number of the lock under which one process at a time changes the tables of a PostgreSQL database."""


def upgrade(engine: Engine, schema: str) -> None:
    """Make the schema and all tables, or what is missing of them; does nothing where all is there."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        else:
            # A change by nobody: from here on this connection alone may write.
            connection.execute(text("PRAGMA user_version = 1"))
        run(connection)
        if connection.dialect.name == "sqlite":
            make_views(connection)


def run(connection: Connection, to: str = "head") -> None:
    """Bring the tables of an open transaction to a migration."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of each look at the tables
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
