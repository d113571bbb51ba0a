"""The sides of a movement: where it takes from or puts to, under which template and id."""

from dataclasses import dataclass
from typing import Literal

from processors.domain import keys
from processors.domain.intake import Intake
from processors.domain.master import MasterData, Template, Warehouse
from processors.domain.refusals import Reason


@dataclass(slots=True)
class Leg:
    """A load or an unload in one warehouse. A movement whose template has an offset has two.

    `entry_prefix` begins the ids of its postings and history entries, which are numbered. `negative`: stock without
    lots and serials may go below zero here. `transfer`: the other leg brings or takes the same goods. `into`: it
    loads the lot that is made from the lots of the other. `adjustment`: it posts what a count found. `reserves`:
    nothing moves, it is only committed or released.
    """

    template: Template
    warehouse: Warehouse
    location: str | None
    load: bool
    movement_id: str
    entry_prefix: str
    offset: bool
    negative: bool
    transfer: bool
    into: bool = False
    adjustment: bool = False
    reserves: Literal["reserve", "release"] | None = None
    postings: int = 0
    entries: int = 0

    @property
    def direction(self) -> Literal["load", "unload", "reserve", "release"]:
        """What the history of lots and serials says of it."""
        return self.reserves or ("load" if self.load else "unload")


def legs_of(intake: Intake, master: MasterData, reasons: list[Reason]) -> list[Leg]:
    """The movement's own leg and its offset's or that of the lot it makes, the unload first.

    Adds `template-offset-invalid` where the offset is wrong.
    """
    template, movement_id = intake.template, intake.movement.movement_id
    prefix = f"{intake.item_key}|{keys.part(movement_id)}|"
    transfer = template.offset_template is not None
    main = Leg(
        template,
        intake.warehouse,
        intake.location,
        template.direction == "load" and not template.lot_from_lot,
        movement_id,
        prefix,
        False,
        master.company.allow_negative_stock and intake.warehouse.allow_negative_stock,
        transfer,
    )
    if template.lot_from_lot:
        where = (template, intake.warehouse, intake.location)
        return [main, Leg(*where, True, movement_id, f"{prefix}into|", False, False, True, into=True)]
    if not transfer and template.offset_warehouse is None:
        return [main]
    warehouse = master.warehouses.get(template.offset_warehouse or template.warehouse)
    offset = master.templates.get((template.offset_warehouse or template.warehouse, template.offset_template or ""))
    if warehouse is None or offset is None or offset.direction == template.direction:
        reasons.append(_invalid(template, offset))
        return [main]
    other = Leg(
        offset,
        warehouse,
        offset.default_location,
        offset.direction == "load",
        f"{movement_id}/offset",
        f"{prefix}offset|",
        True,
        master.company.allow_negative_stock and warehouse.allow_negative_stock,
        True,
    )
    return [other, main] if main.load else [main, other]


def _invalid(template: Template, offset: Template | None) -> Reason:
    found = "which does not exist" if offset is None else f"which is {offset.direction} like itself"
    return Reason(
        "template-offset-invalid",
        f"template {template.code!r} of warehouse {template.warehouse!r} names the offset template "
        f"{template.offset_template!r} of warehouse {template.offset_warehouse or template.warehouse!r}, {found}; "
        "expected one of the opposite direction: correct the template",
        "template",
    )
