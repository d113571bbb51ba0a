"""What an operator reads, in any order and any way, and the line that it becomes."""

from dataclasses import replace
from typing import Any

import pytest

from processors.domain import quantity
from processors.domain.count_registers import CountSession, ScanFeedback
from tests.counting.counting_story import MINUTE, NOON, Count

GS = "\x1d"
EMPTY = CountSession(None, None, None, None, None, None, None, None, False, False, False)
SALT_FIELDS = {"item_class": "FOO", "item_code": "SALT"}
CHEESE_FIELDS = {"item_class": "FOO", "item_code": "CHEESE"}
Reads = list[tuple[str, dict[str, Any]]]


def reads(count: Count, told: Reads) -> list[tuple[str, str | None]]:
    """(Status, code) of each answer."""
    answers = [count.scan(action, **fields) for action, fields in told]
    return [(answer.status, answer.code) for answer in answers]


def said(count: Count) -> list[tuple[str | None, ...]]:
    """(Item, location, lot, serial, quantity) of each line."""
    return [
        (row.item_code, row.location, row.lot_code, row.serial_code, quantity.text(row.counted))
        for row in count.lines()
    ]


@pytest.mark.parametrize(
    ("told", "line"),
    [
        pytest.param(
            [("confirm", {"item_class": "FOO", "item_code": "SALT", "location": "A", "quantity": "2"})],
            ("SALT", "A", None, None, "2"),
            id="all in one",
        ),
        pytest.param(
            [
                ("read", {"barcode": "Loc-W2-A"}),
                ("read", {"barcode": "Lot-FOO-CHEESE-7-a"}),
                ("read", {"barcode": "Qty-2.5"}),
                ("confirm", {}),
            ],
            ("CHEESE", "A", "7-a", None, "2.5"),
            id="barcode by barcode",
        ),
        pytest.param(
            [("confirm", {"barcode": f"]C1010400638133393110L7{GS}3003", "location": "B"})],
            ("CHEESE", "B", "L7", None, "7.5"),
            id="a label with lot and count, in boxes of 2.5 kg",
        ),
        pytest.param(
            [("read", {"barcode": "4006381333931"}), ("confirm", {"location": "B", "lot": "L7"})],
            ("CHEESE", "B", "L7", None, "2.5"),
            id="the box alone",
        ),
        pytest.param(
            [("read", {"barcode": "4006381333931"}), ("confirm", {"location": "B", "lot": "L7", "quantity": "4"})],
            ("CHEESE", "B", "L7", None, "10"),
            id="a number typed behind a box counts boxes",
        ),
        pytest.param(
            [
                ("read", {"quantity": "4", "unit": "KG"}),
                ("read", {"barcode": "4006381333931"}),
                ("confirm", {"location": "B", "lot": "L7"}),
            ],
            ("CHEESE", "B", "L7", None, "4"),
            id="unless it says what it counts",
        ),
        pytest.param(
            [
                ("read", {**CHEESE_FIELDS, "lot": "L7", "quantity": "9", "location": "C"}),
                ("read", {"barcode": "SALT"}),
                ("confirm", {"quantity": "1"}),
            ],
            ("SALT", "C", None, None, "1"),
            id="a new item takes lot and quantity of the old one away, the place not",
        ),
        pytest.param(
            [("read", {**CHEESE_FIELDS, "lot": "L7"}), ("confirm", {"location": "A", "quantity": "0"})],
            ("CHEESE", "A", "L7", None, "0"),
            id="nobody home",
        ),
        pytest.param(
            [("read", {"barcode": "PUMP-BOX"}), ("confirm", {"barcode": "SN-P1", "location": "A"})],
            ("PUMP", "A", None, "P1", "1"),
            id="a serial is one piece, whatever the label of the box says",
        ),
        pytest.param(
            [("confirm", {"item_class": "MAC", "item_code": "FILTER", "lot": "L7", "serial": "F1", "location": "A"})],
            ("FILTER", "A", "L7", "F1", "1"),
            id="lot and serial",
        ),
        pytest.param(
            [("confirm", {"barcode": f"]C110L7{GS}21S1", **SALT_FIELDS, "location": "A", "quantity": "3"})],
            ("SALT", "A", None, None, "3"),
            id="what the item is not kept by is left out",
        ),
        pytest.param(
            [
                ("read", {"item_code": "SALT"}),
                ("read", {"item_class": "FOO"}),
                ("read", {"quantity": "1"}),
                ("confirm", {"location": "A"}),
            ],
            ("SALT", "A", None, None, "1"),
            id="class and code apart",
        ),
    ],
)  # fmt: skip
def test_what_is_read_becomes_a_line(told: Reads, line: tuple[str | None, ...]) -> None:
    count = Count()
    count.open(warehouse="W2")
    statuses = reads(count, told)
    assert statuses == [("noted", None)] * (len(told) - 1) + [("accepted", None)]
    assert said(count) == [line]
    assert (count.list_row().lines, count.list_row().pending, count.list_row().state) == (1, 1, "counting")


