"""Days of lots, moments of movements, quantities in the management unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.domain import quantity
from processors.domain.calendar import day_text, parse_day, parse_time
from processors.domain.dates import DAY_MAX, DAY_MIN, days_before, expiry_date, start_date
from processors.domain.master import AlternativeUnit
from processors.domain.moments import end_of_day, happened_at, local_day
from processors.domain.units import convert


@pytest.mark.parametrize(
    ("own", "document_type", "document_date", "expected"),
    [
        ("2026-03-01", "purchase_delivery_note", "2026-03-02", "2026-03-01"),
        (None, "purchase_delivery_note", "2026-03-02", "2026-03-02"),
        (None, "subcontract_return", "2026-03-02", "2026-03-02"),
        (None, "production_record", "2026-03-02", "2026-03-02"),
        (None, "purchase_delivery_note", None, "2026-03-03"),
        (None, "sales_delivery_note", "2026-03-02", "2026-03-03"),
        (None, "purchase_invoice", "2026-03-02", "2026-03-03"),
        (None, None, "2026-03-02", "2026-03-03"),
    ],
)
def test_a_lot_starts_on_its_own_day_or_the_documents_or_the_effective_one(
    own: str | None, document_type: str | None, document_date: str | None, expected: str
) -> None:
    days = [None if text is None else parse_day(text) for text in (own, document_date)]

    assert day_text(start_date(days[0], document_type, days[1], parse_day("2026-03-03"))) == expected


@pytest.mark.parametrize(
    ("start", "validity", "rule", "expected"),
    [
        ("2026-01-31", 0, "exact", "2026-01-31"),
        ("2026-01-31", 30, "exact", "2026-03-02"),
        ("2026-01-31", 30, "month_start", "2026-03-01"),
        ("2026-01-31", 30, "month_end", "2026-03-31"),
        ("2026-03-10", 10, "month_start", "2026-03-10"),
        ("2028-02-01", 0, "month_end", "2028-02-29"),
        ("2026-12-05", 0, "month_end", "2026-12-31"),
        ("9999-12-05", 0, "month_end", "9999-12-31"),
        ("9999-12-05", 1000, "exact", "9999-12-31"),
    ],
)
def test_expiry_is_start_and_validity_by_the_items_rule(start: str, validity: int, rule: str, expected: str) -> None:
    found = expiry_date(parse_day(start), validity, rule)  # type: ignore[arg-type]

    assert found is not None
    assert day_text(found) == expected


def test_without_validity_days_nothing_expires_and_nothing_is_warned_or_blocked() -> None:
    assert expiry_date(0, None, "exact") is None
    assert days_before(None, 5) is None
    assert days_before(5, None) is None
    assert days_before(5, 7) == -2
    assert days_before(DAY_MIN, 7) == DAY_MIN


@given(
    st.integers(DAY_MIN, DAY_MAX), st.integers(-10_000, 10_000), st.sampled_from(["exact", "month_start", "month_end"])
)
def test_an_expiry_is_always_a_day_of_the_calendar_in_the_same_month_and_never_before_the_start(
    day: int, validity: int, rule: str
) -> None:
    exact, ruled = expiry_date(day, validity, "exact"), expiry_date(day, validity, rule)  # type: ignore[arg-type]

    assert exact is not None
    assert ruled is not None
    assert day_text(exact)[:7] == day_text(ruled)[:7]
    assert validity < 0 or ruled >= day


@pytest.mark.parametrize(
    ("time_zone", "moment", "expected"),
    [
        ("UTC", "2026-03-10T23:59:59.999Z", "2026-03-10"),
        ("UTC", "2026-03-11T00:00:00Z", "2026-03-11"),
        ("Europe/Rome", "2026-03-10T22:59:59.999Z", "2026-03-10"),
        ("Europe/Rome", "2026-03-10T23:00:00Z", "2026-03-11"),
        ("Europe/Rome", "2026-06-10T22:00:00Z", "2026-06-11"),
        ("Asia/Kathmandu", "2026-03-10T18:14:59.999Z", "2026-03-10"),
        ("Asia/Kathmandu", "2026-03-10T18:15:00Z", "2026-03-11"),
        ("America/Los_Angeles", "2026-03-11T06:59:59Z", "2026-03-10"),
    ],
)
def test_a_moments_day_is_the_companys(time_zone: str, moment: str, expected: str) -> None:
    assert day_text(local_day(time_zone, parse_time(moment))) == expected


@given(
    st.sampled_from(["UTC", "Europe/Rome", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(parse_day("1972-01-01"), parse_day("2100-01-01")),
)
def test_the_end_of_a_day_is_its_last_millisecond(time_zone: str, day: int) -> None:
    end = end_of_day(time_zone, day)

    assert local_day(time_zone, end) == day
    assert local_day(time_zone, end + 1) == day + 1


def test_a_movement_happened_when_it_says_or_at_the_end_of_its_day_or_when_it_was_sent() -> None:
    now, today = parse_time("2026-03-10T12:00:00Z"), parse_day("2026-03-10")

    assert happened_at(now - 5, today - 3, now, today, "Europe/Rome") == now - 5
    assert happened_at(None, today, now, today, "Europe/Rome") == now
    assert happened_at(None, today + 3, now, today, "Europe/Rome") == now
    assert happened_at(None, today - 1, now, today, "Europe/Rome") == parse_time("2026-03-09T22:59:59.999Z")


@pytest.mark.parametrize(
    ("operator", "factor", "value", "expected"),
    [
        ("multiply", "2.5", "3", "7.5"),
        ("multiply", "0.001", "0.001", "0.000001"),
        ("multiply", "0.001", "0.0001", None),
        ("divide", "1000", "1", "0.001"),
        ("divide", "3", "1", None),
        ("divide", "3", "9", "3"),
        ("divide", "0.000001", "1", "1000000"),
    ],
)
def test_quantities_are_converted_exactly_or_not_at_all(
    operator: str, factor: str, value: str, expected: str | None
) -> None:
    unit = AlternativeUnit("U", quantity.parse(factor), operator)  # type: ignore[arg-type]
    found = convert(unit, quantity.parse(value))

    assert (None if found is None else quantity.text(found)) == expected


@given(st.integers(1, quantity.MAX), st.integers(1, 10**12))
def test_what_a_unit_multiplies_its_opposite_divides(value: int, factor: int) -> None:
    converted = convert(AlternativeUnit("U", factor, "multiply"), value)

    assert converted is None or convert(AlternativeUnit("U", factor, "divide"), converted) == value
