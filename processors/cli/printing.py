"""Rows of an answer as a table for people, as JSON lines or as CSV for programs (`--output`)."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

output_option = click.option(
    "--output",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="Form of the rows.",
)


def print_rows(output: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print rows on standard output; `columns` are the keys to print, in order, and the headings."""
    match output:
        case "json":
            for row in rows:
                click.echo(json.dumps({name: row[name] for name in columns}, ensure_ascii=False))
        case "csv":
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([_cell(row[name]) for name in columns] for row in rows)
        case _:
            table = Table(*columns, box=None, pad_edge=False)
            for row in rows:
                table.add_row(*(_cell(row[name]) for name in columns))
            if table.row_count:
                # A pipe has no width: nothing is cut there.
                Console(width=None if sys.stdout.isatty() else 10_000, markup=False, highlight=False).print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
