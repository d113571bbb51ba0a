"""What pages ask of large registers is looked up, not searched for: shown by the plans of SQLite, not by a clock."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, insert
from starlette.testclient import TestClient

from processors.domain.calendar import DAY_MS
from processors.edge.store import queries_console as registers
from processors.edge.store import queries_console_counts as counts
from processors.edge.store import queries_console_now as now
from processors.edge.store.engine import Store
from processors.edge.store.tables import table_of
from tests.edge.console.living import INVENTORY, LivingCompany, app_of
from tests.edge.console.pictures import PAGES

LOT = {"item_class": "ING", "item_code": "YEAST", "variant": "", "lot_code": "Y012", "generation": 1}
DOCUMENTS = 5_000
WHOLE_TABLES = re.compile(r"count\(\*\)", re.IGNORECASE)


@contextmanager
def _asked(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that the store is asked meanwhile, with its values."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        found.append((statement, values))

    event.listen(store.engine(), "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(store.engine(), "before_cursor_execute", note)


def _plan(store: Store, ask: Callable[[Any], object]) -> list[str]:
    with _asked(store) as asked, store.read() as connection:
        ask(connection)
    with store.read() as connection:
        return [
            row[3]
            for statement, values in asked
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values)
        ]


@pytest.mark.parametrize(
    "ask",
    [
        lambda connection: now.due_lots(connection, 20_000),
        lambda connection: now.postings_between(connection, 0, 1),
        lambda connection: now.refusals_since(connection, 0),
        lambda connection: now.latest_alerts(connection),
        lambda connection: registers.papers(connection, LOT, "load"),
        lambda connection: registers.papers_count(connection, LOT, "unload"),
        lambda connection: registers.stock_of(connection, LOT),
        lambda connection: registers.accounts_of(connection, LOT, None),
        lambda connection: counts.lines(connection, INVENTORY, "COLD"),
        lambda connection: counts.line(connection, INVENTORY, "COLD", "2"),
        lambda connection: counts.reads(connection, INVENTORY, "COLD"),
        lambda connection: counts.adjustments(connection, INVENTORY, "COLD"),
        lambda connection: counts.lists(connection, open_only=True),
    ],
    ids="due postings refusals alerts papers papers-count stock accounts lines line reads adjustments lists".split(),
)
def test_nothing_that_a_page_needs_at_once_reads_a_whole_table(
    company: LivingCompany, ask: Callable[[Any], object]
) -> None:
    plan = _plan(company.store, ask)
    assert plan
    scanned = {line for line in plan if line.startswith("SCAN ")}
    assert not {line for line in scanned if "count_list_register" not in line and "USING INDEX" not in line}, plan


def test_the_papers_of_a_lot_come_in_order_from_an_index(company: LivingCompany) -> None:
    plan = _plan(company.store, lambda connection: registers.papers(connection, LOT, "load"))
    assert not any("TEMP B-TREE" in line for line in plan), plan
    assert "lot_code=? AND serial_code=?" in plan[0]


@pytest.fixture
def browser(company: LivingCompany) -> Iterator[TestClient]:
    with TestClient(app_of(company.store, company), base_url="http://localhost") as client:
        yield client


def test_the_overview_counts_nothing_again_while_nothing_changes(browser: TestClient, company: LivingCompany) -> None:
    first = browser.get("/").text
    with _asked(company.store) as asked:
        for _ in range(3):
            page = browser.get("/").text
            assert _figures(page) == _figures(first)
    counted = [statement for statement, _ in asked if WHOLE_TABLES.search(statement)]
    assert {statement for statement in counted if "count_line_register" not in statement} == set()


def _figures(page: str) -> list[str]:
    return re.findall(r'class="figure[^>]*><b>([^<]*)', page)[1:]  # without the rate, which time alone changes


@pytest.fixture
def long_lot(company: LivingCompany) -> Iterator[str]:
    """The key of a lot with 5,000 documents."""
    history, lots = table_of("register-history"), table_of("lot-register")
    with company.store.read() as connection:
        (like,) = registers.papers(connection, LOT, "load").rows
    del like["undone"]
    start = like["occurred_at"] - DAY_MS
    rows = [
        {**like, "entry_id": f"L{n}", "movement_id": f"L{n}", "document_number": f"L{n}", "lot_code": "LONG",
         "occurred_at": start + n, "topic_partition": 90, "topic_offset": n}
        for n in range(DOCUMENTS)
    ]  # fmt: skip
    with company.store.write() as connection:
        lot = registers.one(connection, "lot-register", "ING|YEAST||Y012")
        assert lot is not None
        key = "ING|YEAST||LONG"
        connection.execute(insert(lots).values(**{**lot, "record_key": key, "lot_code": "LONG", "stock": 0}))
        connection.execute(insert(history), rows)
    yield key
    with company.store.write() as connection:
        connection.execute(history.delete().where(history.c.topic_partition == 90))
        connection.execute(lots.delete().where(lots.c.record_key == key))


def test_a_lot_with_5000_documents_opens_with_few_rows(
    browser: TestClient, company: LivingCompany, long_lot: str
) -> None:
    with _asked(company.store) as asked:
        page = browser.get("/lot", params={"key": long_lot}).text
    assert page.count("<b>L") == registers.PAPERS
    assert "5,000 documents" in page
    assert len(asked) < 25, "no question for each document"
    assert len(page) < 100_000


def test_the_drill_down_of_a_line_has_its_reads_however_many_the_list_has(
    browser: TestClient, company: LivingCompany
) -> None:
    feedback = table_of("scan-feedback")
    with company.store.read() as connection:
        like = counts.reads(connection, INVENTORY, "COLD", line="2")[0]
    assert json.loads(like["line"])["line"] == "2"
    others = [
        {**like, "scan_id": f"other-{n}", "line": like["line"].replace('"2"', '"999"'),
         "decided_at": like["decided_at"] + 1 + n, "topic_partition": 91, "topic_offset": n}
        for n in range(600)
    ]  # fmt: skip
    with company.store.write() as connection:
        connection.execute(insert(feedback), others)
    page = browser.get(PAGES["line"]).text
    assert like["scan_id"] in page
    assert "other-" not in page
    with company.store.write() as connection:
        connection.execute(feedback.delete().where(feedback.c.topic_partition == 91))
