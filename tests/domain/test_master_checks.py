"""What is refused as master data, with the reason and the field; and what is let in (domain.md §2, architecture §4)."""

from dataclasses import replace
from typing import Any

import pytest

from processors.domain.calendar import parse_day
from processors.domain.master import (
    Account,
    AlternativeUnit,
    Barcode,
    BarcodeRule,
    BarcodeToken,
    CodePart,
    CodeType,
    Company,
    Item,
    ListType,
    Location,
    LotStatus,
    MasterData,
    MasterRecord,
    MonthLetter,
    Template,
    Variant,
    Warehouse,
    YearLetter,
)
from processors.domain.master_checks import judge
from processors.domain.quantity import ONE

NUMBER = CodePart("number", 5, "0")


def an_item(**values: Any) -> Item:
    item = Item(
        item_class="FOO",
        item_code="JAM",
        description="Jam",
        variants=(Variant("RED", "strawberry"),),
        item_type="FG",
        characteristic=None,
        product_category=None,
        unit="kg",
        alternative_units=(AlternativeUnit("box", 12 * ONE, "multiply"),),
        barcodes=(Barcode("8001", "RED", "box", ONE),),
        lot_managed=True,
        serial_managed=False,
        withdrawal_policy="fefo",
    )
    return replace(item, **values)


def a_type(*parts: CodePart, **values: Any) -> CodeType:
    return replace(CodeType("lot", "SEQ", "", parts=parts), **values)


def a_template(**values: Any) -> Template:
    return replace(Template("W1", "LOA", "goods in", "load", lot_management=True), **values)


def some_master(*records: MasterRecord) -> MasterData:
    """A small company, each record accepted before the next."""
    master = MasterData()
    for record in (
        LotStatus("OK", "free", True, True),
        Warehouse("W1", "main", locations=(Location("A1", "shelf"),)),
        Warehouse("W2", "shop"),
        a_type(NUMBER),
        CodeType("serial", "SN", "", parts=(NUMBER,)),
        a_template(),
        a_template(code="UNL", direction="unload"),
        an_item(item_code="HONEY", barcodes=(Barcode("9001"),)),
        *records,
    ):
        assert judge(record, master) == []
        master.put(record)
    return master


def refusals(record: MasterRecord, *records: MasterRecord) -> list[tuple[str, str | None]]:
    return [(reason.code, reason.field) for reason in judge(record, some_master(*records))]


@pytest.mark.parametrize(
    "record",
    [
        Company(parse_day("2026-01-01"), parse_day("2026-12-31"), True, "item", "Europe/Rome"),
        an_item(lot_code_type="SEQ", serial_code_type="SN", initial_lot_status="OK", serial_generation="auto"),
        an_item(lot_validity_days=0, warn_days=30, block_days=0, serial_validity_days=365, unit_cost=0),
        an_item(lot_managed=False, withdrawal_policy="manual", variants=(), alternative_units=(), barcodes=()),
        a_type(NUMBER, fill_gaps=True, description="again, filling its gaps"),
        a_type(CodePart("item_class"), CodePart("letters"), code="NEW", root=("item_class", "insert_year")),
        a_type(CodePart("number", 50, "0"), code="LONG"),
        a_type(NUMBER, code="SAME-CODES-AS-SEQ"),
        CodeType("serial", "SN2", "", parts=(CodePart("lot_code"), NUMBER), root=("lot_code",)),
        Warehouse("W3", "", adjustment_load_template="NOT", adjustment_unload_template="YET"),
        a_template(code="TRF", direction="unload", offset_warehouse="W2", offset_template="YET"),
        a_template(default_location="A1"),
        ListType("CYC", "", tolerance_quantity=0, tolerance_percent=ONE),
        BarcodeRule("Item", "-", (BarcodeToken("item_class", 3, "-"), BarcodeToken("property:colour"))),
        YearLetter(2026, "F"),
        MonthLetter(12, "N"),
        Account("ROSSI", None, "Rossi & C.", "", "supplier"),
    ],
)
def test_master_data_in_order_is_let_in(record: MasterRecord) -> None:
    assert refusals(record) == []


