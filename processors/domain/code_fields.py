"""The values that a generated code is made of, and how each part field shows at full length (`domain.md` §6)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Final

from processors.domain.calendar import date_of

PROGRESSIVE_FIELDS: Final = frozenset({"number", "letters"})
ITEM_FIELDS: Final = ("item_class", "item_code", "characteristic", "product_category", "item_type", "variant")
LOT_FIELDS: Final = (
    *ITEM_FIELDS,
    *("number", "letters"),
    *("insert_day", "insert_month", "insert_year", "expiry_day", "expiry_month", "expiry_year"),
    *("lot_type", "year_letter", "month_letter"),
    *("supplier_short_name", "purchase_invoice_number", "delivery_note_number", "supplier_lot"),
)
"""Part fields of a lot code type."""
SERIAL_FIELDS: Final = (*ITEM_FIELDS, "lot_code", "number", "letters")
"""Part fields of a serial code type."""
DATE_WIDTHS: Final = {
    "insert_day": 2,
    "insert_month": 2,
    "insert_year": 4,
    "expiry_day": 2,
    "expiry_month": 2,
    "expiry_year": 4,
}
"""Characters of a date field before cutting; a cut date keeps its last characters, other text its first."""


@dataclass(slots=True)
class CodeFields:
    """Everything a code may be made of; None or empty text is a missing value. Dates are day numbers (`calendar`).

    `year_letters` and `month_letters` are those of the master data; the letters are looked up by the insert date,
    unless `year_letter` or `month_letter` gives one at once.
    """

    item_class: str | None = None
    item_code: str | None = None
    characteristic: str | None = None
    product_category: str | None = None
    item_type: str | None = None
    variant: str | None = None
    insert_date: int | None = None
    expiry_date: int | None = None
    lot_type: str | None = None
    supplier_short_name: str | None = None
    purchase_invoice_number: str | None = None
    delivery_note_number: str | None = None
    supplier_lot: str | None = None
    lot_code: str | None = None
    year_letter: str | None = None
    month_letter: str | None = None
    year_letters: Mapping[int, str] = field(default_factory=dict)
    month_letters: Mapping[int, str] = field(default_factory=dict)


Value = Callable[[CodeFields], str | None]
"""The text of one part field at full length, None where it is missing."""


def value_of(fields: CodeFields, name: str) -> str | None:
    """The text of a part field at full length, None where it is missing.

    Days and months are two digits, years four. Letters of a year or month without a master record are missing.
    Raises KeyError for a name that is no part field, and for `number` and `letters`, which come from the ordinal.
    """
    return VALUES[name](fields)


@lru_cache(maxsize=1024)
def _date_texts(day: int) -> tuple[str, str, str]:
    """Day, month and year of a day number, as they show."""
    date = date_of(day)
    return f"{date.day:02d}", f"{date.month:02d}", f"{date.year:04d}"


def _text(name: str) -> Value:
    get = attrgetter(name)

    def value(fields: CodeFields) -> str | None:
        text: str | None = get(fields)
        return text or None

    return value


def _date(name: str, place: int) -> Value:
    get = attrgetter(name)

    def value(fields: CodeFields) -> str | None:
        day: int | None = get(fields)
        return None if day is None else _date_texts(day)[place]

    return value


def _year_letter(fields: CodeFields) -> str | None:
    if fields.year_letter or fields.insert_date is None:
        return fields.year_letter or None
    return fields.year_letters.get(date_of(fields.insert_date).year) or None


def _month_letter(fields: CodeFields) -> str | None:
    if fields.month_letter or fields.insert_date is None:
        return fields.month_letter or None
    return fields.month_letters.get(date_of(fields.insert_date).month) or None


_TEXTS: Final = (
    *ITEM_FIELDS,
    *("lot_type", "supplier_short_name", "purchase_invoice_number", "delivery_note_number", "supplier_lot", "lot_code"),
)
VALUES: Final[Mapping[str, Value]] = {
    **{name: _text(name) for name in _TEXTS},
    **{f"insert_{unit}": _date("insert_date", place) for place, unit in enumerate(("day", "month", "year"))},
    **{f"expiry_{unit}": _date("expiry_date", place) for place, unit in enumerate(("day", "month", "year"))},
    "year_letter": _year_letter,
    "month_letter": _month_letter,
}
"""How the value of each part field is read, for whoever reads the same field many times."""
