"""Dates, decimals and check characters of GS1 values, and which elements go together."""

import pytest

from processors.barcodes.bracketed import bracketed, read_bracketed
from processors.barcodes.check_digits import check_characters, check_digit, digit_right
from processors.barcodes.fault import Fault
from processors.barcodes.gs1 import Element, compose, read_elements
from processors.barcodes.gs1_associations import association_faults
from processors.barcodes.gs1_dates import day_number, full_year, year_of
from processors.barcodes.gs1_identifiers import IDENTIFIERS
from processors.barcodes.gs1_lints import LINTS, UNCHECKED
from processors.barcodes.trade_items import read_gln, read_gtin, read_sscc
from processors.domain.calendar import day_text


@pytest.mark.parametrize(
    ("year", "two", "full"),
    [
        (2026, 77, 1977),
        (2026, 76, 2076),
        (2026, 26, 2026),
        (2051, 0, 2100),
        (2049, 0, 2000),
        (1999, 48, 2048),
        (1999, 50, 1950),
    ],
)
def test_the_century_is_the_one_near_the_event(year: int, two: int, full: int) -> None:
    assert full_year(two, year) == full


def test_no_year_lies_further_off_than_the_standard_allows() -> None:
    for year in range(1950, 2110):
        assert {full_year(two, year) - year for two in range(100)} == set(range(-49, 51))


@pytest.mark.parametrize(
    ("digits", "day"),
    [
        ("261100", "2026-11-30"),
        ("270200", "2027-02-28"),
        ("280200", "2028-02-29"),
        ("280229", "2028-02-29"),
        ("270229", None),
        ("261301", None),
        ("260001", None),
        ("261132", None),
    ],
)
def test_day_00_is_the_last_of_its_month(digits: str, day: str | None) -> None:
    number = day_number(digits, 2026)
    assert (None if number is None else day_text(number)) == day


@pytest.mark.parametrize(("time_ms", "year"), [(0, 1970), (-1, 1969), (-(10**18), 1), (10**18, 9999)])
def test_any_moment_has_a_year_whose_dates_can_be_read(time_ms: int, year: int) -> None:
    assert year_of(time_ms) == year
    assert day_number(f"{year % 100:02d}0101", year) is not None


def test_check_digits_and_characters_are_those_of_the_standard() -> None:
    assert check_digit("629104150021") == "3"
    assert digit_right("6291041500213")
    assert not digit_right("6291041500231")
    assert check_characters("1987654Ad4X4bL5ttr2310c") == "2K"
    assert read_gtin("96385074") == "00000096385074"
    assert read_sscc("340123450000000000") == "340123450000000000"
    assert read_gln("6291041500213") == "6291041500213"
    assert isinstance(read_gln("6291041500214"), Fault)


@pytest.mark.parametrize("ai", sorted(IDENTIFIERS))
def test_every_identifier_has_its_checks_and_no_other_begins_it(ai: str) -> None:
    names = {name for part in IDENTIFIERS[ai].parts for name in part.lints}
    assert names <= set(LINTS) | UNCHECKED
    assert not any(other != ai and other.startswith(ai) for other in IDENTIFIERS)


@pytest.mark.parametrize(
    ("ai", "value"),
    [
        ("00", "340123450000000008"),
        ("02", "14006381333939"),
        ("11", "260230"),
        ("20", "1A"),
        ("3103", "12345"),
        ("410", "6291041500214"),
        ("417", "629104150021"),
        ("30", "123456789"),
        ("7003", "2611002359"),
        ("7251", "200002300000"),
        ("8008", "261121126"),
        ("4324", "2611212360"),
        ("8007", "DE00123456789"),
    ],
)
def test_a_value_that_is_wrong_is_refused(ai: str, value: str) -> None:
    found = read_elements(ai + value, 2026)
    assert isinstance(found, Fault)
    assert found.message.startswith(f"({ai}) ")


def test_the_number_of_decimals_stands_in_the_identifier() -> None:
    assert [IDENTIFIERS[ai].decimals for ai in ("3100", "3105", "3929", "30", "400")] == [0, 5, 9, None, None]


def test_elements_are_composed_with_a_separator_only_where_one_is_needed() -> None:
    elements = (Element("10", "A"), Element("01", "14006381333938"), Element("21", "7"))
    assert compose(elements) == "10A\x1d0114006381333938217"
    assert bracketed((*elements, Element("99", "a(b)"))) == "(10)A(01)14006381333938(21)7(99)a\\(b)"
    assert read_bracketed("(99)a\\(b)", 2026) == (Element("99", "a(b)"),)


def test_what_one_barcode_lacks_is_told_only_to_who_asks_for_the_item() -> None:
    assert association_faults([("02", "14006381333938")]) == ["(02) CONTENT needs (37)"]
    assert association_faults([("01", "1"), ("37", "1")])[0] == "(01) GTIN may not stand with (37)"
    assert association_faults([("01", "1"), ("10", "1")]) == []
