"""The one answer to a read: what became of it, what the session holds, the line as it stands (`contract.md` §3)."""

from dataclasses import replace
from typing import Literal

from processors.counting.checks import Looked
from processors.counting.writing import CLOCK_UNCERTAIN
from processors.domain import quantity
from processors.domain.count_registers import CountLineRow, CountSession, ScanFeedback
from processors.domain.form import ID_LENGTH_MAX
from processors.domain.scans import Scan

Status = Literal["noted", "accepted", "ask", "refused"]


def feedback(
    scan: Scan,
    time_ms: int,
    status: Status,
    message: str,
    looked: Looked | None,
    line: CountLineRow | None = None,
    code: str | None = None,
) -> ScanFeedback:
    """The answer to a read. `looked`: the session to show, None where there is none to see."""
    return ScanFeedback(
        scan.scan_id[:ID_LENGTH_MAX],
        scan.inventory[:ID_LENGTH_MAX],
        scan.list[:ID_LENGTH_MAX],
        scan.operator[:ID_LENGTH_MAX],
        scan.device[:ID_LENGTH_MAX],
        status,
        code,
        message,
        _shown(looked),
        None if line is None else _blind(line),
        time_ms,
    )


def noted(looked: Looked, typed_code: bool) -> str:
    """What a read that is noted says: what is still needed, what was left out."""
    session, needed = looked.session, []
    if looked.item is None:
        needed.append("item")
    if looked.location_needed:
        needed.append("location")
    if looked.lot_needed:
        needed.append("lot")
    if looked.serial_needed:
        needed.append("serial")
    if looked.item is not None and not looked.item.serial_managed and session.quantity is None:
        needed.append("quantity")
    text = f"noted; still needed: {', '.join(needed)}" if needed else "noted; confirm to count it"
    return text + _left_out(looked) + _lower_case(looked, typed_code)


def accepted(looked: Looked, line: CountLineRow, list: str, typed_code: bool) -> str:
    """What a read that is counted says."""
    return f"{_line(line, list)} says {_amount(line)}{_left_out(looked)}{_lower_case(looked, typed_code)}"


def asked(line: CountLineRow, counted: int, list: str) -> str:
    """What a read of goods that were counted before asks."""
    more = f"{quantity.text(counted)} {line.unit}"
    return f"{_line(line, list)} says {_amount(line)} already: add {more} to it, or replace it by {more}?"


def answered(line: CountLineRow, list: str) -> str:
    """What an answer that is taken says."""
    return f"{_line(line, list)} says {_amount(line)}"


def _shown(looked: Looked | None) -> CountSession:
    if looked is None:
        return CountSession(None, None, None, None, None, None, None, None, False, False, False)
    session = looked.session
    value = session.quantity
    if value is not None and looked.counted is not None:
        value = looked.counted
    return CountSession(
        session.item_class,
        session.item_code,
        session.variant,
        None if looked.item is None else looked.item.description,
        session.location,
        session.lot,
        session.serial,
        value,
        looked.lot_needed,
        looked.serial_needed,
        looked.location_needed,
    )


def _blind(line: CountLineRow) -> CountLineRow:
    """The line without anything that tells what the books expect: who counts must not know."""
    reason = line.reason if line.reason == CLOCK_UNCERTAIN else None
    return replace(
        line, reason=reason, book=None, difference=None, adjustment_id=None, value=None, moved_during_count=False
    )


def _line(line: CountLineRow, list: str) -> str:
    return f"line {line.line}" if line.list == list else f"line {line.line} of list {line.list!r}"


def _amount(line: CountLineRow) -> str:
    text = f"{quantity.text(line.counted)} {line.unit} of {line.item_code!r}"
    for name, value in (("lot", line.lot_code), ("serial", line.serial_code), ("at", line.location)):
        if value is not None:
            text += f", {name} {value!r}"
    return text


def _left_out(looked: Looked) -> str:
    if not looked.left_out or looked.item is None:
        return ""
    return f"; {' and '.join(looked.left_out)} left out: item {looked.item.item_code!r} is not kept by it"


def _lower_case(looked: Looked, typed_code: bool) -> str:
    """A lot typed in lower case is another lot, and would be counted as an unknown find."""
    session = looked.session
    lower = [code for code in (session.lot, session.serial) if typed_code and code is not None and code != code.upper()]
    return f"; {', '.join(map(repr, lower))} as typed: mind upper and lower case" if lower else ""
