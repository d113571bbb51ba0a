"""A reversal undoes an earlier movement exactly once, and only while the goods are where it left them."""

from dataclasses import replace
from typing import Any

import pytest

from processors.domain import quantity
from processors.domain.calendar import parse_day
from processors.domain.master import CodePart, CodeType, Company, Template
from processors.domain.movement import Movement
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
    published,
    refused_with,
    reply_of,
    reversal,
)

PLATES = CodeType(
    "serial", "PLATE", "Plate", fill_gaps=True, parts=(CodePart("item_code", 2), CodePart("number", 5, "0"))
)
DAYS = CodeType(
    "lot",
    "DAY",
    "Day",
    fill_gaps=True,
    parts=(CodePart("insert_year", 2), CodePart("number", 3, "0")),
    root=("insert_year",),
)


def done(ledger: Ledger, *movements: Movement) -> None:
    for place, movement in enumerate(movements):
        reply = reply_of(ledger.send(movement, NOON + ledger.offset + place))
        assert reply.status == "done", reply.reasons


def registers(ledger: Ledger) -> dict[str, Any]:
    """Everything but who moved last and when, and rows of nothing."""
    at = {"updated_at": 0, "last_movement_id": "", "last_moved_at": 0}
    found: dict[str, Any] = {}
    for topic in ("stock-register", "lot-register", "serial-register"):
        for key, row in ledger.rows(topic).items():
            kept = replace(row, **{name: value for name, value in at.items() if hasattr(row, name)})
            if topic != "stock-register" or kept.loaded or kept.unloaded:
                found[key] = kept
    return found


LOAD = a_movement(CHEESE, "IN", "10", "base", lots=(a_lot("L0", "10"),), account="S1")
PIECES = a_movement(PUMP, "IN", "2", "pieces", serials=("P1", "P2"))
BOTH = a_movement(FILTER, "IN", "2", "both", lots=(a_lot("F0", "2", serials=("A", "B")),))
UNDONE: dict[str, Movement] = {
    "load of a new lot": a_movement(CHEESE, "IN", "4", lots=(a_lot("L1", "4"),)),
    "load of generated lots": a_movement(CHEESE, "IN", "4", lots=(a_lot(None, "1"), a_lot(None, "3"))),
    "load of more of a lot": a_movement(CHEESE, "ADD", "2", unit="BOX", lots=(a_lot("L0", "2"),)),
    "unload of a lot": a_movement(CHEESE, "OUT", "10", lots=(a_lot("L0", "10"),)),
    "unload by policy": a_movement(CHEESE, "OUT", "7"),
    "transfer of a lot": a_movement(CHEESE, "TO2", "10", lots=(a_lot("L0", "10"),)),
    "load of plain stock": a_movement(SALT, "IN", "3"),
    "load of serials": a_movement(PUMP, "IN", "3", serials=("P3",)),
    "unload of serials": a_movement(PUMP, "OUT", "1", serials=("P1",), document_type="return", document_number="7"),
    "transfer of serials": a_movement(PUMP, "TO2", "2", serials=("P1", "P2")),
    "load of lots with serials": a_movement(FILTER, "IN", "3", lots=(a_lot("F1", "1"), a_lot(None, "2"))),
    "transfer of lots with serials": a_movement(FILTER, "TO2", "1", serials=("B",)),
}


@pytest.mark.parametrize("case", UNDONE)
def test_after_a_reversal_the_registers_are_as_if_the_movement_had_not_been(case: str) -> None:
    ledger = Ledger()
    done(ledger, LOAD, PIECES, BOTH)
    before = registers(ledger)
    movement = UNDONE[case]
    done(ledger, movement)
    assert registers(ledger) != before

    done(ledger, reversal(movement))

    assert registers(ledger) == before


@pytest.mark.parametrize("case", UNDONE)
def test_a_reversal_publishes_the_opposite_postings_and_the_documents_lines_marked(case: str) -> None:
    ledger = Ledger()
    done(ledger, LOAD, PIECES, BOTH)
    first = ledger.send(UNDONE[case])
    second = ledger.send(reversal(UNDONE[case]))

    def sums(decision: Any) -> dict[tuple[Any, ...], int]:
        return {
            (it.warehouse, it.location, it.lot_code, it.offset): it.quantity for it in published(decision, "postings")
        }

    assert sums(second) == {place: -amount for place, amount in sums(first).items()}
    assert {it.reverses for it in published(second, "postings")} <= {"m1", "m1/offset"}
    ids = [it.entry_id for it in published(second, "postings")]
    assert len(set(ids)) == len(ids)
    marked = {entry.entry_id: replace(entry, reversed=False) for entry in published(second, "register-history")}
    assert all(entry.reversed for entry in published(second, "register-history"))
    assert marked == {entry.entry_id: entry for entry in published(first, "register-history")}
    assert reply_of(second).lots == reply_of(first).lots


