"""`lotstream trace`: on the demo company of a real cluster, and on papers and edges made by hand."""

import csv
import io
from typing import Any, Literal

import pytest
from click.testing import CliRunner

from processors.cli import main
from processors.cli.trace_rows import COLUMNS, Papers, lines_of, take_entry
from processors.cli.trace_tree import drawn
from processors.domain.events import HistoryEntry, LineageEdge
from processors.domain.lineage_graph import Goods, LineageGraph
from tests.cli.ledger_on_a_broker import LedgerOnABroker

ONE = 1_000_000
LOT = Goods("X", "I", None, "L", None)

FLOUR_FORWARD = """\
Went to (forward)
lot MIL00001 of ING|FLOUR · stock 780 · FREE
└─ used 220 KG in BAKE-1 on 2026-06-12 · production_order 1001 (P-001-F)
   ├─ 250 PCS · lot 20261010AA of BAK|PANETT · stock 190 · FREE
   │  └─ out 60 PCS on 2026-06-14 · sales_delivery_note S-901 · CAFE (S-003)
   └─ 150 PCS · lot 20261010AB of BAK|PANETT · stock 150 · FREE
"""
PANETTONE = """\
Made of (backward)
lot 20261010AA of BAK|PANETT · stock 190 · FREE
└─ made 250 PCS in BAKE-1 on 2026-06-12 · production_record 1001 (P-001)
   ├─ 220 KG · lot MIL00001 of ING|FLOUR · stock 780 · FREE
   │  └─ in 1000 KG on 2026-05-26 · purchase_delivery_note 4711 · MILL (D-001)
   ├─ 4.4 · ING|SALT
   └─ 9 KG · lot Y-230526 of ING|YEAST · stock 51 · FREE
      └─ in 60 KG on 2026-05-26 · purchase_delivery_note 88 · YEASTCO (D-003)

Went to (forward)
lot 20261010AA of BAK|PANETT · stock 190 · FREE
└─ out 60 PCS on 2026-06-14 · sales_delivery_note S-901 · CAFE (S-003)
"""
PUMP = """\
Made of (backward)
serial PUMP50000001 of MCH|PUMP, variant 50 · out
└─ made 1 PCS on 2026-06-12 · production_record M-1 (M-001)

Went to (forward)
serial PUMP50000001 of MCH|PUMP, variant 50 · out
└─ out 1 PCS on 2026-06-14 · sales_delivery_note S-900 · WATER (S-001)
"""
CUT = """\
Went to (forward)
lot MIL00001 of ING|FLOUR · stock 780 · FREE … more lies deeper (--depth)
"""


@pytest.mark.real
@pytest.mark.parametrize(
    ("options", "tree"),
    [
        (["MIL00001", "--forward"], FLOUR_FORWARD),
        (["MIL00001", "--item", "ING|FLOUR", "--variant", "", "--forward"], FLOUR_FORWARD),
        (["20261010AA"], PANETTONE),
        (["--serial", "PUMP50000001", "--both"], PUMP),
        (["MIL00001", "--forward", "--depth", "0"], CUT),
    ],
)
def test_a_trace_is_a_tree_of_steps_goods_and_documents(
    ledger_on_a_broker: LedgerOnABroker, options: list[str], tree: str
) -> None:
    result = ledger_on_a_broker.run("trace", *options)
    assert (result.exit_code, result.stdout) == (0, tree)


@pytest.mark.real
def test_a_trace_for_programs_has_a_row_a_line_that_names_its_parent(ledger_on_a_broker: LedgerOnABroker) -> None:
    rows = ledger_on_a_broker.json("trace", "MIL00001", "--forward")
    assert all(tuple(row) == COLUMNS for row in rows)
    assert [(row["line"], row["parent"], row["level"], row["kind"]) for row in rows] == [
        (0, None, 0, "goods"),
        (1, 0, 1, "step"),
        (2, 1, 2, "goods"),
        (3, 2, 3, "document"),
        (4, 1, 2, "goods"),
    ]
    customer = rows[3]
    assert (customer["lot_code"], customer["accounts"], customer["quantity"]) == ("20261010AA", "CAFE", "60")
    sheet = ledger_on_a_broker.run("trace", "MIL00001", "--forward", "--output", "csv").stdout
    assert [row["kind"] for row in csv.DictReader(io.StringIO(sheet))] == [row["kind"] for row in rows]


