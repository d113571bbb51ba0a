"""What the parts of the naive ledger pass to each other: answers, the sides of a movement, refusals in their order."""

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from tests.model.naive_codes import Form

ORDER = """message-undecodable key-mismatch field-invalid time-in-future too-many-pieces movement-id-reused item-unknown
variant-unknown template-unknown warehouse-unknown location-unknown unit-unknown account-unknown status-unknown
quantity-not-positive quantity-not-whole date-outside-period document-missing account-missing lot-missing
lot-quantities-differ lot-not-managed serial-not-managed serial-count-differs serial-repeated lot-exists
lot-other-supplier lot-unknown lot-closed lot-unavailable lot-status-unavailable lot-blocked stock-insufficient
serial-unknown serial-in-stock serial-not-in-stock serial-cancelled serial-force-closed serial-reserved
withdrawal-manual code-type-unknown code-part-missing code-too-long progressive-exhausted movement-unknown
movement-already-reversed reversal-impossible reservation-unknown template-offset-invalid edit-field-unknown
edit-not-allowed master-invalid""".split()


class Answer(NamedTuple):
    """What the sender is told. A lot is (code, quantity, generated, ordinal, serials)."""

    status: str
    codes: tuple[str, ...] = ()
    lots: tuple[Any, ...] = ()
    serials: tuple[str, ...] = ()
    stock_after: Fraction | None = None
    movement_ids: tuple[str, ...] = ()


class Piece(NamedTuple):
    """One lot (or None) of a leg, with the serials that go with it; the quantity is in the management unit."""

    lot: str | None
    quantity: Fraction
    serials: tuple[str, ...]


class Leg(NamedTuple):
    """One side of a movement: what comes into or leaves one place."""

    direction: str
    warehouse: str
    location: str | None
    template: Form
    pieces: tuple[Piece, ...]
    side: str = "main"
    """`main`; `offset`, the other warehouse's; `into`, the lot made from lots."""

    @property
    def suffix(self) -> str:
        """What the other side of a transfer is called beside its movement."""
        return "/offset" if self.side == "offset" else ""


def refused(reasons: set[str]) -> Answer:
    return Answer("refused", tuple(sorted(reasons, key=ORDER.index)))


def expiry(item: Form, start: date, days: int | None) -> date | None:
    """Start + validity days, then as it is, the first, or the last day of that month."""
    if days is None:
        return None
    day = start + timedelta(days)
    match item.get("expiry_rule", "exact"):
        case "month_start":
            return max(day.replace(day=1), start)  # (choice) nothing expires before it begins
        case "month_end":
            return day.replace(day=monthrange(day.year, day.month)[1])
    return day
