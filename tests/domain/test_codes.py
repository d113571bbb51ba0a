"""Codes as people see them: parts, cutting and filling, numbers and letters, a progressive's end (domain.md §6)."""

from dataclasses import replace

import pytest

from processors.domain.calendar import parse_day
from processors.domain.code_fields import LOT_FIELDS, SERIAL_FIELDS, CodeFields
from processors.domain.codes import compose, composer, counter_of, invert, shown
from processors.domain.master import CodePart, CodeType
from processors.domain.progressives import Counter
from processors.domain.refusals import Reason

FIELDS = CodeFields(
    item_class="MOB",
    item_code="TABLE-7",
    characteristic="OAK",
    product_category="FURNITURE",
    item_type="FG",
    variant="RED",
    insert_date=parse_day("2026-03-09"),
    expiry_date=parse_day("2031-11-02"),
    lot_type="P",
    supplier_short_name="ROSSI",
    purchase_invoice_number="INV-88",
    delivery_note_number="DDT-5",
    supplier_lot="S100",
    lot_code="L7",
    year_letters={2026: "F"},
    month_letters={3: "C"},
)
NUMBER = CodePart("number", 3, "0")


def a_type(*parts: CodePart | str, **values: object) -> CodeType:
    made = tuple(part if isinstance(part, CodePart) else CodePart(part) for part in parts)
    return replace(CodeType("lot", "SEQ", "a sequence", parts=made), **values)  # type: ignore[arg-type]


def code_or_reason(code_type: CodeType, fields: CodeFields = FIELDS, ordinal: int = 0) -> str:
    made = compose(code_type, fields, ordinal)
    return made.code if isinstance(made, Reason) else made


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("item_class", "MOB"),
        ("item_code", "TABLE-7"),
        ("characteristic", "OAK"),
        ("product_category", "FURNITURE"),
        ("item_type", "FG"),
        ("variant", "RED"),
        ("number", "0"),
        ("letters", "A"),
        ("insert_day", "09"),
        ("insert_month", "03"),
        ("insert_year", "2026"),
        ("expiry_day", "02"),
        ("expiry_month", "11"),
        ("expiry_year", "2031"),
        ("lot_type", "P"),
        ("year_letter", "F"),
        ("month_letter", "C"),
        ("supplier_short_name", "ROSSI"),
        ("purchase_invoice_number", "INV-88"),
        ("delivery_note_number", "DDT-5"),
        ("supplier_lot", "S100"),
        ("lot_code", "L7"),
    ],
)
def test_every_part_field_shows_its_value(part: str, expected: str) -> None:
    assert code_or_reason(a_type(part)) == expected


def test_the_table_above_has_every_part_field() -> None:
    assert set(LOT_FIELDS) | set(SERIAL_FIELDS) == {
        mark.args[1][place][0]
        for mark in test_every_part_field_shows_its_value.pytestmark  # type: ignore[attr-defined]
        for place in range(len(mark.args[1]))
    }


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (CodePart("insert_year", 2), "26"),
        (CodePart("insert_year", 1), "6"),
        (CodePart("insert_year", 6, "*"), "**2026"),
        (CodePart("expiry_month", 1), "1"),
        (CodePart("insert_day", 1), "9"),
        (CodePart("insert_day", 4, "-"), "--09"),
        (CodePart("item_code", 3), "TAB"),
        (CodePart("item_code", 9, " "), "  TABLE-7"),
        (CodePart("item_code", 9), "TABLE-7"),
        (CodePart("item_code", None, "*"), "TABLE-7"),
        (CodePart("year_letter", 3, "0"), "00F"),
        (CodePart("lot_type", 1), "P"),
    ],
)
def test_a_part_is_cut_or_filled_to_its_length(part: CodePart, expected: str) -> None:
    assert code_or_reason(a_type(part)) == expected


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (CodePart("lot_type"), "code-part-missing"),
        (CodePart("lot_type", 2), "code-part-missing"),
        (CodePart("lot_type", None, "*"), "code-part-missing"),
        (CodePart("lot_type", 2, "*"), "**"),
        (CodePart("expiry_year", 2), "code-part-missing"),
        (CodePart("expiry_year", 2, "0"), "00"),
        (CodePart("year_letter"), "code-part-missing"),
        (CodePart("month_letter", 1), "code-part-missing"),
    ],
)
def test_a_missing_value_is_padding_or_refuses(part: CodePart, expected: str) -> None:
    fields = replace(FIELDS, lot_type="", expiry_date=None, year_letters={2025: "E"}, month_letters={4: "D"})
    assert code_or_reason(a_type(part), fields) == expected


