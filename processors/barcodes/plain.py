"""Codes that stand among the items' barcodes; the lengths of a GTIN (8, 12, 13, 14) count as one."""

from processors.barcodes.fault import Fault, shown
from processors.barcodes.trade_items import GTIN_LENGTHS, gtin_forms, is_digits, read_gtin
from processors.domain.master import Barcode, Item, MasterData

Found = tuple[Item, Barcode]
"""The item that has a barcode, and the barcode's entry: its variant, unit and quantity."""


def find_code(text: str, master: MasterData) -> Found | None:
    """The item that has exactly this text as a barcode."""
    key = master.barcodes.get(text)
    if key is None:
        return None
    item = master.items[key]
    for barcode in item.barcodes:
        if barcode.barcode == text:
            return item, barcode
    return None


def find_gtin(gtin: str, master: MasterData) -> Found | Fault | None:
    """The item that has this GTIN (14 digits) in any of its lengths; a fault where two items have it."""
    if gtin[0] != "0":
        return find_code(gtin, master)
    found = owner = None
    for form in gtin_forms(gtin):
        key = master.barcodes.get(form)
        if key is None or key == owner:
            continue
        if owner is not None:
            one, two = ("|".join(each) for each in (owner, key))
            return Fault(f"expected one item with GTIN {gtin}, got {shown(one)} and {shown(two)}", 0)
        found, owner = form, key
    return None if found is None else find_code(found, master)


def gtin_of(text: str) -> str | Fault | None:
    """The GTIN of a text that is as long as one and all digits; None for any other text."""
    return read_gtin(text) if len(text) in GTIN_LENGTHS and is_digits(text) else None
