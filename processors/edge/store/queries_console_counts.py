"""What the console asks about counting: inventories, lists with their progress, lines, reads, adjustments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, and_, case, func, nulls_last, or_, select, tuple_

from processors.domain import keys
from processors.edge.store.queries_console import STOCK, Row, rows_of
from processors.edge.store.tables import table_of

INVENTORIES: Final = table_of("inventory-register")
LISTS: Final = table_of("count-list-register")
LINES: Final = table_of("count-line-register")
READS: Final = table_of("scan-feedback")
ADJUSTMENTS: Final = table_of("adjustments")
POSTINGS: Final = table_of("postings")
LINES_MAX: Final = 2000
"""Lines that one page shows at most."""
WAITING: Final = ("asked", "recount", "approval", "refused")
"""States of lines in which somebody has to do something."""


def inventories(connection: Connection) -> list[Row]:
    """All inventories, the open and the latest first."""
    open_first = case((INVENTORIES.c.state == "open", 0), else_=1)
    return rows_of(connection, select(INVENTORIES).order_by(open_first, INVENTORIES.c.opened_at.desc()).limit(500))


def inventory(connection: Connection, number: str) -> Row | None:
    found = rows_of(connection, select(INVENTORIES).where(INVENTORIES.c.inventory == number))
    return found[0] if found else None


def lists(connection: Connection, inventory: str | None = None, open_only: bool = False) -> list[Row]:
    """Lists with how many of their lines are in each state: `states`."""
    query = select(LISTS)
    if inventory is not None:
        query = query.where(LISTS.c.inventory == inventory)
    if open_only:
        query = query.where(LISTS.c.state.not_in(("closed", "cancelled")))
    found = rows_of(connection, query.order_by(LISTS.c.opened_at, LISTS.c.list).limit(1000))
    counted = select(LINES.c.inventory, LINES.c.list, LINES.c.state, func.count()).group_by(
        LINES.c.inventory, LINES.c.list, LINES.c.state
    )
    if inventory is not None:
        counted = counted.where(LINES.c.inventory == inventory)
    states: dict[tuple[str, str], dict[str, int]] = {}
    for number, list_, state, count in connection.execute(counted):
        states.setdefault((number, list_), {})[state] = count
    for row in found:
        row["states"] = states.get((row["inventory"], row["list"]), {})
        row["places"] = [place for place in keys.split(row["locations"]) if place] if row["locations"] else []
    return found


def list_of(connection: Connection, inventory: str, list: str) -> Row | None:
    """One list, as in `lists`."""
    return next((row for row in lists(connection, inventory) if row["list"] == list), None)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a list is. `expected`: stock rows in its scope; `seen`: those that some line of the inventory holds."""

    expected: int
    seen: int
    last_read_at: int | None


def _in_scope(row: Row) -> ColumnElement[bool]:
    scope = and_(STOCK.c.warehouse == row["warehouse"], STOCK.c.stock != 0)
    return and_(scope, STOCK.c.location.in_(row["places"])) if row["places"] else scope


def _seen(inventory: str) -> ColumnElement[bool]:
    """Whether some line of an inventory holds a stock row; as a set, made once for all rows."""
    held = select(*_place_of(LINES)).where(LINES.c.inventory == inventory, LINES.c.state != "cancelled")
    return tuple_(*_place_of(STOCK)).in_(held)


def _place_of(table: Table) -> list[ColumnElement[str]]:
    at = table.c
    optional = (func.coalesce(column, "") for column in (at.variant, at.lot_code, at.location))
    return [at.item_class, at.item_code, at.warehouse, *optional]


def progress(connection: Connection, row: Row) -> Progress:
    """How far a list of `lists` is, by the stock as it is now."""
    asked = select(func.count(), func.coalesce(func.sum(case((_seen(row["inventory"]), 1), else_=0)), 0))
    expected, seen = connection.execute(asked.select_from(STOCK).where(_in_scope(row))).one()
    last = select(func.max(LINES.c.counted_at)).where(
        LINES.c.inventory == row["inventory"], LINES.c.list == row["list"]
    )
    return Progress(int(expected), int(seen), connection.execute(last).scalar())


