"""How decimals, days and times stand in a column. In Python they are always whole numbers, as everywhere in lotstream.

| value | in Python | PostgreSQL | SQLite |
| --- | --- | --- | --- |
| decimal | millionths | NUMERIC(24,6) | INTEGER, millionths |
| day | days since 1970-01-01 | DATE | INTEGER, days since 1970-01-01 |
| time | milliseconds UTC | TIMESTAMPTZ | INTEGER, milliseconds UTC |

SQLite has no exact decimals and no dates; for people and programs that ask it directly there are views (`views`).
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, Date, DateTime, Dialect, Numeric, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

MILLIONTHS_DIGITS: Final = 6
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)

CODE: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is sorted by its bytes on both, as the keys are: pages and prefixes are the same everywhere."""


class _WholeNumber(TypeDecorator[int]):
    """A whole number in Python and on SQLite; `_of_server` on PostgreSQL."""

    impl = BigInteger
    cache_ok = True

    def _of_server(self) -> TypeEngine[Any]:
        raise NotImplementedError

    def _to_server(self, value: int) -> object:
        raise NotImplementedError

    def _from_server(self, value: Any) -> int:
        raise NotImplementedError

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return self._of_server() if dialect.name == "postgresql" else dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "postgresql":
            return value
        return self._to_server(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        if value is None or dialect.name != "postgresql":
            return value  # type: ignore[no-any-return]  # whole numbers on SQLite
        return self._from_server(value)


class Millionths(_WholeNumber):
    """A decimal with 6 places, as millionths. Sums of a column are millionths too."""

    cache_ok = True

    def _of_server(self) -> TypeEngine[Any]:
        return Numeric(24, MILLIONTHS_DIGITS)

    def _to_server(self, value: int) -> Decimal:
        return Decimal(value).scaleb(-MILLIONTHS_DIGITS)

    def _from_server(self, value: Decimal) -> int:
        return int(value.scaleb(MILLIONTHS_DIGITS))


class Days(_WholeNumber):
    """A day, as days since 1970-01-01."""

    cache_ok = True

    def _of_server(self) -> TypeEngine[Any]:
        return Date()

    def _to_server(self, value: int) -> date:
        return date.fromordinal(EPOCH_DAY + value)

    def _from_server(self, value: date) -> int:
        return value.toordinal() - EPOCH_DAY


class Milliseconds(_WholeNumber):
    """A time, as milliseconds UTC since 1970-01-01."""

    cache_ok = True

    def _of_server(self) -> TypeEngine[Any]:
        return DateTime(timezone=True)

    def _to_server(self, value: int) -> datetime:
        return EPOCH + value * _MS

    def _from_server(self, value: datetime) -> int:
        return (value - EPOCH) // _MS