def test_a_missing_part_is_named() -> None:
    made = compose(a_type("supplier_lot", NUMBER), CodeFields(), 0)
    assert made == Reason(
        "code-part-missing",
        "lot code type 'SEQ' needs supplier_lot, which has no value here: give it, or let the part have a length and a "
        "fill character",
        "supplier_lot",
    )


def test_a_letter_given_at_once_needs_no_year() -> None:
    assert code_or_reason(a_type("year_letter", "month_letter"), CodeFields(year_letter="X", month_letter="Y")) == "XY"


def test_the_example_of_the_manual_counts_from_zero() -> None:
    rule = a_type(CodePart("number", 5, "0"))
    assert [compose(rule, FIELDS, ordinal) for ordinal in range(3)] == ["00000", "00001", "00002"]


N2, L1, L2, LETTERS = CodePart("number", 2, "0"), CodePart("letters", 1), CodePart("letters", 2), CodePart("letters")


@pytest.mark.parametrize(
    ("rule", "ordinal", "expected"),
    [
        (a_type(N2), 99, "99"),
        (a_type(N2), 100, "progressive-exhausted"),
        (a_type(N2, start_number=90), 0, "90"),
        (a_type(N2, start_number=90), 9, "99"),
        (a_type(N2, start_number=90), 10, "progressive-exhausted"),
        (a_type(CodePart("number", 2)), 7, "7"),
        (a_type(CodePart("number", 2, "*")), 7, "*7"),
        (a_type("number", start_number=8), 2, "10"),
        (a_type("number"), 10**49, "1" + "0" * 49),
        (a_type("number"), 10**50, "code-too-long"),
        (a_type(L2), 0, "AA"),
        (a_type(L2), 25, "AZ"),
        (a_type(L2), 26, "BA"),
        (a_type(L2), 26 * 26 - 1, "ZZ"),
        (a_type(L2), 26 * 26, "progressive-exhausted"),
        (a_type(L2, start_letters="C"), 0, "AC"),
        (a_type(L2, start_letters="ZY"), 2, "progressive-exhausted"),
        (a_type(LETTERS), 25, "Z"),
        (a_type(LETTERS), 26, "AA"),
        (a_type(LETTERS), 26 + 26 * 26, "AAA"),
        (a_type(LETTERS, start_letters="C"), 0, "C"),
        (a_type(LETTERS, start_letters="AZ"), 1, "BA"),
        (a_type(LETTERS), 26**50 * 2, "code-too-long"),
        (a_type(N2, L1), 99, "99A"),
        (a_type(N2, L1), 100, "00B"),
        (a_type(L1, N2), 100, "B00"),
        (a_type(N2, L1), 2599, "99Z"),
        (a_type(N2, L1), 2600, "progressive-exhausted"),
        (a_type(N2, L1, start_number=98, start_letters="Y"), 2, "98Z"),
        (a_type(N2, L1, start_number=98, start_letters="Y"), 4, "progressive-exhausted"),
        (a_type(N2, LETTERS), 2600, "00AA"),
        (a_type(CodePart("number", 1), "lot_type", LETTERS), 10, "0PB"),
        (a_type("number", LETTERS), 1000, "1000A"),
        (a_type("item_class", N2, "lot_type", L1, "variant"), 101, "MOB01PBRED"),
        (a_type("item_class"), 0, "MOB"),
        (a_type("item_class"), 1, "progressive-exhausted"),
        (a_type("item_code", CodePart("number", 43, "0")), 0, "TABLE-7" + "0" * 43),
        (a_type("item_code", CodePart("number", 44, "0")), 0, "code-too-long"),
    ],
)
def test_an_ordinal_shows_as_number_and_letters_until_they_run_out(rule: CodeType, ordinal: int, expected: str) -> None:
    made = compose(rule, FIELDS, ordinal)
    if isinstance(made, Reason):
        assert made.code == expected
    else:
        assert made == expected
        assert invert(rule, FIELDS, made) == ordinal


