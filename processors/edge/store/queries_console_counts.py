"""What the console asks about counting: inventories, lists with their progress, lines, reads, adjustments."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, FromClause, and_, case, func, nulls_last, or_, select, tuple_

from processors.domain import keys
from processors.edge.store.queries_console import Row, rows_of
from processors.edge.store.sight import WHOLE, Sight
from processors.edge.store.tables import table_of

INVENTORIES: Final = table_of("inventory-register")
LINES: Final = table_of("count-line-register")
READS: Final = table_of("scan-feedback")
LINES_MAX: Final = 2000
"""Lines that one page shows at most."""
LATE_MAX: Final = 200
"""Late movements that one page shows at most."""
WAITING: Final = ("asked", "recount", "approval", "refused")
"""States of lines in which somebody has to do something."""


def inventories(connection: Connection) -> list[Row]:
    """All inventories, the open and the latest first."""
    open_first = case((INVENTORIES.c.state == "open", 0), else_=1)
    return rows_of(connection, select(INVENTORIES).order_by(open_first, INVENTORIES.c.opened_at.desc()).limit(500))


def inventory(connection: Connection, number: str) -> Row | None:
    found = rows_of(connection, select(INVENTORIES).where(INVENTORIES.c.inventory == number))
    return found[0] if found else None


def lists(
    connection: Connection, inventory: str | None = None, open_only: bool = False, sight: Sight = WHOLE
) -> list[Row]:
    """Lists with how many of their lines are in each state: `states`."""
    table = sight.table("count-list-register")
    query = select(table)
    if inventory is not None:
        query = query.where(table.c.inventory == inventory)
    if open_only:
        query = query.where(table.c.state.not_in(("closed", "cancelled")))
    found = rows_of(connection, query.order_by(table.c.opened_at, table.c.list).limit(1000))
    for row in found:
        of_list = _of(LINES, row["inventory"], row["list"])
        states = select(LINES.c.state, func.count()).where(of_list).group_by(LINES.c.state)
        row["states"] = dict(connection.execute(states).all())
        row["places"] = [place for place in keys.split(row["locations"]) if place] if row["locations"] else []
    return found


def list_of(connection: Connection, inventory: str, list: str, sight: Sight = WHOLE) -> Row | None:
    """One list, as in `lists`."""
    return next((row for row in lists(connection, inventory, sight=sight) if row["list"] == list), None)


def _of(table: FromClause, inventory: str, list: str | None = None) -> ColumnElement[bool]:
    """The lines of an inventory, or of one list: a stretch of their keys, whatever else there is."""
    first = keys.join(inventory) if list is None else keys.join(inventory, list)
    return and_(table.c.record_key > f"{first}|", table.c.record_key < f"{first}}}")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a list is. `expected`: stock rows in its scope; `seen`: those that some line of the inventory holds."""

    expected: int
    seen: int
    last_read_at: int | None


def _in_scope(stock: FromClause, row: Row) -> ColumnElement[bool]:
    scope = and_(stock.c.warehouse == row["warehouse"], stock.c.stock != 0)
    return and_(scope, stock.c.location.in_(row["places"])) if row["places"] else scope


def _seen(stock: FromClause, inventory: str) -> ColumnElement[bool]:
    """Whether some line of an inventory holds a stock row; as a set, made once for all rows."""
    held = select(*_place_of(LINES)).where(_of(LINES, inventory), LINES.c.state != "cancelled")
    return tuple_(*_place_of(stock)).in_(held)


def _place_of(table: FromClause) -> list[ColumnElement[str]]:
    at = table.c
    optional = (func.coalesce(column, "") for column in (at.variant, at.lot_code, at.location))
    return [at.item_class, at.item_code, at.warehouse, *optional]


def progress(connection: Connection, row: Row, sight: Sight = WHOLE) -> Progress:
    """How far a list of `lists` is, by the stock as it is now; who may not know that sees nothing expected."""
    stock = sight.table("stock-register")
    asked = select(func.count(), func.coalesce(func.sum(case((_seen(stock, row["inventory"]), 1), else_=0)), 0))
    expected, seen = connection.execute(asked.select_from(stock).where(_in_scope(stock, row))).one()
    last = select(func.max(LINES.c.counted_at)).where(_of(LINES, row["inventory"], row["list"]))
    return Progress(int(expected), int(seen), connection.execute(last).scalar())


def unseen(connection: Connection, row: Row, limit: int = 200, sight: Sight = WHOLE) -> list[Row]:
    """Stock rows in a list's scope that no line of its inventory holds."""
    stock = sight.table("stock-register")
    query = select(stock).where(_in_scope(stock, row), ~_seen(stock, row["inventory"]))
    return rows_of(connection, query.order_by(stock.c.location, stock.c.record_key).limit(limit))


