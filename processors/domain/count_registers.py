"""The rows and answers of counting: registers of `contract.md` §3 in their field order, and the feedback to a read.

Rows that stand in a store are never changed in place.
"""

from dataclasses import dataclass
from typing import Literal

ListState = Literal["open", "counting", "closing", "reviewing", "closed", "cancelled"]
LineState = Literal[
    "counted", "asked", "recount", "approval", "settled", "superseded", "refused", "rejected", "cancelled"
]


@dataclass(slots=True)
class InventoryRow:
    """Key `inventory`. `lists` and `lists_closed` count them; a cancelled list counts as closed."""

    inventory: str
    date: int
    description: str
    notes: str | None
    operator: str
    state: Literal["open", "closed"]
    lists: int
    lists_closed: int
    opened_at: int
    closed_at: int | None


@dataclass(slots=True)
class CountListRow:
    """Key `inventory|list`. `locations` is the scope, joined as a key; empty: the whole warehouse.

    Totals are of settled lines: `positive` and `negative` count differences, values are sums of cost × difference.
    `pending`: lines without their result. `settlement`: number of the last settlement asked of the ledger, 0 before.
    `waits_for`: lists that keep it from closing, joined as a key.
    """

    inventory: str
    list: str
    list_type: str
    operator: str
    warehouse: str
    locations: str
    state: ListState
    as_of: int | None
    lines: int
    matched: int
    positive: int
    negative: int
    value_positive: int
    value_negative: int
    pending: int
    opened_at: int
    closed_at: int | None
    description: str | None = None
    settlement: int = 0
    waits_for: str | None = None
    closed_by: str | None = None


@dataclass(slots=True)
class CountLineRow:
    """Key `inventory|list|line`. Quantities in the management unit `unit`; `book` and what follows once settled."""

    inventory: str
    list: str
    line: str
    item_class: str
    item_code: str
    variant: str | None
    warehouse: str
    location: str | None
    lot_code: str | None
    serial_code: str | None
    counted: int
    unit: str
    reads: int
    revision: int
    state: LineState
    reason: str | None
    counted_from: int
    counted_at: int
    operator: str
    device: str
    book: int | None
    difference: int | None
    adjustment_id: str | None
    moved_during_count: bool
    value: int | None = None
    approved_by: str | None = None


@dataclass(slots=True)
class CountSession:
    """What an operator's device has read and not confirmed yet, as the feedback shows it."""

    item_class: str | None
    item_code: str | None
    variant: str | None
    description: str | None
    location: str | None
    lot: str | None
    serial: str | None
    quantity: int | None
    lot_needed: bool
    serial_needed: bool
    location_needed: bool


@dataclass(slots=True)
class ScanFeedback:
    """The one answer to a read; key `scan_id`, route `inventory`. `line` as it stands now; no book quantities."""

    scan_id: str
    inventory: str
    list: str
    operator: str
    device: str
    status: Literal["noted", "accepted", "ask", "refused"]
    code: str | None
    message: str
    session: CountSession
    line: CountLineRow | None
    decided_at: int
