"""An item with stock keeps its unit and its management, whatever its record says; the change is reported once."""

from dataclasses import replace
from typing import Any

import pytest

from processors.domain import quantity
from processors.domain.decision import Decision
from processors.domain.events import Alert
from processors.domain.master import AlternativeUnit, Item
from tests.ledger.ledger_story import (
    CHEESE,
    NOON,
    PUMP,
    SALT,
    Ledger,
    a_lot,
    a_movement,
    edit_of_serial,
    published,
    refused_with,
    reply_of,
    reversal,
)

IN_GRAMS = replace(SALT, unit="G", alternative_units=(AlternativeUnit("KG", quantity.parse("1000"), "multiply"),))
BY_LOTS = replace(SALT, lot_managed=True)


def with_salt(item: Item = SALT) -> Ledger:
    """10 kg of salt in stock."""
    ledger = Ledger(item)
    assert ledger.send(a_movement(item, "IN", "10", "m0")).refusal is None
    return ledger


def alerts(decision: Decision) -> list[Any]:
    return published(decision, "alerts")


def stock_rows(ledger: Ledger) -> list[tuple[str, str]]:
    return [(quantity.text(row.stock), row.unit) for row in ledger.rows("stock-register").values()]


def test_a_change_of_unit_takes_no_effect_while_there_is_stock() -> None:
    ledger = with_salt()
    ledger.master.put(IN_GRAMS)
    assert reply_of(ledger.send(a_movement(SALT, "OUT", "4", "m1"))).status == "done"
    assert stock_rows(ledger) == [("6", "KG")]


def test_the_change_is_reported_once() -> None:
    ledger = with_salt()
    ledger.master.put(IN_GRAMS)
    told = [alerts(ledger.send(a_movement(SALT, "OUT", "1", f"m{number}"))) for number in range(1, 4)]
    assert [len(each) for each in told] == [1, 0, 0]
    alert = told[0][0]
    assert isinstance(alert, Alert)
    assert (alert.kind, alert.item_class, alert.item_code) == ("master_invalid", "FOO", "SALT")
    assert "unit from 'KG' to 'G'" in alert.message


def test_another_change_is_reported_again() -> None:
    ledger = with_salt()
    ledger.master.put(IN_GRAMS)
    ledger.send(a_movement(SALT, "OUT", "1", "m1"))
    ledger.master.put(replace(IN_GRAMS, lot_managed=True))
    (alert,) = alerts(ledger.send(a_movement(SALT, "OUT", "1", "m2")))
    assert "unit from 'KG' to 'G' and its management by lots from off to on" in alert.message


def test_the_change_takes_effect_once_the_stock_is_gone() -> None:
    ledger = with_salt()
    ledger.master.put(IN_GRAMS)
    ledger.send(a_movement(SALT, "OUT", "10", "m1"))
    assert not alerts(ledger.send(a_movement(SALT, "IN", "500", "m2")))
    assert stock_rows(ledger) == [("500", "G")]


@pytest.mark.parametrize("changed", [IN_GRAMS, BY_LOTS], ids=["unit", "management"])
def test_what_moved_in_another_unit_or_management_is_not_undone_but_posted_the_other_way(changed: Item) -> None:
    ledger = with_salt()
    out = a_movement(SALT, "OUT", "10", "m1")
    ledger.send(out, NOON + 1)
    ledger.master.put(changed)
    assert refused_with(ledger.send(reversal(out), NOON + 2)) == ["reversal-impossible"]
    new = a_movement(changed, "BLK", "500", "m2")
    assert reply_of(ledger.send(new, NOON + 3)).status == "done"
    assert refused_with(ledger.send(reversal(out), NOON + 4)) == ["reversal-impossible"]

    assert reply_of(ledger.send(reversal(new, "r2"), NOON + 5)).status == "done"


def test_what_moved_before_a_change_that_was_taken_back_is_undone() -> None:
    ledger = with_salt()
    out = a_movement(SALT, "OUT", "10", "m1")
    ledger.send(out)
    ledger.master.put(IN_GRAMS)
    ledger.master.put(SALT)
    assert reply_of(ledger.send(reversal(out))).status == "done"


def test_a_piece_closed_by_force_is_told_in_the_unit_that_is_pinned() -> None:
    ledger = Ledger()
    ledger.send(a_movement(PUMP, "IN", "1", "m0", serials=("P1",)))
    ledger.master.put(replace(PUMP, unit="BOX", alternative_units=()))
    (line,) = published(ledger.edit(edit_of_serial({"force_closed": "true"})), "register-history")
    assert line.unit == "PC"


