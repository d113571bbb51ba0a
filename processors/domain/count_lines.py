"""What counting and the ledger tell each other, what the ledger keeps of counts, and the adjustments that follow.

`CountLine` goes from counting to the ledger, `CountResult` back, `PositionRow` is the ledger's own row of a counted
line, `Adjustment` what auditors read. Decimals are millionths, days day numbers, times milliseconds UTC.
"""

from dataclasses import dataclass
from typing import Literal

CountLineKind = Literal["opened", "line", "settle", "settle_line", "drop", "drop_line"]
PositionState = Literal["open", "recount", "approval", "refused", "settled", "superseded", "rejected"]


@dataclass(slots=True)
class CountLine:
    """One record of `count-lines`.

    `opened`, `settle` and `drop` are for one ledger partition each, `partition`; their key is
    `control|inventory|list|partition`. The other kinds are about a line, keyed by its item.

    - `opened`: a list counts from now on. `warehouse`, `locations` (empty: all), `as_of`, `counted_at` (when it was
      opened), and its type's rules: `uncounted`, tolerances, `beyond_tolerance`, `compensate_late`.
    - `line`: a confirmed line, its absolute quantity `counted` in `unit` (management unit), the moments of its first
      and last read, `revision` (1, 2, …). A higher one takes the place of the one before. `recounted`: its result
      settles whatever the tolerance.
    - `settle`: settle all lines of the list, `settlement` says which time (1, 2, …); the same again, the same answer.
      `counted_at` is the moment of closing: up to there goods that nobody read are looked for.
    - `settle_line`: settle one line alone, at `revision`; `approved`: the difference that somebody approved, which
      must still be the one found. Numbered by `settlement` too.
    - `drop`: the list is cancelled. `drop_line`: one line is rejected; it still counts as counted for `zero`.
    """

    kind: CountLineKind
    inventory: str
    list: str
    partition: int | None
    settlement: int | None
    line: str | None
    revision: int | None
    item_class: str | None
    item_code: str | None
    variant: str | None
    warehouse: str | None
    location: str | None
    lot_code: str | None
    serial_code: str | None
    counted: int | None
    unit: str | None
    counted_from: int | None
    counted_at: int | None
    operator: str | None
    recounted: bool = False
    approved: int | None = None
    reason_code: str | None = None
    locations: tuple[str, ...] = ()
    as_of: int | None = None
    uncounted: Literal["ignore", "zero"] | None = None
    tolerance_quantity: int | None = None
    tolerance_percent: int | None = None
    tolerance_value: int | None = None
    beyond_tolerance: Literal["accept", "recount", "approval"] | None = None
    compensate_late: bool = True
    by: str | None = None


@dataclass(slots=True)
class LineResult:
    """What became of one line. Lines that the ledger made itself (goods that nobody read) are told in full likewise.

    `value` is difference × cost, signed; None without a cost. `reason`: codes and messages of a refusal, or why it is
    to be counted again.
    """

    line: str
    revision: int
    state: Literal["settled", "superseded", "refused", "recount", "approval"]
    reason: str | None
    item_class: str
    item_code: str
    variant: str | None
    warehouse: str
    location: str | None
    lot_code: str | None
    serial_code: str | None
    counted: int
    unit: str
    counted_from: int
    counted_at: int
    operator: str
    book: int | None
    difference: int | None
    value: int | None
    adjustment_id: str | None
    moved_during_count: bool


@dataclass(slots=True)
class CountResult:
    """One record of `count-results`; key and route `inventory`.

    `lines`: results of a slice. `settled`: the partition has nothing left of this settlement (of one line: `line`);
    totals follow from the results that came before. `part` numbers the records of one settlement and partition from 0.
    """

    kind: Literal["lines", "settled"]
    inventory: str
    list: str
    partition: int
    settlement: int
    part: int
    line: str | None
    lines: tuple[LineResult, ...]
    at: int


@dataclass(slots=True)
class PositionRow:
    """A counted line as the ledger keeps it.

    Key `class|code|variant|warehouse|location|lot|serial|inventory|list|line`.

    `made`: `count`, a line that somebody counted; `zero` and `missing`, goods that nobody read; `group`, the counted
    place of serial-managed goods as a whole, which has no result of its own. `moment`: the last read, or the end of
    the list's closing day. `adjusted`: sum of what was posted at this count, corrections included; `corrections` how
    many of these. `opened_at`: from where on goods that nobody read are looked at.
    `unread_until`: of a missing piece, and of a place where nothing was read, when the list closed.
    """

    item_class: str
    item_code: str
    variant: str | None
    warehouse: str
    location: str | None
    lot_code: str | None
    serial_code: str | None
    inventory: str
    list: str
    line: str
    revision: int
    made: Literal["count", "zero", "missing", "group"]
    state: PositionState
    counted: int
    unit: str
    counted_from: int
    counted_at: int
    moment: int
    operator: str
    recounted: bool
    approved: int | None
    reason_code: str | None
    reason: str | None
    book: int | None
    difference: int | None
    value: int | None
    adjustment_id: str | None
    adjusted: int
    corrections: int
    moved_during_count: bool
    compensate_late: bool
    opened_at: int
    settlement: int
    updated_at: int
    unread_until: int | None = None


@dataclass(slots=True)
class Adjustment:
    """What a count changed, or a movement that came late after it (`adjustments`); key `class|code`."""

    adjustment_id: str
    kind: Literal["difference", "correction", "late_report"]
    supersedes: str | None
    inventory: str
    list: str
    line: str
    item_class: str
    item_code: str
    variant: str | None
    warehouse: str
    location: str | None
    lot_code: str | None
    serial_code: str | None
    counted: int
    book: int
    difference: int
    unit: str
    direction: Literal["load", "unload"]
    template: str | None
    unit_cost: int | None
    value: int | None
    reason_code: str | None
    operator: str
    counted_at: int
    settled_at: int
    movement_id: str | None
    group: str | None
