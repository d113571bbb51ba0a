"""Alerts reach the topic once each: through the store, after a restart, and when days go by."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from processors.contract.headers import Headers
from processors.domain.calendar import DAY_MS, parse_day, parse_time
from processors.domain.events import Alert
from processors.domain.master import CodePart, CodeType, Company, MasterRecord
from processors.domain.registers import CounterRow, LotRow
from processors.edge.alerts.publishing import CalendarAlerts
from processors.edge.publishing import Outgoing
from processors.edge.store.engine import Store
from processors.edge.store.writing import Writer
from tests.edge.store.filling import fill

WARN, BLOCK, EXPIRY = (parse_day(day) for day in ("2026-06-10", "2026-06-18", "2026-06-20"))
LOT = LotRow(
    "FOO", "MILK", "", "L/1", None, None, None, None, None, None, None, None, EXPIRY, WARN, BLOCK, 1_000_000,
    None, None, None, None, None, True, False, 1_000_000, 0, 1_000_000, 0, 1, 0, 0,
)  # fmt: skip
COUNTER = CounterRow("SEQ", "lot", "item", "FOO", "MILK", None, "", 0, 95, "", None, None, None, 95, 0, 0)
SEQ = CodeType("lot", "SEQ", "", parts=(CodePart("number", 2, "0"),))


class Topic:
    """A publisher that keeps what it gets; `arrive` lets the projection have it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.got: list[Alert] = []
        self.waiting: list[Alert] = []

    def publish(self, topic: str, value: object, headers: Headers | None = None, time_ms: int | None = None) -> None:
        assert topic == "alerts"
        assert isinstance(value, Alert)
        assert dict(headers or [])["ce_id"] == value.alert_id.encode()
        self.got.append(value)
        self.waiting.append(value)

    def send(self, topic: str, records: Sequence[Outgoing]) -> None:
        raise AssertionError("alerts are published one by one")

    def arrive(self) -> None:
        fill(self.store, [("alerts", alert) for alert in self.waiting])
        self.waiting = []

    @property
    def kinds(self) -> list[str]:
        return [alert.kind for alert in self.got]


class Clock:
    """Time that is set by hand."""

    def __init__(self, text: str) -> None:
        self.ms = parse_time(text)

    def __call__(self) -> int:
        return self.ms


def filled(store: Store, *records: object, zone: str = "UTC") -> Topic:
    company: list[MasterRecord] = [Company(None, None, time_zone=zone), SEQ]
    topics = {LotRow: "lot-register", CounterRow: "counter-register"}
    fill(store, [("master-register", each) for each in company])
    fill(store, [(topics[type(each)], each) for each in records])
    return Topic(store)


def a_process(store: Store, topic: Topic, clock: Clock) -> CalendarAlerts:
    """A started edge that leads, and whose projection has looked since, as far as it has come."""
    return CalendarAlerts(store, topic, lambda: True, clock)


def test_each_stage_of_a_lot_is_published_once_though_it_is_looked_at_often_and_by_new_processes(store: Store) -> None:
    topic, clock = filled(store, LOT), Clock("2026-06-09T12:00:00Z")
    for _ in range(14):
        process = a_process(store, topic, clock)
        process.run()
        process.run()
        topic.arrive()
        process.run()
        clock.ms += DAY_MS
    assert topic.kinds == ["lot_expiring", "lot_blocked", "lot_expired"]


def test_the_day_is_the_companys(store: Store) -> None:
    """At 22:30 UTC on the day before, it is the lot's day in Rome already."""
    topic, clock = filled(store, LOT, zone="Europe/Rome"), Clock("2026-06-09T21:30:00Z")
    process = a_process(store, topic, clock)
    assert process.run() == []
    clock.ms = parse_time("2026-06-09T22:30:00Z")
    assert [alert.kind for alert in process.run()] == ["lot_expiring"]


