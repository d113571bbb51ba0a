"""Looking things up: every filter finds what it names, pages show everything once, answers tell how fresh they are."""

import json
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from processors.edge.api.app import Settings, build
from processors.edge.api.catalogue import BY_PATH, CATALOGUE
from processors.edge.api.entry import Entry
from processors.edge.api.filters import Filter
from processors.edge.store.engine import Store
from tests.edge.api.company import Company, a_flour_lot, demo_company

API = "/api/v1"
Row = dict[str, object]


def items(client: TestClient, path: str, **params: object) -> list[Row]:
    response = client.get(f"{API}/{path}", params={"limit": 1000, **params})
    assert response.status_code == 200, response.text
    found: list[Row] = response.json()["items"]
    return found


def _answers(row: Row, entry: Entry, each: Filter) -> str | None:
    """A value of the filter that this row has, or None."""
    match each.kind:
        case "text" | "key" if each.name == "key":
            return str(row["key"])
        case "text":
            value = row.get(each.columns[0])
            return "" if value is None else str(value)
        case "item":
            return f"{row['item_class']}|{row['item_code']}"
        case "flag":
            return "true" if row[each.columns[0]] else "false"
        case "stocked":
            return "false" if row[each.columns[0]] == "0" else "true"
        case "day" | "time":
            value = row[each.columns[0]]
            return None if value is None else str(value)
        case _:
            return None


CASES = [
    (entry, each)
    for entry in CATALOGUE
    for each in entry.filters
    if each.kind not in ("search", "held", "documented") and not each.through
]


@pytest.mark.parametrize(("entry", "each"), CASES, ids=[f"{entry.path}-{each.name}" for entry, each in CASES])
def test_a_filter_finds_the_rows_that_have_its_value_and_no_others(
    client: TestClient, entry: Entry, each: Filter
) -> None:
    rows = items(client, entry.path)
    for value in sorted({_answers(row, entry, each) for row in rows} - {None})[:3]:  # type: ignore[type-var]
        found = items(client, entry.path, **{each.name: value})
        match each.edge:
            case "from":
                expected = [row for row in rows if (shown := _answers(row, entry, each)) and shown >= str(value)]
            case "to":
                expected = [row for row in rows if (shown := _answers(row, entry, each)) and shown <= str(value)]
            case _:
                expected = [row for row in rows if _answers(row, entry, each) == value]
        assert found == expected != []


def test_several_values_of_a_filter_are_alternatives_and_several_filters_hold_together(client: TestClient) -> None:
    lots = items(client, "lots")
    some = [lot for lot in lots if lot["item_code"] in ("FLOUR", "YEAST") and lot["stock"] != "0"]
    assert items(client, "lots", item_code=["FLOUR", "YEAST"], open="true") == some != []


def test_a_lot_is_found_by_part_of_its_codes_by_its_documents_and_by_where_it_lies(client: TestClient) -> None:
    def codes(**params: object) -> set[object]:
        return {lot["lot_code"] for lot in items(client, "lots", **params)}

    assert codes(search="m-79") == {"MIL00002"}
    assert codes(document_number="4711") == {"MIL00001"}
    assert codes(document_type="purchase_delivery_note", document_number="88") == {"Y-230526"}
    held = {row["lot_code"] for row in items(client, "stock", warehouse="FIN", open="true") if row["lot_code"]}
    assert codes(warehouse="FIN") == held != set()
    assert codes(warehouse="FIN", location="F-02") == {
        row["lot_code"] for row in items(client, "stock", warehouse="FIN", location="F-02", open="true")
    } - {None}


OF_THE_ISSUE = {"item", "lot", "serial", "warehouse", "location", "status", "supplier_lot", "customer_lot", "open",
                "expires_from", "closed", "document_number"}  # fmt: skip
"""The filters that a warehouse asks for, by name."""
WITHOUT_MEANING = {
    "lots": set(),
    "serials": {"status", "closed", "open"},  # state, force_closed and cancelled say it
    "stock": {"document_number"},  # of movements and reservations
    "reservations": {"status", "closed", "expires_from"},
    "movements": {"serial", "status", "supplier_lot", "customer_lot", "open", "closed", "expires_from"},
    "history": {"supplier_lot", "customer_lot", "open", "closed", "expires_from"},
}


@pytest.mark.parametrize("path", WITHOUT_MEANING)
def test_a_register_has_every_filter_that_means_something_there(path: str) -> None:
    assert OF_THE_ISSUE - {each.name for each in BY_PATH[path].filters} == WITHOUT_MEANING[path]


