"""What the API asks of the registers: pages by a key, single rows, everything for an export.

A row is a dict of column → value, in the order of the columns, with decimals as millionths, days and times as whole
numbers and nested parts as JSON text. A *source* is a topic, or one of `VIEWS`. Every question comes with the sight of
who asks: what he must not know is not there, for filters and orders neither.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    Table,
    and_,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from processors.contract.manifest import DEAD_LETTERS
from processors.edge.store.column_types import Days, Millionths
from processors.edge.store.sight import DIFFERENCES as DIFFERENCES
from processors.edge.store.sight import Sight
from processors.edge.store.tables import OFFSETS, TABLES, table_of

DEAD_LETTER_TOPIC: Final = next(name for name in TABLES if name.endswith(DEAD_LETTERS))
"""Any of them: all dead letters share a table."""
UNDECIDED: Final = ("recount", "approval", "refused")
Row = dict[str, Any]
Value = str | int | bool | None
CHUNK: Final = 1000
"""Rows that an export takes from the database at a time."""


@dataclass(frozen=True, slots=True)
class Where:
    """Rows of which one of the columns compares so with one of the values.

    `is` with None: absent or empty. `has`: contains the text, in any case. `differs`: is not zero.
    """

    columns: tuple[str, ...]
    op: Literal["is", "from", "to", "has", "zero", "differs"]
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """Lots that have stock in one of the warehouses (None: any), in one of the locations."""

    warehouses: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Documented:
    """Lots or serials with a line of such a document in their history."""

    types: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """Rows of one of the items: (class, code), or (class, code, variant)."""

    items: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Through:
    """Rows to which a row of another register belongs (its lot, a serial of it) for which this holds."""

    register: str
    where: Where


Condition = Where | Held | Documented | Items | Through


@dataclass(frozen=True, slots=True)
class Order:
    """By a column (None: by the key alone), rows without a value last; the key decides between equals."""

    column: str | None = None
    descending: bool = False


def keys_of(source: str) -> tuple[str, ...]:
    """The columns that name a row."""
    columns = _source(source).c
    if source == DEAD_LETTER_TOPIC:
        return ("topic", "topic_partition", "topic_offset")
    return ("record_key",) if "record_key" in columns else ("topic_partition", "topic_offset")


def page(
    connection: Connection,
    sight: Sight,
    source: str,
    conditions: Sequence[Condition],
    order: Order,
    after: Sequence[Value] | None,
    limit: int,
) -> list[Row]:
    """Up to `limit` rows behind `after`: the order's value, where it has a column, and the key of the last row seen."""
    from_ = _seen(sight, source)
    found = _ordered(sight, source, from_, conditions, order)
    if after is not None:
        found = found.where(_behind(from_, source, order, after))
    return [dict(row) for row in connection.execute(found.limit(limit)).mappings()]


def place_of(source: str, order: Order, row: Mapping[str, Any]) -> list[Value]:
    """What `after` is for the rows behind this one."""
    columns = ((order.column,) if order.column else ()) + keys_of(source)
    return [row[name] for name in columns]


def fits(source: str, order: Order, after: Sequence[object]) -> bool:
    """Whether `after` can be a place in this order: the number of its values, their types and ranges."""
    columns = ((order.column,) if order.column else ()) + keys_of(source)
    if len(columns) != len(after):
        return False
    return all(
        is_value(_source(source).c[name], value, may_be_absent=place == 0 and order.column is not None)
        for place, (name, value) in enumerate(zip(columns, after, strict=True))
    )


def everything(
    connection: Connection,
    sight: Sight,
    source: str,
    conditions: Sequence[Condition],
    order: Order,
    columns: Sequence[str],
) -> Iterator[list[tuple[Any, ...]]]:
    """All rows in chunks, as tuples of the given columns; nothing else is held in memory."""
    from_ = _seen(sight, source)
    found = _ordered(sight, source, from_, conditions, order).with_only_columns(*(from_.c[name] for name in columns))
    result = connection.execution_options(stream_results=True, yield_per=CHUNK).execute(found)
    for chunk in result.partitions():
        yield [tuple(row) for row in chunk]


