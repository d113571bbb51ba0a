"""Bare GS1 keys: GTINs of 8, 12, 13 and 14 digits as one, shipping units and locations with their check digits."""

from typing import Final

from processors.barcodes.check_digits import check_digit, digit_right
from processors.barcodes.fault import Fault, shown

GTIN_LENGTHS: Final = (14, 13, 12, 8)


def is_digits(text: str) -> bool:
    """True for ASCII digits only; `str.isdigit` takes others for digits too."""
    return text.isascii() and text.isdigit()


def read_gtin(text: str) -> str | Fault:
    """The 14 digits of a GTIN of 8, 12, 13 or 14 digits."""
    if len(text) not in GTIN_LENGTHS or not is_digits(text):
        return Fault(f"expected a GTIN of 8, 12, 13 or 14 digits, got {shown(text)}", 0)
    return _checked(text, "GTIN", text.zfill(14))


def read_sscc(text: str) -> str | Fault:
    """The 18 digits of a serial shipping container code."""
    if len(text) != 18 or not is_digits(text):
        return Fault(f"expected an SSCC of 18 digits, got {shown(text)}", 0)
    return _checked(text, "SSCC", text)


def read_gln(text: str) -> str | Fault:
    """The 13 digits of a global location number."""
    if len(text) != 13 or not is_digits(text):
        return Fault(f"expected a GLN of 13 digits, got {shown(text)}", 0)
    return _checked(text, "GLN", text)


def gtin_forms(gtin: str) -> tuple[str, ...]:
    """How 14 digits may stand in master data: as they are, and without the zeros of 13, 12 and 8 digits."""
    if gtin[0] != "0":
        return (gtin,)
    if gtin[1] != "0":
        return gtin, gtin[1:]
    return (gtin, gtin[1:], gtin[2:], gtin[6:]) if gtin.startswith("000000") else (gtin, gtin[1:], gtin[2:])


def _checked(text: str, name: str, value: str) -> str | Fault:
    if digit_right(text):
        return value
    return Fault(f"{name}: expected check digit {check_digit(text[:-1])}, got {text[-1]}", len(text) - 1)