def test_a_line_goes_to_the_ledger_at_once_as_it_stands() -> None:
    count = Count()
    count.open()
    count.cheese("2.5", lot="L7", variant="OLD", scanned_at=NOON - MINUTE)
    (sent,) = (told for told in count.told if told.kind == "line")
    row = count.line()
    assert (sent.inventory, sent.list, sent.line, sent.revision, sent.partition) == ("I1", "L1", "1", 1, None)
    assert (sent.item_class, sent.item_code, sent.variant, sent.lot_code) == ("FOO", "CHEESE", "OLD", "L7")
    assert (sent.warehouse, sent.location, sent.serial_code) == ("W1", None, None)
    assert (sent.counted, sent.unit, sent.operator) == (2_500_000, "KG", "anna")
    assert (sent.counted_from, sent.counted_at) == (NOON - MINUTE, NOON - MINUTE) == (row.counted_from, row.counted_at)


def test_every_answer_shows_the_session_and_what_is_still_needed() -> None:
    count = Count()
    count.open(warehouse="W2")
    told = count.scan("read", **CHEESE_FIELDS)
    assert told == ScanFeedback(
        told.scan_id, "I1", "L1", "anna", "d1", "noted", None, "noted; still needed: location, lot, quantity",
        CountSession("FOO", "CHEESE", None, "Cheese", None, None, None, None, True, False, True), None, NOON,
    )  # fmt: skip
    told = count.scan("read", lot="L7", barcode="Loc-W2-A", quantity="2", unit="BOX")
    assert told.message == "noted; confirm to count it"
    assert told.session == CountSession(
        "FOO", "CHEESE", None, "Cheese", "A", "L7", None, quantity.parse("5"), False, False, False
    )
    told = count.scan()
    assert (told.status, told.session) == ("accepted", replace(EMPTY, location_needed=True))
    assert told.line == count.line()
    assert count.scan("read", item_class="MAC", item_code="PUMP").session.serial_needed


def test_the_place_stays_where_the_list_type_says_so() -> None:
    count = Count()
    count.open(warehouse="W2", type="SHELF")
    count.salt(location="A")
    told = count.cheese()
    assert (told.status, told.session.location) == ("accepted", "A")
    count.scan("read", location="B")
    count.pump()
    assert [row.location for row in count.lines()] == ["A", "A", "B"]


