"""Reservations that a movement uses up: those of the document that it names (`domain.md` §3)."""

from processors.domain import keys
from processors.domain.changes import Changes
from processors.domain.commitments import Commitments, Document
from processors.domain.intake import Intake
from processors.domain.legs import Leg
from processors.domain.lines import Line
from processors.domain.registers import ReservationRow, SerialRow


class Consuming:
    """What one movement uses up of reservations.

    `consumed`: key of a reservation → how much; below zero: ended, for another document than the movement's.
    """

    __slots__ = ("_changes", "_document", "_intake", "consumed")

    def __init__(self, changes: Changes, intake: Intake) -> None:
        self._changes, self._intake = changes, intake
        movement = intake.movement
        self._document: Document | None = None
        if movement.document_type and movement.document_number:
            self._document = (movement.document_type, movement.document_number)
        self.consumed: dict[str, int] = {}

    def reserved(self, leg: Leg) -> list[tuple[str, ReservationRow]]:
        """What the movement's document has reserved where a leg takes from."""
        if self._document is None:
            return []
        return [
            (key, row)
            for key, row in self._commitments().of(self._document)
            if row.warehouse == leg.warehouse.code
            and (not leg.warehouse.check_location_stock or row.location == leg.location)
        ]

    def consume(self, leg: Leg, line: Line) -> None:
        """What a line takes is no longer reserved for its document."""
        if self._document is None:
            return
        wanted, commitments = line.quantity, self._commitments()
        for key, row in self.reserved(leg):
            if row.lot_code == line.lot_code and row.serial_code is None and wanted:
                taken = min(row.committed - row.consumed, wanted)
                commitments.consume(key, row, taken)
                self.consumed[key] = taken
                wanted -= taken

    def settle_serial(self, serial: SerialRow) -> None:
        """A reserved piece goes: its document has it, or loses it where the template allows that."""
        parts = keys.split(serial.reserved_for or "")
        if len(parts) != 2:
            return
        document, commitments = (parts[0], parts[1]), self._commitments()
        for key, row in commitments.of(document):
            if (row.serial_code, row.lot_code) != (serial.serial_code, serial.lot_code):
                continue
            if document == self._document:
                commitments.consume(key, row, row.committed - row.consumed)
                self.consumed[key] = row.committed - row.consumed
            else:
                commitments.release(key, row, row.committed - row.consumed)
                self.consumed[key] = row.consumed - row.committed

    def _commitments(self) -> Commitments:
        intake = self._intake
        item, movement = intake.item, intake.movement
        return Commitments(
            self._changes,
            intake.scope_key,
            (item.item_class, item.item_code),
            intake.variant,
            item.unit,
            movement.movement_id,
            intake.time_ms,
        )
