"""What an item must be to be accepted as master data (`domain.md` §2)."""

from processors.domain.master import Item, MasterData
from processors.domain.master_fields import ITEM_CLASS_MAX, days_wrong, invalid, name_wrong, negative, repeated
from processors.domain.refusals import Reason


def judge_item(record: Item, master: MasterData) -> list[Reason]:
    """Every reason against an item: names, units, barcodes, the rules of its lots and serials."""
    reasons = name_wrong("item_class", record.item_class, ITEM_CLASS_MAX) + name_wrong("item_code", record.item_code)
    for place, variant in enumerate(record.variants):
        reasons += name_wrong(f"variants[{place}].variant", variant.variant)
    reasons += repeated("variants[{}].variant", (variant.variant for variant in record.variants))
    reasons += _units(record) + _barcodes(record, master) + _lots(record, master) + _serials(record, master)
    return reasons + negative("unit_cost", record.unit_cost)


def _units(record: Item) -> list[Reason]:
    reasons = name_wrong("unit", record.unit)
    for place, alternative in enumerate(record.alternative_units):
        path = f"alternative_units[{place}]"
        reasons += name_wrong(f"{path}.unit", alternative.unit)
        if alternative.unit == record.unit:
            reasons.append(invalid(f"{path}.unit", f"expected another unit than the item's own, got {record.unit!r}"))
        if alternative.factor <= 0:
            reasons.append(invalid(f"{path}.factor", "expected a factor above 0"))
    return reasons + repeated("alternative_units[{}].unit", (unit.unit for unit in record.alternative_units))


def _barcodes(record: Item, master: MasterData) -> list[Reason]:
    variants = {variant.variant for variant in record.variants}
    units = {record.unit, *(unit.unit for unit in record.alternative_units)}
    reasons = repeated("barcodes[{}].barcode", (barcode.barcode for barcode in record.barcodes))
    for place, barcode in enumerate(record.barcodes):
        path = f"barcodes[{place}]"
        if not barcode.barcode:
            reasons.append(invalid(f"{path}.barcode", "expected a barcode, got empty text"))
        if barcode.variant is not None and barcode.variant not in variants:
            reasons.append(
                Reason(
                    "variant-unknown",
                    f"barcode {barcode.barcode!r} is for variant {barcode.variant!r}, which the item does not have: "
                    "add it to the item's variants",
                    f"{path}.variant",
                )
            )
        if barcode.unit is not None and barcode.unit not in units:
            reasons.append(
                Reason(
                    "unit-unknown",
                    f"barcode {barcode.barcode!r} is in unit {barcode.unit!r}, which the item does not have: add it to "
                    "the item's alternative units",
                    f"{path}.unit",
                )
            )
        if barcode.quantity is not None and barcode.quantity <= 0:
            reasons.append(invalid(f"{path}.quantity", "expected a quantity above 0"))
    return reasons + _barcodes_of_others(record, master)


def _barcodes_of_others(record: Item, master: MasterData) -> list[Reason]:
    reasons, own = [], (record.item_class, record.item_code)
    for place, barcode in enumerate(record.barcodes):
        owner = master.barcodes.get(barcode.barcode, own)
        if owner != own:
            reasons.append(
                invalid(
                    f"barcodes[{place}].barcode",
                    f"barcode {barcode.barcode!r} belongs to item {owner[0]!r} {owner[1]!r}: take it from that item "
                    "first",
                )
            )
    return reasons


def _lots(record: Item, master: MasterData) -> list[Reason]:
    reasons = _code_type("lot", "lot_code_type", record.lot_code_type, master)
    if record.withdrawal_policy != "manual" and not record.lot_managed:
        reasons.append(
            invalid(
                "withdrawal_policy",
                f"expected manual for an item without lots, got {record.withdrawal_policy}: lots are what is "
                "withdrawn; set lot_managed",
            )
        )
    if record.initial_lot_status is not None and record.initial_lot_status not in master.lot_statuses:
        reasons.append(
            invalid(
                "initial_lot_status",
                f"lot status {record.initial_lot_status!r} is not known: send the LotStatus record first",
            )
        )
    for field in ("lot_validity_days", "warn_days", "block_days"):
        reasons += days_wrong(field, getattr(record, field))
    return reasons


def _serials(record: Item, master: MasterData) -> list[Reason]:
    reasons = _code_type("serial", "serial_code_type", record.serial_code_type, master)
    if record.serial_generation == "auto" and record.serial_code_type is None:
        reasons.append(
            invalid("serial_generation", "expected a serial_code_type where serials are generated (auto), got none")
        )
    return reasons + days_wrong("serial_validity_days", record.serial_validity_days)


def _code_type(kind: str, field: str, code: str | None, master: MasterData) -> list[Reason]:
    if code is None or (kind, code) in master.code_types:
        return []
    return [Reason("code-type-unknown", f"{kind} code type {code!r} is not known: send the CodeType first", field)]
