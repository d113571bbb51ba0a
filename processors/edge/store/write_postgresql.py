"""Writing to PostgreSQL: rows go by COPY into a temporary table of plain numbers, and from there in one statement.

The server makes decimals, dates and times of them (`column_types`), on a processor of its own.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from psycopg import DataError
from sqlalchemy import Column, Connection, LargeBinary, Text

from processors.edge.store.changes import Move, Moves, Row, TableChange
from processors.edge.store.column_types import Days, Millionths, Milliseconds
from processors.edge.store.queries_offsets import Positions
from processors.edge.store.tables import METADATA

NO_TEXT: Final = "\x00"
"""The one character that PostgreSQL's texts cannot hold; `SHOWN` is kept in its place."""
SHOWN: Final = "\N{SYMBOL FOR NULL}"
KEY_BYTES_MAX: Final = 2000
INDEXED_BYTES_MAX: Final = 500
"""Longer texts do not fit into an index. Codes and ids never are, but a refused id can be anything: of such a text the
beginning is kept, and a hash that tells it from others."""


class PostgresqlTables:
    """`Tables` of PostgreSQL."""

    def begin(self, connection: Connection, ids: Mapping[tuple[str, int], str]) -> None:
        rows = [(topic, partition, topic_id) for (topic, partition), topic_id in ids.items()]
        topics, partitions, topic_ids = (list(column) for column in zip(*rows, strict=True))
        connection.exec_driver_sql(
            "INSERT INTO offsets (topic, partition, next_offset, end_offset, topic_id)"
            " SELECT topic, partition, 0, 0, topic_id FROM unnest(%s::text[], %s::int[], %s::text[])"
            " AS new (topic, partition, topic_id) ON CONFLICT DO NOTHING",
            (topics, partitions, topic_ids),
        )

    def move(self, connection: Connection, moves: Moves) -> int:
        if not moves:
            return 0
        rows = [(*place, *_numbers(moves[place])) for place in sorted(moves)]
        done = connection.exec_driver_sql(
            "UPDATE offsets SET next_offset = new.next_offset, end_offset = new.end_offset,"
            f" record_time = coalesce({_time('new.record_time')}, offsets.record_time), held_because = NULL"
            " FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])"
            " AS new (topic, partition, expected, next_offset, end_offset, record_time)"
            " WHERE offsets.topic = new.topic AND offsets.partition = new.partition"
            " AND offsets.next_offset = new.expected",
            tuple(list(column) for column in zip(*rows, strict=True)),
        )
        return done.rowcount

    def ends(self, connection: Connection, ends: Positions) -> None:
        if ends:
            rows = [(topic, partition, ends[topic, partition]) for topic, partition in sorted(ends)]
            connection.exec_driver_sql(
                "UPDATE offsets SET end_offset = new.end_offset"
                " FROM unnest(%s::text[], %s::int[], %s::bigint[]) AS new (topic, partition, end_offset)"
                " WHERE offsets.topic = new.topic AND offsets.partition = new.partition",
                tuple(list(column) for column in zip(*rows, strict=True)),
            )

    def apply(self, connection: Connection, change: TableChange) -> None:
        if change.rows:
            stage, copy, merge = _statements(change.table)
            connection.exec_driver_sql(stage)
            try:
                with connection.begin_nested():
                    _copy(connection, copy, change.rows)
            except DataError:
                _copy(connection, copy, [tuple(map(_holdable, row)) for row in change.rows])
            connection.exec_driver_sql(merge)
        if change.gone:
            keys = [key.replace(NO_TEXT, SHOWN) for key in change.gone]
            connection.exec_driver_sql(
                f"DELETE FROM {change.table} WHERE record_key = ANY"
                f" (ARRAY(SELECT {_fitting('gone', KEY_BYTES_MAX)} FROM unnest(%s::text[]) AS gone))",
                (keys,),
            )


def _numbers(move: Move) -> tuple[int, int, int, int | None]:
    return move.expected, move.next_offset, move.end_offset, move.record_time


def _copy(connection: Connection, copy: str, rows: list[Row]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(copy) as copying:
        for row in rows:
            copying.write_row(row)


def _holdable(value: object) -> object:
    return value.replace(NO_TEXT, SHOWN) if isinstance(value, str) else value


@lru_cache(maxsize=64)
def _statements(name: str) -> tuple[str, str, str]:
    """Make the table's stage, copy into it, take over from it."""
    columns = list(METADATA.tables[name].columns)
    names = ", ".join(f'"{column.name}"' for column in columns)
    stage = ", ".join(f'"{column.name}" {_plain(column)}' for column in columns)
    indexed = {column.name for index in METADATA.tables[name].indexes for column in index.columns}
    taken = ", ".join(_taken(column, column.name in indexed) for column in columns)
    merge = f"INSERT INTO {name} ({names}) SELECT {taken} FROM stage_{name}"
    if columns[0].name == "record_key":
        changed = ", ".join(f'"{column.name}" = excluded."{column.name}"' for column in columns[1:])
        merge += f" ON CONFLICT (record_key) DO UPDATE SET {changed}"
    return (
        f"CREATE TEMPORARY TABLE IF NOT EXISTS stage_{name} ({stage}) ON COMMIT DELETE ROWS",
        f"COPY stage_{name} FROM STDIN",
        merge,
    )


def _plain(column: Column[Any]) -> str:
    match column.type:
        case Text():
            return "text"
        case LargeBinary():
            return "bytea"
        case Millionths() | Days() | Milliseconds():
            return "bigint"
        case other:
            return str(other.compile())


def _taken(column: Column[Any], indexed: bool) -> str:
    name = f'"{column.name}"'
    match column.type:
        case Millionths():
            return f"{name} * 0.000001"
        case Days():
            return f"DATE '1970-01-01' + {name}::int"
        case Milliseconds():
            return _time(name)
        case Text() if column.primary_key:
            return _fitting(name, KEY_BYTES_MAX)
        case Text() if indexed:
            return _fitting(name, INDEXED_BYTES_MAX)
        case _:
            return name


def _fitting(name: str, most: int) -> str:
    """A text that fits into an index, from any text."""
    return (
        f"CASE WHEN octet_length({name}) > {most} THEN left({name}, {most // 5}) || '…' || md5({name}) ELSE {name} END"
    )


def _time(name: str) -> str:
    """A time of milliseconds, exactly: as one interval they would be a floating number, wrong after the year 2255."""
    return f"TIMESTAMPTZ 'epoch' + {name} / 86400000 * INTERVAL '1 day' + mod({name}, 86400000) * INTERVAL '1 ms'"
