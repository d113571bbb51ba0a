"""What counting tells the ledger: lists that open, counted lines, settlements to begin, lines that are dropped.

Nothing here is posted. A settlement takes effect behind the movements that were there when it was asked for.
"""

from dataclasses import replace
from typing import Final

from processors.domain import keys
from processors.domain.count_lines import CountLine, PositionRow
from processors.domain.counts.list_facts import ListFacts, facts_of, facts_row, list_row_key, read_facts
from processors.domain.counts.positions import LIST_POSITIONS, PENDING, position_key
from processors.domain.decision import Barrier, Decision
from processors.domain.master import MasterData
from processors.domain.message import Continuation, Message
from processors.domain.view import POSITIONS, STATE, View
from processors.ledger.settlement import SETTLE, SETTLE_LINE, begin_text

DROP: Final = "drop-list"
SLICE_ROWS: Final = 1_000


def decide_count(message: Message, line: CountLine, view: View, master: MasterData) -> Decision:
    """The effect of one record of `count-lines`."""
    match line.kind:
        case "opened":
            row = facts_row(line.inventory, line.list, facts_of(line), message.time_ms)
            return Decision(rows=[(STATE, list_row_key(line.inventory, line.list), row)])
        case "line":
            return _counted(message, line, view, master)
        case "settle":
            id = keys.join(SETTLE, line.inventory, line.list)
            text = begin_text(line.settlement or 0, line.counted_at or message.time_ms, line.reason_code)
            return Decision(barriers=[Barrier(id, "movements", text)])
        case "settle_line":
            return _settle_line(message, line, view)
        case "drop":
            return Decision(barriers=[Barrier(keys.join(DROP, line.inventory, line.list), None, "")])
        case "drop_line":
            key = position_key(_position(line, _facts(view, line), master, message.time_ms))
            known = view.get(POSITIONS, key)
            if known is None or known.state not in PENDING:
                return Decision()
            return Decision(rows=[(POSITIONS, key, replace(known, state="rejected", updated_at=message.time_ms))])


def drop_slice(continuation: Continuation, view: View) -> Decision:
    """Take the next lines of a cancelled list away that have no result."""
    _, inventory, list_ = keys.split(continuation.id)
    decision, prefix = Decision(), f"{keys.join(inventory, list_)}|"
    after = continuation.text
    for number, (index_key, key) in enumerate(view.trail(LIST_POSITIONS.name, prefix, after), 1):
        row = view.get(POSITIONS, key)
        if row is not None and (row.state in PENDING or row.state == "rejected"):
            decision.rows.append((POSITIONS, key, None))
        if number == SLICE_ROWS:
            decision.barriers.append(Barrier(continuation.id, None, index_key))
            break
    return decision


def _counted(message: Message, line: CountLine, view: View, master: MasterData) -> Decision:
    """Keep a counted line; a revision that is known, and a line that has its result, stay as they are."""
    row = _position(line, _facts(view, line), master, message.time_ms)
    key = position_key(row)
    known = view.get(POSITIONS, key)
    if known is not None:
        if known.state not in PENDING or known.revision >= row.revision:
            return Decision()
        row.settlement = known.settlement
    return Decision(rows=[(POSITIONS, key, row)])


def _settle_line(message: Message, line: CountLine, view: View) -> Decision:
    """Begin to settle one line alone."""
    id = keys.join(SETTLE_LINE, line.inventory, line.list, line.line or "")
    key = position_key(_position(line, _facts(view, line), MasterData(), message.time_ms))
    known = view.get(POSITIONS, key)
    decision = Decision(barriers=[Barrier(id, "movements", keys.join(str(line.settlement or 0), key))])
    if known is not None and known.state in PENDING and known.revision == line.revision:
        row = replace(
            known, approved=line.approved, reason_code=line.reason_code or known.reason_code, updated_at=message.time_ms
        )
        decision.rows.append((POSITIONS, key, row))
    return decision


def _facts(view: View, line: CountLine) -> ListFacts:
    row = view.get(STATE, list_row_key(line.inventory, line.list))
    assert row is not None, f"list {line.inventory}/{line.list} was opened before its lines were sent"
    return read_facts(row)


def _position(line: CountLine, facts: ListFacts, master: MasterData, time_ms: int) -> PositionRow:
    counted_at = line.counted_at or 0
    return PositionRow(
        line.item_class or "",
        line.item_code or "",
        line.variant or None,
        line.warehouse or "",
        line.location or None,
        line.lot_code or None,
        line.serial_code or None,
        line.inventory,
        line.list,
        line.line or "",
        line.revision or 0,
        "count",
        "open",
        line.counted or 0,
        line.unit or "",
        line.counted_from or counted_at,
        counted_at,
        facts.moment(counted_at, master.company.time_zone),
        line.operator or "",
        line.recounted,
        None,
        line.reason_code,
        None,
        None,
        None,
        None,
        None,
        0,
        0,
        False,
        facts.compensate_late,
        facts.opened_at,
        0,
        time_ms,
    )