def unseen(connection: Connection, row: Row, limit: int = 200) -> list[Row]:
    """Stock rows in a list's scope that no line of its inventory holds."""
    query = select(STOCK).where(_in_scope(row), ~_seen(row["inventory"]))
    return rows_of(connection, query.order_by(STOCK.c.location, STOCK.c.record_key).limit(limit))


def lines(
    connection: Connection, inventory: str, list: str | None = None, states: Sequence[str] = (), differing: bool = False
) -> list[Row]:
    """Counted lines; `differing`: those with a difference, and those that wait for somebody, the dearest first."""
    query = select(LINES).where(LINES.c.inventory == inventory)
    if list:
        query = query.where(LINES.c.list == list)
    if states:
        query = query.where(LINES.c.state.in_(states))
    if differing:
        query = query.where(or_(LINES.c.difference != 0, LINES.c.state.in_(WAITING)))
        query = query.order_by(nulls_last(func.abs(LINES.c.value).desc()), LINES.c.record_key)
    else:
        query = query.order_by(LINES.c.counted_at.desc(), LINES.c.record_key)
    return rows_of(connection, query.limit(LINES_MAX))


def line(connection: Connection, inventory: str, list: str, line: str) -> Row | None:
    query = select(LINES).where(LINES.c.inventory == inventory, LINES.c.list == list, LINES.c.line == line)
    found = rows_of(connection, query)
    return found[0] if found else None


def adjustments(connection: Connection, inventory: str, list: str | None = None, line: str | None = None) -> list[Row]:
    """What was posted for an inventory, a list or a line, in order."""
    query = select(ADJUSTMENTS).where(ADJUSTMENTS.c.inventory == inventory)
    if list:
        query = query.where(ADJUSTMENTS.c.list == list)
    if line:
        query = query.where(ADJUSTMENTS.c.line == line)
    return rows_of(connection, query.order_by(ADJUSTMENTS.c.settled_at, ADJUSTMENTS.c.adjustment_id).limit(LINES_MAX))


def movements_around(connection: Connection, row: Row, before_ms: int, after_ms: int) -> list[Row]:
    """Postings on the stock row of a line between two moments, in the order of when the goods moved."""
    query = select(POSTINGS).where(
        POSTINGS.c.item_class == row["item_class"],
        POSTINGS.c.item_code == row["item_code"],
        func.coalesce(POSTINGS.c.variant, "") == (row["variant"] or ""),
        func.coalesce(POSTINGS.c.lot_code, "") == (row["lot_code"] or ""),
        POSTINGS.c.warehouse == row["warehouse"],
        func.coalesce(POSTINGS.c.location, "") == (row["location"] or ""),
        POSTINGS.c.occurred_at.between(before_ms, after_ms),
    )
    return rows_of(connection, query.order_by(POSTINGS.c.occurred_at, POSTINGS.c.topic_offset).limit(500))


def reads(connection: Connection, inventory: str, list: str, limit: int = 500) -> list[Row]:
    """Answers to the reads on a list, the latest first."""
    query = select(READS).where(READS.c.inventory == inventory, READS.c.list == list)
    return rows_of(connection, query.order_by(READS.c.decided_at.desc(), READS.c.topic_offset.desc()).limit(limit))


def read_answers(connection: Connection, scan_ids: Sequence[str]) -> dict[str, Row]:
    """scan_id → its latest answer, of those that have one."""
    query = select(READS).where(READS.c.scan_id.in_(scan_ids)).order_by(READS.c.decided_at, READS.c.topic_offset)
    return {row["scan_id"]: row for row in rows_of(connection, query)}
