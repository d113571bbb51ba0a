"""A reading as a count sees it: which kind, which item, which refusal."""

import pytest

from processors.barcodes.fields import Fields
from processors.barcodes.gs1 import GS, Element
from processors.barcodes.parse import INVALID, UNKNOWN, Reading, parse
from processors.barcodes.tokenizer import Rules, compile_rules
from processors.domain.calendar import parse_day, parse_time
from processors.domain.master import Barcode, BarcodeRule, BarcodeToken, Item, MasterData

TIME = parse_time("2026-11-21T08:30:00Z")
EAN = "4006381333931"
CARTON = "14006381333938"
FLOUR = Fields(item_class="ING", item_code="FLOUR")
ONE = 1_000_000


def an_item(code: str, *barcodes: Barcode) -> Item:
    return Item("ING", code, "", (), None, None, None, "KG", (), barcodes, True, False, "fefo")


def company() -> tuple[MasterData, Rules]:
    master = MasterData()
    master.put(
        an_item(
            "FLOUR",
            Barcode(EAN),
            Barcode(CARTON, "WHITE", "BAG", 12 * ONE),
            Barcode("96385074"),
            Barcode("flour 1"),
            Barcode("00001230"),
            Barcode("https://id.gs1.org/item/7"),
        )
    )
    master.put(BarcodeRule("Lot", "-", (BarcodeToken("lot"),)))
    master.put(BarcodeRule("01", "", (BarcodeToken("location"),)))
    return master, compile_rules([master.barcode_rules["Lot"]])


MASTER, RULES = company()


def read(text: str, symbology: str | None = None) -> Reading:
    return parse(text, TIME, RULES, MASTER, symbology)


def gs1(elements: dict[str, str], **fields: object) -> Reading:
    return Reading("gs1", FLOUR._replace(**fields), tuple(map(Element._make, elements.items())))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"]C10104006381333931172703001012{GS}3005",
            gs1(
                {"01": f"0{EAN}", "17": "270300", "10": "12", "30": "05"},
                gtin=f"0{EAN}",
                expiry_date=parse_day("2027-03-31"),
                lot="12",
                quantity=5 * ONE,
            ),
        ),
        (
            f"(02){CARTON}(37)3",
            gs1({"02": CARTON, "37": "3"}, gtin=CARTON, variant="WHITE", unit="BAG", quantity=36 * ONE),
        ),
        (
            f"01{CARTON}",
            gs1({"01": CARTON}, gtin=CARTON, variant="WHITE", unit="BAG", quantity=12 * ONE),
        ),
        (
            f"https://example.com/01/{EAN}/21/S1?3102=001250&11=260101&15=261231",
            gs1(
                {"01": f"0{EAN}", "21": "S1", "3102": "001250", "11": "260101", "15": "261231"},
                gtin=f"0{EAN}",
                serial="S1",
                net_weight=12_500_000,
                production_date=parse_day("2026-01-01"),
                best_before_date=parse_day("2026-12-31"),
            ),
        ),
        (
            "]C100340123450000000008",
            Reading(
                "invalid",
                code=INVALID,
                message="(00) SSCC: expected check digit 0, got 8",
                position=5,
            ),
        ),
    ],
)
def test_gs1_data_give_the_item_and_what_they_say_of_it(text: str, expected: Reading) -> None:
    assert read(text) == expected


def test_a_pallet_label_in_two_barcodes_is_two_readings() -> None:
    first = read(f"]C102{CARTON}17261231" + "3704")
    second = read("]C100340123450000000000" + "10L-1")
    assert (first.fields.quantity, first.fields.expiry_date) == (48 * ONE, parse_day("2026-12-31"))
    assert second.fields == Fields(sscc="340123450000000000", lot="L-1")


@pytest.mark.parametrize(
    ("text", "gtin"),
    [(EAN, f"0{EAN}"), (f"0{EAN}", f"0{EAN}"), (f"]E0{EAN}", f"0{EAN}"), ("96385074", "00000096385074")],
)
def test_trade_items_of_any_length_are_one_with_or_without_symbology(text: str, gtin: str) -> None:
    assert read(text) == Reading("plain", FLOUR._replace(gtin=gtin))
    assert read("0000096385074") == read("]E496385074") == read("000096385074")


def test_a_scanner_that_sends_the_symbology_apart_gives_the_same() -> None:
    for text in (f"0104006381333931{'10'}L1", "01040063813339310", EAN):
        together, apart = read(f"]C1{text}"), read(text, "]C1")
        assert together._replace(position=None) == apart._replace(position=None)
        if together.position is not None:
            assert apart.position == together.position - 3
    assert read(f"]E0{EAN}", "]E0") == read(EAN, "]E0")


def test_a_link_in_an_ordinary_qr_code_is_the_same_link() -> None:
    for key in (f"01/{EAN}", "00/340123450000000000", f"01/{EAN}/10/L"):
        link = f"https://id.gs1.org/{key}"
        assert read(f"]Q1{link}") == read(f"]Q3{link}") == read(link)
        assert read(link).kind == "gs1"


