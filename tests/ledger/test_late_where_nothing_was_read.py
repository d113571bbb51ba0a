"""Documents that come late about a place which a list with `zero` went through (`domain.md` §10)."""

import pytest

from processors.domain.changes import Changes
from processors.domain.counts.gone_through import GoneThrough, note_gone_through
from processors.domain.counts.list_facts import list_row_key, read_facts
from processors.domain.decision import Decision
from tests.ledger.count_story import Counted
from tests.ledger.ledger_story import CHEESE, NOON, PUMP, SALT, a_lot, a_movement, refused_with, reversal


def gone_through(*locations: str, opened: int = 10, closed: int = 100, **rules: object) -> Counted:
    """A warehouse with nothing in it by the books, which a list of these places (all) went through and read nothing."""
    ledger = Counted()
    ledger.open(at=opened, uncounted="zero", locations=locations, **rules)
    assert ledger.settle(at=closed) == {}
    return ledger


@pytest.mark.parametrize(
    ("at", "after", "corrected"),
    [(5, "0", ["correction"]), (10, "0", ["correction"]), (50, "7", []), (100, "7", []), (101, "7", [])],
)
def test_goods_that_came_before_the_list_opened_were_not_there(at: int, after: str, corrected: list[str]) -> None:
    ledger = gone_through()
    assert ledger.move(SALT, "IN", "7", "papers", at).refusal is None
    assert (ledger.held(), [found.kind for found in ledger.adjustments]) == (after, corrected)


def test_the_correction_names_the_list_that_found_nothing_and_the_movement() -> None:
    ledger = gone_through()
    ledger.move(CHEESE, "IN", "4", "papers", 5, lots=(a_lot("L7", "4"),))
    (correction,) = ledger.adjustments
    assert (correction.inventory, correction.list, correction.line[:2]) == ("I1", "L1", "z-")
    assert (correction.movement_id, correction.lot_code, correction.difference) == ("papers", "L7", -4_000_000)
    assert [alert.kind for alert in ledger.alerts] == ["late_movement"]
    assert ledger.held(CHEESE, lot="L7") == "0"


def test_papers_of_goods_that_came_and_went_before_agree_with_an_empty_place() -> None:
    ledger = gone_through()
    ledger.move(SALT, "IN", "7", "came", 5)
    assert ledger.move(SALT, "OUT", "7", "went", 6).refusal is None
    assert ledger.held() == "0"
    assert [found.difference for found in ledger.adjustments] == [-7_000_000, 7_000_000]


def test_an_unload_before_of_goods_that_came_during_the_list_finds_none() -> None:
    ledger = gone_through()
    ledger.move(SALT, "IN", "7", "came", 50)
    assert refused_with(ledger.move(SALT, "OUT", "8", "too much", 5)) == ["stock-insufficient"]
    assert (ledger.held(), ledger.adjustments) == ("7", [])


def test_a_load_that_came_during_the_list_can_be_undone() -> None:
    ledger = gone_through()
    came = a_movement(SALT, "IN", "7", "came", location="A", occurred_at=NOON + 50)
    ledger.send(came, NOON + 3_600_000)
    undone = ledger.noted(ledger.send(reversal(came), NOON + 3_600_000))
    assert undone.refusal is None
    assert (ledger.held(), ledger.adjustments) == ("0", [])


def test_other_places_and_what_the_inventory_has_read_are_not_meant() -> None:
    ledger = Counted()
    ledger.open("L1", at=10, uncounted="zero", locations=("A",))
    ledger.open("L2", at=10)
    ledger.count(SALT, "0", at=20, list_="L2")
    ledger.settle("L2", at=100)
    ledger.settle("L1", at=100)
    ledger.move(CHEESE, "IN", "4", "elsewhere", 5, location="B", lots=(a_lot("L7", "4"),))
    ledger.move(SALT, "IN", "7", "read", 5)
    assert (ledger.held(CHEESE, location="B", lot="L7"), ledger.held()) == ("4", "0")
    assert [found.list for found in ledger.adjustments] == ["L2"]


def test_where_the_list_type_only_reports_the_goods_stay() -> None:
    ledger = gone_through(compensate_late=False)
    ledger.move(SALT, "IN", "7", "papers", 5)
    assert (ledger.held(), [found.kind for found in ledger.adjustments]) == ("7", ["late_report"])


def test_pieces_that_came_before_the_list_opened_were_not_there() -> None:
    ledger = gone_through()
    assert ledger.move(PUMP, "IN", "2", "papers", 5, serials=("P1", "P2")).refusal is None
    assert ledger.move(PUMP, "IN", "1", "meanwhile", 50, serials=("P3",)).refusal is None
    states = {key[-2:]: row.state for key, row in ledger.rows("serial-register").items()}
    assert (states, ledger.held(PUMP)) == ({"P1": "out", "P2": "out", "P3": "in_stock"}, "1")
    assert [(found.serial_code, found.line[:2]) for found in ledger.adjustments] == [("P1", "m-"), ("P2", "m-")]
    assert ledger.move(PUMP, "OUT", "1", "shipped", 6, serials=("P1",)).refusal is None  # it had left, and nobody knew
    assert (ledger.held(PUMP), ledger.adjustments[-1].difference) == ("1", 1_000_000)


def test_a_piece_missing_at_one_place_was_not_at_the_next_one_either() -> None:
    ledger = gone_through()
    ledger.move(PUMP, "IN", "1", "came", 5, serials=("P1",), location="A")
    moved = ledger.move(PUMP, "OUT", "1", "taken over", 6, serials=("P1",), location="A")
    assert moved.refusal is None
    ledger.move(PUMP, "IN", "1", "to the other shelf", 7, serials=("P1",), location="B")
    assert (ledger.held(PUMP), ledger.held(PUMP, location="B")) == ("0", "0")
    (row,) = ledger.rows("serial-register").values()
    assert row.state == "out"


def test_what_a_settlement_has_not_come_to_yet_is_left_to_it() -> None:
    ledger = Counted()
    ledger.open(at=10, uncounted="zero")
    facts = read_facts(ledger.rows("ledger-state")[list_row_key("I1", "L1")])
    changes = Changes(ledger.view)
    passing = GoneThrough("I1", "L1", facts, NOON + 100, NOON + 100, "FOO|RICE||W1|A|")
    note_gone_through(changes, passing, NOON)
    ledger.view.take(Decision(rows=changes.rows()))
    ledger.move(CHEESE, "IN", "4", "before it", 5, lots=(a_lot("L7", "4"),))
    ledger.move(SALT, "IN", "7", "behind it", 5)
    assert (ledger.held(CHEESE, lot="L7"), ledger.held()) == ("0", "7")
