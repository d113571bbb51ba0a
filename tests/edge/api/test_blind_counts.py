"""Who counts blind finds no book quantity anywhere, whichever way he asks; who must decide sees everything."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.parquet
import pytest
from fastapi.testclient import TestClient

from processors.edge.api.app import Settings, build
from processors.edge.api.catalogue import CATALOGUE
from processors.edge.api.entry import Entry
from processors.edge.api.roles import Role
from processors.edge.api.tokens import Tokens, add_token
from processors.edge.store.engine import Store
from processors.edge.trace import routes as trace
from tests.edge.api.company import Company, demo_company

API = "/api/v1"
MANY = 1_000_000
EDGE = "edge.example"
CAKE, PUMP = "BAK|PANETT||20261010AA", "MCH|PUMP|50||PUMP50000003"
Asking = Callable[[str, Role], TestClient]
"""A client by name and role."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., tuple[Company, Asking]]]:
    """Companies that differ in what was sold: ben and carl count F-01 and F-02 blind."""
    closing = []

    def made(cakes: str, pump: str) -> tuple[Company, Asking]:
        directory: Path = tmp_path_factory.mktemp("blind")
        store = Store(f"sqlite:///{directory}/edge.db")
        store.migrate()
        company = demo_company(store)
        closing.extend([company, store])
        tokens = directory / "tokens.txt"
        tokens.touch()
        app = build(store, company, Settings(Tokens(tokens), rate_per_s=MANY, rate_burst=MANY), [trace.router()])

        def asking(name: str, role: Role) -> TestClient:
            headers = {"Authorization": f"Bearer {add_token(tokens, name, role)}"}
            return TestClient(app, base_url=f"http://{EDGE}", headers=headers)

        sale = {"action": "post", "template": "SAL", "warehouse": "FIN", "effective_date": "2026-06-15",
                "document_type": "sales_delivery_note", "document_number": "S-1", "account": "CAFE"}  # fmt: skip
        sold = [
            {"movement_id": "X-1", "item_class": "BAK", "item_code": "PANETT", "quantity": cakes, "location": "F-01",
             "lots": [{"lot_code": "20261010AA", "quantity": cakes}]},
            {"movement_id": "X-2", "item_class": "MCH", "item_code": "PUMP", "variant": "50", "quantity": "1",
             "location": "F-02", "serials": [pump]},
        ]  # fmt: skip
        boss = asking("boss", Role.SUPERVISOR)
        for form in sold:
            assert boss.post(f"{API}/movements?wait=5", json={**sale, **form}).status_code == 200
        pumps = {"command_id": "C-1", "action": "open_list", "inventory": "DEMO", "list": "PUMPS", "list_type": "BLIND",
                 "warehouse": "FIN", "locations": ["F-02"], "operator": "carl"}  # fmt: skip
        assert boss.post(f"{API}/counts?wait=5", json=pumps).status_code == 200
        return company, asking

    yield made
    for each in closing:
        each.close()


@pytest.fixture(scope="module")
def asking(world: Callable[..., tuple[Company, Asking]]) -> Asking:
    return world("10", "PUMP50000002")[1]


@pytest.fixture(scope="module")
def operators(asking: Asking, world: Callable[..., tuple[Company, Asking]]) -> tuple[TestClient, TestClient]:
    """The same operator in two companies of which only the books of what is counted blind differ."""
    return asking("otto", Role.OPERATOR), world("25", "PUMP50000003")[1]("otto", Role.OPERATOR)


def _rows(client: TestClient, path: str, **params: str) -> Any:
    answer = client.get(f"{API}/{path}", params={"limit": "1000", **params})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.path)