def test_an_item_that_is_as_it_was_again_is_as_if_nothing_had_been() -> None:
    ledger = with_salt()
    ledger.master.put(IN_GRAMS)
    ledger.send(a_movement(SALT, "OUT", "1", "m1"))
    ledger.master.put(SALT)
    decision = ledger.send(a_movement(SALT, "OUT", "1", "m2"))
    assert not alerts(decision)
    assert stock_rows(ledger) == [("8", "KG")]


def test_a_movement_that_is_refused_for_the_change_is_told_of_it() -> None:
    ledger = with_salt()
    ledger.master.put(IN_GRAMS)
    decision = ledger.send(a_movement(SALT, "OUT", "500", "m1", unit="G"))
    assert refused_with(decision) == ["unit-unknown", "master-invalid"]
    assert len(alerts(ledger.send(a_movement(SALT, "OUT", "1", "m2")))) == 1


def test_an_alternative_unit_belongs_to_the_unit_that_is_pinned() -> None:
    ledger = Ledger()
    ledger.send(a_movement(CHEESE, "IN", "10", "m0", lots=(a_lot("L1", "10"),)))
    grams = (AlternativeUnit("BOX", quantity.parse("2500"), "multiply"),)
    ledger.master.put(replace(CHEESE, unit="GR", alternative_units=grams))
    ledger.send(a_movement(CHEESE, "OUT", "2", "m1", unit="BOX", lots=(a_lot("L1", "2"),)))
    assert stock_rows(ledger) == [("5", "KG")]


def test_alternative_units_may_change_while_the_unit_stays() -> None:
    ledger = Ledger()
    ledger.send(a_movement(CHEESE, "IN", "10", "m0", lots=(a_lot("L1", "10"),)))
    ledger.master.put(replace(CHEESE, alternative_units=(AlternativeUnit("BOX", quantity.parse("3"), "multiply"),)))
    decision = ledger.send(a_movement(CHEESE, "OUT", "2", "m1", unit="BOX", lots=(a_lot("L1", "2"),)))
    assert not alerts(decision)
    assert stock_rows(ledger) == [("4", "KG")]


def test_an_item_that_becomes_lot_managed_goes_on_without_lots() -> None:
    ledger = with_salt()
    ledger.master.put(BY_LOTS)
    assert reply_of(ledger.send(a_movement(SALT, "OUT", "4", "m1"))).status == "done"
    decision = ledger.send(a_movement(SALT, "IN", "1", "m2", lots=(a_lot("L1", "1"),)))
    assert refused_with(decision) == ["lot-not-managed", "master-invalid"]


def test_an_item_that_loses_its_lots_goes_on_with_them() -> None:
    ledger = Ledger()
    ledger.send(a_movement(CHEESE, "IN", "10", "m0", lots=(a_lot("L1", "10"),)))
    ledger.master.put(replace(CHEESE, lot_managed=False))
    ledger.send(a_movement(CHEESE, "OUT", "4", "m1", lots=(a_lot("L1", "4"),)))
    assert quantity.text(ledger.rows("lot-register")["FOO|CHEESE||L1"].stock) == "6"


def test_an_item_that_loses_its_serials_goes_on_with_them() -> None:
    ledger = Ledger()
    ledger.send(a_movement(PUMP, "IN", "2", "m0", serials=("P1", "P2")))
    ledger.master.put(replace(PUMP, serial_managed=False))
    ledger.send(a_movement(PUMP, "OUT", "1", "m1", serials=("P1",)))
    assert [row.state for row in ledger.rows("serial-register").values()] == ["out", "in_stock"]


@pytest.mark.parametrize("fields", [{"description": "x"}, {"withdrawal_policy": "fifo"}, {"unit_cost": 5}])
def test_everything_else_of_an_item_takes_effect_at_once(fields: dict[str, Any]) -> None:
    ledger = with_salt()
    ledger.master.put(replace(SALT, **fields))
    assert not alerts(ledger.send(a_movement(SALT, "OUT", "1", "m1")))


def test_stock_of_one_variant_pins_the_item() -> None:
    ledger = Ledger()
    ledger.send(a_movement(CHEESE, "IN", "1", "m0", variant="OLD", lots=(a_lot("L1", "1"),)))
    ledger.master.put(replace(CHEESE, unit="GR"))
    ledger.send(a_movement(CHEESE, "IN", "1", "m1", variant="MILD", lots=(a_lot("L1", "1"),)))
    assert stock_rows(ledger) == [("1", "KG"), ("1", "KG")]


def test_a_pin_costs_no_row_once_it_stands() -> None:
    ledger = with_salt()
    decision = ledger.send(a_movement(SALT, "IN", "1", "m1"))
    assert [key for register, key, _ in decision.rows if register.topic == "ledger-state"] == ["movement|FOO|SALT|m1"]
