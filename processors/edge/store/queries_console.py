"""What the console asks of the registers: searches in pages, one lot or serial with its papers, master data.

Rows are mappings column → value in Python's form (`column_types`). Pages are by key: `after` is the key at which the
page before ended, so that each costs the same. `sight`: what the reader may see; a quantity that is hidden is None.
`queries_console_now` has the overview and what was refused, `queries_console_counts` what is counted.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    exists,
    func,
    literal,
    nulls_last,
    or_,
    select,
    tuple_,
)

from processors.edge.store.queries_registers import is_value
from processors.edge.store.sight import WHOLE, Sight
from processors.edge.store.tables import table_of

Row = dict[str, Any]
PAGE_ROWS: Final = 50
PAPERS: Final = 100

COUNTERS: Final = table_of("counter-register")
MASTER: Final = table_of("master-register")


@dataclass(frozen=True, slots=True)
class RowPage:
    """Some rows in order, and where the next ones begin; None: these are the last."""

    rows: Sequence[Row]
    after: str | None


def rows_of(connection: Connection, query: Select[Any]) -> list[Row]:
    """All rows of a query."""
    return [dict(row) for row in connection.execute(query).mappings()]


def contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether a column holds a text anywhere, in upper or lower case; `%` and `_` are letters like others."""
    return func.lower(column).contains(text.lower(), autoescape=True)


def _page(connection: Connection, query: Select[Any], sort: Sequence[ColumnElement[Any]], after: str | None) -> RowPage:
    """One page by key: `sort` ends with what is unique; None sorts last."""
    if after:
        query = query.where(_behind(sort, place_in(after, sort)))
    found = rows_of(connection, query.order_by(*(nulls_last(each) for each in sort)).limit(PAGE_ROWS + 1))
    if len(found) <= PAGE_ROWS:
        return RowPage(found, None)
    last = found[PAGE_ROWS - 1]
    return RowPage(found[:PAGE_ROWS], json.dumps([last[each.key or ""] for each in sort]))


class PlaceInvalid(ValueError):
    """What should say where a page begins is nothing that a page gave."""


def place_in(after: str, sort: Sequence[ColumnElement[Any]]) -> list[Any]:
    """The values of `after`, one a column. PlaceInvalid where they are none of these."""
    try:
        values = json.loads(after)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != len(sort):
        raise PlaceInvalid("after: expected what the page before gave")
    if not all(is_value(column, value, may_be_absent=True) for column, value in zip(sort, values, strict=True)):
        raise PlaceInvalid("after: expected what the page before gave")
    return values


def _behind(sort: Sequence[ColumnElement[Any]], values: Sequence[Any]) -> ColumnElement[bool]:
    """Rows that come after those with these values; None is the last of its column."""
    (column, *others), (value, *rest) = sort, values
    same = column.is_(None) if value is None else column == value
    later = literal(False) if value is None else or_(column > value, column.is_(None))
    return later if not others else or_(later, and_(same, _behind(others, rest)))


@dataclass(frozen=True, slots=True)
class Search:
    """What a register is searched for; empty text: anything. `expires_by`: day number."""

    text: str = ""
    item: str = ""
    warehouse: str = ""
    location: str = ""
    status: str = ""
    state: str = ""
    supplier: str = ""
    document: str = ""
    expires_by: int | None = None
    sort: str = ""


def lots(connection: Connection, search: Search, after: str | None = None, sight: Sight = WHOLE) -> RowPage:
    """Lots by code, supplier's or customer's code or item; `state` is `open`, `empty` or `closed`."""
    table, stock, papers = (sight.table(topic) for topic in ("lot-register", "stock-register", "register-history"))
    lot, held_in, paper = table.c, stock.c, papers.c
    query = select(table)
    names = (lot.lot_code, lot.supplier_lot, lot.customer_lot, lot.item_code)
    if search.text:
        query = query.where(or_(*(contains(column, search.text) for column in names)))
    query = _of_item(query, table, search.item)
    if search.supplier:
        query = query.where(contains(lot.supplier, search.supplier))
    if search.status:
        query = query.where(lot.status == search.status)
    if search.expires_by is not None:
        query = query.where(lot.expiry_date <= search.expires_by)
    match search.state:
        case "open":
            query = query.where(lot.stock != 0)
        case "empty":
            query = query.where(lot.stock == 0)
        case "closed":
            query = query.where(lot.closed)
    if search.warehouse:
        # As a set, made once: a look-up for every lot costs seconds where there are 100,000 of them.
        held = select(held_in.item_class, held_in.item_code, held_in.lot_code).where(
            held_in.warehouse == search.warehouse, held_in.stock != 0, held_in.lot_code.is_not(None)
        )
        if search.location:
            held = held.where(held_in.location == search.location)
        query = query.where(tuple_(lot.item_class, lot.item_code, lot.lot_code).in_(held))
    if search.document:
        query = query.where(
            exists().where(
                paper.item_class == lot.item_class,
                paper.item_code == lot.item_code,
                paper.lot_code == lot.lot_code,
                paper.document_number == search.document,
            )
        )
    sort = [lot.expiry_date, lot.record_key] if search.sort == "expiry" else [lot.record_key]
    return _page(connection, query, sort, after)


