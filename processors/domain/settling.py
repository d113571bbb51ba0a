"""One counted line against the book at its moment: nothing, an adjustment, a question, or why not (architecture §6).

The rows that are found by walking (trails, positions) are those before the slice, in which no stock row without
serials and no piece is settled twice.
"""

from collections.abc import Callable
from dataclasses import replace

from processors.domain import keys
from processors.domain.adjusting import (
    Desk,
    PostedAdjustment,
    adjustment_id,
    post_adjustment,
    value_of,
)
from processors.domain.changes import Changes
from processors.domain.count_lines import Adjustment, LineResult, PositionRow
from processors.domain.count_lists import ListFacts
from processors.domain.decision import Emit
from processors.domain.events import Reply
from processors.domain.layer import Layer
from processors.domain.line_results import Outcome, result_of
from processors.domain.master import MasterData
from processors.domain.moments import end_of_day
from processors.domain.moved import book_at, lowest_book, moved_between
from processors.domain.pins import Pin
from processors.domain.positions import (
    GROUP,
    is_held,
    item_key,
    later_counts_of_serial,
    later_place,
    made_line,
    note_counted,
    position_key,
    row_key,
    scope_key,
)
from processors.domain.progressives import Claimed
from processors.domain.quantity import ONE
from processors.domain.refusals import Reason, Refusal
from processors.domain.registers import SerialRow
from processors.domain.serial_places import SerialMoves
from processors.domain.serials import serial_prefix
from processors.domain.stock import empty_row
from processors.domain.tolerance import beyond
from processors.domain.view import POSITIONS, SERIALS, STOCK, View


