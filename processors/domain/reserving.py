"""Goods reserved by a document: what is available changes, what stands there does not (`domain.md` §3)."""

from dataclasses import replace

from processors.domain import keys, quantity
from processors.domain.changes import Changes
from processors.domain.commitments import Commitments, Document, document_of
from processors.domain.decision import Decision, Emit
from processors.domain.documents import add_taking
from processors.domain.events import Reply, ReplyLot
from processors.domain.form import check_form
from processors.domain.intake import Intake, take_in
from processors.domain.legs import Leg
from processors.domain.lines import Line, read_lines
from processors.domain.lots import lot_key, lot_to_take, note_lot
from processors.domain.message import Message
from processors.domain.movement import Movement
from processors.domain.posting import Circumstances, Posted
from processors.domain.refusals import Reason
from processors.domain.registers import SerialRow
from processors.domain.serials import Faults, notes_of_serials, serial_prefix
from processors.domain.stock import held, insufficient
from processors.domain.view import SERIALS
from processors.domain.withdrawal import withdraw


def reserve(message: Message, movement: Movement, around: Circumstances, reasons: list[Reason]) -> Posted | None:
    """Commit lots, serials or plain stock to the movement's document; None where `reasons` were found.

    Lots that are not named are chosen by the item's withdrawal policy. The template is one by which the goods will go.
    """
    if not check_form(movement, message.time_ms, around.pieces_max, reasons):
        return None
    intake = take_in(movement, message.key, message.time_ms, around.master, around.dropped_until, reasons)
    if intake is None:
        return None
    document = document_of(movement, reasons)
    if movement.into_lot is not None:
        reasons.append(Reason("field-invalid", "a reservation makes no lot; leave into_lot out", "into_lot"))
    if intake.template.direction != "unload":
        told = f"template {intake.template.code!r} loads; reserve by the template by which the goods will go"
        reasons.append(Reason("field-invalid", told, "template"))
        return None
    lines = read_lines(intake, around.pieces_max, reasons)
    if not intake.sound:
        return None
    reserving = _Reserving(intake, around, reasons)
    if not lines:
        lines = reserving.withdraw()
    for line in lines:
        reserving.check(line)
    if reasons or document is None:
        return None
    for line in lines:
        reserving.commit(line, document)
    return reserving.done(message, lines)


class _Reserving:
    """One reservation being made: what has changed so far."""

    def __init__(self, intake: Intake, around: Circumstances, reasons: list[Reason]) -> None:
        self._intake, self._around, self._reasons = intake, around, reasons
        self._changes = Changes(around.view)
        movement, item, company = intake.movement, intake.item, around.master.company
        self._leg = Leg(
            intake.template,
            intake.warehouse,
            intake.location,
            False,
            movement.movement_id,
            f"{intake.item_key}|{keys.part(movement.movement_id)}|",
            False,
            company.allow_negative_stock and intake.warehouse.allow_negative_stock,
            False,
            reserves="reserve",
        )
        self._commitments = Commitments(
            self._changes,
            intake.scope_key,
            (item.item_class, item.item_code),
            intake.variant,
            item.unit,
            movement.movement_id,
            intake.time_ms,
        )

    def withdraw(self) -> list[Line]:
        statuses = self._around.master.lot_statuses
        return withdraw(self._changes, self._intake, self._leg, statuses, {}, self._reasons)

    def check(self, line: Line) -> None:
        """Add why a line cannot be reserved."""
        intake, leg, statuses = self._intake, self._leg, self._around.master.lot_statuses
        if line.lotted and lot_to_take(self._changes, intake, leg, line, statuses, self._reasons) is None:
            return
        if intake.item.serial_managed:
            self._check_serials(line)
        free = held(self._changes, intake, leg, line.lot_code)
        if free < line.quantity and (not leg.negative or line.lotted or intake.item.serial_managed):
            self._reasons.append(insufficient(intake, leg, line, free))

    def commit(self, line: Line, document: Document) -> None:
        """Reserve a line against which nothing speaks."""
        intake, leg = self._intake, self._leg
        warehouse, location = leg.warehouse.code, leg.location
        if not line.serials:
            self._commitments.commit(document, warehouse, location, line.lot_code, None, line.quantity)
        prefix, rows = serial_prefix(intake.scope_key, line.lot_code), list[SerialRow]()
        for serial in line.serials:
            key = f"{prefix}{keys.part(serial)}"
            old = self._around.view.get(SERIALS, key)
            assert old is not None, f"serial {key} has been checked"
            self._commitments.commit(document, warehouse, location, line.lot_code, serial, quantity.ONE)
            row = replace(old, reserved=True, reserved_for=keys.join(*document), updated_at=intake.time_ms)
            if old.first_document_type is None:
                row.first_document_type, row.first_document_number = document
                row.first_document_date = intake.movement.document_date
            taken_by = (*document, intake.movement.document_date)
            add_taking(self._changes, key, row, intake.movement.movement_id, taken_by, True)
            self._changes.serials[key] = row
            rows.append(row)
        if line.lotted and line.lot_code is not None:
            lot = self._changes.lots[lot_key(intake.scope_key, line.lot_code)]
            note_lot(self._changes, intake, leg, line, lot)
        note = notes_of_serials(self._changes, intake, leg, line.lot_code)
        for row in rows:
            note(row)

    def done(self, message: Message, lines: list[Line]) -> Posted:
        """The decision, once nothing speaks against it."""
        lots = tuple(
            [ReplyLot(line.lot_code or "", line.quantity, False, None, line.serials) for line in lines if line.lotted]
        )
        serials = () if lines[0].lotted else lines[0].serials
        movement_id = self._intake.movement.movement_id
        reply = Reply(message.topic, movement_id, "done", (), lots, serials, None, (movement_id,), message.time_ms)
        records = [Emit("replies", keys.part(movement_id), reply, message.key), *self._changes.records]
        return Posted(Decision(self._changes.rows(), records, [], [], []), reply, "")

    def _check_serials(self, line: Line) -> None:
        intake, leg, faults = self._intake, self._leg, Faults()
        prefix = serial_prefix(intake.scope_key, line.lot_code)
        for serial in dict.fromkeys(line.serials):
            row = self._around.view.get(SERIALS, f"{prefix}{keys.part(serial)}")
            there = row is not None and row.state == "in_stock" and row.warehouse == leg.warehouse.code
            if row is None or not there or (leg.warehouse.check_location_stock and row.location != leg.location):
                faults.add("serial-not-in-stock", serial)
            if row is not None and row.reserved:
                faults.add("serial-reserved", serial)
            if row is not None and row.cancelled:
                faults.add("serial-cancelled", serial)
            if row is not None and row.force_closed:
                faults.add("serial-force-closed", serial)
        faults.into(intake, leg, line, self._reasons)
