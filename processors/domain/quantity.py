"""Exact decimals as integers: one unit is 1,000,000 millionths (Avro decimal 18,6), so sums never round.

Every quantity, cost and factor in the rules is an `int` of millionths; text is read and written only at the edges.
"""

import re
from typing import Final

ONE: Final = 1_000_000
MAX: Final = 10**18 - 1
"""Largest magnitude in millionths: 18 digits, 6 of them decimals."""

_DECIMAL = re.compile(r"([+-]?)(\d+)(?:\.(\d*))?\Z", re.ASCII)


def parse(text: str) -> int:
    """Millionths of a decimal written as text (`"12.5"` → 12500000).

    Raises ValueError for anything else than digits with an optional sign and point, for more than 6 decimals that are
    not zero, and beyond 18 digits; the message says what was expected and what came.
    """
    match = _DECIMAL.match(text)
    if match is None:
        raise ValueError(f"expected a decimal such as 12.5, got {text!r}")
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    if len(fraction) > 6:
        raise ValueError(f"expected at most 6 decimals, got {text!r}")
    value = int(whole) * ONE + int(fraction.ljust(6, "0"))
    if value > MAX:
        raise ValueError(f"expected at most 12 digits before the point, got {text!r}")
    return -value if sign == "-" else value


def text(value: int) -> str:
    """Shortest decimal text of millionths (12500000 → `"12.5"`)."""
    whole, fraction = divmod(abs(value), ONE)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{fraction:06d}".rstrip("0") if fraction else f"{sign}{whole}"


def is_whole(value: int) -> bool:
    """True where the quantity is a whole number of pieces."""
    return value % ONE == 0
