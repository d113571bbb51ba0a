"""The `.avsc` files in `schemas/`, the source of truth of every record, and which record class each belongs to."""

import json
from pathlib import Path
from typing import Any, Final

from processors.domain.count_lines import PositionRow
from processors.domain.count_registers import CountLineRow, CountListRow, InventoryRow
from processors.domain.registers import CounterRow, LotRow, ReservationRow, SerialRow, StateRow, StockRow

Schema = Any
"""A parsed JSON Avro schema: a name, a list (union) or an object."""

_PACKAGED: Final = Path(__file__).parent / "schemas"
FOLDER: Final = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[2] / "schemas"
"""Beside this module in an installed package, at the top of a source tree."""

ROW_SCHEMAS: Final[dict[type, str]] = {
    StockRow: "StockRegister",
    LotRow: "LotRegister",
    SerialRow: "SerialRegister",
    ReservationRow: "ReservationRegister",
    CounterRow: "CounterRegister",
    StateRow: "LedgerState",
    InventoryRow: "InventoryRegister",
    CountListRow: "CountListRegister",
    CountLineRow: "CountLineRegister",
    PositionRow: "CountPosition",
}
"""Rows are named after their topic outside; every other record class has its schema's name."""


def record_name(record: type) -> str:
    """Name of a record class's schema: its file is `<name>.avsc`."""
    return ROW_SCHEMAS.get(record, record.__name__)


def read_schema(name: str, folder: Path = FOLDER) -> Schema:
    """The schema of a record by its name; FileNotFoundError where there is none."""
    return json.loads((folder / f"{name}.avsc").read_text(encoding="utf-8"))


def released_versions(name: str, folder: Path = FOLDER) -> dict[int, Schema]:
    """Version → schema of a record's releases (`released/<name>.<version>.avsc`), ascending."""
    found = {}
    for path in (folder / "released").glob(f"{name}.*.avsc"):
        found[int(path.name.split(".")[1])] = json.loads(path.read_text(encoding="utf-8"))
    return dict(sorted(found.items()))


def normal_form(schema: Schema, *, logical: bool = True) -> Schema:
    """What matters to readers and writers: everything but the docs. Without `logical`, the plain Avro types."""
    match schema:
        case list():
            return [normal_form(branch, logical=logical) for branch in schema]
        case dict():
            dropped = {"doc"} if logical else {"doc", "logicalType", "precision", "scale"}
            kept = {}
            for key, part in schema.items():
                if key in dropped:
                    continue
                kept[key] = part if key in ("default", "symbols") else normal_form(part, logical=logical)
            return kept
        case _:
            return schema