def test_rows_are_found_by_what_their_lot_is_and_which_serial_is_there(client: TestClient, company: Company) -> None:
    lots = {str(row["lot_code"]): row for row in items(client, "lots", item_code="YEAST")}
    assert len(lots) > 2
    for name, edge in (("expires_to", "to"), ("expires_from", "from")):
        day = sorted(str(row["expiry_date"]) for row in lots.values())[1]
        fits = {code for code, row in lots.items() if (str(row["expiry_date"]) <= day) == (edge == "to")}
        fits |= {code for code, row in lots.items() if row["expiry_date"] == day}
        found = items(client, "stock", item_code="YEAST", **{name: day})
        assert {row["lot_code"] for row in found} == fits
        assert 0 < len(fits) < len(lots)
    change = {"edit_id": "E-C", "register": "lot", "item_class": "ING", "item_code": "YEAST", "lot_code": "Y-230526",
              "changes": {"closed": "true", "customer_lot": "C/1"}}  # fmt: skip
    assert client.post(f"{API}/edits?wait=5", json=change).status_code == 200
    for query in ({"closed": "true"}, {"customer_lot": "C/1"}):
        assert [row["lot_code"] for row in items(client, "stock", item_code="YEAST", **query)] == ["Y-230526"]
    assert "Y-230526" not in {row["lot_code"] for row in items(client, "stock", closed="false")}
    assert [row["lot_code"] for row in items(client, "lots", serial="00001006")] == ["CTRL-002"]
    (row,) = items(client, "stock", serial="PUMP50000002")
    assert (row["item_code"], row["variant"], row["location"]) == ("PUMP", "50", "F-02")
    assert items(client, "stock", serial="PUMP50000001") == [], "it was sold"
    assert {row["lot_code"] for row in items(client, "serials", supplier_lot="none")} == set()


def test_an_unchanged_answer_is_told_anew_once_a_lot_that_it_was_asked_by_changed(client: TestClient) -> None:
    first = client.get(f"{API}/stock?customer_lot=C/2")
    change = {"edit_id": "E-D", "register": "lot", "item_class": "ING", "item_code": "YEAST", "lot_code": "Y-230610",
              "changes": {"customer_lot": "C/2"}}  # fmt: skip
    assert client.post(f"{API}/edits?wait=5", json=change).status_code == 200
    again = client.get(f"{API}/stock?customer_lot=C/2", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, len(again.json()["items"])) == (200, 1)


def test_pages_show_every_row_that_stays_once_while_others_come_change_and_go(
    client: TestClient, company: Company
) -> None:
    for number in range(12):
        company.lines("movements", [json.dumps(a_flour_lot(f"P-{number}", f"P{number:02}"))])
    stays = {row["lot_code"] for row in items(client, "lots", search="P")}
    for sort in ("key", "-key", "expiry_date", "-created_at"):
        seen: list[object] = []
        cursor, number = "", 0
        while True:
            params = {"limit": "5", "search": "P", "sort": sort, **({"cursor": cursor} if cursor else {})}
            page = client.get(f"{API}/lots", params=params).json()
            seen += [row["lot_code"] for row in page["items"]]
            for code in ("P!", "P99"):
                lot = f"{code}{sort}{number}"
                company.lines("movements", [json.dumps(a_flour_lot(f"P-{sort}-{lot}", lot))])
            company.lines("movements", [json.dumps({"movement_id": f"R-{sort}-{number}", "action": "reverse",
                          "reverses": f"P-{sort}-P99{sort}{number}", "item_class": "ING", "item_code": "FLOUR",
                          "effective_date": "2026-06-15"})])  # fmt: skip
            number += 1
            if not (cursor := page["next"]) or number > 60:
                break
        assert number < 60
        assert [seen.count(code) for code in stays] == [1] * len(stays), sort


@pytest.mark.parametrize("code", ["M/26-311", "a b+&?#%", "x|y\\z", "..", "über=ß"])
def test_a_lot_is_found_whatever_stands_in_its_codes(client: TestClient, company: Company, code: str) -> None:
    sent = client.post(f"{API}/movements?wait=5", json=a_flour_lot(f"L-{code}", f"L {code}", supplier_lot=code))
    assert sent.json()["status"] == "done"
    (lot,) = items(client, "lots", supplier_lot=code)
    assert lot["lot_code"] == f"L {code}"
    detail = client.get(f"{API}/lots/{quote(str(lot['key']), safe='')}")
    assert detail.status_code == 200
    assert detail.json()["supplier_lot"] == code
    assert [row["stock"] for row in detail.json()["stock_rows"]] == ["100"]


