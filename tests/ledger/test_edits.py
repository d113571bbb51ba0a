"""Lots and serials edited by hand: what an edit changes, what it may not, and that it is taken once."""

from dataclasses import replace
from typing import Any

import pytest

from processors.domain import quantity
from processors.domain.calendar import day_text, parse_day
from processors.domain.decision import Decision
from processors.domain.events import HistoryEntry, Reply
from processors.domain.master import Company, Item, MasterRecord
from processors.domain.movement import RegisterEdit
from processors.domain.registers import LotRow, ReservationRow, SerialRow
from processors.domain.view import RESERVATIONS
from tests.ledger.ledger_story import (
    CHEESE,
    FILTER,
    NOON,
    PUMP,
    TODAY,
    Ledger,
    a_lot,
    a_movement,
    edit_of_lot,
    edit_of_serial,
    published,
    refused_with,
    reply_of,
)

LOT = "FOO|CHEESE||L1"
SERIAL = "MAC|PUMP|||P1"
Changes = dict[str, str | None]


def with_cheese(*records: MasterRecord, **fields: Any) -> Ledger:
    """10 kg of lot L1, from today, valid for 30 days, warned 10 and blocked 5 days before."""
    ledger = Ledger(*records)
    lot = a_lot("L1", "10", supplier_lot="SL", **fields)
    assert ledger.send(a_movement(CHEESE, "IN", "10", lots=(lot,))).refusal is None
    return ledger


def with_pump(*records: MasterRecord) -> Ledger:
    ledger = Ledger(*records)
    assert ledger.send(a_movement(PUMP, "IN", "1", serials=("P1",))).refusal is None
    return ledger


def lot_after(ledger: Ledger, changes: Changes) -> LotRow:
    reply = reply_of(ledger.edit(edit_of_lot(changes)))
    assert reply.status == "done", reply.reasons
    row = ledger.rows("lot-register")[LOT]
    assert isinstance(row, LotRow)
    return row


def serial_after(ledger: Ledger, changes: Changes, edit_id: str = "e1") -> SerialRow:
    reply = reply_of(ledger.edit(edit_of_serial(changes, edit_id)))
    assert reply.status == "done", reply.reasons
    row = ledger.rows("serial-register")[SERIAL]
    assert isinstance(row, SerialRow)
    return row


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("supplier_lot", "S-9", "S-9"),
        ("supplier_lot", None, None),
        ("customer_lot", "C-9", "C-9"),
        ("notes", "a dent", "a dent"),
        ("evaluation", "A", "A"),
        ("label_type", "BIG", "BIG"),
        ("status", "HOLD", "HOLD"),
        ("available", "false", False),
        ("closed", "true", True),
    ],
)
def test_an_edit_changes_its_field_of_a_lot_and_nothing_else(name: str, text: str | None, value: object) -> None:
    ledger = with_cheese()
    before = ledger.rows("lot-register")[LOT]
    after = lot_after(ledger, {name: text})
    assert after == replace(before, **{name: value, "updated_at": NOON + 1000})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("customer_code", "C-1", "C-1"),
        ("supplier_code", "S-1", "S-1"),
        ("cancelled", "true", True),
        ("force_closed", "true", True),
        ("expiry_date", "2030-01-01", parse_day("2030-01-01")),
        ("expiry_date", None, None),
    ],
)
def test_an_edit_changes_its_field_of_a_serial_and_nothing_else(name: str, text: str | None, value: object) -> None:
    ledger = with_pump()
    before = ledger.rows("serial-register")[SERIAL]
    assert serial_after(ledger, {name: text}) == replace(before, **{name: value, "updated_at": NOON + 1000})


def test_an_edit_of_several_fields_is_one_step() -> None:
    row = lot_after(with_cheese(), {"notes": "n", "evaluation": "B", "closed": "true", "supplier_lot": None})
    assert (row.notes, row.evaluation, row.closed, row.supplier_lot) == ("n", "B", True, None)


def test_an_edit_to_what_stands_there_already_is_done_and_changes_no_row() -> None:
    ledger = with_cheese()
    decision = ledger.edit(edit_of_lot({"supplier_lot": "SL", "closed": "false"}))
    assert reply_of(decision).status == "done"
    assert [register.topic for register, _, _ in decision.rows] == ["ledger-state"]