def test_nothing_of_an_item_is_left_for_the_next() -> None:
    count = Count()
    count.open(warehouse="W2")
    count.scan("read", **CHEESE_FIELDS, variant="OLD", lot="L7", quantity="9", unit="BOX", answer="add", location="A")
    told = count.scan("read", item_class="MAC", item_code="FILTER")
    assert told.session == CountSession("MAC", "FILTER", None, "Filter", "A", None, None, None, True, True, False)
    count.scan("read", lot="L7", serial="F1")
    told = count.scan("read", **SALT_FIELDS)
    assert told.session == CountSession("FOO", "SALT", None, "Salt", "A", None, None, None, False, False, False)
    assert count.scan().code == "quantity-needed"
    count.scan("read", **CHEESE_FIELDS, variant="OLD", lot="L7")
    assert count.scan("read", **CHEESE_FIELDS, variant="MILD").session.lot_needed


def test_sessions_of_devices_lists_and_operators_do_not_mix() -> None:
    count = Count()
    count.open()
    count.open("L2", operator="ben")
    count.scan("read", item_class="FOO", item_code="SALT")
    assert count.scan(device="d2", quantity="1").code == "item-needed"
    assert count.scan(list="L2", operator="ben", quantity="1").code == "item-needed"
    assert count.scan(quantity="1").status == "accepted"


def test_cancel_begins_anew() -> None:
    count = Count()
    count.open(warehouse="W2")
    count.scan("read", **CHEESE_FIELDS, location="A")
    assert count.scan("cancel").session == replace(EMPTY, location_needed=True)
    assert not [key for key in count.rows("counting-state") if key.startswith("session")]
    assert count.scan(lot="L7", quantity="1", location="A").code == "item-needed"


def test_a_barcode_that_says_nothing_for_a_count_is_noted_as_that() -> None:
    count = Count()
    count.open()
    told = count.scan("read", barcode="(00)340123450000000000")
    assert (told.status, told.message) == ("noted", "nothing in this barcode is counted")


def test_a_lot_in_lower_case_is_told() -> None:
    count = Count()
    count.open()
    assert (
        count.cheese(lot="l7").message
        == "line 1 says 5 KG of 'CHEESE', lot 'l7'; 'l7' as typed: mind upper and lower case"
    )
    assert "lower case" not in count.scan(barcode="Lot-FOO-CHEESE-l8", quantity="1").message


# second reads


def test_a_second_read_of_the_same_goods_is_asked_about_and_added() -> None:
    count = Count()
    count.open()
    count.salt("5")
    count.time += MINUTE
    told = count.salt("2", scan_id="again")
    assert (told.status, told.code) == ("ask", "ask-add-or-replace")
    assert told.line == count.line() == replace(told.line or count.line(), state="asked", counted=5 * quantity.ONE)
    assert count.kinds().count("line") == 1
    count.time += 10 * MINUTE
    told = count.scan("answer", answer="add", answers="again")
    row = count.line()
    assert (told.status, told.line) == ("accepted", row)
    assert (row.counted, row.reads, row.revision, row.state) == (7 * quantity.ONE, 2, 2, "counted")
    assert (row.counted_from, row.counted_at) == (NOON, NOON + MINUTE)  # when it was read, not when it was answered
    assert count.told[-1].counted == 7 * quantity.ONE
    assert count.list_row().lines == 1


def test_or_takes_the_place_of_the_first() -> None:
    count = Count()
    count.open()
    count.salt("5")
    count.time += MINUTE
    count.salt("2")
    count.scan("answer", answer="replace")
    row = count.line()
    assert (row.counted, row.reads, row.revision, row.counted_from) == (2 * quantity.ONE, 1, 2, NOON + MINUTE)


@pytest.mark.parametrize(("answer", "counted"), [("add", "7"), ("replace", "2")])
@pytest.mark.parametrize("early", [True, False])
def test_a_read_that_says_what_to_do_is_taken_at_once(answer: str, counted: str, early: bool) -> None:
    count = Count()
    count.open()
    assert count.salt("5", answer=answer).status == "accepted"
    if early:
        count.scan("read", answer=answer, item_class="FOO", item_code="SALT")
        told = count.scan(quantity="2")
    else:
        told = count.salt("2", answer=answer)
    assert (told.status, quantity.text(count.line().counted)) == ("accepted", counted)