def lines(
    connection: Connection,
    inventory: str,
    list: str | None = None,
    states: Sequence[str] = (),
    differing: bool = False,
    sight: Sight = WHOLE,
) -> list[Row]:
    """Counted lines; `differing`: those with a difference, and those that wait for somebody, the dearest first."""
    table = sight.table("count-line-register")
    query = select(table).where(_of(table, inventory, list or None))
    if states:
        query = query.where(table.c.state.in_(states))
    if differing:
        query = query.where(or_(table.c.difference != 0, table.c.state.in_(WAITING)))
        query = query.order_by(nulls_last(func.abs(table.c.value).desc()), table.c.record_key)
    else:
        query = query.order_by(table.c.counted_at.desc(), table.c.record_key)
    return rows_of(connection, query.limit(LINES_MAX))


def line(connection: Connection, inventory: str, list: str, line: str, sight: Sight = WHOLE) -> Row | None:
    table = sight.table("count-line-register")
    found = rows_of(connection, select(table).where(table.c.record_key == keys.join(inventory, list, line)))
    return found[0] if found else None


def adjustments(
    connection: Connection, inventory: str, list: str | None = None, line: str | None = None, sight: Sight = WHOLE
) -> list[Row]:
    """What was posted for an inventory, a list or a line, in order."""
    table = sight.table("adjustments")
    query = select(table).where(table.c.inventory == inventory)
    if list:
        query = query.where(table.c.list == list)
    if line:
        query = query.where(table.c.line == line)
    return rows_of(connection, query.order_by(table.c.settled_at, table.c.adjustment_id).limit(LINES_MAX))


def late(connection: Connection, inventory: str, list: str | None = None, sight: Sight = WHOLE) -> list[Row]:
    """What was corrected or reported for movements that came after a count, the newest first. `known`: whether its
    line is in the register; where nothing was read and nothing booked there is none."""
    table = sight.table("adjustments")
    query = select(table).where(table.c.inventory == inventory, table.c.kind != "difference")
    if list:
        query = query.where(table.c.list == list)
    found = rows_of(connection, query.order_by(table.c.settled_at.desc(), table.c.adjustment_id).limit(LATE_MAX))
    places = {(row["list"], row["line"]) for row in found}
    asked = select(LINES.c.list, LINES.c.line).where(
        _of(LINES, inventory), tuple_(LINES.c.list, LINES.c.line).in_(sorted(places))
    )
    known = {tuple(row) for row in connection.execute(asked)}
    return [{**row, "known": (row["list"], row["line"]) in known} for row in found]


def movements_around(
    connection: Connection, row: Row, before_ms: int, after_ms: int, sight: Sight = WHOLE
) -> list[Row]:
    """Postings on the stock row of a line between two moments, in the order of when the goods moved."""
    postings = sight.table("postings")
    query = select(postings).where(
        postings.c.item_class == row["item_class"],
        postings.c.item_code == row["item_code"],
        func.coalesce(postings.c.variant, "") == (row["variant"] or ""),
        func.coalesce(postings.c.lot_code, "") == (row["lot_code"] or ""),
        postings.c.warehouse == row["warehouse"],
        func.coalesce(postings.c.location, "") == (row["location"] or ""),
        postings.c.occurred_at.between(before_ms, after_ms),
    )
    return rows_of(connection, query.order_by(postings.c.occurred_at, postings.c.topic_offset).limit(500))


def reads(connection: Connection, inventory: str, list: str, limit: int = 500, line: str | None = None) -> list[Row]:
    """Answers to the reads on a list, or on one line of it, the latest first."""
    query = select(READS).where(READS.c.inventory == inventory, READS.c.list == list)
    if line is not None:
        name = json.dumps(line, ensure_ascii=False)
        written = (f'"line":{between}{name}' for between in ("", " "))
        query = query.where(or_(*(READS.c.line.contains(each, autoescape=True) for each in written)))
    return rows_of(connection, query.order_by(READS.c.decided_at.desc(), READS.c.topic_offset.desc()).limit(limit))


def read_answers(connection: Connection, scan_ids: Sequence[str]) -> dict[str, Row]:
    """scan_id → its latest answer, of those that have one."""
    query = select(READS).where(READS.c.scan_id.in_(scan_ids)).order_by(READS.c.decided_at, READS.c.topic_offset)
    return {row["scan_id"]: row for row in rows_of(connection, query)}
