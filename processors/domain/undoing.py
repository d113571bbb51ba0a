"""The sides of a movement undone one by one: rows as if it had not been, or why they cannot be (`domain.md` §3)."""

from collections.abc import Container
from dataclasses import replace

from processors.domain import keys, quantity
from processors.domain.changes import ChangedRow, Changes
from processors.domain.commitments import Commitments
from processors.domain.counts.adjusting import Desk
from processors.domain.counts.gone_through import first_counts, gone_through_until, place_of
from processors.domain.counts.late import late_serials, must_stay, settle_late
from processors.domain.counts.positions import LateMove, LaterCounts
from processors.domain.decision import Decision, Emit
from processors.domain.documents import add_load, undo
from processors.domain.effects import Accepted, Effect, lines_of
from processors.domain.events import Reply
from processors.domain.form import listed
from processors.domain.generations import remember_lot, remember_serial
from processors.domain.lineage import publish_edges
from processors.domain.lots import lot_key
from processors.domain.message import Message
from processors.domain.moved import moved_text
from processors.domain.movement import Movement
from processors.domain.posting import Circumstances, Posted
from processors.domain.refusals import Reason
from processors.domain.registers import LotRow, SerialRow, StateRow, StockRow
from processors.domain.released import Released
from processors.domain.serials import serial_prefix
from processors.domain.stock import held_in_warehouse
from processors.domain.stock_keys import stock_key
from processors.domain.undone import line_undone, posting_undone
from processors.domain.view import COUNTERS, LOTS, SERIALS, STATE


