"""Names of things for the world outside: GS1 Digital Links where an item has a GTIN, else URNs of our own.

GS1 Digital Link URI Syntax; lot (10) and serial (21) are at most 20 characters (GS1 General Specifications §3.4, §3.5).
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from processors.domain.lineage_graph import Goods

GS1: Final = "https://id.gs1.org"
OWN: Final = "urn:lotstream"
_CODE_MAX: Final = 20
_CHARACTERS: Final = frozenset("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
"""GS1's character set 82."""


def gtin_of(item: Mapping[str, Any], variant: str | None) -> str | None:
    """The item's (or its variant's) GTIN as 14 digits: its first barcode for one unit of it that is one."""
    for barcode in item.get("barcodes", ()):
        of_unit = barcode.get("unit") in (None, item.get("unit")) and barcode.get("quantity") in (None, "1")
        if of_unit and barcode.get("variant") in (None, variant) and is_gtin(barcode["barcode"]):
            return str(barcode["barcode"]).zfill(14)
    return None


def is_gtin(text: str) -> bool:
    """8, 12, 13 or 14 digits of which the last is the check digit (GS1 General Specifications §7.9)."""
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdigit()):
        return False
    digits = [int(digit) for digit in reversed(text)]
    return sum(digits[0::2]) % 10 == -sum(3 * digit for digit in digits[1::2]) % 10


def name_of(goods: Goods, item: Mapping[str, Any]) -> str:
    """The URI of a lot (a class of things) or a serial (one thing)."""
    gtin = gtin_of(item, goods.variant)
    number, code = ("21", goods.serial_code) if goods.serial_code is not None else ("10", goods.lot_code)
    if gtin is not None and code is not None and len(code) <= _CODE_MAX and _CHARACTERS.issuperset(code):
        return f"{GS1}/01/{gtin}/{number}/{quote(code, safe='')}"
    if gtin is not None and code is None:
        return f"{GS1}/01/{gtin}"
    kind = "serial" if goods.serial_code is not None else "lot" if goods.lot_code is not None else "item"
    parts = [goods.item_class, goods.item_code, goods.variant or "", goods.lot_code or "", goods.serial_code or ""]
    return own(kind, *parts[: {"item": 3, "lot": 4, "serial": 5}[kind]])


def own(kind: str, *parts: str) -> str:
    """A URN of ours: `urn:lotstream:<kind>:<part>:…`, parts escaped."""
    return ":".join([OWN, kind, *(quote(part, safe="") for part in parts)])
