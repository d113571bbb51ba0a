"""Places that a list with `zero` went through: goods that nobody read were not there, also those that are told later.

What the books had when such a list was settled has lines of its own (`settlement`). A document that comes afterwards
may say that more stood there. Its stock row gets a line then, with nothing posted yet, which is corrected as any.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final, Literal, NamedTuple

from processors.domain import keys
from processors.domain.changes import Changes
from processors.domain.count_lines import PositionRow
from processors.domain.counts.list_facts import ListFacts
from processors.domain.counts.positions import (
    GROUP,
    LaterCounts,
    is_held,
    later_counts,
    made_line,
    position_key,
)
from processors.domain.registers import StateRow, StockRow
from processors.domain.view import POSITIONS, STATE, View

KIND: Final = "gone-through"


class Goods(NamedTuple):
    """What a stock row is about, and its management unit."""

    item_class: str
    item_code: str
    variant: str | None
    warehouse: str
    location: str | None
    lot_code: str | None
    unit: str


def goods_of(row: StockRow | PositionRow) -> Goods:
    """The goods of a stock row, or of a counted line."""
    return Goods(row.item_class, row.item_code, row.variant, row.warehouse, row.location, row.lot_code, row.unit)


@dataclass(frozen=True, slots=True)
class GoneThrough:
    """One list's settlement in a task. `opened_at`, `moment` and `closing` in ms, as in `PositionRow`.

    `walked`: key of the last stock row that was gone through so far; None: all were, and those that come later too.
    """

    inventory: str
    list: str
    warehouse: str
    locations: tuple[str, ...]
    opened_at: int
    moment: int
    closing: int
    compensate_late: bool
    walked: str | None

    @property
    def first(self) -> int:
        """From when on what stood there all the time counts as gone."""
        return min(self.opened_at, self.moment)

    def line(self, goods: Goods, made: Literal["zero", "group"], state: Literal["open", "settled"]) -> PositionRow:
        """The line of a stock row that nobody read, or of a place of pieces (`group`), with nothing posted at it."""
        # fmt: off
        row = PositionRow(
            *goods[:6], None, self.inventory, self.list, GROUP, 1, made, state, 0, goods.unit,
            self.opened_at if made == "zero" else self.first, self.closing, self.moment, "", False, None,
            None, None, None, None, None, None, 0, 0, False, self.compensate_late, self.opened_at, 0,
            self.closing, None if made == "zero" else self.closing,
        )
        # fmt: on
        if made == "zero":
            row.line = made_line("z", row)
        return row


def went_through(
    facts: ListFacts, inventory: str, list_: str, closing: int, time_zone: str, walked: str | None
) -> GoneThrough:
    """What a list that was closed at a moment (`closing`) has gone through so far."""
    moment = facts.moment(closing, time_zone)
    return GoneThrough(
        inventory,
        list_,
        facts.warehouse,
        facts.locations,
        facts.opened_at,
        moment,
        closing,
        facts.compensate_late,
        walked,
    )


def note_gone_through(changes: Changes, it: GoneThrough, time_ms: int) -> None:
    """Keep what a list has gone through, and until when the warehouse was: later movements need no closer look."""
    gate = f"{KIND}|{keys.part(it.warehouse)}"
    known = changes.private(gate)
    until = it.moment if known is None else max(it.moment, known.offset or 0)
    changes.state[gate] = _row(it.warehouse, until, None, time_ms)
    key = f"{gate}|{max(0, it.moment):015d}|{keys.join(it.inventory, it.list)}"
    text = json.dumps(asdict(it), separators=(",", ":"))
    changes.state[key] = _row(keys.join(it.inventory, it.list), it.moment, text, time_ms)


def gone_through_until(view: View, warehouse: str) -> int | None:
    """The newest moment at which a warehouse, or a part of it, was gone through; None: never."""
    row = view.get(STATE, f"{KIND}|{keys.part(warehouse)}")
    return None if row is None else row.offset


def first_counts(
    changes: Changes, goods: Goods, stock_row_key: str, moment: int, seen_at: int | None = None
) -> LaterCounts | None:
    """The settled counts of a stock row without serials at or after a moment. The first may be a line made for a list
    that went through the place and found the row empty. `seen_at`: moment of a count that comes before.
    """
    known = later_counts(changes, stock_row_key, moment)
    for it in _passed(changes.view, goods, stock_row_key, moment):
        if known is not None and known.first.moment <= it.moment:
            return known
        seen = later_counts(changes, stock_row_key, it.first)
        if (seen is not None and seen.first.moment <= it.moment) or (seen_at is not None and it.first <= seen_at):
            continue  # by another inventory
        key, row = _line(changes, it.line(goods, "zero", "settled"))
        return LaterCounts(key, row, row.adjusted + (0 if known is None else known.adjusted))
    return known


def first_passing(
    changes: Changes, goods: Goods, stock_row_key: str, serial_key: str, moment: int, known: LaterCounts | None
) -> LaterCounts | None:
    """The first list that went through a place where a piece that came at a moment should have stood, unread.

    `known`: the first count of the place as a whole, which stays where it is the earlier.
    """
    for it in _passed(changes.view, goods, stock_row_key, moment):
        if known is not None and known.first.moment <= it.moment:
            break
        if it.first >= moment and not is_held(changes, serial_key, it.inventory):
            key, row = _line(changes, it.line(goods, "group", "settled"))
            return LaterCounts(key, row, 0)
    return known


def _passed(view: View, goods: Goods, stock_row_key: str, moment: int) -> Iterator[GoneThrough]:
    """Lists that went through a stock row at or after a moment, of inventories without a line of the row, in order."""
    until = gone_through_until(view, goods.warehouse)
    if until is None or moment > until:
        return
    prefix = f"{KIND}|{keys.part(goods.warehouse)}|"
    for _, kept in view.prefix(STATE, prefix, f"{prefix}{max(0, moment):015d}"):
        it = _read(kept)
        if it.locations and goods.location not in it.locations:
            continue
        if it.walked is not None and stock_row_key > it.walked:
            continue
        lines = (row for _, row in view.prefix(POSITIONS, f"{stock_row_key}|") if row.inventory == it.inventory)
        if all(row.made == "missing" or row.unread_until is not None for row in lines):
            yield it


def _line(changes: Changes, made: PositionRow) -> tuple[str, PositionRow]:
    """A line's key, and the line as it stands. One that is new is kept by whoever posts something at it."""
    key = position_key(made)
    return key, changes.position(key) or made


def _row(id: str, moment: int, text: str | None, time_ms: int) -> StateRow:
    return StateRow(KIND, None, None, id, None, None, None, moment, text, None, None, None, time_ms)


def _read(row: StateRow) -> GoneThrough:
    found = json.loads(row.continuation or "{}")
    found["locations"] = tuple(found["locations"])
    return GoneThrough(**found)