def test_a_movement_is_reversed_once_and_its_reversal_never() -> None:
    ledger = Ledger()
    done(ledger, LOAD, reversal(LOAD))

    assert reply_of(ledger.send(reversal(LOAD))).status == "duplicate"
    assert refused_with(ledger.send(reversal(LOAD, "r2"))) == ["movement-already-reversed"]
    assert refused_with(ledger.send(replace(reversal(LOAD, "r2"), reverses="r1"))) == ["reversal-impossible"]
    assert reply_of(ledger.send(LOAD)).status == "duplicate"


def test_a_movement_that_nobody_took_cannot_be_reversed() -> None:
    ledger = Ledger()
    ledger.send(replace(LOAD, account="XX"))

    assert refused_with(ledger.send(reversal(LOAD))) == ["movement-unknown"]
    assert refused_with(ledger.send(replace(reversal(LOAD), reverses=None))) == ["field-invalid"]


def test_a_reversal_has_a_date_of_its_own_and_the_moment_of_its_original() -> None:
    ledger = Ledger(Company(open_from=TODAY))
    movement = replace(LOAD, occurred_at=NOON - 7)
    done(ledger, movement)

    assert refused_with(ledger.send(reversal(movement, effective_date=parse_day("2026-01-01")))) == [
        "date-outside-period"
    ]
    posting = published(ledger.send(reversal(movement, user="bob")), "postings")[0]
    assert (posting.occurred_at, posting.user, posting.movement_id, posting.reverses) == (NOON - 7, "bob", "r1", "base")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (LOAD, a_movement(CHEESE, "OUT", "0.000001", "m2", lots=(a_lot("L0", "0.000001"),))),
        (LOAD, a_movement(CHEESE, "TO2", "1", "m2", lots=(a_lot("L0", "1"),))),
        (PIECES, a_movement(PUMP, "OUT", "1", "m2", serials=("P2",))),
        (PIECES, a_movement(PUMP, "TO2", "1", "m2", serials=("P2",))),
        (a_movement(SALT, "IN", "1"), a_movement(SALT, "OUT", "1", "m2")),
    ],
)
def test_goods_that_have_moved_on_are_not_undone_until_that_is_undone_first(first: Movement, then: Movement) -> None:
    ledger = Ledger()
    done(ledger, first, then)

    codes = refused_with(ledger.send(reversal(first, "r1")))
    assert set(codes) == {"reversal-impossible"}
    done(ledger, reversal(then, "r2"), reversal(first, "r1"))
    assert registers(ledger) == {}


def test_a_sale_is_not_undone_once_the_piece_came_back() -> None:
    ledger = Ledger()
    sale = a_movement(PUMP, "OUT", "1", "m2", serials=("P1",))
    done(ledger, PIECES, sale, a_movement(PUMP, "IN", "1", "m3", serials=("P1",)))

    assert refused_with(ledger.send(reversal(sale))) == ["reversal-impossible"]


def test_the_first_load_of_a_lot_is_undone_beside_a_later_one() -> None:
    ledger = Ledger()
    done(ledger, LOAD, a_movement(CHEESE, "ADD", "4", "m2", lots=(a_lot("L0", "4"),)), reversal(LOAD))

    lot = ledger.rows("lot-register")["FOO|CHEESE||L0"]
    assert [quantity.text(it) for it in (lot.initial_quantity, lot.loaded, lot.stock)] == ["4", "4", "4"]


def test_a_piece_that_is_reserved_is_not_undone() -> None:
    ledger = Ledger()
    done(ledger, PIECES)
    ledger.change_serial("MAC|PUMP|||P1", reserved=True, reserved_for="customer_order|1")

    assert refused_with(ledger.send(reversal(PIECES))) == ["reversal-impossible"]


def test_a_reversal_is_of_the_moment_of_its_original_though_the_company_moved_to_another_time_zone() -> None:
    ledger = Ledger()
    yesterday = a_movement(CHEESE, "IN", "1", effective_date=TODAY - 1, lots=(a_lot("L1", "1"),))
    first = ledger.send(yesterday)
    ledger.master.put(replace(ledger.master.company, time_zone="Asia/Tokyo"))
    second = ledger.send(reversal(yesterday))

    assert {it.occurred_at for it in published(first, "postings")} == {NOON - 12 * 3_600_000 - 1}
    for topic in ("postings", "register-history"):
        assert [it.occurred_at for it in published(second, topic)] == [it.occurred_at for it in published(first, topic)]