def test_an_operator_reads_the_same_whatever_the_books_say(
    operators: tuple[TestClient, TestClient], entry: Entry
) -> None:
    one, other = operators
    for sort in entry.orders:
        assert _rows(one, entry.path, sort=sort) == _rows(other, entry.path, sort=sort), sort
        pages = [client.get(f"{API}/{entry.path}", params={"limit": "2", "sort": sort}) for client in operators]
        assert pages[0].json()["next"] == pages[1].json()["next"], "a cursor holds the place of a row"
    places = ("warehouse", "location", "document_number", "document_type", "state", "movement")
    for each in entry.filters:
        values = {"stocked": ["true", "false"], "flag": ["true", "false"]}.get(each.kind, [])
        values += (
            ["FIN", "F-01", "F-02", "S-1", "sales_delivery_note", "in_stock", "X-1"] if each.name in places else []
        )
        for value in values:
            if each.symbols and value not in each.symbols:
                continue
            assert _rows(one, entry.path, **{each.name: value}) == _rows(other, entry.path, **{each.name: value})
    files = [client.get(f"{API}/{entry.path}?format=csv").content for client in operators]
    assert files[0] == files[1]


@pytest.mark.parametrize("path", [f"lots/{CAKE}", f"serials/{PUMP}", f"trace/lots/{CAKE}", f"trace/serials/{PUMP}"])
def test_a_detail_and_a_trace_do_not_tell_either(operators: tuple[TestClient, TestClient], path: str) -> None:
    register, key = path.rsplit("/", 1)
    answers = [client.get(f"{API}/{register}/{quote(key, safe='')}") for client in operators]
    assert [answer.status_code for answer in answers] == [200, 200]
    one, other = (
        {name: value for name, value in answer.json().items() if name not in ("lag", "serials")} for answer in answers
    )
    assert one == other


def test_who_decides_sees_what_the_operator_does_not(asking: Asking) -> None:
    boss, otto, vera = (
        asking(name, role)
        for name, role in (("b2", Role.SUPERVISOR), ("o2", Role.OPERATOR), ("v2", Role.VIEWER))
    )  # fmt: skip
    for client, stock in ((boss, "140"), (vera, "140"), (otto, None)):
        (row,) = _rows(client, "stock", lot="20261010AA")
        assert row["stock"] == stock
        (lot,) = _rows(client, "lots", lot="20261010AA")
        assert lot["stock"] == stock
        sent = csv.DictReader(io.StringIO(client.get(f"{API}/stock?format=csv&lot=20261010AA").text))
        assert next(sent)["stock"] == (stock or "")
        data = client.get(f"{API}/lots?format=parquet&lot=20261010AA").content
        (exported,) = pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist()
        assert (exported["stock"] is None) is (stock is None)
        assert bool(_rows(client, "movements", movement="X-1")) is (stock is not None)
        assert client.get(f"{API}/stock").headers.get("lotstream-hidden") == (None if stock else "counted-blind")
    assert _rows(otto, "stock", item_code="FLOUR", open="true")[0]["stock"] == "655", "elsewhere nothing is hidden"
    path = f"recall/lots/{quote(CAKE, safe='')}"
    assert (boss.get(f"{API}/{path}").status_code, otto.get(f"{API}/{path}").json()["code"]) == (200, "counted-blind")
    key = quote(CAKE, safe="")
    (told,) = otto.get(f"{API}/trace/lots/{key}?direction=forward").json()["forward"]["goods"]
    assert (told["balance"], told["warehouses"], told["shipments"], told["register"]["stock"]) == (None, [], [], None)


def test_a_viewer_under_whose_name_a_blind_list_runs_is_blind_too(asking: Asking) -> None:
    ben = asking("ben", Role.VIEWER)
    assert _rows(ben, "stock", lot="20261010AA")[0]["stock"] is None
    assert _rows(ben, "stock", item_code="PUMP")[0]["stock"] is not None, "that is carl's list"


def test_a_copy_that_a_browser_kept_is_not_shown_to_another_reader(asking: Asking) -> None:
    boss, otto = asking("b3", Role.SUPERVISOR), asking("o3", Role.OPERATOR)
    kept = boss.get(f"{API}/stock")
    assert (kept.headers["vary"], kept.headers["cache-control"]) == ("Authorization, Cookie", "private, no-cache")
    assert otto.get(f"{API}/stock", headers={"If-None-Match": kept.headers["etag"]}).status_code == 200


