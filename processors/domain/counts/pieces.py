"""Lines of serials: where a piece was at the moment it was read, and which pieces of a counted place nobody read."""

from collections.abc import Callable
from dataclasses import replace

from processors.domain import keys
from processors.domain.changes import Changes
from processors.domain.count_lines import PositionRow
from processors.domain.counts.adjusting import (
    Desk,
    adjustment_id,
    value_of,
)
from processors.domain.counts.outcomes import Outcomes
from processors.domain.counts.positions import (
    GROUP,
    is_held,
    later_counts_of_serial,
    later_place,
    made_line,
    note_counted,
    position_key,
    row_key,
    scope_key,
)
from processors.domain.counts.serial_places import SerialMoves
from processors.domain.events import Reply
from processors.domain.layer import Layer
from processors.domain.quantity import ONE
from processors.domain.refusals import Reason
from processors.domain.registers import SerialRow
from processors.domain.serials import serial_prefix
from processors.domain.view import SERIALS


class Pieces:
    """Settles the lines of pieces in a slice. `decode_reply` reads kept answers: what moved which piece."""

    def __init__(self, outcomes: Outcomes, decode_reply: Callable[[bytes], Reply]) -> None:
        self._outcomes, self._view, self._decode_reply = outcomes, outcomes.view, decode_reply
        self._moves: dict[str, SerialMoves] = {}

    def settle(self, row: PositionRow) -> None:
        """Settle the line of one piece; what is found is written into `row`."""
        if row.made == "count" and not self._outcomes.facts.settled:
            self._note_group(row)
        if self._outcomes.too_old(row):
            return
        piece = (row.lot_code, row.serial_code or "")
        if self._counted_later(row):
            self._outcomes.end(row, "superseded")
            return
        if row.made == "count" and row.counted and self._gone_through_later(row):
            self._outcomes.end(row, "superseded", reason="gone-through-since")
            return
        here, moves = (row.warehouse, row.location), self._moves_of(row)
        place = moves.place_at(piece, self._serial(row), row.moment)
        book = ONE if place == here else 0
        row.book, row.difference = book, row.counted - book
        desk = self._outcomes.desk(row)
        if isinstance(desk, Reason):
            self._outcomes.end(row, "refused", [desk])
            return
        if row.difference and moves.documented_after(piece, row.moment):
            self._outcomes.end(row, "superseded", reason="moved-since")
        elif not self._outcomes.asks(row, desk):
            now = self._serial(row)
            still = now is not None and now.state == "in_stock" and (now.warehouse, now.location) == place
            if row.counted and place is not None and place != here and still:
                self._relocate(row, desk, place)
            else:
                self._outcomes.adjust(row, desk)

    def _counted_later(self, row: PositionRow) -> bool:
        """Whether a count at this moment or later says where the piece was, and is settled already."""
        return (
            later_counts_of_serial(self._outcomes.changes, self._serial_key(row), row_key(row), row.moment) is not None
        )

    def _gone_through_later(self, row: PositionRow) -> bool:
        """Whether the place of a piece was counted as a whole later, by an inventory that did not find it there."""
        return later_place(self._outcomes.changes, row_key(row), self._serial_key(row), row.moment) is not None

    def _relocate(self, row: PositionRow, desk: Desk, place: tuple[str, str | None]) -> None:
        """A piece that is registered elsewhere: out there, in here, one group of two adjustments."""
        id, reasons = adjustment_id(row), list[Reason]()
        row = replace(row, value=value_of(ONE, desk.item.unit_cost))
        there = (place[0], place[1], row.lot_code)
        before, kept = self._outcomes.changes, Changes(Layer(self._outcomes.changes))
        self._outcomes.changes = kept
        out = self._outcomes.post(row, desk, there, -ONE, f"{id}/from", id, reasons)
        come = out and self._outcomes.post(row, desk, (row.warehouse, row.location, row.lot_code), ONE, id, id, reasons)
        self._outcomes.changes = before
        if come is None:
            self._outcomes.end(row, "refused", reasons)
            return
        before.absorb(kept)
        self._outcomes.end(replace(row, adjustment_id=id, adjusted=ONE), "settled")

    def _note_group(self, row: PositionRow) -> None:
        """The place of a counted piece is counted: from its first read to its last."""
        group = replace(row, serial_code=None, line=GROUP, revision=1, made="group", state="open", counted=0)
        key = position_key(group)
        known = self._outcomes.changes.position(key)
        if known is not None and known.state != "open":
            return  # a recount of one piece is none of its place
        if known is None:
            known = replace(
                group, book=None, difference=None, adjusted=0, corrections=0, recounted=False, approved=None
            )
        self._outcomes.changes.positions[key] = replace(
            known,
            counted=known.counted + ONE,
            counted_from=min(known.counted_from, row.counted_from),
            counted_at=max(known.counted_at, row.counted_at),
            moment=max(known.moment, row.moment),
            updated_at=self._outcomes.time_ms,
        )

    def settle_group(self, group: PositionRow, closing: int) -> None:
        """Settle a counted place: what was there all the time of its count and that nobody read is missing."""
        first = self._outcomes.facts.moment(group.counted_from, self._outcomes.time_zone)
        self.missing(group, first, group.moment, closing)
        self._outcomes.changes.positions[position_key(group)] = replace(
            group, state="settled", updated_at=self._outcomes.time_ms
        )
        note_counted(self._outcomes.changes, group)
        self._outcomes.note_row(group)

    def missing(self, place: PositionRow, first: int, last: int, closing: int) -> None:
        """Settle as missing all pieces that were at a place from one moment through another and that nobody read.

        `closing`: one that left later, but before that moment, may have left before the operator came to it.
        """
        scope, here = scope_key(place), (place.warehouse, place.location)
        moves = self._moves_of(place, first)
        prefix = serial_prefix(scope, place.lot_code)
        for key, stored in self._view.prefix(SERIALS, prefix):
            row = self._outcomes.changes.serials.get(key) or stored
            piece = (place.lot_code, row.serial_code)
            if moves.place_at(piece, row, first) != here or moves.place_at(piece, row, last) != here:
                continue
            if moves.documented_after(piece, first):
                continue
            serial_key = f"{prefix}{keys.part(row.serial_code)}"
            if is_held(self._outcomes.changes, serial_key, place.inventory):
                continue
            if later_counts_of_serial(self._outcomes.changes, serial_key, row_key(place), first) is not None:
                continue  # seen, by whatever inventory
            line = replace(
                place, serial_code=row.serial_code, line=made_line("m", place, row.serial_code), made="missing",
                revision=1, counted=0, counted_from=first, counted_at=last, moment=last, state="open", book=None,
                difference=None, value=None, adjustment_id=None, adjusted=0, corrections=0, reason=None,
                unread_until=closing,
            )  # fmt: skip
            self.settle(line)

    def _moves_of(self, row: PositionRow, since: int | None = None) -> SerialMoves:
        """What moved the pieces of a line's item since a moment (its own)."""
        scope, since = scope_key(row), row.moment if since is None else since
        known = self._moves.get(scope)
        if known is None or known.since > since:
            known = self._moves[scope] = SerialMoves(self._view, scope, since, self._decode_reply)
        return known

    def _serial(self, row: PositionRow) -> SerialRow | None:
        key = f"{serial_prefix(scope_key(row), row.lot_code)}{keys.part(row.serial_code or '')}"
        return self._outcomes.changes.serials.get(key) or self._view.get(SERIALS, key)

    def _serial_key(self, row: PositionRow) -> str:
        return keys.join(row.item_class, row.item_code, row.variant or "", row.lot_code or "", row.serial_code or "")
