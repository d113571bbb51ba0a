"""A confirmed read becomes a line, is added to one, takes the place of one, or is asked about (`domain.md` §9)."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from processors.counting import to_ledger
from processors.counting.checks import Looked, too_large
from processors.counting.registers import (
    LINE_OF,
    LINES,
    LISTS,
    RECOUNT_OF,
    counted_key,
    line_key,
    list_key,
    recount_key,
)
from processors.counting.sessions import Question
from processors.counting.step import Step
from processors.domain import quantity
from processors.domain.count_registers import CountLineRow, CountListRow
from processors.domain.refusals import Reason
from processors.domain.scans import Scan

COUNTS: Final = frozenset({"open", "counting"})
"""States of a list that takes any read."""
RECOUNTS: Final = frozenset({"closing", "reviewing"})
"""States of a list that takes reads of lines in `recount` only."""
CLOCK_UNCERTAIN: Final = "clock-uncertain"
"""Reason on a line whose moment the scanner's clock may have told wrong."""


@dataclass(slots=True)
class Counted:
    """How much was counted and when; `unit` is the item's management unit."""

    counted: int
    unit: str
    first: int
    last: int
    uncertain: bool


@dataclass(slots=True)
class Written:
    """What came of a confirmation: the line as it stands now; `question`: it waits for an answer, unchanged."""

    line: CountLineRow
    question: Question | None = None


def confirm(step: Step, scan: Scan, row: CountListRow, looked: Looked, reasons: list[Reason]) -> Written | None:
    """Write what a session says, which has all that is needed; None where a reason was found.

    `scan.answer`, or the session's, decides at once what else would be asked.
    """
    session, item = looked.session, looked.item
    assert item is not None, "what is confirmed has an item"
    assert looked.counted is not None, "and a quantity"
    assert session.first is not None, "and moments"
    assert session.last is not None, "and moments"
    read = Counted(looked.counted, item.unit, session.first, session.last, session.uncertain)
    if row.state in RECOUNTS:
        line = _line_to_recount(step, row, looked)
        if line is None:
            reasons.append(_not_to_recount(row))
            return None
        return Written(_recounted(step, scan, row, line, read, None))
    line = _line_counted(step, row, looked)
    if line is not None:
        home = row if line.list == row.list else step.get(LISTS, list_key(line.inventory, line.list))
        assert home is not None, "a line has its list"
        if home.state != "cancelled":
            return _again(step, scan, home, line, read, scan.answer or session.answer, reasons)
        # Its list is cancelled, and the slice of work that says so of this line has not come yet.
        step.put(LINES, line_key(line.inventory, line.list, line.line), replace(line, state="cancelled"))
    return Written(_new_line(step, scan, row, looked, read))


def change(
    step: Step,
    scan: Scan,
    home: CountListRow,
    line: CountLineRow,
    read: Counted,
    answer: Literal["add", "replace"],
    reasons: list[Reason],
) -> Written | None:
    """Add to a line or replace what it says; `home` is its list, which takes the read."""
    if answer == "add":
        if read.unit != line.unit:
            message = f"the line is counted in {line.unit}, the item is kept in {read.unit} by now; replace the line"
            reasons.append(Reason("unit-unknown", message, "unit"))
            return None
        if line.counted + read.counted > quantity.MAX:
            reasons.append(too_large(line.counted + read.counted))
            return None
    if line.state == "recount":
        return Written(_recounted(step, scan, home, line, read, answer))
    changed = _changed(scan, line, read, answer)
    step.put(LINES, line_key(line.inventory, line.list, line.line), changed)
    to_ledger.line(step, changed)
    return Written(changed)


def takes(home: CountListRow, line: CountLineRow) -> bool:
    """True where a list takes a read of this line of its own."""
    return home.state in COUNTS or (home.state in RECOUNTS and line.state == "recount")


def closed_to_reads(home: CountListRow) -> Reason:
    """The list at which a line stands takes no read of it any more."""
    return Reason(
        "list-not-open",
        f"list {home.list!r} is {home.state} and holds these goods already; let the line be recounted there",
        "list",
    )


