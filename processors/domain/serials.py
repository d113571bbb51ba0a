"""The serial register: pieces that come and go, and which of them may (`domain.md` §3 check 7, §5)."""

from collections.abc import Callable, Container
from dataclasses import replace
from typing import Final

from processors.domain import keys, quantity
from processors.domain.changes import Changes
from processors.domain.claims import claim_text
from processors.domain.dates import expiry_date
from processors.domain.decision import Emit
from processors.domain.documents import add_load, add_taking
from processors.domain.events import HistoryEntry
from processors.domain.form import listed
from processors.domain.generations import generations_of_serials
from processors.domain.intake import Intake
from processors.domain.legs import Leg
from processors.domain.lines import Line
from processors.domain.progressives import Claim, Claimed
from processors.domain.refusals import Reason
from processors.domain.registers import LotRow, SerialRow
from processors.domain.view import SERIALS


def serial_prefix(scope_key: str, lot_code: str | None) -> str:
    """The key of a serial up to its code: `class|code|variant|lot_code|`, the lot empty without."""
    return f"{scope_key}|{keys.part(lot_code or '')}|"


def index_key(row: SerialRow) -> str | None:
    """Index key of `SERIAL_LOTS`."""
    return keys.join(row.item_class, row.item_code, row.variant, row.serial_code)


def document_text(document_type: str | None, document_number: str | None) -> str | None:
    """A document as `reserved_for` names it: `type|number`; None without a type."""
    return None if document_type is None else keys.join(document_type, document_number or "")


def load_serials(
    changes: Changes,
    intake: Intake,
    leg: Leg,
    line: Line,
    lot: LotRow | None,
    start: int,
    company_scope: bool,
    claimed: Claimed,
    partition: int,
    reasons: list[Reason],
    counted: Container[str] = (),
) -> None:
    """Bring the line's named and generated serials into stock, or add why some cannot come.

    `counted`: those whose place a later count has settled; they get the document and stay where they are.
    `company_scope`: the item's serial codes are unique across the company. `start` is the start day of what is new.
    """
    prefix, owner = serial_prefix(intake.scope_key, line.lot_code), intake.scope_key
    expiry = expiry_date(start, intake.item.serial_validity_days, intake.item.expiry_rule)
    born, note = _births(intake, leg, lot, start, expiry), notes_of_serials(changes, intake, leg, line.lot_code)
    part, rows, claims, faults = keys.part, changes.serials, changes.claims, Faults()
    generation = generations_of_serials(changes.view, owner, line.lot_code)
    for serial in line.serials:
        key = prefix + part(serial)
        before = rows.get(key)
        if before is not None and before.state == "in_stock":
            continue  # named twice, which the form's check has said
        old = before or changes.view.get(SERIALS, key)
        if old is None:
            if company_scope:
                text = claim_text("serial", serial)
                if claimed.get(text, owner) != owner:
                    faults.add("serial-in-stock", serial)
                    continue
                claims.append(Claim(text, owner, partition, "serial-register", key))
            row = born(serial, None, generation(serial))
            if serial in counted:
                row.state, row.warehouse, row.location = "out", None, None
        else:
            if old.state == "in_stock" and serial not in counted:
                faults.add("serial-in-stock", serial)
            if not leg.transfer:
                faults.check_flags(intake, leg, old)
            row = _moved(intake, leg, old) if serial not in counted else replace(old, updated_at=intake.time_ms)
            add_load(changes, key, row, intake.time_ms)
        rows[key] = row
        note(row)
    for serial, ordinal in line.new_serials:
        key = prefix + part(serial)
        if company_scope:
            claims.append(Claim(claim_text("serial", serial), owner, partition, "serial-register", key))
        row = rows[key] = born(serial, ordinal, generation(serial))
        note(row)
    faults.into(intake, leg, line, reasons)


def unload_serials(
    changes: Changes, intake: Intake, leg: Leg, line: Line, reasons: list[Reason], counted: Container[str] = ()
) -> list[SerialRow]:
    """Take the line's serials out of stock, or add why some cannot go; gives those that were reserved, as they were.

    `counted`: those whose place a later count has settled; they get the document and stay where they are.
    """
    reserved: list[SerialRow] = []
    prefix = serial_prefix(intake.scope_key, line.lot_code)
    warehouse, faults = leg.warehouse.code, Faults()
    location_checked, movement = leg.warehouse.check_location_stock, intake.movement
    document = (movement.document_type, movement.document_number, movement.document_date)
    note, part, rows = notes_of_serials(changes, intake, leg, line.lot_code), keys.part, changes.serials
    for serial in line.serials:
        key = prefix + part(serial)
        if key in rows:
            continue
        old = changes.view.get(SERIALS, key)
        if old is None:
            faults.add("serial-not-in-stock", serial)
            continue
        if serial in counted:
            faults.check_flags(intake, leg, old)
            row = rows[key] = replace(old, updated_at=intake.time_ms)
            add_taking(changes, key, row, leg.movement_id, document, False)
            note(row)
            continue
        if old.state != "in_stock" or old.warehouse != warehouse or (location_checked and old.location != leg.location):
            faults.add("serial-not-in-stock", serial)
        faults.check_flags(intake, leg, old)
        if old.reserved:
            reserved.append(old)
        row = rows[key] = _moved(intake, leg, old)
        add_taking(changes, key, row, leg.movement_id, document, False)
        note(row)
    faults.into(intake, leg, line, reasons)
    return reserved


