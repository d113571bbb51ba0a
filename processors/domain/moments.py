"""When a movement happened, and which day a moment is in the company's time zone (architecture §6.2).

Pure in the time zone's name: the zone rules come with the time zone data of the installation.
"""

from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from processors.domain.calendar import DAY_MS, date_of, day_of

FUTURE_MS_MAX: Final = 5 * 60_000
"""How far a moment may lie after its record's time."""
TIME_MAX: Final = 253_402_300_799_999
"""The last millisecond of the year 9999."""
QUARTER_MS: Final = 900_000
"""All zone offsets in use, and their changes, fall on quarters of an hour: one look-up serves a quarter."""


def local_day(time_zone: str, time_ms: int) -> int:
    """Day number of a moment (0 to `TIME_MAX`) in an IANA time zone."""
    if time_zone == "UTC":
        return time_ms // DAY_MS
    return _day_of_quarter(time_zone, time_ms // QUARTER_MS)


@lru_cache(maxsize=4096)
def end_of_day(time_zone: str, day: int) -> int:
    """The last millisecond of a day in an IANA time zone."""
    midnight = datetime.combine(date_of(day + 1), time(), ZoneInfo(time_zone))
    return round(midnight.timestamp()) * 1000 - 1


def happened_at(occurred_at: int | None, effective_date: int, time_ms: int, today: int, time_zone: str) -> int:
    """The moment of a movement: its own; else the end of an effective day before `today`; else the record's time."""
    if occurred_at is not None:
        return occurred_at
    return time_ms if effective_date >= today else end_of_day(time_zone, effective_date)


@lru_cache(maxsize=4096)
def _day_of_quarter(time_zone: str, quarter: int) -> int:
    moment = datetime.fromtimestamp(quarter * QUARTER_MS / 1000, UTC)
    return day_of(moment.astimezone(ZoneInfo(time_zone)).date())
