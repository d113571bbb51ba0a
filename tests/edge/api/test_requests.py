"""Requests: published once their form is right, answered by the rules, and waited for."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from processors.contract.sending import NotSent
from processors.edge.api.app import Settings, build
from processors.edge.api.roles import Role
from tests.edge.api.company import Company, a_flour_lot, a_load

API = "/api/v1"
AskingAs = Callable[[str, Role], TestClient]


def send(client: TestClient, path: str, **form: Any) -> Any:
    return client.post(f"{API}/{path}?wait=5", json=form)


def test_a_movement_is_published_and_its_answer_is_where_the_location_says(client: TestClient) -> None:
    sent = client.post(f"{API}/movements", json=a_load("M/1"))
    assert sent.status_code == 202
    assert sent.json() == {
        "id": "M/1",
        "topic": "movements",
        "key": "ING|FLOUR",
        "answer": "/api/v1/replies/M%2F1?topic=movements&wait=5",
    }
    reply = client.get(sent.headers["location"])
    assert (reply.status_code, reply.json()["status"], reply.json()["movement_ids"]) == (200, "done", ["M/1"])


def test_a_request_without_an_id_gets_one(client: TestClient) -> None:
    form = a_load("")
    del form["movement_id"]
    made = send(client, "movements", **form).json()["request_id"]
    assert len(made) == 36


def test_the_same_request_again_has_its_effect_once(client: TestClient) -> None:
    first = send(client, "movements", **a_flour_lot("TWICE", "TWICE")).json()
    again = send(client, "movements", **a_flour_lot("TWICE", "TWICE"))
    assert (again.status_code, again.json()["lots"]) == (200, first["lots"])
    (row,) = client.get(f"{API}/stock?lot=TWICE").json()["items"]
    assert row["stock"] == "100"


def test_what_the_rules_refuse_is_told_with_every_reason(client: TestClient) -> None:
    response = send(client, "movements", **a_load("R-1", item_code="PEPPER", quantity="0"))
    problem = response.json()
    assert (response.status_code, response.headers["content-type"]) == (409, "application/problem+json")
    assert problem["type"] == f"urn:lotstream:problem:{problem['code']}"
    assert problem["code"] == problem["errors"][0]["code"] == "item-unknown"
    assert problem["reply"]["status"] == "refused"


def test_a_refused_request_that_is_mended_and_sent_again_gets_its_new_answer(client: TestClient) -> None:
    assert send(client, "movements", **a_load("MEND-1", warehouse="NONE")).status_code == 409
    again = client.post(f"{API}/movements", json=a_load("MEND-1"))
    assert "&after=" in again.headers["location"]
    assert client.get(again.headers["location"]).json()["status"] == "done"
    assert send(client, "movements", **a_load("MEND-1")).status_code == 200


def test_every_wrong_field_of_a_body_is_named(client: TestClient) -> None:
    form = a_load("W-1", quantity=4, effective_date="soon", colour="red")
    response = client.post(f"{API}/movements", json=form)
    assert response.status_code == 422
    assert {error["field"] for error in response.json()["errors"]} == {"quantity", "effective_date", "colour"}


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        (b"{", "application/json", 422, "json-invalid"),
        (b"[]", "application/json", 422, "body-invalid"),
        (b"", "application/json", 422, "body-invalid"),
        (b'{"quantity": NaN}', "application/json", 422, "json-invalid"),
        (b"[" * 100_000, "application/json", 422, "json-invalid"),
        (b"\xff\xfe", "application/json", 422, "json-invalid"),
        (b"{}", "text/plain", 415, "not-json"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "not-json"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(
    client: TestClient, body: bytes, media: str, status: int, code: str
) -> None:
    response = client.post(f"{API}/movements", content=body, headers={"content-type": media})
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_an_edit_and_a_read_are_answered(client: TestClient) -> None:
    lot = {"item_class": "ING", "item_code": "FLOUR", "lot_code": "MIL00002"}
    edit = send(client, "edits", edit_id="E-1", register="lot", changes={"notes": "damp"}, **lot)
    assert (edit.status_code, edit.json()["status"]) == (200, "done")
    assert client.get(f"{API}/lots?lot=MIL00002").json()["items"][0]["notes"] == "damp"
    scan = {"inventory": "DEMO", "list": "CAKES", "device": "gun-2", "scanned_at": "2026-06-15T09:00:00Z"}
    read = send(client, "scans", scan_id="S/1", operator="ben", action="read", barcode="no such", **scan)
    assert (read.status_code, read.json()["status"], read.json()["code"]) == (200, "refused", "barcode-unknown")
    assert client.get(f"{API}/feedback/S%2F1?inventory=DEMO").json() == read.json()


def test_an_answer_that_has_not_come_is_told_so(client: TestClient) -> None:
    response = client.get(f"{API}/replies/NEVER?wait=0")
    assert (response.status_code, response.json()["code"]) == (404, "no-answer-yet")
    assert client.get(f"{API}/replies/NEVER?wait=31").status_code == 422


def test_two_supervisors_approve_a_line_and_the_second_is_told_what_changed(
    asking_as: AskingAs, company: Company
) -> None:
    strict = {"code": "STRICT", "description": "Every difference is approved", "uncounted": "ignore",
              "tolerance_quantity": "0", "beyond_tolerance": "approval"}  # fmt: skip
    company.lines("master-data", [f'{{"record": "ListType", "value": {_json(strict)}}}'])
    anna, berta = asking_as("anna", Role.SUPERVISOR), asking_as("berta", Role.SUPERVISOR)
    carl = asking_as("carl", Role.OPERATOR)
    where = {"inventory": "TWO", "list": "A"}
    assert send(anna, "counts", action="open_inventory", inventory="TWO", description="x").status_code == 200
    opened = send(anna, "counts", action="open_list", list_type="STRICT", warehouse="RAW", locations=["R-02"],
                  operator="carl", **where)  # fmt: skip
    assert opened.status_code == 200, opened.text
    read = send(carl, "scans", action="confirm", device="gun", scanned_at="2026-06-15T09:00:00Z", item_class="ING",
                item_code="YEAST", lot="Y-230526", location="R-02", quantity="1", **where)  # fmt: skip
    assert read.json()["status"] == "accepted", read.text
    assert send(anna, "counts", action="close_list", **where).status_code == 200
    (line,) = anna.get(f"{API}/differences", params=where).json()["items"]
    assert line["state"] == "approval"
    approval = {**where, "action": "approve_line", "line": line["line"], "revision": line["revision"],
                "difference": line["difference"]}  # fmt: skip
    assert send(anna, "counts", **approval).status_code == 200
    second = send(berta, "counts", **approval)
    assert second.status_code == 409
    assert "line-changed" in [reason["code"] for reason in second.json()["errors"]], second.text
    (line,) = anna.get(f"{API}/lines", params=where).json()["items"]
    assert (line["state"], line["approved_by"]) == ("settled", "anna")
    assert len(anna.get(f"{API}/adjustments", params=where).json()["items"]) == 1


def test_a_dead_letter_is_shown_and_sent_again_once_its_cause_is_mended(client: TestClient, company: Company) -> None:
    salt = a_load("DL-1", item_code="PEPPER", unit="KG", lots=[])
    assert send(client, "movements", **salt).status_code == 409
    letter = client.get(f"{API}/dead-letters?search=DL-1").json()["items"][0]
    place = f"{API}/dead-letters/{letter['topic']}/{letter['topic_offset']}"
    shown = client.get(place).json()
    assert (shown["error_code"], shown["decoded"]["movement_id"], shown["record_key"]) == (
        "item-unknown",
        "DL-1",
        "ING|PEPPER",
    )
    item = {"item_class": "ING", "item_code": "PEPPER", "description": "Pepper", "unit": "KG", "lot_managed": False,
            "serial_managed": False, "withdrawal_policy": "manual", "expiry_rule": "exact",
            "serial_generation": "manual"}  # fmt: skip
    company.lines("master-data", [f'{{"record": "Item", "value": {_json(item)}}}'])
    again = client.post(f"{place}/replay?wait=5")
    assert (again.status_code, again.json().get("status")) == (200, "done"), again.text
    topic, record = company.sent[-1]
    assert (topic, record.key, record.time_ms) == ("movements", b"ING|PEPPER", _ms(letter["refused_at"]))


def test_a_dead_letter_can_be_mended_and_sent_again(client: TestClient) -> None:
    assert send(client, "movements", **a_load("DL-2", warehouse="NONE")).status_code == 409
    letter = client.get(f"{API}/dead-letters?search=DL-2").json()["items"][0]
    place = f"{API}/dead-letters/movements/{letter['topic_offset']}"
    wrong = client.post(f"{place}/replay", json={"value": {"movement_id": 5}})
    assert wrong.status_code == 422
    still = client.post(f"{place}/replay?wait=5", json={"value": a_load("DL-2", warehouse="NOWHERE")})
    assert still.status_code == 409
    assert [row["error_attempt"] for row in client.get(f"{API}/dead-letters?search=DL-2").json()["items"]] == [2, 1]
    done = client.post(f"{place}/replay?wait=5", json={"value": a_load("DL-2")})
    assert (done.status_code, done.json()["status"]) == (200, "done")


def test_bytes_that_are_no_record_can_be_shown_and_sent_again(client: TestClient, company: Company) -> None:
    from processors.edge.publishing import Outgoing

    company.send("movements", [Outgoing(b"\xff", b"rubbish", None, [("traceparent", None), ("x", b"\xfe")])])
    letter = client.get(f"{API}/dead-letters?code=message-undecodable").json()["items"][0]
    shown = client.get(f"{API}/dead-letters/movements/{letter['topic_offset']}").json()
    assert (shown["raw"], shown["decoded"], shown["record_key"]) == ("cnViYmlzaA==", None, "\\xff")
    again = client.post(f"{API}/dead-letters/movements/{letter['topic_offset']}/replay")
    assert (again.status_code, again.json()["id"]) == (202, None)
    assert company.sent[-1][1].value == b"rubbish"


def test_brokers_that_take_nothing_are_told_of(company: Company) -> None:
    class Away:
        def publish(self, topic: str, value: object, headers: object = None, time_ms: object = None) -> None:
            raise NotSent(1, "no broker")

        def send(self, topic: str, records: object) -> None:
            raise NotSent(1, "no broker")

    client = TestClient(build(company.store, Away(), Settings()), base_url="http://localhost")
    response = client.post(f"{API}/movements", json=a_load("A-1"))
    assert (response.status_code, response.json()["code"]) == (503, "not-sent")
    assert response.headers["retry-after"] == "5"
    assert client.get(f"{API}/lots").status_code == 200


def test_the_trace_of_a_request_goes_with_its_record(client: TestClient, company: Company) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    client.post(f"{API}/movements", json=a_load("T-1"), headers={"traceparent": trace})
    assert ("traceparent", trace.encode()) in company.sent[-1][1].headers


def _json(form: object) -> str:
    import json

    return json.dumps(form)


def _ms(text: str) -> int:
    from processors.domain.calendar import parse_time

    return parse_time(text)
