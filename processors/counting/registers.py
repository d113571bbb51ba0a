"""The rows that counting keeps, how they are keyed, and the indexes over them."""

from typing import Final

from processors.domain import keys
from processors.domain.count_registers import CountLineRow, CountListRow, InventoryRow
from processors.domain.message import Index
from processors.domain.registers import StateRow
from processors.domain.view import Register

INVENTORIES: Final = Register("inventory-register", InventoryRow)
LISTS: Final = Register("count-list-register", CountListRow)
LINES: Final = Register("count-line-register", CountLineRow)
COUNTING_STATE: Final = Register("counting-state", StateRow)
"""Private rows; key `<kind>|` and the parts of an id, joined as one part.

`scan|inventory|scan_id`, `command|inventory|command_id`: what was taken, with its answer (`seen`).
`session|inventory|list|operator|device`: what was read and not confirmed (`sessions`). `closing|inventory|list`: a list
that is closed, and who has answered (`closing`). `closed|inventory`: whose rows are to be dropped (`tidying`).
`handed-over|inventory|list`: its former operators (`places`).
"""

LINE_OF: Final = "count-line-of"
"""Index: `counted_key` → the one line of the inventory that somebody counted there."""
RECOUNT_OF: Final = "count-recount-of"
"""Index: `recount_key` → the line of a list that is to be counted again."""

FINAL_STATES: Final = frozenset({"settled", "superseded", "rejected", "cancelled"})
"""Of lines that wait for nothing more."""
VOID_STATES: Final = frozenset({"rejected", "cancelled"})
"""Of lines that are as if nobody had counted them."""
MADE_PREFIXES: Final = ("z-", "m-")
"""Beginnings of the ids of lines that the ledger made: goods that nobody read."""


def list_key(inventory: str, list: str) -> str:
    """Key in `count-list-register`."""
    return keys.join(inventory, list)


def line_key(inventory: str, list: str, line: str) -> str:
    """Key in `count-line-register`."""
    return keys.join(inventory, list, line)


def counted_key(
    inventory: str,
    item_class: str,
    item_code: str,
    variant: str | None,
    lot: str | None,
    serial: str | None,
    warehouse: str,
    location: str | None,
) -> str:
    """What may be counted once in an inventory: goods in a place; a serial wherever it stands."""
    if serial is not None:
        return keys.join(inventory, "serial", item_class, item_code, variant or "", lot or "", serial)
    return keys.join(inventory, "place", item_class, item_code, variant or "", lot or "", warehouse, location or "")


def recount_key(
    inventory: str,
    list: str,
    item_class: str,
    item_code: str,
    variant: str | None,
    lot: str | None,
    serial: str | None,
    location: str | None,
) -> str:
    """Goods in a place of a list, serials too: who counts again has to be told where."""
    return keys.join(inventory, list, item_class, item_code, variant or "", lot or "", serial or "", location or "")


def state_key(kind: str, *id: str) -> str:
    """Key in `counting-state`: the parts of `id` are one part of it."""
    return keys.join(kind, keys.join(*id))


def state_row(
    kind: str,
    id: tuple[str, ...],
    at: int,
    content_hash: bytes | None = None,
    text: str | None = None,
    reply: bytes | None = None,
    offset: int | None = None,
) -> StateRow:
    """A private row; its meaning is its kind's."""
    return StateRow(kind, None, None, keys.join(*id), content_hash, None, None, offset, text, None, reply, None, at)


def is_made(row: CountLineRow) -> bool:
    """True where the ledger made the line for goods that nobody read."""
    return row.line.startswith(MADE_PREFIXES)


def _counted(row: CountLineRow) -> str | None:
    if row.state in VOID_STATES or is_made(row):
        return None
    return counted_key(
        row.inventory,
        row.item_class,
        row.item_code,
        row.variant,
        row.lot_code,
        row.serial_code,
        row.warehouse,
        row.location,
    )


def _counted_the_same(before: CountLineRow, after: CountLineRow) -> bool:
    return (before.state in VOID_STATES) == (after.state in VOID_STATES)


def _to_recount(row: CountLineRow) -> str | None:
    if row.state != "recount":
        return None
    return recount_key(
        row.inventory,
        row.list,
        row.item_class,
        row.item_code,
        row.variant,
        row.lot_code,
        row.serial_code,
        row.location,
    )


def _recounted_the_same(before: CountLineRow, after: CountLineRow) -> bool:
    return (before.state == "recount") == (after.state == "recount")


INDEXES: Final = (
    Index(LINE_OF, LINES, _counted, single=True, same=_counted_the_same),
    Index(RECOUNT_OF, LINES, _to_recount, single=True, same=_recounted_the_same),
)
