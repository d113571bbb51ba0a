"""Who counts blind finds no book quantity on any page, and nothing on a page breaks because of it."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from processors.edge.api.roles import Role
from processors.edge.api.tokens import Tokens, add_token
from processors.edge.store.engine import Store
from tests.edge.console.living import LivingCompany, a_confirm, app_of, living_company
from tests.edge.console.pictures import PAGES

BOOKED = "987654"
KEY = "ING%7CYEAST%7C%7CSECRET"
PLACES = (
    "/", "/alerts", "/lots?text=SECRET", "/stock?state=all&location=R-09", f"/lot?key={KEY}", f"/trace?key={KEY}",
    f"/trace/picture?key={KEY}", "/inventories", "/inventory?inventory=BLIND", "/list?inventory=BLIND&list=B", "/count",
    "/count/list?inventory=BLIND&list=B", "/differences?inventory=BLIND", "/line?inventory=BLIND&list=B&line=1",
    "/dead-letters", "/dead-letters?words=SECRET", "/serials", "/counters",
)  # fmt: skip


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingCompany]:
    """A company in which ben counts a location blind, where a lot has a quantity that is nowhere else."""
    with Store(f"sqlite:///{tmp_path_factory.mktemp('blind')}/edge.db") as store:
        store.migrate()
        company = living_company(store)
        item = {"item_class": "ING", "item_code": "YEAST", "warehouse": "RAW", "location": "R-09"}
        day = company.now_ms // 86_400_000
        load = {
            "movement_id": "SECRET-1", "action": "post", "template": "ADD", "quantity": BOOKED, **item,
            "effective_date": _iso(day), "lots": [{"lot_code": "SECRET", "quantity": BOOKED}],
        }  # fmt: skip
        unload = {**load, "movement_id": "SECRET-2", "template": "USE", "quantity": BOOKED + "1"}
        unload["lots"] = [{"lot_code": "SECRET", "quantity": BOOKED + "1"}]
        warehouse = {
            "code": "RAW", "description": "Raw materials", "adjustment_load_template": "INP",
            "adjustment_unload_template": "INM", "check_location_stock": True,
            "locations": [{"location": f"R-0{n}", "description": ""} for n in (1, 2, 3, 9)],
        }  # fmt: skip
        company.lines("master-data", [json.dumps({"record": "Warehouse", "value": warehouse})])
        company.lines("movements", map(json.dumps, (load, unload)))  # the second is refused, and says what is there
        opening = {"inventory": "BLIND", "by": "sue"}
        at = {"list": "B", "list_type": "BLIND", "warehouse": "RAW", "locations": ["R-09"], "operator": "ben"}
        commands = [
            {"command_id": "B-1", "action": "open_inventory", **opening},
            {"command_id": "B-2", "action": "open_list", **opening, **at},
        ]
        company.lines("counts", map(json.dumps, commands))
        scan = a_confirm("B-4", "B", "SECRET", "5", "ben") | {"inventory": "BLIND", "location": "R-09"}
        company.lines("scans", [json.dumps(scan)])
        yield company
        company.close()


def _iso(day: int) -> str:
    from processors.domain.calendar import day_text

    return day_text(day)


def _browser(company: LivingCompany, folder: Path, role: Role) -> TestClient:
    file = folder / "tokens.txt"
    token = add_token(file, "ben", role)
    client = TestClient(app_of(company.store, company, Tokens(file)), base_url="http://localhost")
    client.post("/sign-in", data={"token": token})
    return client


def _digits(page: str) -> str:
    """The page without marks between thousands."""
    return re.sub(r"(?<=\d)[,. ](?=\d)", "", html.unescape(page))


@pytest.mark.parametrize("language", ["en", "it"])
def test_an_operator_finds_the_books_of_a_blind_list_nowhere(
    blind: LivingCompany, tmp_path: Path, language: str
) -> None:
    with _browser(blind, tmp_path, Role.OPERATOR) as browser:
        for place in PLACES:
            answer = browser.get(place, headers={"accept-language": language})
            assert answer.status_code == 200, (place, answer.text)
            assert BOOKED not in _digits(answer.text), place


def test_a_supervisor_finds_them(blind: LivingCompany, tmp_path: Path) -> None:
    with _browser(blind, tmp_path, Role.SUPERVISOR) as browser:
        seen = [place for place in PLACES if BOOKED in _digits(browser.get(place).text)]
    assert {"/stock?state=all&location=R-09", f"/lot?key={KEY}", f"/trace?key={KEY}", "/dead-letters?words=SECRET"} <= {
        *seen
    }


def test_every_page_is_there_for_who_counts_blind(blind: LivingCompany, tmp_path: Path) -> None:
    with _browser(blind, tmp_path, Role.OPERATOR) as browser:
        for name, place in PAGES.items():
            status = browser.get(place).status_code
            assert status == (404 if name in ("error", "dead-letter") else 200), place


def test_who_counts_blind_is_not_told_what_is_missing(blind: LivingCompany, tmp_path: Path) -> None:
    with _browser(blind, tmp_path, Role.OPERATOR) as browser:
        page = browser.get("/list?inventory=BLIND&list=B").text
    assert "Safe to close?" in page
    for told in ("places with stock", "place with stock", "Places with stock"):
        assert told not in page
