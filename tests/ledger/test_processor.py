"""The processor as the loop sees it: weights, master data, what is left in its private register."""

import pytest

from processors.domain.decision import Emit
from processors.domain.master import Company, Item
from processors.domain.message import Continuation, Message
from tests.ledger.ledger_story import (
    CHEESE,
    MASTER,
    NOON,
    PUMP,
    SALT,
    TODAY,
    Ledger,
    a_lot,
    a_movement,
    reply_of,
)


def of_master(ledger: Ledger, record: object) -> Message:
    return Message("master-data", 0, 1, NOON, "item|FOO|OIL", record, ledger.codec.encode("master-data", record))


def test_weight_is_what_a_message_may_touch() -> None:
    ledger = Ledger()
    weights = [
        ledger.processor.weight(ledger.message(movement), ledger.master)
        for movement in (
            a_movement(SALT, "IN", "5000"),
            a_movement(CHEESE, "IN", "2", lots=(a_lot("A", "1"), a_lot("B", "1"))),
            a_movement(PUMP, "IN", "10000"),
            a_movement(PUMP, "IN", "3", serials=("A", "B", "C")),
            a_movement(PUMP, "IN", "99999999"),
        )
    ]

    assert weights == [1, 3, 10_001, 4, 50_001]
    assert ledger.processor.weight(of_master(ledger, SALT), ledger.master) == 1


def test_accepted_master_data_goes_to_its_register_and_nowhere_else() -> None:
    ledger = Ledger()
    oil = Item("FOO", "OIL", "Oil", (), None, None, None, "L", (), (), False, False, "manual")

    decision = ledger.processor.decide(of_master(ledger, oil), ledger.view, ledger.master, {}, {})
    assert decision.records == [Emit("master-register", "item|FOO|OIL", oil)]
    assert (decision.rows, decision.refusal) == ([], None)


def test_master_data_that_the_judge_refuses_changes_nothing_and_has_no_reply() -> None:
    ledger = Ledger()
    wrong = Company(open_from=TODAY, open_to=TODAY - 1)

    decision = ledger.processor.decide(of_master(ledger, wrong), ledger.view, ledger.master, {}, {})
    assert decision.refusal is not None
    assert decision.refusal.code == "master-invalid"
    assert decision.records == []


def test_the_company_of_these_tests_would_be_accepted_by_the_judge() -> None:
    ledger = Ledger()
    ledger.master = type(ledger.master)()
    for record in MASTER:
        decision = ledger.processor.decide(of_master(ledger, record), ledger.view, ledger.master, {}, {})
        assert decision.refusal is None, decision.refusal
        ledger.master.put(record)


def test_a_taken_movement_leaves_its_request_and_its_answer() -> None:
    ledger = Ledger()
    movement = a_movement(CHEESE, "IN", "1", lots=(a_lot(None, "1"),))
    message = ledger.message(movement)
    decision = ledger.decide(message)
    ledger.view.take(decision)

    row = ledger.rows("ledger-state")["movement|FOO|CHEESE|m1"]
    assert ledger.codec.decode("movements", row.request) == movement
    assert ledger.codec.decode("replies", row.reply) == reply_of(decision)
    assert (row.effective_date, row.at, row.reversed_by) == (TODAY, NOON, None)


def test_the_same_content_in_other_bytes_is_a_duplicate_too() -> None:
    ledger = Ledger()
    message = ledger.message(a_movement(SALT, "IN", "1"))
    ledger.view.take(ledger.decide(message))

    again = ledger.message(message.value)
    again.raw = message.raw + b" written by a later version"
    assert reply_of(ledger.decide(again)).status == "duplicate"


def test_work_that_nobody_left_is_not_gone_on_with() -> None:
    ledger = Ledger()

    with pytest.raises(ValueError, match="expected a continuation of the ledger"):
        ledger.processor.resume(Continuation("x", 3, "what", NOON), ledger.view, ledger.master, {}, {})
