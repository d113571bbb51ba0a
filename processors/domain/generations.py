"""How often a code was given out: kept when a reversal leaves its lot or serial with no document (`domain.md` §7)."""

from collections.abc import Callable
from typing import Final

from processors.domain import keys
from processors.domain.registers import StateRow
from processors.domain.view import STATE, View

KIND: Final = "generation"


def next_generation_of_lot(view: View, scope_key: str, lot_code: str) -> int:
    """The generation of a lot code that is given out now; 1 where it never was."""
    return _next(view, _key("lot", scope_key, lot_code))


def generations_of_serials(view: View, scope_key: str, lot_code: str | None) -> Callable[[str], int]:
    """The generations of a line's serials, by their code; one look-up for all where no serial of the item ever went."""
    if view.get(STATE, _mark(scope_key)) is None:
        return lambda serial: 1
    return lambda serial: _next(view, _key("serial", scope_key, lot_code or "", serial))


def remember_lot(
    scope_key: str, item: tuple[str, str], lot_code: str, generation: int, at: int
) -> tuple[str, StateRow]:
    """Key and row that remember the generation of a lot that goes; `item` is class and code."""
    return _key("lot", scope_key, lot_code), _row(item, lot_code, generation, at)


def remember_serial(
    scope_key: str, item: tuple[str, str], lot_code: str | None, serial_code: str, generation: int, at: int
) -> dict[str, StateRow]:
    """Key → row that remember the generation of a serial that goes, and that a serial of its item went."""
    return {
        _key("serial", scope_key, lot_code or "", serial_code): _row(item, serial_code, generation, at),
        _mark(scope_key): _row(item, "", 0, at),
    }


def _key(kind: str, scope_key: str, *codes: str) -> str:
    return f"{KIND}|{kind}|{scope_key}|{keys.join(*codes)}"


def _mark(scope_key: str) -> str:
    return f"{KIND}|serials|{scope_key}"


def _next(view: View, key: str) -> int:
    row = view.get(STATE, key)
    return 1 if row is None else (row.offset or 0) + 1


def _row(item: tuple[str, str], code: str, generation: int, at: int) -> StateRow:
    return StateRow(KIND, *item, code, None, None, None, generation, None, None, None, None, at)
