"""Ids of movements and edits are dropped once the open period has left their day behind (architecture §5).

With them goes what moved, which the books of counts are reckoned from: so what happened in the open period stays,
whatever its day. A count's result stays as long as it is the newest of its row.

Each task notices by its own row `dropped-ids|<partition>`: `offset` is the first open day up to which it has begun to
drop, `effective_date` the latest day of an id that it did drop. What is of that day or earlier is refused for good,
whatever the period says later: a second arrival could not be told from a first. The work goes in slices, as a
continuation.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from processors.domain import keys
from processors.domain.count_lines import PositionRow
from processors.domain.counts import adjusting
from processors.domain.counts.positions import PENDING, row_key
from processors.domain.decision import Barrier, Decision
from processors.domain.master import MasterData
from processors.domain.message import Continuation
from processors.domain.moments import end_of_day
from processors.domain.registers import StateRow
from processors.domain.view import POSITIONS, STATE, View
from processors.ledger import edits, seen

KIND: Final = "dropped-ids"
BARRIER: Final = "drop-ids"
_COUNTS: Final = "counts|"
"""What a slice begins behind, where it is about the results of counts."""
SLICE_ROWS: Final = 2_000
"""Ids looked at in one transaction; some ten milliseconds."""
_PREFIXES: Final = (f"{adjusting.KIND}|", f"{edits.KIND}|", f"{seen.KIND}|")
"""Of the rows that hold ids, in the order of their keys."""


def dropped_of(view: View, partition: int) -> StateRow | None:
    """The task's row; None where nothing was ever taken."""
    return view.get(STATE, f"{KIND}|{partition}")


def dropped_until(row: StateRow | None) -> int | None:
    """The latest day whose ids the task no longer knows."""
    return None if row is None else row.effective_date


def is_due(row: StateRow | None, master: MasterData) -> bool:
    """True where the open period begins on another day than the one that the task has worked off."""
    open_from = master.company.open_from
    return open_from is not None and (row is None or row.offset != open_from)


def begin(
    decision: Decision, row: StateRow | None, partition: int, view: View, master: MasterData, time_ms: int
) -> None:
    """Let a decision that is taken begin the dropping too."""
    open_from = master.company.open_from
    assert open_from is not None, "dropping is due"
    decision.rows.append((STATE, f"{KIND}|{partition}", _row(partition, dropped_until(row), open_from, time_ms)))
    if row is not None or next(_ids(view, ""), None) is not None:
        decision.barriers.append(Barrier(BARRIER, None, keys.join(str(open_from), "")))


def drop_slice(continuation: Continuation, view: View, master: MasterData, slice_rows: int = SLICE_ROWS) -> Decision:
    """Look at the next `slice_rows` ids and drop those of days before the open period."""
    decision, partition = Decision(), continuation.partition
    row = dropped_of(view, partition)
    assert row is not None, "dropping has begun"
    day, after = keys.split(continuation.text)
    if master.company.open_from != row.offset or row.offset is None:
        # The period has moved on, or back: the next message that is taken begins anew.
        decision.rows.append((STATE, f"{KIND}|{partition}", _row(partition, row.effective_date, None, row.at)))
        return decision
    target, latest = row.offset, row.effective_date
    start = after if int(day) == target else ""
    opens = end_of_day(master.company.time_zone, target - 1) + 1
    if start.startswith(_COUNTS):
        _drop_counts(decision, view, opens, target, start.removeprefix(_COUNTS), slice_rows)
        return decision
    for number, (key, known) in enumerate(_ids(view, start), 1):
        date = known.effective_date
        happened = known.at if known.offset is None else known.offset
        if date is not None and date < target and (known.moved is None or happened < opens):
            decision.rows.append((STATE, key, None))
            latest = date if latest is None else max(latest, date)
        if number == slice_rows:
            decision.barriers.append(Barrier(BARRIER, None, keys.join(str(target), key)))
            break
    else:
        if next(view.prefix(POSITIONS, ""), None) is not None:
            decision.barriers.append(Barrier(BARRIER, None, keys.join(str(target), _COUNTS)))
    if latest != row.effective_date:
        decision.rows.append((STATE, f"{KIND}|{partition}", _row(partition, latest, target, continuation.time_ms)))
    return decision


def _drop_counts(decision: Decision, view: View, opens: int, target: int, after: str, slice_rows: int) -> None:
    """Drop the results of counts before a moment, but the newest of each row: late movements are held against it."""
    for number, (key, row) in enumerate(view.prefix(POSITIONS, "", after), 1):
        if row.moment < opens and row.state not in PENDING and _is_superseded(view, key, row):
            decision.rows.append((POSITIONS, key, None))
        if number == slice_rows:
            decision.barriers.append(Barrier(BARRIER, None, keys.join(str(target), f"{_COUNTS}{key}")))
            break


def _is_superseded(view: View, key: str, row: PositionRow) -> bool:
    """Whether another count of the same row or piece is newer, or this one was never its result."""
    if row.state != "settled":
        return True
    serial = keys.part(row.serial_code) if row.serial_code is not None else ""
    others = view.prefix(POSITIONS, f"{row_key(row)}|{serial}|")
    return any(
        other.state == "settled" and (other.moment, name) > (row.moment, key)
        for name, other in others
        if name != key and (other.made == "group") == (row.made == "group")
    )


def _ids(view: View, after: str) -> Iterator[tuple[str, StateRow]]:
    """The rows of taken ids behind a key, ascending."""
    return chain.from_iterable(view.prefix(STATE, prefix, after) for prefix in _PREFIXES)


def _row(partition: int, until: int | None, begun: int | None, at: int) -> StateRow:
    return StateRow(KIND, None, None, str(partition), None, until, None, begun, None, None, None, None, at)
