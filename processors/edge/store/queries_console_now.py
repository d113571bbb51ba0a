"""What the console asks of the present: the overview, what was refused, answers to requests, how far the tables are."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, literal, or_, select, tuple_

from processors.edge.store.queries_console import PAGE_ROWS, Row, RowPage, contains, place_in, rows_of
from processors.edge.store.sight import WHOLE, Sight
from processors.edge.store.tables import OFFSETS, in_stock, table_of

LETTERS: Final = table_of("movements.dead-letters")
REPLIES: Final = table_of("replies")


@dataclass(frozen=True, slots=True)
class DueLots:
    """Lots in stock whose days have come as of a company's day, and the next to expire."""

    expired: int
    blocked: int
    warned: int
    expiring: Sequence[Row]


def due_lots(connection: Connection, today: int, sight: Sight = WHOLE) -> DueLots:
    """Looked up in the indexes of lots in stock by their days (`tables.STAGE_DAYS`)."""
    table = sight.table("lot-register")
    lot = table.c
    good = lot.expiry_date >= today

    def number(*which: ColumnElement[bool]) -> int:
        asked = select(func.count()).select_from(table).where(in_stock(lot), *which)
        return int(connection.execute(asked).scalar_one())

    not_blocked = or_(lot.block_from.is_(None), lot.block_from > today)
    next_ones = select(table).where(in_stock(lot), lot.expiry_date.is_not(None), good)
    return DueLots(
        number(lot.expiry_date.is_not(None), lot.expiry_date < today),
        number(lot.block_from.is_not(None), lot.block_from <= today, good),
        number(lot.warn_from.is_not(None), lot.warn_from <= today, good, not_blocked),
        rows_of(connection, next_ones.order_by(lot.expiry_date, lot.record_key).limit(8)),
    )


def open_lots(connection: Connection, sight: Sight = WHOLE) -> int:
    """How many lots have stock. It reads the whole register: ask seldom."""
    table = sight.table("lot-register")
    return int(connection.execute(select(func.count()).select_from(table).where(table.c.stock != 0)).scalar_one())


def serials_in_stock(connection: Connection, sight: Sight = WHOLE) -> int:
    """How many serials are in stock. It reads the whole register: ask seldom."""
    table = sight.table("serial-register")
    asked = select(func.count()).select_from(table).where(table.c.state == "in_stock")
    return int(connection.execute(asked).scalar_one())


def negative_stock(connection: Connection, sight: Sight = WHOLE) -> int:
    """How many stock rows are below zero. It reads the whole register: ask seldom."""
    table = sight.table("stock-register")
    return int(connection.execute(select(func.count()).select_from(table).where(table.c.stock < 0)).scalar_one())


def postings_between(connection: Connection, begin_ms: int, end_ms: int, sight: Sight = WHOLE) -> int:
    """How many postings were made from one moment until before another one."""
    table = sight.table("postings")
    asked = select(func.count()).select_from(table)
    asked = asked.where(table.c.posted_at >= begin_ms, table.c.posted_at < end_ms)
    return int(connection.execute(asked).scalar_one())


def refusals_since(connection: Connection, since_ms: int, sight: Sight = WHOLE) -> list[Row]:
    """(code, topic, how often, when last) of what was refused since a moment, the most frequent first."""
    letter = sight.table("movements.dead-letters").c
    query = (
        select(letter.error_code, letter.topic, func.count().label("count"), func.max(letter.refused_at).label("last"))
        .where(letter.refused_at >= since_ms)
        .group_by(letter.error_code, letter.topic)
        .order_by(func.count().desc(), letter.error_code)
        .limit(10)
    )
    return rows_of(connection, query)


def latest_alerts(connection: Connection, sight: Sight = WHOLE) -> list[Row]:
    table = sight.table("alerts")
    return rows_of(connection, select(table).order_by(table.c.at.desc()).limit(8))


def alerts(connection: Connection, after: str | None = None, sight: Sight = WHOLE) -> RowPage:
    """Alerts, the latest first."""
    table = sight.table("alerts")
    order = (table.c.at, table.c.topic_partition, table.c.topic_offset)
    return _latest_first(connection, select(table), order, after)


def dead_letters(
    connection: Connection, topic: str, code: str, text: str, after: str | None = None, sight: Sight = WHOLE
) -> RowPage:
    """What was refused, the latest first."""
    table = sight.table("movements.dead-letters")
    letter, query = table.c, select(table)
    if topic:
        query = query.where(letter.topic == topic)
    if code:
        query = query.where(letter.error_code == code)
    if text:
        query = query.where(or_(contains(letter.error_message, text), contains(letter.decoded, text)))
    order = (letter.refused_at, letter.topic, letter.topic_partition, letter.topic_offset)
    return _latest_first(connection, query, order, after)


def _latest_first(
    connection: Connection, query: Select[Any], order: Sequence[ColumnElement[Any]], after: str | None
) -> RowPage:
    """One page of rows, falling by what names each of them."""
    if after:
        last = (literal(each, column.type) for each, column in zip(place_in(after, order), order, strict=True))
        query = query.where(tuple_(*order) < tuple_(*last))
    found = rows_of(connection, query.order_by(*(column.desc() for column in order)).limit(PAGE_ROWS + 1))
    if len(found) <= PAGE_ROWS:
        return RowPage(found, None)
    return RowPage(found[:PAGE_ROWS], json.dumps([found[PAGE_ROWS - 1][column.key or ""] for column in order]))


def dead_letter(connection: Connection, topic: str, partition: int, offset: int, sight: Sight = WHOLE) -> Row | None:
    """One refused record by its place."""
    table = sight.table("movements.dead-letters")
    letter = table.c
    query = select(table).where(
        letter.topic == topic, letter.topic_partition == partition, letter.topic_offset == offset
    )
    found = rows_of(connection, query)
    return found[0] if found else None


def dead_letter_codes(connection: Connection) -> list[str]:
    """Every code of a refusal that there is."""
    return list(connection.execute(select(LETTERS.c.error_code).distinct().order_by(LETTERS.c.error_code)).scalars())


def reply(connection: Connection, request_id: str, request_topic: str | None = None) -> Row | None:
    """The latest answer to a request; None: not yet."""
    query = select(REPLIES).where(REPLIES.c.request_id == request_id)
    if request_topic is not None:
        query = query.where(REPLIES.c.request_topic == request_topic)
    found = rows_of(connection, query.order_by(REPLIES.c.decided_at.desc(), REPLIES.c.topic_offset.desc()).limit(1))
    return found[0] if found else None


def positions(connection: Connection) -> dict[str, int]:
    """Topic → sum of the next offsets of its partitions: it grows with every record taken."""
    query = select(OFFSETS.c.topic, func.sum(OFFSETS.c.next_offset)).group_by(OFFSETS.c.topic)
    return {topic: int(total) for topic, total in connection.execute(query)}


def codes_made_since(connection: Connection, since_ms: int) -> dict[tuple[str, str, str, str], int]:
    """(lot or serial, item class, item code, variant) → how many with an ordinal were made since a moment."""
    found: dict[tuple[str, str, str, str], int] = {}
    for kind in ("lot", "serial"):
        table = table_of(f"{kind}-register")
        goods = (table.c.item_class, table.c.item_code, table.c.variant)
        query = select(*goods, func.count()).where(table.c.ordinal.is_not(None), table.c.created_at >= since_ms)
        for item_class, item_code, variant, count in connection.execute(query.group_by(*goods)):
            found[kind, item_class, item_code, variant or ""] = count
            found[kind, "", "", ""] = found.get((kind, "", "", ""), 0) + count  # a counter of the whole company
    return found