@pytest.mark.real
@pytest.mark.parametrize(
    ("options", "exit_code", "told"),
    [
        (["NOWHERE"], 1, "No such lot or serial"),
        (["MIL00001", "--item", "BAK|PANETT"], 1, "No such lot or serial"),
        (["MIL00001", "--serial", "S"], 1, "No such lot or serial"),
        ([], 2, "expected a LOT, or --serial SERIAL"),
    ],
)
def test_what_is_not_there_is_said(
    ledger_on_a_broker: LedgerOnABroker, options: list[str], exit_code: int, told: str
) -> None:
    result = ledger_on_a_broker.run("trace", *options)
    assert (result.exit_code, result.stdout, told in result.stderr) == (exit_code, "", True)


def test_the_help_has_an_example() -> None:
    assert "Example: lotstream trace" in CliRunner().invoke(main, ["trace", "--help"]).output


def an_entry(movement: str, direction: Literal["load", "unload"], **fields: Any) -> HistoryEntry:
    values: dict[str, Any] = {
        "entry_id": movement, "register": "lot", "item_class": "X", "item_code": "I", "variant": None, "lot_code": "L",
        "serial_code": None, "generation": 1, "direction": direction, "force_closed": False, "quantity": ONE,
        "unit": "KG", "packages": None, "inserted_at": 0, "occurred_at": 0, "status": None, "document_type": None,
        "document_number": None, "document_date": None, "warehouse": "W", "location": None, "template": "T",
        "account": None, "project": None, "movement_id": movement, "reversed": False,
    } | fields  # fmt: skip
    return HistoryEntry(**values)


def an_edge(transformation: str, role: Literal["input", "output"], lot: str, movement: str) -> LineageEdge:
    return LineageEdge(transformation, role, "X", "I", None, lot, None, ONE, movement, None, 0)


def traced(edges: list[LineageEdge], *entries: HistoryEntry) -> list[str]:
    papers = {LOT: Papers()}
    for entry in entries:
        take_entry(papers, entry)
    return list(drawn(lines_of(LineageGraph(edges), LOT, "forward", None, papers)))


def test_a_document_that_was_reversed_is_not_shown() -> None:
    entries = [an_entry("m1", "unload"), an_entry("m2", "unload"), an_entry("m1", "unload", reversed=True)]
    assert traced([], *entries) == ["lot L of X|I", "└─ out 1 KG on 1970-01-01 (m2)"]


def test_a_transfer_is_no_document_that_took_the_lot_out() -> None:
    entries = [an_entry("m1", "unload"), an_entry("m1/offset", "load"), an_entry("m2", "unload", account="C1")]
    assert traced([], *entries) == ["lot L of X|I", "└─ out 1 KG on 1970-01-01 · C1 (m2)"]


def test_documents_and_steps_hang_under_one_lot_and_a_circle_ends() -> None:
    edges = [
        an_edge("T1", "input", "L", "m1"),
        an_edge("T1", "output", "M", "m2"),
        an_edge("T2", "input", "M", "m3"),
        an_edge("T2", "output", "L", "m4"),
    ]
    assert traced(edges, an_entry("m1", "unload"), an_entry("m9", "unload")) == [
        "lot L of X|I",
        "├─ out 1 KG on 1970-01-01 (m9)",
        "└─ used 1 KG in T1 on 1970-01-01 (m1)",
        "   └─ 1 · lot M of X|I",
        "      └─ used 1 in T2 on 1970-01-01 (m3)",
        "         └─ 1 · lot L of X|I … shown elsewhere",
    ]


def test_a_chain_of_two_thousand_steps_is_drawn() -> None:
    edges = [
        each
        for number in range(2_000)
        for each in (
            an_edge(f"T{number}", "input", f"L{number}" if number else "L", "m"),
            an_edge(f"T{number}", "output", f"L{number + 1}", "m"),
        )
    ]
    assert traced(edges)[-1].endswith("1 · lot L2000 of X|I")


@pytest.mark.real
def test_a_lot_that_went_nowhere_says_so(ledger_on_a_broker: LedgerOnABroker) -> None:
    lines = ledger_on_a_broker.run("trace", "20261010AB", "--forward").stdout.splitlines()
    assert lines == ["Went to (forward)", "lot 20261010AB of BAK|PANETT · stock 150 · FREE", "└─ nothing"]
