"""GS1 elements in the trade's words (`domain.md` §8.2)."""

from typing import Any, Final

from processors.barcodes.fault import Fault
from processors.barcodes.fields import Fields
from processors.barcodes.gs1 import Elements
from processors.barcodes.gs1_dates import day_number
from processors.barcodes.plain import find_gtin
from processors.domain.master import MasterData
from processors.domain.quantity import MAX, ONE

_TEXTS: Final = {"00": "sscc", "10": "lot", "21": "serial"}
_DATES: Final = {"11": "production_date", "15": "best_before_date", "17": "expiry_date"}
_TRADE_ITEMS: Final = frozenset(["01", "02", "03", "8006", "8026"])
"""Each names a trade item; of 8006 and 8026 it is the first 14 digits."""


def gs1_fields(elements: Elements, year: int, master: MasterData | None) -> Fields | Fault:
    """The fields of elements whose values are right, with the item of their GTIN where the master data have it.

    The quantity is the count (30), or the count (37) times what the item's barcode holds, or, with a GTIN but no count,
    what the barcode holds. `year`: of the event. Faults, without a useful position: two trade items in one barcode, a
    GTIN of two items, a quantity beyond 18 digits.
    """
    values: dict[str, Any] = {}
    count = containers = None
    for ai, value in elements:
        if (name := _TEXTS.get(ai)) is not None:
            values[name] = value
        elif (name := _DATES.get(ai)) is not None:
            values[name] = day_number(value, year)
        elif ai in _TRADE_ITEMS:
            gtin = value[:14]
            if values.setdefault("gtin", gtin) != gtin:
                return Fault(f"expected one trade item, got GTIN {values['gtin']} and {gtin}", 0)
        elif ai == "30":
            count = int(value) * ONE
        elif ai == "37":
            containers = int(value)
        elif ai[:3] == "310":
            values["net_weight"] = int(value) * 10 ** (6 - int(ai[3]))
    holds = None
    if master is not None and "gtin" in values:
        found = find_gtin(values["gtin"], master)
        if isinstance(found, Fault):
            return found
        if found is not None:
            holds = found.barcode.quantity
            values["item_class"], values["item_code"] = found.item.item_class, found.item.item_code
            values["variant"], values["unit"] = found.barcode.variant, found.barcode.unit
    if containers is not None:
        count = containers * (count or holds or ONE)
    quantity = holds if count is None else count
    if quantity is not None:
        if quantity > MAX:
            return Fault("expected a quantity of at most 12 digits, got more", 0)
        values["quantity"] = quantity
    return Fields(**values)
