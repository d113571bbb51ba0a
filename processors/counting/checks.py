"""What a session must be to be noted, and to be confirmed: every reason against it (`domain.md` §9)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from processors.counting.fields import Given
from processors.counting.sessions import Session
from processors.domain import keys, quantity
from processors.domain.count_registers import CountListRow
from processors.domain.master import Item, MasterData, Warehouse
from processors.domain.refusals import Reason
from processors.domain.units import convert, unit_of


@dataclass(slots=True)
class Looked:
    """A session with what it is about. `counted`: its quantity in the item's management unit, None without one.

    `left_out`: what was read and is not kept for this item, for the answer.
    """

    session: Session
    item: Item | None
    warehouse: Warehouse | None
    counted: int | None
    left_out: tuple[str, ...]

    @property
    def lot_needed(self) -> bool:
        return self.item is not None and self.item.lot_managed and self.session.lot is None

    @property
    def serial_needed(self) -> bool:
        return self.item is not None and self.item.serial_managed and self.session.serial is None

    @property
    def location_needed(self) -> bool:
        return self.warehouse is not None and bool(self.warehouse.locations) and self.session.location is None


def look(session: Session, row: CountListRow, master: MasterData) -> Looked:
    """What a session is about, with lot and serial taken out where the item is not kept by them. Checks nothing."""
    item = None
    if session.item_class is not None and session.item_code is not None:
        item = master.items.get((session.item_class, session.item_code))
    left_out: tuple[str, ...] = ()
    if item is not None:
        if session.lot is not None and not item.lot_managed:
            left_out += (f"lot {session.lot!r}",)
            session = replace(session, lot=None)
        if session.serial is not None and not item.serial_managed:
            left_out += (f"serial {session.serial!r}",)
            session = replace(session, serial=None)
    return Looked(session, item, master.warehouses.get(row.warehouse), _counted(session, item), left_out)


def check_read(looked: Looked, given: Given, row: CountListRow, reasons: list[Reason]) -> None:
    """Add what is wrong with a session once a read is in it."""
    session, item, warehouse = looked.session, looked.item, looked.warehouse
    if item is None:
        if session.item_class is not None and session.item_code is not None:
            message = f"item {session.item_class!r} {session.item_code!r} is not in the master data; send it first"
            reasons.append(Reason("item-unknown", message, "item_code"))
    elif session.variant is not None and not any(known.variant == session.variant for known in item.variants):
        names = ", ".join(known.variant for known in item.variants) or "none"
        message = f"expected a variant of the item ({names}), got {session.variant!r}"
        reasons.append(Reason("variant-unknown", message, "variant"))
    if warehouse is not None:
        _check_location(session, given, row, warehouse, reasons)
    _check_quantity(looked, reasons)


def check_confirm(looked: Looked, recount: bool, reasons: list[Reason]) -> None:
    """Add what a session still needs to become a line. `recount`: a serial may be told to be missing, by quantity 0."""
    session, item = looked.session, looked.item
    if session.item_class is None or session.item_code is None:
        reasons.append(Reason("item-needed", "read an item first, or its barcode", "item_code"))
    if looked.location_needed:
        reasons.append(Reason("location-needed", f"read a location of warehouse {_code(looked)!r}", "location"))
    if item is None:
        return
    if looked.lot_needed:
        reasons.append(Reason("lot-needed", f"item {item.item_code!r} is counted by lot: read the lot", "lot"))
    if looked.serial_needed:
        message = f"item {item.item_code!r} is counted by serial: read the serial"
        reasons.append(Reason("serial-needed", message, "serial"))
    if item.serial_managed:
        allowed = (0, quantity.ONE) if recount else (quantity.ONE,)
        value = looked.counted
        if value is not None and value >= 0 and quantity.is_whole(value) and value not in allowed:
            message = f"expected quantity 1 for one serial, got {quantity.text(value)}; read each serial"
            reasons.append(Reason("serial-count-differs", message, "quantity"))
    elif session.quantity is None:
        reasons.append(Reason("quantity-needed", f"read how many {item.unit} there are; 0 for none", "quantity"))


def too_large(value: int) -> Reason:
    """A quantity that a register cannot hold."""
    message = f"expected at most {quantity.text(quantity.MAX)} in the management unit, got {quantity.text(value)}"
    return Reason("field-invalid", message, "quantity")


def _counted(session: Session, item: Item | None) -> int | None:
    """The quantity in the management unit; None where there is none, or it cannot be kept exactly."""
    if item is None:
        return None
    if item.serial_managed and not session.quantity_own:
        return quantity.ONE  # what an item's label holds says nothing of the one piece
    if session.quantity is None:
        return None
    unit = unit_of(item, session.unit)
    if unit is None:
        return session.quantity
    return None if isinstance(unit, str) else convert(unit, session.quantity)


def _check_location(
    session: Session, given: Given, row: CountListRow, warehouse: Warehouse, reasons: list[Reason]
) -> None:
    if given.warehouse is not None and given.warehouse != row.warehouse:
        message = f"list {row.list!r} counts warehouse {row.warehouse!r}, the barcode is of {given.warehouse!r}"
        reasons.append(Reason("location-unknown", message, "barcode"))
    elif session.location is not None:
        if not has_location(warehouse, session.location):
            message = (
                f"location {session.location!r} is not a location of warehouse {warehouse.code!r}; add it there or "
                "name another"
            )
            reasons.append(Reason("location-unknown", message, "location"))
        elif row.locations and session.location not in keys.split(row.locations):
            names = ", ".join(keys.split(row.locations))
            message = f"list {row.list!r} counts {names}, location {session.location!r} belongs to another list"
            reasons.append(Reason("location-unknown", message, "location"))


def _check_quantity(looked: Looked, reasons: list[Reason]) -> None:
    session, item, value = looked.session, looked.item, looked.session.quantity
    if item is not None and session.unit is not None:
        unit = unit_of(item, session.unit)
        if isinstance(unit, str):
            reasons.append(Reason("unit-unknown", unit, "unit"))
    if value is None:
        return
    if value < 0:
        message = f"expected a counted quantity from 0, got {quantity.text(value)}"
        reasons.append(Reason("quantity-not-positive", message, "quantity"))
    elif item is not None and item.serial_managed and not session.quantity_own:
        return
    elif item is not None and looked.counted is None:
        if not any(reason.code == "unit-unknown" for reason in reasons):
            message = (
                f"{quantity.text(value)} {session.unit} gives more than 6 decimals of {item.unit}, which cannot be "
                f"kept exactly; count in {item.unit}"
            )
            reasons.append(Reason("quantity-not-whole", message, "quantity"))
    elif item is not None and item.serial_managed and not quantity.is_whole(looked.counted or 0):
        message = f"item {item.item_code!r} is counted in whole pieces, got {quantity.text(looked.counted or 0)}"
        reasons.append(Reason("quantity-not-whole", message, "quantity"))
    elif (looked.counted or value) > quantity.MAX:
        reasons.append(too_large(looked.counted or value))


def _code(looked: Looked) -> str:
    return "" if looked.warehouse is None else looked.warehouse.code


def _location_memo() -> Callable[[Warehouse, str], bool]:
    """Each warehouse's locations as a set, remembered by identity: a large one is not searched each time."""
    sets: dict[str, tuple[Warehouse, frozenset[str]]] = {}

    def has(warehouse: Warehouse, location: str) -> bool:
        memo = sets.get(warehouse.code)
        if memo is None or memo[0] is not warehouse:
            memo = sets[warehouse.code] = (warehouse, frozenset(known.location for known in warehouse.locations))
        return location in memo[1]

    return has


has_location = _location_memo()
"""Whether a warehouse has a location."""
