"""Whatever a scanner sends: never an exception, never a place outside the text, and what is right comes back."""

import string

from hypothesis import given
from hypothesis import strategies as st

from processors.barcodes.bracketed import bracketed, read_bracketed
from processors.barcodes.check_digits import check_characters, check_digit
from processors.barcodes.digital_link import read_digital_link
from processors.barcodes.fault import Fault
from processors.barcodes.gs1 import GS, Element, Elements, compose, read_elements
from processors.barcodes.gs1_identifiers import CHARACTERS, IDENTIFIERS, Identifier
from processors.barcodes.parse import INVALID, UNKNOWN, parse
from processors.barcodes.symbologies import read_scan
from processors.barcodes.tokenizer import compile_rules
from processors.domain.master import Barcode, BarcodeRule, BarcodeToken, Item, MasterData

EAN = "4006381333931"
MASTER = MasterData()
MASTER.put(Item("A", "B", "", (), None, None, None, "PC", (), (Barcode(EAN), Barcode("x")), True, False, "fefo"))
RULES = compile_rules(
    [
        BarcodeRule("Qty", "-", (BarcodeToken("quantity"),)),
        BarcodeRule("L", ":", (BarcodeToken("item_class", 3), BarcodeToken("property:p", 2, "/"), BarcodeToken("lot"))),
    ]
)
SEEDS = [
    f"]C1010{EAN}17261100" + f"10AB{GS}3012",
    f"]d2010{EAN}21S-1{GS}3103001250",
    "]C100340123450000000000",
    f"https://id.gs1.org/01/{EAN}/10/A%2FB?17=261130&x=y",
    f"(01)0{EAN}(10)A\\(B(3922)1299",
    f"]E0{EAN}|]e010C",
    "Qty-12.5",
    "L:ABCde/f",
    EAN,
    "]I114006381333938",
    "8008261121123456",
    "800711DE89370400440532013000",
    "423276056",
    "4309000000000036000000007",
]
ALPHABET = string.printable + GS + "é０\ud800\x00"
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(ALPHABET, max_size=60),
    st.builds(
        str.__add__,
        st.sampled_from(["]C1", "]d2", "]Q3", "]Q1", "]E0", "(", "https://example.com/", "Qty-", "L:", "01"]),
        st.text(ALPHABET, max_size=50),
    ),
    st.builds(
        lambda ai, rest: ai + rest, st.sampled_from(sorted(IDENTIFIERS)), st.text(string.digits + "A" + GS, max_size=40)
    ),
    st.builds(lambda ai, rest: f"]C1{ai}{rest}", st.sampled_from(sorted(IDENTIFIERS)), st.text(ALPHABET, max_size=40)),
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A right barcode with one to three characters changed, left out or put in."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(text)))
        put = draw(st.sampled_from(["", *ALPHABET]))
        text = text[:place] + put + text[place + draw(st.integers(0, 2)) :]
    return text


@given(
    st.one_of(TEXTS, mutated()), st.integers(-(10**15), 10**15), st.sampled_from([None, "]C1", "]E0", "]Q1", "]", ""])
)
def test_any_text_is_read_or_refused_with_a_place_inside_it(text: str, time_ms: int, symbology: str | None) -> None:
    reading = parse(text, time_ms, RULES, MASTER, symbology)
    assert (reading.kind == "invalid") == (reading.code == INVALID) == (reading.position is not None)
    assert reading.code in (None, INVALID, UNKNOWN)
    assert (reading.code is None) == (reading.message is None)
    assert 0 <= (reading.position or 0) <= len(text)
    assert parse(text, time_ms, RULES, MASTER, symbology) == reading


@given(TEXTS)
def test_no_part_of_the_parser_raises(text: str) -> None:
    for found in (
        read_scan(text, 2026),
        read_elements(text, 2026),
        read_elements(text, 2026, lints=False, separators="|"),
        read_bracketed(text, 2026),
        read_digital_link(text, 2026),
        read_digital_link(f"https://example.com/01/{text}", 2026),
        read_digital_link(f"https://example.com/01/{EAN}?{text}", 2026, lints=False, zero_suppressed=False),
    ):
        if isinstance(found, Fault):
            assert found.message
        else:
            assert found is None or all(ai in IDENTIFIERS for ai, _ in found)


def _value(draw: st.DrawFn, identifier: Identifier) -> str:
    """A value whose form is right; only the checks that the round trips below need are kept."""
    value = ""
    for part in identifier.parts:
        if part.optional and draw(st.booleans()):
            break
        least = max(part.least, 3) if "csumalpha" in part.lints else part.least
        value += draw(st.text(CHARACTERS[part.characters].replace("=", ""), min_size=least, max_size=part.most))
    return value


@st.composite
def element_lists(draw: st.DrawFn) -> Elements:
    ais = draw(st.lists(st.sampled_from(sorted(IDENTIFIERS)), min_size=1, max_size=6, unique=True))
    return tuple(Element(ai, _value(draw, IDENTIFIERS[ai])) for ai in ais)


@given(element_lists())
def test_elements_come_back_from_their_element_string_and_from_brackets(elements: Elements) -> None:
    assert read_elements(compose(elements), 2026, lints=False) == elements
    assert read_bracketed(bracketed(elements), 2026, lints=False) == elements


@given(element_lists(), st.data())
def test_a_separator_that_is_missing_never_makes_another_right_reading_out_of_a_value_too_long(
    elements: Elements, data: st.DataObject
) -> None:
    """Whatever is read without a separator lies within the lengths of the table: nothing spills into a new element."""
    text = compose(elements)
    places = [place for place, each in enumerate(text) if each == GS]
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    found = read_elements(text[:place] + text[place + 1 :], 2026, lints=False)
    if not isinstance(found, Fault):
        assert compose(found).replace(GS, "") == text.replace(GS, "") or len(found) < len(elements)
        # The element before the gap has swallowed what came after it, up to the next separator.
        assert any(len(value) > len(dict(elements).get(ai, value)) for ai, value in found)


@given(st.integers(0, 10**17 - 1), st.sampled_from([7, 11, 12, 13, 17]))
def test_a_check_digit_that_is_right_is_the_only_one(number: int, length: int) -> None:
    body = str(number).zfill(17)[:length]
    right = check_digit(body)
    readings = [read_elements(f"00{(body + last).zfill(18)}", 2026) for last in string.digits]
    assert [last for last, found in zip(string.digits, readings, strict=True) if not isinstance(found, Fault)] == [
        right
    ]


@given(st.text(CHARACTERS["X"], min_size=1, max_size=23))
def test_check_characters_hold_for_any_text(text: str) -> None:
    whole = "1234" + text[:19]
    assert not isinstance(read_elements(f"8013{whole}{check_characters(whole)}", 2026), Fault)
