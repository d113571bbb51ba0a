"""Lots whose day has come are looked up, however many lots there ever were."""

import random
import re
from dataclasses import replace
from typing import Any

from sqlalchemy import event, text

from processors.edge.store.engine import Store
from processors.edge.store.queries_alerts import lots_due
from processors.edge.store.tables import STAGE_DAYS
from tests.edge.store.filling import fill
from tests.edge.store.rows import a_lot

DAY = 20_000
LOTS_PAST = 3_000


def test_lots_of_all_stages_come_once_each_and_no_other(store: Store) -> None:
    chance = random.Random(5)
    lots = []
    for number in range(150):
        warn, block, expiry = (chance.choice([None, DAY - 1, DAY, DAY + 1]) for _ in range(3))
        stock, closed = chance.choice([-1, 0, 1]), chance.random() < 0.2
        lot = a_lot(f"L{number:03d}", stock)
        lots.append(replace(lot, warn_from=warn, block_from=block, expiry_date=expiry, closed=closed))
    fill(store, [("lot-register", lot) for lot in lots])
    wanted = [
        lot.lot_code
        for lot in lots
        if lot.stock > 0 and not lot.closed
        and any(day is not None and day <= DAY for day in (lot.warn_from, lot.block_from, _after(lot.expiry_date)))
    ]  # fmt: skip
    with store.read() as connection:
        assert [lot.lot_code for lot in lots_due(connection, DAY)] == wanted
    assert 20 < len(wanted) < 60


def _after(day: int | None) -> int | None:
    return None if day is None else day + 1


def _fill_with_lots_of_the_past(store: Store) -> None:
    """Many lots that expired long ago, of which three are still in stock."""
    columns = (
        "record_key, item_class, item_code, variant, lot_code, expiry_date, warn_from, block_from, initial_quantity,"
        " available, closed, loaded, unloaded, stock, committed, generation, created_at, updated_at, found,"
        " topic_partition, topic_offset"
    )
    day, at, yes, no = ("1", "1", "1", "0") if store.is_sqlite else ("DATE '2020-01-01'", "now()", "true", "false")
    lot = (
        f"'L' || number, 'FG', 'A', '', 'L' || number, {day}, {day}, {day}, 1, {yes}, {no}, 1, 1,"
        f" CASE WHEN number % {LOTS_PAST // 3} = 0 THEN 1 ELSE 0 END, 0, 1, {at}, {at}, {no}, 0, number"
    )
    numbers = f"SELECT 1 AS number UNION ALL SELECT number + 1 FROM numbers WHERE number < {LOTS_PAST}"
    with store.write() as connection:
        connection.execute(
            text(
                f"WITH RECURSIVE numbers AS ({numbers}) INSERT INTO lot_register ({columns}) SELECT {lot} FROM numbers"
            )
        )
        connection.execute(text("ANALYZE"))


def test_they_are_found_without_reading_the_lots_that_are_gone(store: Store) -> None:
    _fill_with_lots_of_the_past(store)
    asked: list[tuple[str, Any]] = []
    event.listen(store.engine(), "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
    with store.read() as connection:
        assert len(lots_due(connection, DAY)) == 3
        explain, (statement, given) = "EXPLAIN QUERY PLAN " if store.is_sqlite else "EXPLAIN ", asked[-1]
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + statement, given))
    used = set(re.findall(r"lot_register_in_stock_by_\w+", plan))
    assert used == {f"lot_register_in_stock_by_{day}" for day in STAGE_DAYS}, plan
    assert not re.search(r"SCAN lot_register|Seq Scan", plan), plan