@pytest.mark.parametrize("change", [{"stock": 0}, {"closed": True}, {"stock": -1_000_000}])
def test_nothing_is_told_of_a_lot_that_is_gone_or_closed(store: Store, change: dict[str, int]) -> None:
    topic = filled(store, replace(LOT, **change))
    assert a_process(store, topic, Clock("2026-07-01T12:00:00Z")).run() == []


def test_a_lot_whose_date_is_changed_is_told_of_again(store: Store) -> None:
    topic, clock = filled(store, LOT), Clock("2026-06-12T12:00:00Z")
    process = a_process(store, topic, clock)
    process.run()
    topic.arrive()
    fill(store, [("lot-register", replace(LOT, warn_from=WARN + 1))])
    process.run()
    assert topic.kinds == ["lot_expiring", "lot_expiring"]


def test_a_counter_that_runs_out_is_told_of_once_for_each_threshold(store: Store) -> None:
    topic, clock = filled(store, COUNTER), Clock("2026-06-12T12:00:00Z")
    for used in (95, 96, 100):
        fill(store, [("counter-register", replace(COUNTER, next_ordinal=used))])
        process = a_process(store, topic, clock)
        process.run()
        topic.arrive()
        process.run()
    ids = [alert.alert_id for alert in topic.got]
    assert ids == ["counter_running_out/lot|SEQ|FOO|MILK||/90", "counter_running_out/lot|SEQ|FOO|MILK||/99"]


def test_the_rate_is_that_of_the_codes_made_lately(store: Store) -> None:
    clock = Clock("2026-06-12T12:00:00Z")
    made = [
        replace(LOT, lot_code=f"L{age}", code_type="SEQ", ordinal=age, warn_from=None, block_from=None,
                expiry_date=None, created_at=clock.ms - age * DAY_MS)
        for age in range(40)
    ]  # fmt: skip
    topic = filled(store, COUNTER, *made)
    (alert,) = a_process(store, topic, clock).run()
    assert "5 of 100 codes are left; at the rate of the last 28 days they last 5 days" in alert.message


def test_nothing_is_published_by_an_edge_that_does_not_lead_or_has_not_looked_since(store: Store) -> None:
    """What the process before sent last is in the topic, and may not be in the store yet."""
    topic, leads = filled(store, LOT), False
    process = CalendarAlerts(store, topic, lambda: leads, Clock("2026-06-12T12:00:00Z"))
    assert process.run() == []
    leads = True
    assert len(process.run()) == 1


def test_nothing_is_published_while_alerts_wait_to_be_read(store: Store) -> None:
    topic = filled(store, LOT)
    topic.arrive()
    writer = Writer(store)
    writer.begin({"alerts": ("topic", 1)})
    writer.look({("alerts", 0): 1})
    assert a_process(store, topic, Clock("2026-06-12T12:00:00Z")).run() == []
    writer.look({("alerts", 0): 0})
    assert len(a_process(store, topic, Clock("2026-06-12T12:00:00Z")).run()) == 1
    writer.close()


def test_an_edge_that_is_overtaken_between_two_alerts_leaves_the_rest_to_the_other(store: Store) -> None:
    topic = filled(store, LOT, replace(LOT, lot_code="L/2"), replace(LOT, lot_code="L/3"))
    clock = Clock("2026-06-12T12:00:00Z")
    assert len(CalendarAlerts(store, topic, lambda: len(topic.got) < 2, clock).run()) == 2
    topic.arrive()
    assert len(a_process(store, topic, clock).run()) == 1


def test_it_looks_each_minute_and_at_once_when_it_has_begun_to_lead(store: Store) -> None:
    topic, clock, leads = filled(store, LOT), Clock("2026-06-12T12:00:00Z"), False
    process = CalendarAlerts(store, topic, lambda: leads, clock)
    told = [len(process.tick())]
    leads = True
    told.append(len(process.tick()))
    fill(store, [("lot-register", replace(LOT, lot_code="L/2"))])
    for seconds in (59, 1):
        clock.ms += seconds * 1000
        told.append(len(process.tick()))
    assert told == [0, 1, 0, 1]
