"""Lists are closed: behind the reads sent before, then settled by every partition of the ledger (architecture §6).

A command to close marks the list (`closed_by`) and waits for the reads sent before it. Then the list is `closing`: what
its type says of goods that nobody read decides whether it settles at once or waits for the other lists of its
warehouse. The moment of closing is that of the first command; a list under review that is closed again keeps it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from processors.counting import to_ledger
from processors.counting.places import list_of, open_inventory_of
from processors.counting.registers import COUNTING_STATE, INVENTORIES, LISTS, list_key, state_key, state_row
from processors.counting.step import Step
from processors.counting.tidying import to_be_forgotten
from processors.counting.writing import COUNTS
from processors.domain import keys
from processors.domain.count_registers import CountListRow
from processors.domain.decision import Barrier
from processors.domain.message import Continuation
from processors.domain.refusals import Reason
from processors.domain.registers import StateRow
from processors.domain.scans import CountCommand

BARRIER: Final = "close"
CLOSING: Final = "closing"
"""Kind of the private row of a list that is closed: `at` the moment of closing, `offset` the settlement that is asked
of all partitions, the text: reason code, then the partitions that have answered."""


def close_list(command: CountCommand, step: Step, reasons: list[Reason]) -> None:
    """Close a list: closing begins with the reply. Again of one that is closing: nothing new."""
    inventory = open_inventory_of(step, command.inventory, reasons)
    row = None if inventory is None else list_of(step, command.inventory, command.list or "", reasons)
    if row is None:
        return
    if row.state in ("closed", "cancelled"):
        reasons.append(Reason("list-not-open", f"list {row.list!r} is {row.state} already", "list"))
    if command.as_of is not None and command.as_of != row.as_of:
        reasons.append(Reason("field-invalid", "the closing day of a list is set when it is opened", "as_of"))
    if not reasons:
        _close(step, row, command)


def close_inventory(command: CountCommand, step: Step, reasons: list[Reason]) -> None:
    """Close every list of an inventory; one without a list that is open closes at once."""
    inventory = open_inventory_of(step, command.inventory, reasons)
    if inventory is None or reasons:
        return
    rows = [row for row in step.lists_of(command.inventory) if row.state not in ("closed", "cancelled")]
    for row in rows:
        _close(step, row, command)
    if not rows:
        _close_inventory(step, command.inventory)


def resume(continuation: Continuation, step: Step) -> None:
    """The reads sent before are in: the list is closing from now on."""
    inventory, list, reason_code = keys.split(continuation.text)[:3]
    row = step.get(LISTS, list_key(inventory, list))
    if row is None or row.state not in COUNTS:
        return  # cancelled meanwhile
    step.put_list(replace(row, state="closing"))
    _put_state(step, row, step.time_ms, 0, reason_code, ())
    look_at_waiting(step, inventory, row.warehouse)


def look_at_waiting(step: Step, inventory: str, warehouse: str) -> None:
    """Settle the closing lists of a warehouse that wait for no other any more; name the others to those that do."""
    rows = [row for row in step.lists_of(inventory) if row.warehouse == warehouse]
    counting = [row.list for row in rows if row.state in COUNTS]
    for row in rows:
        if row.state != "closing" or row.settlement:
            continue
        type = step.master.list_types.get(row.list_type)
        waits_for = keys.join(*counting) if counting and type is not None and type.uncounted == "zero" else None
        if waits_for is None:
            _settle(step, replace(row, waits_for=None))
        elif waits_for != row.waits_for:
            step.put_list(replace(row, waits_for=waits_for))


def answered(step: Step, row: CountListRow, settlement: int, partition: int) -> None:
    """A partition has nothing left of a settlement. The last one's answer ends the closing."""
    state = step.get(COUNTING_STATE, state_key(CLOSING, row.inventory, row.list))
    if state is None or state.offset != settlement or row.state != "closing":
        return  # an answer that came before, or about one line alone
    reason_code, *answers = keys.split(state.continuation or "")
    if str(partition) in answers:
        return
    answers.append(str(partition))
    _put_state(step, row, state.at, settlement, reason_code, answers)
    if len(answers) == step.partitions:
        step.put_list(replace(row, state="reviewing"))
        end_review(step, row.inventory, row.list)


def end_review(step: Step, inventory: str, list: str) -> None:
    """Close a list under review that has nothing pending."""
    row = step.get(LISTS, list_key(inventory, list))
    assert row is not None, "the list is known"
    if row.state != "reviewing" or row.pending:
        return
    step.put_list(replace(row, state="closed", closed_at=step.time_ms))
    step.put(COUNTING_STATE, state_key(CLOSING, inventory, list), None)
    ended(step, inventory)


def ended(step: Step, inventory: str) -> None:
    """A list is closed or cancelled: the inventory closes with its lists, unless nothing of it was ever counted."""
    row = step.get(INVENTORIES, keys.join(inventory))
    assert row is not None, "the inventory is known"
    step.put(INVENTORIES, keys.join(inventory), replace(row, lists_closed=row.lists_closed + 1))
    if row.lists_closed + 1 == row.lists and any(each.state == "closed" for each in step.lists_of(inventory)):
        _close_inventory(step, inventory)


def _close(step: Step, row: CountListRow, command: CountCommand) -> None:
    reason_code = command.reason_code or ""
    if row.state == "reviewing":
        state = _state(step, row)
        closed_at = state.at if state is not None else step.time_ms
        _put_state(step, row, closed_at, row.settlement, reason_code, ())
        _settle(step, replace(row, state="closing"))
    elif row.state in COUNTS and row.closed_by is None:
        step.put_list(replace(row, closed_by=command.by))
        text = keys.join(row.inventory, row.list, reason_code, command.command_id)
        step.barriers.append(Barrier(keys.join(BARRIER, row.inventory, row.list), "scans", text))


def _settle(step: Step, row: CountListRow) -> None:
    """Ask every partition of the ledger to settle a list, under the next number."""
    state = _state(step, row)
    assert state is not None, "closing has begun"
    row = replace(row, settlement=row.settlement + 1)
    reason_code = keys.split(state.continuation or "")[0]
    step.put_list(row)
    _put_state(step, row, state.at, row.settlement, reason_code, ())
    to_ledger.settle(step, row, state.at, reason_code or None)


def _close_inventory(step: Step, inventory: str) -> None:
    key = keys.join(inventory)
    row = step.get(INVENTORIES, key)
    assert row is not None, "the inventory is known"
    step.put(INVENTORIES, key, replace(row, state="closed", closed_at=step.time_ms))
    to_be_forgotten(step, inventory)


def _state(step: Step, row: CountListRow) -> StateRow | None:
    return step.get(COUNTING_STATE, state_key(CLOSING, row.inventory, row.list))


def _put_state(
    step: Step, row: CountListRow, closed_at: int, settlement: int, reason_code: str, answers: Sequence[str]
) -> None:
    id = (row.inventory, row.list)
    text = keys.join(reason_code, *answers)
    state = state_row(CLOSING, id, closed_at, text=text, offset=settlement)
    step.put(COUNTING_STATE, state_key(CLOSING, *id), state)