def test_once_the_lists_are_gone_the_stock_is_shown_again_but_the_books_of_their_lines_are_not(
    world: Callable[..., tuple[Company, Asking]],
) -> None:
    _, asking = world("10", "PUMP50000002")
    boss, otto, ben = (
        asking(name, role)
        for name, role in (("boss2", Role.SUPERVISOR), ("otto", Role.OPERATOR), ("ben", Role.OPERATOR))
    )  # fmt: skip
    before = otto.get(f"{API}/stock?lot=20261010AA")
    read = {"scan_id": "R", "inventory": "DEMO", "list": "CAKES", "device": "gun", "action": "confirm",
            "scanned_at": "2026-06-15T09:02:30Z", "item_class": "BAK", "item_code": "PANETT", "location": "F-01",
            "lot": "20261010AA", "quantity": "139", "answer": "replace"}  # fmt: skip
    answered = ben.post(f"{API}/scans?wait=5", json=read)
    assert answered.json()["status"] == "accepted", answered.text
    for list_ in ("CAKES", "PUMPS"):
        command = {"action": "close_list", "inventory": "DEMO", "list": list_}
        assert boss.post(f"{API}/counts?wait=5", json=command).status_code == 200
    for line in _rows(boss, "lines", list="CAKES", state="recount"):
        command = {"action": "reject_line", "inventory": "DEMO", "list": "CAKES", "line": line["line"]}
        assert boss.post(f"{API}/counts?wait=5", json=command).status_code == 200
    states = {row["list"]: row["state"] for row in _rows(boss, "lists")}
    assert states == {"CAKES": "closed", "PUMPS": "closed", "SILO": "closed"}
    after = otto.get(f"{API}/stock?lot=20261010AA", headers={"If-None-Match": before.headers["etag"]})
    assert (after.status_code, after.json()["items"][0]["stock"]) == (200, "139")
    for client, book in ((boss, "140"), (otto, None)):
        (line,) = [row for row in _rows(client, "lines", list="CAKES") if row["lot_code"] == "20261010AA"]
        assert (line["counted"], line["book"]) == ("139", book)
        assert bool(_rows(client, "differences", list="CAKES")) is (book is not None)
        assert bool(_rows(client, "adjustments", list="CAKES")) is (book is not None)
        (row,) = _rows(client, "lists", list="CAKES")
        assert (row["negative"] is None) is (book is None)


def test_the_rule_holds_on_both_databases(store: Store, tmp_path: Path) -> None:
    company = demo_company(store)
    (tmp_path / "tokens").touch()
    app = build(store, company, Settings(Tokens(tmp_path / "tokens"), rate_per_s=MANY, rate_burst=MANY))
    headers = {"Authorization": f"Bearer {add_token(tmp_path / 'tokens', 'otto', Role.OPERATOR)}"}
    otto = TestClient(app, base_url=f"http://{EDGE}", headers=headers)
    for entry in CATALOGUE:
        for sort in entry.orders:
            seen: list[str] = []
            cursor = ""
            while True:
                given = {"limit": "4", "sort": sort, **({"cursor": cursor} if cursor else {})}
                page = otto.get(f"{API}/{entry.path}", params=given).json()
                seen += [row.get("key") or row["id"] for row in page["items"]]
                if not (cursor := page["next"]):
                    break
            assert len(seen) == len(set(seen)) == len(_rows(otto, entry.path)), (entry.path, sort)
        for each in entry.filters:
            if each.kind == "stocked" or each.through:
                _rows(otto, entry.path, **{each.name: "2026-01-01" if each.kind == "day" else "true"})
    (row,) = _rows(otto, "stock", lot="20261010AA")
    assert (row["stock"], row["last_moved_at"], row["unit"]) == (None, None, "PCS")
    assert _rows(otto, "stock", item_code="FLOUR", supplier_lot="M-7781", open="true")[0]["stock"] == "655"
    company.close()
