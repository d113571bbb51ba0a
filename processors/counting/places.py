"""Where a read belongs: its inventory and list, open to it, and its operator."""

from typing import Final

from processors.counting.registers import (
    COUNTING_STATE,
    INVENTORIES,
    LISTS,
    RECOUNT_OF,
    list_key,
    state_key,
    state_row,
)
from processors.counting.step import Step
from processors.counting.writing import COUNTS, RECOUNTS
from processors.domain import keys
from processors.domain.count_registers import CountListRow, InventoryRow
from processors.domain.refusals import Reason
from processors.domain.scans import Scan

HANDED_OVER: Final = "handed-over"
"""Kind of the private row of a list that had other operators: each with the record time (ms) until which."""
OPERATORS_MAX: Final = 10
"""Former operators that are remembered."""


def inventory_of(step: Step, inventory: str, reasons: list[Reason]) -> InventoryRow | None:
    """The inventory, open or closed; adds a reason where it is unknown."""
    row = step.get(INVENTORIES, keys.join(inventory))
    if row is None:
        reasons.append(Reason("inventory-unknown", f"inventory {inventory!r} was never opened; open it", "inventory"))
    return row


def open_inventory_of(step: Step, inventory: str, reasons: list[Reason]) -> InventoryRow | None:
    """The inventory; adds a reason where it is unknown or closed."""
    row = inventory_of(step, inventory, reasons)
    if row is not None and row.state == "closed":
        reasons.append(Reason("inventory-closed", f"inventory {inventory!r} is closed; open another", "inventory"))
    return row


def list_of(step: Step, inventory: str, list: str, reasons: list[Reason]) -> CountListRow | None:
    """A list of an inventory; adds a reason where it is unknown."""
    row = step.get(LISTS, list_key(inventory, list))
    if row is None:
        message = f"inventory {inventory!r} has no list {list!r}; open it, or name another"
        reasons.append(Reason("list-unknown", message, "list"))
    return row


def list_to_count(step: Step, scan: Scan, reasons: list[Reason]) -> CountListRow | None:
    """The list that a read is for; adds every reason why it takes no read of this operator."""
    if open_inventory_of(step, scan.inventory, reasons) is None:
        return None
    row = list_of(step, scan.inventory, scan.list, reasons)
    if row is None:
        return None
    if not (row.state in COUNTS or (row.state in RECOUNTS and _has_recounts(step, row))):
        reasons.append(Reason("list-not-open", f"list {row.list!r} is {row.state} and takes no reads", "list"))
    if scan.operator != row.operator and not _was_the_operator(step, scan, row):
        message = f"list {row.list!r} is counted by {row.operator!r}, not by {scan.operator!r}; assign it first"
        reasons.append(Reason("not-the-operator", message, "operator"))
    return row


def hand_over(step: Step, row: CountListRow) -> None:
    """Note that a list has had its operator until now: reads sent before may still be underway."""
    key = state_key(HANDED_OVER, row.inventory, row.list)
    before = step.get(COUNTING_STATE, key)
    parts = keys.split(before.continuation) if before is not None and before.continuation else ()
    kept = keys.join(*parts[-2 * OPERATORS_MAX + 2 :], row.operator, str(step.time_ms))
    step.put(COUNTING_STATE, key, state_row(HANDED_OVER, (row.inventory, row.list), step.time_ms, text=kept))


def _was_the_operator(step: Step, scan: Scan, row: CountListRow) -> bool:
    """Whether a read was sent (its record's time) while its operator still had the list."""
    known = step.get(COUNTING_STATE, state_key(HANDED_OVER, row.inventory, row.list))
    if known is None or known.continuation is None:
        return False
    parts = keys.split(known.continuation)
    return any(
        operator == scan.operator and step.time_ms <= int(until)
        for operator, until in zip(parts[::2], parts[1::2], strict=True)
    )


def _has_recounts(step: Step, row: CountListRow) -> bool:
    prefix = f"{list_key(row.inventory, row.list)}|"
    return next(iter(step.view.ordered(RECOUNT_OF, prefix)), None) is not None