def count(connection: Connection, sight: Sight, source: str, conditions: Sequence[Condition], at_most: int) -> int:
    """How many rows there are, counted up to `at_most`."""
    from_ = _seen(sight, source)
    some = select(literal(1)).select_from(from_).where(_all(sight, from_, conditions)).limit(at_most).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def one(connection: Connection, sight: Sight, source: str, key: Sequence[Value]) -> Row | None:
    """The row of a key, its parts as in `keys_of`."""
    from_ = _seen(sight, source)
    same = [from_.c[name] == value for name, value in zip(keys_of(source), key, strict=True)]
    found = connection.execute(select(from_).where(*same)).mappings().first()
    return None if found is None else dict(found)


def newest(
    connection: Connection,
    sight: Sight,
    source: str,
    conditions: Sequence[Condition],
    behind: tuple[int, int] | None,
) -> Row | None:
    """The latest event that fits; `behind`: only of that partition, with a higher offset."""
    from_ = _seen(sight, source)
    found = select(from_).where(_all(sight, from_, conditions)).limit(1)
    found = found.order_by(from_.c.topic_offset.desc())
    if behind is not None:
        found = found.where(from_.c.topic_partition == behind[0], from_.c.topic_offset > behind[1])
    row = connection.execute(found).mappings().first()
    return None if row is None else dict(row)


def partitions_of(connection: Connection, topic: str) -> int:
    """How many partitions of a topic the projection follows; 0 before its first look."""
    asked = select(func.count()).select_from(OFFSETS).where(OFFSETS.c.topic == topic)
    return int(connection.execute(asked).scalar_one())


def topics_of(source: str) -> tuple[str, ...]:
    """The topics that decide what the source shows, its filters and details included."""
    if source == DEAD_LETTER_TOPIC:
        return tuple(name for name in TABLES if name.endswith(DEAD_LETTERS))
    return _LOOKS_INTO.get(source, (source,))


_LOOKS_INTO: Final[dict[str, tuple[str, ...]]] = {
    "stock-register": ("stock-register", "lot-register", "serial-register"),
    "reservation-register": ("reservation-register", "lot-register"),
    DIFFERENCES: ("count-line-register", "adjustments"),
    "lot-register": ("lot-register", "stock-register", "serial-register", "register-history"),
    "serial-register": ("serial-register", "lot-register", "register-history"),
}
"""Source → topics that its rows, its filters or its details are of, where it is not the one."""


def _differences() -> Subquery:
    """Counted lines beside what was posted for them (`domain.md` §10): those that differ, wait, or were corrected."""
    line, posted = table_of("count-line-register"), table_of("adjustments")
    own = and_(
        posted.c.adjustment_id == line.c.adjustment_id,
        posted.c.kind == "difference",
        posted.c.warehouse == line.c.warehouse,
    )
    later = and_(
        posted.c.inventory == line.c.inventory,
        posted.c.list == line.c.list,
        posted.c.line == line.c.line,
        posted.c.kind == "correction",
    )
    corrected = select(func.sum(posted.c.difference, type_=Millionths())).where(later).scalar_subquery()
    rows = select(
        line,
        select(posted.c.template).where(own).limit(1).scalar_subquery().label("template"),
        select(posted.c.unit_cost).where(own).limit(1).scalar_subquery().label("cost"),
        corrected.label("corrected"),
    ).subquery()
    shown = select(rows).where(
        or_(rows.c.difference != 0, rows.c.state.in_(UNDECIDED), func.coalesce(rows.c.corrected, 0) != 0)
    )
    return shown.subquery(DIFFERENCES)


VIEWS: Final = {DIFFERENCES: _differences()}


def _source(source: str) -> FromClause:
    return VIEWS[source] if source in VIEWS else table_of(source)


def _seen(sight: Sight, source: str) -> FromClause:
    return sight.over(source, _source(source))


def _ordered(
    sight: Sight, source: str, from_: FromClause, conditions: Sequence[Condition], order: Order
) -> Select[Any]:
    found = select(from_).where(_all(sight, from_, conditions))
    if order.column is not None:
        column = from_.c[order.column]
        if not isinstance(from_, Table) or from_.c[order.column].nullable:
            found = found.order_by(column.is_(None))
        found = found.order_by(column.desc() if order.descending else column.asc())
    for name in keys_of(source):
        found = found.order_by(from_.c[name].desc() if order.descending else from_.c[name].asc())
    return found


def _behind(from_: FromClause, source: str, order: Order, after: Sequence[Value]) -> ColumnElement[bool]:
    keys = [from_.c[name] for name in keys_of(source)]
    place = list(after)
    value = place.pop(0) if order.column is not None else None
    beyond = _beyond(keys, place, order.descending)
    if order.column is None:
        return beyond
    column = from_.c[order.column]
    if value is None:
        return and_(column.is_(None), beyond)
    further = column < value if order.descending else column > value
    return or_(further, and_(column == value, beyond), column.is_(None))