@pytest.mark.parametrize(
    ("given", "changes", "days"),
    [
        # start, expiry, warned from, blocked from
        ({}, {"start_date": "2026-03-01"}, ("2026-03-01", "2026-03-31", "2026-03-21", "2026-03-26")),
        ({}, {"expiry_date": "2026-05-01"}, ("2026-03-10", "2026-05-01", "2026-04-21", "2026-04-26")),
        ({}, {"expiry_date": None}, ("2026-03-10", None, None, None)),
        (
            {},
            {"start_date": "2026-03-01", "expiry_date": "2026-05-01"},
            ("2026-03-01", "2026-05-01", "2026-04-21", "2026-04-26"),
        ),
        (
            {"expiry_date": parse_day("2026-06-30")},
            {"start_date": "2026-03-01"},
            ("2026-03-01", "2026-06-30", "2026-06-20", "2026-06-25"),
        ),
        ({}, {"start_date": None}, (None, "2026-04-09", "2026-03-30", "2026-04-04")),
    ],
)
def test_the_days_of_a_lot_follow_its_edited_dates(
    given: dict[str, Any], changes: Changes, days: tuple[str | None, ...]
) -> None:
    row = lot_after(with_cheese(**given), changes)
    found = (row.start_date, row.expiry_date, row.warn_from, row.block_from)
    assert tuple(None if day is None else day_text(day) for day in found) == days


def test_a_serial_s_expiry_follows_its_start() -> None:
    row = serial_after(with_pump(), {"start_date": "2026-01-01"})
    assert row.expiry_date is not None
    assert day_text(row.expiry_date) == "2027-01-01"


def test_the_edited_dates_decide_which_lot_goes_first() -> None:
    ledger = with_cheese()
    ledger.send(a_movement(CHEESE, "IN", "5", "m2", lots=(a_lot("L2", "5", expiry_date=parse_day("2026-04-20")),)))
    ledger.edit(edit_of_lot({"expiry_date": "2026-05-01"}))
    reply = reply_of(ledger.send(a_movement(CHEESE, "OUT", "1", "m3")))
    assert [lot.lot_code for lot in reply.lots] == ["L2"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"colour": "red"}, "edit-field-unknown", "changes.colour"),
        ({"stock": "99"}, "edit-field-unknown", "changes.stock"),
        ({"cancelled": "true"}, "edit-field-unknown", "changes.cancelled"),
        ({"closed": "yes"}, "field-invalid", "changes.closed"),
        ({"closed": None}, "field-invalid", "changes.closed"),
        ({"expiry_date": "31.12.2026"}, "field-invalid", "changes.expiry_date"),
        ({"expiry_date": "2026-03-09"}, "field-invalid", "changes.expiry_date"),
        ({"supplier_lot": "x" * 51}, "field-invalid", "changes.supplier_lot"),
        ({"notes": ""}, "field-invalid", "changes.notes"),
        ({"status": "NEW"}, "status-unknown", "changes.status"),
        ({}, "field-invalid", "changes"),
    ],
)
def test_what_a_lot_s_edit_cannot_say_is_refused_with_its_field(changes: Changes, code: str, field: str) -> None:
    decision = with_cheese().edit(edit_of_lot(changes))
    assert refused_with(decision) == [code]
    assert [reason.field for reason in reply_of(decision).reasons] == [field]


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"edit_id": ""}, ["field-invalid"]),
        ({"edited_by": ""}, ["field-invalid"]),
        ({"register": "stock"}, ["field-invalid"]),
        ({"serial_code": "P1"}, ["field-invalid"]),
        ({"edited_at": -1}, ["field-invalid"]),
        ({"edited_at": NOON + 3_600_000}, ["time-in-future"]),
        ({"edited_at": NOON - 90 * 86_400_000}, ["date-outside-period"]),
        ({"item_code": "BREAD"}, ["item-unknown"]),
        ({"variant": "SMOKED"}, ["variant-unknown"]),
        ({"variant": "OLD"}, ["lot-unknown"]),
        ({"lot_code": "L9"}, ["lot-unknown"]),
        ({"lot_code": None}, ["field-invalid", "lot-unknown"]),
        ({"register": "serial", "serial_code": "P9"}, ["serial-unknown", "edit-field-unknown"]),
        (
            {"lot_code": "L9", "changes": {"colour": "red", "closed": "no"}},
            ["field-invalid", "lot-unknown", "edit-field-unknown"],
        ),
    ],
)
def test_every_reason_against_an_edit_is_told_at_once(fields: dict[str, Any], codes: list[str]) -> None:
    request = replace(edit_of_lot({"notes": "n"} if fields.get("register") != "serial" else {"status": "OK"}), **fields)
    assert refused_with(with_cheese().edit(request)) == codes


