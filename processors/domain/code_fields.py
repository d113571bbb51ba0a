"""The values that a generated code is made of, and how each part field shows at full length (`domain.md` §6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

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


def value_of(fields: CodeFields, name: str) -> str | None:
    """The text of a part field at full length, None where it is missing.

    Days and months are two digits, years four. Letters of a year or month without a master record are missing.
    Raises KeyError for a name that is no part field, and for `number` and `letters`, which come from the ordinal.
    """
    day = fields.expiry_date if name.startswith("expiry_") else fields.insert_date
    match name:
        case "insert_day" | "expiry_day":
            return None if day is None else f"{date_of(day).day:02d}"
        case "insert_month" | "expiry_month":
            return None if day is None else f"{date_of(day).month:02d}"
        case "insert_year" | "expiry_year":
            return None if day is None else f"{date_of(day).year:04d}"
        case "year_letter":
            return fields.year_letter or _looked_up(fields.year_letters, day, "year")
        case "month_letter":
            return fields.month_letter or _looked_up(fields.month_letters, day, "month")
        case _ if name in _TEXTS:
            text: str | None = getattr(fields, name)
            return text or None
        case _:
            raise KeyError(f"expected a part field, got {name!r}")


def _looked_up(letters: Mapping[int, str], day: int | None, unit: Literal["year", "month"]) -> str | None:
    if day is None:
        return None
    date = date_of(day)
    return letters.get(date.year if unit == "year" else date.month) or None


_TEXTS: Final = (
    frozenset((*LOT_FIELDS, *SERIAL_FIELDS))
    - DATE_WIDTHS.keys()
    - PROGRESSIVE_FIELDS
    - {
        "year_letter",
        "month_letter",
    }
)
