"""How a decision reads rows: a read-only view of the store through the batch's overlay.

`Register[T]` names a compacted topic and the type of its rows, so that `view.get(STOCK, key)` is typed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from processors.domain.count_lines import PositionRow
from processors.domain.registers import CounterRow, LotRow, ReservationRow, SerialRow, StateRow, StockRow

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Register(Generic[T]):
    """A register: its topic, which is also the name of its store."""

    topic: str
    row: type[T]


STOCK: Final = Register("stock-register", StockRow)
LOTS: Final = Register("lot-register", LotRow)
SERIALS: Final = Register("serial-register", SerialRow)
RESERVATIONS: Final = Register("reservation-register", ReservationRow)
COUNTERS: Final = Register("counter-register", CounterRow)
STATE: Final = Register("ledger-state", StateRow)
POSITIONS: Final = Register("count-positions", PositionRow)

SERIAL_LOTS: Final = "serial-lots"
"""Index: key `class|code|variant|serial_code` → the keys of the serial's rows in `serial-register`, any lot."""

RESERVATIONS_OF: Final = "reservations-of"
"""Index: key `class|code|variant|document_type|document_number` → the document's keys in `reservation-register`."""

STOCK_PLACES: Final = "stock-places"
"""Index: key `class|code|variant|warehouse|lot` → the keys of the rows in `stock-register` that are at a location."""

LOTS_BY_START: Final = "lots-by-start"
"""Ordered index: key `class|code|variant`, start date, lot code → key in `lot-register` of each lot with stock."""

LOTS_BY_EXPIRY: Final = "lots-by-expiry"
"""Ordered index: key `class|code|variant`, expiry date, lot code → key in `lot-register` of each lot with stock."""

POSITIONS_OF_SERIAL: Final = "positions-of-serial"
"""Index: key `class|code|variant|lot|serial` → the keys of its rows in `count-positions`, wherever it was counted."""


class View(Protocol):
    """Rows as they stand after the messages decided before this one. Nothing here writes."""

    def get(self, register: Register[T], key: str) -> T | None:
        """The row at a key, or None."""
        ...

    def once(self, register: Register[T], key: str) -> T | None:
        """As `get`, of a row that is hardly ever asked for again: nothing remembers it."""
        ...

    def prefix(self, register: Register[T], prefix: str, after: str = "") -> Iterator[tuple[str, T]]:
        """All rows whose key starts with `prefix` and comes after `after`, ascending by key (UTF-8 byte order)."""
        ...

    def members(self, index: str, key: str) -> tuple[str, ...]:
        """The members of an index at a key (row keys, ascending), empty where there are none."""
        ...

    def ordered(self, index: str, prefix: str) -> Iterator[str]:
        """The members of all index keys that start with `prefix`, ascending by index key (UTF-8 byte order)."""
        ...

    def trail(self, trail: str, prefix: str, after: str = "") -> Iterator[tuple[str, str]]:
        """(Index key, row key) of all entries of a trail whose index key starts with `prefix` and comes after `after`.

        Ascending by index key (UTF-8 byte order).
        """
        ...
