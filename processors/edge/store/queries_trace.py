"""What tracing asks of the store: edges of lineage, document lines, stock and register rows, of many goods at once.

Goods and steps go into a query as one JSON parameter, so that a level of a trace costs two queries, however wide it is.
Both databases read it alike, as rows `g(value)`. Quantities come as millionths, days and times as everywhere.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection as Connection  # for those who hand one in
from sqlalchemy import text

from processors.domain import keys
from processors.domain.lineage_graph import Direction, Goods

Role = Literal["input", "output"]

_SQLITE: Final = {
    "listed": "json_each(:listed)",
    "millionths": "{}",
    "day": "{}",
    "ms": "{}",
}
_POSTGRESQL: Final = {
    "listed": "json_array_elements(CAST(:listed AS json))",
    "millionths": "CAST(({}) * 1000000 AS BIGINT)",
    "day": "(({}) - DATE '1970-01-01')",
    "ms": "CAST(EXTRACT(EPOCH FROM {}) * 1000 AS BIGINT)",
}


Edge = tuple[str, Role, str, str, str, str, str, int, int]
"""Transformation, role, item class, item code, variant, lot, serial (each empty where absent), quantity, moment.

The quantity is below 0 where a reversal takes an earlier edge back. A plain tuple: 100,000 of them are made at once.
"""


class Paper(NamedTuple):
    """One document line of a lot or serial, as it stands: those that were reversed are left out."""

    goods: Goods
    direction: Literal["load", "unload"]
    quantity: int
    unit: str
    occurred_at: int
    warehouse: str
    document_type: str | None
    document_number: str | None
    document_date: int | None
    account: str | None
    movement_id: str
    template: str


class Standing(NamedTuple):
    """Stock of goods in one place."""

    goods: Goods
    warehouse: str
    location: str | None
    stock: int
    committed: int
    unit: str


class LotFacts(NamedTuple):
    """What the register says of a lot. Decimals in millionths."""

    stock: int
    supplier: str | None
    supplier_lot: str | None
    customer_lot: str | None
    start_date: int | None
    expiry_date: int | None
    status: str | None
    available: bool
    closed: bool


class SerialFacts(NamedTuple):
    """What the register says of a serial."""

    state: str
    warehouse: str | None
    location: str | None
    expiry_date: int | None
    supplier: str | None
    customer_code: str | None
    supplier_code: str | None
    closed: bool


def find_goods(
    connection: Connection,
    lot_code: str | None,
    serial_code: str | None = None,
    item_class: str | None = None,
    item_code: str | None = None,
    variant: str | None = None,
) -> list[Goods]:
    """The lots, or with `serial_code` the serials, that are meant; also those that only lineage knows."""
    given = {
        "lot_code": lot_code,
        "serial_code": serial_code,
        "item_class": item_class,
        "item_code": item_code,
        "variant": variant,
    }
    wanted = {name: value for name, value in given.items() if value is not None}
    where = " AND ".join(
        f"COALESCE({name}, '') = :{name}" if name == "variant" else f"{name} = :{name}" for name in wanted
    )
    names = "item_class, item_code, variant, lot_code"
    register = f"SELECT {names}, NULL AS serial_code FROM lot_register WHERE {where}"
    lineage = f"SELECT {names}, serial_code FROM lineage WHERE {where}"
    if serial_code is not None:
        register = f"SELECT {names}, serial_code FROM serial_register WHERE {where}"
    else:
        lineage = f"SELECT {names}, NULL AS serial_code FROM lineage WHERE {where}"
    rows = connection.execute(text(f"{register} UNION {lineage}"), wanted)
    found = {Goods(row[0], row[1], row[2] or None, row[3] or None, row[4]) for row in rows}
    return sorted(found, key=goods_order)


def goods_order(goods: Goods) -> tuple[str, ...]:
    """By item, variant, lot and serial."""
    return (goods.item_class, goods.item_code, goods.variant or "", goods.lot_code or "", goods.serial_code or "")


def reachable(
    connection: Connection, start: Goods, direction: Direction, depth_max: int | None = None
) -> Sequence[Edge]:
    """Both sides of all transformations on the way from `start`, edge by edge: those that were taken back too.

    At most `depth_max` transformations far. One recursive query, whatever the depth and width, and whatever circles.
    """
    near, far = ("input", "output") if direction == "forward" else ("output", "input")
    deep, deeper, limit = ("", "", "") if depth_max is None else (", 1", ", r.depth + 1", "WHERE r.depth < :depth_max")
    same = _SAME_POSTGRESQL if connection.dialect.name == "postgresql" else _SAME_SQLITE
    steps = "(SELECT DISTINCT step FROM reach)" if deep else "reach"
    names = ("lot_code", "serial_code")
    where = " AND ".join(f"l.{name} " + ("IS NULL" if getattr(start, name) is None else f"= :{name}") for name in names)
    query = (
        f"WITH RECURSIVE reach(step{', depth' if deep else ''}) AS ("
        f"SELECT l.transformation_id{deep} FROM lineage l "
        "WHERE l.item_class = :item_class AND l.item_code = :item_code "
        f"AND COALESCE(l.variant, '') = :variant AND {where} AND l.role = :near "
        f"UNION SELECT n.transformation_id{deeper} FROM reach r "
        f"JOIN lineage o ON o.transformation_id = r.step AND o.role = :far {same} {limit}) "
        "SELECT l.transformation_id, l.role, l.item_class, l.item_code, COALESCE(l.variant, ''), "
        "COALESCE(l.lot_code, ''), COALESCE(l.serial_code, ''), "
        f"{{millionths:l.quantity}}, {{ms:l.occurred_at}} FROM {steps} AS r "
        "JOIN lineage l ON l.transformation_id = r.step"
    )
    given = start._asdict() | {"variant": start.variant or "", "near": near, "far": far, "depth_max": depth_max}
    found = connection.execute(text(_worded(connection, query)), given).cursor
    assert found is not None, "a query has rows"
    edges: Sequence[Edge] = found.fetchall()  # as the driver makes them: 100,000 rows of SQLAlchemy's cost a tenth more
    return edges


def movements_in_steps(connection: Connection, goods: Collection[Goods]) -> set[tuple[Goods, str, str, Role]]:
    """Goods, movement and transformation, and on which side, of every edge of the goods."""
    found: set[tuple[Goods, str, str, Role]] = set()
    for match, some in _matches(goods):
        query = (
            "SELECT DISTINCT l.item_class, l.item_code, l.variant, l.lot_code, l.serial_code, l.movement_id, "
            f"l.transformation_id, l.role FROM {{listed}} AS g JOIN lineage l ON {match}"
        )
        found.update((Goods(*row[:5]), row[5], row[6], row[7]) for row in _asked(connection, query, some))
    return found


def sides_of(connection: Connection, steps: Collection[str]) -> set[tuple[str, Role]]:
    """Which sides some transformations have."""
    query = (
        "SELECT DISTINCT l.transformation_id, l.role "
        "FROM {listed} AS g JOIN lineage l ON l.transformation_id = g.value ->> 0"
    )
    return {(row[0], row[1]) for row in _asked(connection, query, [[step] for step in steps])}


def papers_of(connection: Connection, goods: Collection[Goods], *, pieces: bool = False) -> list[Paper]:
    """The document lines of the goods in the order of the topic. `pieces`: of all serials of the lots instead."""
    lines: dict[str, tuple[Any, ...] | None] = {}
    for match, some in _matches(goods, _SERIALS_ONLY if pieces else _NO_SERIAL):
        query = (
            "SELECT h.entry_id, h.reversed, h.force_closed, h.item_class, h.item_code, h.variant, h.lot_code, "
            "h.serial_code, h.direction, {millionths:h.quantity}, h.unit, {ms:h.occurred_at}, h.warehouse, "
            "h.document_type, h.document_number, {day:h.document_date}, h.account, h.movement_id, h.template "
            f"FROM {{listed}} AS g JOIN register_history h ON {match.replace('l.', 'h.')} "
            "WHERE h.direction IN ('load', 'unload') ORDER BY h.topic_partition, h.topic_offset"
        )
        for row in _asked(connection, query, some):
            # Told again, it stands as told last; a piece closed by force has not moved.
            lines[row[0]] = None if row[1] or (row[2] and not row[18]) else row
    return [Paper(Goods(*row[3:8]), *row[8:]) for row in lines.values() if row is not None]


def adjustment_ids(connection: Connection, goods: Collection[Goods]) -> set[str]:
    """The movements by which counts, and corrections of them, changed the stock of the items of the goods."""
    items = {(each.item_class, each.item_code) for each in goods}
    query = (
        "SELECT a.adjustment_id FROM {listed} AS g JOIN adjustments a ON a.item_class = g.value ->> 0 "
        "AND a.item_code = g.value ->> 1 WHERE a.kind <> 'late_report'"
    )
    return {row[0] for row in _asked(connection, query, sorted(items))}


def standing(connection: Connection, goods: Collection[Goods]) -> list[Standing]:
    """Where lots stand, by their stock rows, in the order of warehouses and locations."""
    found: list[Standing] = []
    lots = [each for each in goods if each.serial_code is None]
    for match, some in _matches(lots):
        query = (
            "SELECT l.item_class, l.item_code, l.variant, l.lot_code, NULL, l.warehouse, l.location, "
            "{millionths:l.stock}, {millionths:l.committed}, l.unit "
            f"FROM {{listed}} AS g JOIN stock_register l ON {match.replace(_NO_SERIAL, '')} WHERE l.stock <> 0 "
            "ORDER BY l.warehouse, COALESCE(l.location, '')"
        )
        found += [Standing(Goods(*row[:5]), *row[5:]) for row in _asked(connection, query, some)]
    return found


def lots_facts(connection: Connection, goods: Collection[Goods]) -> dict[Goods, LotFacts]:
    """The register's rows of those of the goods that are lots and have one."""
    lots = {_lot_key(each): each for each in goods if each.serial_code is None and each.lot_code is not None}
    query = (
        "SELECT r.record_key, {millionths:r.stock}, r.supplier, r.supplier_lot, r.customer_lot, {day:r.start_date}, "
        "{day:r.expiry_date}, r.status, r.available, r.closed "
        "FROM {listed} AS g JOIN lot_register r ON r.record_key = g.value ->> 0"
    )
    rows = _asked(connection, query, [[key] for key in lots])
    return {lots[row[0]]: LotFacts._make((*row[1:8], bool(row[8]), bool(row[9]))) for row in rows}


