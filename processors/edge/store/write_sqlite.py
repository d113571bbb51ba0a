"""Writing to SQLite: one prepared statement a table, straight to the driver. Rows need no change: `column_types`."""

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import Connection

from processors.edge.store.changes import Moves, TableChange
from processors.edge.store.queries_offsets import Positions
from processors.edge.store.tables import METADATA


class SqliteTables:
    """`Tables` of SQLite."""

    def begin(self, connection: Connection, ids: Mapping[tuple[str, int], str]) -> None:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO offsets (topic, partition, next_offset, end_offset, topic_id)"
            " VALUES (?, ?, 0, 0, ?)",
            [(topic, partition, topic_id) for (topic, partition), topic_id in ids.items()],
        )

    def move(self, connection: Connection, moves: Moves) -> int:
        if not moves:
            return 0
        done = connection.exec_driver_sql(
            "UPDATE offsets SET next_offset = ?, end_offset = ?, record_time = coalesce(?, record_time),"
            " held_because = NULL WHERE topic = ? AND partition = ? AND next_offset = ?",
            [
                (move.next_offset, move.end_offset, move.record_time, topic, partition, move.expected)
                for (topic, partition), move in moves.items()
            ],
        )
        return done.rowcount

    def ends(self, connection: Connection, ends: Positions) -> None:
        if ends:
            connection.exec_driver_sql(
                "UPDATE offsets SET end_offset = ? WHERE topic = ? AND partition = ?",
                [(end, topic, partition) for (topic, partition), end in ends.items()],
            )

    def apply(self, connection: Connection, change: TableChange) -> None:
        if change.rows:
            connection.exec_driver_sql(_statement(change.table), change.rows)
        if change.gone:
            keys = [(key,) for key in change.gone]
            connection.exec_driver_sql(f"DELETE FROM {change.table} WHERE record_key = ?", keys)


@lru_cache(maxsize=64)
def _statement(name: str) -> str:
    """Insert; where the table is a register's, in place of the row with the same key."""
    table = METADATA.tables[name]
    names = [f'"{column.name}"' for column in table.columns]
    insert = f"INSERT INTO {name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    if names[0] != '"record_key"':
        return insert
    # Not "OR REPLACE": that is a delete and an insert, in every index; so, only the indexes of what changed.
    changed = ", ".join(f"{column} = excluded.{column}" for column in names[1:])
    return f"{insert} ON CONFLICT (record_key) DO UPDATE SET {changed}"
