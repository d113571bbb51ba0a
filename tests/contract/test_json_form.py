"""How people write records: every wrong field is named, at once, with what was expected."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.contract.json_form import JsonFormError, from_json, to_json
from processors.domain.master import Item
from processors.domain.movement import Movement, MovementLot, RegisterEdit
from tests.contract.records import TOPICS_AND_RECORDS, a_load, values

FORM: dict[str, Any] = {
    "movement_id": "M1",
    "action": "post",
    "template": "CAR",
    "warehouse": "01",
    "quantity": "5",
    "item_class": "FOO",
    "item_code": "FLOUR",
    "effective_date": "2026-11-21",
    "lots": [{"lot_code": "L1", "quantity": "5"}],
}


@pytest.mark.parametrize(("topic", "record"), TOPICS_AND_RECORDS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_every_record_comes_back_from_its_json_form(topic: str, record: type, data: Any) -> None:
    value = data.draw(values(record))
    assert from_json(record, json.loads(json.dumps(to_json(value)))) == value


def test_absent_fields_have_their_defaults() -> None:
    assert from_json(Movement, FORM) == a_load()


def test_numbers_dates_and_times_have_their_written_form() -> None:
    value = a_load(quantity=12_500_000, occurred_at=1_795_219_200_001, lots=(MovementLot(None, -1),))
    form = to_json(value)
    assert (form["quantity"], form["effective_date"]) == ("12.5", "2026-11-21")
    assert form["occurred_at"] == "2026-11-21T00:00:00.001Z"
    assert form["lots"][0]["quantity"] == "-0.000001"


DECIMAL = 'expected a decimal as text such as "12.5"'


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"quantity": 5}, [f"quantity: {DECIMAL} or null, got 5"]),
        ({"quantity": "five"}, ["quantity: expected a decimal such as 12.5, got 'five'"]),
        ({"quantity": "1.1234567"}, ["quantity: expected at most 6 decimals, got '1.1234567'"]),
        ({"movement_id": 3}, ["movement_id: expected text, got 3"]),
        ({"movement_id": None}, ["movement_id: expected text, got null"]),
        ({"movement_id": "\ud800"}, ['movement_id: expected text of valid Unicode, got "\\ud800"']),
        ({"action": "give"}, ['action: expected one of post, reverse, reserve, release, got "give"']),
        ({"action": "unspecified"}, ['action: expected one of post, reverse, reserve, release, got "unspecified"']),
        ({"effective_date": "2026-02-30"}, ["effective_date: expected a date such as 2026-11-21, got '2026-02-30'"]),
        ({"occurred_at": "2026-11-21T10:00:00"}, ["occurred_at: expected a time with a zone such as "]),
        ({"packages": True}, ["packages: expected a whole number of 32 bits or null, got true"]),
        ({"packages": 2**31}, ["packages: expected a whole number of 32 bits or null, got 2147483648"]),
        ({"packages": 1.0}, ["packages: expected a whole number of 32 bits or null, got 1.0"]),
        ({"serials": "S1"}, ['serials: expected a list, got "S1"']),
        ({"serials": ["S1", 2]}, ["serials[1]: expected text, got 2"]),
        ({"lots": [{"quantity": "1"}, 7]}, ["lots[1]: expected an object, got 7"]),
        ({"lots": [{"lot_code": "L"}]}, [f"lots[0].quantity: is missing, {DECIMAL}"]),
        ({"lots": [{"quantity": "1", "lot": "L"}]}, ["lots[0].lot: is not a field of MovementLot; did you mean lot_"]),
        ({"qantity": "5"}, ["qantity: is not a field of Movement; did you mean quantity?"]),
        ({"zzz": 1}, ["zzz: is not a field of Movement; its fields are account, action,"]),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected(changes: dict[str, Any], errors: list[str]) -> None:
    with pytest.raises(JsonFormError) as raised:
        from_json(Movement, {**FORM, **changes})
    assert len(raised.value.errors) == len(errors)
    for error, expected in zip(raised.value.errors, errors, strict=True):
        assert str(error).startswith(expected)


def test_all_errors_of_a_record_come_at_once() -> None:
    with pytest.raises(JsonFormError) as raised:
        from_json(Movement, {"movement_id": 1, "lots": [{"quantity": 1}], "colour": "red"})
    assert [error.field for error in raised.value.errors] == [
        "movement_id",
        "action",
        "item_class",
        "item_code",
        "effective_date",
        "lots[0].quantity",
        "colour",
    ]


@pytest.mark.parametrize("form", [None, 5, [], "text"])
def test_what_is_no_object_is_no_record(form: object) -> None:
    with pytest.raises(JsonFormError, match="Item: expected an object, got"):
        from_json(Item, form)


def test_changes_of_an_edit_are_texts_or_null() -> None:
    edit = {"edit_id": "E", "register": "lot", "item_class": "F", "item_code": "I", "edited_by": "anna"}
    assert from_json(RegisterEdit, {**edit, "changes": {"notes": None}}).changes == {"notes": None}
    with pytest.raises(JsonFormError, match=r"changes\.closed: expected text or null, got true"):
        from_json(RegisterEdit, {**edit, "changes": {"closed": True}})
