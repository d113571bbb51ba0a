"""Rows and offsets in one transaction: the only way in which the store changes.

Offsets move only from where the projection took them. Where they stand elsewhere, somebody else has moved them since,
or the store was rebuilt: nothing is written, and the projection begins again from what the store says.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Connection, Engine, insert, update

from processors.edge.store import leading
from processors.edge.store.changes import Moves, TableChange
from processors.edge.store.engine import Store
from processors.edge.store.queries_offsets import Positions, RecordPlace, positions, skipped_records, topic_ids
from processors.edge.store.tables import OFFSETS, SKIPPED
from processors.edge.store.write_postgresql import PostgresqlTables
from processors.edge.store.write_sqlite import SqliteTables


class FormerOwner(Exception):
    """Another process leads, or the offsets are not where this one left them: begin again from what the store says."""


class TopicMadeAnew(Exception):
    """A topic was deleted and made again since its table was filled: the store has to be rebuilt."""

    def __init__(self, topics: Iterable[str]) -> None:
        super().__init__(f"made anew since what stands in SQL was read from them: {', '.join(topics)}")


class Tables(Protocol):
    """What differs between the databases; within an open transaction."""

    def begin(self, connection: Connection, ids: Mapping[tuple[str, int], str]) -> None:
        """Give partitions that have no offset yet the offset 0. (topic, partition) → topic id."""
        ...

    def move(self, connection: Connection, moves: Moves) -> int:
        """Move the offsets that stand where they are expected; how many did."""
        ...

    def ends(self, connection: Connection, ends: Positions) -> None:
        """Note where partitions end."""
        ...

    def apply(self, connection: Connection, change: TableChange) -> None:
        """Change the rows of one table."""
        ...


class Writer:
    """One projection's way into a store, over a connection of its own. For one thread.

    leader: under which name it leads (`leading`): it then writes only while no other does. None: it does not ask.
    """

    def __init__(self, store: Store, leader: str | None = None) -> None:
        self._store, self._leader = store, leader
        self._tables: Tables = _tables(store)
        self._connection: Connection | None = None
        self._engine: Engine | None = None

    def begin(self, topics: Mapping[str, tuple[str, int]]) -> Positions:
        """Where to read on: the next offset of every partition of `topics` (name → topic id, partition count).

        FormerOwner where another leads; TopicMadeAnew where the store has another topic's records under one of these
        names.
        """
        ids = {(name, number): topic_id for name, (topic_id, count) in topics.items() for number in range(count)}
        with self._transaction() as connection:
            self._tables.begin(connection, ids)
            self._lead(connection)
            known = topic_ids(connection)
            if other := sorted(name for name, (topic_id, _) in topics.items() if known[name] != topic_id):
                raise TopicMadeAnew(other)
            return {place: offset for place, offset in positions(connection).items() if place in ids}

    def write(
        self,
        changes: Iterable[TableChange],
        moves: Moves,
        before_commit: Callable[[], None] = lambda: None,
        held: Mapping[RecordPlace, str] | None = None,
    ) -> None:
        """Write what a batch changes, all of it or nothing. FormerOwner where an offset is not the expected one.

        held: the records before which partitions now stand because they cannot be read, with the reasons.
        """
        with self._transaction() as connection:
            # First the offsets: of two that write at once the second waits here, and then finds them moved.
            if self._tables.move(connection, moves) != len(moves):
                raise FormerOwner
            for change in changes:
                self._tables.apply(connection, change)
            for (topic, partition, offset), reason in (held or {}).items():
                at = OFFSETS.c
                here = (at.topic == topic, at.partition == partition, at.next_offset == offset)
                connection.execute(update(OFFSETS).where(*here).values(held_because=reason))
            before_commit()

    def look(self, ends: Positions, state: str | None = "following", message: str | None = None) -> None:
        """Note how things stand: where partitions end, and whether the projection follows them (`leading.looked`).

        FormerOwner where another leads.
        """
        with self._transaction() as connection:
            self._tables.ends(connection, ends)
            self._lead(connection)
            leading.looked(connection, state, message)

    def resign(self) -> None:
        """Let another lead at once."""
        if self._leader is not None:
            with self._transaction() as connection:
                leading.resign(connection, self._leader)

    def skipped(self) -> set[RecordPlace]:
        """The records that are to be left out, for they cannot be read."""
        with self._transaction() as connection:
            return set(skipped_records(connection))

    def skip(self, place: RecordPlace, reason: str) -> None:
        """Leave a record out from now on, if it cannot be read."""
        topic, partition, offset = place
        row = {"topic": topic, "partition": partition, "offset": offset, "reason": reason}
        if place not in self.skipped():
            with self._transaction() as connection:
                connection.execute(insert(SKIPPED).values(**row, skipped_at=time.time_ns() // 1_000_000))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._engine = None

    def _lead(self, connection: Connection) -> None:
        if self._leader is not None and not leading.lead(connection, self._leader):
            raise FormerOwner

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        connection = self._connected()
        with connection.begin():
            yield connection

    def _connected(self) -> Connection:
        engine = self._store.engine()
        if self._connection is None or engine is not self._engine or self._connection.closed:
            self.close()
            self._engine, self._connection = engine, engine.connect()
        return self._connection


def _tables(store: Store) -> Tables:
    return SqliteTables() if store.is_sqlite else PostgresqlTables()
