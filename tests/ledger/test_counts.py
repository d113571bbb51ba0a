"""Counts against the book at their moment, whatever arrives when (`domain.md` §10, architecture §6)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.domain.master import Company
from processors.domain.quantity import ONE, parse
from tests.ledger.count_story import Counted, told
from tests.ledger.ledger_story import CHEESE, NOON, PUMP, SALT, TODAY, a_lot, a_movement, refused_with, reversal


def a_shelf(amount: str = "50") -> Counted:
    """Shelf A of the warehouse with so much salt, and list L1 open."""
    ledger = Counted()
    ledger.move(SALT, "IN", amount, "opening", 0)
    ledger.open(at=1)
    return ledger


@pytest.mark.parametrize(
    ("counted", "difference", "direction", "after"),
    [
        ("50", "0", None, "50"),
        ("47", "-3", "unload", "47"),
        ("52.5", "2.5", "load", "52.5"),
        ("0", "-50", "unload", "0"),
    ],
)
def test_a_difference_is_adjusted_at_the_moment_of_its_count(
    counted: str, difference: str, direction: str | None, after: str
) -> None:
    ledger = a_shelf()
    ledger.count(SALT, counted, at=10)
    (result,) = ledger.settle(reason_code="YEARLY").values()
    assert (result.state, result.book, result.difference) == ("settled", 50 * ONE, parse(difference))
    assert ledger.held() == after
    assert [(a.direction, a.adjustment_id, a.counted_at, a.reason_code) for a in ledger.adjustments] == (
        [] if direction is None else [(direction, "I1/L1/1/1", NOON + 10, "YEARLY")]
    )
    assert ledger.rows("stock-register")["FOO|SALT||W1|A|"].last_counted_at == NOON + 10


def test_goods_that_moved_after_the_count_are_no_difference() -> None:
    ledger = a_shelf()
    ledger.count(SALT, "50", at=10)
    ledger.move(SALT, "OUT", "20", "shipped", 20)
    (result,) = ledger.settle().values()
    assert (result.book, result.difference) == (50 * ONE, 0)
    assert ledger.held() == "30"


def test_a_movement_at_exactly_the_moment_of_the_count_was_before_it() -> None:
    ledger = a_shelf()
    ledger.count(SALT, "30", at=10)
    ledger.move(SALT, "OUT", "20", "shipped", 10)
    (result,) = ledger.settle().values()
    assert (result.book, result.difference) == (30 * ONE, 0)


def test_a_movement_between_two_reads_of_a_line_marks_it() -> None:
    ledger = a_shelf()
    ledger.count(SALT, "50", at=10, since=5)
    ledger.move(SALT, "OUT", "1", "shipped", 7)
    undone = a_movement(SALT, "OUT", "1", "again", location="A", occurred_at=NOON + 8)
    ledger.send(undone)
    ledger.send(reversal(undone))
    (result,) = ledger.settle().values()
    assert result.moved_during_count


def test_a_movement_that_arrives_late_does_not_become_a_difference() -> None:
    ledger = a_shelf()
    ledger.count(SALT, "47", at=10)
    ledger.settle()
    assert ledger.held() == "47"
    ledger.move(SALT, "OUT", "3", "forgotten", 5)
    assert ledger.held() == "47"
    difference, correction = ledger.adjustments
    assert (correction.kind, correction.difference, correction.supersedes, correction.movement_id) == (
        "correction", 3 * ONE, difference.adjustment_id, "forgotten",
    )  # fmt: skip
    assert [alert.kind for alert in ledger.alerts] == ["late_movement"]


def test_a_movement_is_not_refused_because_of_the_count_that_it_explains() -> None:
    ledger = a_shelf("10")
    ledger.count(SALT, "0", at=10)
    ledger.settle()
    assert ledger.move(SALT, "OUT", "10", "forgotten", 5).refusal is None
    assert ledger.held() == "0"
    assert refused_with(ledger.move(SALT, "OUT", "1", "never there", 6)) == ["stock-insufficient"]


def test_a_reversal_happened_when_its_original_did() -> None:
    ledger = a_shelf()
    wrong = a_movement(SALT, "IN", "5", "wrong", location="A", occurred_at=NOON + 2)
    ledger.noted(ledger.send(wrong))
    ledger.count(SALT, "50", at=10)
    ledger.settle()
    assert ledger.held() == "50"
    ledger.noted(ledger.send(reversal(wrong)))
    assert ledger.held() == "50"
    assert [a.difference for a in ledger.adjustments] == [-5 * ONE, 5 * ONE]


def test_where_the_list_type_only_reports_the_late_movement_changes_stock() -> None:
    ledger = a_shelf()
    ledger.open("L1", compensate_late=False)
    ledger.count(SALT, "47", at=10)
    ledger.settle()
    ledger.move(SALT, "OUT", "3", "forgotten", 5)
    assert ledger.held() == "44"
    assert [a.kind for a in ledger.adjustments] == ["difference", "late_report"]
    ledger.move(SALT, "OUT", "45", "too much", 5)
    assert ledger.held() == "44"
    assert ledger.adjustments[-1].kind == "correction"


def test_an_older_count_settled_after_a_newer_one_posts_nothing() -> None:
    ledger = a_shelf()
    ledger.open("L2", at=1)
    ledger.count(SALT, "47", at=10)
    ledger.count(SALT, "40", at=20, list_="L2")
    assert ledger.settle("L2")["1"].state == "settled"
    assert ledger.settle("L1")["1"].state == "superseded"
    assert ledger.held() == "40"


@pytest.mark.parametrize(
    ("rules", "state"),
    [
        ({"tolerance_quantity": parse("3")}, "settled"),
        ({"tolerance_quantity": parse("2.9")}, "approval"),
        ({"tolerance_percent": parse("6")}, "settled"),
        ({"tolerance_percent": parse("5.9")}, "approval"),
        ({"tolerance_quantity": parse("9"), "tolerance_percent": parse("1")}, "approval"),
        ({}, "settled"),
    ],
)
def test_a_difference_beyond_the_tolerance_waits_for_somebody(rules: dict[str, Any], state: str) -> None:
    ledger = a_shelf()
    ledger.open(beyond_tolerance="approval", **rules)
    ledger.count(SALT, "47", at=10)
    assert ledger.settle()["1"].state == state
    assert ledger.held() == ("50" if state == "approval" else "47")


def test_an_approval_is_of_a_difference_and_asked_again_if_that_changed() -> None:
    ledger = a_shelf()
    ledger.open(beyond_tolerance="approval", tolerance_quantity=0)
    ledger.count(SALT, "47", at=10)
    assert ledger.settle()["1"].difference == -3 * ONE
    ledger.move(SALT, "OUT", "1", "forgotten", 5)
    (again,) = ledger.settle_line(SALT, approved=-3 * ONE).values()
    assert (again.state, again.difference, again.reason) == ("approval", -2 * ONE, "difference-changed")
    (result,) = ledger.settle_line(SALT, approved=-2 * ONE).values()
    assert result.state == "settled"
    assert ledger.held() == "47"


def test_a_line_counted_again_settles_whatever_the_tolerance() -> None:
    ledger = a_shelf()
    ledger.open(beyond_tolerance="recount", tolerance_quantity=0)
    ledger.count(SALT, "47", at=10)
    assert ledger.settle()["1"].state == "recount"
    ledger.count(SALT, "46", at=30, revision=2, recounted=True)
    assert ledger.settle_line(SALT, revision=2)["1"].state == "settled"
    assert ledger.held() == "46"


def test_a_refused_line_is_tried_again_by_a_repeated_close_and_nothing_is_posted_twice() -> None:
    ledger = a_shelf()
    ledger.move(SALT, "IN", "8", "other shelf", 0, location="B")
    ledger.count(SALT, "47", at=10)
    ledger.count(SALT, "8", at=11, line="2", location="B")
    kept = ledger.master.templates.pop(("W1", "COU"))
    results = ledger.settle()
    assert (results["1"].state, results["2"].state) == ("refused", "settled")
    assert (results["1"].reason or "").startswith("template-missing: ")
    ledger.master.put(kept)
    assert list(ledger.settle()) == ["1"]
    assert ledger.held() == "47"
    assert ledger.settle() == {}
    assert len(ledger.adjustments) == 1


def test_a_settlement_asked_for_twice_is_answered_twice_and_done_once() -> None:
    ledger = a_shelf()
    ledger.count(SALT, "47", at=10)
    ledger.settle()
    ledger.settlement["L1"] -= 1
    assert ledger.settle() == {}
    assert ledger.held() == "47"


def test_a_closing_day_compares_with_the_book_at_its_end() -> None:
    ledger = Counted(Company())
    day = NOON - 86_400_000
    yesterday = a_movement(SALT, "IN", "50", "opening", location="A", occurred_at=day)
    ledger.send(yesterday)
    ledger.move(SALT, "OUT", "20", "today", 5)
    ledger.open(as_of=day // 86_400_000)
    ledger.count(SALT, "48", at=10)
    (result,) = ledger.settle().values()
    assert (result.book, result.difference) == (50 * ONE, -2 * ONE)
    assert ledger.held() == "28"


@pytest.mark.parametrize(
    ("moves", "after"),
    [
        ([], "0"),
        ([("OUT", "20", 10)], "0"),
        ([("IN", "5", 10)], "5"),
        ([("IN", "5", 10), ("OUT", "5", 20)], "0"),
        ([("OUT", "50", 10), ("IN", "7", 20)], "7"),
    ],
)
def test_zero_takes_out_only_what_stood_there_unread_all_the_time(
    moves: list[tuple[str, str, int]], after: str
) -> None:
    ledger = a_shelf()
    ledger.open(at=1, uncounted="zero")
    for number, (template, amount, at) in enumerate(moves):
        ledger.move(SALT, template, amount, f"m{number}", at)
    ledger.settle(at=100)
    assert ledger.held() == after


def test_zero_leaves_alone_what_another_list_of_the_inventory_holds_and_what_is_out_of_scope() -> None:
    ledger = a_shelf()
    ledger.move(SALT, "IN", "8", "b", 0, location="B")
    ledger.move(CHEESE, "IN", "4", "c", 0, lots=(a_lot("L7", "4"),))
    ledger.open("L1", uncounted="zero", locations=("A",))
    ledger.open("L2")
    ledger.count(SALT, "50", at=10, list_="L2")
    results = ledger.settle("L1", at=100)
    assert [(r.item_code, r.counted, r.difference, r.line[:2]) for r in results.values()] == [
        ("CHEESE", 0, -4 * ONE, "z-")
    ]
    assert (ledger.held(), ledger.held(location="B"), ledger.held(CHEESE, lot="L7")) == ("50", "8", "0")


def test_a_lot_on_the_shelf_that_nobody_knows_is_made_and_its_papers_may_come_late() -> None:
    ledger = a_shelf()
    ledger.count(CHEESE, "4", at=10, lot_code="L7")
    ledger.settle()
    lot = ledger.rows("lot-register")["FOO|CHEESE||L7"]
    assert (lot.found, lot.stock, lot.supplier) == (True, 4 * ONE, None)
    late = ledger.move(CHEESE, "IN", "4", "papers", 5, lots=(a_lot("L7", "4", supplier_lot="S/9"),), account="S1")
    assert late.refusal is None
    lot = ledger.rows("lot-register")["FOO|CHEESE||L7"]
    assert (lot.found, lot.stock, lot.supplier, lot.supplier_lot) == (False, 4 * ONE, "S1", "S/9")
    assert (lot.loaded, lot.unloaded) == (8 * ONE, 4 * ONE)
    assert refused_with(ledger.move(CHEESE, "IN", "1", "more", 5, lots=(a_lot("L7", "1"),))) == ["lot-exists"]


# pieces


def the_pumps(*serials: str) -> Counted:
    """Pumps on shelf A, and list L1 open."""
    ledger = Counted()
    if serials:
        ledger.move(PUMP, "IN", str(len(serials)), "opening", 0, serials=serials)
    ledger.open(at=1)
    return ledger


def read(ledger: Counted, *serials: str, at: int = 10, location: str = "A", list_: str = "L1") -> None:
    for number, serial in enumerate(serials):
        ledger.count(PUMP, "1", at + number, f"{location}{serial}", list_, location, serial_code=serial)


def place(ledger: Counted, serial: str) -> tuple[str, str | None] | None:
    row = ledger.rows("serial-register").get(f"MAC|PUMP|||{serial}")
    return None if row is None else (row.state, row.location)


def test_a_piece_that_is_not_read_where_others_were_is_missing() -> None:
    ledger = the_pumps("P1", "P2", "P3")
    read(ledger, "P1", "P3")
    results = ledger.settle()
    assert sorted((r.serial_code, r.state, r.difference) for r in results.values()) == [
        ("P1", "settled", 0), ("P2", "settled", -ONE), ("P3", "settled", 0),
    ]  # fmt: skip
    assert (place(ledger, "P2"), ledger.held(PUMP)) == (("out", None), "2")


def test_where_nothing_was_read_nothing_is_missing() -> None:
    ledger = the_pumps("P1", "P2")
    assert ledger.settle() == {}
    assert ledger.held(PUMP) == "2"


def test_pieces_nobody_read_are_missing_where_the_list_says_zero() -> None:
    ledger = the_pumps("P1", "P2")
    ledger.open(at=1, uncounted="zero")
    ledger.move(PUMP, "IN", "1", "later", 50, serials=("P9",))
    ledger.settle(at=100)
    assert (place(ledger, "P1"), place(ledger, "P9"), ledger.held(PUMP)) == (("out", None), ("in_stock", "A"), "1")


def test_a_piece_that_came_or_went_during_the_count_is_not_missing() -> None:
    ledger = the_pumps("P1", "P2", "P3")
    read(ledger, "P1", at=10)
    ledger.move(PUMP, "OUT", "1", "shipped", 12, serials=("P2",))
    ledger.move(PUMP, "IN", "1", "arrived", 12, serials=("P9",))
    read(ledger, "P3", at=20)
    results = ledger.settle()
    assert {r.serial_code: r.difference for r in results.values()} == {"P1": 0, "P3": 0}
    assert ledger.held(PUMP) == "3"


def test_a_piece_found_is_loaded_and_one_found_elsewhere_moves_in_one_group() -> None:
    ledger = the_pumps("P1", "P2")
    read(ledger, "P1", "P8")
    read(ledger, "P2", at=20, location="B")
    results = ledger.settle()
    assert {r.serial_code: (r.state, r.difference) for r in results.values()} == {
        "P1": ("settled", 0), "P8": ("settled", ONE), "P2": ("settled", ONE),
    }  # fmt: skip
    assert place(ledger, "P2") == ("in_stock", "B")
    assert (ledger.held(PUMP), ledger.held(PUMP, "B")) == ("2", "1")
    moved = [a for a in ledger.adjustments if a.serial_code == "P2"]
    assert [(a.direction, a.location, a.group) for a in moved] == [
        ("unload", "A", "I1/L1/BP2/1"), ("load", "B", "I1/L1/BP2/1"),
    ]  # fmt: skip


def test_late_papers_of_pieces_leave_them_where_the_count_found_them() -> None:
    ledger = the_pumps("P1", "P2")
    read(ledger, "P1", "P8")
    ledger.settle()
    assert place(ledger, "P2") == ("out", None)
    assert ledger.move(PUMP, "OUT", "1", "shipped", 5, serials=("P2",)).refusal is None
    assert ledger.move(PUMP, "IN", "1", "received", 5, serials=("P8",)).refusal is None
    assert ledger.move(PUMP, "IN", "1", "nobody saw", 5, serials=("P7",)).refusal is None
    assert [place(ledger, serial) for serial in ("P1", "P2", "P7", "P8")] == [
        ("in_stock", "A"), ("out", None), ("out", None), ("in_stock", "A"),
    ]  # fmt: skip
    assert ledger.held(PUMP) == "2"
    assert [a.kind for a in ledger.adjustments].count("correction") == 3


def test_a_piece_that_a_document_moved_after_its_count_is_where_the_document_says() -> None:
    ledger = the_pumps("P1")
    read(ledger, "P1", location="B")
    ledger.move(PUMP, "OUT", "1", "shipped", 30, serials=("P1",))
    (result,) = (r for r in ledger.settle().values() if r.serial_code == "P1")
    assert (result.state, result.reason) == ("superseded", "moved-since")
    assert (place(ledger, "P1"), ledger.held(PUMP), ledger.held(PUMP, "B")) == (("out", None), "0", "0")


# any order of arrival

OPENING = 50
MOVE = st.tuples(st.just("move"), st.integers(1, 99), st.integers(-5, 8))
LOSS = st.tuples(st.integers(1, 99), st.integers(-4, 4))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(MOVE, max_size=8),
    st.lists(LOSS, max_size=3),
    st.lists(st.integers(2, 99), min_size=1, max_size=3, unique=True),
    st.randoms(use_true_random=False),
)
def test_stock_is_what_was_counted_and_what_really_moved_since_whatever_the_order_of_arrival(
    moves: list[tuple[str, int, int]], losses: list[tuple[int, int]], moments: list[int], random: Any
) -> None:
    moments = sorted(moments)
    losses = [(at, amount) for at, amount in losses if at < moments[-1]]

    def shelf(moment: float) -> int:
        # What is lost or found unseen is so a moment after what the papers say.
        return OPENING + sum(q for _, m, q in moves if m <= moment) + sum(q for m, q in losses if m + 0.5 <= moment)

    ledger = a_shelf(told(OPENING))
    for number, _ in enumerate(moments):
        ledger.open(f"L{number}", at=1)
    arrivals: list[tuple[Any, ...]] = [(f"m{n}", *move) for n, move in enumerate(moves) if move[2]]
    arrivals += [("count", number, moment) for number, moment in enumerate(moments)]
    random.shuffle(arrivals)
    for number, moment in enumerate(moments):
        at = arrivals.index(("count", number, moment))
        arrivals.insert(random.randrange(at + 1, len(arrivals) + 1), ("settle", number))
    undone = [] if not moves else [n for n in range(len(moves)) if random.random() < 0.2]
    for arrival in arrivals:
        match arrival:
            case ("count", number, moment):
                ledger.count(SALT, told(max(0, shelf(moment))), at=moment, list_=f"L{number}")
            case ("settle", number):
                ledger.settle(f"L{number}")
            case (id, _, moment, amount):
                template = "IN" if amount > 0 else "OUT"
                assert ledger.move(SALT, template, told(abs(amount)), id, moment).refusal is None
    # Papers that were wrong and are taken back change nothing that was counted.
    for number in undone:
        _, moment, amount = moves[number]
        if amount:
            wrong = a_movement(SALT, "IN", "3", f"wrong {number}", location="A", occurred_at=NOON + moment)
            ledger.send(wrong, NOON + 3_600_000)
            ledger.send(reversal(wrong, f"undone {number}"), NOON + 3_600_000)
    assert ledger.held() == told(shelf(1000))


def test_what_the_books_of_the_open_period_need_stays_when_the_period_moves_on() -> None:
    ledger = a_shelf()
    ledger.open("L2", at=1)
    ledger.open("L3", at=1)
    ledger.count(SALT, "47", at=10)
    ledger.count(SALT, "46", at=20, list_="L2")
    ledger.settle("L1")
    ledger.settle("L2")
    # Its day is closed, its moment is not: a book of tomorrow needs it.
    ledger.move(SALT, "OUT", "6", "overnight", 86_400_000 - 10, effective_date=TODAY, time_ms=NOON + 86_400_000)
    ledger.master.put(Company(open_from=TODAY + 1))
    tomorrow = NOON + 86_400_000
    opens = ledger.move(SALT, "IN", "1", "new", 86_400_000, effective_date=TODAY + 1, time_ms=tomorrow)
    ledger.work_off(opens)
    assert sorted(row.list for row in ledger.rows("count-positions").values()) == ["L2"]
    ids = {row.id for row in ledger.rows("ledger-state").values() if row.kind in ("movement", "adjustment")}
    assert ids == {"overnight", "new"}
    ledger.count(SALT, "45", at=86_400_000 - 40_000_000, list_="L3")
    assert ledger.settle("L3")["1"].book == 46 * ONE
    late = ledger.move(SALT, "OUT", "2", "forgotten", 15, effective_date=TODAY + 1, time_ms=tomorrow)
    assert late.refusal is None
    assert ledger.adjustments[-1].kind == "correction"
    assert ledger.held() == "40"


def test_a_piece_that_left_before_the_operator_came_to_it_is_not_missing_whenever_its_papers_come() -> None:
    ledger = the_pumps("P1", "P2")
    read(ledger, "P1", at=10)
    ledger.settle(at=100)
    assert place(ledger, "P2") == ("out", None)
    assert ledger.move(PUMP, "OUT", "1", "shipped", 50, serials=("P2",)).refusal is None
    assert refused_with(ledger.move(PUMP, "OUT", "1", "again", 101, serials=("P2",))) == ["serial-not-in-stock"]
    assert (place(ledger, "P2"), ledger.held(PUMP)) == (("out", None), "1")


def test_what_is_counted_again_after_nobody_had_read_it_is_what_was_counted() -> None:
    ledger = a_shelf("14")
    ledger.open(at=1, uncounted="zero", beyond_tolerance="recount", tolerance_quantity=0)
    ledger.move(SALT, "IN", "2", "more", 50)
    (made,) = ledger.settle(at=100).values()
    assert (made.state, made.difference, made.counted) == ("recount", -14 * ONE, 2 * ONE)
    ledger.count(SALT, "16", at=200, line=made.line, revision=2, recounted=True)
    (result,) = ledger.settle_line(SALT, line=made.line, revision=2).values()
    assert (result.state, result.difference) == ("settled", 0)
    assert ledger.held() == "16"