@pytest.mark.parametrize("changes", [{"start_date": "2026-03-01"}, {"expiry_date": "2026-05-01"}])
def test_dates_that_follow_from_the_item_s_rules_are_not_edited(changes: Changes) -> None:
    decision = with_cheese(replace(CHEESE, expiry_editable=False)).edit(edit_of_lot(changes))
    assert refused_with(decision) == ["edit-not-allowed"]


def test_a_closed_lot_does_not_go_and_goes_again_once_opened() -> None:
    ledger = with_cheese()
    ledger.edit(edit_of_lot({"closed": "true"}))
    unload = a_movement(CHEESE, "OUT", "1", "m2", lots=(a_lot("L1", "1"),))
    assert refused_with(ledger.send(unload)) == ["lot-closed"]
    ledger.edit(edit_of_lot({"closed": "false"}, "e2"))
    assert reply_of(ledger.send(unload)).status == "done"


def test_closing_a_lot_takes_nothing_away_from_the_registers() -> None:
    ledger = with_cheese()
    stock = dict(ledger.rows("stock-register"))
    row = lot_after(ledger, {"closed": "true"})
    assert quantity.text(row.stock) == "10"
    assert ledger.rows("stock-register") == stock


def test_a_serial_closed_by_force_has_a_document_line_that_is_reversed_when_it_is_opened_again() -> None:
    ledger = with_pump()
    lines: list[HistoryEntry] = []
    for number, flag in enumerate(("true", "true", "false")):
        decision = ledger.edit(edit_of_serial({"force_closed": flag}, f"e{number}"))
        lines += published(decision, "register-history")
    closed, opened = lines
    assert (closed.serial_code, closed.direction, closed.force_closed, closed.reversed) == ("P1", "unload", True, False)
    assert (closed.warehouse, closed.movement_id) == ("W1", "e0")
    assert (opened.entry_id, opened.reversed) == (closed.entry_id, True)


@pytest.mark.parametrize(
    ("changes", "reserved", "document"),
    [
        ({"reserved_for": "customer_order|4711"}, True, "customer_order|4711"),
        ({"reserved": "true", "reserved_for": "customer_order|4711"}, True, "customer_order|4711"),
        ({"reserved": "true"}, True, None),
    ],
)
def test_a_serial_reserved_by_hand_moves_for_its_document_only(
    changes: Changes, reserved: bool, document: str | None
) -> None:
    ledger = with_pump()
    row = serial_after(ledger, changes)
    assert (row.reserved, row.reserved_for) == (reserved, document)
    unload = a_movement(PUMP, "OUT", "1", "m2", serials=("P1",))
    assert refused_with(ledger.send(unload)) == ["serial-reserved"]
    named = replace(unload, document_type="customer_order", document_number="4711")
    assert (ledger.send(named).refusal is None) == (document is not None)


@pytest.mark.parametrize("changes", [{"reserved": "false"}, {"reserved_for": None}])
def test_a_serial_s_reservation_by_hand_is_taken_back_by_hand(changes: Changes) -> None:
    ledger = with_pump()
    serial_after(ledger, {"reserved_for": "customer_order|4711"})
    row = serial_after(ledger, changes, "e2")
    assert (row.reserved, row.reserved_for) == (False, None)


@pytest.mark.parametrize(
    "changes",
    [{"reserved": "maybe"}, {"reserved_for": "4711"}, {"reserved_for": "customer_order|"}, {"reserved_for": "a|b|c\\"},
     {"reserved": "false", "reserved_for": "customer_order|4711"}],
)  # fmt: skip
def test_a_reservation_that_names_no_document_or_contradicts_itself_is_refused(changes: Changes) -> None:
    assert refused_with(with_pump().edit(edit_of_serial(changes))) == ["field-invalid"]


def test_a_serial_that_is_out_is_not_reserved() -> None:
    ledger = with_pump()
    ledger.send(a_movement(PUMP, "OUT", "1", "m2", serials=("P1",)))
    assert refused_with(ledger.edit(edit_of_serial({"reserved": "true"}))) == ["edit-not-allowed"]