def test_other_places_lots_and_variants_are_other_lines() -> None:
    count = Count()
    count.open(warehouse="W2")
    for fields in ({}, {"lot": "L2"}, {"variant": "OLD"}, {"location": "B"}):
        assert count.cheese(**{"location": "A", **fields}).status == "accepted"
    assert [row.line for row in count.lines()] == ["1", "2", "3", "4"]


def test_a_question_waits_while_other_goods_are_read() -> None:
    count = Count()
    count.open()
    count.salt("5")
    count.salt("2")
    assert count.cheese().status == "accepted"
    assert count.line("1").state == "asked"
    assert count.scan("answer", answer="add").line == count.line("1")
    assert count.line("1").counted == 7 * quantity.ONE


def test_a_question_is_let_go_by_the_next_one_and_by_cancel() -> None:
    count = Count()
    count.open()
    count.salt("5")
    count.cheese("5")
    count.salt("2")
    count.cheese("1", scan_id="second")
    assert [row.state for row in count.lines()] == ["counted", "asked"]
    assert count.scan("answer", answer="add", answers="first").code == "field-invalid"
    count.scan("cancel")
    assert [row.state for row in count.lines()] == ["counted", "counted"]
    assert count.scan("answer", answer="add", answers="second").code == "field-invalid"
    assert [quantity.text(row.counted) for row in count.lines()] == ["5", "5"]


def test_a_question_is_over_once_the_line_is_said_outright() -> None:
    count = Count()
    count.open()
    count.salt("5")
    count.salt("2")
    count.salt("3", answer="replace")
    assert count.scan("answer", answer="add").code == "field-invalid"
    assert count.line().counted == 3 * quantity.ONE


def test_a_list_that_closes_leaves_a_question_unanswered_and_the_line_as_it_was() -> None:
    count = Count()
    count.open()
    count.salt("5")
    count.salt("2")
    count.command("close_list", list="L1")
    count.run()
    assert count.scan("answer", answer="add").code == "list-not-open"
    count.answer(count.result("1"))
    assert (count.line().state, count.line().counted) == ("settled", 5 * quantity.ONE)


# the same goods on two lists


def test_goods_of_another_list_are_asked_about_and_changed_where_they_stand() -> None:
    count = Count()
    count.open()
    count.open("L2", operator="ben")
    count.salt("5")
    ben = {"list": "L2", "operator": "ben"}
    told = count.salt("2", **ben)
    assert (told.status, told.line and told.line.list) == ("ask", "L1")
    assert "line 1 of list 'L1'" in told.message
    told = count.scan("answer", answer="add", **ben)
    assert (told.line and told.line.list, count.line().counted, count.line().operator) == (
        "L1", 7 * quantity.ONE, "ben"
    )  # fmt: skip
    assert count.lines("L2") == []
    assert count.list_row("L2").lines == 0
    assert count.told[-1].list == "L1"


def test_goods_of_a_list_that_takes_no_reads_any_more_are_refused() -> None:
    count = Count()
    count.open()
    count.open("L2", operator="ben")
    count.salt("5")
    count.command("close_list", list="L1")
    count.run()
    told = count.salt("2", list="L2", operator="ben")
    assert (told.code, told.message) == (
        "list-not-open",
        "list 'L1' is closing and holds these goods already; let the line be recounted there",
    )


def test_a_serial_is_counted_once_in_an_inventory_wherever_it_stands() -> None:
    count = Count()
    count.open(warehouse="W2")
    count.open("L2", operator="ben")
    assert count.pump("P1", location="A").status == "accepted"
    for fields in ({"location": "A"}, {"location": "B"}, {"list": "L2", "operator": "ben", "answer": "add"}):
        assert count.pump("P1", **fields).code == "serial-already-counted"
    assert count.pump("P2", location="A").status == "accepted"
    count.command("open_inventory", "I2")
    count.command("open_list", "I2", list="L1", list_type="FREE", warehouse="W2", operator="anna")
    assert count.pump("P1", inventory="I2", location="A").status == "accepted"


