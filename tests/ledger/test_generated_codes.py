"""Lot and serial codes that the ledger makes: the next free one, the same at every try, none twice."""

from dataclasses import replace

import pytest

from processors.domain import quantity
from processors.domain.calendar import parse_day, parse_time
from processors.domain.master import CodePart, CodeType, Company, Item
from processors.domain.movement import Movement
from processors.domain.progressives import Claim, OrdinalsShort
from tests.ledger.ledger_story import (
    CHEESE,
    FILTER,
    PUMP,
    TODAY,
    Ledger,
    a_lot,
    a_movement,
    refused_with,
    reply_of,
)

COMPANY_LOTS = Company(lot_code_scope="company")
PLATES = CodeType("serial", "PLATE", "Plate", parts=(CodePart("item_code", 2), CodePart("number", 5, "0")))


def lots_of(ledger: Ledger, movement: Movement, **fields: object) -> list[tuple[str, bool, int | None]]:
    reply = reply_of(ledger.send(movement, **fields))  # type: ignore[arg-type]
    assert reply.status == "done"
    return [(lot.lot_code, lot.generated, lot.ordinal) for lot in reply.lots]


def serials_of(ledger: Ledger, amount: str, movement_id: str, item: Item = PUMP) -> tuple[str, ...]:
    reply = reply_of(ledger.send(a_movement(item, "IN", amount, movement_id)))
    assert reply.status == "done"
    return reply.serials


def test_a_load_without_lots_is_one_lot_with_the_next_code() -> None:
    ledger = Ledger()

    assert lots_of(ledger, a_movement(CHEESE, "IN", "5", "m1")) == [("260310000", True, 0)]
    assert lots_of(ledger, a_movement(CHEESE, "IN", "5", "m2")) == [("260310001", True, 1)]
    row = ledger.rows("lot-register")["FOO|CHEESE||260310001"]
    assert (row.code_type, row.ordinal, row.initial_quantity) == ("DAY", 1, quantity.parse("5"))


def test_lines_with_and_without_a_code_stand_side_by_side() -> None:
    ledger = Ledger()
    lots = (a_lot(None, "1"), a_lot("MINE", "2"), a_lot(None, "3"))

    assert lots_of(ledger, a_movement(CHEESE, "IN", "6", lots=lots)) == [
        ("260310000", True, 0),
        ("MINE", False, None),
        ("260310001", True, 1),
    ]
    counter = ledger.rows("counter-register")["lot\\|DAY\\|FOO\\|CHEESE\\|\\|2026\\\\\\|03\\\\\\|10|3"]
    assert (counter.next_ordinal, counter.assigned, counter.skipped, counter.last_code, counter.last_number) == (
        2, 2, 0, "260310001", "001",
    )  # fmt: skip


def test_a_code_typed_by_hand_costs_the_generator_one_skipped_ordinal() -> None:
    ledger = Ledger()
    lots_of(ledger, a_movement(CHEESE, "IN", "1", "m0", lots=(a_lot("260310001", "1"),)))
    lots_of(ledger, a_movement(CHEESE, "IN", "1", "m1", lots=(a_lot("260310900", "1"),)))

    assert [lots_of(ledger, a_movement(CHEESE, "IN", "1", f"g{n}"))[0][0] for n in range(3)] == [
        "260310000",
        "260310002",
        "260310003",
    ]
    (counter,) = ledger.rows("counter-register").values()
    assert (counter.next_ordinal, counter.assigned, counter.skipped) == (4, 3, 1)
    assert ledger.reserved_again == 1


def test_a_code_typed_in_the_same_movement_is_passed_over() -> None:
    ledger = Ledger()

    assert lots_of(ledger, a_movement(CHEESE, "IN", "2", lots=(a_lot(None, "1"), a_lot("260310000", "1")))) == [
        ("260310001", True, 1),
        ("260310000", False, None),
    ]


def test_the_insert_day_is_the_records_in_company_time_whatever_the_effective_date() -> None:
    ledger = Ledger(Company(time_zone="Europe/Rome"))
    midnight = parse_time("2026-12-31T23:00:00Z")

    before = lots_of(ledger, a_movement(CHEESE, "IN", "1", "m1", effective_date=TODAY), time_ms=midnight - 1)
    after = lots_of(ledger, a_movement(CHEESE, "IN", "1", "m2", effective_date=TODAY), time_ms=midnight)

    assert (before, after) == ([("261231000", True, 0)], [("270101000", True, 0)])


def test_the_same_message_decided_again_gets_the_same_codes() -> None:
    ledger = Ledger()
    message = ledger.message(a_movement(FILTER, "IN", "3"))

    assert ledger.decide(message) == ledger.decide(message)


