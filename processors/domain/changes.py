"""The rows one decision has changed so far, over the view: what it reads again, it reads as it left it."""

from dataclasses import dataclass, field
from typing import TypeVar

from processors.domain.decision import Decision, Emit
from processors.domain.progressives import Claim
from processors.domain.registers import LotRow, SerialRow, StockRow
from processors.domain.view import LOTS, SERIALS, STOCK, Register, View

T = TypeVar("T")


@dataclass(slots=True)
class Changes:
    """Rows by key, records in order, codes claimed. Thrown away when the message is refused."""

    view: View
    stock: dict[str, StockRow] = field(default_factory=dict)
    lots: dict[str, LotRow] = field(default_factory=dict)
    serials: dict[str, SerialRow] = field(default_factory=dict)
    records: list[Emit] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    def stock_row(self, key: str) -> StockRow | None:
        return self.stock.get(key) or self.view.get(STOCK, key)

    def lot_row(self, key: str) -> LotRow | None:
        return self.lots.get(key) or self.view.get(LOTS, key)

    def into(self, decision: Decision) -> None:
        """Add everything to a decision, rows by register."""
        rows = decision.rows
        _add(rows, STOCK, self.stock)
        _add(rows, LOTS, self.lots)
        _add(rows, SERIALS, self.serials)
        decision.records += self.records
        decision.claims += self.claims


def _add(rows: list[tuple[Register[T], str, object | None]], register: Register[T], changed: dict[str, T]) -> None:
    for key, row in changed.items():
        rows.append((register, key, row))