def test_a_rejected_line_is_as_if_it_had_not_been_read() -> None:
    count = Count()
    count.open()
    count.pump("P1")
    count.salt("5")
    count.salt("1")
    assert count.command("reject_line", list="L1", line="1").refusal is None
    assert count.command("reject_line", list="L1", line="2").refusal is None
    assert count.scan("answer", answer="add").code == "line-changed"
    assert count.pump("P1").status == "accepted"
    assert count.salt("4").status == "accepted"
    assert [(row.line, row.state) for row in count.lines()] == [
        ("1", "rejected"), ("2", "rejected"), ("3", "counted"), ("4", "counted"),
    ]  # fmt: skip
    assert (count.list_row().lines, count.list_row().pending) == (4, 2)
    assert count.kinds()[3:] == ["line", "line", "drop_line", "drop_line", "line", "line"]


# clocks


def test_the_moment_of_a_read_is_by_the_record_where_the_scanner_tells_its_own_time() -> None:
    count = Count()
    count.open()
    wrong = NOON + 60 * MINUTE
    count.salt("5", scanned_at=wrong - 2 * MINUTE, sent_at=wrong)
    assert (count.line().counted_at, count.line().reason) == (NOON - 2 * MINUTE, None)


def test_a_read_without_the_scanner_s_time_far_from_the_record_marks_its_line() -> None:
    count = Count()
    count.open()
    count.salt("5", scanned_at=NOON - 15 * MINUTE, sent_at=None)
    count.cheese("5", scanned_at=NOON - 15 * MINUTE - 1, sent_at=None)
    assert [row.reason for row in count.lines()] == [None, "clock-uncertain"]
    told = count.cheese("1", answer="add")
    assert (count.line("2").reason, told.line and told.line.reason) == ("clock-uncertain", "clock-uncertain")
    count.cheese("1", answer="replace")
    assert count.line("2").reason is None


def test_a_line_is_of_the_moments_of_its_reads_and_not_of_its_confirmation() -> None:
    count = Count()
    count.open(warehouse="W2")
    count.scan("read", location="A")
    count.time += MINUTE
    count.scan("read", item_class="FOO", item_code="SALT")
    count.time += MINUTE
    count.scan("read", quantity="3")
    count.time += MINUTE
    count.scan()
    assert (count.line().counted_from, count.line().counted_at) == (NOON + MINUTE, NOON + 2 * MINUTE)


# again


def test_a_read_that_comes_twice_gets_its_answer_again_and_changes_nothing() -> None:
    count = Count()
    count.open()
    first = count.salt("5", scan_id="s", answer="add")
    before = dict(count.rows("count-line-register"))
    count.time += MINUTE
    assert count.salt("5", scan_id="s", answer="add", scanned_at=NOON) == first
    assert count.rows("count-line-register") == before
    assert count.kinds().count("line") == 1
    assert count.salt("6", scan_id="s", answer="add", scanned_at=NOON).code == "field-invalid"
    assert count.line().counted == 5 * quantity.ONE


def test_a_late_second_arrival_of_a_read_that_lacked_something_counts_nothing() -> None:
    count = Count()
    count.open()
    count.scan("read", item_class="FOO", item_code="SALT")
    first = count.scan(scan_id="s")
    assert first.code == "quantity-needed"
    count.scan("read", quantity="5")
    assert count.scan(scan_id="s") == first
    assert count.lines() == []


def test_a_read_that_was_refused_for_what_others_mend_is_decided_afresh() -> None:
    count = Count()
    assert count.salt("5", scan_id="s").code == "inventory-unknown"
    count.open()
    assert count.salt("5", scan_id="s").status == "accepted"
