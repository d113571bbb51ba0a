"""Each reason against a read, alone and together, in order; a refused read changes nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from processors.domain import quantity
from tests.counting.counting_story import CHEESE, MINUTE, NOON, Count, feedback_of

Before = Callable[[Count], object]
CHEESE_FIELDS = {"item_class": "FOO", "item_code": "CHEESE"}
SALT_FIELDS = {"item_class": "FOO", "item_code": "SALT"}
PUMP_FIELDS = {"item_class": "MAC", "item_code": "PUMP"}


def nothing(count: Count) -> None:
    """The list is open in the warehouse with shelves, and that is all."""


def closing(count: Count) -> None:
    count.command("close_list", list="L1")
    count.run()


def closed(count: Count) -> None:
    closing(count)
    count.settled()


CASES: list[tuple[str, Before, dict[str, Any], list[str]]] = [
    ("no id", nothing, {"scan_id": "x" * 101}, ["field-invalid"]),
    ("no operator", nothing, {"operator": ""}, ["field-invalid"]),
    ("a lot too long", nothing, {"lot": "x" * 51, "device": "y" * 101}, ["field-invalid", "field-invalid"]),
    ("a read of nothing", nothing, {"action": "read"}, ["field-invalid"]),
    ("in the future", nothing, {**SALT_FIELDS, "location": "A", "quantity": "1", "scanned_at": NOON + 5 * MINUTE + 1},
     ["time-in-future"]),
    ("before time", nothing, {"scanned_at": -1, "sent_at": None}, ["field-invalid"]),
    ("no inventory", nothing, {"inventory": "I9"}, ["inventory-unknown"]),
    ("no list", nothing, {"list": "L9"}, ["list-unknown"]),
    ("inventory closed", closed, {**SALT_FIELDS, "location": "A", "quantity": "1"},
     ["inventory-closed", "list-not-open"]),
    ("list closing", closing, {**SALT_FIELDS, "location": "A", "quantity": "1"}, ["list-not-open"]),
    ("another operator", nothing, {**SALT_FIELDS, "location": "A", "quantity": "1", "operator": "ben"},
     ["not-the-operator"]),
    ("a barcode of nobody", nothing, {"action": "read", "barcode": "NOBODYS"}, ["barcode-unknown"]),
    ("a wrong check digit", nothing, {"action": "read", "barcode": "4006381333932"}, ["barcode-invalid"]),
    ("a lot too long in a barcode", nothing, {"action": "read", "barcode": f"Lot-FOO-CHEESE-{'x' * 51}"},
     ["field-invalid"]),
    ("no such item", nothing, {"action": "read", "item_class": "FOO", "item_code": "PEPPER"}, ["item-unknown"]),
    ("no such variant", nothing, {"action": "read", **CHEESE_FIELDS, "variant": "BLUE"}, ["variant-unknown"]),
    ("no such location", nothing, {"action": "read", "location": "Z"}, ["location-unknown"]),
    ("a location of another list", nothing, {"action": "read", "location": "C"}, ["location-unknown"]),
    ("a location of another warehouse", nothing, {"action": "read", "barcode": "Loc-W1-A"}, ["location-unknown"]),
    ("no such unit", nothing, {"action": "read", **CHEESE_FIELDS, "unit": "LB", "quantity": "1"}, ["unit-unknown"]),
    ("below zero", nothing, {"action": "read", "quantity": "-1"}, ["quantity-not-positive"]),
    ("half a pump", nothing, {"action": "read", **PUMP_FIELDS, "quantity": "0.5"}, ["quantity-not-whole"]),
    ("a third of a kilogram", nothing, {"action": "read", **CHEESE_FIELDS, "quantity": "1", "unit": "THIRD"},
     ["quantity-not-whole"]),
    ("more than there is room for", nothing,
     {"action": "read", **CHEESE_FIELDS, "quantity": "9" * 12, "unit": "BOX"}, ["field-invalid"]),
    ("nothing", nothing, {}, ["item-needed", "location-needed"]),
    ("no location", nothing, {**SALT_FIELDS, "quantity": "1"}, ["location-needed"]),
    ("no lot", nothing, {**CHEESE_FIELDS, "quantity": "1", "location": "A"}, ["lot-needed"]),
    ("no serial", nothing, {**PUMP_FIELDS, "location": "A"}, ["serial-needed"]),
    ("no quantity", nothing, {**SALT_FIELDS, "location": "A"}, ["quantity-needed"]),
    ("nothing but the item", nothing, {"item_class": "MAC", "item_code": "FILTER"},
     ["location-needed", "lot-needed", "serial-needed"]),
    ("two pumps with one serial", nothing, {**PUMP_FIELDS, "location": "A", "serial": "P1", "quantity": "2"},
     ["serial-count-differs"]),
    ("no pump with a serial", nothing, {**PUMP_FIELDS, "location": "A", "serial": "P1", "quantity": "0"},
     ["serial-count-differs"]),
    ("a serial again", lambda count: count.pump(location="A"), {**PUMP_FIELDS, "location": "B", "serial": "P1"},
     ["serial-already-counted"]),
    ("an answer to nothing", nothing, {"action": "answer", "answer": "add"}, ["field-invalid"]),
    ("an answer that says nothing", nothing, {"action": "answer"}, ["field-invalid", "field-invalid"]),
    ("all at once", nothing,
     {"scanned_at": NOON + 60 * MINUTE, "operator": "ben", "barcode": "NOBODYS", **CHEESE_FIELDS, "variant": "BLUE",
      "location": "Z", "unit": "LB", "quantity": "-1"},
     ["time-in-future", "variant-unknown", "location-unknown", "unit-unknown", "quantity-not-positive",
      "not-the-operator", "barcode-unknown", "lot-needed"]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "fields", "codes"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_read_is_refused_with_every_reason_and_changes_nothing(
    before: Before, fields: dict[str, Any], codes: list[str]
) -> None:
    count = Count()
    count.open(warehouse="W2", locations=("A", "B"))
    before(count)
    kept = {topic: dict(rows) for topic, rows in count.view.rows.items() if topic != "counting-state"}
    waiting = [key for key in count.rows("counting-state") if key.startswith("session")]
    told_before = len(count.told)
    values = dict(fields)
    scan = count.a_scan(values.pop("action", "confirm"), values.pop("scan_id", None), **values)
    decision = count.take("scans", scan)

    assert decision.refusal is not None
    assert [reason.code for reason in decision.refusal.reasons] == codes
    told = feedback_of(decision)
    first = decision.refusal.reasons[0]
    assert (told.status, told.code, told.message) == ("refused", codes[0], first.message)
    assert len(decision.records) == 1
    assert {topic: rows for topic, rows in count.view.rows.items() if topic != "counting-state"} == kept
    assert [key for key in count.rows("counting-state") if key.startswith("session")] == waiting
    assert len(count.told) == told_before


def test_a_refused_read_leaves_the_session_as_it_was() -> None:
    count = Count()
    count.open()
    count.scan("read", **CHEESE_FIELDS, quantity="3")
    for fields in ({"barcode": "NOBODYS"}, {"barcode": "4006381333932"}, {"location": "Z"}, {"unit": "LB"}):
        told = count.scan("read", **fields)
        assert (told.status, told.session.item_code, told.session.quantity) == ("refused", "CHEESE", 3 * quantity.ONE)
    assert count.scan(lot="L7").status == "accepted"


def test_an_item_that_is_kept_in_another_unit_by_now_is_not_added_to_what_was_counted() -> None:
    count = Count()
    count.open()
    count.cheese("5")
    count.master.put(replace(CHEESE, unit="G", alternative_units=()))
    assert count.cheese("5", answer="add").code == "unit-unknown"
    assert count.cheese("5000", answer="replace").status == "accepted"
    assert (count.line().counted, count.line().unit) == (5000 * quantity.ONE, "G")


def test_more_than_there_is_room_for_is_not_added() -> None:
    count = Count()
    count.open()
    most = quantity.text(quantity.MAX)
    assert count.cheese(most).status == "accepted"
    assert count.cheese("0.000001", answer="add").code == "field-invalid"


def test_rules_of_barcodes_are_those_of_now() -> None:
    count = Count()
    count.open()
    assert count.scan("read", barcode="Q:7").code == "barcode-unknown"
    rule = count.master.barcode_rules["Qty"]
    count.master.put(replace(rule, prefix="Q", separator=":"))
    assert count.scan("read", barcode="Q:7").session.quantity == 7 * quantity.ONE
