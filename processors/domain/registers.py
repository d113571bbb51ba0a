"""The rows that are kept: registers of `contract.md` §3 in their field order, and the ledger's private state.

A row that stands in a store is never changed in place: a decision makes a new one (`changed`). Slotted, not frozen, for
the cost of building (see `movement`).
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class StockRow:
    """Key `class|code|variant|warehouse|location|lot`."""

    item_class: str
    item_code: str
    variant: str | None
    warehouse: str
    location: str | None
    lot_code: str | None
    loaded: int
    unloaded: int
    stock: int
    committed: int
    unit: str
    last_movement_id: str
    last_moved_at: int
    updated_at: int
    last_counted_at: int | None = None


@dataclass(slots=True)
class LotRow:
    """Key `class|code|variant|lot_code`; `variant` is empty for an item without."""

    item_class: str
    item_code: str
    variant: str
    lot_code: str
    code_type: str | None
    lot_type: str | None
    ordinal: int | None
    supplier: str | None
    producer: str | None
    supplier_lot: str | None
    customer_lot: str | None
    start_date: int | None
    expiry_date: int | None
    warn_from: int | None
    block_from: int | None
    initial_quantity: int
    packages: int | None
    notes: str | None
    label_type: str | None
    status: str | None
    evaluation: str | None
    available: bool
    closed: bool
    loaded: int
    unloaded: int
    stock: int
    committed: int
    generation: int
    created_at: int
    updated_at: int
    found: bool = False


@dataclass(slots=True)
class SerialRow:
    """Key `class|code|variant|lot_code|serial_code`; `variant` is empty for an item without."""

    item_class: str
    item_code: str
    variant: str
    lot_code: str | None
    lot_type: str | None
    lot_code_type: str | None
    serial_code: str
    serial_code_type: str | None
    ordinal: int | None
    state: Literal["in_stock", "out", "in_transit"]
    warehouse: str | None
    location: str | None
    start_date: int | None
    expiry_date: int | None
    customer_code: str | None
    supplier_code: str | None
    supplier: str | None
    cancelled: bool
    force_closed: bool
    reserved: bool
    reserved_for: str | None
    first_document_type: str | None
    first_document_number: str | None
    first_document_date: int | None
    generation: int
    created_at: int
    updated_at: int


@dataclass(slots=True)
class ReservationRow:
    """Key `class|code|variant|warehouse|location|lot|serial|document_type|document_number`."""

    item_class: str
    item_code: str
    variant: str | None
    warehouse: str
    location: str | None
    lot_code: str | None
    serial_code: str | None
    document_type: str
    document_number: str
    committed: int
    consumed: int
    reserved_at: int
    updated_at: int


@dataclass(slots=True)
class CounterRow:
    """Key `counter|partition`: how far one partition has used a progressive (architecture §5).

    `next_ordinal` never falls; `free` are ordinals given back, as intervals (`3-5,9`), used only with `fill_gaps`.
    The counter's own name is `code_type`, scope and root joined as in `progressives.counter_key`.
    """

    code_type: str
    kind: Literal["lot", "serial"]
    scope: Literal["item", "company"]
    item_class: str | None
    item_code: str | None
    variant: str | None
    root_key: str
    partition: int
    next_ordinal: int
    free: str
    last_code: str | None
    last_number: str | None
    last_letters: str | None
    assigned: int
    skipped: int
    updated_at: int


@dataclass(slots=True)
class StateRow:
    """A private row of `ledger-state`; key `<kind>|…`.

    `movement|class|code|id`: an accepted movement, with a hash of its content, its first reply and its own bytes, so
    that a duplicate gets the first answer; `continuation` tells what its sides moved, so that a reversal undoes just
    that (`effects`), `offset` when it happened (ms) where that is not `at`. `edit|class|code|id` likewise.
    `generation|…`: how often (`offset`) a code was given out whose lot or serial is gone (`generations`). `root|…`: the
    counter of a generated lot's code (`roots`). `documents|…`: how many documents a serial has, if more than one, and
    which took or reserved it (`documents`).
    `barrier|id`: a continuation that waits until `topic` is committed up to `offset`. `dropped-ids|partition`: the
    latest effective date for which ids were dropped; `offset` is the first open day for which that was begun.
    `pin|class|code|`: the unit and management that an item keeps while it has stock (`pins`).
    `adjustment|class|code|id`: what a count posted; of it and of a movement `moved` tells what of which stock row
    (`moved`). `count-list|id`: the rules of a count list as it was opened (`count_lists`).
    `counted|class|code|variant`: until when (`offset`) serials were counted (`positions`). `gone-through|warehouse`:
    until when lists took what nobody read for gone, and `gone-through|warehouse|moment|inventory|list` each of them
    (`gone_through`). Counting keeps rows of its own kinds in `counting-state`.
    """

    kind: str
    item_class: str | None
    item_code: str | None
    id: str
    content_hash: bytes | None
    effective_date: int | None
    topic: str | None
    offset: int | None
    continuation: str | None
    request: bytes | None
    reply: bytes | None
    reversed_by: str | None
    at: int
    moved: str | None = None
