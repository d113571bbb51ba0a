"""A movement with everything that it names looked up: checks 1 and 2 of `domain.md` §3."""

from collections.abc import Callable
from dataclasses import dataclass

from processors.domain import calendar, keys, quantity
from processors.domain.master import AlternativeUnit, Company, Item, MasterData, Template, Warehouse
from processors.domain.moments import happened_at, local_day
from processors.domain.movement import Movement
from processors.domain.refusals import Reason
from processors.domain.units import convert, unit_of


@dataclass(slots=True)
class Intake:
    """What the rules need to know of one movement. Quantities are in the management unit, days in company time.

    `scope_key` is the key of item + variant, with which the keys of its rows begin. `supplier` is the account where it
    is a supplier. `sound`: quantity and unit can be reckoned with.
    """

    movement: Movement
    time_ms: int
    today: int
    occurred_at: int
    item: Item
    variant: str
    item_key: str
    scope_key: str
    template: Template
    warehouse: Warehouse
    location: str | None
    supplier: str | None
    unit: AlternativeUnit | None
    quantity: int
    sound: bool

    @property
    def goods(self) -> str:
        """The item, and its variant where it has any, for people."""
        if not self.item.variants:
            return f"item {self.item.item_code!r}"
        return f"item {self.item.item_code!r} {f'variant {self.variant!r}' if self.variant else 'without a variant'}"

    @property
    def creates(self) -> bool:
        """True where new lots and serials come in: a load that takes them from nowhere else."""
        template = self.template
        return template.direction == "load" and template.offset_template is None and not template.lot_from_lot


def take_in(
    movement: Movement,
    item_key: str,
    time_ms: int,
    master: MasterData,
    dropped_until: int | None,
    reasons: list[Reason],
) -> Intake | None:
    """Look everything up and add what is unknown or missing; None where the item or the template is.

    `item_key` is the key `class|code`, the message's own.
    `dropped_until`: the latest effective day whose movement ids this task no longer knows. The form has been checked.
    """
    company = master.company
    item = master.items.get((movement.item_class, movement.item_code))
    if item is None:
        reasons.append(
            Reason(
                "item-unknown",
                f"item {movement.item_class!r} {movement.item_code!r} is not in the master data; send it first",
                "item_code",
            )
        )
    elif movement.variant and not any(known.variant == movement.variant for known in item.variants):
        reasons.append(_unknown_variant(item, movement.variant))
    template, warehouse = _places(movement, master, reasons)
    location = movement.location or (template.default_location if template is not None else None)
    if location and warehouse is not None and not _has_location(warehouse, location):
        reasons.append(_unknown_location(warehouse, location, movement.location is None))
    supplier = None
    if movement.account:
        account = master.accounts.get(movement.account)
        if account is None:
            reasons.append(
                Reason(
                    "account-unknown",
                    f"account {movement.account!r} is not in the master data; send it first",
                    "account",
                )
            )
        elif account.kind == "supplier":
            supplier = account.code
    check_period(company, movement.effective_date, dropped_until, reasons)
    if template is not None:
        _check_document(template, movement, reasons)
    if item is None:
        return None
    value, sound = movement.quantity or 0, (movement.quantity or 0) > 0
    unit = unit_of(item, movement.unit or None)
    if isinstance(unit, str):
        reasons.append(Reason("unit-unknown", unit, "unit"))
        unit, sound = None, False
    elif unit is not None and sound:
        value, sound = _converted(item, unit, value, "quantity", reasons)
    if sound and value > quantity.MAX:
        reasons.append(too_large(value, "quantity"))
        sound = False
    if template is None or warehouse is None:
        return None
    variant = movement.variant or ""
    today = local_day(company.time_zone, time_ms)
    return Intake(
        movement,
        time_ms,
        today,
        happened_at(movement.occurred_at, movement.effective_date, time_ms, today, company.time_zone),
        item,
        variant,
        item_key,
        f"{item_key}|{keys.part(variant)}",
        template,
        warehouse,
        location or None,
        supplier,
        unit,
        value,
        sound,
    )


def line_quantity(intake: Intake, value: int, name: str, reasons: list[Reason]) -> int | None:
    """A lot line's quantity in the management unit; None where it cannot be kept exactly."""
    if intake.unit is None:
        return value
    converted, exact = _converted(intake.item, intake.unit, value, name, reasons)
    return converted if exact else None


