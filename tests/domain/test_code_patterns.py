"""Two code types that can give the same code are found, with an example; those that cannot are left in peace."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.domain.code_patterns import overlap
from processors.domain.master import CodePart, CodeType

YEARS, MONTHS = {2026: "F", 2027: "G"}, {month: "ABCDEFGHIJKL"[month - 1] for month in range(1, 13)}


def a_type(*parts: CodePart | str, start: int = 0, letters: str = "A") -> CodeType:
    made = tuple(part if isinstance(part, CodePart) else CodePart(part) for part in parts)
    return CodeType("lot", "T", "", start_number=start, start_letters=letters, parts=made)


def number(length: int | None = None, fill: str | None = "0") -> CodePart:
    return CodePart("number", length, fill if length else None)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (a_type(number(5)), a_type(number(5)), "00000"),
        (a_type(number(5)), a_type(number(6)), None),
        (a_type(number(5)), a_type(number(5, "*")), "10000"),
        (a_type(number(5)), a_type(number()), "10000"),
        (a_type(number(2), start=50), a_type(CodePart("insert_day")), None),
        (a_type(number(2), start=31), a_type(CodePart("insert_day")), "31"),
        (a_type("number", start=9_000), a_type(number(4, None), start=8_000), "9000"),
        (a_type("letters"), a_type(number(3)), None),
        (a_type(CodePart("letters", 2), letters="ZA"), a_type("letters", letters="BA"), "ZA"),
        (a_type(CodePart("letters", 2), letters="ZA"), a_type("letters", letters="AAA"), None),
        (a_type("number", "letters", letters="B"), a_type(number(1), "letters", letters="B"), "0B"),
        (a_type("number", "letters", letters="B"), a_type(number(1), "letters", letters="C"), None),
        (a_type("year_letter", number(4)), a_type(number(5)), None),
        (a_type("year_letter", number(4)), a_type("letters", number(4), letters="F"), "F0000"),
        (a_type("year_letter", number(4)), a_type("letters", number(4), letters="H"), None),
        (a_type("month_letter", number(4)), a_type("year_letter", number(4)), "F0000"),
        (a_type(CodePart("year_letter", 2, "0"), number(1)), a_type(number(3)), "000"),
        (a_type(CodePart("insert_year", 2), number(3)), a_type(number(5)), "00000"),
        (a_type(CodePart("insert_year", 6, "-"), number(1)), a_type(CodePart("insert_day", 6, "-"), number(1)), None),
        (a_type("item_class", number(5)), a_type(number(9)), None),
        (a_type("item_class", number(5)), a_type(number(8)), "00000000"),
        (a_type(CodePart("item_class", 5, "*"), number(2)), a_type(CodePart("item_code", 5), number(2)), "****000"),
        (a_type(CodePart("expiry_day", 3, "x"), number(1)), a_type(CodePart("lot_type", 3, "x"), number(1)), "x010"),
        (a_type("supplier_lot", number(3)), a_type("item_code", "letters"), None),
        (a_type("supplier_lot", number(3)), a_type("item_code", "insert_year"), "00000"),
        (a_type("item_code", number(45)), a_type("letters", number(49)), "A" + "0" * 49),
        (a_type("item_class", number(50)), a_type(number(50), "item_class"), None),
    ],
)
def test_the_shortest_code_that_both_can_give(one: CodeType, other: CodeType, expected: str | None) -> None:
    assert overlap(one, other, YEARS, MONTHS) == expected
    found = overlap(other, one, YEARS, MONTHS)
    assert (found is None) == (expected is None)


# The same question a second time, naively: every short text is tried, and cut into parts in every way.

TEXTS = ["".join(each) for size in range(1, 6) for each in itertools.product("01Z*", repeat=size)]


def fits(code_type: CodeType, text: str) -> bool:
    return _cut(code_type, code_type.parts, text)


def _cut(code_type: CodeType, parts: tuple[CodePart, ...], text: str) -> bool:
    if not parts:
        return not text
    sizes = range(1, len(text) + 1)
    return any(_shows(code_type, parts[0], text[:size]) and _cut(code_type, parts[1:], text[size:]) for size in sizes)


def _shows(code_type: CodeType, part: CodePart, text: str) -> bool:
    length, fill = part.length, part.fill
    padded = length is not None and fill is not None
    match part.field:
        case "number" if length is None:
            return text.isdigit() and str(int(text)) == text and int(text) >= code_type.start_number
        case "number":
            values = [str(value) for value in range(code_type.start_number, 10 ** (length or 0))]
        case "letters" if any(other.field == "number" and other.length is None for other in code_type.parts):
            return text == code_type.start_letters
        case "letters":
            later = (len(text), text) >= (1, code_type.start_letters)
            return text.isalpha() and later and len(text) <= (length or 50)
        case "insert_day":
            values = [f"{day:02d}"[-(length or 2) :] for day in range(1, 32)]
        case _ if padded:
            return len(text) == length
        case "item_code":
            return length is None or len(text) <= length
        case _:
            return len(text) <= min(3, length or 3)
    return text in ([value.rjust(length or 0, fill or " ") for value in values] if padded else values)


@st.composite
def small_types(draw: st.DrawFn) -> CodeType:
    names = draw(st.lists(st.sampled_from(["item_class", "item_code", "insert_day"]), max_size=1))
    names += draw(st.sampled_from([["number"], ["letters"], ["number", "letters"]]))
    parts = []
    for name in draw(st.permutations(names)):
        lengths = {"number": st.sampled_from([None, 1, 2]), "letters": st.sampled_from([None, 1])}
        length = draw(lengths.get(name, st.none() | st.integers(1, 3)))
        parts.append(CodePart(name, length, draw(st.none() | st.sampled_from("0*Z"))))
    start = draw(st.integers(0, 9) | st.just(0))
    return CodeType("lot", "T", "", start_number=start, start_letters=draw(st.sampled_from("AYZ")), parts=tuple(parts))


@settings(max_examples=150, deadline=None)
@given(small_types(), small_types())
def test_patterns_agree_with_every_short_text_tried(one: CodeType, other: CodeType) -> None:
    example = overlap(one, other, {}, {})
    both = next((text for text in TEXTS if fits(one, text) and fits(other, text)), None)
    if both is not None:
        assert example is not None
        assert len(example) <= len(both)
    if example is not None:
        assert fits(one, example)
        assert fits(other, example)