def test_many_codes_of_one_rule_are_those_composed_one_by_one() -> None:
    rule = a_type("item_class", N2, "lot_type", L1)
    code_of = composer(rule, FIELDS)
    assert not isinstance(code_of, Reason)
    assert [code_of(ordinal) for ordinal in range(2601)] == [compose(rule, FIELDS, each) for each in range(2601)]


@pytest.mark.parametrize(
    ("rule", "code", "expected"),
    [
        (a_type("item_class", N2), "MOB7", "field-invalid"),
        (a_type("item_class", N2), "FOO07", "field-invalid"),
        (a_type("item_class", N2), "MOB0A", "field-invalid"),
        (a_type("item_class", N2), "MOB0٣", "field-invalid"),
        (a_type(N2, start_number=10), "09", "field-invalid"),
        (a_type(CodePart("number", 3, "*")), "*07", "field-invalid"),
        (a_type(CodePart("number", 2, "1")), "11", "field-invalid"),
        (a_type("number"), "007", "field-invalid"),
        (a_type(L2, start_letters="B"), "AA", "field-invalid"),
        (a_type(LETTERS), "a", "field-invalid"),
        (a_type("number", LETTERS), "7B", "field-invalid"),
        (a_type("item_class"), "MOC", "field-invalid"),
        (a_type("expiry_year", N2), "203100\n", "field-invalid"),
        (a_type("number"), "1" * 51, "code-too-long"),
    ],
)
def test_a_code_that_does_not_fit_has_no_ordinal(rule: CodeType, code: str, expected: str) -> None:
    found = invert(rule, FIELDS, code)
    assert isinstance(found, Reason)
    assert found.code == expected


def test_a_code_cannot_be_read_back_without_the_fields_it_needs() -> None:
    found = invert(a_type("supplier_lot", N2), CodeFields(), "S10007")
    assert isinstance(found, Reason)
    assert found.code == "code-part-missing"


def test_the_last_number_and_letters_are_told_as_they_show() -> None:
    assert shown(a_type(N2, L1), 107) == ("07", "B")
    assert shown(a_type(LETTERS), 27) == (None, "AB")
    assert shown(a_type(N2), 7) == ("07", None)


ITEM = ("MOB", "TABLE-7", "RED")


def test_a_counter_runs_for_each_item_and_variant_and_for_each_root() -> None:
    rule = a_type("insert_year", N2, root=("insert_year", "lot_type"))
    assert counter_of(rule, False, ITEM, FIELDS) == Counter("lot", "SEQ", ITEM, "2026|P")
    assert counter_of(replace(rule, root=()), False, ITEM, FIELDS) == Counter("lot", "SEQ", ITEM, "")


def test_a_counter_of_the_company_runs_for_all_items() -> None:
    assert counter_of(a_type(N2), True, ITEM, FIELDS) == Counter("lot", "SEQ", None, "")


def test_root_values_are_whole_even_where_the_code_shows_them_cut() -> None:
    rule = a_type(CodePart("supplier_short_name", 2), CodePart("insert_year", 2), N2)
    rule = replace(rule, root=("supplier_short_name", "insert_year"))
    counter = counter_of(rule, True, ITEM, FIELDS)
    assert isinstance(counter, Counter)
    assert counter.root_key == "ROSSI|2026"


def test_a_root_over_new_year_has_a_counter_for_each_year() -> None:
    rule = a_type(CodePart("insert_year", 2), N2, root=("insert_year",))
    old, new = (
        counter_of(rule, False, ITEM, replace(FIELDS, insert_date=parse_day(day)))
        for day in ("2026-12-31", "2027-01-01")
    )
    assert old != new


def test_a_missing_root_value_counts_as_its_own_root_if_the_code_can_do_without() -> None:
    fields = replace(FIELDS, lot_type=None)
    padded = a_type(CodePart("lot_type", 1, "*"), N2, root=("lot_type",))
    assert counter_of(padded, False, ITEM, fields) == Counter("lot", "SEQ", ITEM, "")
    unseen = a_type(N2, root=("lot_type",))
    assert counter_of(unseen, False, ITEM, fields) == Counter("lot", "SEQ", ITEM, "")
    needed = counter_of(a_type("lot_type", N2, root=("lot_type",)), False, ITEM, fields)
    assert isinstance(needed, Reason)
    assert needed.code == "code-part-missing"
