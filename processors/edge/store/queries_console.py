"""What the console asks of the registers: searches in pages, one lot or serial with its papers, master data.

Rows are mappings column → value in Python's form (`column_types`). Pages are by key: `after` is the key at which the
page before ended, so that each costs the same. `queries_console_now` has the overview and what was refused,
`queries_console_counts` what is counted.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
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

from processors.edge.store.tables import table_of

Row = dict[str, Any]
PAGE_ROWS: Final = 50
PAPERS: Final = 100

LOTS: Final = table_of("lot-register")
SERIALS: Final = table_of("serial-register")
STOCK: Final = table_of("stock-register")
COUNTERS: Final = table_of("counter-register")
HISTORY: Final = table_of("register-history")
RESERVATIONS: Final = table_of("reservation-register")
MASTER: Final = table_of("master-register")


@dataclass(frozen=True, slots=True)
class RowPage:
    """Some rows in order, and where the next ones begin; None: these are the last."""

    rows: Sequence[Row]
    after: str | None


def rows_of(connection: Connection, query: Select[Any]) -> list[Row]:
    """All rows of a query."""
    return [dict(row) for row in connection.execute(query).mappings()]


def contains(column: Column[Any], text: str) -> ColumnElement[bool]:
    """Whether a column holds a text anywhere, in upper or lower case; `%` and `_` are letters like others."""
    return func.lower(column).contains(text.lower(), autoescape=True)


def _page(connection: Connection, query: Select[Any], sort: Sequence[ColumnElement[Any]], after: str | None) -> RowPage:
    """One page by key: `sort` ends with what is unique; None sorts last."""
    if after:
        query = query.where(_behind(sort, json.loads(after)))
    found = rows_of(connection, query.order_by(*(nulls_last(each) for each in sort)).limit(PAGE_ROWS + 1))
    if len(found) <= PAGE_ROWS:
        return RowPage(found, None)
    last = found[PAGE_ROWS - 1]
    return RowPage(found[:PAGE_ROWS], json.dumps([last[each.key or ""] for each in sort]))


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


def lots(connection: Connection, search: Search, after: str | None = None) -> RowPage:
    """Lots by code, supplier's or customer's code or item; `state` is `open`, `empty` or `closed`."""
    query = select(LOTS)
    names = (LOTS.c.lot_code, LOTS.c.supplier_lot, LOTS.c.customer_lot, LOTS.c.item_code)
    if search.text:
        query = query.where(or_(*(contains(column, search.text) for column in names)))
    query = _of_item(query, LOTS.c.item_code, search.item)
    if search.supplier:
        query = query.where(contains(LOTS.c.supplier, search.supplier))
    if search.status:
        query = query.where(LOTS.c.status == search.status)
    if search.expires_by is not None:
        query = query.where(LOTS.c.expiry_date <= search.expires_by)
    match search.state:
        case "open":
            query = query.where(LOTS.c.stock != 0)
        case "empty":
            query = query.where(LOTS.c.stock == 0)
        case "closed":
            query = query.where(LOTS.c.closed)
    if search.warehouse:
        # As a set, made once: a look-up for every lot costs seconds where there are 100,000 of them.
        held = select(STOCK.c.item_class, STOCK.c.item_code, STOCK.c.lot_code).where(
            STOCK.c.warehouse == search.warehouse, STOCK.c.stock != 0, STOCK.c.lot_code.is_not(None)
        )
        if search.location:
            held = held.where(STOCK.c.location == search.location)
        query = query.where(tuple_(LOTS.c.item_class, LOTS.c.item_code, LOTS.c.lot_code).in_(held))
    if search.document:
        query = query.where(
            exists().where(
                HISTORY.c.item_class == LOTS.c.item_class,
                HISTORY.c.item_code == LOTS.c.item_code,
                HISTORY.c.lot_code == LOTS.c.lot_code,
                HISTORY.c.document_number == search.document,
            )
        )
    sort = [LOTS.c.expiry_date, LOTS.c.record_key] if search.sort == "expiry" else [LOTS.c.record_key]
    return _page(connection, query, sort, after)


def serials(connection: Connection, search: Search, after: str | None = None) -> RowPage:
    """Serials by code, lot, customer's or supplier's code, item or reserving document; `state` as in the register."""
    query = select(SERIALS)
    names = (
        SERIALS.c.serial_code,
        SERIALS.c.lot_code,
        SERIALS.c.item_code,
        SERIALS.c.customer_code,
        SERIALS.c.supplier_code,
        SERIALS.c.reserved_for,
    )
    if search.text:
        query = query.where(or_(*(contains(column, search.text) for column in names)))
    query = _of_item(query, SERIALS.c.item_code, search.item)
    if search.warehouse:
        query = query.where(SERIALS.c.warehouse == search.warehouse)
    if search.location:
        query = query.where(SERIALS.c.location == search.location)
    if search.document:
        query = query.where(
            or_(SERIALS.c.first_document_number == search.document, SERIALS.c.reserved_for == search.document)
        )
    match search.state:
        case "reserved":
            query = query.where(SERIALS.c.reserved)
        case "cancelled":
            query = query.where(or_(SERIALS.c.cancelled, SERIALS.c.force_closed))
        case "":
            pass
        case state:
            query = query.where(SERIALS.c.state == state)
    return _page(connection, query, [SERIALS.c.record_key], after)


def stock(connection: Connection, search: Search, after: str | None = None) -> RowPage:
    """Stock rows by item, lot and place; `state` `all` has empty ones too, `negative` those below zero."""
    query = select(STOCK)
    if search.text:
        query = query.where(or_(contains(STOCK.c.item_code, search.text), contains(STOCK.c.lot_code, search.text)))
    query = _of_item(query, STOCK.c.item_code, search.item)
    if search.warehouse:
        query = query.where(STOCK.c.warehouse == search.warehouse)
    if search.location:
        query = query.where(STOCK.c.location == search.location)
    if search.state == "negative":
        query = query.where(STOCK.c.stock < 0)
    elif search.state != "all":
        query = query.where(STOCK.c.stock != 0)
    return _page(connection, query, [STOCK.c.record_key], after)


def _of_item(query: Select[Any], column: Column[Any], item: str) -> Select[Any]:
    """Rows of one item: its code, or class and code as `class|code`."""
    if not item:
        return query
    item_class, bar, code = item.partition("|")
    if not bar:
        return query.where(column == item)
    return query.where(column == code, column.table.c.item_class == item_class)


def one(connection: Connection, register: str, key: str) -> Row | None:
    """The row of a register by its key; None: it is not there."""
    table = table_of(register)
    found = rows_of(connection, select(table).where(table.c.record_key == key))
    return found[0] if found else None


def stock_of(connection: Connection, lot: Row) -> list[Row]:
    """The stock rows of a lot, one a warehouse and location."""
    query = select(STOCK).where(
        STOCK.c.item_class == lot["item_class"],
        STOCK.c.item_code == lot["item_code"],
        func.coalesce(STOCK.c.variant, "") == (lot["variant"] or ""),
        STOCK.c.lot_code == lot["lot_code"],
    )
    return rows_of(connection, query.order_by(STOCK.c.warehouse, STOCK.c.location))


def papers(
    connection: Connection, row: Row, direction: str | None, after: str | None = None, of_serial: bool = False
) -> RowPage:
    """Documents of a lot, or serial, in time order, `PAPERS` a page, those that were reversed marked `undone`.

    direction: `load`, `unload`, …; None: all.
    """
    entry = HISTORY.alias()
    # By the movement alone, whose few lines an index finds: by its goods it would be all lines for each line.
    undone = exists().where(
        HISTORY.c.movement_id == entry.c.movement_id, HISTORY.c.entry_id == entry.c.entry_id, HISTORY.c.reversed
    )
    query = select(entry, undone.label("undone")).where(
        entry.c.item_class == row["item_class"],
        entry.c.item_code == row["item_code"],
        func.coalesce(entry.c.variant, "") == (row["variant"] or ""),
        func.coalesce(entry.c.lot_code, "") == (row["lot_code"] or ""),
        entry.c.generation == row["generation"],
        ~entry.c.reversed,
    )
    if of_serial:
        query = query.where(entry.c.serial_code == row["serial_code"])
    else:
        query = query.where(entry.c.register == "lot")
    if direction:
        query = query.where(entry.c.direction == direction)
    order = (entry.c.occurred_at, entry.c.topic_partition, entry.c.topic_offset)
    if after:
        query = query.where(
            tuple_(*order)
            > tuple_(*(literal(each, column.type) for each, column in zip(json.loads(after), order, strict=True)))
        )
    found = rows_of(connection, query.order_by(*order).limit(PAPERS + 1))
    if len(found) <= PAPERS:
        return RowPage(found, None)
    return RowPage(found[:PAPERS], json.dumps([found[PAPERS - 1][column.key] for column in order]))


def papers_count(connection: Connection, row: Row, direction: str) -> int:
    """How many documents loaded, or unloaded, a lot."""
    query = (
        select(func.count())
        .select_from(HISTORY)
        .where(
            HISTORY.c.item_class == row["item_class"],
            HISTORY.c.item_code == row["item_code"],
            func.coalesce(HISTORY.c.variant, "") == (row["variant"] or ""),
            HISTORY.c.lot_code == row["lot_code"],
            HISTORY.c.register == "lot",
            HISTORY.c.generation == row["generation"],
            HISTORY.c.direction == direction,
            ~HISTORY.c.reversed,
        )
    )
    return int(connection.execute(query).scalar_one())


def serials_of(connection: Connection, lot: Row, limit: int = PAPERS) -> list[Row]:
    """The first serials of a lot."""
    query = select(SERIALS).where(
        SERIALS.c.lot_code == lot["lot_code"],
        SERIALS.c.item_class == lot["item_class"],
        SERIALS.c.item_code == lot["item_code"],
        SERIALS.c.variant == lot["variant"],
    )
    return rows_of(connection, query.order_by(SERIALS.c.serial_code).limit(limit))


def reservations_of(connection: Connection, row: Row) -> list[Row]:
    """Who has reserved a lot, and how much."""
    query = select(RESERVATIONS).where(
        RESERVATIONS.c.item_class == row["item_class"],
        RESERVATIONS.c.item_code == row["item_code"],
        RESERVATIONS.c.lot_code == row["lot_code"],
        RESERVATIONS.c.committed != 0,
    )
    return rows_of(connection, query.order_by(RESERVATIONS.c.document_number))


def accounts_of(connection: Connection, row: Row, serial_code: str | None) -> list[Row]:
    """Who got a lot or serial: account, quantity and unit, number of documents; reversed ones are left out."""
    back = HISTORY.alias()
    undone = exists().where(
        back.c.entry_id == HISTORY.c.entry_id, back.c.movement_id == HISTORY.c.movement_id, back.c.reversed
    )
    query = select(
        HISTORY.c.account,
        func.sum(HISTORY.c.quantity).label("quantity"),
        HISTORY.c.unit,
        func.count().label("documents"),
    ).where(
        HISTORY.c.item_class == row["item_class"],
        HISTORY.c.item_code == row["item_code"],
        func.coalesce(HISTORY.c.lot_code, "") == (row["lot_code"] or ""),
        HISTORY.c.register == ("lot" if serial_code is None else "serial"),
        HISTORY.c.serial_code.is_not_distinct_from(serial_code),
        HISTORY.c.direction == "unload",
        HISTORY.c.account.is_not(None),
        ~HISTORY.c.reversed,
        ~undone,
    )
    return rows_of(connection, query.group_by(HISTORY.c.account, HISTORY.c.unit).order_by(HISTORY.c.account))


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