class Faults:
    """Which serials of a line cannot move, by reason: one reason a code, however many serials it is about."""

    __slots__ = ("_serials",)

    def __init__(self) -> None:
        self._serials: dict[str, list[str]] = {}

    def add(self, code: str, serial: str) -> None:
        self._serials.setdefault(code, []).append(serial)

    def check_flags(self, intake: Intake, leg: Leg, row: SerialRow) -> None:
        """Cancelled and force-closed serials do not move, a reserved one only for its document."""
        if row.cancelled:
            self.add("serial-cancelled", row.serial_code)
        if row.force_closed:
            self.add("serial-force-closed", row.serial_code)
        if row.reserved and not leg.template.allow_unavailable_lots:
            movement = intake.movement
            document = document_text(movement.document_type, movement.document_number)
            if document is None or document != row.reserved_for:
                self.add("serial-reserved", row.serial_code)

    def into(self, intake: Intake, leg: Leg, line: Line, reasons: list[Reason]) -> None:
        for code, serials in self._serials.items():
            what = _MESSAGES[code].format(warehouse=leg.warehouse.code)
            mend = _MEND_OF_LOT if code == "serial-not-in-stock" and intake.item.lot_managed else _MENDS[code]
            reasons.append(Reason(code, f"{what}: {listed(serials)}; {mend}", line.serials_field))


_MESSAGES: Final = {
    "serial-in-stock": "in stock already, or in use by another item where serials are unique across the company",
    "serial-not-in-stock": "not in stock in warehouse {warehouse!r}",
    "serial-cancelled": "cancelled",
    "serial-force-closed": "closed by force",
    "serial-reserved": "reserved for another document",
}
_MENDS: Final = {
    "serial-in-stock": "unload it first or name another serial",
    "serial-not-in-stock": "name a serial that is in stock there",
    "serial-cancelled": "take the flag back to move it",
    "serial-force-closed": "take the flag back to move it",
    "serial-reserved": "name the document that reserved it, release it, or use a template that allows unavailable lots",
}

_MEND_OF_LOT: Final = "name a serial, with its lot, that is in stock there"


def _births(
    intake: Intake, leg: Leg, lot: LotRow | None, start: int, expiry: int | None
) -> Callable[[str, int | None, int], SerialRow]:
    """Makes new serials of a line, by code and ordinal: what they have in common is looked up once."""
    item, variant, time_ms, supplier = intake.item, intake.variant, intake.time_ms, intake.supplier
    item_class, item_code, code_type = item.item_class, item.item_code, item.serial_code_type
    warehouse, location = leg.warehouse.code, leg.location
    lot_code = lot_type = lot_code_type = None
    if lot is not None:
        lot_code, lot_type, lot_code_type = lot.lot_code, lot.lot_type, lot.code_type

    def born(serial: str, ordinal: int | None, generation: int) -> SerialRow:
        return SerialRow(
            item_class,
            item_code,
            variant,
            lot_code,
            lot_type,
            lot_code_type,
            serial,
            code_type,
            ordinal,
            "in_stock",
            warehouse,
            location,
            start,
            expiry,
            None,
            None,
            supplier,
            False,
            False,
            False,
            None,
            None,
            None,
            None,
            generation,
            time_ms,
            time_ms,
        )

    return born


def _moved(intake: Intake, leg: Leg, old: SerialRow) -> SerialRow:
    """The serial after a load or unload; the first document that takes it out stays the first."""
    movement, load = intake.movement, leg.load
    first = (old.first_document_type, old.first_document_number, old.first_document_date)
    if not load and first == (None, None, None):
        first = (movement.document_type, movement.document_number, movement.document_date)
    return SerialRow(
        old.item_class,
        old.item_code,
        old.variant,
        old.lot_code,
        old.lot_type,
        old.lot_code_type,
        old.serial_code,
        old.serial_code_type,
        old.ordinal,
        "in_stock" if load else "out",
        leg.warehouse.code if load else None,
        leg.location if load else None,
        old.start_date,
        old.expiry_date,
        old.customer_code,
        old.supplier_code,
        old.supplier,
        old.cancelled,
        old.force_closed,
        old.reserved and load,
        old.reserved_for if load else None,
        *first,
        old.generation,
        old.created_at,
        intake.time_ms,
    )


def notes_of_serials(changes: Changes, intake: Intake, leg: Leg, lot_code: str | None) -> Callable[[SerialRow], None]:
    """Publishes document lines in the history of a line's serials."""
    movement, item, item_key, records = intake.movement, intake.item, intake.item_key, changes.records
    item_class, item_code, variant, unit = item.item_class, item.item_code, intake.variant or None, item.unit
    time_ms, occurred_at, prefix = intake.time_ms, intake.occurred_at, leg.entry_prefix
    direction = leg.direction
    document_type, document_number = movement.document_type, movement.document_number
    document_date, account, project = movement.document_date, movement.account, movement.project
    warehouse, location, template, movement_id = leg.warehouse.code, leg.location, leg.template.code, leg.movement_id

    def note(row: SerialRow) -> None:
        leg.entries += 1
        entry = HistoryEntry(
            f"{prefix}{leg.entries}",
            "serial",
            item_class,
            item_code,
            variant,
            lot_code,
            row.serial_code,
            row.generation,
            direction,
            row.force_closed,
            quantity.ONE,
            unit,
            None,
            time_ms,
            occurred_at,
            None,
            document_type,
            document_number,
            document_date,
            warehouse,
            location,
            template,
            account,
            project,
            movement_id,
            False,
        )
        records.append(Emit("register-history", item_key, entry))

    return note