class Undoing:
    """One movement being undone: what has changed so far."""

    def __init__(
        self, message: Message, movement: Movement, accepted: Accepted, around: Circumstances, reasons: list[Reason]
    ) -> None:
        self._message, self._movement, self._accepted = message, movement, accepted
        self._around, self._reasons = around, reasons
        original = accepted.movement
        self._item = (original.item_class, original.item_code)
        self._scope_key = f"{message.key}|{keys.part(original.variant or '')}"
        self._changes = Changes(around.view)
        self._gone: list[ChangedRow] = []
        self._generations: dict[str, StateRow] = {}
        self._released = Released(accepted, message.key, around, message.partition, message.time_ms)
        self._transfer = any(effect.offset for effect in accepted.effects)
        self._one_row = len(accepted.reply.lots) <= 1
        self._reserved: dict[tuple[str, str], str] = {}
        """(Lot code, serial code) of pieces that are reserved again → for which document."""
        self._counts_added: dict[str, int] = {}
        """Stock key → what counts later than the movement have added to it."""
        self._postings = 0
        self._moves_serials = False
        self._stock_after: int | None = None

    def undo(self, effect: Effect) -> None:
        """Undo one side."""
        if effect.consumed:
            self._give_back(effect)
        lines = lines_of(effect, self._accepted.effects, self._accepted.reply)
        entry = 0
        side = "" if effect.side == "main" else f"{effect.side}|"
        prefix = f"{self._message.key}|{keys.part(self._accepted.movement.movement_id)}|{side}"
        for place, (lot_code, amount, serials) in enumerate(lines):
            counted = self._leave_counts_as_they_are(effect, lot_code, amount, serials)
            if lot_code is not None:
                entry += 1
                self._undo_lot(effect, lot_code, amount, f"{prefix}{entry}")
            if serials:
                self._moves_serials = True
                self._undo_serials(effect, place, lot_code, serials, prefix, entry, counted)
                entry += len(serials)
            self._undo_stock(effect, lot_code, amount, one=self._one_row)
            if effect.traced:
                publish_edges(
                    self._changes,
                    self._message.key,
                    self._accepted.movement,
                    "output" if effect.load else "input",
                    lot_code,
                    amount,
                    serials,
                    self._accepted.moment,
                    sign=-1,
                    by=self._movement.movement_id,
                )

    def done(self) -> Posted:
        """The decision, once nothing speaks against it."""
        message, movement, accepted = self._message, self._movement, self._accepted
        ids = [movement.movement_id]
        if self._transfer:
            ids.append(f"{movement.movement_id}/offset")
        reply = Reply(
            message.topic,
            movement.movement_id,
            "done",
            (),
            accepted.reply.lots,
            accepted.reply.serials,
            self._stock_after,
            tuple(ids),
            message.time_ms,
        )
        gone = {(register.topic, key) for register, key, _ in self._gone}
        rows = [row for row in self._changes.rows() if (row[0].topic, row[1]) not in gone] + self._gone
        rows += [(COUNTERS, key, row) for key, row in self._released.rows.items()]
        rows += [(STATE, key, row) for key, row in self._generations.items()]
        records = [Emit("replies", keys.part(reply.request_id), reply, message.key), *self._changes.records]
        moved = moved_text(self._scope_key, self._changes.moved, self._moves_serials)
        return Posted(Decision(rows, records, [], self._released.claims, []), reply, "", self._accepted.moment, moved)

    def _give_back(self, effect: Effect) -> None:
        """What the movement took of reservations, its own document's or another's, is reserved again."""
        commitments = Commitments(
            self._changes,
            self._scope_key,
            self._item,
            self._accepted.movement.variant or "",
            "",  # of a new stock row only, and what was reserved has one
            self._movement.movement_id,
            self._message.time_ms,
        )
        for key, amount in effect.consumed.items():
            parts = keys.split(key)
            if amount < 0:
                document, place = (parts[7], parts[8]), (parts[3], parts[4] or None)
                commitments.commit(document, *place, parts[5] or None, parts[6] or None, -amount)
            else:
                commitments.give_back(key, amount)
            if parts[6]:
                self._reserved[parts[5], parts[6]] = keys.join(*parts[7:])

    def _leave_counts_as_they_are(
        self, effect: Effect, lot_code: str | None, amount: int, serials: tuple[str, ...]
    ) -> Container[str]:
        """Correct first what a later count has settled, so that a lot or serial is never without a document.

        Gives the serials that stay where they are.
        """
        key = stock_key(self._scope_key, effect.warehouse, effect.location, lot_code)
        moment, back = self._accepted.moment, -1 if effect.load else 1
        place = (effect.warehouse, effect.location, lot_code)
        late: list[LateMove] = []
        counted: int | None = None
        staying: frozenset[str] = frozenset()
        if serials:
            there = place_of(self._stock_row(key))
            found = late_serials(self._changes, self._scope_key, key, there, serials, moment, not effect.load)
            if found:
                staying = must_stay(self._changes, self._scope_key, place[:2], lot_code, found, not effect.load, True)
            for serial, counts in found.items():
                late.append(LateMove(counts, back * quantity.ONE, *place, serial, serial in staying))
        elif (later := self._later_counts(key, moment)) is not None:
            row = self._changes.stock_row(key)
            short = effect.load and row is not None and row.stock - row.committed < amount
            short = short and not (lot_code is None and self._may_be_negative(effect))
            correct = later.first.compensate_late or short
            late.append(LateMove(later, back * amount, *place, None, correct))
            if correct and effect.load:
                counted = later.adjusted - self._stock_row(key).stock
        if late:
            item = self._around.master.items.get(self._item)
            if item is None:
                return staying  # an item is never taken out of the master data
            desk = Desk(
                item,
                self._accepted.movement.variant or "",
                self._message.key,
                self._scope_key,
                self._around.master,
                self._around.claimed,
                self._around.dropped_until,
                self._message.partition,
                self._message.time_ms,
            )
            for move in late:
                self._reasons += settle_late(self._changes, desk, self._movement.movement_id, moment, move)
            if counted is not None:
                self._counts_added[key] = counted + self._stock_row(key).stock
        return staying

    def _stock_row(self, key: str) -> StockRow:
        row = self._changes.stock_row(key)
        assert row is not None, f"stock row {key} of an accepted movement"
        return row

    def _later_counts(self, key: str, moment: int) -> LaterCounts | None:
        """The settled counts of a stock row without serials that the undone movement happened before."""
        row = self._stock_row(key)
        until = max(row.last_counted_at or 0, gone_through_until(self._changes.view, row.warehouse) or 0)
        return None if moment > until else first_counts(self._changes, place_of(row), key, moment)

    def _undo_stock(self, effect: Effect, lot_code: str | None, amount: int, one: bool) -> None:
        key = stock_key(self._scope_key, effect.warehouse, effect.location, lot_code)
        old = self._stock_row(key)
        loaded, unloaded, stock = old.loaded, old.unloaded, old.stock
        if effect.load:
            loaded -= amount
            stock -= amount
            if lot_code is not None or not self._may_be_negative(effect):
                self._check_held(effect, lot_code, amount, old.stock - old.committed, self._counts_added.get(key, 0))
        else:
            unloaded -= amount
            stock += amount
        movement = self._movement
        row = self._changes.stock[key] = replace(
            old,
            loaded=loaded,
            unloaded=unloaded,
            stock=stock,
            last_movement_id=movement.movement_id,
            updated_at=self._message.time_ms,
        )
        moved = self._changes.moved
        moved[key] = moved.get(key, 0) + (-amount if effect.load else amount)
        if one and not effect.offset:
            self._stock_after = stock
        self._postings += 1
        entry_id = f"{self._message.key}|{keys.part(movement.movement_id)}|{self._postings}"
        told = posting_undone(self._accepted, movement, effect, row, entry_id, amount)
        self._changes.records.append(Emit("postings", self._message.key, told))

    def _may_be_negative(self, effect: Effect) -> bool:
        company, warehouse = self._around.master.company, self._around.master.warehouses.get(effect.warehouse)
        item = self._around.master.items.get(self._item)
        return (
            company.allow_negative_stock
            and warehouse is not None
            and warehouse.allow_negative_stock
            and not (item is not None and item.serial_managed)
        )

    def _check_held(self, effect: Effect, lot_code: str | None, amount: int, held: int, added: int) -> None:
        """`added`: what later counts have added, this reversal's own correction included; it does not count."""
        warehouse = self._around.master.warehouses.get(effect.warehouse)
        if warehouse is not None and warehouse.locations and not warehouse.check_location_stock:
            held = held_in_warehouse(self._changes, self._scope_key, effect.warehouse, lot_code)
        held -= added
        if held < amount:
            goods = f"item {self._item[1]!r}" if lot_code is None else f"lot {lot_code!r}"
            self._moved_on(
                f"{quantity.text(amount)} of {goods} were loaded into warehouse {effect.warehouse!r} and only "
                f"{quantity.text(held)} are free there now"
            )

    def _undo_lot(self, effect: Effect, lot_code: str, amount: int, entry_id: str) -> None:
        key = lot_key(self._scope_key, lot_code)
        old = self._changes.lot_row(key)
        assert old is not None, f"lot {key} of an accepted movement"
        if effect.load:
            row = replace(old, loaded=old.loaded - amount, stock=old.stock - amount, updated_at=self._message.time_ms)
            row.initial_quantity = min(row.initial_quantity, row.loaded)
        else:
            row = replace(
                old, unloaded=old.unloaded - amount, stock=old.stock + amount, updated_at=self._message.time_ms
            )
        self._changes.lots[key] = row
        if row.loaded == row.unloaded == 0:
            self._gone.append((LOTS, key, None))
            self._released.lot(self._changes, key, row)
            at = self._message.time_ms
            name, kept = remember_lot(self._scope_key, self._item, lot_code, row.generation, at)
            self._generations[name] = kept
        self._note(effect, row, entry_id, amount)

    def _undo_serials(
        self,
        effect: Effect,
        place: int,
        lot_code: str | None,
        serials: tuple[str, ...],
        entry_prefix: str,
        entry: int,
        counted: Container[str],
    ) -> None:
        prefix, moved_on, closed = serial_prefix(self._scope_key, lot_code), list[str](), list[str]()
        for number, serial in enumerate(serials, entry + 1):
            key = f"{prefix}{keys.part(serial)}"
            old = self._changes.serials.get(key) or self._around.view.get(SERIALS, key)
            here = old is not None and (
                (old.state, old.warehouse, old.location) == ("in_stock", effect.warehouse, effect.location)
                and not old.reserved
                if effect.load
                else old.state == "out"
            )
            if old is None or not (here or serial in counted):
                moved_on.append(serial)
                continue
            if old.cancelled or old.force_closed:
                closed.append(serial)
                continue
            stays = serial in counted
            row = replace(old, updated_at=self._message.time_ms) if stays else self._serial_before(effect, old)
            self._changes.serials[key] = row
            moved_by = self._accepted.movement.movement_id + ("/offset" if effect.offset else "")
            left = undo(self._changes, key, row, moved_by, effect.load)
            if stays:
                add_load(self._changes, key, row, self._message.time_ms)  # the correction is a document of it
            elif left == 0:
                self._gone.append((SERIALS, key, None))
                self._released.serial(place, key, row)
                self._generations |= remember_serial(
                    self._scope_key, self._item, lot_code, serial, row.generation, self._message.time_ms
                )
            self._note(effect, row, f"{entry_prefix}{number}", quantity.ONE)
        if moved_on:
            self._moved_on(f"serials {listed(moved_on)} are no longer where the movement left them")
        if closed:
            told = (
                f"serials {listed(closed)} are cancelled or closed by force and do not move; take the flag back first"
            )
            self._reasons.append(Reason("reversal-impossible", told, "reverses"))

    def _serial_before(self, effect: Effect, old: SerialRow) -> SerialRow:
        time_ms = self._message.time_ms
        if effect.load:
            return replace(old, state="out", warehouse=None, location=None, updated_at=time_ms)
        row = replace(old, state="in_stock", warehouse=effect.warehouse, location=effect.location, updated_at=time_ms)
        document = self._reserved.get((old.lot_code or "", old.serial_code))
        if document is not None:
            row.reserved, row.reserved_for = True, document
        return row

    def _note(self, effect: Effect, row: LotRow | SerialRow, entry_id: str, amount: int) -> None:
        item = self._around.master.items.get(self._item)
        unit = "" if item is None else item.unit
        told = line_undone(self._accepted, effect, row, entry_id, amount, unit)
        self._changes.records.append(Emit("register-history", self._message.key, told))

    def _moved_on(self, what: str) -> None:
        self._reasons.append(Reason("reversal-impossible", f"{what}; reverse the later movements first", "reverses"))
