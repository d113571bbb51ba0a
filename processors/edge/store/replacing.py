"""A store beside the one in use, and the step that puts it in its place.

SQLite: the file of the next generation (`generations`). PostgreSQL: a schema of its own, renamed in one transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, text

from processors.edge.store import generations
from processors.edge.store.engine import Store
from processors.edge.store.tables import METADATA

NEXT: Final = "_next"
FORMER: Final = "_former"
EVENTS: Final = tuple(
    table
    for table in METADATA.sorted_tables
    if "topic_offset" in table.primary_key.columns and table.name != "dead_letters"
)


class Replacement:
    """The store that is to stand in the place of `store`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._file: Path | None = generations.following(store.path) if store.path else None
        self._schema = store.schema + NEXT
        self._fresh: Store | None = None

    @contextmanager
    def empty(self) -> Iterator[Store]:
        """The new store, with its tables and nothing in them; what a try before left is gone. Closed at the end."""
        if self._file is None:
            self._drop(self._schema)
            self._fresh = Store(self._store.url.render_as_string(hide_password=False), self._schema)
        else:
            # A plain file here, not a name of generations.
            self._file.touch()
            self._fresh = Store(f"sqlite:///{self._file}")
        try:
            self._fresh.migrate()
            yield self._fresh
        finally:
            self._fresh.close()

    def take_over_events(self) -> int:
        """Take over events of the same topics that the topics no longer have; how many.

        In the new store a partition's rows begin where its log begins now: what the old one has before that is kept.
        """
        assert self._fresh is not None, "an empty store is filled first"
        if self._file is None:
            with self._fresh.write() as connection:
                return sum(_keep(connection, table, f'"{self._store.schema}".') for table in EVENTS)
        former = generations.current(self._store.path) if self._store.path else None
        with self._fresh.engine().connect() as connection:
            connection.exec_driver_sql("ATTACH DATABASE ? AS former", (str(former),))
            connection.commit()
            with connection.begin():
                kept = sum(_keep(connection, table, "former.") for table in EVENTS)
            connection.exec_driver_sql("DETACH DATABASE former")
        return kept

    def swap(self) -> None:
        """Put the new store in the place of the old one, which is removed.

        A projection that runs on the store finds other offsets than it left, and goes on from them.
        """
        if self._file is not None and self._store.path is not None:
            former = generations.current(self._store.path)
            generations.switch(self._store.path, self._file)
            generations.remove(former)
            return
        schema = self._store.schema
        self._drop(schema + FORMER)  # of a rebuild that was ended at this very moment
        with self._store.write() as connection:
            # The projection changes offsets first: from here on it waits, and then finds the new ones.
            connection.execute(text(f'LOCK TABLE "{schema}".offsets IN ACCESS EXCLUSIVE MODE'))
            connection.execute(text(f'ALTER SCHEMA "{schema}" RENAME TO "{schema + FORMER}"'))
            connection.execute(text(f'ALTER SCHEMA "{self._schema}" RENAME TO "{schema}"'))
        # Not in the same transaction: a reader of the old tables that wants to know the offsets would wait for it, and
        # it for the reader.
        self._drop(schema + FORMER)

    def _drop(self, schema: str) -> None:
        with self._store.write() as connection:
            connection.execute(text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))


def _keep(connection: Connection, table: Table, former: str) -> int:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    topic = table.name.replace("_", "-")
    kept = connection.execute(
        text(
            f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {former}{table.name} AS old"
            f" WHERE EXISTS (SELECT 1 FROM offsets AS new, {former}offsets AS was WHERE new.topic = :topic"
            " AND was.topic = new.topic AND was.topic_id = new.topic_id"
            " AND new.partition = old.topic_partition AND was.partition = new.partition)"
            f" AND old.topic_offset < coalesce((SELECT min(first.topic_offset) FROM {table.name} AS first"
            " WHERE first.topic_partition = old.topic_partition),"
            " (SELECT next_offset FROM offsets WHERE topic = :topic AND partition = old.topic_partition))"
        ),
        {"topic": topic},
    )
    return kept.rowcount
