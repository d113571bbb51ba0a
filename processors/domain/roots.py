"""The root of a generated lot's counter, kept beside the lot where its code type fills gaps (`domain.md` §7).

The lot's register has its code type and ordinal; which of that type's counters it was follows from fields that may have
changed by the time the ordinal is freed.
"""

from typing import Final

from processors.domain.progressives import Counter
from processors.domain.registers import StateRow
from processors.domain.view import STATE, View

KIND: Final = "root"


def root_key(lot_key: str) -> str:
    """Key of the private row."""
    return f"{KIND}|{lot_key}"


def root_row(item: tuple[str, str], lot_code: str, counter: Counter, time_ms: int) -> StateRow:
    """The private row of a lot whose code was generated; `item` is class and code."""
    root = counter.root_key
    return StateRow(KIND, *item, lot_code, None, None, None, None, root, None, None, None, time_ms)


def root_of(view: View, lot_key: str) -> str | None:
    """The root of a lot's counter; None where its ordinal is not to be freed."""
    row = view.get(STATE, root_key(lot_key))
    return None if row is None else row.continuation or ""
