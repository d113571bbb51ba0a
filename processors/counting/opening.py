"""Inventories and lists are opened, and lists given to their operator."""

from dataclasses import replace

from processors.counting import closing, to_ledger
from processors.counting.checks import has_location
from processors.counting.places import hand_over, list_of, open_inventory_of
from processors.counting.registers import INVENTORIES, LISTS, list_key
from processors.counting.step import Step
from processors.counting.tidying import tidy
from processors.domain import keys
from processors.domain.count_registers import CountListRow, InventoryRow
from processors.domain.master import MasterData, Warehouse
from processors.domain.moments import local_day
from processors.domain.refusals import Reason
from processors.domain.scans import CountCommand

LOCATIONS_MAX = 1000
"""Locations in the scope of one list: more are a list of the whole warehouse, or several lists."""


def open_inventory(command: CountCommand, step: Step, reasons: list[Reason]) -> None:
    """Open an inventory: of the record's day in the company's time zone where it names none."""
    key = keys.join(command.inventory)
    known = step.get(INVENTORIES, key)
    if known is not None:
        code = "inventory-closed" if known.state == "closed" else "field-invalid"
        message = f"inventory {command.inventory!r} was opened before and is {known.state}; give the new one another id"
        reasons.append(Reason(code, message, "inventory"))
        return
    today = local_day(step.master.company.time_zone, step.time_ms)
    row = InventoryRow(
        command.inventory,
        today if command.date is None else command.date,
        command.description or "",
        command.notes,
        command.operator or command.by,
        "open",
        0,
        0,
        step.time_ms,
        None,
    )
    step.put(INVENTORIES, key, row)
    tidy(step)


def open_list(command: CountCommand, step: Step, reasons: list[Reason]) -> None:
    """Open a list and tell every partition of the ledger."""
    inventory = open_inventory_of(step, command.inventory, reasons)
    for name in ("list", "list_type", "warehouse"):
        if not getattr(command, name):
            reasons.append(Reason("field-invalid", f"action open_list needs {name}, which is missing", name))
    list = command.list or ""
    if inventory is not None and step.get(LISTS, list_key(command.inventory, list)) is not None:
        message = f"inventory {command.inventory!r} has a list {list!r} already; give the new one another id"
        reasons.append(Reason("field-invalid", message, "list"))
    type = step.master.list_types.get(command.list_type or "")
    if type is None and command.list_type:
        message = f"list type {command.list_type!r} is not in the master data; send it first"
        reasons.append(Reason("list-type-unknown", message, "list_type"))
    _check_place(command, step.master, reasons)
    if reasons or inventory is None or type is None:
        return
    row = CountListRow(
        command.inventory,
        list,
        type.code,
        command.operator or command.by,
        command.warehouse or "",
        keys.join(*command.locations) if command.locations else "",
        "open",
        command.as_of,
        lines=0,
        matched=0,
        positive=0,
        negative=0,
        value_positive=0,
        value_negative=0,
        pending=0,
        opened_at=step.time_ms,
        closed_at=None,
        description=command.description,
    )
    step.put_list(row)
    step.put(INVENTORIES, keys.join(command.inventory), replace(inventory, lists=inventory.lists + 1))
    to_ledger.opened(step, row, type)
    closing.look_at_waiting(step, row.inventory, row.warehouse)


def assign_list(command: CountCommand, step: Step, reasons: list[Reason]) -> None:
    """Give a list to another operator; what the one before has read and not confirmed stays theirs.

    Reads that the one before sent until now are still taken: they may be underway.
    """
    inventory = open_inventory_of(step, command.inventory, reasons)
    row = None if inventory is None else list_of(step, command.inventory, command.list or "", reasons)
    if row is not None and row.state in ("closed", "cancelled"):
        reasons.append(Reason("list-not-open", f"list {row.list!r} is {row.state}; nobody counts on it", "list"))
    if not command.operator:
        reasons.append(Reason("field-invalid", "action assign_list needs operator, which is missing", "operator"))
    if not reasons and row is not None and command.operator:
        hand_over(step, row)
        step.put_list(replace(row, operator=command.operator))


def _check_place(command: CountCommand, master: MasterData, reasons: list[Reason]) -> None:
    warehouse = master.warehouses.get(command.warehouse or "")
    if warehouse is None:
        if command.warehouse:
            message = f"warehouse {command.warehouse!r} is not in the master data; send it first"
            reasons.append(Reason("warehouse-unknown", message, "warehouse"))
        return
    if len(command.locations) > LOCATIONS_MAX:
        message = f"expected at most {LOCATIONS_MAX} locations, got {len(command.locations)}; open several lists"
        reasons.append(Reason("field-invalid", message, "locations"))
    elif len(set(command.locations)) < len(command.locations):
        reasons.append(Reason("field-invalid", "a location is named twice; name each once", "locations"))
    for place, location in enumerate(command.locations[:LOCATIONS_MAX]):
        if not has_location(warehouse, location):
            message = (
                f"location {location!r} is not a location of warehouse {warehouse.code!r}; add it there or name another"
            )
            reasons.append(Reason("location-unknown", message, f"locations[{place}]"))
    _check_templates(warehouse, master, reasons)


def _check_templates(warehouse: Warehouse, master: MasterData, reasons: list[Reason]) -> None:
    """Both adjustment templates are there, go their way and are meant for inventories (`domain.md` §10)."""
    for direction, code in (
        ("load", warehouse.adjustment_load_template),
        ("unload", warehouse.adjustment_unload_template),
    ):
        template = None if code is None else master.templates.get((warehouse.code, code))
        name = f"adjustment_{direction}_template"
        if code is None:
            message = f"warehouse {warehouse.code!r} has no {name}, which posts differences; set it in the warehouse"
            reasons.append(Reason("template-missing", message, "warehouse"))
        elif template is None:
            message = f"warehouse {warehouse.code!r} has no template {code!r}, its {name}; send it"
            reasons.append(Reason("template-missing", message, "warehouse"))
        elif template.direction != direction or not template.physical_inventory:
            message = (
                f"template {warehouse.code}|{code} posts differences as {name}: set physical_inventory and direction "
                f"{direction} in the template"
            )
            reasons.append(Reason("template-not-for-inventory", message, "warehouse"))
