"""An adjustment: what a count found more or less is posted at the moment of the count (architecture §6.5).

It is not stopped by availability, status, block days, reservations, mandatory documents or accounts, nor by stock that
would go below zero. What else speaks against it is a reason to refuse it.
"""

from dataclasses import dataclass, replace
from typing import Final

from processors.domain import keys
from processors.domain.changes import Changes
from processors.domain.claims import lots_company_wide, serials_company_wide
from processors.domain.consuming import Consuming
from processors.domain.count_lines import PositionRow
from processors.domain.decision import Emit
from processors.domain.events import Alert
from processors.domain.intake import Intake, check_period
from processors.domain.legs import Leg
from processors.domain.lines import Line
from processors.domain.lots import birth_of, load_lot, unload_lot
from processors.domain.master import Item, MasterData, Template, Warehouse
from processors.domain.moments import local_day
from processors.domain.moved import moved_text
from processors.domain.movement import Movement
from processors.domain.progressives import Claimed
from processors.domain.quantity import ONE
from processors.domain.quantity import text as quantity_text
from processors.domain.refusals import Reason
from processors.domain.registers import StateRow, StockRow
from processors.domain.serials import load_serials, notes_of_serials, serial_prefix, unload_serials
from processors.domain.stock import move_stock
from processors.domain.view import SERIALS

KIND: Final = "adjustment"
Place = tuple[str, str | None, str | None]
"""Warehouse, location, lot code."""


@dataclass(slots=True)
class Desk:
    """What adjustments of one item are posted against. `variant` is empty for an item without."""

    item: Item
    variant: str
    item_key: str
    scope_key: str
    master: MasterData
    claimed: Claimed
    dropped_until: int | None
    partition: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class PostedAdjustment:
    """`template` by which it was posted, `stock` the row after it."""

    template: str
    stock: StockRow


def adjustment_id(row: PositionRow) -> str:
    """Derived, so that a replay changes nothing: `inventory/list/line/revision`."""
    return f"{row.inventory}/{row.list}/{row.line}/{row.revision}"


def value_of(difference: int, unit_cost: int | None) -> int | None:
    """Difference × cost in millionths, half away from zero; None without a cost."""
    if unit_cost is None:
        return None
    value = (abs(difference * unit_cost) * 2 + ONE) // (2 * ONE)
    return value if difference * unit_cost >= 0 else -value


def adjustment_template(master: MasterData, warehouse: Warehouse, load: bool) -> Template | Reason:
    """The warehouse's template for what was found more (`load`) or less, or why there is none."""
    side = "load" if load else "unload"
    code = warehouse.adjustment_load_template if load else warehouse.adjustment_unload_template
    template = None if code is None else master.templates.get((warehouse.code, code))
    if template is None:
        message = f"warehouse {warehouse.code!r} has no adjustment {side} template"
        if code is not None:
            message = (
                f"the adjustment {side} template {code!r} of warehouse {warehouse.code!r} is not in the master data"
            )
        return Reason("template-missing", f"{message}; name one with physical_inventory, then approve the line again")
    if not template.physical_inventory or template.direction != side:
        return Reason(
            "template-not-for-inventory",
            f"template {code!r} of warehouse {warehouse.code!r} is "
            + ("not for physical inventory" if template.direction == side else f"one that does {template.direction}")
            + f"; name one with physical_inventory that does {side}, then approve the line again",
        )
    return template


def post_adjustment(
    changes: Changes,
    desk: Desk,
    row: PositionRow,
    place: Place,
    amount: int,
    id: str,
    reasons: list[Reason],
    *,
    serial: str | None = None,
    serial_stays: bool = False,
) -> PostedAdjustment | None:
    """Post a signed amount (management unit) at a count's moment; None where `reasons` were found.

    `changes` begin with this adjustment (a layer of its own). `serial_stays`: a correction; stock and lot change, the
    piece is where the count has left it, and nothing of the master data can refuse it.
    """
    warehouse_code, location, lot_code = place
    load, item = amount > 0, desk.item
    warehouse = desk.master.warehouses.get(warehouse_code)
    if warehouse is None:
        reasons.append(Reason("warehouse-unknown", f"warehouse {warehouse_code!r} is not in the master data; send it"))
        return None
    template = adjustment_template(desk.master, warehouse, load)
    day = local_day(desk.master.company.time_zone, row.moment)
    if isinstance(template, Reason):
        if not serial_stays:
            reasons.append(template)
        template = Template(warehouse_code, "", "", "load" if load else "unload")
    if not serial_stays:
        check_period(desk.master.company, day, desk.dropped_until, reasons)
        _check_management(item, lot_code, serial, reasons)
    if reasons:
        return None
    free = replace(
        template,
        lot_management=item.lot_managed,
        integrate_initial_quantity=True,
        allow_unavailable_lots=True,
        offset_template=None,
        offset_warehouse=None,
        lot_from_lot=False,
    )
    intake = _intake(desk, row, free, warehouse, location, lot_code, abs(amount), id, day)
    leg = Leg(
        free, warehouse, location, load, id, f"{desk.item_key}|{keys.part(id)}|", False, True, False, adjustment=True
    )
    line = Line(lot_code, lot_code is not None, abs(amount), () if serial is None else (serial,), 0, None, None)
    stock = _post(changes, desk, intake, leg, line, serial_stays, reasons)
    if reasons or stock is None:
        return None
    changes.state[f"{KIND}|{desk.item_key}|{keys.part(id)}"] = _state(desk, row, changes, id, day, leg, line)
    if stock.stock < 0:
        changes.records.append(Emit("alerts", desk.item_key, _negative(desk, row, stock, id)))
    return PostedAdjustment(template.code, stock)