def serials(connection: Connection, search: Search, after: str | None = None, sight: Sight = WHOLE) -> RowPage:
    """Serials by code, lot, customer's or supplier's code, item or reserving document; `state` as in the register."""
    table = sight.table("serial-register")
    serial = table.c
    query = select(table)
    names = (
        serial.serial_code,
        serial.lot_code,
        serial.item_code,
        serial.customer_code,
        serial.supplier_code,
        serial.reserved_for,
    )
    if search.text:
        query = query.where(or_(*(contains(column, search.text) for column in names)))
    query = _of_item(query, table, search.item)
    if search.warehouse:
        query = query.where(serial.warehouse == search.warehouse)
    if search.location:
        query = query.where(serial.location == search.location)
    if search.document:
        query = query.where(
            or_(serial.first_document_number == search.document, serial.reserved_for == search.document)
        )
    match search.state:
        case "reserved":
            query = query.where(serial.reserved)
        case "cancelled":
            query = query.where(or_(serial.cancelled, serial.force_closed))
        case "":
            pass
        case state:
            query = query.where(serial.state == state)
    return _page(connection, query, [serial.record_key], after)


def stock(connection: Connection, search: Search, after: str | None = None, sight: Sight = WHOLE) -> RowPage:
    """Stock rows by item, lot and place; `state` `all` has empty ones too, `negative` those below zero."""
    table = sight.table("stock-register")
    place = table.c
    query = select(table)
    if search.text:
        query = query.where(or_(contains(place.item_code, search.text), contains(place.lot_code, search.text)))
    query = _of_item(query, table, search.item)
    if search.warehouse:
        query = query.where(place.warehouse == search.warehouse)
    if search.location:
        query = query.where(place.location == search.location)
    if search.state == "negative":
        query = query.where(place.stock < 0)
    elif search.state != "all":
        query = query.where(place.stock != 0)
    return _page(connection, query, [place.record_key], after)


def _of_item(query: Select[Any], table: FromClause, item: str) -> Select[Any]:
    """Rows of one item: its code, or class and code as `class|code`."""
    if not item:
        return query
    item_class, bar, code = item.partition("|")
    if not bar:
        return query.where(table.c.item_code == item)
    return query.where(table.c.item_code == code, table.c.item_class == item_class)


def one(connection: Connection, register: str, key: str, sight: Sight = WHOLE) -> Row | None:
    """The row of a register by its key; None: it is not there."""
    table = sight.table(register)
    found = rows_of(connection, select(table).where(table.c.record_key == key))
    return found[0] if found else None


def stock_of(connection: Connection, lot: Row, sight: Sight = WHOLE) -> list[Row]:
    """The stock rows of a lot, one a warehouse and location."""
    stock = sight.table("stock-register")
    query = select(stock).where(
        stock.c.item_class == lot["item_class"],
        stock.c.item_code == lot["item_code"],
        func.coalesce(stock.c.variant, "") == (lot["variant"] or ""),
        stock.c.lot_code == lot["lot_code"],
    )
    return rows_of(connection, query.order_by(stock.c.warehouse, stock.c.location))


def papers(
    connection: Connection,
    row: Row,
    direction: str | None,
    after: str | None = None,
    of_serial: bool = False,
    sight: Sight = WHOLE,
) -> RowPage:
    """Documents of a lot, or serial, in time order, `PAPERS` a page, those that were reversed marked `undone`.

    direction: `load`, `unload`, …; None: all.
    """
    entry, back = sight.table("register-history").alias(), table_of("register-history")
    # By the movement alone, whose few lines an index finds: by its goods it would be all lines for each line.
    undone = exists().where(
        back.c.movement_id == entry.c.movement_id, back.c.entry_id == entry.c.entry_id, back.c.reversed
    )
    query = select(entry, undone.label("undone")).where(
        entry.c.item_class == row["item_class"],
        entry.c.item_code == row["item_code"],
        func.coalesce(entry.c.variant, "") == (row["variant"] or ""),
        _same(entry.c.lot_code, row["lot_code"]),
        entry.c.generation == row["generation"],
        ~entry.c.reversed,
    )
    if of_serial:
        query = query.where(entry.c.serial_code == row["serial_code"])
    else:
        # Without a serial number: so an index has a lot's papers in their order, and nothing is sorted.
        query = query.where(entry.c.register == "lot", entry.c.serial_code.is_(None))
    if direction:
        query = query.where(entry.c.direction == direction)
    order = (entry.c.occurred_at, entry.c.topic_partition, entry.c.topic_offset)
    if after:
        query = query.where(
            tuple_(*order)
            > tuple_(*(literal(each, column.type) for each, column in zip(place_in(after, order), order, strict=True)))
        )
    found = rows_of(connection, query.order_by(*order).limit(PAPERS + 1))
    if len(found) <= PAPERS:
        return RowPage(found, None)
    return RowPage(found[:PAPERS], json.dumps([found[PAPERS - 1][column.key] for column in order]))


