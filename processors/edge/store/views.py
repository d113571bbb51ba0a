"""Views of an SQLite store for people and programs that ask it directly: `<table>_v`, with decimals, days and times.

A decimal is shown as a number with a fraction, which is rounded beyond 15 digits; the table has it exactly.
"""

from sqlalchemy import Column, Connection, Table, text

from processors.edge.store.column_types import Days, Millionths, Milliseconds
from processors.edge.store.tables import METADATA


def make_views(connection: Connection) -> None:
    """Make the views anew: they hold nothing, and follow the tables."""
    for table in METADATA.sorted_tables:
        connection.execute(text(f"DROP VIEW IF EXISTS {table.name}_v"))
        connection.execute(text(_view(table)))


def _view(table: Table) -> str:
    shown = ", ".join(_shown(column) for column in table.columns)
    return f"CREATE VIEW {table.name}_v AS SELECT {shown} FROM {table.name}"


def _shown(column: Column[object]) -> str:
    name = f'"{column.name}"'
    match column.type:
        case Millionths():
            return f"{name} / 1000000.0 AS {name}"
        case Days():
            return f"date({name} * 86400, 'unixepoch') AS {name}"
        case Milliseconds():
            # Division and remainder go towards zero; before 1970 the millisecond counts up all the same.
            ms = f"(({name} % 1000 + 1000) % 1000)"
            moment = f"strftime('%Y-%m-%dT%H\\:%M\\:%S', ({name} - {ms}) / 1000, 'unixepoch')"
            return f"{moment} || printf('.%03dZ', {ms}) AS {name}"
        case _:
            return name
