"""Which lots are told of on which day, and which progressives run out."""

import pytest

from processors.domain.calendar import parse_day
from processors.domain.master import CodePart, CodeType
from processors.domain.registers import CounterRow
from processors.edge.alerts.calendar import due
from processors.edge.alerts.counters import THRESHOLDS, Use, days_left, running_out, threshold_of, uses
from processors.edge.store.queries_alerts import LotDays

NOON = 1_790_000_000_000


def a_lot(warn: str | None = None, block: str | None = None, expiry: str | None = None, generation: int = 1) -> LotDays:
    days = [None if day is None else parse_day(day) for day in (warn, block, expiry)]
    return LotDays("FOO", "MILK", "", "L/1", generation, 2_500_000, days[0], days[1], days[2])


def told(lot: LotDays, day: str) -> list[str]:
    return [alert.alert_id for alert in due([lot], parse_day(day), NOON)]


MILK = a_lot("2026-06-10", "2026-06-18", "2026-06-20")


@pytest.mark.parametrize(
    ("lot", "day", "ids"),
    [
        (MILK, "2026-06-09", []),
        (MILK, "2026-06-10", ["lot_expiring/FOO|MILK||L/1/1/2026-06-10"]),
        (MILK, "2026-06-17", ["lot_expiring/FOO|MILK||L/1/1/2026-06-10"]),
        (MILK, "2026-06-18", ["lot_blocked/FOO|MILK||L/1/1/2026-06-18"]),
        (MILK, "2026-06-20", ["lot_blocked/FOO|MILK||L/1/1/2026-06-18"]),
        (MILK, "2026-06-21", ["lot_expired/FOO|MILK||L/1/1/2026-06-20"]),
        (MILK, "2027-01-01", ["lot_expired/FOO|MILK||L/1/1/2026-06-20"]),
        (a_lot(expiry="2026-06-20"), "2026-06-20", []),
        (a_lot(expiry="2026-06-20"), "2026-06-21", ["lot_expired/FOO|MILK||L/1/1/2026-06-20"]),
        (a_lot(), "2030-01-01", []),
        (
            a_lot("2026-06-19", "2026-06-15", "2026-06-20"),
            "2026-06-19",
            ["lot_blocked/FOO|MILK||L/1/1/2026-06-15"],
        ),
        (a_lot("2026-06-10", generation=2), "2026-06-10", ["lot_expiring/FOO|MILK||L/1/2/2026-06-10"]),
    ],
)
def test_a_lot_is_told_of_at_the_gravest_stage_that_it_has_come_to(lot: LotDays, day: str, ids: list[str]) -> None:
    assert told(lot, day) == ids


def test_the_message_says_what_there_is_and_when_it_expires() -> None:
    (alert,) = due([MILK], parse_day("2026-06-18"), NOON)
    assert alert.message == "lot L/1 of FOO|MILK is blocked from 2026-06-18 (it expires on 2026-06-20): 2.5 in stock"
    assert (alert.item_class, alert.item_code, alert.lot_code, alert.at) == ("FOO", "MILK", "L/1", NOON)


def a_code_type(length: int | None = 3, fill_gaps: bool = False) -> CodeType:
    return CodeType("lot", "SEQ", "", fill_gaps=fill_gaps, parts=(CodePart("number", length, "0"),))


def a_row(next_ordinal: int, partition: int = 0, free: str = "") -> CounterRow:
    return CounterRow(
        "SEQ", "lot", "item", "FOO", "MILK", None, "", partition, next_ordinal, free, None, None, None, 0, 0, NOON
    )


@pytest.mark.parametrize(
    ("code_type", "rows", "used"),
    [
        (a_code_type(), [a_row(950)], 950),
        (a_code_type(), [a_row(120), a_row(950, 1)], 950),
        (a_code_type(), [a_row(950, free="3-12")], 950),
        (a_code_type(fill_gaps=True), [a_row(950, free="3-12,40")], 939),
        (a_code_type(), [a_row(1200)], 1000),
        (a_code_type(None), [a_row(950)], None),
    ],
)
def test_a_progressive_is_used_as_far_as_its_partitions_have_come(
    code_type: CodeType, rows: list[CounterRow], used: int | None
) -> None:
    found = uses(rows, {("lot", "SEQ"): code_type})
    assert [use.used for use in found] == ([] if used is None else [used])


@pytest.mark.parametrize(("used", "threshold"), [(0, None), (900, None), (901, 90), (990, 90), (991, 99), (1000, 99)])
def test_it_runs_out_beyond_a_threshold(used: int, threshold: int | None) -> None:
    (use,) = uses([a_row(used)], {("lot", "SEQ"): a_code_type()})
    assert threshold_of(use) == threshold
    assert threshold in (None, *THRESHOLDS)


@pytest.mark.parametrize(("recent", "days"), [(0, None), (28, 50), (1400, 1), (2800, 0)])
def test_the_rest_lasts_as_long_as_the_rate_says(recent: int, days: int | None) -> None:
    (use,) = uses([a_row(950)], {("lot", "SEQ"): a_code_type()})
    assert days_left(use, recent) == days


def test_the_message_of_a_progressive_says_how_long_it_lasts() -> None:
    (use,) = uses([a_row(950)], {("lot", "SEQ"): a_code_type()})
    assert isinstance(use, Use)
    alert = running_out(use, 90, 28, NOON)
    assert alert.alert_id == "counter_running_out/lot|SEQ|FOO|MILK||/90"
    assert alert.message == (
        "the progressive of lot code type SEQ for FOO|MILK is used to 95 %: 50 of 1000 codes are left; at the rate of "
        "the last 28 days they last 50 days. Give the items another code type before it ends"
    )
