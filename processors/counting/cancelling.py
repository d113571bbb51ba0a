"""A list is cancelled: at once for reads and commands, line by line in slices for its rows."""

from dataclasses import replace
from typing import Final

from processors.counting import closing, to_ledger
from processors.counting.places import list_of, open_inventory_of
from processors.counting.registers import COUNTING_STATE, FINAL_STATES, LINES, list_key, state_key
from processors.counting.step import Step
from processors.domain import keys
from processors.domain.decision import Barrier
from processors.domain.message import Continuation
from processors.domain.refusals import Reason
from processors.domain.scans import CountCommand

BARRIER: Final = "cancel"
SLICE_ROWS: Final = 1_000
"""Lines looked at in one transaction; some ten milliseconds."""


def cancel_list(command: CountCommand, step: Step, reasons: list[Reason]) -> None:
    """Cancel a list. What of it is settled stays so: its adjustments are posted."""
    inventory = open_inventory_of(step, command.inventory, reasons)
    row = None if inventory is None else list_of(step, command.inventory, command.list or "", reasons)
    if row is None:
        return
    if row.state in ("closed", "cancelled"):
        reasons.append(Reason("list-not-open", f"list {row.list!r} is {row.state} already", "list"))
    if reasons:
        return
    row = replace(row, state="cancelled", pending=0, closed_at=step.time_ms, closed_by=command.by, waits_for=None)
    step.put_list(row)
    step.put(COUNTING_STATE, state_key(closing.CLOSING, row.inventory, row.list), None)
    to_ledger.drop(step, row, command.by, command.reason_code)
    if row.lines:
        text = keys.join(row.inventory, row.list, "")
        step.barriers.append(Barrier(keys.join(BARRIER, row.inventory, row.list), None, text))
    closing.ended(step, row.inventory)
    closing.look_at_waiting(step, row.inventory, row.warehouse)


def resume(continuation: Continuation, step: Step, slice_rows: int = SLICE_ROWS) -> None:
    """Mark the next `slice_rows` lines as cancelled."""
    inventory, list, after = keys.split(continuation.text)
    prefix = f"{list_key(inventory, list)}|"
    for number, (key, line) in enumerate(step.view.prefix(LINES, prefix, after), 1):
        if line.state not in FINAL_STATES:
            step.put(LINES, key, replace(line, state="cancelled"))
        if number == slice_rows:
            step.barriers.append(Barrier(continuation.id, None, keys.join(inventory, list, key)))
            break