MASTER = "master-invalid"
LONG = "x" * 51


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (Company(open_from=2, open_to=1), [(MASTER, "open_to")]),
        (Company(time_zone="Europe/Roma"), [(MASTER, "time_zone")]),
        (Company(time_zone=""), [(MASTER, "time_zone")]),
        (Company(time_zone="../UTC"), [(MASTER, "time_zone")]),
        (Company(time_zone="Europe"), [(MASTER, "time_zone")]),
        (LotStatus("", "", True, True), [(MASTER, "code")]),
        (Account(LONG, None, "", "", "customer"), [(MASTER, "code")]),
        (ListType("C", "", tolerance_percent=-1), [(MASTER, "tolerance_percent")]),
        (YearLetter(0, "A"), [(MASTER, "value")]),
        (MonthLetter(13, ""), [(MASTER, "value"), (MASTER, "letter")]),
        (MonthLetter(1, "AB"), [(MASTER, "letter")]),
        (MonthLetter(1, " "), [(MASTER, "letter")]),
    ],
)
def test_a_small_record_is_refused_with_its_field(record: MasterRecord, expected: list[tuple[str, str]]) -> None:
    assert refusals(record) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"item_class": "FOOD"}, [(MASTER, "item_class")]),
        ({"item_code": LONG}, [(MASTER, "item_code")]),
        ({"item_code": ""}, [(MASTER, "item_code")]),
        ({"unit": ""}, [(MASTER, "unit")]),
        ({"variants": (Variant("RED", ""), Variant("RED", ""))}, [(MASTER, "variants[1].variant")]),
        ({"variants": (Variant("RED", ""), Variant("", ""))}, [(MASTER, "variants[1].variant")]),
        ({"alternative_units": (AlternativeUnit("box", 0, "divide"),)}, [(MASTER, "alternative_units[0].factor")]),
        ({"alternative_units": (AlternativeUnit("box", -1, "divide"),)}, [(MASTER, "alternative_units[0].factor")]),
        (
            {"alternative_units": (AlternativeUnit("box", ONE, "divide"), AlternativeUnit("box", ONE, "multiply"))},
            [(MASTER, "alternative_units[1].unit")],
        ),
        (
            {"alternative_units": (AlternativeUnit("kg", ONE, "divide"),), "barcodes": ()},
            [(MASTER, "alternative_units[0].unit")],
        ),
        ({"barcodes": (Barcode("1"), Barcode("1"))}, [(MASTER, "barcodes[1].barcode")]),
        ({"barcodes": (Barcode(""),)}, [(MASTER, "barcodes[0].barcode")]),
        ({"barcodes": (Barcode("1"), Barcode("9001"))}, [(MASTER, "barcodes[1].barcode")]),
        ({"barcodes": (Barcode("1", variant="BLUE"),)}, [("variant-unknown", "barcodes[0].variant")]),
        ({"barcodes": (Barcode("1", unit="t"),)}, [("unit-unknown", "barcodes[0].unit")]),
        ({"barcodes": (Barcode("1", quantity=0),)}, [(MASTER, "barcodes[0].quantity")]),
        ({"lot_managed": False}, [(MASTER, "withdrawal_policy")]),
        ({"lot_code_type": "SN"}, [("code-type-unknown", "lot_code_type")]),
        ({"serial_code_type": "SEQ"}, [("code-type-unknown", "serial_code_type")]),
        ({"initial_lot_status": "BAD"}, [(MASTER, "initial_lot_status")]),
        ({"serial_generation": "auto"}, [(MASTER, "serial_generation")]),
        ({"lot_validity_days": -1}, [(MASTER, "lot_validity_days")]),
        ({"warn_days": -1, "block_days": 40_000}, [(MASTER, "warn_days"), (MASTER, "block_days")]),
        ({"serial_validity_days": -1}, [(MASTER, "serial_validity_days")]),
        ({"unit_cost": -1}, [(MASTER, "unit_cost")]),
        ({"unit": "", "lot_code_type": "?"}, [("code-type-unknown", "lot_code_type"), (MASTER, "unit")]),
    ],
)
def test_an_item_is_refused_with_every_field_that_is_wrong(
    values: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert refusals(an_item(**values)) == expected


@pytest.mark.parametrize(
    ("code_type", "expected"),
    [
        (a_type(code="X"), [(MASTER, "parts")]),
        (a_type(NUMBER, code=""), [(MASTER, "code")]),
        (a_type(CodePart("item_class"), code="X"), [(MASTER, "parts")]),
        (a_type(NUMBER, NUMBER, code="X"), [(MASTER, "parts")]),
        (a_type(NUMBER, CodePart("lot_code"), code="X"), [(MASTER, "parts[1].field")]),
        (a_type(NUMBER, CodePart("colour"), code="X"), [(MASTER, "parts[1].field")]),
        (a_type(NUMBER, CodePart("supplier_lot"), code="X", kind="serial"), [(MASTER, "parts[1].field")]),
        (a_type(CodePart("number", 0, "0"), code="X"), [(MASTER, "parts[0].length")]),
        (a_type(CodePart("number", 51, "0"), code="X"), [(MASTER, "parts[0].length")]),
        (a_type(CodePart("number", 5, "00"), code="X"), [(MASTER, "parts[0].fill")]),
        (a_type(CodePart("number", 5, ""), code="X"), [(MASTER, "parts[0].fill")]),
        (a_type(CodePart("number", 5, "1"), code="X"), [(MASTER, "parts[0].fill")]),
        (a_type(NUMBER, code="X", start_number=-1), [(MASTER, "start_number")]),
        (a_type(NUMBER, code="X", start_number=100_000), [(MASTER, "start_number")]),
        (a_type(CodePart("letters", 2), code="X", start_letters="AAA"), [(MASTER, "start_letters")]),
        (a_type(CodePart("letters"), code="X", start_letters="a"), [(MASTER, "start_letters")]),
        (a_type(CodePart("letters"), code="X", start_letters=""), [(MASTER, "start_letters")]),
        (a_type(NUMBER, code="X", root=("number",)), [(MASTER, "root[0]")]),
        (a_type(NUMBER, code="X", root=("lot_type", "lot_type")), [(MASTER, "root[1]")]),
        (a_type(NUMBER, code="X", root=("warehouse",)), [(MASTER, "root[0]")]),
        (a_type(CodePart("number", 50, "0"), CodePart("item_class"), code="X"), [("code-too-long", "parts")]),
        (a_type(CodePart("number", 6, "0")), [(MASTER, "parts")]),
        (a_type(NUMBER, start_number=1), [(MASTER, "start_number")]),
        (a_type(NUMBER, start_letters="B"), [(MASTER, "start_letters")]),
        (a_type(NUMBER, root=("lot_type",)), [(MASTER, "root")]),
        (a_type(NUMBER, scope="company"), [(MASTER, "scope")]),
    ],
)
def test_a_code_type_is_refused_with_what_is_wrong(code_type: CodeType, expected: list[tuple[str, str]]) -> None:
    assert refusals(code_type) == expected


def test_codes_that_may_be_short_enough_are_let_in() -> None:
    assert refusals(a_type(CodePart("number", 49, "0"), CodePart("item_code"), code="X")) == []


COMPANY_SERIAL = CodeType("serial", "CS", "", scope="company", parts=(NUMBER,))


def test_two_code_types_of_the_company_that_can_give_one_code_are_refused_with_that_code() -> None:
    other = replace(COMPANY_SERIAL, code="CS2", parts=(CodePart("item_class", 2), CodePart("number", 3, "0")))
    reason, *none = judge(other, some_master(COMPANY_SERIAL))
    assert (reason.code, reason.field, none) == (MASTER, "parts", [])
    assert "serial code types 'CS2' and 'CS' can both give the code '00000'" in reason.message
    assert refusals(replace(other, scope="item"), COMPANY_SERIAL) == []
    assert refusals(replace(other, parts=(CodePart("number", 6, "0"),)), COMPANY_SERIAL) == []


def test_lot_code_types_share_a_scope_where_the_company_says_so() -> None:
    same = a_type(NUMBER, code="SAME")
    assert refusals(same) == []
    master = MasterData(company=Company(lot_code_scope="company"))
    master.put(a_type(NUMBER))
    assert [reason.field for reason in judge(same, master)] == ["parts"]


def test_a_company_cannot_make_lot_codes_unique_that_two_code_types_share() -> None:
    master = MasterData()
    master.put(a_type(NUMBER))
    master.put(a_type(NUMBER, code="SAME"))
    assert [reason.field for reason in judge(Company(lot_code_scope="company"), master)] == ["lot_code_scope"]
    assert judge(Company(lot_code_scope="item"), master) == []


def test_the_scope_of_lot_codes_is_settled_before_the_first_lot_managed_item() -> None:
    assert refusals(Company(lot_code_scope="company"), an_item()) == [(MASTER, "lot_code_scope")]
    assert refusals(Company(lot_code_scope="item"), an_item()) == []


def test_a_letter_that_would_make_two_patterns_meet_is_refused() -> None:
    by_year = replace(COMPANY_SERIAL, code="Y", kind="lot", parts=(CodePart("year_letter"), CodePart("number", 4, "0")))
    master = MasterData(company=Company(lot_code_scope="company"))
    for record in (a_type(NUMBER), YearLetter(2025, "E"), by_year):
        assert judge(record, master) == []
        master.put(record)
    assert judge(YearLetter(2026, "F"), master) == []
    reason, *none = judge(YearLetter(2026, "0"), master)
    assert (reason.code, reason.field, none) == (MASTER, "letter", [])
    assert judge(MonthLetter(1, "0"), master) == []


@pytest.mark.parametrize(
    ("record", "records", "expected"),
    [
        (a_template(warehouse="W9"), [], [("warehouse-unknown", "warehouse")]),
        (a_template(code="LOAD"), [], [(MASTER, "code")]),
        (a_template(code=""), [], [(MASTER, "code")]),
        (a_template(default_location="B9"), [], [("location-unknown", "default_location")]),
        (a_template(offset_warehouse="W2"), [], [("template-offset-invalid", "offset_template")]),
        (a_template(offset_template="X"), [], []),
        (a_template(offset_template="UNL"), [], []),
        (a_template(code="X", offset_template="LOA"), [], [("template-offset-invalid", "offset_template")]),
        (a_template(warehouse="W2", default_location="A1"), [], [("location-unknown", "default_location")]),
        (
            a_template(offset_warehouse="W9", offset_template="X"),
            [],
            [("warehouse-unknown", "offset_warehouse")],
        ),
        (
            a_template(offset_warehouse="W1", offset_template="LOA"),
            [],
            [("template-offset-invalid", "offset_template")],
        ),
        (
            a_template(code="X", offset_warehouse="W1", offset_template="LOA"),
            [],
            [("template-offset-invalid", "offset_template")],
        ),
        (
            a_template(
                code="X", direction="unload", lot_management=False, offset_warehouse="W1", offset_template="LOA"
            ),
            [],
            [("template-offset-invalid", "offset_template")],
        ),
        (
            a_template(code="X", direction="unload", lot_from_lot=True, offset_warehouse="W1", offset_template="NEW"),
            [],
            [("template-offset-invalid", "offset_template")],
        ),
        (a_template(code="X", direction="unload", offset_warehouse="W1", offset_template="LOA"), [], []),
        (
            a_template(warehouse="W2", code="IN", direction="unload"),
            [a_template(code="OUT", direction="unload", offset_warehouse="W2", offset_template="IN")],
            [("template-offset-invalid", "offset_template")],
        ),
        (
            a_template(warehouse="W2", code="IN", offset_warehouse="W1", offset_template="OUT"),
            [a_template(code="OUT", direction="unload", offset_warehouse="W2", offset_template="IN")],
            [],
        ),
        (
            a_template(warehouse="W3", code="ADJ", direction="unload", physical_inventory=True),
            [Warehouse("W3", "", adjustment_load_template="ADJ")],
            [(MASTER, "direction")],
        ),
        (
            a_template(warehouse="W3", code="ADJ"),
            [Warehouse("W3", "", adjustment_load_template="ADJ")],
            [("template-not-for-inventory", "direction")],
        ),
        (
            a_template(warehouse="W3", code="ADJ", physical_inventory=True),
            [Warehouse("W3", "", adjustment_load_template="ADJ")],
            [],
        ),
    ],
)
def test_a_template_is_refused_with_what_is_wrong(
    record: Template, records: list[MasterRecord], expected: list[tuple[str, str]]
) -> None:
    assert refusals(record, *records) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (Warehouse("", ""), [(MASTER, "code")]),
        (Warehouse("W", "", locations=(Location("A", ""), Location("A", ""))), [(MASTER, "locations[1].location")]),
        (Warehouse("W", "", locations=(Location("", ""),)), [(MASTER, "locations[0].location")]),
        (Warehouse("W", "", adjustment_load_template="LOAD"), [(MASTER, "adjustment_load_template")]),
        (
            Warehouse("W1", "", adjustment_load_template="LOA"),
            [("template-not-for-inventory", "adjustment_load_template")],
        ),
        (Warehouse("W1", "", adjustment_load_template="UNL"), [(MASTER, "adjustment_load_template")]),
    ],
)
def test_a_warehouse_is_refused_with_what_is_wrong(record: Warehouse, expected: list[tuple[str, str]]) -> None:
    assert refusals(record) == expected


