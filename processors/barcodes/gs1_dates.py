"""Dates in GS1 values: six digits, the century by the year of the event, day 00 = the month's last day."""

from calendar import monthrange
from datetime import date
from functools import lru_cache
from typing import Final

from processors.domain.calendar import EPOCH_ORDINAL, date_of, day_of

_LAST_DAY: Final = date.max.toordinal() - EPOCH_ORDINAL


@lru_cache(maxsize=16384)
def day_number(digits: str, year: int) -> int | None:
    """Day number of `YYMMDD`, or None where there is no such day.

    The century is the one that lies from 49 years before to 50 years after `year`, the event's (GS1 General
    Specifications §7.12). Day 00 is the last day of its month.
    """
    month, day = int(digits[2:4]), int(digits[4:6])
    full = full_year(int(digits[:2]), year)
    if not 1 <= month <= 12 or not 1 <= full <= 9999:
        return None
    last = monthrange(full, month)[1]
    return None if day > last else day_of(date(full, month, day or last))


def full_year(two: int, year: int) -> int:
    """The year with these two last digits from 49 before to 50 after `year`."""
    difference = two - year % 100
    century = year - year % 100
    if difference >= 51:
        century -= 100
    elif difference <= -50:
        century += 100
    return century + two


def year_of(time_ms: int) -> int:
    """The year of a moment (UTC), from 1 to 9999; moments beyond them count as the nearest."""
    return _year_of_day(time_ms // 86_400_000)


@lru_cache(maxsize=64)
def _year_of_day(day: int) -> int:
    return date_of(min(max(day, 1 - EPOCH_ORDINAL), _LAST_DAY)).year