@pytest.mark.parametrize(
    "path", [entry.path for entry in CATALOGUE if entry.path not in ("replies", "feedback", "dead-letters")]
)
def test_every_row_of_a_listing_has_its_own_address(client: TestClient, path: str) -> None:
    for row in items(client, path)[:3]:
        name = str(row.get("key", row.get("id")))
        shown = client.get(f"{API}/{path}/{quote(name, safe='')}").json()
        assert {field: shown[field] for field in row} == row


def test_what_is_not_there_is_told_with_the_lag(client: TestClient) -> None:
    for path in ("lots/NO|SUCH||LOT", "movements/0-999999", "movements/x", "lots/", "dead-letters/movements/99"):
        response = client.get(f"{API}/{path}")
        assert (response.status_code, response.json()["code"]) == (404, "not-found"), path
        assert response.json()["lag"]["records"] == 0


def test_pages_show_every_row_once_in_every_order_on_both_databases(store: Store) -> None:
    company = demo_company(store)
    client = TestClient(build(store, company, Settings(rate_per_s=1e6, rate_burst=10**6)), base_url="http://localhost")
    for entry in CATALOGUE:
        whole = {str(row.get("key", row.get("id"))) for row in items(client, entry.path)}
        for sort, order in entry.orders.items():
            seen: list[Row] = []
            cursor: str | None = None
            while cursor is not None or not seen:
                params = {"limit": "3", "sort": sort, **({"cursor": cursor} if cursor else {})}
                page = client.get(f"{API}/{entry.path}", params=params).json()
                seen += page["items"]
                cursor = page["next"]
                if not page["items"]:
                    break
            names = [str(row.get("key", row.get("id"))) for row in seen]
            assert (len(names), set(names)) == (len(whole), whole), (entry.path, sort)
            if order.column in ("expiry_date", "posted_at", "occurred_at", "opened_at", "decided_at"):
                values = [str(row[order.column]) for row in seen if row[order.column] is not None]
                assert values == sorted(values, reverse=order.descending), (entry.path, sort)
                there = [row[order.column] is not None for row in seen]
                assert there == sorted(there, reverse=True), "rows without a value come last"
    company.close()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("colour=red", "colour"),
        ("expires_from=tomorrow", "expires_from"),
        ("open=yes", "open"),
        ("item=FLOUR", "item"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=²", "limit"),
        ("sort=weight", "sort"),
        ("format=pdf", "format"),
        ("cursor=nonsense", "cursor"),
        ("cursor=WyJleHBpcnlfZGF0ZSIsMSwieCJd", "cursor"),
        ("cursor=WyJrZXkiLDVd", "cursor"),
        ("search=", "search"),
        ("lot=%00", "lot"),
        ("open=true&open=true", "open"),
        ("format=csv&limit=5", "limit"),
    ],
)
def test_a_wrong_parameter_is_named(client: TestClient, query: str, field: str) -> None:
    response = client.get(f"{API}/lots?{query}")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_all_wrong_parameters_are_told_at_once(client: TestClient) -> None:
    response = client.get(f"{API}/lots?colour=red&open=yes&limit=x")
    assert {error["field"] for error in response.json()["errors"]} == {"colour", "open", "limit"}


def test_an_unchanged_register_is_not_sent_again_until_something_happens(client: TestClient) -> None:
    first = client.get(f"{API}/lots?item_code=FLOUR")
    tag = {"If-None-Match": first.headers["etag"]}
    assert first.headers["lotstream-lag"] == "0"
    again = client.get(f"{API}/lots?item_code=FLOUR", headers=tag)
    assert (again.status_code, again.content, again.headers["lotstream-lag"]) == (304, b"", "0")
    assert client.get(f"{API}/lots?item_code=YEAST", headers=tag).status_code == 200
    client.post(f"{API}/movements?wait=5", json=a_flour_lot("ETAG-1", "ETAG-1"))
    assert client.get(f"{API}/lots?item_code=FLOUR", headers=tag).status_code == 200


def test_differences_show_what_was_posted_for_them(client: TestClient) -> None:
    (row,) = items(client, "differences", inventory="DEMO")
    shown = {
        name: row[name] for name in ("lot_code", "book", "counted", "difference", "template", "cost", "value", "state")
    }
    assert shown == {
        "lot_code": "MIL00001",
        "book": "780",
        "counted": "755",
        "difference": "-25",
        "template": "INM",
        "cost": "0.62",
        "value": "-15.5",
        "state": "settled",
    }


def test_every_register_of_the_contract_can_be_looked_up() -> None:
    assert {"lot-register", "serial-register", "stock-register", "counter-register", "inventory-register"} <= {
        entry.source for entry in BY_PATH.values()
    }
