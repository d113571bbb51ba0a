"""Start, expiry, warning and block day of lots and serials (`domain.md` §4). Days are day numbers (`calendar`)."""

from datetime import date
from typing import Final, Literal

from processors.domain.calendar import date_of, day_of

DAY_MIN: Final = day_of(date.min)
DAY_MAX: Final = day_of(date.max)
"""What a calendar date can hold; days beyond are refused on arrival, computed ones stop here."""
DOCUMENT_DATED: Final = frozenset({"purchase_delivery_note", "subcontract_return", "production_record"})
"""Documents whose own date starts the life of what they load."""

ExpiryRule = Literal["exact", "month_start", "month_end"]


def start_date(own: int | None, document_type: str | None, document_date: int | None, effective_date: int) -> int:
    """The line's own day; else the document's for the types that date goods; else the effective day."""
    if own is not None:
        return own
    if document_date is not None and document_type in DOCUMENT_DATED:
        return document_date
    return effective_date


def expiry_date(start: int, validity_days: int | None, rule: ExpiryRule) -> int | None:
    """Start + validity, then as it is, or the first or last day of that month; None without validity days.

    The first day of the month may lie before the start of what lives a few days only: it expires on its start day then.
    """
    if validity_days is None:
        return None
    day = max(DAY_MIN, min(start + validity_days, DAY_MAX))
    if rule == "exact":
        return day
    first = date_of(day).replace(day=1)
    if rule == "month_start":
        return max(day_of(first), min(start, day))
    if first.month == 12:
        return day_of(first.replace(day=31))
    return day_of(first.replace(month=first.month + 1)) - 1


def days_before(day: int | None, days: int | None) -> int | None:
    """The day from which a lot is warned or blocked: days less than the expiry; None where either is absent."""
    if day is None or days is None:
        return None
    return max(DAY_MIN, day - days)