def serials_facts(connection: Connection, goods: Collection[Goods]) -> dict[Goods, SerialFacts]:
    """The register's rows of those of the goods that are serials and have one."""
    serials = {
        f"{_lot_key(each)}|{keys.part(each.serial_code)}": each for each in goods if each.serial_code is not None
    }
    query = _SERIALS.format(match="r.record_key = g.value ->> 0")
    rows = _asked(connection, query, [[key] for key in serials])
    return {serials[row[0]]: _serial_facts(row) for row in rows}


def serials_in(connection: Connection, lots: Collection[Goods]) -> dict[Goods, SerialFacts]:
    """All serials of some lots, in the order of their codes."""
    query = _SERIALS.format(
        match="r.lot_code = g.value ->> 3 AND r.item_class = g.value ->> 0 AND r.item_code = g.value ->> 1 "
        "AND COALESCE(r.variant, '') = g.value ->> 2"
    )
    some = [list(goods_order(each)) for each in lots if each.serial_code is None and each.lot_code is not None]
    rows = _asked(connection, query, some)
    found = {Goods(row[1], row[2], row[3] or None, row[4] or None, row[5]): _serial_facts(row) for row in rows}
    return {goods: found[goods] for goods in sorted(found, key=goods_order)}


def items_of(connection: Connection, goods: Collection[Goods]) -> dict[tuple[str, str], dict[str, Any]]:
    """The item records of some goods, in their JSON form, by class and code; those that there are."""
    found = {(each.item_class, each.item_code) for each in goods}
    records = _master(connection, [keys.join("item", *item) for item in sorted(found)])
    return {(record["item_class"], record["item_code"]): record for record in records}