def _post(
    changes: Changes, desk: Desk, intake: Intake, leg: Leg, line: Line, serial_stays: bool, reasons: list[Reason]
) -> StockRow | None:
    birth, lot, item = birth_of(intake, line), None, desk.item
    if leg.load:
        if line.lotted:
            wide = lots_company_wide(desk.master)
            lot = load_lot(changes, intake, leg, line, birth, wide, desk.claimed, desk.partition, reasons)
            if lot is None:
                return None
        if line.serials and not serial_stays:
            wide = serials_company_wide(item, desk.master)
            load_serials(changes, intake, leg, line, lot, birth.start, wide, desk.claimed, desk.partition, reasons)
    else:
        if line.lotted:
            lot = unload_lot(changes, intake, leg, line, desk.master.lot_statuses, reasons)
            if lot is None:
                return None
        if line.serials and not serial_stays:
            for reserved in unload_serials(changes, intake, leg, line, reasons):
                Consuming(changes, intake).settle_serial(reserved)
    if line.serials and serial_stays:
        note = notes_of_serials(changes, intake, leg, line.lot_code)
        prefix = serial_prefix(desk.scope_key, line.lot_code)
        for serial in line.serials:
            found = changes.view.get(SERIALS, f"{prefix}{keys.part(serial)}")
            if found is not None:
                note(found)
    return move_stock(changes, intake, leg, line, reasons)


def _check_management(item: Item, lot_code: str | None, serial: str | None, reasons: list[Reason]) -> None:
    """The item is managed by lots and serials as the line was counted."""
    name = f"item {item.item_code!r}"
    if item.lot_managed and lot_code is None:
        reasons.append(Reason("lot-missing", f"{name} is lot-managed and was counted without a lot; count it again"))
    if not item.lot_managed and lot_code is not None:
        reasons.append(Reason("lot-not-managed", f"{name} has no lots and was counted with one; count it again"))
    if item.serial_managed and serial is None:
        reasons.append(
            Reason("serial-count-differs", f"{name} is serial-managed and was counted without serials; count it again")
        )
    if not item.serial_managed and serial is not None:
        reasons.append(Reason("serial-not-managed", f"{name} has no serials and was counted with one; count it again"))


def _intake(
    desk: Desk,
    row: PositionRow,
    template: Template,
    warehouse: Warehouse,
    location: str | None,
    lot_code: str | None,
    amount: int,
    id: str,
    day: int,
) -> Intake:
    item = desk.item
    movement = Movement(
        id,
        "post",
        None,
        template.code,
        warehouse.code,
        amount,
        location,
        item.item_class,
        item.item_code,
        desk.variant or None,
        None,
        day,
        row.moment,
        "stock_record",
        f"{row.inventory}/{row.list}",
        day,
        unit_cost=item.unit_cost,
        user=row.operator,
    )
    return Intake(
        movement,
        desk.time_ms,
        day,
        row.moment,
        item,
        desk.variant,
        desk.item_key,
        desk.scope_key,
        template,
        warehouse,
        location,
        None,
        None,
        amount,
        True,
    )


def _state(desk: Desk, row: PositionRow, changes: Changes, id: str, day: int, leg: Leg, line: Line) -> StateRow:
    """The private row of an adjustment: what it moved. `continuation`: the piece and its place, for its trail."""
    piece = None
    if line.serials:
        direction = "load" if leg.load else "unload"
        piece = keys.join(direction, leg.warehouse.code, leg.location or "", line.lot_code or "", line.serials[0])
    moved = moved_text(desk.scope_key, changes.moved, bool(line.serials))
    return StateRow(
        KIND,
        desk.item.item_class,
        desk.item.item_code,
        id,
        None,
        day,
        None,
        row.moment,
        piece,
        None,
        None,
        None,
        desk.time_ms,
        moved,
    )


def _negative(desk: Desk, row: PositionRow, stock: StockRow, id: str) -> Alert:
    return Alert(
        f"{id}/negative",
        "stock_negative",
        stock.item_class,
        stock.item_code,
        stock.variant,
        stock.lot_code,
        row.serial_code,
        stock.warehouse,
        stock.location,
        row.inventory,
        row.list,
        f"stock is {quantity_text(stock.stock)} {stock.unit} after the adjustment {id}: more was taken out after the "
        "count than it found; look for a movement that is missing",
        desk.time_ms,
    )
