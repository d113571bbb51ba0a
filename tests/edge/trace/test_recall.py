"""A recall of the demo company: what is found, as rows, CSV and EPCIS 2.0; and asked over HTTP."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
from fastapi.testclient import TestClient

from processors.domain.calendar import parse_time
from processors.domain.lineage_graph import Goods
from processors.edge.trace.epcis import document
from processors.edge.trace.identifiers import is_gtin, name_of
from processors.edge.trace.recall import Recall, recall
from processors.edge.trace.recall_rows import COLUMNS, rows_of, write_csv
from tests.conftest import absent
from tests.edge.api.company import Company, a_flour_lot, a_load

EPCIS_SCHEMA = Path(__file__).parents[4] / "shared" / "testdata" / "epcis-json-schema.json"
FLOUR = Goods("ING", "FLOUR", None, "MIL00001", None)
PUMP = Goods("MCH", "PUMP", "50", None, "PUMP50000001")


def recalled(company: Company, start: Goods) -> Recall:
    with company.store.read() as connection:
        return recall(connection, start, company.now_ms)


def test_a_recall_of_flour_finds_the_bread_the_shelves_and_who_has_the_rest(company: Company) -> None:
    found = recalled(company, FLOUR)
    told = [
        (row["kind"], row["lot_code"], row["quantity"], row["warehouse"], row["account"], row["document_number"])
        for row in rows_of(found)
    ]
    assert told == [
        ("goods", "MIL00001", "1000", None, None, None),
        ("stock", "MIL00001", "655", "RAW", None, None),
        ("goods", "20261010AA", "250", None, None, None),
        ("stock", "20261010AA", "150", "FIN", None, None),
        ("shipped", "20261010AA", "60", "FIN", "CAFE", "S-901"),
        ("shipped", "20261010AA", "40", "FIN", "CAFE", "S-78"),
        ("goods", "20261010AB", "150", None, None, None),
        ("stock", "20261010AB", "150", "FIN", None, None),
    ]
    assert found.customers == ["CAFE"]


def test_a_recall_of_a_serial_finds_the_one_who_has_it(company: Company) -> None:
    rows = list(rows_of(recalled(company, PUMP)))
    assert [(row["kind"], row["serial_code"], row["account"]) for row in rows] == [
        ("goods", "PUMP50000001", None),
        ("shipped", "PUMP50000001", "WATER"),
    ]


def test_a_recall_of_a_lot_finds_its_serials_one_by_one(company: Company) -> None:
    found = recalled(company, Goods("MCH", "CTRL-", None, "CTRL-001", None))
    pieces = [(row["kind"], row["serial_code"]) for row in rows_of(found) if row["serial_code"] is not None]
    assert pieces == [("piece", f"0000100{number}") for number in range(5)]
    (held,) = [event for event in document(found)["epcisBody"]["eventList"] if event["disposition"] == "recalled"]
    assert held["epcList"] == [f"urn:lotstream:serial:MCH:CTRL-::CTRL-001:0000100{number}" for number in range(5)]
    assert "quantityList" not in held


def test_a_lot_code_that_looks_like_a_formula_is_harmless_in_the_csv(company: Company) -> None:
    lot = "=HYPERLINK(1)"
    company.lines("movements", [json.dumps(a_flour_lot("PN-X/1", lot, supplier_lot="-1+2"))])
    text = "".join(write_csv(recalled(company, Goods("ING", "FLOUR", None, lot, None))))
    head, *rows = csv.reader(io.StringIO(text))
    assert head == list(COLUMNS)
    goods = dict(zip(head, rows[0], strict=True))
    assert (goods["lot_code"], goods["supplier_lot"]) == ("'" + lot, "'-1+2")


FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    """RFC 3986: a scheme, and nothing but its characters, with whole escapes."""
    uri = r"[A-Za-z][A-Za-z0-9+.-]*:([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
    return not isinstance(value, str) or re.fullmatch(uri, value) is not None


@FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or parse_time(value) is not None


def _epcis_schema() -> dict[str, Any]:
    if not EPCIS_SCHEMA.exists():
        absent("JSON schema of EPCIS 2.0", "no ../shared/testdata/epcis-json-schema.json")
    schema: dict[str, Any] = json.loads(EPCIS_SCHEMA.read_text(encoding="utf-8"))
    return schema


@pytest.mark.parametrize("start", [FLOUR, PUMP, Goods("ING", "YEAST", None, "Y-230526", None)], ids=lambda it: it[1])
def test_the_epcis_document_is_one_by_the_standards_schema(company: Company, start: Goods) -> None:
    schema = _epcis_schema()
    form = json.loads(json.dumps(document(recalled(company, start))))
    validator = jsonschema.Draft7Validator(schema, format_checker=FORMATS)
    assert [error.message for error in validator.iter_errors(form)] == []
    for field, wrong in (("bizStep", "somewhere else"), ("eventTime", "yesterday"), ("eventID", "no URI")):
        event = form["epcisBody"]["eventList"][0]
        before, event[field] = event[field], wrong
        assert not validator.is_valid(form), field
        event[field] = before


def test_the_epcis_document_tells_what_was_received_made_shipped_and_is_held(company: Company) -> None:
    events = document(recalled(company, FLOUR))["epcisBody"]["eventList"]
    assert [(event["type"], event.get("bizStep"), event.get("disposition")) for event in events] == [
        ("ObjectEvent", "receiving", "in_progress"),
        ("TransformationEvent", "commissioning", "active"),
        ("ObjectEvent", "shipping", "in_transit"),
        ("ObjectEvent", "shipping", "in_transit"),
        ("ObjectEvent", "holding", "recalled"),
        ("ObjectEvent", "holding", "recalled"),
    ]
    assert len({event["eventID"] for event in events}) == len(events)
    (flour,) = events[0]["quantityList"]
    assert flour == {"epcClass": "https://id.gs1.org/01/08001234500016/10/MIL00001", "quantity": 1000.0, "uom": "KGM"}
    assert events[2]["destinationList"] == [{"type": "owning_party", "destination": "urn:lotstream:account:CAFE"}]
    assert document(recalled(company, FLOUR))["epcisBody"] == {"eventList": events}


GTIN = {"unit": "KG", "barcodes": [{"barcode": "SALT"}, {"barcode": "4006381333931"}]}
BOX = {"unit": "KG", "barcodes": [{"barcode": "4006381333931", "unit": "BOX", "quantity": "1"}]}


@pytest.mark.parametrize(
    ("goods", "item", "name"),
    [
        (("L/1", None), GTIN, "https://id.gs1.org/01/04006381333931/10/L%2F1"),
        (("L", "S 1"), GTIN, "urn:lotstream:serial:X:Y::L:S%201"),
        ((None, "S1"), GTIN, "https://id.gs1.org/01/04006381333931/21/S1"),
        ((None, None), GTIN, "https://id.gs1.org/01/04006381333931"),
        (("L" * 21, None), GTIN, "urn:lotstream:lot:X:Y::" + "L" * 21),
        (("L:1", None), BOX, "urn:lotstream:lot:X:Y::L%3A1"),
        ((None, None), {}, "urn:lotstream:item:X:Y:"),
    ],
)
def test_a_thing_has_its_gs1_name_where_its_item_has_a_gtin(
    goods: tuple[str | None, str | None], item: dict[str, Any], name: str
) -> None:
    assert name_of(Goods("X", "Y", None, *goods), item) == name


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("4006381333931", True), ("4006381333930", False), ("96385074", True), ("036000291452", True), ("123", False),
     ("40063813339٣1", False)],
)  # fmt: skip
def test_a_gtin_is_known_by_its_check_digit(text: str, is_one: bool) -> None:
    assert is_gtin(text) is is_one


def _path(kind: str, register: str, key: str) -> str:
    return f"/api/v1/{kind}/{register}/{quote(key, safe='')}"


def test_a_trace_is_asked_both_ways_with_sums_that_add_up(client: TestClient) -> None:
    answer = client.get(_path("trace", "lots", "BAK|PANETT||20261010AA"))
    assert answer.status_code == 200
    body = answer.json()
    (step,) = body["backward"]["steps"]
    assert [each["item_code"] for each in step["inputs"]] == ["FLOUR", "SALT", "YEAST"]
    assert [goods["item_code"] for goods in body["backward"]["goods"]] == ["PANETT", "FLOUR", "YEAST"]
    (bread,) = body["forward"]["goods"]
    assert bread["balance"] == {
        "received": "250", "made": "250", "on_hand": "150", "shipped": "100", "consumed": "0", "adjusted": "0",
        "moved": "0", "unexplained": "0",
    }  # fmt: skip
    assert [paper["document_number"] for paper in bread["shipments"]] == ["S-901", "S-78"]
    assert answer.headers["Lotstream-Lag"] == "0"
    again = client.get(answer.request.url, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_trace_can_be_cut(client: TestClient) -> None:
    flour = _path("trace", "lots", "ING|FLOUR||MIL00001")
    near = client.get(f"{flour}?direction=forward&depth=0").json()
    assert "backward" not in near
    assert [goods["cut"] for goods in near["forward"]["goods"]] == [True]
    few = client.get(f"{flour}?direction=forward&limit=1").json()["forward"]
    assert (len(few["goods"]), few["goods_total"], few["complete"]) == (1, 3, False)


@pytest.mark.parametrize(
    ("key", "status"),
    [("ING|FLOUR||NONE", 404), ("ING|FLOUR", 404), ("ING|FLOUR||L\\", 404), ("ING|FLOUR|V|MIL00001", 404)],
)
def test_a_lot_that_is_not_there_is_said_so(client: TestClient, key: str, status: int) -> None:
    for kind in ("trace", "recall"):
        answer = client.get(_path(kind, "lots", key))
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_recall_of_a_lot_code_with_a_slash_comes_in_every_form(client: TestClient, company: Company) -> None:
    company.lines("movements", [json.dumps(a_load("PN-Y/1", lots=[{"lot_code": "A/B|C", "quantity": "4"}]))])
    path = _path("recall", "lots", "ING|FLOUR||A/B\\|C")
    assert client.get(path).json()["rows"][0]["lot_code"] == "A/B|C"
    assert client.get(f"{path}?format=csv").headers["content-type"] == "text/csv; charset=utf-8"
    assert client.get(f"{path}?format=epcis").json()["type"] == "EPCISDocument"
    assert client.get(f"{path}?format=pdf").status_code == 422