def accounts_of(connection: Connection, codes: Collection[str]) -> dict[str, dict[str, Any]]:
    """The account records of some codes, in their JSON form; those that there are."""
    return {record["code"]: record for record in _master(connection, [keys.join("account", code) for code in codes])}


def _master(connection: Connection, record_keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    query = "SELECT m.record FROM {listed} AS g JOIN master_register m ON m.record_key = g.value ->> 0"
    return (json.loads(row[0]) for row in _asked(connection, query, [[key] for key in record_keys]))


# The goods of a list, joined to a table `l` that has their columns. An index begins with item and lot.
_ITEM: Final = (
    "l.item_class = g.value ->> 0 AND l.item_code = g.value ->> 1 AND COALESCE(l.variant, '') = g.value ->> 2"
)
_NO_SERIAL: Final = " AND l.serial_code IS NULL"
_SERIALS_ONLY: Final = " AND l.serial_code IS NOT NULL"
_SERIALS: Final = (
    "SELECT r.record_key, r.item_class, r.item_code, r.variant, r.lot_code, r.serial_code, r.state, r.warehouse, "
    "r.location, {{day:r.expiry_date}}, r.supplier, r.customer_code, r.supplier_code, r.cancelled OR r.force_closed "
    "FROM {{listed}} AS g JOIN serial_register r ON {match}"
)
# The same goods on another edge. Each database must be able to look them up by all four columns of the index.
_SAME_SQLITE: Final = """
    JOIN lineage n ON n.item_class = o.item_class AND n.item_code = o.item_code
    AND n.lot_code IS o.lot_code AND n.serial_code IS o.serial_code
    AND COALESCE(n.variant, '') = COALESCE(o.variant, '') AND n.role = :near
    AND (o.lot_code IS NOT NULL OR o.serial_code IS NOT NULL)
"""
_SAME_POSTGRESQL: Final = (
    """
    CROSS JOIN LATERAL (
"""
    + " UNION ALL ".join(
        f"""
    SELECT n.transformation_id FROM lineage n WHERE n.item_class = o.item_class AND n.item_code = o.item_code
    AND COALESCE(n.variant, '') = COALESCE(o.variant, '') AND n.role = :near AND {condition}
    """
        for condition in (
            "n.lot_code = o.lot_code AND o.serial_code IS NULL AND n.serial_code IS NULL",
            "n.lot_code = o.lot_code AND n.serial_code = o.serial_code",
            "o.lot_code IS NULL AND n.lot_code IS NULL AND n.serial_code = o.serial_code",
        )
    )
    + ") n"
)


def _matches(goods: Collection[Goods], of_lots: str = _NO_SERIAL) -> Iterator[tuple[str, list[list[str]]]]:
    """How to join goods of each kind (lots, serials in lots, serials alone), and those of that kind."""
    kinds: dict[str, list[list[str]]] = {}
    for each in goods:
        if each.serial_code is None:
            lot = "IS NULL" if each.lot_code is None else "= g.value ->> 3"
            match = f"{_ITEM} AND l.lot_code {lot} {of_lots.strip()}"
        else:
            lot = "IS NULL" if each.lot_code is None else "= g.value ->> 3"
            match = f"{_ITEM} AND l.lot_code {lot} AND l.serial_code = g.value ->> 4"
        kinds.setdefault(match, []).append(list(goods_order(each)))
    yield from kinds.items()


def _asked(connection: Connection, query: str, listed: Sequence[Sequence[str]], **more: object) -> Sequence[Any]:
    """The rows of a query in which `{listed}` stands for the list, `{millionths:…}` and the like for a conversion."""
    if "{listed}" in query:
        if not listed:
            return ()
        more["listed"] = json.dumps(listed)
    return connection.execute(text(_worded(connection, query)), more).all()


def _worded(connection: Connection, query: str) -> str:
    words = _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE
    return query.format(**{name: _Word(word) for name, word in words.items()})


class _Word:
    """`{millionths:x}` in a query is the database's own way to give the column or sum `x` as millionths."""

    def __init__(self, template: str) -> None:
        self._template = template

    def __format__(self, expression: str) -> str:
        return self._template.format(expression) if expression else self._template


def _serial_facts(row: Sequence[Any]) -> SerialFacts:
    return SerialFacts._make((*row[6:13], bool(row[13])))


def _lot_key(goods: Goods) -> str:
    return keys.join(goods.item_class, goods.item_code, goods.variant or "", goods.lot_code or "")
