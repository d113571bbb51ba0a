"""A whole selection as a file: CSV, Parquet or a workbook, written row by row, never held in memory.

CSV and workbook are for people: a text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`,
a tab or a line's end) gets an apostrophe before it in CSV, as spreadsheets do themselves; in a workbook texts are
written as texts. Parquet is for programs: exact types, nothing changed.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO, Any, Final

import pyarrow
import pyarrow.parquet
import xlsxwriter
from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from processors.domain import quantity
from processors.domain.calendar import date_of, day_text, time_text
from processors.edge.api.blind import sight_of
from processors.edge.api.entry import Entry
from processors.edge.api.forms import bytes_text, kind_of
from processors.edge.api.formulas import harmless
from processors.edge.api.freshness import fresh, not_modified
from processors.edge.api.problems import Problem
from processors.edge.api.roles import caller_of
from processors.edge.store.engine import Store
from processors.edge.store.queries_registers import Condition, Order, count, everything, topics_of

MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
GROUP_ROWS: Final = 20_000
"""Rows of a Parquet file that are written at once: few groups read quickly, and none holds much memory."""
SHEET_ROWS_MAX: Final = 1_048_575
"""Rows of a sheet below its heading."""
CELL_MAX: Final = 32_767
"""Characters that a cell holds; what is longer is cut and ends in `…`."""
_EPOCH: Final = datetime(1970, 1, 1)
_SPREADSHEET_DAY_MIN: Final = -25_508
"""1900-03-01: before it spreadsheets disagree about dates, so such days are written as text."""
Columns = Sequence[tuple[str, Any]]
"""Column and Avro type, in order."""
Chunks = Iterator[list[tuple[Any, ...]]]
"""Rows as they come from the store."""


def export(
    request: Request, store: Store, entry: Entry, conditions: Sequence[Condition], order: Order, form: str
) -> Response:
    """Everything that fits, as an attachment. Problem 422 for more rows than a sheet has."""
    columns = entry.columns
    names = [name for name, _ in columns]
    with store.read() as connection:
        sight = sight_of(connection, caller_of(request))
        _, headers = fresh(request, connection, sight, topics_of(entry.source))
        headers["Content-Disposition"] = f'attachment; filename="{entry.path}.{form}"'
        if (unchanged := not_modified(request, headers)) is not None:
            return unchanged
        if form == "xlsx" and count(connection, sight, entry.source, conditions, SHEET_ROWS_MAX + 1) > SHEET_ROWS_MAX:
            raise Problem(422, "too-many-rows", f"a sheet has {SHEET_ROWS_MAX} rows; filter, or ask for csv or parquet")
        # Written out before it is sent: how fast somebody reads must not say for how long the store keeps its old rows.
        file = tempfile.TemporaryFile()  # noqa: SIM115  # closed once it was sent
        try:
            write_file(file, form, columns, everything(connection, sight, entry.source, conditions, order, names))
        except BaseException:
            file.close()
            raise
    return StreamingResponse(_sent(file), 200, headers, MEDIA_TYPES[form])


def write_file(file: IO[bytes], form: str, columns: Columns, chunks: Chunks) -> None:
    """Write a file of some form (`csv`, `parquet`, `xlsx`)."""
    match form:
        case "csv":
            file.writelines(csv_lines(columns, chunks))
        case "parquet":
            write_parquet(file, columns, chunks)
        case _:
            write_sheet(file, columns, chunks)


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while data := file.read(256 * 1024):
            yield data


def csv_lines(columns: Columns, chunks: Chunks) -> Iterator[bytes]:
    """UTF-8 with a heading, lines ended by CR LF (RFC 4180)."""
    kinds = [kind_of(schema) for _, schema in columns]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([name for name, _ in columns])
    for chunk in chunks:
        writer.writerows([_csv_cell(kind, value) for kind, value in zip(kinds, row, strict=True)] for row in chunk)
        yield out.getvalue().encode("utf-8", "replace")
        out.seek(0)
        out.truncate()
    yield out.getvalue().encode()


def _csv_cell(kind: str, value: Any) -> str:
    if value is None:
        return ""
    match kind:
        case "decimal":
            return quantity.text(value)
        case "date":
            return day_text(value)
        case "timestamp-millis":
            return time_text(value)
        case "boolean":
            return "true" if value else "false"
        case "int" | "long":
            return str(value)
        case _:
            return harmless(_text(value))


def _text(value: Any) -> str:
    return bytes_text(value) if isinstance(value, bytes) else str(value)


_ARROW: Final[dict[str, Any]] = {
    "decimal": pyarrow.decimal128(18, 6),
    "date": pyarrow.date32(),
    "timestamp-millis": pyarrow.timestamp("ms", tz="UTC"),
    "boolean": pyarrow.bool_(),
    "int": pyarrow.int32(),
    "long": pyarrow.int64(),
}


def write_parquet(file: IO[bytes] | str, columns: Columns, chunks: Chunks) -> None:
    """Groups of `GROUP_ROWS`; nested parts as JSON text."""
    kinds = [kind_of(schema) for _, schema in columns]
    fields = [
        pyarrow.field(name, _ARROW.get(kind, pyarrow.string())) for (name, _), kind in zip(columns, kinds, strict=True)
    ]
    schema = pyarrow.schema(fields)
    with pyarrow.parquet.ParquetWriter(file, schema) as writer:
        for group in _groups(chunks):
            parts = zip(*group, strict=True)
            arrays = [
                _array(kind, part, schema.field(i).type)
                for i, (kind, part) in enumerate(zip(kinds, parts, strict=True))
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _groups(chunks: Chunks) -> Chunks:
    group: list[tuple[Any, ...]] = []
    for chunk in chunks:
        group += chunk
        if len(group) >= GROUP_ROWS:
            yield group
            group = []
    if group:
        yield group


def _array(kind: str, values: Iterable[Any], type_: Any) -> Any:
    match kind:
        case "decimal":
            values = [None if value is None else Decimal(value).scaleb(-6) for value in values]
        case "boolean":
            values = [None if value is None else bool(value) for value in values]
        case "date" | "timestamp-millis" | "int" | "long":
            values = list(values)
        case _:
            values = [None if value is None else _text(value) for value in values]
    return pyarrow.array(values, type_)


def write_sheet(file: IO[bytes] | str, columns: Columns, chunks: Chunks) -> None:
    """One sheet with a heading that stays in sight. Numbers are numbers, with the 15 digits of a spreadsheet."""
    kinds = [kind_of(schema) for _, schema in columns]
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        heading = book.add_format({"bold": True})
        shapes = {
            "decimal": book.add_format({"num_format": "#,##0.######"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "timestamp-millis": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"}),
        }
        for place, (name, _) in enumerate(columns):
            sheet.write_string(0, place, name, heading)
            sheet.set_column(place, place, max(12, len(name) + 2))
        number = 0
        for chunk in chunks:
            for row in chunk:
                number += 1
                for place, (kind, value) in enumerate(zip(kinds, row, strict=True)):
                    if value is not None:
                        _write_cell(sheet, number, place, kind, value, shapes.get(kind))


def _write_cell(sheet: Any, row: int, place: int, kind: str, value: Any, shape: Any) -> None:
    match kind:
        case "decimal":
            sheet.write_number(row, place, value / quantity.ONE, shape)
        case "date" if value >= _SPREADSHEET_DAY_MIN:
            sheet.write_datetime(row, place, date_of(value), shape)
        case "date":
            sheet.write_string(row, place, day_text(value))
        case "timestamp-millis":
            sheet.write_datetime(row, place, _EPOCH + timedelta(milliseconds=value), shape)
        case "boolean":
            sheet.write_boolean(row, place, bool(value))
        case "int":
            sheet.write_number(row, place, value)
        case "long":  # beyond 15 digits a spreadsheet would change it
            sheet.write_string(row, place, str(value)) if abs(value) >= 10**15 else sheet.write_number(
                row, place, value
            )
        case _:
            text = _text(value)
            sheet.write_string(row, place, text if len(text) <= CELL_MAX else text[: CELL_MAX - 1] + "…")
