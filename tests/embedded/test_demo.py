"""The demo company: whatever the day, its master data is accepted and its movements end as their names say."""

import json
from datetime import date

import pytest

from processors.cli.record_lines import Ready, read_lines
from processors.cli.wiring import simulation
from processors.contract.codec import Codec
from processors.contract.manifest import MANIFEST
from processors.contract.partitions import partition_of
from processors.contract.schema_ids import LockedIds
from processors.domain.calendar import DAY_MS, day_of, time_text
from processors.domain.count_lines import Adjustment
from processors.domain.count_registers import CountListRow, ScanFeedback
from processors.domain.events import Reply
from processors.embedded import demo
from processors.runtime.log import Record

REFUSALS = {
    "X-001": ["stock-insufficient"],
    "X-002": ["lot-blocked"],
    "X-003": ["lot-status-unavailable"],
    "X-004": ["lot-exists"],
    "X-005": ["document-missing", "account-missing", "lot-quantities-differ"],
    "X-006": ["serial-in-stock"],
    "X-007": ["serial-not-in-stock"],
    "X-008": ["item-unknown"],
    "X-009": ["lot-exists", "lot-other-supplier"],
    "X-010": ["date-outside-period"],
    "D-001": ["movement-id-reused"],
}


def _run(today: date, *, with_count: bool = False) -> tuple[list[Record], list[Reply]]:
    """Everything that came out, and the replies in their order."""
    running, codec = simulation(4, 50_000)
    out: list[Record] = []
    time_ms = day_of(today) * DAY_MS + 12 * 3_600_000
    counting = demo.counting(today, time_text(time_ms)) if with_count else []
    for topic, lines in (("master-data", demo.master_data(today)), ("movements", demo.movements(today)), *counting):
        for line in read_lines(lines, MANIFEST[topic], codec):
            assert isinstance(line, Ready), line
            partition = 0 if topic == "master-data" else partition_of(line.key, 4)
            time_ms += 1
            out += running.send(topic, partition, line.key, line.value, time_ms)
    replies = [codec.decode("replies", record.value) for record in out if record.topic == "replies"]
    return out, [reply for reply in replies if isinstance(reply, Reply)]


@pytest.mark.parametrize("today", [date(2026, 11, 21), date(2027, 1, 1), date(2028, 2, 29)])
def test_every_movement_of_the_demo_ends_as_its_name_says(today: date) -> None:
    out, replies = _run(today)
    assert not [record for record in out if record.topic == "master-data.dead-letters"]
    assert len(replies) == len(demo.movements(today))
    for reply in replies[:-2]:
        codes = [reason.code for reason in reply.reasons]
        expected = REFUSALS.get(reply.request_id, []) if reply.request_id.startswith("X-") else []
        assert codes == expected, f"{reply.request_id}: {reply.reasons}"
    assert [(reply.request_id, reply.status) for reply in replies[-2:]] == [
        ("D-001", "duplicate"),
        ("D-001", "refused"),
    ]
    assert [reason.code for reason in replies[-1].reasons] == REFUSALS["D-001"]


def test_the_demo_shows_every_kind_of_item_and_every_kind_of_code() -> None:
    today = date(2026, 11, 21)
    _, replies = _run(today)
    by_id = {reply.request_id: reply for reply in replies[:-2]}
    assert [lot.lot_code for lot in by_id["D-001"].lots] == ["MIL00001"]
    assert [lot.lot_code for lot in by_id["P-001"].lots] == ["20270318AA", "20270318AB"]
    assert by_id["M-001"].serials == tuple(f"PUMP5000000{n}" for n in range(1, 7))
    # The plate that was engraved by hand took number 8: generation goes on with 7, and later passes 8 over.
    assert by_id["M-003"].serials == ("PUMP50000008", "PUMP50000007")
    assert [(lot.lot_code, len(lot.serials)) for lot in by_id["D-009"].lots] == [("CTRL-001", 5)]
    managed = {
        (form["value"]["lot_managed"], form["value"]["serial_managed"])
        for form in map(json.loads, demo.master_data(today))
        if form["record"] == "Item"
    }
    assert managed == {(True, False), (False, True), (True, True), (False, False)}


@pytest.mark.parametrize("today", [date(2026, 11, 21), date(2027, 1, 1), date(2028, 2, 29)])
def test_the_count_of_the_demo_finds_the_bag_that_is_missing_and_nothing_else(today: date) -> None:
    out, replies = _run(today, with_count=True)
    assert not [record.topic for record in out if record.topic in ("counts.dead-letters", "scans.dead-letters")]
    count = [reply for reply in replies if reply.request_id.startswith(("C-", "COUNT-"))]
    assert {reply.status for reply in count} == {"done"}
    codec = Codec(LockedIds())
    told = ("adjustments", "scan-feedback", "count-list-register")
    values = [codec.decode(record.topic, record.value) for record in out if record.topic in told]
    adjustments = [value for value in values if isinstance(value, Adjustment)]
    assert [(each.list, each.lot_code, each.difference, each.book) for each in adjustments] == [
        (demo.CLOSED, "MIL00001", -25_000_000, 780_000_000)
    ]
    feedback = [value.status for value in values if isinstance(value, ScanFeedback)]
    assert (feedback.count("ask"), feedback.count("refused")) == (1, 0)
    lists = {value.list: value for value in values if isinstance(value, CountListRow)}
    assert (lists[demo.CLOSED].state, lists[demo.CLOSED].matched, lists[demo.CLOSED].negative) == ("closed", 2, 1)
    assert (lists[demo.OPEN].state, lists[demo.OPEN].operator) == ("counting", demo.OPERATOR)
