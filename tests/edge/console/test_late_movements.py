"""The page of differences tells what came late of a count, also where the count has no line of it."""

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from processors.edge.store.engine import Store
from tests.edge.console.living import LivingCompany, app_of, living_company

EMPTY = {"inventory": "EMPTY", "by": "sue"}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingCompany]:
    """A company where nothing was read at R-07, and papers of goods there came afterwards."""
    with Store(f"sqlite:///{tmp_path_factory.mktemp('late')}/edge.db") as store:
        store.migrate()
        found = living_company(store)
        kind = {"code": "ZERO", "description": "What nobody reads is gone", "uncounted": "zero"}
        warehouse = {
            "code": "RAW", "description": "Raw materials", "adjustment_load_template": "INP",
            "adjustment_unload_template": "INM", "locations": [{"location": "R-07", "description": "Empty rack"}],
        }  # fmt: skip
        for record, value in (("ListType", kind), ("Warehouse", warehouse)):
            found.lines("master-data", [json.dumps({"record": record, "value": value})])
        at = {"list": "R", "list_type": "ZERO", "warehouse": "RAW", "locations": ["R-07"], "operator": "ben"}
        commands = [
            {"command_id": "E-1", "action": "open_inventory", **EMPTY},
            {"command_id": "E-2", "action": "open_list", **EMPTY, **at},
            {"command_id": "E-3", "action": "close_list", "list": "R", **EMPTY},
        ]
        found.lines("counts", map(json.dumps, commands))
        before = datetime.fromtimestamp(found.now_ms / 1000, UTC) - timedelta(hours=1)
        papers = {
            "movement_id": "FOUND-PAPERS", "action": "post", "template": "ADD", "quantity": "7", "warehouse": "RAW",
            "location": "R-07", "item_class": "ING", "item_code": "YEAST", "effective_date": before.date().isoformat(),
            "occurred_at": before.isoformat(), "lots": [{"lot_code": "LATE-LOT", "quantity": "7"}],
        }  # fmt: skip
        found.lines("movements", [json.dumps(papers)])
        yield found
        found.close()


def test_what_came_late_is_told_with_its_movement_also_where_nothing_was_read(company: LivingCompany) -> None:
    with TestClient(app_of(company.store, company), base_url="http://localhost") as browser:
        page = html.unescape(re.sub(r"<[^>]+>", " ", browser.get("/differences?inventory=EMPTY").text))
        told = " ".join(page.split())
        assert "What came late" in told
        assert re.search(r"FOUND-PAPERS correction R nothing was read there .*LATE-LOT RAW R-07 .7 KG", told), told
        assert "What came late" not in browser.get("/differences?inventory=2026-H2").text