def too_large(value: int, name: str) -> Reason:
    """A quantity or sum that a register cannot hold."""
    return Reason(
        "field-invalid",
        f"expected at most {quantity.text(quantity.MAX)} in the management unit, got {quantity.text(value)}",
        name,
    )


def _places(movement: Movement, master: MasterData, reasons: list[Reason]) -> tuple[Template | None, Warehouse | None]:
    """Template and warehouse; with the warehouse unknown nothing can be said about its template."""
    if movement.warehouse is None:
        return None, None
    warehouse = master.warehouses.get(movement.warehouse)
    if warehouse is None:
        reasons.append(
            Reason(
                "warehouse-unknown",
                f"warehouse {movement.warehouse!r} is not in the master data; send it first",
                "warehouse",
            )
        )
        return None, None
    template = None if movement.template is None else master.templates.get((movement.warehouse, movement.template))
    if template is None and movement.template is not None:
        reasons.append(
            Reason(
                "template-unknown",
                f"warehouse {movement.warehouse!r} has no template {movement.template!r}; send it or name another",
                "template",
            )
        )
    return template, warehouse


def check_period(company: Company, day: int, dropped_until: int | None, reasons: list[Reason]) -> None:
    """The effective day lies in the open period and after the days whose movement ids were dropped."""
    if (company.open_from is not None and day < company.open_from) or (
        company.open_to is not None and day > company.open_to
    ):
        first, last = (
            "the beginning" if company.open_from is None else _day(company.open_from),
            "any later day" if company.open_to is None else _day(company.open_to),
        )
        message = f"expected an effective date in the open period ({first} to {last}), got {_day(day)}"
        reasons.append(
            Reason("date-outside-period", f"{message}; open the period or post on another date", "effective_date")
        )
    elif dropped_until is not None and day <= dropped_until:
        reasons.append(
            Reason(
                "date-outside-period",
                f"expected an effective date after {_day(dropped_until)}, up to which movements were closed for good, "
                f"got {_day(day)}; post on a later date",
                "effective_date",
            )
        )


def _check_document(template: Template, movement: Movement, reasons: list[Reason]) -> None:
    if template.mandatory_document and not (movement.document_type and movement.document_number):
        reasons.append(
            Reason(
                "document-missing",
                f"template {template.code!r} asks for a document; give its type and number",
                "document_type" if not movement.document_type else "document_number",
            )
        )
    if template.mandatory_account and not movement.account:
        reasons.append(
            Reason("account-missing", f"template {template.code!r} asks for a customer or supplier; name it", "account")
        )


def _converted(item: Item, unit: AlternativeUnit, value: int, name: str, reasons: list[Reason]) -> tuple[int, bool]:
    converted = convert(unit, value)
    if converted is not None:
        return converted, True
    sign = "*" if unit.operator == "multiply" else "/"
    reasons.append(
        Reason(
            "quantity-not-whole",
            f"{quantity.text(value)} {unit.unit} {sign} {quantity.text(unit.factor)} gives more than 6 decimals of "
            f"{item.unit}, which cannot be kept exactly; give the quantity in {item.unit}",
            name,
        )
    )
    return 0, False


def _unknown_variant(item: Item, variant: str) -> Reason:
    known = ", ".join(known.variant for known in item.variants) or "none"
    return Reason("variant-unknown", f"expected a variant of the item ({known}), got {variant!r}", "variant")


def _unknown_location(warehouse: Warehouse, location: str, by_default: bool) -> Reason:
    origin = "the template's default location" if by_default else "location"
    return Reason(
        "location-unknown",
        f"{origin} {location!r} is not a location of warehouse {warehouse.code!r}; add it there or name another",
        "location",
    )


def _day(day: int) -> str:
    return calendar.day_text(day) if abs(day) < 700_000 else f"day number {day}"


def _location_memo() -> Callable[[Warehouse, str], bool]:
    """Each warehouse's locations as a set, remembered by identity: a large one is not searched each time."""
    sets: dict[str, tuple[Warehouse, frozenset[str]]] = {}

    def has(warehouse: Warehouse, location: str) -> bool:
        memo = sets.get(warehouse.code)
        if memo is None or memo[0] is not warehouse:
            memo = sets[warehouse.code] = (warehouse, frozenset(known.location for known in warehouse.locations))
        return location in memo[1]

    return has


_has_location = _location_memo()
