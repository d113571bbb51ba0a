"""An earlier movement undone, exactly once: stock, lots, serials and codes as if it had not been (`domain.md` §3).

Refused where the goods have moved on. The undone document lines are published again, marked reversed, under their ids.
"""

from dataclasses import replace
from typing import Literal

from processors.domain import keys, quantity
from processors.domain.changes import ChangedRow, Changes
from processors.domain.commitments import Commitments
from processors.domain.decision import Decision, Emit
from processors.domain.documents import undo
from processors.domain.effects import Accepted, Effect
from processors.domain.events import HistoryEntry, Posting, Reply
from processors.domain.form import check_head, listed
from processors.domain.generations import remember_lot, remember_serial
from processors.domain.intake import check_period
from processors.domain.lineage import publish_edges
from processors.domain.lots import lot_key
from processors.domain.message import Message
from processors.domain.moments import happened_at, local_day
from processors.domain.movement import Movement
from processors.domain.posting import Circumstances, Posted
from processors.domain.refusals import Reason
from processors.domain.registers import LotRow, SerialRow, StateRow
from processors.domain.released import Released
from processors.domain.serials import serial_prefix
from processors.domain.stock import held_in_warehouse, stock_key
from processors.domain.view import COUNTERS, LOTS, SERIALS, STATE


def reverse(
    message: Message, movement: Movement, accepted: Accepted | None, around: Circumstances, reasons: list[Reason]
) -> Posted | None:
    """The whole effect of a reversal, but for the rows of the two ids; None where `reasons` were found.

    `accepted` is the movement that it names, None where there is none. What it says beside that id is its own date,
    user and moment of arrival: the moment is the original's.
    """
    if not check_head(movement, message.time_ms, reasons):
        return None
    if movement.lots or movement.serials:
        reasons.append(
            Reason("field-invalid", "a reversal undoes all of a movement; leave out lots and serials", "reverses")
        )
    check_period(around.master.company, movement.effective_date, around.dropped_until, reasons)
    if movement.reverses is None:
        reasons.append(Reason("field-invalid", "action reverse needs reverses, which is missing", "reverses"))
        return None
    if accepted is None:
        reasons.append(
            Reason(
                "movement-unknown",
                f"no movement {movement.reverses!r} of this item was taken; name one that was, with its item",
                "reverses",
            )
        )
        return None
    if accepted.reversed_by is not None:
        reasons.append(
            Reason(
                "movement-already-reversed",
                f"movement {movement.reverses!r} was reversed by {accepted.reversed_by!r} already; leave it",
                "reverses",
            )
        )
    elif not accepted.effects:
        reasons.append(
            Reason(
                "reversal-impossible",
                f"{movement.reverses!r} moved no goods (action {accepted.movement.action}); "
                "release a reservation, post a reversed movement anew",
                "reverses",
            )
        )
    if accepted.reversed_by is not None or not accepted.effects:
        return None
    undoing = _Undoing(message, movement, accepted, around, reasons)
    # Loads first: what a transfer brought must be free before it is back where it came from.
    for effect in sorted(accepted.effects, key=lambda effect: not effect.load):
        undoing.undo(effect)
    return None if reasons else undoing.done()


