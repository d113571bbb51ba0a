"""A lot made from other lots of its item in one movement, and the lineage that movements leave."""

from dataclasses import replace
from typing import Any

import pytest

from processors.domain import quantity
from processors.domain.decision import Decision
from processors.domain.events import LineageEdge
from processors.domain.master import Template
from processors.domain.movement import Movement
from tests.ledger.ledger_story import (
    CHEESE,
    FILTER,
    NOON,
    PUMP,
    SALT,
    Ledger,
    a_lot,
    a_movement,
    published,
    refused_with,
    reply_of,
    reversal,
)

RELABEL = Template("W1", "LFL", "Relabel", "unload", lot_management=True, lot_from_lot=True)
TRACED = Template("W1", "SEL", "Sell", "unload", lot_management=True, traceability=True)


def a_ledger(*movements: Movement) -> Ledger:
    """6 KG of lot A and 4 KG of lot B, and what else is sent."""
    ledger = Ledger(RELABEL, TRACED)
    done(ledger, a_movement(CHEESE, "IN", "10", "base", lots=(a_lot("A", "6"), a_lot("B", "4"))), *movements)
    return ledger


def done(ledger: Ledger, *movements: Movement) -> None:
    for movement in movements:
        reply = reply_of(ledger.send(movement))
        assert reply.status == "done", reply.reasons


def a_relabelling(**fields: Any) -> Movement:
    """3 KG of A and 4 KG of B become lot AB."""
    values = {"into_lot": "AB", "lots": (a_lot("A", "3"), a_lot("B", "4"))} | fields
    return a_movement(CHEESE, "LFL", "7", "m1", **values)


def edges(decision: Decision) -> list[tuple[Any, ...]]:
    return [
        (it.transformation_id, it.role, it.lot_code, it.serial_code, quantity.text(it.quantity), it.movement_id)
        for it in published(decision, "lineage")
    ]


def lots(ledger: Ledger) -> dict[str, str]:
    return {row.lot_code: quantity.text(row.stock) for row in ledger.rows("lot-register").values()}


def test_a_lot_is_made_from_others_in_one_step() -> None:
    ledger = a_ledger()
    decision = ledger.send(a_relabelling())

    reply = reply_of(decision)
    assert [(lot.lot_code, quantity.text(lot.quantity)) for lot in reply.lots] == [("A", "3"), ("B", "4"), ("AB", "7")]
    assert (reply.movement_ids, reply.stock_after) == (("m1",), None)
    assert [(it.entry_id, it.lot_code, quantity.text(it.quantity)) for it in published(decision, "postings")] == [
        ("FOO|CHEESE|m1|1", "A", "-3"),
        ("FOO|CHEESE|m1|2", "B", "-4"),
        ("FOO|CHEESE|m1|into|1", "AB", "7"),
    ]
    assert lots(ledger) == {"A": "3", "B": "0", "AB": "7"}
    assert edges(decision) == [
        ("FOO|CHEESE|m1", "input", "A", None, "3", "m1"),
        ("FOO|CHEESE|m1", "input", "B", None, "4", "m1"),
        ("FOO|CHEESE|m1", "output", "AB", None, "7", "m1"),
    ]


def test_the_lot_that_is_made_may_exist_already_or_be_generated() -> None:
    ledger = a_ledger(a_movement(CHEESE, "IN", "1", "m0", lots=(a_lot("AB", "1"),)))
    done(ledger, a_relabelling())
    assert lots(ledger)["AB"] == "8"

    other = a_ledger()
    made = reply_of(other.send(a_relabelling(into_lot=None))).lots[-1]
    assert (made.lot_code, made.generated, made.ordinal, other.reserved_again) == ("260310000", True, 0, 0)


def test_lots_that_are_not_named_are_taken_by_policy() -> None:
    ledger = a_ledger()
    done(ledger, a_relabelling(lots=()))

    assert lots(ledger) == {"A": "0", "B": "3", "AB": "7"}


def test_serials_go_over_into_the_lot_that_is_made() -> None:
    ledger = a_ledger(a_movement(FILTER, "TYP", "2", "m0", lots=(a_lot("F", "2", serials=("S1", "S2")),)))
    decision = ledger.send(a_movement(FILTER, "LFL", "1", "m1", serials=("S1",), into_lot="G"))

    states = {key: (row.state, row.lot_code) for key, row in ledger.rows("serial-register").items()}
    assert states == {
        "MAC|FILTER||F|S1": ("out", "F"),
        "MAC|FILTER||F|S2": ("in_stock", "F"),
        "MAC|FILTER||G|S1": ("in_stock", "G"),
    }
    assert edges(decision) == [
        ("MAC|FILTER|m1", "input", "F", None, "1", "m1"),
        ("MAC|FILTER|m1", "input", "F", "S1", "1", "m1"),
        ("MAC|FILTER|m1", "output", "G", None, "1", "m1"),
        ("MAC|FILTER|m1", "output", "G", "S1", "1", "m1"),
    ]


