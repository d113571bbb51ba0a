"""What the ledger answers: what became of each line, and when a partition has nothing left of a settlement."""

from dataclasses import replace

from processors.counting import closing
from processors.counting.registers import FINAL_STATES, LINES, LISTS, line_key, list_key
from processors.counting.step import Step
from processors.counting.writing import CLOCK_UNCERTAIN
from processors.domain.count_lines import CountResult, LineResult
from processors.domain.count_registers import CountLineRow, CountListRow
from processors.domain.refusals import Reason


def take(result: CountResult, step: Step, reasons: list[Reason]) -> None:
    """Take over what became of lines. Whatever comes a second time changes nothing."""
    row = step.get(LISTS, list_key(result.inventory, result.list))
    if row is None:
        message = f"inventory {result.inventory!r} has no list {result.list!r}: a result of it was not expected"
        reasons.append(Reason("list-unknown", message, "list"))
        return
    before, row = row, replace(row)
    for each in result.lines:
        _take_line(each, row, step)
    if row != before:
        step.put_list(row)
    if result.kind == "settled" and result.line is None:
        closing.answered(step, row, result.settlement, result.partition)
    else:
        closing.end_review(step, row.inventory, row.list)


def _take_line(result: LineResult, row: CountListRow, step: Step) -> None:
    """A line as its result leaves it. `row`, the step's own copy of the list, gets its totals."""
    key = line_key(row.inventory, row.list, result.line)
    line = step.get(LINES, key)
    new = line is None
    if line is None:
        line = _made(result, row)
    elif not _is_news(result, line, row):
        return
    after = replace(
        line,
        counted=result.counted,
        state=result.state,
        reason=_reason(result, line),
        book=result.book,
        difference=result.difference,
        value=result.value,
        adjustment_id=result.adjustment_id,
        moved_during_count=result.moved_during_count,
    )
    step.put(LINES, key, after)
    _total(row, result, was_pending=not new and line.state not in FINAL_STATES, new=new)


def _is_news(result: LineResult, line: CountLineRow, row: CountListRow) -> bool:
    """False for a result of an older revision, for one that was taken, and for one that comes too late to matter.

    What the ledger has settled is settled, also where the line was rejected or its list cancelled meanwhile.
    """
    if result.revision != line.revision or line.state in ("settled", "superseded"):
        return False
    if result.state in ("settled", "superseded"):
        return True
    if line.state in FINAL_STATES or row.state == "cancelled":
        return False
    return line.book != result.book or line.state != result.state or line.reason != _reason(result, line)


def _reason(result: LineResult, line: CountLineRow) -> str | None:
    return result.reason or (CLOCK_UNCERTAIN if line.reason == CLOCK_UNCERTAIN else None)


def _total(row: CountListRow, result: LineResult, was_pending: bool, new: bool) -> None:
    row.lines += new
    if row.state != "cancelled":
        is_pending = result.state not in FINAL_STATES
        row.pending += is_pending - was_pending
    if result.state == "settled" and result.difference is not None:
        value = result.value or 0
        if result.difference > 0:
            row.positive += 1
        elif result.difference < 0:
            row.negative += 1
        else:
            row.matched += 1
        row.value_positive += max(value, 0)
        row.value_negative += min(value, 0)


def _made(result: LineResult, row: CountListRow) -> CountLineRow:
    """The row of a line that the ledger made itself: goods that nobody read."""
    return CountLineRow(
        row.inventory,
        row.list,
        result.line,
        result.item_class,
        result.item_code,
        result.variant,
        result.warehouse,
        result.location,
        result.lot_code,
        result.serial_code,
        result.counted,
        result.unit,
        reads=0,
        revision=result.revision,
        state="counted",
        reason=None,
        counted_from=result.counted_from,
        counted_at=result.counted_at,
        operator=result.operator,
        device="",
        book=None,
        difference=None,
        adjustment_id=None,
        moved_during_count=False,
    )
