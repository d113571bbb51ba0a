"""Tokenizer rules: the examples of the domain, the ends of tokens, and what is wrong where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.barcodes.fault import Fault
from processors.barcodes.fields import Fields
from processors.barcodes.tokenizer import compile_rules, match_rule, read_tokens
from processors.domain.master import BarcodeRule, BarcodeToken

CLASS = BarcodeToken("item_class", 3, "-")
CODE = BarcodeToken("item_code", 50, "-")
LOADING_UNIT = tuple(BarcodeToken(f"loading_unit_{part}", None, "-") for part in ("year", "group", "number"))
COMPANY = [
    BarcodeRule("Item", "-", (CLASS, CODE)),
    BarcodeRule("Lot", "-", (CLASS, CODE, BarcodeToken("lot", 50))),
    BarcodeRule("Loc", "-", (BarcodeToken("warehouse", 10, "-"), BarcodeToken("location"))),
    BarcodeRule("UDC", "-", LOADING_UNIT),
    BarcodeRule("Qty", "-", (BarcodeToken("quantity"),)),
    BarcodeRule("ItemQty", "-", (CLASS, CODE, BarcodeToken("quantity"))),
]


def read(text: str, *rules: BarcodeRule) -> Fields | Fault | None:
    rule = match_rule(text, compile_rules(rules or COMPANY))
    return None if rule is None else read_tokens(text, rule)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Item-MOB-ART", Fields(item_class="MOB", item_code="ART")),
        ("Lot-MOB-ART-123", Fields(item_class="MOB", item_code="ART", lot="123")),
        ("Loc-01-L1", Fields(warehouse="01", location="L1")),
        ("UDC-2023-5-21", Fields(loading_unit_year="2023", loading_unit_group="5", loading_unit_number="21")),
        ("Qty-50", Fields(quantity=50_000_000)),
        ("Qty-0.5", Fields(quantity=500_000)),
        ("ItemQty-MOB-ART-35", Fields(item_class="MOB", item_code="ART", quantity=35_000_000)),
        # Only the last value may hold the separator.
        ("Lot-MOB-ART-12-3-", Fields(item_class="MOB", item_code="ART", lot="12-3-")),
        ("Item-MOB-ART-7", Fields(item_class="MOB", item_code="ART-7")),
        # A token ends at its length, and the next begins there.
        ("Item-MOBART", Fields(item_class="MOB", item_code="ART")),
        ("Item-M-ART", Fields(item_class="M", item_code="ART")),
        # Matched whole: in small letters, or without the separator, it is another text.
        ("item-MOB-ART", None),
        ("ItemMOB-ART", None),
        ("Items-MOB-ART", None),
        ("Item", None),
        ("", None),
    ],
)
def test_a_barcode_of_the_company_gives_its_values(text: str, expected: Fields | None) -> None:
    assert read(text) == expected


def test_the_longest_prefix_wins() -> None:
    short = BarcodeRule("A", "-B-", (BarcodeToken("lot"),))
    long = BarcodeRule("A-B", "-", (BarcodeToken("serial"),))
    for rules in ([short, long], [long, short]):
        assert read("A-B-1", *rules) == Fields(serial="1")


def test_of_a_prefix_inside_another_only_the_whole_one_counts() -> None:
    one = BarcodeRule("It", "-", (BarcodeToken("lot"),))
    other = BarcodeRule("It-em", "-", (BarcodeToken("serial"),))
    assert read("It-em-1", one, other) == Fields(serial="1")
    assert read("It-e-1", one, other) == Fields(lot="e-1")


def test_a_token_may_have_a_separator_of_its_own() -> None:
    rule = BarcodeRule("P", ":", (BarcodeToken("item_code", None, "//"), BarcodeToken("property:colour"), CLASS))
    assert read("P:A:B//red:MOB", rule) == Fields(item_code="A:B", properties=(("colour", "red"),), item_class="MOB")


def test_tokens_of_fixed_length_need_no_separator() -> None:
    rule = BarcodeRule("F", "-", (BarcodeToken("item_class", 3), BarcodeToken("item_code", 4), BarcodeToken("lot")))
    assert read("F-MOBA001L-7", rule) == Fields(item_class="MOB", item_code="A001", lot="L-7")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Item-", Fault("rule 'Item': expected item_class, item_code, got nothing", 5)),
        ("Item-MOB", Fault("rule 'Item': expected item_code, got nothing", 8)),
        ("Item-MOB-", Fault("rule 'Item': expected item_code, got nothing", 9)),
        ("Item--ART", Fault("rule 'Item': expected item_class, item_code, got nothing", 5)),
        ("Qty-ten", Fault("rule 'Qty': quantity: expected a decimal such as 12.5, got 'ten'", 4)),
        ("Qty--1", Fault("rule 'Qty': quantity: expected a quantity from 0, got '-1'", 4)),
        ("Qty-1,5", Fault("rule 'Qty': quantity: expected a decimal such as 12.5, got '1,5'", 4)),
        (
            f"Lot-MOB-ART-{'x' * 51}",
            Fault(
                f"rule 'Lot': expected lot of at most 50 characters, got 51: '{'x' * 39}…'",
                62,
            ),
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, expected: Fault) -> None:
    assert read(text) == expected


VALUES = st.text(st.characters(exclude_characters="-", exclude_categories=["Cs"]), min_size=1, max_size=3)


@given(VALUES, VALUES, st.text(min_size=1, max_size=50))
def test_values_without_the_separator_come_back_as_they_went_in(item_class: str, item_code: str, lot: str) -> None:
    found = read(f"Lot-{item_class}-{item_code}-{lot}")
    assert found == Fields(item_class=item_class, item_code=item_code, lot=lot)


@given(st.sampled_from(COMPANY), st.text(max_size=80))
def test_any_text_after_a_prefix_is_read_or_refused_inside_itself(rule: BarcodeRule, rest: str) -> None:
    text = f"{rule.prefix}-{rest}"
    found = read(text)
    assert isinstance(found, Fields) or (isinstance(found, Fault) and 0 <= found.position <= len(text))