def test_variants_have_counters_of_their_own() -> None:
    ledger = Ledger()

    for variant in ("MILD", "OLD", None):
        movement = a_movement(CHEESE, "IN", "1", f"m{variant}", variant=variant)
        assert lots_of(ledger, movement) == [("260310000", True, 0)]
    assert len(ledger.rows("lot-register")) == 3


def test_serials_named_are_filled_up_with_generated_ones() -> None:
    ledger = Ledger()

    reply = reply_of(ledger.send(a_movement(PUMP, "IN", "1", unit="PALLET", serials=("MINE", "PU00001"))))
    assert reply.serials == ("MINE", "PU00001", "PU00000", *(f"PU{n:05d}" for n in range(2, 11)))


def test_a_generated_serial_equals_no_serial_of_the_item_in_any_lot() -> None:
    ledger = Ledger()
    typed = a_movement(
        FILTER, "TYP", "2", "m0", lots=(a_lot("A", "1", serials=("FI00001",)), a_lot("B", "1", serials=("FI00001",)))
    )
    ledger.send(typed)

    reply = reply_of(ledger.send(a_movement(FILTER, "IN", "2", "m1", lots=(a_lot("C", "2"),))))
    assert reply.lots[0].serials == ("FI00000", "FI00002")


def test_two_lots_of_one_movement_never_share_a_generated_serial_even_with_a_counter_for_each_lot() -> None:
    ledger = Ledger(replace(PLATES, root=("lot_code",)))

    reply = reply_of(ledger.send(a_movement(FILTER, "IN", "4", lots=(a_lot("A", "2"), a_lot("B", "2")))))
    assert [lot.serials for lot in reply.lots] == [("FI00000", "FI00001"), ("FI00002", "FI00003")]


def test_a_generated_lot_gets_its_generated_serials_in_one_step() -> None:
    ledger = Ledger()

    (lot,) = reply_of(ledger.send(a_movement(FILTER, "IN", "2"))).lots
    assert (lot.lot_code, lot.serials) == ("260310000", ("FI00000", "FI00001"))
    assert set(ledger.rows("serial-register")) == {"MAC|FILTER||260310000|FI00000", "MAC|FILTER||260310000|FI00001"}


def test_ten_thousand_serials_come_in_one_movement() -> None:
    ledger = Ledger()

    assert len(set(serials_of(ledger, "10000", "m1"))) == 10_000
    assert serials_of(ledger, "1", "m2") == ("PU10000",)


@pytest.mark.parametrize(
    ("code_type", "expected"),
    [
        (None, "code-type-unknown"),
        (replace(PLATES, parts=(CodePart("characteristic"), CodePart("number", 5, "0"))), "code-part-missing"),
        (replace(PLATES, parts=(CodePart("number", 1),)), "progressive-exhausted"),
        (replace(PLATES, parts=(CodePart("item_code", 48, "X"), CodePart("number", 3, "0"))), "code-too-long"),
    ],
)
def test_codes_that_cannot_be_made_refuse_the_movement_beside_its_other_reasons(
    code_type: CodeType | None, expected: str
) -> None:
    ledger = Ledger()
    if code_type is None:
        del ledger.master.code_types["serial", "PLATE"]
    else:
        ledger.master.put(code_type)
    load = a_movement(PUMP, "IN", "11")

    assert refused_with(ledger.send(load)) == [expected]
    if expected != "progressive-exhausted":  # at its first code it has not run out yet
        assert refused_with(ledger.send(replace(load, account="XX"))) == ["account-unknown", expected]
    assert not ledger.rows("counter-register")


def test_a_decision_that_has_too_few_ordinals_says_how_many_more_it_needs() -> None:
    ledger = Ledger()
    message = ledger.message(a_movement(PUMP, "IN", "5"))
    (need,) = ledger.processor.needs([message], ledger.view, ledger.master)

    assert (need.count, need.partition, need.row) == (5, 3, None)
    grants = {(need.counter.key, 3): ((0, 2),)}
    with pytest.raises(OrdinalsShort) as short:
        ledger.processor.decide(message, ledger.view, ledger.master, grants, {})
    assert (short.value.counter, short.value.partition, short.value.count) == (need.counter, 3, 2)


def test_a_batch_asks_once_for_each_counter_and_not_for_what_names_its_codes() -> None:
    ledger = Ledger()
    movements = (
        a_movement(PUMP, "IN", "5", "m1"),
        a_movement(PUMP, "IN", "7", "m2", serials=("A", "B")),
        a_movement(PUMP, "OUT", "7", "m3"),
        a_movement(CHEESE, "IN", "1", "m4"),
        a_movement(CHEESE, "IN", "2", "m5", lots=(a_lot(None, "1"), a_lot("L1", "1"))),
        a_movement(CHEESE, "IN", "2", "m6", lots=(a_lot("L2", "2"),)),
        a_movement(CHEESE, "IN", "2", "m7", warehouse="W9"),
    )
    needs = ledger.processor.needs([ledger.message(it) for it in movements], ledger.view, ledger.master)

    assert [(need.counter.code_type, need.count) for need in needs] == [("PLATE", 10), ("DAY", 2)]


