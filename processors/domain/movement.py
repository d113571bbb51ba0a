"""What comes in: movements and register edits, in the field order of `contract.md` §2.

Values are treated as immutable. They are slotted but not frozen: a frozen `__init__` costs three times as much, and one
is built for every message. Decimals are millionths, days day numbers, times milliseconds UTC.
"""

from dataclasses import dataclass, field
from typing import Literal

Action = Literal["post", "reverse", "reserve", "release"]
DocumentType = Literal[
    "other",
    "stock_record",
    "purchase_delivery_note",
    "subcontract_return",
    "production_record",
    "production_order",
    "customer_order",
    "picking_list",
    "sales_delivery_note",
    "sales_invoice",
    "purchase_invoice",
    "subcontract_delivery_note",
    "return",
]


@dataclass(slots=True)
class MovementLot:
    """One lot of a movement; without `lot_code`, on a load, the code is generated."""

    lot_code: str | None
    quantity: int
    lot_type: str | None = None
    supplier_lot: str | None = None
    customer_lot: str | None = None
    start_date: int | None = None
    expiry_date: int | None = None
    serials: tuple[str, ...] = ()


@dataclass(slots=True)
class Movement:
    """One line of a warehouse record; key and route `item_class|item_code`."""

    movement_id: str
    action: Action
    reverses: str | None
    template: str | None
    warehouse: str | None
    quantity: int | None
    location: str | None
    item_class: str
    item_code: str
    variant: str | None
    unit: str | None
    effective_date: int
    occurred_at: int | None = None
    document_type: DocumentType | None = None
    document_number: str | None = None
    document_date: int | None = None
    account: str | None = None
    packages: int | None = None
    project: str | None = None
    notes: str | None = None
    unit_cost: int | None = None
    transformation_id: str | None = None
    delivery_note_number: str | None = None
    purchase_invoice_number: str | None = None
    into_lot: str | None = None
    lots: tuple[MovementLot, ...] = ()
    serials: tuple[str, ...] = ()
    user: str | None = None


@dataclass(slots=True)
class RegisterEdit:
    """An edit of a lot or of a serial; key and route `item_class|item_code`."""

    edit_id: str
    register: Literal["lot", "serial"]
    item_class: str
    item_code: str
    variant: str | None
    lot_code: str | None
    serial_code: str | None
    edited_by: str
    edited_at: int | None
    changes: dict[str, str | None] = field(default_factory=dict)
