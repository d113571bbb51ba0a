"""Readings that begin with a symbology identifier (ISO/IEC 15424), such as `]C1`: what kind of data they hold."""

from typing import Final

from processors.barcodes.digital_link import SCHEMES, read_digital_link
from processors.barcodes.fault import Fault, shown
from processors.barcodes.gs1 import Element, Elements, read_elements
from processors.barcodes.trade_items import is_digits, read_gtin

GS1_DATA: Final = frozenset(["]C1", "]d2", "]Q3", "]J1", "]e0", "]e1", "]e2"])
"""GS1-128, GS1 DataMatrix, GS1 QR code, GS1 DotCode, GS1 DataBar and composites."""
_DIGITS: Final = {"]E0": 13, "]E4": 8}
"""EAN-13 (with UPC) and EAN-8, with their digits."""
_CASES: Final = frozenset(["]I0", "]I1"])
"""Interleaved 2 of 5: ITF-14 where it is 14 digits with their check digit, else anything."""
TRADE_ITEM_SYMBOLS: Final = frozenset([*_DIGITS, "]E3", *_CASES])
"""What holds nothing but a GTIN, unless a composite component goes with it."""
_CARRIERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUXZdehz")
_MODIFIERS: Final = frozenset("0123456789ABCDEFabcdefm")
_COMPOSITE: Final = "|]e0"


def read_scan(text: str, year: int, *, lints: bool = True) -> Elements | Fault | None:
    """The GS1 elements of a reading with symbology identifier; None where its data are not GS1 data.

    A trade item's symbol (EAN, UPC, ITF-14) gives its GTIN as (01). `year`: of the event.
    """
    kind = text[:3]
    if kind in GS1_DATA:
        if text.startswith(SCHEMES, 3):
            return _link(text, year, lints)
        return read_elements(text, year, start=3, lints=lints)
    if kind in _DIGITS:
        return _trade_item(text, _DIGITS[kind], year, lints)
    if len(kind) < 3 or kind[0] != "]" or kind[1] not in _CARRIERS or kind[2] not in _MODIFIERS:
        return Fault(f"expected a symbology identifier such as ]C1, got {shown(kind)}", 0)
    if kind == "]E3":
        return _trade_item(text[:16], 13, year, lints)
    if kind in _CASES and len(text) == 17 and is_digits(text[3:]):
        gtin = read_gtin(text[3:])
        return None if isinstance(gtin, Fault) else (Element("01", gtin),)
    return _link(text, year, lints) if text.startswith(SCHEMES, 3) else None


def _link(text: str, year: int, lints: bool) -> Elements | Fault:
    found = read_digital_link(text[3:], year, lints=lints)
    if found is None:
        return Fault("expected a Digital Link with a primary key such as /01/, got another address", 3)
    return Fault(found.message, found.position + 3) if isinstance(found, Fault) else found


def _trade_item(text: str, digits: int, year: int, lints: bool) -> Elements | Fault:
    symbol, composite, rest = text[3:].partition(_COMPOSITE)
    if len(symbol) != digits or not is_digits(symbol):
        return Fault(f"expected {digits} digits after {text[:3]}, got {shown(symbol)}", 3)
    gtin = read_gtin(symbol)
    if isinstance(gtin, Fault):
        return Fault(gtin.message, gtin.position + 3)
    first = Element("01", gtin)
    if not composite:
        return (first,)
    others = read_elements(text, year, start=len(text) - len(rest), lints=lints)
    return others if isinstance(others, Fault) else (first, *others)
