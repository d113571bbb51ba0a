"""Received = on hand + shipped + consumed + adjusted: on papers made by hand, and on random histories of the ledger.

The histories are those that the ledger is compared with its model on (`tests/model/stories.py`): loads, unloads,
transfers, reversals, lots from lots, reservations. In their middle everything without serials is counted, wrongly.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from processors.contract.json_form import from_json
from processors.contract.manifest import MANIFEST
from processors.contract.schema_files import record_name
from processors.domain import quantity
from processors.domain.calendar import parse_time
from processors.domain.lineage_graph import Goods
from processors.edge.store.engine import Store
from processors.edge.store.queries_trace import Connection
from processors.edge.store.tables import table_of
from processors.edge.trace.balance import Known, Sums, known_of
from tests.edge.api.company import Company
from tests.model.stories import Line, Teller

SUMS = ("received", "made", "on_hand", "shipped", "consumed", "adjusted", "moved")


@pytest.mark.parametrize(
    ("database", "seed"),
    [*(("sqlite", seed) for seed in range(5)), ("postgresql", 1)],
    indirect=["database"],
)
def test_every_lot_and_serial_of_a_random_history_adds_up(store: Store, seed: int) -> None:
    company = Company(store)
    try:
        _live(company, seed)
    finally:
        company.close()
    with store.read() as connection:
        goods = _everything(connection)
        known = known_of(connection, goods)
        differences = _differences(connection)
        alone = {each: known_of(connection, [each]) for each in goods}
    kinds = set()
    for each in goods:
        total, warehouses = known.balances[each].total, known.balances[each].warehouses
        assert _explained(total), (each, total)
        assert total.moved == 0, (each, total)
        assert all(_explained(sums) for sums in warehouses.values()), (each, warehouses)
        assert Sums(*(sum(getattr(sums, name) for sums in warehouses.values()) for name in SUMS)) == total
        assert total.on_hand == _stock(known, each)
        assert total.adjusted == -differences[each], each
        assert alone[each].balances == {each: known.balances[each]}, "asked alone it is the same"
        kinds |= {name for name in SUMS if getattr(total, name)}
        kinds |= {"transfer" for sums in warehouses.values() if sums.moved}
    assert {"received", "on_hand", "shipped"} <= kinds


def test_the_histories_hold_everything_that_a_balance_tells_apart(tmp_path: Path) -> None:
    store, kinds = Store(f"sqlite:///{tmp_path}/edge.db"), set[str]()
    store.migrate()
    company = Company(store)
    try:
        _live(company, 1)
    finally:
        company.close()
    with store.read() as connection:
        known = known_of(connection, _everything(connection))
        reversed_lines = connection.execute(select(table_of("register-history").c.entry_id).where(
            table_of("register-history").c.reversed)).all()  # fmt: skip
    for balance in known.balances.values():
        kinds |= {name for name in SUMS if getattr(balance.total, name)}
        kinds |= {"moved" for sums in balance.warehouses.values() if sums.moved}
    assert kinds == set(SUMS)
    assert reversed_lines


def _explained(sums: Sums) -> bool:
    """As the docs have it, and with the sums spelled out: `unexplained` could be wrong itself."""
    out = sums.on_hand + sums.shipped + sums.consumed + sums.adjusted + sums.moved
    return sums.received == out and sums.unexplained == 0 and 0 <= sums.made <= sums.received


def _stock(known: Known, goods: Goods) -> int:
    if goods.serial_code is None:
        return known.lots[goods].stock
    return 0 if known.serials[goods].state == "out" else quantity.ONE


def _everything(connection: Connection) -> list[Goods]:
    lots, serials = table_of("lot-register").c, table_of("serial-register").c
    names = ("item_class", "item_code", "variant", "lot_code")
    rows = [(*row, None) for row in connection.execute(select(*(lots[name] for name in names)))]
    rows += [tuple(row) for row in connection.execute(select(*(serials[name] for name in (*names, "serial_code"))))]
    return [Goods(row[0], row[1], row[2] or None, row[3] or None, row[4]) for row in rows]


def _differences(connection: Connection) -> dict[Goods, int]:
    rows = table_of("adjustments").c
    found: dict[Goods, int] = defaultdict(int)
    asked = select(rows.item_class, rows.item_code, rows.variant, rows.lot_code, rows.serial_code, rows.difference)
    for row in connection.execute(asked.where(rows.kind != "late_report")):
        found[Goods(*row[:5])] += row[5]
    return found


def _live(company: Company, seed: int) -> None:
    """A story, a count of what came of it, and the rest of the story."""
    teller, draw = Teller(seed), random.Random(seed)
    _tell(company, list(teller.tell(90)))
    told = len(teller.lines)
    for line in _count(company, teller, draw):
        _tell(company, [line])
    teller.now += timedelta(hours=2)
    teller.tell(60)
    _tell(company, teller.lines[told:])


def _tell(company: Company, lines: list[Line]) -> None:
    for line in lines:
        records = {record_name(record): record for record in MANIFEST[line["topic"]].records}
        record = records[line["record"]] if "record" in line else next(iter(records.values()))
        company.publish(line["topic"], from_json(record, line["value"]), time_ms=parse_time(line["time"]))


def _count(company: Company, teller: Teller, draw: random.Random) -> Iterator[Line]:
    """A list in each warehouse, on which lots without serials are counted, and then closed."""
    teller.now += timedelta(minutes=5)

    def at(topic: str, value: dict[str, Any], record: str | None = None) -> Line:
        teller.now += timedelta(seconds=1)
        line: Line = {"topic": topic, "value": value, "time": teller.now.isoformat()}
        return line if record is None else {**line, "record": record}

    masters = [line for line in teller.lines if line["topic"] == "master-data"]
    warehouses = {line["value"]["code"]: line["value"] for line in masters if line["record"] == "Warehouse"}
    plain = {
        (line["value"]["item_class"], line["value"]["item_code"])
        for line in masters
        if line["record"] == "Item" and line["value"]["lot_managed"] and not line["value"]["serial_managed"]
    }
    yield at("master-data", {"code": "L", "description": "", "uncounted": "ignore", "beyond_tolerance": "accept"},
             "ListType")  # fmt: skip
    yield at("counts", {"command_id": "i", "inventory": "I", "by": "eve", "action": "open_inventory",
                        "description": ""})  # fmt: skip
    for code, warehouse in warehouses.items():
        for template, direction in (("CI", "load"), ("CO", "unload")):
            yield at("master-data", {"warehouse": code, "code": template, "description": "", "direction": direction,
                                     "lot_management": True, "physical_inventory": True}, "Template")  # fmt: skip
        adjusting = {"adjustment_load_template": "CI", "adjustment_unload_template": "CO"}
        yield at("master-data", {**warehouse, **adjusting}, "Warehouse")
        yield at("counts", {"command_id": f"o{code}", "inventory": "I", "by": "eve", "action": "open_list",
                            "list": code, "list_type": "L", "warehouse": code, "operator": "anna"})  # fmt: skip
    with company.store.read() as connection:
        rows = table_of("stock-register").c
        names = ("item_class", "item_code", "variant", "warehouse", "location", "lot_code", "stock")
        stock = connection.execute(select(*(rows[name] for name in names)).where(rows.lot_code.is_not(None))).all()
    for number, row in enumerate(stock):
        if (row.item_class, row.item_code) not in plain:
            continue
        counted = max(0, row.stock + draw.randint(-3, 3) * quantity.ONE)
        scan = at("scans", {"scan_id": f"s{number}", "inventory": "I", "list": row.warehouse, "operator": "anna",
                            "device": "d", "action": "confirm", "item_class": row.item_class,
                            "item_code": row.item_code, "variant": row.variant, "location": row.location,
                            "lot": row.lot_code, "quantity": quantity.text(counted)})  # fmt: skip
        yield {**scan, "value": {**scan["value"], "scanned_at": scan["time"], "sent_at": scan["time"]}}
    for code in warehouses:
        yield at("counts", {"command_id": f"c{code}", "inventory": "I", "by": "eve", "action": "close_list",
                            "list": code})  # fmt: skip