def test_the_item_s_own_codes_are_looked_up_as_they_are() -> None:
    assert read("flour 1") == Reading("plain", FLOUR)
    assert read("flour 1\r\n") == Reading("plain", FLOUR)
    assert read("]A0flour 1") == Reading("plain", FLOUR)
    assert read("https://id.gs1.org/item/7") == Reading("plain", FLOUR)
    # Eight digits that are no GTIN, but somebody's code.
    assert read("00001230") == Reading("plain", FLOUR)


def test_a_rule_goes_before_a_plain_code_and_before_gs1_without_symbology() -> None:
    master, _ = company()
    rules = compile_rules(master.barcode_rules.values())
    assert parse(f"010{EAN}", TIME, rules, master) == Reading("rule", Fields(location=f"0{EAN}"), rule="01")
    assert parse(f"]C1010{EAN}", TIME, rules, master).kind == "gs1"
    assert parse("]A0Lot-7", TIME, rules, master) == Reading("rule", Fields(lot="7"), rule="Lot")


@pytest.mark.parametrize("text", ["hello", "10ABC", "21X", "3012", "https://example.com/", "17AB", "Flour 1"])
def test_what_nobody_knows_is_unknown_and_never_guessed_to_be_gs1(text: str) -> None:
    reading = read(text)
    assert (reading.kind, reading.code, reading.fields) == ("plain", UNKNOWN, Fields())
    assert repr(text) in str(reading.message)


def test_a_gtin_of_no_item_is_unknown_and_still_says_what_it_holds() -> None:
    reading = read("]d2010950123456789010L1")
    assert (reading.kind, reading.code) == ("invalid", INVALID)
    reading = read("]d20109501234567891" + "10L1")
    assert (reading.kind, reading.code, reading.fields) == ("gs1", UNKNOWN, Fields(gtin="09501234567891", lot="L1"))


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "expected a barcode, got nothing"),
        ("]C1", 3, "expected GS1 elements, got nothing"),
        ("]XX", 0, "expected a symbology identifier such as ]C1, got ']XX'"),
        ("4006381333932", 12, "GTIN: expected check digit 1, got 2"),
        ("0104006381333932", 2, "(01) GTIN: expected check digit 1, got 2"),
        ("]C117261301", 5, "(17) USE BY or EXPIRY: expected a date YYMMDD, got '261301'"),
        (f"]C110{'L' * 21}", 25, f"(10) BATCH/LOT: expected 1 to 20 characters, got '{'L' * 21}'"),
        # The missing GS is not guessed: what follows belongs to the lot.
        (f"]C110{'L' * 18}0104006381333931", 25, f"(10) BATCH/LOT: expected 1 to 20 characters, got '{'L' * 18}0104…"),
        ("]C11712", 7, "(17) USE BY or EXPIRY: expected 6 digits, got '12'"),
        ("]C110A^B", 6, "(10) BATCH/LOT: expected a character of GS1 set 82 at place 2, got '^' in 'A^B'"),
        (f"]C110A{GS}10B", 7, "(10) BATCH/LOT: expected one value, got 'A' and 'B'"),
        (f"(01){CARTON}(02)0{EAN}", 0, f"expected one trade item, got GTIN {CARTON} and 0{EAN}"),
        (f"(01){CARTON}(10)", 22, "(10) BATCH/LOT: expected 1 to 20 characters, got nothing"),
        (f"]E0{EAN[:-1]}", 3, f"expected 13 digits after ]E0, got '{EAN[:-1]}'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, position: int, message: str) -> None:
    reading = read(text)
    assert (reading.kind, reading.code, reading.position) == ("invalid", INVALID, position)
    assert str(reading.message).startswith(message.removesuffix("…"))
    assert str(reading.explanation()).endswith(f"(at character {position + 1})")


def test_a_gtin_that_two_items_have_is_nobody_s() -> None:
    master, rules = company()
    master.put(an_item("SUGAR", Barcode(f"0{EAN}")))
    reading = parse(f"(01)0{EAN}", TIME, rules, master)
    assert (reading.kind, reading.message) == (
        "invalid",
        f"expected one item with GTIN 0{EAN}, got 'ING|SUGAR' and 'ING|FLOUR'",
    )


def test_without_master_data_no_code_is_unknown() -> None:
    assert parse("hello", TIME, RULES) == Reading("plain")
    assert parse(EAN, TIME, RULES) == Reading("plain", Fields(gtin=f"0{EAN}"))


def test_a_quantity_beyond_what_a_record_holds_is_invalid() -> None:
    master = MasterData()
    master.put(an_item("FLOUR", Barcode(CARTON, quantity=10**17)))
    assert parse(f"(02){CARTON}(37)99999999", TIME, RULES, master).kind == "invalid"
