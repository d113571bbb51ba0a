"""What comes in about counts: commands on inventories and lists, and reads of scanners (`contract.md` §2).

Values are treated as immutable; slotted, not frozen (see `movement`). Decimals are millionths, days day numbers, times
milliseconds UTC.
"""

from dataclasses import dataclass
from typing import Literal

CountAction = Literal[
    "open_inventory",
    "open_list",
    "assign_list",
    "close_list",
    "close_inventory",
    "recount_line",
    "approve_line",
    "reject_line",
    "cancel_list",
]
ScanAction = Literal["read", "confirm", "answer", "cancel"]


@dataclass(slots=True)
class CountCommand:
    """One command on an inventory, a list or a line; key and route `inventory`."""

    command_id: str
    action: CountAction
    inventory: str
    list: str | None
    at: int | None
    by: str
    date: int | None = None
    description: str | None = None
    notes: str | None = None
    operator: str | None = None
    list_type: str | None = None
    warehouse: str | None = None
    locations: tuple[str, ...] = ()
    as_of: int | None = None
    line: str | None = None
    revision: int | None = None
    difference: int | None = None
    reason_code: str | None = None


@dataclass(slots=True)
class Scan:
    """One read of a scanner, or what was typed instead; key and route `inventory`."""

    scan_id: str
    inventory: str
    list: str
    operator: str
    device: str
    scanned_at: int
    sent_at: int | None
    action: ScanAction
    barcode: str | None = None
    symbology: str | None = None
    item_class: str | None = None
    item_code: str | None = None
    variant: str | None = None
    location: str | None = None
    lot: str | None = None
    serial: str | None = None
    quantity: int | None = None
    answer: Literal["add", "replace"] | None = None
    answers: str | None = None
    unit: str | None = None
