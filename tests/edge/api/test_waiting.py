"""Waiting for answers: as long as was asked for, for the one that is meant, with workers that take their time."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from processors.contract.headers import Headers
from processors.edge.api.app import Settings, build
from tests.edge.api.company import Company, a_load

API = "/api/v1"
READ = {"scan_id": "S-1", "inventory": "DEMO", "list": "CAKES", "operator": "ben", "device": "gun", "action": "read",
        "scanned_at": "2026-06-15T09:00:00Z", "barcode": "NEW-CAKE"}  # fmt: skip


class Slow:
    """Workers that begin when somebody waits: a publisher, and what tells of the projection's commits."""

    def __init__(self, company: Company) -> None:
        self.company, self.number, self.has_ended, self.rests = company, 0, False, False
        self._held: list[tuple[str, object, Headers | None]] = []

    def publish(self, topic: str, value: object, headers: Headers | None = None, time_ms: int | None = None) -> None:
        self._held.append((topic, value, headers))

    def send(self, topic: str, records: object) -> None:
        raise AssertionError("not asked")

    async def after(self, number: int, limit_s: float) -> int:
        while self._held and not self.rests:
            self.company.publish(*self._held.pop(0))
        self.number += 1
        self.has_ended = self.rests
        return self.number


@pytest.fixture
def slow(company: Company) -> Slow:
    return Slow(company)


@pytest.fixture
def asking(company: Company, slow: Slow) -> Iterator[TestClient]:
    app = build(company.store, slow, Settings(rate_per_s=1e6, rate_burst=10**6, changes=slow))
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def test_who_waits_gets_the_answer_and_who_does_not_its_place(asking: TestClient) -> None:
    sent = asking.post(f"{API}/movements", json=a_load("W-1"))
    assert (sent.status_code, asking.get(f"{API}/replies/W-1").status_code) == (202, 404)
    assert asking.get(sent.headers["location"]).json()["status"] == "done"
    assert asking.post(f"{API}/movements?wait=5", json=a_load("W-2")).json()["status"] == "done"


def test_who_waits_for_workers_that_do_not_come_is_told_where_the_answer_will_be(
    asking: TestClient, slow: Slow
) -> None:
    slow.rests = True
    sent = asking.post(f"{API}/movements?wait=30", json=a_load("W-3"))
    assert (sent.status_code, sent.json()["answer"]) == (202, sent.headers["location"])
    answer = asking.get(sent.headers["location"])
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (404, "no-answer-yet", "1")


def test_a_refused_read_that_is_sent_again_gets_its_new_answer_and_not_the_old_one(
    asking: TestClient, company: Company
) -> None:
    first = asking.post(f"{API}/scans?wait=5", json=READ)
    assert (first.json()["status"], first.json()["code"]) == ("refused", "barcode-unknown")
    (item,) = asking.get(f"{API}/master-data?kind=item&id=BAK%7CPANETT").json()["items"]
    record = {**item["record"], "barcodes": [*item["record"]["barcodes"], {"barcode": "NEW-CAKE"}]}
    company.lines("master-data", [json.dumps({"record": "Item", "value": record})])
    again = asking.post(f"{API}/scans?wait=5", json=READ)
    assert (again.status_code, again.json()["status"], again.json()["session"]["item_code"]) == (200, "noted", "PANETT")


def test_a_read_sent_twice_counts_once_and_has_one_answer(asking: TestClient) -> None:
    read = {**READ, "scan_id": "S-2", "action": "confirm", "item_class": "BAK", "item_code": "COLOMBA", "barcode": None,
            "lot": "COL-TRIAL", "location": "F-01", "quantity": "7", "answer": "add"}  # fmt: skip
    first = asking.post(f"{API}/scans?wait=5", json=read)
    assert first.json()["status"] == "accepted", first.text
    again = asking.post(f"{API}/scans?wait=5", json=read)
    assert (again.status_code, again.json()["line"]) == (200, first.json()["line"])
    later = asking.post(f"{API}/scans", json=read)
    assert asking.get(later.headers["location"]).json()["line"] == first.json()["line"]
    (line,) = asking.get(f"{API}/lines?inventory=DEMO&list=CAKES&lot=COL-TRIAL").json()["items"]
    assert line == {**line, **first.json()["line"], "counted": first.json()["line"]["counted"]}
