"""What a counted line comes to: posted, asked, refused, superseded; kept with the line, and told (architecture §6)."""

from collections.abc import Callable
from dataclasses import replace

from processors.domain.changes import Changes
from processors.domain.count_lines import Adjustment, LineResult, PositionRow
from processors.domain.counts.adjusting import (
    Desk,
    PostedAdjustment,
    adjustment_id,
    post_adjustment,
    value_of,
)
from processors.domain.counts.line_results import Outcome, result_of
from processors.domain.counts.list_facts import ListFacts
from processors.domain.counts.positions import (
    item_key,
    note_counted,
    position_key,
    row_key,
    scope_key,
)
from processors.domain.counts.tolerance import beyond
from processors.domain.decision import Emit
from processors.domain.layer import Layer
from processors.domain.master import MasterData
from processors.domain.moments import end_of_day
from processors.domain.pins import Pin
from processors.domain.progressives import Claimed
from processors.domain.quantity import ONE
from processors.domain.refusals import Reason, Refusal
from processors.domain.stock import empty_row
from processors.domain.view import View


class Outcomes:
    """What a slice of a settlement has changed so far, and the results of its lines.

    `pin_of`: what an item is decided against (`pins`), by its key.
    """

    def __init__(
        self,
        view: View,
        master: MasterData,
        claimed: Claimed,
        facts: ListFacts,
        settlement: int,
        dropped_until: int | None,
        partition: int,
        time_ms: int,
        pin_of: Callable[[PositionRow], Pin | None],
    ) -> None:
        self.view, self.facts, self.time_ms = view, facts, time_ms
        self.changes = Changes(view)
        self.results: list[LineResult] = []
        self._pins: dict[str, Pin | None] = {}
        self._master, self._claimed, self._settlement = master, claimed, settlement
        self._dropped_until, self._partition, self._pin_of = dropped_until, partition, pin_of

    @property
    def time_zone(self) -> str:
        return self._master.company.time_zone

    def desk(self, row: PositionRow) -> Desk | Reason:
        """What the line is posted against: the item as it is pinned by its stock."""
        name = item_key(row)
        if name not in self._pins:
            self._pins[name] = self._pin_of(row)
        pin = self._pins[name]
        master = self._master if pin is None else pin.master
        item = master.items.get((row.item_class, row.item_code))
        if item is None:
            message = f"item {row.item_code!r} is not in the master data; send it, then approve the line"
            return Reason("item-unknown", message, "item_code")
        if row.unit != item.unit:
            message = (
                f"counted in {row.unit!r}, the stock of item {item.item_code!r} is in {item.unit!r}; count it again"
            )
            return Reason("unit-unknown", message, "unit")
        return Desk(
            item, row.variant or "", name, scope_key(row), master, self._claimed, self._dropped_until, self._partition,
            self.time_ms,
        )  # fmt: skip

    def adjust(self, row: PositionRow, desk: Desk) -> None:
        """Post the difference of a line, if any."""
        difference, reasons = row.difference or 0, list[Reason]()
        row.value = value_of(difference, desk.item.unit_cost)
        if difference:
            id = adjustment_id(row)
            place = (row.warehouse, row.location, row.lot_code)
            posted = self.post(row, desk, place, difference, id, None, reasons)
            if posted is None:
                self.end(row, "refused", reasons)
                return
            row.adjustment_id, row.adjusted = id, difference
        self.end(row, "settled")

    def asks(self, row: PositionRow, desk: Desk) -> bool:
        """Whether the difference has to be looked at first; then it is said so."""
        difference, book, cost = row.difference or 0, row.book or 0, desk.item.unit_cost
        if difference == 0:
            return False
        row = replace(row, value=value_of(difference, cost))
        if row.approved is not None:
            if row.approved == difference:
                return False
            self.end(replace(row, approved=None), "approval", reason="difference-changed")
            return True
        asks = self.facts.beyond_tolerance
        if asks == "accept" or row.recounted or not beyond(self.facts, difference, book, cost):
            return False
        self.end(row, asks, reason="beyond-tolerance")
        return True

    def too_old(self, row: PositionRow) -> bool:
        """Whether what moved since the count is no longer known in full."""
        company = self._master.company
        first = company.open_from
        if self._dropped_until is not None:
            first = self._dropped_until + 1 if first is None else max(first, self._dropped_until + 1)
        if first is None or row.moment > end_of_day(company.time_zone, first - 1):
            return False
        self.end(row, "recount", reason="line-too-old")
        return True

    def post(
        self,
        row: PositionRow,
        desk: Desk,
        place: tuple[str, str | None, str | None],
        amount: int,
        id: str,
        group: str | None,
        reasons: list[Reason],
    ) -> PostedAdjustment | None:
        step = Changes(Layer(self.changes))
        posted = post_adjustment(step, desk, row, place, amount, id, reasons, serial=row.serial_code)
        if posted is None:
            return None
        self.changes.absorb(step)
        elsewhere = group is not None and amount < 0
        counted, book = (0, ONE) if elsewhere else (row.counted, row.book or 0)
        adjustment = Adjustment(
            id, "difference", None, row.inventory, row.list, row.line, row.item_class, row.item_code, row.variant,
            *place, row.serial_code, counted, book, amount, row.unit, "load" if amount > 0 else "unload",
            posted.template, desk.item.unit_cost, value_of(amount, desk.item.unit_cost), row.reason_code, row.operator,
            row.counted_at, self.time_ms, None, group,
        )  # fmt: skip
        self.changes.records.append(Emit("adjustments", desk.item_key, adjustment))
        pin = self._pins.get(desk.item_key)
        if pin is not None and pin.row is not None:
            self.changes.state[pin.key] = pin.row
        return posted

    def end(
        self,
        row: PositionRow,
        state: Outcome,
        reasons: list[Reason] | None = None,
        reason: str | None = None,
    ) -> None:
        """Keep the line's result, and tell it. `row` is the settling's own."""
        if reasons:
            refusal = Refusal.of(reasons)
            reason = "; ".join(f"{found.code}: {found.message}" for found in refusal.reasons)
        row.state, row.reason, row.settlement, row.updated_at = state, reason, self._settlement, self.time_ms
        self.changes.positions[position_key(row)] = row
        if state == "settled":
            if row.serial_code is None:
                self.note_row(row)
            else:
                note_counted(self.changes, row)
        self.results.append(result_of(row, state))

    def note_row(self, row: PositionRow) -> None:
        """The stock row tells when it was counted; a place that never held anything gets a row."""
        key = row_key(row)
        stock = self.changes.stock_row(key)
        if stock is None:
            item = (row.item_class, row.item_code)
            stock = empty_row(
                item, row.variant or "", row.warehouse, row.location, row.lot_code, row.unit, adjustment_id(row),
                self.time_ms,
            )  # fmt: skip
        if stock.last_counted_at is None or stock.last_counted_at < row.moment:
            stock = replace(stock, last_counted_at=row.moment, updated_at=self.time_ms)
        self.changes.stock[key] = stock
