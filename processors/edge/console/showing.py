"""Quantities, days and times as people of each language write them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from processors.domain import quantity
from processors.domain.calendar import date_of, day_text

_MARKS: Final = {"en": (",", "."), "it": (".", ","), "ro": (".", ",")}
"""Language → mark between thousands, mark before decimals."""
_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass(frozen=True, slots=True)
class Showing:
    """One language and the company's time zone."""

    language: str
    zone: ZoneInfo

    def quantity(self, millionths: int | None, signed: bool = False) -> str:
        """A decimal with its marks; empty for None. `signed`: with + before what is above zero."""
        if millionths is None:
            return ""
        whole, _, fraction = quantity.text(abs(millionths)).partition(".")
        thousands, point = _MARKS[self.language]
        shown = f"{int(whole):,}".replace(",", thousands) + (point + fraction if fraction else "")
        return ("−" if millionths < 0 else "+" if signed and millionths else "") + shown

    def money(self, millionths: int | None, signed: bool = False) -> str:
        """A value with two decimals; empty for None."""
        if millionths is None:
            return ""
        cents = (abs(millionths) + 5_000) // 10_000
        thousands, point = _MARKS[self.language]
        shown = f"{cents // 100:,}".replace(",", thousands) + f"{point}{cents % 100:02d}"
        return ("−" if millionths < 0 and cents else "+" if signed and cents else "") + shown

    def number(self, value: int | None) -> str:
        """A whole number with its marks."""
        return "" if value is None else f"{value:,}".replace(",", _MARKS[self.language][0]).replace("-", "−")

    def decimal(self, value: float, digits: int = 1) -> str:
        """A rounded figure, such as a rate."""
        whole, _, fraction = f"{value:,.{digits}f}".partition(".")
        thousands, point = _MARKS[self.language]
        return whole.replace(",", thousands) + (point + fraction if fraction else "")

    def day(self, day: int | None) -> str:
        """A day: 21 Nov 2026, 21/11/2026, 21.11.2026."""
        if day is None:
            return ""
        date = date_of(day)
        return self._date(date.day, date.month, date.year)

    def time(self, time_ms: int | None, seconds: bool = False) -> str:
        """A moment in the company's time zone, to the minute, or second."""
        if time_ms is None:
            return ""
        at = self._at(time_ms)
        return self._date(at.day, at.month, at.year) + f" {at:%H:%M:%S}" if seconds else self._minute(at)

    def clock(self, time_ms: int | None) -> str:
        """The time of day alone."""
        return "" if time_ms is None else f"{self._at(time_ms):%H:%M:%S}"

    def today(self, now_ms: int) -> int:
        """The company's day, as a day number, at a moment."""
        return self._at(now_ms).date().toordinal() - datetime(1970, 1, 1).toordinal()

    def iso(self, time_ms: int) -> str:
        """For machines: the `datetime` of a `time` element."""
        return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="seconds")

    def iso_day(self, day: int) -> str:
        """For machines and fields of forms: 2026-11-21."""
        return day_text(day)

    def _at(self, time_ms: int) -> datetime:
        return datetime.fromtimestamp(time_ms / 1000, self.zone)

    def _minute(self, at: datetime) -> str:
        return self._date(at.day, at.month, at.year) + f" {at:%H:%M}"

    def _date(self, day: int, month: int, year: int) -> str:
        match self.language:
            case "it":
                return f"{day:02d}/{month:02d}/{year}"
            case "ro":
                return f"{day:02d}.{month:02d}.{year}"
            case _:
                return f"{day} {_MONTHS[month - 1]} {year}"


def zone_of(name: str | None) -> ZoneInfo:
    """The company's zone; UTC where it has none or an unknown one."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
