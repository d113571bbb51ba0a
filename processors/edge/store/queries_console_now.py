"""What the console asks of the present: the overview, what was refused, answers to requests, how far the tables are."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, Select, and_, case, func, literal, or_, select, tuple_

from processors.edge.store.queries_console import LOTS, PAGE_ROWS, SERIALS, STOCK, Row, RowPage, contains, rows_of
from processors.edge.store.tables import OFFSETS, table_of

POSTINGS: Final = table_of("postings")
LETTERS: Final = table_of("movements.dead-letters")
ALERTS: Final = table_of("alerts")
REPLIES: Final = table_of("replies")


@dataclass(frozen=True, slots=True)
class Overview:
    """Figures of the whole store. `movements`: how many in each stretch of `since`, the oldest first."""

    open_lots: int
    serials_in_stock: int
    stock_rows: int
    negative: int
    expired: int
    blocked: int
    warned: int
    movements: Sequence[int]
    refusals: Sequence[Row]
    alerts: Sequence[Row]
    expiring: Sequence[Row]


def overview(connection: Connection, today: int, since: Sequence[int]) -> Overview:
    """The figures as of a company's day; `since`: the moments (ms) that part time into stretches, oldest first."""
    in_stock = LOTS.c.stock > 0
    expired = and_(in_stock, LOTS.c.expiry_date < today)
    blocked = and_(in_stock, LOTS.c.block_from <= today, LOTS.c.expiry_date >= today)
    warned = and_(
        in_stock,
        LOTS.c.warn_from <= today,
        LOTS.c.expiry_date >= today,
        or_(LOTS.c.block_from.is_(None), LOTS.c.block_from > today),
    )
    (open_lots, expired_n, blocked_n, warned_n) = connection.execute(
        select(
            *(
                func.coalesce(func.sum(case((each, 1), else_=0)), 0)
                for each in (LOTS.c.stock != 0, expired, blocked, warned)
            )
        )
    ).one()
    in_stock_serials = select(func.count()).select_from(SERIALS).where(SERIALS.c.state == "in_stock")
    rows, negative = connection.execute(
        select(
            func.coalesce(func.sum(case((STOCK.c.stock != 0, 1), else_=0)), 0),
            func.coalesce(func.sum(case((STOCK.c.stock < 0, 1), else_=0)), 0),
        )
    ).one()
    first, ends = since[0], [*since[1:], None]
    stretches = [
        func.coalesce(
            func.sum(
                case(
                    (
                        POSTINGS.c.posted_at >= begin
                        if end is None
                        else and_(POSTINGS.c.posted_at >= begin, POSTINGS.c.posted_at < end),
                        1,
                    ),
                    else_=0,
                )
            ),
            0,
        )
        for begin, end in zip(since, ends, strict=True)
    ]
    movements = connection.execute(select(*stretches).where(POSTINGS.c.posted_at >= first)).one()
    refused = (
        select(
            LETTERS.c.error_code,
            LETTERS.c.topic,
            func.count().label("count"),
            func.max(LETTERS.c.refused_at).label("last"),
        )
        .where(LETTERS.c.refused_at >= first)
        .group_by(LETTERS.c.error_code, LETTERS.c.topic)
        .order_by(func.count().desc(), LETTERS.c.error_code)
        .limit(10)
    )
    expiring = (
        select(LOTS)
        .where(in_stock, LOTS.c.expiry_date.is_not(None))
        .order_by(LOTS.c.expiry_date, LOTS.c.record_key)
        .limit(8)
    )
    return Overview(
        int(open_lots), int(connection.execute(in_stock_serials).scalar_one()), int(rows), int(negative),
        int(expired_n), int(blocked_n), int(warned_n), [int(each) for each in movements],
        rows_of(connection, refused),
        rows_of(connection, select(ALERTS).order_by(ALERTS.c.at.desc()).limit(8)),
        rows_of(connection, expiring),
    )  # fmt: skip


def alerts(connection: Connection, after: str | None = None) -> RowPage:
    """Alerts, the latest first."""
    order = (ALERTS.c.at, ALERTS.c.topic_partition, ALERTS.c.topic_offset)
    return _latest_first(connection, select(ALERTS), order, after)


def dead_letters(connection: Connection, topic: str, code: str, text: str, after: str | None = None) -> RowPage:
    """What was refused, the latest first."""
    query = select(LETTERS)
    if topic:
        query = query.where(LETTERS.c.topic == topic)
    if code:
        query = query.where(LETTERS.c.error_code == code)
    if text:
        query = query.where(or_(contains(LETTERS.c.error_message, text), contains(LETTERS.c.decoded, text)))
    order = (LETTERS.c.refused_at, LETTERS.c.topic, LETTERS.c.topic_partition, LETTERS.c.topic_offset)
    return _latest_first(connection, query, order, after)


def _latest_first(
    connection: Connection, query: Select[Any], order: Sequence[Column[Any]], after: str | None
) -> RowPage:
    """One page of rows, falling by what names each of them."""
    if after:
        last = (literal(each, column.type) for each, column in zip(json.loads(after), order, strict=True))
        query = query.where(tuple_(*order) < tuple_(*last))
    found = rows_of(connection, query.order_by(*(column.desc() for column in order)).limit(PAGE_ROWS + 1))
    if len(found) <= PAGE_ROWS:
        return RowPage(found, None)
    return RowPage(found[:PAGE_ROWS], json.dumps([found[PAGE_ROWS - 1][column.key] for column in order]))


def dead_letter(connection: Connection, topic: str, partition: int, offset: int) -> Row | None:
    """One refused record by its place."""
    query = select(LETTERS).where(
        LETTERS.c.topic == topic, LETTERS.c.topic_partition == partition, LETTERS.c.topic_offset == offset
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
    for kind, table in (("lot", LOTS), ("serial", SERIALS)):
        goods = (table.c.item_class, table.c.item_code, table.c.variant)
        query = select(*goods, func.count()).where(table.c.ordinal.is_not(None), table.c.created_at >= since_ms)
        for item_class, item_code, variant, count in connection.execute(query.group_by(*goods)):
            found[kind, item_class, item_code, variant or ""] = count
            found[kind, "", "", ""] = found.get((kind, "", "", ""), 0) + count  # a counter of the whole company
    return found
