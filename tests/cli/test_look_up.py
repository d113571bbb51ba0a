"""`lots|serials|stock show` and `counters list`: the registers of a real cluster, filtered, in three forms."""

import csv
import io
from dataclasses import fields, replace
from typing import Any

import pytest
from click.testing import CliRunner
from confluent_kafka import Producer

from processors.cli import main
from processors.contract.codec import Codec
from processors.contract.schema_ids import LockedIds
from processors.domain.registers import CounterRow, LotRow, SerialRow, StockRow
from tests.cli.ledger_on_a_broker import LIMIT_S, LedgerOnABroker

pytestmark = pytest.mark.real


def _picked(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


@pytest.mark.parametrize(
    ("options", "lots"),
    [
        (["--item", "ING|FLOUR"], ["MIL00001", "MIL00002"]),
        (["--item", "PANETT"], ["20261010AA", "20261010AB", "20261011AA"]),
        (["--lot", "MIL00002"], ["MIL00002"]),
        (["--item", "MCH|CTRL-", "--variant", ""], ["CTRL-001", "CTRL-002"]),
    ],
)
def test_lots_are_found_by_item_and_lot(
    ledger_on_a_broker: LedgerOnABroker, options: list[str], lots: list[str]
) -> None:
    rows = ledger_on_a_broker.json("lots", "show", *options)
    assert [row["lot_code"] for row in rows] == lots
    assert all(list(row) == [field.name for field in fields(LotRow)] for row in rows)


def test_a_lot_is_shown_as_it_is_now(ledger_on_a_broker: LedgerOnABroker) -> None:
    (row,) = ledger_on_a_broker.json("lots", "show", "--lot", "MIL00001")
    assert (row["loaded"], row["unloaded"], row["stock"]) == ("1000", "220", "780")
    assert (row["supplier"], row["supplier_lot"], row["ordinal"]) == ("MILL", "M-7781", 0)


@pytest.mark.parametrize(
    ("options", "serials"),
    [
        (["--state", "out"], ["G2", "WK-20882", "PUMP50000001"]),
        (["--state", "out", "--item", "MCH|PUMP"], ["PUMP50000001"]),
        (["--serial", "PUMP60000002"], ["PUMP60000002"]),
        (["--lot", "CTRL-002", "--warehouse", "RAW"], ["00001005", "00001006", "00001007"]),
    ],
)
def test_serials_are_found_by_state_serial_lot_and_warehouse(
    ledger_on_a_broker: LedgerOnABroker, options: list[str], serials: list[str]
) -> None:
    rows = ledger_on_a_broker.json("serials", "show", *options)
    assert [row["serial_code"] for row in rows] == serials
    assert all(list(row) == [field.name for field in fields(SerialRow)] for row in rows)


def test_stock_is_found_by_item_warehouse_location_and_lot(ledger_on_a_broker: LedgerOnABroker) -> None:
    names = ("warehouse", "location", "lot_code", "stock", "unit")
    rows = ledger_on_a_broker.json("stock", "show", "--item", "FLOUR", "--warehouse", "RAW")
    assert _picked(rows, *names) == [("RAW", "R-01", "MIL00001", "780", "KG"), ("RAW", "R-01", "MIL00002", "650", "KG")]
    assert list(rows[0]) == [field.name for field in fields(StockRow)]
    assert _picked(ledger_on_a_broker.json("stock", "show", "--location", "R-01", "--lot", "MIL00002"), *names) == [
        ("RAW", "R-01", "MIL00002", "650", "KG")
    ]


def test_the_last_value_of_every_progressive_is_listed(ledger_on_a_broker: LedgerOnABroker) -> None:
    names = ("code_type", "item_code", "root_key", "last_code", "next_ordinal", "assigned")
    rows = ledger_on_a_broker.json("counters", "list", "--kind", "lot", "--item", "BAK|PANETT")
    assert _picked(rows, *names) == [
        ("BAKE", "PANETT", "2026|10|10", "20261010AB", 2, 2),
        ("BAKE", "PANETT", "2026|10|11", "20261011AA", 1, 1),
    ]
    assert list(rows[0]) == [field.name for field in fields(CounterRow)]
    company = ledger_on_a_broker.json("counters", "list", "--code-type", "PLATE")
    assert sorted(_picked(company, "item_code", "last_code")) == [(None, "00001007"), (None, "00001022")]


def test_a_look_up_has_a_table_for_people_and_csv_for_sheets(ledger_on_a_broker: LedgerOnABroker) -> None:
    table = ledger_on_a_broker.run("lots", "show", "--item", "FLOUR").stdout.splitlines()
    assert table[0].split()[:5] == ["item_class", "item_code", "variant", "lot_code", "stock"]
    assert table[1].split()[:4] == ["ING", "FLOUR", "MIL00001", "780"]
    sheet = ledger_on_a_broker.run("lots", "show", "--item", "FLOUR", "--output", "csv").stdout
    assert [row["lot_code"] for row in csv.DictReader(io.StringIO(sheet))] == ["MIL00001", "MIL00002"]


@pytest.mark.parametrize("group", ["lots", "serials", "stock"])
def test_what_is_not_there_is_said_and_nothing_is_printed(ledger_on_a_broker: LedgerOnABroker, group: str) -> None:
    result = ledger_on_a_broker.run(group, "show", "--item", "ABC|NOTHING", "--output", "csv")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"`lotstream {group} show` alone shows all" in result.stderr


def test_a_row_that_is_gone_is_not_shown(ledger_on_a_broker: LedgerOnABroker) -> None:
    ledger, key = ledger_on_a_broker, "GHO|ST||L"
    row = next(r.value for r in ledger.records["lot-register", 0] if r.value is not None)
    producer = Producer({"bootstrap.servers": ledger.servers})
    for value, exit_code in ((row, 0), (None, 1)):
        producer.produce("lot-register", value, key, 0)
        assert producer.flush(LIMIT_S) == 0
        assert ledger.run("lots", "show", "--item", "GHO|ST").exit_code == exit_code
    del producer


def test_an_open_lot_has_stock_and_is_not_closed(ledger_on_a_broker: LedgerOnABroker) -> None:
    ledger, codec = ledger_on_a_broker, Codec(LockedIds())
    row = next(codec.decode("lot-register", r.value) for r in ledger.records["lot-register", 0] if r.value is not None)
    assert isinstance(row, LotRow)
    producer = Producer({"bootstrap.servers": ledger.servers})
    lots = {"FULL": (5_000_000, False), "SOLD": (0, False), "SHUT": (5_000_000, True)}
    for code, (stock, closed) in lots.items():
        lot = replace(row, item_class="OPE", item_code="N", lot_code=code, stock=stock, closed=closed)
        producer.produce("lot-register", codec.encode("lot-register", lot), f"OPE|N||{code}", 0)
    assert producer.flush(LIMIT_S) == 0
    assert len(ledger.json("lots", "show", "--item", "OPE|N")) == 3
    assert _picked(ledger.json("lots", "show", "--item", "OPE|N", "--open"), "lot_code") == [("FULL",)]
    for code in lots:
        producer.produce("lot-register", None, f"OPE|N||{code}", 0)
    assert producer.flush(LIMIT_S) == 0


def test_no_counter_is_no_failure(ledger_on_a_broker: LedgerOnABroker) -> None:
    result = ledger_on_a_broker.run("counters", "list", "--code-type", "NONE")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No such counter" in result.stderr


@pytest.mark.parametrize(("item", "told"), [("a|b|c", "expected class|code or a code"), ("a\\", "after \\")])
def test_an_item_that_cannot_be_one_is_wrong_usage(item: str, told: str) -> None:
    result = CliRunner().invoke(main, ["lots", "show", "--item", item])
    assert (result.exit_code, told in result.output) == (2, True)
