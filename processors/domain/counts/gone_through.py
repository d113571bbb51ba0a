"""Places that a list with `zero` went through: goods that nobody read were not there, also those that are told later.

What the books had when such a list was settled has lines of its own (`settlement`). A document that comes afterwards
may say that more stood there. Its stock row gets a line then, with nothing posted yet, which is corrected as any.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from processors.domain import keys
from processors.domain.changes import Changes
from processors.domain.count_lines import PositionRow
from processors.domain.counts.list_facts import ListFacts, list_row_key, read_facts
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


class StockPlace(NamedTuple):
    """What a stock row is about, and its management unit."""

    item_class: str
    item_code: str
    variant: str | None
    warehouse: str
    location: str | None
    lot_code: str | None
    unit: str


def place_of(row: StockRow | PositionRow) -> StockPlace:
    """What a stock row, or a counted line, is about."""
    return StockPlace(row.item_class, row.item_code, row.variant, row.warehouse, row.location, row.lot_code, row.unit)


@dataclass(frozen=True, slots=True)
class GoneThrough:
    """One list's settlement in a task: the list's rules, when it closed, and the moment (ms) that it speaks of.

    `walked`: key of the last stock row that was gone through so far; None: all were, and those that come later too.
    """

    inventory: str
    list: str
    facts: ListFacts
    closing: int
    moment: int
    walked: str | None

    @property
    def first(self) -> int:
        """From when on what stood there all the time counts as gone."""
        return min(self.facts.opened_at, self.moment)

    def line(self, place: StockPlace, made: Literal["zero", "group"], state: Literal["open", "settled"]) -> PositionRow:
        """The line of a stock row that nobody read, or of a place of pieces (`group`), with nothing posted at it."""
        # fmt: off
        row = PositionRow(
            *place[:6], None, self.inventory, self.list, GROUP, 1, made, state, 0, place.unit,
            self.facts.opened_at if made == "zero" else self.first, self.closing, self.moment, "", False, None,
            None, None, None, None, None, None, 0, 0, False, self.facts.compensate_late, self.facts.opened_at, 0,
            self.closing, None if made == "zero" else self.closing,
        )
        # fmt: on
        if made == "zero":
            row.line = made_line("z", row)
        return row


def note_gone_through(changes: Changes, it: GoneThrough, time_ms: int) -> None:
    """Keep what a list has gone through, and until when the warehouse was: later movements need no closer look."""
    warehouse = it.facts.warehouse
    gate = f"{KIND}|{keys.part(warehouse)}"
    known = changes.private(gate)
    until = it.moment if known is None else max(it.moment, known.offset or 0)
    changes.state[gate] = _row(warehouse, until, None, time_ms)
    id = keys.join(it.inventory, it.list)
    text = keys.join(str(it.closing), "" if it.walked is None else it.walked)
    changes.state[f"{gate}|{max(0, it.moment):015d}|{id}"] = _row(id, it.moment, text, time_ms)


def gone_through_until(view: View, warehouse: str) -> int | None:
    """The newest moment at which a warehouse, or a part of it, was gone through; None: never."""
    row = view.get(STATE, f"{KIND}|{keys.part(warehouse)}")
    return None if row is None else row.offset


def first_counts(
    changes: Changes, place: StockPlace, stock_row_key: str, moment: int, seen_at: int | None = None
) -> LaterCounts | None:
    """The settled counts of a stock row without serials at or after a moment. The first may be a line made for a list
    that went through the place and found the row empty. `seen_at`: moment of a count that comes before.
    """
    known = later_counts(changes, stock_row_key, moment)
    for it in _passed(changes.view, place, stock_row_key, moment):
        if known is not None and known.first.moment <= it.moment:
            return known
        seen = later_counts(changes, stock_row_key, it.first)
        if (seen is not None and seen.first.moment <= it.moment) or (seen_at is not None and it.first <= seen_at):
            continue  # by another inventory
        key, row = _line(changes, it.line(place, "zero", "settled"))
        return LaterCounts(key, row, row.adjusted + (0 if known is None else known.adjusted))
    return known


def first_passing(
    changes: Changes, place: StockPlace, stock_row_key: str, serial_key: str, moment: int, known: LaterCounts | None
) -> LaterCounts | None:
    """The first list that went through a place where a piece that came at a moment should have stood, unread.

    `known`: the first count of the place as a whole, which stays where it is the earlier.
    """
    for it in _passed(changes.view, place, stock_row_key, moment):
        if known is not None and known.first.moment <= it.moment:
            break
        if it.first >= moment and not is_held(changes, serial_key, it.inventory):
            key, row = _line(changes, it.line(place, "group", "settled"))
            return LaterCounts(key, row, 0)
    return known


def _passed(view: View, place: StockPlace, stock_row_key: str, moment: int) -> Iterator[GoneThrough]:
    """Lists that went through a stock row at or after a moment, of inventories without a line of the row, in order."""
    until = gone_through_until(view, place.warehouse)
    if until is None or moment > until:
        return
    prefix = f"{KIND}|{keys.part(place.warehouse)}|"
    for _, kept in view.prefix(STATE, prefix, f"{prefix}{max(0, moment):015d}"):
        it = _read(view, kept)
        if not it.facts.covers(place.warehouse, place.location):
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


def _read(view: View, row: StateRow) -> GoneThrough:
    inventory, list_ = keys.split(row.id)
    closing, walked = keys.split(row.continuation or "")
    kept = view.get(STATE, list_row_key(inventory, list_))
    assert kept is not None, f"list {inventory}/{list_} was opened before it went through anything"
    return GoneThrough(inventory, list_, read_facts(kept), int(closing), row.offset or 0, walked or None)