@pytest.mark.parametrize(
    ("movement", "expected"),
    [
        (a_relabelling(into_lot="A"), [("field-invalid", "into_lot")]),
        (a_relabelling(into_lot=""), [("field-invalid", "into_lot")]),
        (replace(a_relabelling(), template="OUT"), [("field-invalid", "into_lot")]),
        (replace(a_relabelling(), template="ADD"), [("field-invalid", "into_lot")]),
        (a_relabelling(lots=(a_lot("A", "7"),)), [("stock-insufficient", "lots[0].lot_code")]),
        (
            a_movement(SALT, "LFL", "1", into_lot="X"),
            [("lot-not-managed", "template"), ("stock-insufficient", "quantity")],
        ),
        (a_movement(CHEESE, "LFL", "11"), [("stock-insufficient", "quantity")]),
    ],
)
def test_a_lot_that_cannot_be_made_leaves_its_sources_alone(
    movement: Movement, expected: list[tuple[str, str]]
) -> None:
    ledger = a_ledger()

    decision = ledger.send(movement)
    assert [(reason.code, reason.field) for reason in reply_of(decision).reasons] == expected
    assert lots(ledger) == {"A": "6", "B": "4"}


def test_an_item_without_a_lot_code_type_must_be_told_the_lot_to_make() -> None:
    ledger = a_ledger()
    ledger.master.put(replace(CHEESE, lot_code_type=None))

    decision = ledger.send(a_relabelling(into_lot=None))
    assert [(reason.code, reason.field) for reason in reply_of(decision).reasons] == [("lot-missing", "into_lot")]


def test_a_lot_from_lots_is_undone_whole_with_its_edges() -> None:
    ledger = a_ledger()
    movement = a_relabelling()
    first, second = ledger.send(movement), ledger.send(reversal(movement))

    assert lots(ledger) == {"A": "6", "B": "4"}
    back = sorted(edges(second), key=lambda edge: (edge[1], edge[2]))
    assert back == [(*edge[:4], f"-{edge[4]}", "r1") for edge in edges(first)]
    assert {it.entry_id for it in published(second, "register-history")} == {
        it.entry_id for it in published(first, "register-history")
    }


def test_a_lot_from_lots_is_not_undone_once_something_of_it_is_sold() -> None:
    ledger = a_ledger(a_relabelling(), a_movement(CHEESE, "OUT", "1", "m2", lots=(a_lot("AB", "1"),)))

    assert refused_with(ledger.send(reversal(a_relabelling()))) == ["reversal-impossible"]


def test_serials_are_back_in_their_lot_when_the_making_is_undone() -> None:
    ledger = a_ledger(a_movement(FILTER, "TYP", "1", "m0", lots=(a_lot("F", "1", serials=("S1",)),)))
    movement = a_movement(FILTER, "LFL", "1", "m1", serials=("S1",), into_lot="G")
    for place, message in enumerate((movement, reversal(movement))):
        assert reply_of(ledger.send(message, NOON + 5 + place)).status == "done"

    assert {key: row.state for key, row in ledger.rows("serial-register").items()} == {"MAC|FILTER||F|S1": "in_stock"}


def test_a_movement_of_a_traceability_template_leaves_edges_with_its_account() -> None:
    ledger = a_ledger()
    sale = a_movement(CHEESE, "SEL", "2", account="C1", occurred_at=NOON - 9, lots=(a_lot("A", "2"),))

    assert published(ledger.send(sale), "lineage") == [
        LineageEdge(
            "FOO|CHEESE|m1", "input", "FOO", "CHEESE", None, "A", None, quantity.parse("2"), "m1", "C1", NOON - 9
        )
    ]


def test_movements_of_two_items_meet_in_their_transformation() -> None:
    ledger = a_ledger()
    out = ledger.send(a_movement(CHEESE, "OUT", "2", "m1", transformation_id="T1", lots=(a_lot("A", "2"),)))
    made = ledger.send(a_movement(SALT, "IN", "2", "m2", transformation_id="T1"))
    pumps = ledger.send(a_movement(PUMP, "IN", "2", "m3", transformation_id="T1", serials=("P1",)))

    assert edges(out) == [("T1", "input", "A", None, "2", "m1")]
    assert edges(made) == [("T1", "output", None, None, "2", "m2")]
    assert edges(pumps) == [("T1", "output", None, "P1", "1", "m3"), ("T1", "output", None, "PU00000", "1", "m3")]


def test_the_other_side_of_a_transfer_leaves_no_edges_of_its_own() -> None:
    ledger = a_ledger()
    transfer = a_movement(CHEESE, "TO2", "2", transformation_id="T1", lots=(a_lot("A", "2"),))

    assert edges(ledger.send(transfer)) == [("T1", "input", "A", None, "2", "m1")]
    assert edges(ledger.send(reversal(transfer))) == [("T1", "input", "A", None, "-2", "r1")]


def test_a_movement_without_traceability_leaves_no_edges() -> None:
    assert edges(a_ledger().send(a_movement(CHEESE, "OUT", "2", lots=(a_lot("A", "2"),)))) == []
