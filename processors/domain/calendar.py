"""Days as integers since 1970-01-01 (Avro date) and moments as milliseconds UTC (Avro timestamp-millis)."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
DAY_MS: Final = 86_400_000


def day_of(value: date) -> int:
    """The day number of a calendar date."""
    return value.toordinal() - EPOCH_ORDINAL


@lru_cache(maxsize=8192)
def date_of(day: int) -> date:
    """The calendar date of a day number; ValueError beyond the years 1 to 9999."""
    return date.fromordinal(day + EPOCH_ORDINAL)


def day_text(day: int) -> str:
    """ISO form of a day number (`2026-11-21`)."""
    return date_of(day).isoformat()


def parse_day(text: str) -> int:
    """Day number of an ISO date; ValueError that says what was expected and what came."""
    try:
        return day_of(date.fromisoformat(text))
    except ValueError:
        raise ValueError(f"expected a date such as 2026-11-21, got {text!r}") from None


def time_text(time_ms: int) -> str:
    """ISO 8601 form in UTC with milliseconds and `Z`."""
    seconds, ms = divmod(time_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{ms:03d}Z"


def parse_time(text: str) -> int:
    """Milliseconds UTC of an ISO 8601 time with a zone; ValueError that says what was expected and what came."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"expected a time such as 2026-11-21T08:30:00Z, got {text!r}") from None
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with a zone such as 2026-11-21T08:30:00Z, got {text!r}")
    return round(moment.timestamp() * 1000)
