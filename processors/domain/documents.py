"""How many loading and unloading documents a serial has: one that a reversal leaves with none is gone (`domain.md` §7).

A serial is born with one. Only more than one is kept, in a private row beside it; lots tell by what they loaded.
"""

from typing import Final

from processors.domain.changes import Changes
from processors.domain.registers import SerialRow, StateRow
from processors.domain.view import STATE

KIND: Final = "documents"


def add_document(changes: Changes, serial_key: str, row: SerialRow, time_ms: int) -> None:
    """One more document of a serial that is in the register."""
    key = f"{KIND}|{serial_key}"
    changes.state[key] = _row(row, _count(changes, key) + 1, time_ms)


def take_document(changes: Changes, serial_key: str, row: SerialRow, time_ms: int) -> int:
    """One document fewer; gives how many are left."""
    key = f"{KIND}|{serial_key}"
    left = _count(changes, key) - 1
    if left > 1:
        changes.state[key] = _row(row, left, time_ms)
    elif left == 1:
        changes.state[key] = None
    return left


def _count(changes: Changes, key: str) -> int:
    known = changes.state[key] if key in changes.state else changes.view.get(STATE, key)
    return 1 if known is None else known.offset or 1


def _row(row: SerialRow, count: int, time_ms: int) -> StateRow:
    return StateRow(
        KIND, row.item_class, row.item_code, row.serial_code, None, None, None, count, None, None, None, None, time_ms
    )
