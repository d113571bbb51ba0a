"""Lines that somebody has to decide about: counted again, approved, or rejected (architecture §6.4)."""

from dataclasses import replace

from processors.counting import closing, to_ledger
from processors.counting.places import list_of, open_inventory_of
from processors.counting.registers import FINAL_STATES, LINES, line_key
from processors.counting.step import Step
from processors.domain import quantity
from processors.domain.count_registers import CountLineRow, CountListRow
from processors.domain.refusals import Reason
from processors.domain.scans import CountCommand


def recount_line(command: CountCommand, step: Step, reasons: list[Reason]) -> None:
    """Ask for a second count of a line that waits for an approval, or that the ledger refused."""
    found = _line_of(command, step, ("reviewing",), reasons)
    if found is None:
        return
    _, line = found
    if line.state not in ("approval", "refused", "recount"):
        reasons.append(_state_changed(line, "waits for an approval or was refused"))
    if not reasons:
        reason = f"{command.by} asked for it"
        step.put(LINES, _key(line), replace(line, state="recount", reason=reason))


def approve_line(command: CountCommand, step: Step, reasons: list[Reason]) -> None:
    """Approve the difference of a line, which must still be the one that is named; or try a refused one again.

    A line that is to be counted again can be approved instead: goods that nobody read, and are gone, cannot be.
    """
    found = _line_of(command, step, ("reviewing",), reasons)
    if found is None:
        return
    row, line = found
    refused = line.state == "refused"
    if line.state not in ("approval", "recount", "refused"):
        reasons.append(_state_changed(line, "waits for an approval or a recount, or was refused"))
    elif not refused and (command.revision is None or command.difference is None):
        message = "an approval names what it approves: revision and difference of the line"
        reasons.append(Reason("field-invalid", message, "difference" if command.difference is None else "revision"))
    elif command.revision not in (line.revision, None):
        message = (
            f"line {line.line!r} is at revision {line.revision}, the approval is of {command.revision}; look again"
        )
        reasons.append(Reason("line-changed", message, "revision"))
    elif command.difference is not None and command.difference != line.difference:
        now = "none" if line.difference is None else quantity.text(line.difference)
        message = (
            f"the difference of line {line.line!r} is {now}, the approval is of {quantity.text(command.difference)}; "
            "look again"
        )
        reasons.append(Reason("line-changed", message, "difference"))
    if reasons:
        return
    settlement = row.settlement + 1
    line = replace(line, approved_by=command.by)
    step.put_list(replace(row, settlement=settlement))
    step.put(LINES, _key(line), line)
    to_ledger.settle_line(step, line, settlement, command.difference, command.by, command.reason_code)


def reject_line(command: CountCommand, step: Step, reasons: list[Reason]) -> None:
    """Drop a line; its goods still count as read where the list counts unread ones as zero."""
    found = _line_of(command, step, ("open", "counting", "reviewing"), reasons)
    if found is None:
        return
    row, line = found
    if line.state in FINAL_STATES:
        reasons.append(_state_changed(line, "has no result yet"))
    elif command.revision not in (line.revision, None):
        message = (
            f"line {line.line!r} is at revision {line.revision}, the rejection is of {command.revision}; look again"
        )
        reasons.append(Reason("line-changed", message, "revision"))
    if reasons:
        return
    reason = command.reason_code or line.reason
    line = replace(line, state="rejected", reason=reason, approved_by=command.by)
    step.put(LINES, _key(line), line)
    step.put_list(replace(row, pending=row.pending - 1))
    to_ledger.drop_line(step, line, command.by, command.reason_code)
    closing.end_review(step, row.inventory, row.list)


def _line_of(
    command: CountCommand, step: Step, states: tuple[str, ...], reasons: list[Reason]
) -> tuple[CountListRow, CountLineRow] | None:
    """The line that a command names, of a list in one of `states`; None where there is none, with the reason."""
    inventory = open_inventory_of(step, command.inventory, reasons)
    row = None if inventory is None else list_of(step, command.inventory, command.list or "", reasons)
    if row is None:
        return None
    if row.state not in states:
        message = f"list {row.list!r} is {row.state}, expected it to be {' or '.join(states)}"
        reasons.append(Reason("list-not-open", message, "list"))
    line = step.get(LINES, line_key(row.inventory, row.list, command.line or ""))
    if line is None:
        message = f"list {row.list!r} has no line {command.line!r}; name one of its lines"
        reasons.append(Reason("line-unknown", message, "line"))
        return None
    return row, line


def _state_changed(line: CountLineRow, expected: str) -> Reason:
    return Reason("line-changed", f"expected a line that {expected}, line {line.line!r} is {line.state}", "line")


def _key(line: CountLineRow) -> str:
    return line_key(line.inventory, line.list, line.line)