def test_a_warehouse_keeps_the_locations_that_its_templates_name() -> None:
    named = a_template(code="SHE", default_location="A1")
    assert refusals(Warehouse("W1", "", locations=(Location("B1", ""),)), named) == [(MASTER, "locations")]
    assert refusals(Warehouse("W1", "", locations=(Location("A1", ""), Location("B1", ""))), named) == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (BarcodeRule("", "-", (BarcodeToken("lot"),)), [(MASTER, "prefix")]),
        (BarcodeRule("Lot", "", (BarcodeToken("lot"),)), [(MASTER, "separator")]),
        (BarcodeRule("Lot", "-", ()), [(MASTER, "tokens")]),
        (BarcodeRule("Lot", "-", (BarcodeToken("colour"),)), [(MASTER, "tokens[0].target")]),
        (BarcodeRule("Lot", "-", (BarcodeToken("property:"),)), [(MASTER, "tokens[0].target")]),
        (
            BarcodeRule("Lot", "-", (BarcodeToken("lot", 0, ""),)),
            [(MASTER, "tokens[0].length"), (MASTER, "tokens[0].separator")],
        ),
        (BarcodeRule("Lot", "-", (BarcodeToken("lot"), BarcodeToken("lot"))), [(MASTER, "tokens[1].target")]),
    ],
)
def test_a_barcode_rule_is_refused_with_what_is_wrong(rule: BarcodeRule, expected: list[tuple[str, str]]) -> None:
    assert refusals(rule) == expected


def test_a_barcode_that_an_item_gave_up_is_free_for_another() -> None:
    master = some_master(an_item(barcodes=(Barcode("1"),)), an_item(barcodes=(Barcode("2"),)))
    assert judge(an_item(item_code="NEW", barcodes=(Barcode("1"),)), master) == []
    reason, *none = judge(an_item(item_code="NEW", barcodes=(Barcode("2"),)), master)
    assert reason.message == "barcode '2' belongs to item 'FOO' 'JAM': take it from that item first"
    assert none == []


def test_a_refusal_says_what_mends_it() -> None:
    assert [reason.message for reason in judge(an_item(lot_code_type="X"), MasterData())] == [
        "lot code type 'X' is not known: send the CodeType first"
    ]
