"""A serial code that stands in two lots of an item is the item's until the last of them is gone."""

from processors.domain.master import CodePart, CodeType
from tests.ledger.ledger_story import FILTER, Ledger, a_lot, a_movement, reversal

COMPANY_WIDE = CodeType("serial", "PLATE", "Plate", "company", parts=(CodePart("number", 3, "0"),))


def test_a_code_unique_across_the_company_is_let_go_with_the_last_serial_that_has_it() -> None:
    ledger = Ledger(COMPANY_WIDE)
    loads = [a_movement(FILTER, "TYP", "1", f"m{lot}", lots=(a_lot(lot, "1", serials=("S1",)),)) for lot in "AB"]
    for load in loads:
        assert ledger.send(load).refusal is None
    first, last = (ledger.send(reversal(load, f"r{load.movement_id}")) for load in loads)
    assert (first.refusal, last.refusal) == (None, None)
    assert [claim.text for claim in first.released] == []
    assert [claim.text for claim in last.released] == ["serial|S1"]


def test_a_code_in_two_lots_of_one_movement_is_let_go_once_both_are_undone() -> None:
    ledger = Ledger(COMPANY_WIDE)
    load = a_movement(FILTER, "TYP", "2", lots=(a_lot("A", "1", serials=("S1",)), a_lot("B", "1", serials=("S1",))))
    assert ledger.send(load).refusal is None
    assert [claim.text for claim in ledger.send(reversal(load)).released] == ["serial|S1"]