@pytest.mark.parametrize("flag", ["cancelled", "force_closed"])
def test_a_piece_that_does_not_move_is_not_undone_until_its_flag_is_taken_back(flag: str) -> None:
    ledger = Ledger()
    done(ledger, PIECES)
    ledger.change_serial("MAC|PUMP|||P1", **{flag: True})
    assert refused_with(ledger.send(reversal(PIECES))) == ["reversal-impossible"]

    ledger.change_serial("MAC|PUMP|||P1", **{flag: False})
    done(ledger, reversal(PIECES))


def test_a_transfer_of_the_very_millisecond_of_the_load_is_undone_alone() -> None:
    ledger = Ledger()
    transfer = a_movement(PUMP, "TO2", "2", serials=("P1", "P2"))
    for movement in (PIECES, transfer, reversal(transfer)):
        assert reply_of(ledger.send(movement)).status == "done"

    places = {row.serial_code: (row.state, row.warehouse) for row in ledger.rows("serial-register").values()}
    assert places == {"P1": ("in_stock", "W1"), "P2": ("in_stock", "W1")}


@pytest.mark.parametrize("document", [None, "return"])
def test_a_piece_that_came_back_is_out_again_once_its_return_is_undone(document: Any) -> None:
    ledger = Ledger()
    back = a_movement(PUMP, "IN", "1", "m3", serials=("P1",))
    done(ledger, PIECES, a_movement(PUMP, "OUT", "1", "m2", serials=("P1",), document_type=document), back)
    done(ledger, reversal(back))

    assert ledger.rows("serial-register")["MAC|PUMP|||P1"].state == "out"


def test_a_piece_with_a_later_document_stays_in_the_register_when_its_first_load_is_undone() -> None:
    ledger = Ledger()
    sale = a_movement(PUMP, "OUT", "1", "m2", serials=("P1",), document_type="sales_invoice", document_number="1")
    done(ledger, PIECES, sale, a_movement(PUMP, "IN", "1", "m3", serials=("P1",)), reversal(PIECES))

    assert {row.serial_code: row.state for row in ledger.rows("serial-register").values()} == {"P1": "out"}


def test_the_first_document_of_a_piece_is_the_first_that_still_stands() -> None:
    ledger = Ledger(Template("W1", "TO1", "To itself", "unload", offset_template="IN"))
    moves = [
        a_movement(PUMP, "TO1", "1", f"m{n}", serials=("P1",), document_type="other", document_number=number)
        for n, number in enumerate(("D1", "D2", "D1"))
    ]
    done(ledger, PIECES, *moves)

    firsts = []
    for n in (2, 0, 1):
        done(ledger, reversal(moves[n], f"r{n}"))
        firsts.append(ledger.rows("serial-register")["MAC|PUMP|||P1"].first_document_number)
    assert firsts == ["D1", "D2", None]


def test_a_lot_is_not_undone_below_zero_whatever_company_and_warehouse_say() -> None:
    ledger = Ledger(Company(allow_negative_stock=True))
    load = a_movement(CHEESE, "IN", "2", warehouse="W2", lots=(a_lot("L", "2"),))
    done(ledger, load, a_movement(CHEESE, "OUT", "1", "m2", warehouse="W2", lots=(a_lot("L", "1"),)))

    assert refused_with(ledger.send(reversal(load))) == ["reversal-impossible"]


def test_plain_stock_is_undone_below_zero_only_where_that_is_allowed() -> None:
    for company, expected in ((False, "refused"), (True, "done")):
        ledger = Ledger(Company(allow_negative_stock=company))
        load = a_movement(SALT, "IN", "1", warehouse="W2")
        done(ledger, load, a_movement(SALT, "OUT", "1", "m2", warehouse="W2"))
        assert reply_of(ledger.send(reversal(load))).status == expected


def test_freed_codes_are_given_out_again_smallest_first_where_the_code_type_fills_gaps() -> None:
    ledger = Ledger(PLATES, DAYS)
    loads = [a_movement(FILTER, "IN", "2", f"m{n}") for n in range(3)]
    done(ledger, *loads, reversal(loads[0], "r0"), reversal(loads[1], "r1"))
    frees = {key.split("\\")[0]: row.free for key, row in ledger.rows("counter-register").items()}
    assert frees == {"lot": "0-1", "serial": "0-3"}

    (lot,) = reply_of(ledger.send(a_movement(FILTER, "IN", "5", "again"))).lots
    assert (lot.lot_code, lot.ordinal) == ("26000", 0)
    assert lot.serials == ("FI00000", "FI00001", "FI00002", "FI00003", "FI00006")
    assert ledger.rows("lot-register")["MAC|FILTER||26000"].generation == 2
    generations = {row.serial_code: row.generation for row in ledger.rows("serial-register").values()}
    assert generations == {
        "FI00000": 2,
        "FI00001": 2,
        "FI00002": 1,
        "FI00003": 1,
        "FI00004": 1,
        "FI00005": 1,
        "FI00006": 1,
    }


