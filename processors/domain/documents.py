"""The documents of a serial: how many it has, and which took or reserved it, in their order (`domain.md` §5, §7).

A serial is born with one document. What is more is kept in a private row beside it: a reversal that leaves a serial
without documents takes it away, and one that undoes the first that took it leaves the next one first. Lots tell by
what they loaded.
"""

from typing import Final

from processors.domain import keys
from processors.domain.changes import Changes
from processors.domain.registers import SerialRow, StateRow
from processors.domain.view import STATE

KIND: Final = "documents"

Taking = tuple[str, str, str, str, str]
"""Movement id, type, number and day of a document, empty where absent, and `reserve` or `unload`."""


def add_load(changes: Changes, serial_key: str, row: SerialRow, time_ms: int) -> None:
    """One more loading document of a serial that is in the register."""
    count, takings = _read(changes, serial_key)
    _write(changes, serial_key, row, count + 1, takings, time_ms)


def add_taking(
    changes: Changes,
    serial_key: str,
    row: SerialRow,
    movement_id: str,
    document: tuple[str | None, str | None, int | None],
    reserves: bool,
) -> None:
    """One more document that takes or reserves a serial; a reservation is no document of its own."""
    count, takings = _read(changes, serial_key)
    kind, number, day = document
    if document != (None, None, None):
        how = "reserve" if reserves else "unload"
        takings.append((movement_id, kind or "", number or "", "" if day is None else str(day), how))
    _write(changes, serial_key, row, count if reserves else count + 1, takings, row.updated_at)


def undo(changes: Changes, serial_key: str, row: SerialRow, movement_id: str, load: bool) -> int:
    """One document fewer: that of a movement; gives how many are left. `row` is told its first document anew."""
    count, takings = _read(changes, serial_key)
    if not load:
        takings = [taking for taking in takings if (taking[0], taking[4]) != (movement_id, "unload")]
        _tell_first(row, takings)
    _write(changes, serial_key, row, count - 1, takings, row.updated_at)
    return count - 1


def let_go(changes: Changes, serial_key: str, row: SerialRow, document: tuple[str, str]) -> None:
    """A document reserves a serial no longer. `row` is told its first document anew."""
    count, takings = _read(changes, serial_key)
    takings = [taking for taking in takings if (taking[1], taking[2], taking[4]) != (*document, "reserve")]
    _tell_first(row, takings)
    _write(changes, serial_key, row, count, takings, row.updated_at)


def _tell_first(row: SerialRow, takings: list[Taking]) -> None:
    _, kind, number, day, _ = takings[0] if takings else ("", "", "", "", "")
    row.first_document_type, row.first_document_number = kind or None, number or None
    row.first_document_date = int(day) if day else None


def _read(changes: Changes, serial_key: str) -> tuple[int, list[Taking]]:
    key = f"{KIND}|{serial_key}"
    row = changes.state[key] if key in changes.state else changes.view.get(STATE, key)
    if row is None:
        return 1, []
    parts = keys.split(row.continuation) if row.continuation else ()
    takings = [
        (parts[at], parts[at + 1], parts[at + 2], parts[at + 3], parts[at + 4]) for at in range(0, len(parts), 5)
    ]
    return row.offset or 1, takings


def _write(changes: Changes, serial_key: str, row: SerialRow, count: int, takings: list[Taking], time_ms: int) -> None:
    key = f"{KIND}|{serial_key}"
    if count < 1 or (count == 1 and not takings):
        changes.state[key] = None
        return
    text = keys.join(*[part for taking in takings for part in taking]) if takings else None
    item = (row.item_class, row.item_code)
    changes.state[key] = StateRow(
        KIND, *item, row.serial_code, None, None, None, count, text, None, None, None, time_ms
    )
