"""An unload that names no lots takes them by the item's policy."""

from dataclasses import replace

import pytest

from processors.domain import quantity
from processors.domain.movement import Movement
from tests.ledger.ledger_story import (
    CHEESE,
    FILTER,
    NOON,
    TODAY,
    Ledger,
    a_lot,
    a_movement,
    refused_with,
    reply_of,
)


def a_ledger(policy: str, *lots: tuple[str, str, int | None, int | None], **where: str) -> Ledger:
    """Cheese in lots of (code, quantity, start and expiry in days from today), loaded in this order."""
    ledger = Ledger()
    ledger.master.put(replace(CHEESE, withdrawal_policy=policy, lot_validity_days=None, block_days=0))  # type: ignore[arg-type]
    for code, amount, start, expiry in lots:
        line = a_lot(
            code,
            amount,
            start_date=None if start is None else TODAY + start,
            expiry_date=None if expiry is None else TODAY + expiry,
        )
        reply = reply_of(ledger.send(a_movement(CHEESE, "IN", amount, f"in-{code}", lots=(line,), **where)))
        assert reply.status == "done", reply.reasons
    return ledger


def taken(ledger: Ledger, movement: Movement) -> list[tuple[str, str]]:
    reply = reply_of(ledger.send(movement))
    assert reply.status == "done", reply.reasons
    return [(lot.lot_code, quantity.text(lot.quantity)) for lot in reply.lots]


LOTS = (("C", "3", -5, 20), ("A", "3", -4, 30), ("B", "3", -5, 20), ("D", "3", -9, None))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("fifo", [("D", "3"), ("B", "3"), ("C", "3"), ("A", "1")]),
        ("fefo", [("B", "3"), ("C", "3"), ("A", "3"), ("D", "1")]),
    ],
)
def test_the_oldest_or_the_first_to_expire_goes_first_and_ties_go_by_code(
    policy: str, expected: list[tuple[str, str]]
) -> None:
    ledger = a_ledger(policy, *LOTS)

    assert taken(ledger, a_movement(CHEESE, "OUT", "10")) == expected
    assert taken(ledger, a_movement(CHEESE, "OUT", "2", "m2")) == [(expected[-1][0], "2")]


def test_an_item_withdrawn_by_hand_must_be_told_its_lots() -> None:
    assert refused_with(a_ledger("manual", *LOTS).send(a_movement(CHEESE, "OUT", "1"))) == ["withdrawal-manual"]


def test_a_lot_blocked_today_that_was_not_yesterday_is_passed_over_today_only() -> None:
    lots = (("A", "2", -9, 0), ("B", "2", -9, 5), ("C", "2", -9, 6))

    today = taken(a_ledger("fefo", *lots), a_movement(CHEESE, "OUT", "3"))
    yesterday = taken(a_ledger("fefo", *lots), a_movement(CHEESE, "OUT", "5", effective_date=TODAY - 1))
    assert today == [("B", "2"), ("C", "1")]
    assert yesterday == [("A", "2"), ("B", "2"), ("C", "1")]


def test_lots_that_may_not_be_used_are_left_unless_the_template_allows_them_and_closed_ones_always() -> None:
    ledger = a_ledger("fifo", *LOTS)
    ledger.change_lot("FOO|CHEESE||D", available=False)
    ledger.change_lot("FOO|CHEESE||B", status="HOLD")
    ledger.change_lot("FOO|CHEESE||C", closed=True)

    assert taken(ledger, a_movement(CHEESE, "OUT", "1", "m1")) == [("A", "1")]
    assert taken(ledger, a_movement(CHEESE, "ANY", "7", "m2")) == [("D", "3"), ("B", "3"), ("A", "1")]
    assert refused_with(ledger.send(a_movement(CHEESE, "ANY", "2", "m3"))) == ["stock-insufficient"]
    assert refused_with(ledger.send(a_movement(CHEESE, "OUT", "1.5", "m4"))) == ["stock-insufficient"]


def test_only_what_stands_in_the_warehouse_counts_and_at_the_location_where_it_is_checked() -> None:
    ledger = a_ledger("fifo", ("A", "3", -5, 9), warehouse="W2", location="A")
    at_b = a_movement(CHEESE, "ADD", "2", "m0", warehouse="W2", location="B", lots=(a_lot("A", "2"),))
    reply_of(ledger.send(at_b))

    assert refused_with(ledger.send(a_movement(CHEESE, "OUT", "1"))) == ["stock-insufficient"]
    over = a_movement(CHEESE, "OUT", "4", "m1", warehouse="W2", location="A")
    assert refused_with(ledger.send(over)) == ["stock-insufficient"]
    assert taken(ledger, replace(over, quantity=quantity.parse("3"))) == [("A", "3")]


def test_an_older_lot_at_another_location_is_passed_over_where_locations_are_checked() -> None:
    ledger = a_ledger("fifo", ("A", "3", -5, 9), warehouse="W2", location="B")
    reply_of(ledger.send(a_movement(CHEESE, "IN", "2", "m0", warehouse="W2", location="A", lots=(a_lot("Z", "2"),))))

    assert taken(ledger, a_movement(CHEESE, "OUT", "2", "m1", warehouse="W2", location="A")) == [("Z", "2")]


def test_what_is_committed_is_not_there_for_others() -> None:
    ledger = a_ledger("fifo", ("A", "3", -5, 9), ("B", "3", -4, 9))
    rows = ledger.rows("stock-register")
    rows["FOO|CHEESE||W1||A"] = replace(rows["FOO|CHEESE||W1||A"], committed=quantity.parse("2"))

    assert taken(ledger, a_movement(CHEESE, "OUT", "2", "m1")) == [("A", "1"), ("B", "1")]
    more = a_movement(CHEESE, "OUT", "0.5", "m2", lots=(a_lot("A", "0.5"),))
    assert refused_with(ledger.send(more)) == ["stock-insufficient"]


def test_a_transfer_without_lots_takes_them_by_policy_too() -> None:
    ledger = a_ledger("fifo", *LOTS)

    assert taken(ledger, a_movement(CHEESE, "TO2", "4")) == [("D", "3"), ("B", "1")]
    assert [ledger.stock(f"FOO|CHEESE||W2||{code}") for code in "DBCA"] == ["3", "1", None, None]


def test_serials_say_which_lots_they_go_from() -> None:
    ledger = Ledger()
    load = a_movement(FILTER, "TYP", "4", "m0", lots=(
        a_lot("L1", "2", serials=("A", "B")), a_lot("L2", "2", serials=("C", "A")),
    ))  # fmt: skip
    reply_of(ledger.send(load, NOON))

    assert taken(ledger, a_movement(FILTER, "OUT", "2", "m1", serials=("C", "B"))) == [("L2", "1"), ("L1", "1")]
    assert refused_with(ledger.send(a_movement(FILTER, "OUT", "2", "m2", serials=("A",)))) == [
        "lot-missing",
        "serial-count-differs",
    ]
    assert refused_with(ledger.send(a_movement(FILTER, "OUT", "1.5", "m2", serials=("B", "Z")))) == [
        "quantity-not-whole",
        "serial-not-in-stock",
    ]