@pytest.mark.parametrize(
    ("then", "now", "code"), [(True, False, "26002"), (False, True, "26002"), (True, True, "26000")]
)
def test_a_code_is_free_where_its_code_type_filled_gaps_when_it_was_made_and_does_still(
    then: bool, now: bool, code: str
) -> None:
    ledger = Ledger(replace(DAYS, fill_gaps=then))
    first, second, third = (a_movement(CHEESE, "IN", "1", f"m{number}") for number in range(3))
    done(ledger, first, second)
    ledger.master.put(replace(DAYS, fill_gaps=now))
    done(ledger, reversal(first))
    ledger.master.put(DAYS)

    assert reply_of(ledger.send(third)).lots[0].lot_code == code


def test_freed_codes_stay_unused_where_the_code_type_does_not_fill_gaps() -> None:
    ledger = Ledger()
    load = a_movement(PUMP, "IN", "2", "m0")
    done(ledger, load, reversal(load))

    assert reply_of(ledger.send(a_movement(PUMP, "IN", "1", "m1"))).serials == ("PU00002",)
    assert [row.free for row in ledger.rows("counter-register").values()] == [""]


def test_a_code_is_free_whichever_reversal_leaves_its_lot_without_documents() -> None:
    ledger = Ledger(DAYS)
    first = a_movement(CHEESE, "IN", "2", "m1")
    more = a_movement(CHEESE, "ADD", "3", "m2", lots=(a_lot("26000", "3", lot_type="X"),), account="S1")
    done(ledger, first, more, reversal(first, "r1"))
    (counter,) = ledger.rows("counter-register").values()
    assert counter.free == ""

    done(ledger, reversal(more, "r2"))
    (counter,) = ledger.rows("counter-register").values()
    assert counter.free == "0"
    assert not any(key.startswith("root") for key in ledger.rows("ledger-state"))


def test_a_piece_that_was_moved_since_is_out_and_its_code_in_use_when_its_load_is_undone() -> None:
    ledger = Ledger(PLATES, Template("W1", "TO1", "To itself", "unload", offset_template="IN"))
    load, move = a_movement(PUMP, "IN", "1", "m1"), a_movement(PUMP, "TO1", "1", "m2", serials=("PU00000",))
    done(ledger, load, move, reversal(load))
    assert [row.state for row in ledger.rows("serial-register").values()] == ["out"]
    assert [row.free for row in ledger.rows("counter-register").values()] == [""]

    assert reply_of(ledger.send(a_movement(PUMP, "IN", "1", "m3"))).serials == ("PU00001",)


def test_a_code_that_is_typed_again_is_of_its_next_generation() -> None:
    ledger = Ledger()
    done(ledger, LOAD, reversal(LOAD), replace(LOAD, movement_id="m2"), replace(reversal(LOAD, "r2"), reverses="m2"))
    done(ledger, replace(LOAD, movement_id="m3"))

    assert ledger.rows("lot-register")["FOO|CHEESE||L0"].generation == 3


def test_codes_of_the_company_are_let_go_with_the_lot_that_held_them() -> None:
    ledger = Ledger(Company(lot_code_scope="company"), replace(PLATES, scope="company"))
    load = a_movement(FILTER, "IN", "1", lots=(a_lot("MINE", "1"),))
    claims = ledger.send(load).claims

    decision = ledger.send(reversal(load))
    assert decision.released == claims
    assert decision.claims == []


def test_an_ordinal_whose_rule_has_changed_since_stays_unused() -> None:
    ledger = Ledger(PLATES)
    load = a_movement(PUMP, "IN", "1", "m0")
    done(ledger, load)
    ledger.master.put(replace(PLATES, parts=(CodePart("item_code", 1), CodePart("number", 5, "0"))))
    done(ledger, reversal(load))

    assert [row.free for row in ledger.rows("counter-register").values()] == [""]


def test_a_reversal_names_no_lots_and_undoes_all() -> None:
    ledger = Ledger()
    done(ledger, LOAD)

    assert refused_with(ledger.send(replace(reversal(LOAD), lots=(a_lot("L0", "1"),)))) == ["field-invalid"]
    assert quantity.text(ledger.rows("lot-register")["FOO|CHEESE||L0"].stock) == "10"