class Settling:
    """A slice of a settlement: what its lines have changed so far, and their results.

    `pin_of`: what an item is decided against (`pins`), by its key. `decode_reply` reads kept answers.
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
        decode_reply: Callable[[bytes], Reply],
    ) -> None:
        self.view, self.facts, self.time_ms = view, facts, time_ms
        self.changes = Changes(view)
        self.results: list[LineResult] = []
        self.pins: dict[str, Pin | None] = {}
        self._master, self._claimed, self._settlement = master, claimed, settlement
        self._dropped_until, self._partition = dropped_until, partition
        self._pin_of, self._decode_reply = pin_of, decode_reply
        self._moves: dict[str, SerialMoves] = {}

    @property
    def time_zone(self) -> str:
        return self._master.company.time_zone

    def is_serial_managed(self, row: PositionRow) -> bool:
        """Whether the goods of a row are pieces with serials, as they are pinned by their stock."""
        desk = self._desk(row)
        return isinstance(desk, Desk) and desk.item.serial_managed

    def settle(self, row: PositionRow) -> None:
        """Settle one line, or say what it waits for. `row` stays as it is."""
        row = replace(row)  # once for each of many lines: what is found is written into the copy
        if row.serial_code is None:
            self._settle_quantity(row)
        else:
            self._settle_serial(row)

    # quantities

    def _settle_quantity(self, row: PositionRow) -> None:
        key = row_key(row)
        if self._too_old(row):
            return
        if self._superseded(row):
            self._end(row, "superseded")
            return
        stock = self.view.get(STOCK, key)
        book = book_at(self.view, key, 0 if stock is None else stock.stock, row.moment)
        if row.made == "zero":
            first = min(row.opened_at, row.moment)
            lowest = lowest_book(self.view, key, 0 if stock is None else stock.stock, first, row.moment)
            row.counted = book - max(0, lowest)
        moved = row.made == "count" and moved_between(self.view, key, row.counted_from, row.counted_at)
        row.book, row.difference, row.moved_during_count = book, row.counted - book, moved
        desk = self._desk(row)
        if isinstance(desk, Reason):
            self._end(row, "refused", [desk])
        elif not self._asks(row, desk):
            self._adjust(row, desk)

    def _superseded(self, row: PositionRow) -> bool:
        """Whether a count of the same row at this moment or later is settled already."""
        for key, other in self.view.prefix(POSITIONS, f"{row_key(row)}||"):
            kept = self.changes.positions.get(key, other)
            if kept is not None and kept.state == "settled" and kept.moment >= row.moment:
                return True
        return False

    def _adjust(self, row: PositionRow, desk: Desk) -> None:
        """Post the difference of a line, if any."""
        difference, reasons = row.difference or 0, list[Reason]()
        row.value = value_of(difference, desk.item.unit_cost)
        if difference:
            id = adjustment_id(row)
            place = (row.warehouse, row.location, row.lot_code)
            posted = self._post(row, desk, place, difference, id, None, reasons)
            if posted is None:
                self._end(row, "refused", reasons)
                return
            row.adjustment_id, row.adjusted = id, difference
        self._end(row, "settled")

    # pieces

    def _settle_serial(self, row: PositionRow) -> None:
        if row.made == "count" and not self.facts.settled:
            self._note_group(row)
        if self._too_old(row):
            return
        piece = (row.lot_code, row.serial_code or "")
        if self._counted_later(row):
            self._end(row, "superseded")
            return
        if row.made == "count" and row.counted and self._gone_through_later(row):
            self._end(row, "superseded", reason="gone-through-since")
            return
        here, moves = (row.warehouse, row.location), self.moves(row)
        place = moves.place_at(piece, self._serial(row), row.moment)
        book = ONE if place == here else 0
        row.book, row.difference = book, row.counted - book
        desk = self._desk(row)
        if isinstance(desk, Reason):
            self._end(row, "refused", [desk])
            return
        if row.difference and moves.documented_after(piece, row.moment):
            self._end(row, "superseded", reason="moved-since")
        elif not self._asks(row, desk):
            now = self._serial(row)
            still = now is not None and now.state == "in_stock" and (now.warehouse, now.location) == place
            if row.counted and place is not None and place != here and still:
                self._relocate(row, desk, place)
            else:
                self._adjust(row, desk)

    def _counted_later(self, row: PositionRow) -> bool:
        """Whether a count at this moment or later says where the piece was, and is settled already."""
        return later_counts_of_serial(self.changes, self._serial_key(row), row_key(row), row.moment) is not None

    def _gone_through_later(self, row: PositionRow) -> bool:
        """Whether the place of a piece was counted as a whole later, by an inventory that did not find it there."""
        return later_place(self.changes, row_key(row), self._serial_key(row), row.moment) is not None

    def _relocate(self, row: PositionRow, desk: Desk, place: tuple[str, str | None]) -> None:
        """A piece that is registered elsewhere: out there, in here, one group of two adjustments."""
        id, reasons = adjustment_id(row), list[Reason]()
        row = replace(row, value=value_of(ONE, desk.item.unit_cost))
        there = (place[0], place[1], row.lot_code)
        before, kept = self.changes, Changes(Layer(self.changes))
        self.changes = kept
        out = self._post(row, desk, there, -ONE, f"{id}/from", id, reasons)
        come = out and self._post(row, desk, (row.warehouse, row.location, row.lot_code), ONE, id, id, reasons)
        self.changes = before
        if come is None:
            self._end(row, "refused", reasons)
            return
        before.absorb(kept)
        self._end(replace(row, adjustment_id=id, adjusted=ONE), "settled")

    def _note_group(self, row: PositionRow) -> None:
        """The place of a counted piece is counted: from its first read to its last."""
        group = replace(row, serial_code=None, line=GROUP, revision=1, made="group", state="open", counted=0)
        key = position_key(group)
        known = self.changes.position(key)
        if known is not None and known.state != "open":
            return  # a recount of one piece is none of its place
        if known is None:
            known = replace(
                group, book=None, difference=None, adjusted=0, corrections=0, recounted=False, approved=None
            )
        self.changes.positions[key] = replace(
            known,
            counted=known.counted + ONE,
            counted_from=min(known.counted_from, row.counted_from),
            counted_at=max(known.counted_at, row.counted_at),
            moment=max(known.moment, row.moment),
            updated_at=self.time_ms,
        )

    def settle_group(self, group: PositionRow, closing: int) -> None:
        """Settle a counted place: what was there all the time of its count and that nobody read is missing."""
        first = self.facts.moment(group.counted_from, self._master.company.time_zone)
        self.missing(group, first, group.moment, closing)
        self.changes.positions[position_key(group)] = replace(group, state="settled", updated_at=self.time_ms)
        note_counted(self.changes, group)
        self._note_row(group)

    def missing(self, place: PositionRow, first: int, last: int, closing: int) -> None:
        """Settle as missing all pieces that were at a place from one moment through another and that nobody read.

        `closing`: one that left later, but before that moment, may have left before the operator came to it.
        """
        scope, here = scope_key(place), (place.warehouse, place.location)
        moves = self.moves(place, first)
        prefix = serial_prefix(scope, place.lot_code)
        for key, stored in self.view.prefix(SERIALS, prefix):
            row = self.changes.serials.get(key) or stored
            piece = (place.lot_code, row.serial_code)
            if moves.place_at(piece, row, first) != here or moves.place_at(piece, row, last) != here:
                continue
            if moves.documented_after(piece, first):
                continue
            serial_key = f"{prefix}{keys.part(row.serial_code)}"
            if is_held(self.changes, serial_key, place.inventory):
                continue
            if later_counts_of_serial(self.changes, serial_key, row_key(place), first) is not None:
                continue  # seen, by whatever inventory
            line = replace(
                place, serial_code=row.serial_code, line=made_line("m", place, row.serial_code), made="missing",
                revision=1, counted=0, counted_from=first, counted_at=last, moment=last, state="open", book=None,
                difference=None, value=None, adjustment_id=None, adjusted=0, corrections=0, reason=None,
                unread_until=closing,
            )  # fmt: skip
            self.settle(line)

    def moves(self, row: PositionRow, since: int | None = None) -> SerialMoves:
        """What moved the pieces of a line's item since a moment (its own)."""
        scope, since = scope_key(row), row.moment if since is None else since
        known = self._moves.get(scope)
        if known is None or known.since > since:
            known = self._moves[scope] = SerialMoves(self.view, scope, since, self._decode_reply)
        return known

    def _serial(self, row: PositionRow) -> SerialRow | None:
        key = f"{serial_prefix(scope_key(row), row.lot_code)}{keys.part(row.serial_code or '')}"
        return self.changes.serials.get(key) or self.view.get(SERIALS, key)

    def _serial_key(self, row: PositionRow) -> str:
        return keys.join(row.item_class, row.item_code, row.variant or "", row.lot_code or "", row.serial_code or "")

    # both

    def _desk(self, row: PositionRow) -> Desk | Reason:
        """What the line is posted against: the item as it is pinned by its stock."""
        name = item_key(row)
        if name not in self.pins:
            self.pins[name] = self._pin_of(row)
        pin = self.pins[name]
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

    def _asks(self, row: PositionRow, desk: Desk) -> bool:
        """Whether the difference has to be looked at first; then it is said so."""
        difference, book, cost = row.difference or 0, row.book or 0, desk.item.unit_cost
        if difference == 0:
            return False
        row = replace(row, value=value_of(difference, cost))
        if row.approved is not None:
            if row.approved == difference:
                return False
            self._end(replace(row, approved=None), "approval", reason="difference-changed")
            return True
        asks = self.facts.beyond_tolerance
        if asks == "accept" or row.recounted or not beyond(self.facts, difference, book, cost):
            return False
        self._end(row, asks, reason="beyond-tolerance")
        return True

    def _too_old(self, row: PositionRow) -> bool:
        """Whether what moved since the count is no longer known in full."""
        company = self._master.company
        first = company.open_from
        if self._dropped_until is not None:
            first = self._dropped_until + 1 if first is None else max(first, self._dropped_until + 1)
        if first is None or row.moment > end_of_day(company.time_zone, first - 1):
            return False
        self._end(row, "recount", reason="line-too-old")
        return True

    def _post(
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
        pin = self.pins.get(desk.item_key)
        if pin is not None and pin.row is not None:
            self.changes.state[pin.key] = pin.row
        return posted

    def _end(
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
                self._note_row(row)
            else:
                note_counted(self.changes, row)
        self.results.append(result_of(row, state))

    def _note_row(self, row: PositionRow) -> None:
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
