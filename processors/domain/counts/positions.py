"""Counted lines as the ledger keeps them: their keys, and which of them are later than a moment (architecture §6)."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from processors.domain import keys
from processors.domain.changes import Changes
from processors.domain.count_lines import PositionRow
from processors.domain.message import Index, Trail
from processors.domain.registers import StateRow
from processors.domain.stock_keys import stock_key
from processors.domain.view import POSITIONS, POSITIONS_OF_SERIAL, STATE, View

COUNTED: Final = "counted"
GROUP: Final = "group"
"""Line of the position that stands for a counted place of serial-managed goods as a whole."""
PENDING: Final = frozenset(("open", "recount", "approval", "refused"))
"""States of a line that has no result yet."""


def scope_key(row: PositionRow) -> str:
    """Key of item + variant."""
    return keys.join(row.item_class, row.item_code, row.variant or "")


def item_key(row: PositionRow) -> str:
    return keys.join(row.item_class, row.item_code)


def row_key(row: PositionRow) -> str:
    """Key of the stock row that was counted."""
    return stock_key(scope_key(row), row.warehouse, row.location, row.lot_code)


def position_key(row: PositionRow) -> str:
    """Key `class|code|variant|warehouse|location|lot|serial|inventory|list|line`."""
    serial = keys.part(row.serial_code) if row.serial_code is not None else ""
    return f"{row_key(row)}|{serial}|{keys.join(row.inventory, row.list, row.line)}"


def made_line(letter: str, row: PositionRow, serial: str = "") -> str:
    """Id of a line that nobody counted: derived from what it is about, so that a replay gives the same."""
    about = f"{row_key(row)}|{keys.part(serial)}".encode()
    return f"{letter}-{blake2b(about, digest_size=8).hexdigest()}"


def _of_list(row: PositionRow) -> tuple[str, ...]:
    return (f"{keys.join(row.inventory, row.list)}|{position_key(row)}",)


def _of_serial(row: PositionRow) -> str | None:
    if row.serial_code is None:
        return None
    return keys.join(row.item_class, row.item_code, row.variant or "", row.lot_code or "", row.serial_code)


LIST_POSITIONS: Final = Trail("list-positions", POSITIONS, _of_list)
"""Index key `inventory|list|<position key>`."""
SERIAL_POSITIONS: Final = Index(POSITIONS_OF_SERIAL, POSITIONS, _of_serial)


@dataclass(frozen=True, slots=True)
class LaterCounts:
    """The settled counts of a row at or after a moment: the earliest, and what was posted at all of them."""

    key: str
    first: PositionRow
    adjusted: int


@dataclass(slots=True)
class LateMove:
    """What a late movement did to one stock row (`amount`, signed), and the count that it has to leave as it was.

    `correct`: with a correction; else it is only reported. `serial`: the piece it is about, None for a quantity.
    """

    counts: LaterCounts
    amount: int
    warehouse: str
    location: str | None
    lot_code: str | None
    serial: str | None
    correct: bool


def later_counts(changes: Changes, stock_row_key: str, moment: int) -> LaterCounts | None:
    """The settled counts of a stock row without serials that a movement of this moment comes late for, if any."""
    found: list[tuple[int, str, PositionRow]] = []
    for key, stored in changes.view.prefix(POSITIONS, f"{stock_row_key}||"):
        row = changes.positions.get(key, stored)
        if row is not None and row.made != "group" and row.state == "settled" and row.moment >= moment:
            found.append((row.moment, key, row))
    return _later(found)


def later_place(changes: Changes, stock_row_key: str, serial_key: str, moment: int) -> LaterCounts | None:
    """The first count of a place as a whole whose inventory has not read a piece that came before it: it was not there.

    A piece that came while its place was being counted may have come behind the operator. Of lists that read nothing
    at all there `gone_through` knows.
    """
    found: list[tuple[int, str, PositionRow]] = []
    for key, stored in changes.view.prefix(POSITIONS, f"{stock_row_key}||"):
        row = changes.positions.get(key, stored)
        if row is None or row.made != "group" or row.state != "settled" or row.counted_from < moment:
            continue
        if row.unread_until is not None:
            continue
        if not is_held(changes, serial_key, row.inventory):
            found.append((row.moment, key, row))
    return _later(found)


def later_counts_of_serial(
    changes: Changes, serial_key: str, place_key: str | None, moment: int, *, leaves: bool = False
) -> LaterCounts | None:
    """The settled counts at or after a moment that say where one serial was: there, or that it was not at a place.

    `serial_key` is scope|lot|serial, `place_key` the stock row that is asked about; None: only where it was found.
    `leaves`: it is taken out at that moment. A piece that nobody read may have left until its list closed.
    """
    found: list[tuple[int, str, PositionRow]] = []
    for key in changes.view.members(POSITIONS_OF_SERIAL, serial_key):
        row = changes.position(key)
        if row is not None and tells_of(row, place_key) and (told_until(row) if leaves else row.moment) >= moment:
            found.append((row.moment, key, row))
    return _later(found)


def told_until(row: PositionRow) -> int:
    """Up to which moment a count tells of what left."""
    return row.moment if row.unread_until is None else max(row.moment, row.unread_until)


def tells_of(row: PositionRow, place_key: str | None) -> bool:
    """Whether a count of a piece is settled and tells of a stock row: found anywhere, or missing just there."""
    return row.state == "settled" and (row.counted > 0 or row_key(row) == place_key)


def is_held(changes: Changes, serial_key: str, inventory: str) -> bool:
    """Whether an inventory has read a piece, wherever. That it was missing at one place says nothing of others."""
    found = (changes.position(key) for key in changes.view.members(POSITIONS_OF_SERIAL, serial_key))
    return any(row is not None and row.inventory == inventory and row.made == "count" for row in found)


def _later(found: list[tuple[int, str, PositionRow]]) -> LaterCounts | None:
    if not found:
        return None
    found.sort(key=lambda place: place[:2])
    _, key, first = found[0]
    return LaterCounts(key, first, sum(row.adjusted for _, _, row in found))


def counted_until(view: View, scope: str) -> int | None:
    """The newest moment at which serials of an item + variant were counted and settled; None: never."""
    row = view.get(STATE, f"{COUNTED}|{scope}")
    return None if row is None else row.offset


def note_counted(changes: Changes, row: PositionRow) -> None:
    """Note that serials of an item + variant were counted: movements until then are looked at closely."""
    key = f"{COUNTED}|{scope_key(row)}"
    before = changes.private(key)
    moment = told_until(row) if before is None else max(told_until(row), before.offset or 0)
    changes.state[key] = StateRow(
        COUNTED,
        row.item_class,
        row.item_code,
        row.variant or "",
        None,
        None,
        None,
        moment,
        None,
        None,
        None,
        None,
        row.updated_at,
    )