@pytest.mark.parametrize(("committed", "codes"), [("1", ["edit-not-allowed"]), ("0", None)])
def test_what_a_movement_reserved_is_released_by_a_movement(committed: str, codes: list[str] | None) -> None:
    ledger = with_pump()
    ledger.change_serial(SERIAL, reserved=True, reserved_for="customer_order|4711")
    held = ReservationRow(
        "MAC", "PUMP", None, "W1", None, None, "P1", "customer_order", "4711", quantity.parse(committed), 0, NOON, NOON
    )
    ledger.view.take(Decision([(RESERVATIONS, "MAC|PUMP||W1|||P1|customer_order|4711", held)]))
    decision = ledger.edit(edit_of_serial({"reserved": "false"}))
    assert (None if decision.refusal is None else refused_with(decision)) == codes


def test_a_serial_in_a_lot_is_found_without_its_lot_unless_it_stands_in_several() -> None:
    ledger = Ledger()
    for number in (1, 2):
        lot = replace(a_lot(f"F{number}", "1"), serials=("A",) if number == 2 else ("A", "B")[:1])
        ledger.send(a_movement(FILTER, "IN", "1", f"m{number}", lots=(lot,)))
        request = RegisterEdit(
            f"e{number}", "serial", "MAC", "FILTER", None, None, "A", "me", None, {"customer_code": "C"}
        )
        decision = ledger.edit(request)
        if number == 1:
            assert reply_of(decision).status == "done"
            assert ledger.rows("serial-register")["MAC|FILTER||F1|A"].customer_code == "C"
        else:
            assert refused_with(decision) == ["lot-missing"]
    named = replace(request, edit_id="e3", lot_code="F2")
    assert reply_of(ledger.edit(named)).status == "done"
    assert ledger.rows("serial-register")["MAC|FILTER||F2|A"].customer_code == "C"


def test_an_edit_sent_again_gets_its_first_answer_and_changes_nothing() -> None:
    ledger = with_cheese()
    request = edit_of_lot({"notes": "one", "evaluation": "A"})
    assert reply_of(ledger.edit(request)).status == "done"
    ledger.edit(edit_of_lot({"notes": "two"}, "e2"))
    again = ledger.edit(replace(request, changes={"evaluation": "A", "notes": "one"}))
    assert not again.rows
    assert reply_of(again) == Reply("register-edits", "e1", "duplicate", (), (), (), None, (), NOON + 1000)
    assert ledger.rows("lot-register")[LOT].notes == "two"


def test_an_edit_s_id_under_which_something_else_was_taken_is_refused() -> None:
    ledger = with_cheese()
    ledger.edit(edit_of_lot({"notes": "one"}))
    assert refused_with(ledger.edit(edit_of_lot({"notes": "two"}))) == ["movement-id-reused"]


def test_a_refused_edit_has_not_used_up_its_id() -> None:
    ledger = Ledger()
    assert refused_with(ledger.edit(edit_of_lot({"notes": "n"}))) == ["lot-unknown"]
    ledger.send(a_movement(CHEESE, "IN", "1", lots=(a_lot("L1", "1"),)))
    assert lot_after(ledger, {"notes": "n"}).notes == "n"


def test_a_movement_and_an_edit_may_have_the_same_id() -> None:
    ledger = with_cheese()
    assert reply_of(ledger.edit(edit_of_lot({"notes": "n"}, "m1"))).status == "done"


def test_an_edit_s_day_is_the_company_s() -> None:
    ledger = with_cheese(Company(open_from=TODAY, time_zone="Asia/Tokyo"))
    tokyo_midnight = TODAY * 86_400_000 - 9 * 3_600_000
    late = replace(edit_of_lot({"notes": "n"}), edited_at=tokyo_midnight - 1)
    assert refused_with(ledger.edit(late)) == ["date-outside-period"]
    assert reply_of(ledger.edit(replace(late, edited_at=tokyo_midnight))).status == "done"


def test_an_item_without_validity_keeps_the_expiry_that_was_typed() -> None:
    bare: Item = replace(CHEESE, lot_validity_days=None)
    row = lot_after(with_cheese(bare, expiry_date=parse_day("2026-04-01")), {"start_date": "2026-03-01"})
    assert row.expiry_date == parse_day("2026-04-01")
