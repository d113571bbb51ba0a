"""Quantities of a movement in the item's management unit, exactly (`domain.md` §3)."""

from processors.domain import quantity
from processors.domain.master import AlternativeUnit, Item


def unit_of(item: Item, unit: str | None) -> AlternativeUnit | str | None:
    """How to convert from a unit: None where it is the management unit (or absent); text says why it is unknown."""
    if unit is None or unit == item.unit:
        return None
    for alternative in item.alternative_units:
        if alternative.unit == unit:
            return alternative
    known = ", ".join((item.unit, *(alternative.unit for alternative in item.alternative_units)))
    return f"expected a unit of the item ({known}), got {unit!r}; add it to the item's alternative units"


def convert(unit: AlternativeUnit, value: int) -> int | None:
    """Millionths in the management unit, times or by the factor; None where 6 decimals do not hold the result."""
    if unit.operator == "multiply":
        result, rest = divmod(value * unit.factor, quantity.ONE)
    else:
        result, rest = divmod(value * quantity.ONE, unit.factor)
    return None if rest else result