def test_lot_codes_of_the_company_are_claimed_typed_or_generated() -> None:
    ledger = Ledger(COMPANY_LOTS)
    decision = ledger.send(a_movement(CHEESE, "IN", "2", lots=(a_lot("L1", "1"), a_lot(None, "1"))))

    assert decision.claims == [
        Claim("lot|L1", "FOO|CHEESE|", 3, "lot-register", "FOO|CHEESE||L1"),
        Claim("lot|260310000", "FOO|CHEESE|", 3, "lot-register", "FOO|CHEESE||260310000"),
    ]
    more = ledger.send(a_movement(CHEESE, "ADD", "1", "m2", lots=(a_lot("L1", "1"),)))
    assert more.claims == []


def test_a_lot_code_claimed_by_another_item_is_refused_typed_and_passed_over_generated() -> None:
    ledger = Ledger(COMPANY_LOTS)
    claimed = {"lot|L1": "MAC|FILTER|", "lot|260310000": "FOO|CHEESE|OLD", "lot|260310001": "FOO|CHEESE|"}

    typed = ledger.send(a_movement(CHEESE, "IN", "1", lots=(a_lot("L1", "1"),)), claimed=claimed)
    assert refused_with(typed) == ["lot-exists"]
    assert lots_of(ledger, a_movement(CHEESE, "IN", "1"), claimed=claimed) == [("260310001", True, 1)]
    (counter,) = ledger.rows("counter-register").values()
    assert (counter.scope, counter.item_class, counter.skipped) == ("company", None, 1)


def test_serials_of_a_company_wide_type_are_claimed_and_refused_likewise() -> None:
    ledger = Ledger(replace(PLATES, scope="company"))
    claimed = {"serial|MINE": "MAC|FILTER|", "serial|PU00000": "MAC|FILTER|"}
    load = a_movement(PUMP, "IN", "2", serials=("YOURS",))

    decision = ledger.send(load, claimed=claimed)
    assert reply_of(decision).serials == ("YOURS", "PU00001")
    assert [claim.text for claim in decision.claims] == ["serial|YOURS", "serial|PU00001"]
    refused = ledger.send(replace(load, movement_id="m2", serials=("MINE",)), claimed=claimed)
    assert refused_with(refused) == ["serial-in-stock"]


def test_the_claim_of_a_committed_row_is_the_one_that_was_made_for_it() -> None:
    ledger = Ledger(COMPANY_LOTS, replace(PLATES, scope="company"))
    decision = ledger.send(a_movement(FILTER, "IN", "2", serials=("A",)))

    claims = [
        ledger.processor.claim_of(row, key, 3, ledger.master)  # type: ignore[arg-type]
        for register, key, row in decision.rows
        if register.topic in ("lot-register", "serial-register")
    ]
    assert claims == decision.claims
    own = Ledger()
    for register, key, row in own.send(a_movement(FILTER, "IN", "2")).rows:
        if register.topic in ("lot-register", "serial-register"):
            assert own.processor.claim_of(row, key, 3, own.master) is None  # type: ignore[arg-type]


def test_a_free_ordinal_of_a_gap_filling_type_is_used_first() -> None:
    ledger = Ledger(replace(PLATES, fill_gaps=True))
    serials_of(ledger, "5", "m1")
    ((key, counter),) = ledger.rows("counter-register").items()
    ledger.rows("counter-register")[key] = replace(counter, free="1,3")
    for gone in ("PU00001", "PU00003"):
        ledger.view.drop("serial-register", f"MAC|PUMP|||{gone}")

    assert serials_of(ledger, "3", "m2") == ("PU00001", "PU00003", "PU00005")
    assert ledger.rows("counter-register")[key].free == ""


def test_a_retry_after_new_year_of_a_movement_that_was_refused_takes_the_new_years_code() -> None:
    ledger = Ledger(Company())
    load = a_movement(CHEESE, "IN", "1", effective_date=parse_day("2026-12-31"), account="XX")

    assert refused_with(ledger.send(load, parse_time("2026-12-31T23:59:59Z"))) == ["account-unknown"]
    mended = replace(load, account="S1")
    assert lots_of(ledger, mended, time_ms=parse_time("2027-01-01T00:00:00Z")) == [("270101000", True, 0)]