def _same(column: ColumnElement[Any], value: str | None) -> ColumnElement[bool]:
    """A column that may be null is a value, so that an index helps."""
    return column == value if value else column.is_(None)


def papers_count(connection: Connection, row: Row, direction: str, sight: Sight = WHOLE) -> int:
    """How many documents loaded, or unloaded, a lot."""
    history = sight.table("register-history")
    query = (
        select(func.count())
        .select_from(history)
        .where(
            history.c.item_class == row["item_class"],
            history.c.item_code == row["item_code"],
            func.coalesce(history.c.variant, "") == (row["variant"] or ""),
            history.c.lot_code == row["lot_code"],
            history.c.serial_code.is_(None),
            history.c.register == "lot",
            history.c.generation == row["generation"],
            history.c.direction == direction,
            ~history.c.reversed,
        )
    )
    return int(connection.execute(query).scalar_one())


def serials_of(connection: Connection, lot: Row, limit: int = PAPERS) -> list[Row]:
    """The first serials of a lot."""
    serials = table_of("serial-register")  # codes alone
    query = select(serials).where(
        serials.c.lot_code == lot["lot_code"],
        serials.c.item_class == lot["item_class"],
        serials.c.item_code == lot["item_code"],
        serials.c.variant == lot["variant"],
    )
    return rows_of(connection, query.order_by(serials.c.serial_code).limit(limit))


def reservations_of(connection: Connection, row: Row, sight: Sight = WHOLE) -> list[Row]:
    """Who has reserved a lot, and how much."""
    reservations = sight.table("reservation-register")
    query = select(reservations).where(
        reservations.c.item_class == row["item_class"],
        reservations.c.item_code == row["item_code"],
        reservations.c.lot_code == row["lot_code"],
        reservations.c.committed != 0,
    )
    return rows_of(connection, query.order_by(reservations.c.document_number))


def accounts_of(connection: Connection, row: Row, serial_code: str | None, sight: Sight = WHOLE) -> list[Row]:
    """Who got a lot or serial: account, quantity and unit, number of documents; reversed ones are left out."""
    history, back = sight.table("register-history"), table_of("register-history").alias("back")
    undone = exists().where(
        back.c.entry_id == history.c.entry_id, back.c.movement_id == history.c.movement_id, back.c.reversed
    )
    query = select(
        history.c.account,
        func.sum(history.c.quantity).label("quantity"),
        history.c.unit,
        func.count().label("documents"),
    ).where(
        history.c.item_class == row["item_class"],
        history.c.item_code == row["item_code"],
        _same(history.c.lot_code, row["lot_code"]),
        history.c.register == ("lot" if serial_code is None else "serial"),
        history.c.serial_code.is_not_distinct_from(serial_code),
        history.c.direction == "unload",
        history.c.account.is_not(None),
        ~history.c.reversed,
        ~undone,
    )
    return rows_of(connection, query.group_by(history.c.account, history.c.unit).order_by(history.c.account))


def masters(connection: Connection, kind: str) -> dict[str, Row]:
    """The master records of a kind: id → record in its JSON form."""
    query = select(MASTER.c.id, MASTER.c.record).where(MASTER.c.kind == kind).order_by(MASTER.c.id)
    return {row.id: json.loads(row.record) for row in connection.execute(query)}


def master(connection: Connection, kind: str, id: str) -> Row | None:
    """One master record in its JSON form; None: there is none."""
    found = connection.execute(select(MASTER.c.record).where(MASTER.c.kind == kind, MASTER.c.id == id)).scalar()
    return None if found is None else json.loads(found)


def counters(connection: Connection) -> list[Row]:
    """Every row of every counter, one a partition."""
    return rows_of(connection, select(COUNTERS).order_by(COUNTERS.c.record_key))
