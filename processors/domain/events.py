"""What goes out beside the rows: replies and events of `contract.md` §3, in their field order."""

from dataclasses import dataclass
from typing import Literal

from processors.domain.refusals import Reason


@dataclass(slots=True)
class ReplyLot:
    lot_code: str
    quantity: int
    generated: bool
    ordinal: int | None
    serials: tuple[str, ...]


@dataclass(slots=True)
class Reply:
    """The answer to one request; key `request_id`, route as the request."""

    request_topic: str
    request_id: str
    status: Literal["done", "duplicate", "refused"]
    reasons: tuple[Reason, ...]
    lots: tuple[ReplyLot, ...]
    serials: tuple[str, ...]
    stock_after: int | None
    movement_ids: tuple[str, ...]
    decided_at: int


@dataclass(slots=True)
class Posting:
    """One stock row touched by a movement; `quantity` is signed, in the management unit."""

    entry_id: str
    movement_id: str
    template: str
    item_class: str
    item_code: str
    variant: str | None
    warehouse: str
    location: str | None
    lot_code: str | None
    quantity: int
    unit: str
    unit_cost: int | None
    stock_after: int
    occurred_at: int
    posted_at: int
    offset: bool
    reverses: str | None
    adjustment_id: str | None
    document_type: str | None
    document_number: str | None
    document_date: int | None
    account: str | None
    project: str | None
    user: str | None


@dataclass(slots=True)
class HistoryEntry:
    """One document line in the life of a lot or serial (`register-history`)."""

    entry_id: str
    register: Literal["lot", "serial"]
    item_class: str
    item_code: str
    variant: str | None
    lot_code: str | None
    serial_code: str | None
    generation: int
    direction: Literal["load", "unload", "reserve", "release"]
    force_closed: bool
    quantity: int
    unit: str
    packages: int | None
    inserted_at: int
    occurred_at: int
    status: str | None
    document_type: str | None
    document_number: str | None
    document_date: int | None
    warehouse: str
    location: str | None
    template: str
    account: str | None
    project: str | None
    movement_id: str
    reversed: bool


@dataclass(slots=True)
class LineageEdge:
    """One side of a transformation (`lineage`)."""

    transformation_id: str
    role: Literal["input", "output"]
    item_class: str
    item_code: str
    variant: str | None
    lot_code: str | None
    serial_code: str | None
    quantity: int
    movement_id: str
    account: str | None
    occurred_at: int


@dataclass(slots=True)
class Alert:
    """Something that people should know of; key `class|code`, or `inventory` where it is about a count."""

    alert_id: str
    kind: Literal[
        "lot_expiring",
        "lot_expired",
        "lot_blocked",
        "stock_negative",
        "late_movement",
        "counter_running_out",
        "master_invalid",
    ]
    item_class: str | None
    item_code: str | None
    variant: str | None
    lot_code: str | None
    serial_code: str | None
    warehouse: str | None
    location: str | None
    inventory: str | None
    list: str | None
    message: str
    at: int