def _beyond(columns: Sequence[ColumnElement[Any]], values: Sequence[Value], descending: bool) -> ColumnElement[bool]:
    """The key's parts, compared from the first on."""
    ways: list[ColumnElement[bool]] = []
    for place, (column, value) in enumerate(zip(columns, values, strict=True)):
        same = [columns[i] == values[i] for i in range(place)]
        ways.append(and_(*same, column < value if descending else column > value))
    return or_(*ways)


def is_value(column: ColumnElement[Any], value: object, *, may_be_absent: bool) -> bool:
    """Whether a column can have this value."""
    if value is None:
        return may_be_absent
    if column.type.python_type is str:
        return isinstance(value, str) and "\0" not in value
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return -719_162 <= value <= 2_932_896 if isinstance(column.type, Days) else 0 <= abs(value) < 2**47


def _all(sight: Sight, from_: FromClause, conditions: Sequence[Condition]) -> ColumnElement[bool]:
    return and_(true(), *(_condition(sight, from_, condition) for condition in conditions))


def _condition(sight: Sight, from_: FromClause, condition: Condition) -> ColumnElement[bool]:
    match condition:
        case Where(columns, op, values):
            return or_(*(_compared(from_.c[name], op, values) for name in columns))
        case Items(items):
            return or_(*(_of_item(from_, *item) for item in items))
        case Through(register, where):
            other = sight.table(register)
            belongs = [
                _alike(register, other.c[name], from_.c[name])
                for name in _SHARED
                if name in other.c and name in from_.c
            ]
            return select(literal(1)).select_from(other).where(*belongs, _condition(sight, other, where)).exists()
        case Held(warehouses, locations):
            stock = sight.table("stock-register")
            there = [
                stock.c.item_class == from_.c.item_class,
                stock.c.item_code == from_.c.item_code,
                func.coalesce(stock.c.variant, "") == from_.c.variant,
                stock.c.lot_code == from_.c.lot_code,
                stock.c.stock != 0,
            ]
            there += [stock.c.warehouse.in_(warehouses)] if warehouses else []
            there += [stock.c.location.in_(locations)] if locations else []
            return select(literal(1)).select_from(stock).where(*there).exists()
        case Documented(types, numbers):
            history = sight.table("register-history")
            lines = [
                history.c.item_class == from_.c.item_class,
                history.c.item_code == from_.c.item_code,
                func.coalesce(history.c.variant, "") == from_.c.variant,
                func.coalesce(history.c.lot_code, "") == func.coalesce(from_.c.lot_code, ""),
            ]
            if "serial_code" in from_.c:
                lines.append(history.c.serial_code == from_.c.serial_code)
            lines += [history.c.document_type.in_(types)] if types else []
            lines += [history.c.document_number.in_(numbers)] if numbers else []
            return select(literal(1)).select_from(history).where(*lines).exists()


_SHARED: Final = ("item_class", "item_code", "variant", "lot_code", "warehouse", "location")
"""By what rows of two registers belong together, as far as both have it."""


def _alike(register: str, one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[bool]:
    # Plain where it is never absent: an index serves it then.
    if one.name in ("item_class", "item_code") or (register == "lot-register" and one.name == "lot_code"):
        return one == other
    return func.coalesce(one, "") == func.coalesce(other, "")


def _of_item(from_: FromClause, item_class: str, item_code: str, variant: str | None = None) -> ColumnElement[bool]:
    same = and_(from_.c.item_class == item_class, from_.c.item_code == item_code)
    return same if variant is None else and_(same, _compared(from_.c.variant, "is", (variant or None,)))


def _compared(
    column: ColumnElement[Any], op: Literal["is", "from", "to", "has", "zero", "differs"], values: tuple[Value, ...]
) -> ColumnElement[bool]:
    match op:
        case "is":
            some = [value for value in values if value is not None]
            ways: list[ColumnElement[bool]] = [column.in_(some)] if some else []
            if None in values:
                ways.append(column.is_(None))
                if column.type.python_type is str:
                    ways.append(column == "")
            return or_(*ways)
        case "from":
            return or_(*(column >= value for value in values))
        case "to":
            return or_(*(column <= value for value in values))
        case "has":
            return or_(*(column.icontains(str(value), autoescape=True) for value in values))
        case "zero":
            return column == 0
        case "differs":
            return not_(column == 0)
