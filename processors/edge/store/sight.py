"""What somebody may see of the registers: all, or all but the books of what is counted blind (`domain.md` §2, `blind`).

Who counts a blind list must not know what is expected there, wherever he looks. So the rule is kept here alone, below
every query: `Sight.table` is a topic's table with what must not be known taken out, and filters, orders, pages and
exports are asked of that. A hidden quantity is null: it is found by no filter and its place in an order says nothing.

While a blind list is open (until it is closed or cancelled), of the places in its scope:

- stock, reservations and the sums of lots that lie, or ever lay, there have no quantities, and stock not the time of
  its last movement; nor has their lineage
- a serial that is there, or may be, has no state and no place: one that is out looks the same
- what was moved, adjusted, alerted, answered or refused there is left out

Lines and lists that were counted blind keep their books, differences and totals hidden after that too.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy import Connection as Connection  # for those who hand one in

from processors.contract.manifest import DEAD_LETTERS
from processors.domain import keys
from processors.domain.lineage_graph import Goods
from processors.edge.store.tables import table_of

DIFFERENCES: Final = "differences"
"""The view of lines that differ, beside the topics."""
ENDED: Final = ("closed", "cancelled")
"""States of a list whose scope is shown again."""
_STOCK: Final = ("loaded", "unloaded", "stock", "committed")
_BOOKS: Final = ("book", "difference", "value", "adjustment_id")
_FIRST_DOCUMENT: Final = ("first_document_type", "first_document_number", "first_document_date")
HIDDEN: Final[dict[str, tuple[str, ...]]] = {
    "stock-register": (*_STOCK, "last_movement_id", "last_moved_at", "updated_at"),
    "lot-register": ("initial_quantity", "packages", *_STOCK, "updated_at"),
    "serial-register": ("state", "warehouse", "location", *_FIRST_DOCUMENT, "updated_at"),
    "reservation-register": ("committed", "consumed"),
    "lineage": ("quantity",),
    "count-list-register": ("matched", "positive", "negative", "value_positive", "value_negative"),
    "count-line-register": _BOOKS,
}
"""Source → columns that may be null because somebody must not know them."""


@dataclass(frozen=True, slots=True)
class Sight:
    """`places`: warehouses with the locations (empty: all of them) that are being counted blind.

    `types`: the list types that are blind; `operator`: whose lists alone are meant, None: everybody's.
    """

    places: tuple[tuple[str, tuple[str, ...]], ...] = ()
    types: tuple[str, ...] = ()
    operator: str | None = None

    @property
    def is_whole(self) -> bool:
        """Nothing is hidden."""
        return not self.types

    @property
    def tag(self) -> str:
        """Another text for every sight: answers that differ by it must not share an ETag. Empty where it is whole."""
        return "" if self.is_whole else repr((self.places, self.types, self.operator))

    def table(self, topic: str) -> FromClause:
        """The table of a topic, with the same columns and without what must not be known."""
        return self.over(topic, table_of(topic))

    def over(self, source: str, from_: FromClause) -> FromClause:
        """The rows of a source (a topic, or `DIFFERENCES`), as `table` has them."""
        left_out, unseen = self._left_out(source, from_), self._unseen(source, from_)
        if left_out is None and unseen is None:
            return from_
        hidden = HIDDEN.get(source, ()) if unseen is not None else ()
        columns = [
            type_coerce(case((unseen, null()), else_=column), column.type).label(column.name)
            if unseen is not None and column.name in hidden
            else column
            for column in from_.c
        ]
        seen = select(*columns)
        if left_out is not None:
            seen = seen.where(not_(func.coalesce(left_out, false())))
        return seen.subquery(f"seen_{source.replace('-', '_').replace('.', '_')}")

    def hides_place(self, warehouse: str | None, location: str | None) -> bool:
        """Whether quantities of a place must not be known."""
        return any(warehouse == each and (not some or location in some) for each, some in self.places)

    def hidden_goods(self, connection: Connection, goods: Collection[Goods]) -> set[Goods]:
        """Those of some lots and serials whose quantities, or places, must not be known."""
        if not self.places:
            return set()
        lots = {each for each in goods if each.serial_code is None}
        pieces = {each for each in goods if each.serial_code is not None}
        return (lots & self._lots_there(connection) if lots else set()) | (
            pieces - self._pieces_elsewhere(connection, pieces)
        )

    def _lots_there(self, connection: Connection) -> set[Goods]:
        at = table_of("stock-register").c
        found = select(at.item_class, at.item_code, at.variant, at.lot_code).where(
            self._there(table_of("stock-register"))
        )
        return {Goods(*_lot(row), None) for row in connection.execute(found.distinct())}

    def _pieces_elsewhere(self, connection: Connection, pieces: Collection[Goods]) -> set[Goods]:
        serials = table_of("serial-register")
        at = serials.c
        found = select(at.item_class, at.item_code, at.variant, at.lot_code, at.serial_code).where(
            not_(self._may_be_there(serials)), at.item_code.in_({each.item_code for each in pieces})
        )
        return {Goods(*_lot(row), row[4]) for row in connection.execute(found)} if pieces else set()

    def _left_out(self, source: str, from_: FromClause) -> ColumnElement[bool] | None:
        """Which rows are not shown at all; None: all are."""
        match source:
            case "adjustments" | "differences":
                return or_(self._of_blind_list(from_), self._there(from_)) if self.types else None
            case "postings" | "register-history" | "alerts":
                return self._there(from_) if self.places else None
            case "replies":
                return from_.c.request_topic == "movements" if self.places else None
            case _ if source.endswith(DEAD_LETTERS):
                return from_.c.topic == "movements" if self.places else None
            case _:
                return None

    def _unseen(self, source: str, from_: FromClause) -> ColumnElement[bool] | None:
        """Of which rows the `HIDDEN` columns are not shown; None: of none."""
        match source:
            case "count-line-register":
                return or_(self._of_blind_list(from_), self._there(from_)) if self.types else None
            case "count-list-register":
                return self._is_blind_list(from_) if self.types else None
            case _ if not self.places:
                return None
            case "stock-register" | "reservation-register":
                return self._there(from_)
            case "lot-register" | "lineage":
                return self._lies_there(from_)
            case "serial-register":
                return self._may_be_there(from_)
            case _:
                return None

    def _there(self, from_: FromClause) -> ColumnElement[bool]:
        at = from_.c
        ways = [
            and_(at.warehouse == warehouse, at.location.in_(some)) if some else at.warehouse == warehouse
            for warehouse, some in self.places
        ]
        return or_(false(), *ways)

    def _may_be_there(self, serial: FromClause) -> ColumnElement[bool]:
        return or_(serial.c.warehouse.is_(None), func.coalesce(self._there(serial), false()))

    def _lies_there(self, from_: FromClause) -> ColumnElement[bool]:
        stock = table_of("stock-register")
        same = [
            stock.c.item_class == from_.c.item_class,
            stock.c.item_code == from_.c.item_code,
            func.coalesce(stock.c.variant, "") == func.coalesce(from_.c.variant, ""),
            stock.c.lot_code == from_.c.lot_code,
        ]
        return select(literal(1)).select_from(stock).where(*same, self._there(stock)).exists()

    def _is_blind_list(self, lists: FromClause) -> ColumnElement[bool]:
        of_types = lists.c.list_type.in_(self.types)
        return of_types if self.operator is None else and_(of_types, lists.c.operator == self.operator)

    def _of_blind_list(self, from_: FromClause) -> ColumnElement[bool]:
        lists = table_of("count-list-register").alias("blind_lists")
        same = [lists.c.inventory == from_.c.inventory, lists.c.list == from_.c.list]
        return select(literal(1)).select_from(lists).where(*same, self._is_blind_list(lists)).exists()


def _lot(row: Sequence[Any]) -> tuple[str, str, str | None, str | None]:
    """Item, variant and lot as goods have them."""
    return row[0], row[1], row[2] or None, row[3] or None


WHOLE: Final = Sight()


def blind_sight(connection: Connection, operator: str | None) -> Sight:
    """The sight of who counts: without the books of the blind lists of an operator (None: of everybody's)."""
    master, lists = table_of("master-register"), table_of("count-list-register")
    found = connection.execute(select(master.c.record).where(master.c.kind == "list_type")).scalars()
    records: list[dict[str, Any]] = [json.loads(record) for record in found]
    types = tuple(sorted(record["code"] for record in records if record.get("blind")))
    if not types:
        return WHOLE
    asked = select(lists.c.warehouse, lists.c.locations, lists.c.state).where(lists.c.list_type.in_(types))
    if operator is not None:
        asked = asked.where(lists.c.operator == operator)
    rows = connection.execute(asked).all()
    if not rows:
        return WHOLE
    scopes: dict[str, set[str]] = {}
    whole: set[str] = set()
    for warehouse, locations, state in rows:
        if state in ENDED:
            continue
        scopes.setdefault(warehouse, set()).update(keys.split(locations) if locations else ())
        if not locations:
            whole.add(warehouse)
    places = tuple((name, () if name in whole else tuple(sorted(some))) for name, some in sorted(scopes.items()))
    return Sight(places, types, operator)
