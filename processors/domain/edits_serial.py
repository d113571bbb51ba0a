"""An edit of a serial number: what its row becomes, and when its reservation is not for editing (`domain.md` §5)."""

from dataclasses import replace

from processors.domain import keys
from processors.domain.edits_dates import Life, edited_life
from processors.domain.edits_values import Values, field_of
from processors.domain.master import Item
from processors.domain.refusals import Reason
from processors.domain.registers import SerialRow
from processors.domain.view import RESERVATIONS, View


def edited_serial(row: SerialRow, values: Values, item: Item, view: View, reasons: list[Reason]) -> SerialRow:
    """The serial after the edit, but for `updated_at`; adds why it cannot be so.

    A document to reserve it for sets `reserved`, no document or `reserved` false clears both.
    """
    life = edited_life(Life(row.start_date, row.expiry_date), values, item, item.serial_validity_days, reasons)
    changed = replace(row, **{**values, "start_date": life.start, "expiry_date": life.expiry})
    if "reserved" in values or "reserved_for" in values:
        _reserve(row, changed, values, view, reasons)
    return changed


def _reserve(before: SerialRow, changed: SerialRow, values: Values, view: View, reasons: list[Reason]) -> None:
    if "reserved" not in values:
        changed.reserved = changed.reserved_for is not None
    elif not changed.reserved:
        if values.get("reserved_for") is not None:
            message = "reserved is false and reserved_for names a document; leave one of them out"
            reasons.append(Reason("field-invalid", message, field_of("reserved_for")))
            return
        changed.reserved_for = None
    if (changed.reserved, changed.reserved_for) == (before.reserved, before.reserved_for):
        return
    name = "reserved" if "reserved" in values else "reserved_for"
    document = _reserving(before, view)
    if document is not None:
        message = f"serial {before.serial_code!r} is held by the reservation of {document}; release that instead"
        reasons.append(Reason("edit-not-allowed", message, field_of(name)))
    elif changed.reserved and before.state != "in_stock":
        message = f"serial {before.serial_code!r} is not in stock; only what is can be reserved"
        reasons.append(Reason("edit-not-allowed", message, field_of(name)))


def _reserving(row: SerialRow, view: View) -> str | None:
    """The document (`type|number`) whose reservation holds the serial; None where no movement reserved it."""
    if not row.reserved:
        return None
    for _, held in view.prefix(RESERVATIONS, f"{keys.join(row.item_class, row.item_code, row.variant)}|"):
        same = (held.lot_code, held.serial_code) == (row.lot_code, row.serial_code)
        if same and held.committed > held.consumed:
            return keys.join(held.document_type, held.document_number)
    return None
