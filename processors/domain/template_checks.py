"""What warehouses and movement templates must be to be accepted as master data, together (`domain.md` §2).

Warehouses and templates name each other, so each pair is judged when its second end arrives, whichever that is.
"""

from processors.domain.master import MasterData, Template, Warehouse
from processors.domain.master_fields import TEMPLATE_CODE_MAX, invalid, name_wrong, repeated
from processors.domain.refusals import Reason


def judge_warehouse(record: Warehouse, master: MasterData) -> list[Reason]:
    """Every reason against a warehouse; its adjustment templates may still be unknown."""
    reasons = name_wrong("code", record.code)
    for place, location in enumerate(record.locations):
        reasons += name_wrong(f"locations[{place}].location", location.location)
    reasons += repeated("locations[{}].location", (location.location for location in record.locations))
    for direction, code in _adjustments(record):
        field = f"adjustment_{direction}_template"
        reasons += name_wrong(field, code, TEMPLATE_CODE_MAX)
        template = master.templates.get((record.code, code or ""))
        if template is not None:
            reasons += _adjustment(template, direction, field)
    known = {location.location for location in record.locations}
    for template in master.templates.values():
        if template.warehouse == record.code and template.default_location not in (None, *known):
            reasons.append(
                invalid(
                    "locations",
                    f"location {template.default_location!r} is the default of template {template.code!r} and missing "
                    "here: change the template first",
                )
            )
    return reasons


def judge_template(record: Template, master: MasterData) -> list[Reason]:
    """Every reason against a template; its offset template may still be unknown, its warehouses may not."""
    reasons = name_wrong("warehouse", record.warehouse) + name_wrong("code", record.code, TEMPLATE_CODE_MAX)
    warehouse = master.warehouses.get(record.warehouse)
    if warehouse is None:
        reasons.append(_warehouse_unknown(record.warehouse, "warehouse"))
    else:
        reasons += _default_location(record, warehouse)
        for direction, code in _adjustments(warehouse):
            if code == record.code:
                reasons += _adjustment(record, direction, "direction")
    return reasons + _offset(record, master) + _offset_of_others(record, master)


def _adjustments(warehouse: Warehouse) -> tuple[tuple[str, str | None], ...]:
    return ("load", warehouse.adjustment_load_template), ("unload", warehouse.adjustment_unload_template)


def _adjustment(template: Template, direction: str, field: str) -> list[Reason]:
    """A template that adjusts counts: it goes the warehouse's way and is meant for inventories (domain.md §10)."""
    name = f"template {template.warehouse}|{template.code}"
    if template.direction != direction:
        return [
            invalid(
                field,
                f"{name} adjusts counts of its warehouse by {direction}, but is a template of direction "
                f"{template.direction}: name another adjustment template in the warehouse",
            )
        ]
    if not template.physical_inventory:
        message = f"{name} adjusts counts of its warehouse: set physical_inventory in the template"
        return [Reason("template-not-for-inventory", message, field)]
    return []


def _default_location(record: Template, warehouse: Warehouse) -> list[Reason]:
    known = [location.location for location in warehouse.locations]
    if record.default_location is None or record.default_location in known:
        return []
    return [
        Reason(
            "location-unknown",
            f"warehouse {warehouse.code!r} has no location {record.default_location!r}: add it to the warehouse first",
            "default_location",
        )
    ]


def _offset(record: Template, master: MasterData) -> list[Reason]:
    if record.offset_warehouse is None and record.offset_template is None:
        return []
    if record.offset_template is None:
        return [
            _wrong(f"an offset in warehouse {record.offset_warehouse!r} needs a template of it: name it, or neither")
        ]
    reasons = name_wrong("offset_template", record.offset_template, TEMPLATE_CODE_MAX)
    if record.offset_warehouse is not None and record.offset_warehouse not in master.warehouses:
        reasons.append(_warehouse_unknown(record.offset_warehouse, "offset_warehouse"))
    if _offset_key(record) == (record.warehouse, record.code):
        reasons.append(_wrong("a template cannot be its own offset: name the template of the other side"))
    elif other := master.templates.get(_offset_key(record)):
        reasons += _pair(record, other)
    elif record.lot_from_lot:
        reasons += _pair(record, record)
    return reasons


def _offset_of_others(record: Template, master: MasterData) -> list[Reason]:
    me = (record.warehouse, record.code)
    return [
        reason
        for other in master.templates.values()
        if other.offset_template is not None and _offset_key(other) == me and (other.warehouse, other.code) != me
        for reason in _pair(other, record)
    ]


def _pair(record: Template, offset: Template) -> list[Reason]:
    """`record` posts, `offset` posts the opposite elsewhere, with the same lots and serials (domain.md §3)."""
    names = f"template {record.warehouse}|{record.code} and its offset {offset.warehouse}|{offset.code}"
    reasons = []
    if record.lot_from_lot or offset.lot_from_lot:
        reasons.append(_wrong(f"{names}: lot from lot stays in one warehouse, expected templates without lot_from_lot"))
    if record is offset:
        return reasons
    if record.direction == offset.direction:
        reasons.append(_wrong(f"{names} are both of direction {record.direction}: expected one load and one unload"))
    if record.lot_management != offset.lot_management:
        reasons.append(_wrong(f"{names} differ in lot_management: expected the same, the lots move with the goods"))
    return reasons


def _offset_key(record: Template) -> tuple[str, str]:
    """Id of the offset template; without an offset warehouse it is one of the same warehouse (location to location)."""
    return record.offset_warehouse or record.warehouse, record.offset_template or ""


def _wrong(message: str) -> Reason:
    return Reason("template-offset-invalid", message, "offset_template")


def _warehouse_unknown(code: str, field: str) -> Reason:
    return Reason("warehouse-unknown", f"warehouse {code!r} is not known: send the Warehouse record first", field)
