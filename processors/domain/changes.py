"""The rows one decision has changed so far, over the view: what it reads again, it reads as it left it."""

from typing import Any

from processors.domain.count_lines import PositionRow
from processors.domain.decision import Emit
from processors.domain.progressives import Claim
from processors.domain.registers import LotRow, ReservationRow, SerialRow, StateRow, StockRow
from processors.domain.view import LOTS, POSITIONS, RESERVATIONS, SERIALS, STATE, STOCK, Register, View

ChangedRow = tuple[Register[Any], str, object | None]


class Changes:
    """Rows by key, records in order, codes claimed. Thrown away when the message is refused."""

    __slots__ = (
        "claims",
        "lots",
        "moved",
        "positions",
        "records",
        "reservations",
        "serials",
        "state",
        "stock",
        "view",
    )

    def __init__(self, view: View) -> None:
        self.view = view
        self.stock: dict[str, StockRow] = {}
        self.lots: dict[str, LotRow] = {}
        self.serials: dict[str, SerialRow] = {}
        self.reservations: dict[str, ReservationRow | None] = {}
        self.state: dict[str, StateRow | None] = {}
        self.positions: dict[str, PositionRow | None] = {}
        self.moved: dict[str, int] = {}
        """Stock key → what was added, signed: `moved.moved_text`."""
        self.records: list[Emit] = []
        self.claims: list[Claim] = []

    def stock_row(self, key: str) -> StockRow | None:
        return self.stock.get(key) or self.view.get(STOCK, key)

    def lot_row(self, key: str) -> LotRow | None:
        return self.lots.get(key) or self.view.get(LOTS, key)

    def position(self, key: str) -> PositionRow | None:
        return self.positions[key] if key in self.positions else self.view.get(POSITIONS, key)

    def private(self, key: str) -> StateRow | None:
        return self.state[key] if key in self.state else self.view.get(STATE, key)

    def absorb(self, step: "Changes") -> None:
        """Take a step over that was decided on a layer upon these; what it moved is its own."""
        self.stock |= step.stock
        self.lots |= step.lots
        self.serials |= step.serials
        self.reservations |= step.reservations
        self.positions |= step.positions
        self.state |= step.state
        self.records += step.records
        self.claims += step.claims

    def rows(self) -> list[ChangedRow]:
        """All changed rows, register by register."""
        rows: list[ChangedRow] = [(STOCK, key, row) for key, row in self.stock.items()]
        if self.lots:
            rows += [(LOTS, key, row) for key, row in self.lots.items()]
        if self.serials:
            rows += [(SERIALS, key, row) for key, row in self.serials.items()]
        if self.reservations:
            rows += [(RESERVATIONS, key, reservation) for key, reservation in self.reservations.items()]
        if self.positions:
            rows += [(POSITIONS, key, position) for key, position in self.positions.items()]
        if self.state:
            rows += [(STATE, key, private) for key, private in self.state.items()]
        return rows