def _again(
    step: Step,
    scan: Scan,
    home: CountListRow,
    line: CountLineRow,
    read: Counted,
    answer: Literal["add", "replace"] | None,
    reasons: list[Reason],
) -> Written | None:
    """A second read of the same goods in the same place, or of the same serial in any."""
    if line.serial_code is not None:
        message = (
            f"serial {line.serial_code!r} is counted in this inventory: list {line.list!r}, line {line.line!r}"
            f"{_at(line)}; a serial stands in one place"
        )
        reasons.append(Reason("serial-already-counted", message, "serial"))
        return None
    if not takes(home, line):
        reasons.append(closed_to_reads(home))
        return None
    if answer is not None:
        return change(step, scan, home, line, read, answer, reasons)
    if line.state == "counted":
        line = replace(line, state="asked")
        step.put(LINES, line_key(line.inventory, line.list, line.line), line)
    question = Question(
        scan.scan_id, line.list, line.line, read.counted, read.unit, read.first, read.last, read.uncertain
    )
    return Written(line, question)


def _new_line(step: Step, scan: Scan, row: CountListRow, looked: Looked, read: Counted) -> CountLineRow:
    session = looked.session
    number = row.lines + 1
    line = CountLineRow(
        row.inventory,
        row.list,
        str(number),
        session.item_class or "",
        session.item_code or "",
        session.variant,
        row.warehouse,
        session.location,
        session.lot,
        session.serial,
        read.counted,
        read.unit,
        reads=1,
        revision=1,
        state="counted",
        reason=CLOCK_UNCERTAIN if read.uncertain else None,
        counted_from=read.first,
        counted_at=read.last,
        operator=scan.operator,
        device=scan.device,
        book=None,
        difference=None,
        adjustment_id=None,
        moved_during_count=False,
    )
    step.put(LINES, line_key(line.inventory, line.list, line.line), line)
    step.put_list(replace(row, state="counting", lines=number, pending=row.pending + 1))
    to_ledger.line(step, line)
    return line


def _recounted(
    step: Step,
    scan: Scan,
    home: CountListRow,
    line: CountLineRow,
    read: Counted,
    answer: Literal["add", "replace"] | None,
) -> CountLineRow:
    """The second count of a line under review: it settles whatever the tolerance, at once."""
    changed = _changed(scan, line, read, answer or "replace")
    step.put(LINES, line_key(line.inventory, line.list, line.line), changed)
    settlement = home.settlement + 1
    step.put_list(replace(home, settlement=settlement))
    to_ledger.line(step, changed, recounted=True)
    to_ledger.settle_line(step, changed, settlement, recounted=True)
    return changed


def _changed(scan: Scan, line: CountLineRow, read: Counted, answer: Literal["add", "replace"]) -> CountLineRow:
    adds = answer == "add"
    uncertain = read.uncertain or (adds and line.reason == CLOCK_UNCERTAIN)
    return replace(
        line,
        counted=line.counted + read.counted if adds else read.counted,
        unit=read.unit,
        reads=line.reads + 1 if adds else 1,
        revision=line.revision + 1,
        state="counted",
        reason=CLOCK_UNCERTAIN if uncertain else None,
        counted_from=min(line.counted_from, read.first) if adds else read.first,
        counted_at=max(line.counted_at, read.last) if adds else read.last,
        operator=scan.operator,
        device=scan.device,
        book=None,
        difference=None,
        value=None,
        moved_during_count=False,
        approved_by=None,
    )


def _line_counted(step: Step, row: CountListRow, looked: Looked) -> CountLineRow | None:
    session = looked.session
    key = counted_key(
        row.inventory,
        session.item_class or "",
        session.item_code or "",
        session.variant,
        session.lot,
        session.serial,
        row.warehouse,
        session.location,
    )
    return _only(step, LINE_OF, key)


def _line_to_recount(step: Step, row: CountListRow, looked: Looked) -> CountLineRow | None:
    session = looked.session
    key = recount_key(
        row.inventory,
        row.list,
        session.item_class or "",
        session.item_code or "",
        session.variant,
        session.lot,
        session.serial,
        session.location,
    )
    return _only(step, RECOUNT_OF, key)


def _only(step: Step, index: str, key: str) -> CountLineRow | None:
    found = step.view.members(index, key)
    return step.get(LINES, found[0]) if found else None


def _not_to_recount(row: CountListRow) -> Reason:
    message = f"list {row.list!r} is {row.state}: it takes reads of lines to recount only, and this is none of them"
    return Reason("list-not-open", message, "list")


def _at(line: CountLineRow) -> str:
    return "" if line.location is None else f", location {line.location!r}"
