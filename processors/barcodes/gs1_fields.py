"""GS1 elements in the trade's words (`domain.md` §8.2)."""

from typing import Final

from processors.barcodes.fault import Fault
from processors.barcodes.fields import NO_FIELDS, Fields, as_fields
from processors.barcodes.gs1 import Elements
from processors.barcodes.gs1_dates import day_number
from processors.barcodes.plain import find_gtin
from processors.domain.master import MasterData
from processors.domain.quantity import MAX, ONE

_TRADE_ITEMS: Final = frozenset(["01", "02", "03", "8006", "8026"])
"""Each names a trade item; of 8006 and 8026 it is the first 14 digits."""
_PLACE: Final = NO_FIELDS[4:6]
_NOT_OF_GS1: Final = NO_FIELDS[15:]
"""Warehouse and location, which stand between item and goods, and all that follows: no element names them."""


def gs1_fields(elements: Elements, year: int, master: MasterData | None) -> Fields | Fault:
    """The fields of elements whose values are right, with the item of their GTIN where the master data have it.

    The quantity is the count (30), or the count (37) times what the item's barcode holds, or, with a GTIN but no count,
    what the barcode holds. `year`: of the event. Faults, without a useful position: two trade items in one barcode, a
    GTIN of two items, a quantity beyond 18 digits.
    """
    gtin = lot = serial = sscc = expiry_date = best_before_date = production_date = net_weight = None
    count = containers = None
    for ai, value in elements:
        if ai in _TRADE_ITEMS:
            if gtin is not None and gtin != value[:14]:
                return Fault(f"expected one trade item, got GTIN {gtin} and {value[:14]}", 0)
            gtin = value[:14]
        elif ai == "10":
            lot = value
        elif ai == "17":
            expiry_date = day_number(value, year)
        elif ai == "21":
            serial = value
        elif ai == "15":
            best_before_date = day_number(value, year)
        elif ai == "11":
            production_date = day_number(value, year)
        elif ai == "00":
            sscc = value
        elif ai == "30":
            count = int(value) * ONE
        elif ai == "37":
            containers = int(value)
        elif ai[:3] == "310":
            net_weight = int(value) * 10 ** (6 - int(ai[3]))
    item_class = item_code = variant = unit = holds = None
    if gtin is not None and master is not None:
        found = find_gtin(gtin, master)
        if isinstance(found, Fault):
            return found
        if found is not None:
            item, barcode = found
            item_class, item_code = item.item_class, item.item_code
            variant, unit, holds = barcode.variant, barcode.unit, barcode.quantity
    if containers is not None:
        count = containers * (count or holds or ONE)
    quantity = holds if count is None else count
    if quantity is not None and quantity > MAX:
        return Fault("expected a quantity of at most 12 digits, got more", 0)
    of_item = (item_class, item_code, variant, unit, *_PLACE)
    of_goods = (lot, serial, quantity, gtin, sscc, expiry_date, production_date, best_before_date, net_weight)
    return as_fields((*of_item, *of_goods, *_NOT_OF_GS1))
