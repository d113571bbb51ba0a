"""One counted line against the book at its moment: nothing, an adjustment, a question, or why not (architecture §6).

The rows that are found by walking (trails, positions) are those before the slice, in which no stock row without
serials and no piece is settled twice.
"""

from dataclasses import replace

from processors.domain.count_lines import PositionRow
from processors.domain.counts.adjusting import (
    Desk,
)
from processors.domain.counts.outcomes import Outcomes
from processors.domain.counts.pieces import Pieces
from processors.domain.counts.positions import (
    row_key,
)
from processors.domain.moved import book_at, lowest_book, moved_between
from processors.domain.refusals import Reason
from processors.domain.view import POSITIONS, STOCK


class Settling:
    """A slice of a settlement: `outcomes` of its lines, of which those of serials are settled by `pieces`."""

    def __init__(self, outcomes: Outcomes, pieces: Pieces) -> None:
        self._outcomes, self._pieces, self._view = outcomes, pieces, outcomes.view

    def is_serial_managed(self, row: PositionRow) -> bool:
        """Whether the goods of a row are pieces with serials, as they are pinned by their stock."""
        desk = self._outcomes.desk(row)
        return isinstance(desk, Desk) and desk.item.serial_managed

    def settle(self, row: PositionRow) -> None:
        """Settle one line, or say what it waits for. `row` stays as it is."""
        row = replace(row)  # once for each of many lines: what is found is written into the copy
        if row.serial_code is None:
            self._settle_quantity(row)
        else:
            self._pieces.settle(row)

    def _settle_quantity(self, row: PositionRow) -> None:
        key = row_key(row)
        if self._outcomes.too_old(row):
            return
        if self._superseded(row):
            self._outcomes.end(row, "superseded")
            return
        stock = self._view.get(STOCK, key)
        book = book_at(self._view, key, 0 if stock is None else stock.stock, row.moment)
        if row.made == "zero":
            first = min(row.opened_at, row.moment)
            lowest = lowest_book(self._view, key, 0 if stock is None else stock.stock, first, row.moment)
            row.counted = book - max(0, lowest)
        moved = row.made == "count" and moved_between(self._view, key, row.counted_from, row.counted_at)
        row.book, row.difference, row.moved_during_count = book, row.counted - book, moved
        desk = self._outcomes.desk(row)
        if isinstance(desk, Reason):
            self._outcomes.end(row, "refused", [desk])
        elif not self._outcomes.asks(row, desk):
            self._outcomes.adjust(row, desk)

    def _superseded(self, row: PositionRow) -> bool:
        """Whether a count of the same row at this moment or later is settled already."""
        for key, other in self._view.prefix(POSITIONS, f"{row_key(row)}||"):
            kept = self._outcomes.changes.positions.get(key, other)
            if kept is not None and kept.state == "settled" and kept.moment >= row.moment:
                return True
        return False