class _Undoing:
    """One movement being undone: what has changed so far."""

    def __init__(
        self, message: Message, movement: Movement, accepted: Accepted, around: Circumstances, reasons: list[Reason]
    ) -> None:
        self._message, self._movement, self._accepted = message, movement, accepted
        self._around, self._reasons = around, reasons
        original, company = accepted.movement, around.master.company
        self._item = (original.item_class, original.item_code)
        self._scope_key = f"{message.key}|{keys.part(original.variant or '')}"
        today = local_day(company.time_zone, accepted.at)
        self._moment = happened_at(original.occurred_at, original.effective_date, accepted.at, today, company.time_zone)
        self._changes = Changes(around.view)
        self._gone: list[ChangedRow] = []
        self._generations: dict[str, StateRow] = {}
        self._released = Released(accepted, message.key, around, message.partition, message.time_ms)
        self._transfer = any(effect.offset for effect in accepted.effects)
        self._made = any(effect.side == "into" for effect in accepted.effects)
        self._one_row = len(accepted.reply.lots) <= 1
        self._reserved: dict[tuple[str, str], str] = {}
        """(Lot code, serial code) of pieces that are reserved again → for which document."""
        self._postings = 0
        self._stock_after: int | None = None

    def undo(self, effect: Effect) -> None:
        """Undo one side."""
        if effect.consumed:
            self._give_back(effect)
        lines = self._lines(effect)
        entry = 0
        side = "" if effect.side == "main" else f"{effect.side}|"
        prefix = f"{self._message.key}|{keys.part(self._accepted.movement.movement_id)}|{side}"
        for place, (lot_code, amount, serials) in enumerate(lines):
            if lot_code is not None:
                entry += 1
                self._undo_lot(effect, place, lot_code, amount, f"{prefix}{entry}")
            if serials:
                self._undo_serials(effect, place, lot_code, serials, prefix, entry)
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
                    self._moment,
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
        return Posted(Decision(rows, records, [], self._released.claims, []), reply, "")

    def _lines(self, effect: Effect) -> list[tuple[str | None, int, tuple[str, ...]]]:
        """Lot, quantity and serials of each line; the whole movement where it had no lots."""
        reply = self._accepted.reply
        if reply.lots:
            lots = reply.lots
            if self._made:
                lots = lots[-1:] if effect.side == "into" else lots[:-1]
            return [(lot.lot_code, lot.quantity, lot.serials) for lot in lots]
        return [(None, effect.quantity, reply.serials)]

    def _give_back(self, effect: Effect) -> None:
        """What the movement consumed of its document's reservations is reserved again."""
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
            commitments.give_back(key, amount)
            parts = keys.split(key)
            if parts[6]:
                self._reserved[parts[5], parts[6]] = keys.join(*parts[7:])

    def _undo_stock(self, effect: Effect, lot_code: str | None, amount: int, one: bool) -> None:
        key = stock_key(self._scope_key, effect.warehouse, effect.location, lot_code)
        old = self._changes.stock_row(key)
        assert old is not None, f"stock row {key} of an accepted movement"
        loaded, unloaded, stock = old.loaded, old.unloaded, old.stock
        if effect.load:
            loaded -= amount
            stock -= amount
            if lot_code is not None or not self._may_be_negative(effect):
                self._check_held(effect, lot_code, amount, old.stock - old.committed)
        else:
            unloaded -= amount
            stock += amount
        moved_by, time_ms = self._movement.movement_id, self._message.time_ms
        row = replace(old, loaded=loaded, unloaded=unloaded, stock=stock, last_movement_id=moved_by, updated_at=time_ms)
        self._changes.stock[key] = row
        if one and not effect.offset:
            self._stock_after = stock
        self._postings += 1
        original = self._accepted.movement
        suffix = "/offset" if effect.offset else ""
        posting = Posting(
            f"{self._message.key}|{keys.part(moved_by)}|{self._postings}",
            moved_by + suffix,
            effect.template,
            *self._item,
            row.variant,
            row.warehouse,
            row.location,
            lot_code,
            -amount if effect.load else amount,
            row.unit,
            original.unit_cost,
            stock,
            self._moment,
            time_ms,
            effect.offset,
            original.movement_id + suffix,
            None,
            original.document_type,
            original.document_number,
            original.document_date,
            original.account,
            original.project,
            self._movement.user,
        )
        self._changes.records.append(Emit("postings", self._message.key, posting))

    def _may_be_negative(self, effect: Effect) -> bool:
        company, warehouse = self._around.master.company, self._around.master.warehouses.get(effect.warehouse)
        item = self._around.master.items.get(self._item)
        return (
            company.allow_negative_stock
            and warehouse is not None
            and warehouse.allow_negative_stock
            and not (item is not None and item.serial_managed)
        )

    def _check_held(self, effect: Effect, lot_code: str | None, amount: int, held: int) -> None:
        warehouse = self._around.master.warehouses.get(effect.warehouse)
        if warehouse is not None and warehouse.locations and not warehouse.check_location_stock:
            held = held_in_warehouse(self._changes, self._scope_key, effect.warehouse, lot_code)
        if held < amount:
            goods = f"item {self._item[1]!r}" if lot_code is None else f"lot {lot_code!r}"
            self._moved_on(
                f"{quantity.text(amount)} of {goods} were loaded into warehouse {effect.warehouse!r} and only "
                f"{quantity.text(held)} are free there now"
            )

    def _undo_lot(self, effect: Effect, place: int, lot_code: str, amount: int, entry_id: str) -> None:
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
    ) -> None:
        prefix, moved_on = serial_prefix(self._scope_key, lot_code), list[str]()
        for number, serial in enumerate(serials, entry + 1):
            key = f"{prefix}{keys.part(serial)}"
            old = self._changes.serials.get(key) or self._around.view.get(SERIALS, key)
            here = old is not None and (
                (old.state, old.warehouse, old.location) == ("in_stock", effect.warehouse, effect.location)
                and not old.reserved
                if effect.load
                else old.state == "out"
            )
            if old is None or not here:
                moved_on.append(serial)
                continue
            row = self._changes.serials[key] = self._serial_before(effect, old)
            moved_by = self._accepted.movement.movement_id + ("/offset" if effect.offset else "")
            if undo(self._changes, key, row, moved_by, effect.load) == 0:
                self._gone.append((SERIALS, key, None))
                self._released.serial(place, key, row)
                self._generations |= remember_serial(
                    self._scope_key, self._item, lot_code, serial, row.generation, self._message.time_ms
                )
            self._note(effect, row, f"{entry_prefix}{number}", quantity.ONE)
        if moved_on:
            self._moved_on(f"serials {listed(moved_on)} are no longer where the movement left them")

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
        """Publish the document line once more, reversed."""
        original, serial = self._accepted.movement, isinstance(row, SerialRow)
        register: Literal["lot", "serial"] = "serial" if serial else "lot"
        item = self._around.master.items.get(self._item)
        entry = HistoryEntry(
            entry_id,
            register,
            *self._item,
            original.variant or None,
            row.lot_code,
            row.serial_code if isinstance(row, SerialRow) else None,
            row.generation,
            "load" if effect.load else "unload",
            row.force_closed if isinstance(row, SerialRow) else False,
            amount,
            "" if item is None else item.unit,
            None if serial else original.packages,
            self._accepted.at,
            self._moment,
            row.status if isinstance(row, LotRow) else None,
            original.document_type,
            original.document_number,
            original.document_date,
            effect.warehouse,
            effect.location,
            effect.template,
            original.account,
            original.project,
            original.movement_id + ("/offset" if effect.offset else ""),
            True,
        )
        self._changes.records.append(Emit("register-history", self._message.key, entry))

    def _moved_on(self, what: str) -> None:
        self._reasons.append(Reason("reversal-impossible", f"{what}; reverse the later movements first", "reverses"))
