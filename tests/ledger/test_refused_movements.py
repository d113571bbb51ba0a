"""What is refused, with every reason that applies, in their order, each with the field it is about."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from processors.domain import quantity
from processors.domain.calendar import parse_day
from processors.domain.master import Company, Item
from processors.domain.movement import Movement
from processors.domain.refusals import ORDER
from processors.domain.registers import StateRow
from tests.ledger.ledger_story import (
    CHEESE,
    FILTER,
    NOON,
    PUMP,
    SALT,
    TODAY,
    Ledger,
    a_lot,
    a_movement,
    refused_with,
    reply_of,
)

NOBODY = Item("FOO", "NONE", "Nobody's", (), None, None, None, "KG", (), (), False, False, "manual")
HUGE = "999999999999.999999"


def of_lot(template: str, amount: str, **fields: Any) -> Movement:
    """A movement of lot L1, in which each ledger below has 10 KG since yesterday."""
    return a_movement(CHEESE, template, amount, lots=(a_lot("L1", amount),), **fields)


def of_pump(template: str, *serials: str, **fields: Any) -> Movement:
    return a_movement(PUMP, template, str(len(serials)), serials=serials, **fields)


CASES: dict[str, tuple[Movement, list[tuple[str, str | None]]]] = {
    "no id": (a_movement(SALT, "IN", "1", ""), [("field-invalid", "movement_id")]),
    "an id that is too long": (a_movement(SALT, "IN", "1", "x" * 101), [("field-invalid", "movement_id")]),
    "no template, warehouse, quantity": (
        replace(a_movement(SALT, "IN", "1"), template=None, warehouse=None, quantity=None),
        [("field-invalid", "template"), ("field-invalid", "warehouse"), ("field-invalid", "quantity")],
    ),
    "names what it reverses": (a_movement(SALT, "IN", "1", reverses="m0"), [("field-invalid", "reverses")]),
    "a lot from a lot": (
        a_movement(CHEESE, "OUT", "1", into_lot="L2", lots=(a_lot("L1", "1"),)),
        [("field-invalid", "into_lot")],
    ),
    "a day that no calendar has": (
        a_movement(SALT, "IN", "1", effective_date=2**31 - 1),
        [("field-invalid", "effective_date")],
    ),
    "a document's day that no calendar has": (
        a_movement(SALT, "IN", "1", document_date=-(2**31)),
        [("field-invalid", "document_date")],
    ),
    "a lot's days that no calendar has": (
        a_movement(CHEESE, "IN", "1", lots=(a_lot("L2", "1", start_date=2**31 - 1, expiry_date=-(2**31)),)),
        [("field-invalid", "lots[0].start_date"), ("field-invalid", "lots[0].expiry_date")],
    ),
    "moved more than 5 minutes in the future": (
        a_movement(SALT, "IN", "1", occurred_at=NOON + 300_001),
        [("time-in-future", "occurred_at")],
    ),
    "moved before 1970": (a_movement(SALT, "IN", "1", occurred_at=-1), [("field-invalid", "occurred_at")]),
    "lot codes empty, too long, twice": (
        a_movement(CHEESE, "IN", "4", lots=(a_lot("", "1"), a_lot("x" * 51, "1"), a_lot("L2", "1"), a_lot("L2", "1"))),
        [("field-invalid", f"lots[{place}].lot_code") for place in (0, 1, 3)],
    ),
    "supplier's and customer's lot too long": (
        a_movement(CHEESE, "IN", "1", lots=(a_lot("L2", "1", supplier_lot="s" * 51, customer_lot="c" * 51),)),
        [("field-invalid", "lots[0].supplier_lot"), ("field-invalid", "lots[0].customer_lot")],
    ),
    "an unknown item, and all that can be said without it": (
        a_movement(NOBODY, "XX", "0", location="Z", account="A9", effective_date=parse_day("2027-01-01")),
        [
            ("item-unknown", "item_code"),
            ("template-unknown", "template"),
            ("location-unknown", "location"),
            ("account-unknown", "account"),
            ("quantity-not-positive", "quantity"),
            ("date-outside-period", "effective_date"),
        ],
    ),
    "an unknown warehouse, of whose template nothing can be said": (
        a_movement(SALT, "IN", "1", warehouse="W9", variant="RED", unit="TON"),
        [("variant-unknown", "variant"), ("warehouse-unknown", "warehouse"), ("unit-unknown", "unit")],
    ),
    "an unknown unit in a movement that has more wrong with it": (
        a_movement(CHEESE, "IN", "2", unit="TON", lots=(a_lot("L2", "1"),)),
        [("unit-unknown", "unit"), ("lot-quantities-differ", "lots")],
    ),
    "a negative quantity": (a_movement(SALT, "IN", "-1"), [("quantity-not-positive", "quantity")]),
    "a line of nothing": (
        a_movement(CHEESE, "IN", "1", lots=(a_lot("L2", "1"), a_lot("L3", "0"))),
        [("quantity-not-positive", "lots[1].quantity")],
    ),
    "a quantity that six decimals cannot hold": (
        a_movement(CHEESE, "IN", "0.0001", unit="G", lots=(a_lot("L2", "0.0001"),)),
        [("quantity-not-whole", "quantity"), ("quantity-not-whole", "lots[0].quantity")],
    ),
    "a quantity too large in the management unit": (
        a_movement(PUMP, "IN", HUGE, unit="PALLET"),
        [("field-invalid", "quantity")],
    ),
    "parts of pieces": (
        a_movement(PUMP, "IN", "1.5", serials=("P1",)),
        [("quantity-not-whole", "quantity")],
    ),
    "before the open period": (
        a_movement(SALT, "IN", "1", effective_date=parse_day("2025-12-31")),
        [("date-outside-period", "effective_date")],
    ),
    "papers missing": (
        a_movement(CHEESE, "DOC", "1", document_type="other", lots=(a_lot("L1", "1"),)),
        [("document-missing", "document_number"), ("account-missing", "account"), ("lot-exists", "lots[0].lot_code")],
    ),
    "no lots on an unload": (a_movement(CHEESE, "OUT", "1", warehouse="W2", lots=(a_lot(None, "1"),)), [
        ("lot-missing", "lots[0].lot_code"),
    ]),
    "lots that do not add up": (
        a_movement(CHEESE, "OUT", "3", lots=(a_lot("L1", "2"),)),
        [("lot-quantities-differ", "lots")],
    ),
    "lots of an item without": (a_movement(SALT, "IN", "1", lots=(a_lot("L1", "1"),)), [("lot-not-managed", "lots")]),
    "lots on a template without": (
        a_movement(CHEESE, "BLK", "1", lots=(a_lot("L1", "1"),)),
        [("lot-not-managed", "lots")],
    ),
    "serials of an item without": (
        a_movement(CHEESE, "OUT", "1", serials=("P1",), lots=(a_lot("L1", "1", serials=("P2",)),)),
        [("serial-not-managed", "serials"), ("serial-not-managed", "lots[0].serials")],
    ),
    "too few serials on a template that creates none": (
        a_movement(PUMP, "TYP", "2", serials=("P2",)),
        [("serial-count-differs", "serials")],
    ),
    "too many serials": (a_movement(PUMP, "IN", "1", serials=("P2", "P3")), [("serial-count-differs", "serials")]),
    "serials beside several lots": (
        a_movement(FILTER, "IN", "2", serials=("F1",), lots=(a_lot("L2", "1"), a_lot("L3", "1"))),
        [("field-invalid", "serials")],
    ),
    "a serial twice, an empty one, one too long": (
        a_movement(PUMP, "IN", "5", serials=("P2", "P2", "", "x" * 51, "P3")),
        [("field-invalid", "serials[2]"), ("field-invalid", "serials[3]"), ("serial-repeated", "serials")],
    ),
    "a load of a lot that exists, by a template that does not add": (
        of_lot("IN", "1"),
        [("lot-exists", "lots[0].lot_code")],
    ),
    "a lot that nobody knows": (
        a_movement(CHEESE, "OUT", "1", lots=(a_lot("L9", "1"),)),
        [("lot-unknown", "lots[0].lot_code")],
    ),
    "a lot of another variant": (
        a_movement(CHEESE, "OUT", "1", variant="OLD", lots=(a_lot("L1", "1"),)),
        [("lot-unknown", "lots[0].lot_code")],
    ),
    "more than there is": (of_lot("OUT", "10.000001"), [("stock-insufficient", "lots[0].lot_code")]),
    "stock that stands in another warehouse": (
        of_lot("OUT", "1", warehouse="W2", location="A"),
        [("stock-insufficient", "lots[0].lot_code")],
    ),
    "an expiry before the start": (
        a_movement(CHEESE, "IN", "1", lots=(a_lot("L2", "1", start_date=TODAY, expiry_date=TODAY - 1),)),
        [("field-invalid", "lots[0].expiry_date")],
    ),
    "a serial in stock": (of_pump("IN", "P1"), [("serial-in-stock", "serials")]),
    "a serial that nobody knows": (of_pump("OUT", "P9"), [("serial-not-in-stock", "serials")]),
    "a serial in another warehouse": (
        of_pump("OUT", "P1", warehouse="W3"),
        [("stock-insufficient", "quantity"), ("serial-not-in-stock", "serials")],
    ),
}  # fmt: skip


def stocked() -> Ledger:
    """10 KG of lot L1, 3 KG of salt, pumps P1 and P2 in warehouse W1."""
    ledger = Ledger()
    for movement in (
        a_movement(CHEESE, "IN", "10", "s1", lots=(a_lot("L1", "10"),), account="S1"),
        a_movement(SALT, "IN", "3", "s2"),
        a_movement(PUMP, "IN", "2", "s3", serials=("P1", "P7")),
    ):
        assert reply_of(ledger.send(movement, NOON - 86_400_000)).status == "done"
    return ledger


@pytest.mark.parametrize("case", CASES)
def test_a_movement_is_refused_with_every_reason_in_order(case: str) -> None:
    movement, expected = CASES[case]
    ledger = stocked()
    before = {topic: dict(rows) for topic, rows in ledger.view.rows.items()}

    decision = ledger.send(movement)

    codes = refused_with(decision)
    reasons = reply_of(decision).reasons
    assert [(reason.code, reason.field) for reason in reasons] == expected
    assert codes == sorted(codes, key=ORDER.__getitem__)
    assert all(len(reason.message) > 20 for reason in reasons)
    assert ledger.view.rows == before


FLAGS: dict[str, tuple[Callable[[Ledger], None], Movement, list[str], bool]] = {
    "closed": (lambda it: it.change_lot("FOO|CHEESE||L1", closed=True), of_lot("OUT", "1"), ["lot-closed"], False),
    "unavailable": (
        lambda it: it.change_lot("FOO|CHEESE||L1", available=False),
        of_lot("OUT", "1"),
        ["lot-unavailable"],
        True,
    ),
    "on hold": (
        lambda it: it.change_lot("FOO|CHEESE||L1", status="HOLD"),
        of_lot("OUT", "1"),
        ["lot-status-unavailable"],
        True,
    ),
    "of a status nobody knows": (
        lambda it: it.change_lot("FOO|CHEESE||L1", status="GONE"),
        of_lot("OUT", "1"),
        ["lot-status-unavailable"],
        True,
    ),
    "blocked from today": (
        lambda it: it.change_lot("FOO|CHEESE||L1", block_from=TODAY),
        of_lot("OUT", "1"),
        ["lot-blocked"],
        True,
    ),
    "everything at once": (
        lambda it: it.change_lot("FOO|CHEESE||L1", closed=True, available=False, status="HOLD", block_from=TODAY),
        of_lot("OUT", "11"),
        ["lot-closed", "lot-unavailable", "lot-status-unavailable", "lot-blocked", "stock-insufficient"],
        False,
    ),
    "a cancelled serial": (
        lambda it: it.change_serial("MAC|PUMP|||P1", cancelled=True),
        of_pump("OUT", "P1"),
        ["serial-cancelled"],
        False,
    ),
    "a serial closed by force": (
        lambda it: it.change_serial("MAC|PUMP|||P1", force_closed=True),
        of_pump("OUT", "P1"),
        ["serial-force-closed"],
        False,
    ),
    "a serial reserved for another document": (
        lambda it: it.change_serial("MAC|PUMP|||P1", reserved=True, reserved_for="customer_order|7"),
        of_pump("OUT", "P1", document_type="customer_order", document_number="8"),
        ["serial-reserved"],
        True,
    ),
}


@pytest.mark.parametrize("case", FLAGS)
def test_flags_of_lots_and_serials_stop_an_unload_unless_the_template_allows_them(case: str) -> None:
    change, movement, expected, allowed = FLAGS[case]
    ledger = stocked()
    change(ledger)

    assert refused_with(ledger.send(movement)) == expected
    by_any = ledger.send(replace(movement, template="ANY"))
    assert (by_any.refusal is None) == allowed


def test_a_lot_that_is_blocked_today_was_usable_yesterday() -> None:
    ledger = stocked()
    ledger.change_lot("FOO|CHEESE||L1", block_from=TODAY)

    assert reply_of(ledger.send(of_lot("OUT", "1", effective_date=TODAY - 1))).status == "done"


def test_a_reserved_serial_moves_for_the_document_that_reserved_it() -> None:
    ledger = stocked()
    ledger.change_serial("MAC|PUMP|||P1", reserved=True, reserved_for="customer_order|7")

    decision = ledger.send(of_pump("OUT", "P1", document_type="customer_order", document_number="7"))
    assert reply_of(decision).status == "done"


def test_a_lot_of_a_single_supplier_item_takes_more_from_that_supplier_only() -> None:
    ledger = stocked()
    ledger.master.put(replace(CHEESE, single_supplier=True))
    more = a_movement(CHEESE, "ADD", "1", lots=(a_lot("L1", "1"),), account="S2")

    assert refused_with(ledger.send(more)) == ["lot-other-supplier"]
    assert reply_of(ledger.send(replace(more, account="S1"))).status == "done"
    lot = ledger.rows("lot-register")["FOO|CHEESE||L1"]
    assert (lot.initial_quantity, lot.loaded) == (quantity.parse("10"), quantity.parse("11"))


def test_a_single_supplier_item_refused_by_a_template_that_does_not_add_is_told_both() -> None:
    ledger = stocked()
    ledger.master.put(replace(CHEESE, single_supplier=True))

    assert refused_with(ledger.send(of_lot("IN", "1", account="S2"))) == ["lot-exists", "lot-other-supplier"]


def test_an_expiry_that_is_not_editable_is_taken_only_where_it_is_the_computed_one() -> None:
    ledger = stocked()
    ledger.master.put(replace(CHEESE, expiry_editable=False))
    typed = a_movement(CHEESE, "IN", "1", lots=(a_lot("L2", "1", start_date=TODAY, expiry_date=TODAY + 31),))

    decision = ledger.send(typed)
    assert [(r.code, r.field) for r in reply_of(decision).reasons] == [("field-invalid", "lots[0].expiry_date")]
    computed = a_lot("L2", "1", start_date=TODAY, expiry_date=TODAY + 30)
    assert reply_of(ledger.send(replace(typed, lots=(computed,)))).status == "done"


def test_more_pieces_than_one_movement_may_have_are_refused_before_they_are_counted_out() -> None:
    ledger = Ledger(pieces_max=10)

    for movement in (
        a_movement(PUMP, "IN", "11"),
        a_movement(PUMP, "IN", HUGE),
        of_pump("IN", *(f"P{n}" for n in range(11))),
        a_movement(CHEESE, "IN", "11", lots=tuple(a_lot(f"L{n}", "1") for n in range(11))),
    ):
        assert refused_with(ledger.send(movement)) == ["too-many-pieces"]
    assert reply_of(ledger.send(a_movement(PUMP, "IN", "10"))).status == "done"


def test_movements_older_than_the_ids_that_were_dropped_are_refused_for_good() -> None:
    ledger = stocked()
    dropped = StateRow("dropped-ids", None, None, "3", None, TODAY - 1, None, None, None, None, None, None, NOON)
    ledger.view.rows["ledger-state"]["dropped-ids|3"] = dropped

    assert refused_with(ledger.send(of_lot("OUT", "1", effective_date=TODAY - 1))) == ["date-outside-period"]
    assert reply_of(ledger.send(of_lot("OUT", "1"))).status == "done"


def test_a_register_that_cannot_hold_more_refuses_instead_of_failing() -> None:
    ledger = Ledger()
    ledger.send(a_movement(SALT, "IN", HUGE))

    decision = ledger.send(a_movement(SALT, "IN", "1", "m2"))
    assert [(r.code, r.field) for r in reply_of(decision).reasons] == [("field-invalid", "quantity")]


def test_the_open_period_takes_its_first_and_its_last_day() -> None:
    ledger = Ledger()

    for place, day in enumerate(("2026-01-01", "2026-12-31")):
        movement = a_movement(SALT, "IN", "1", f"m{place}", effective_date=parse_day(day))
        assert reply_of(ledger.send(movement)).status == "done"
    late = a_movement(SALT, "IN", "1", "m2", effective_date=parse_day("2027-01-01"))
    assert refused_with(ledger.send(late)) == ["date-outside-period"]


def test_an_open_period_without_ends_takes_every_day() -> None:
    ledger = Ledger(Company())

    for place, day in enumerate(("0001-01-01", "1969-12-31", "9999-12-31")):
        movement = a_movement(SALT, "IN", "1", f"m{place}", effective_date=parse_day(day))
        assert reply_of(ledger.send(movement)).status == "done"


def test_a_movement_with_hundreds_of_wrong_lots_is_told_the_first_and_how_many_more() -> None:
    ledger = Ledger()
    lots = tuple(a_lot(f"L{n}", "1") for n in range(300))

    reasons = reply_of(ledger.send(a_movement(CHEESE, "OUT", "300", lots=lots))).reasons
    assert len(reasons) == 100
    assert "200 reasons more" in reasons[-1].message


def test_a_record_without_a_time_is_refused() -> None:
    ledger = Ledger()

    assert refused_with(ledger.send(a_movement(SALT, "IN", "1"), time_ms=-1)) == ["field-invalid"]
