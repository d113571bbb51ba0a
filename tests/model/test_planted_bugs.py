"""The comparison finds bugs: each of these, planted in the product, is found within a few stories.

`pytest -s` shows the short story that each of them comes down to.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from processors.domain import dates, generation, intake, lots, posting, undoing, withdrawal
from processors.domain.changes import Changes
from processors.domain.dates import expiry_date
from processors.domain.events import Posting
from processors.domain.generation import CodeRule, Generation
from processors.domain.lineage import publish_edges
from processors.domain.lots import lot_key, unusable
from processors.domain.master import AlternativeUnit, LotStatus
from processors.domain.registers import LotRow
from processors.domain.stock import move_stock
from processors.domain.undone import line_undone
from processors.domain.units import convert
from tests.model import product
from tests.model.comparison import difference, shrunk, told
from tests.model.stories import Line, Teller

STORIES = 60
SHORT = 25
"""Lines, master data included, that a story of a planted bug comes down to at most."""

Plant = Callable[[pytest.MonkeyPatch], None]


def withdrawal_breaks_ties_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    def order(lot: LotRow, day: int) -> str | None:
        key = right(lot, day)
        if key is None:
            return None
        scope, start, code = key.split("\0")
        backwards = "".join(chr(200 - ord(letter)) for letter in code)
        return f"{scope}\0{start}\0{backwards}"

    right = withdrawal._order_key
    monkeypatch.setattr(withdrawal, "_order_key", order)


def a_reversal_forgets_what_the_lot_had_unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def undo(self: Any, effect: Any, lot_code: str, *rest: Any) -> None:
        key = lot_key(self._scope_key, lot_code)
        before = self._changes.lot_row(key)
        right(self, effect, lot_code, *rest)
        if not effect.load:
            self._changes.lots[key] = replace(self._changes.lots[key], unloaded=before.unloaded)

    right = undoing.Undoing._undo_lot
    monkeypatch.setattr(undoing.Undoing, "_undo_lot", undo)


def month_end_is_a_day_late(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(start: int, validity_days: int | None, rule: dates.ExpiryRule) -> int | None:
        day = expiry_date(start, validity_days, rule)
        return day + 1 if day is not None and rule == "month_end" else day

    monkeypatch.setattr(lots, "expiry_date", late)


def a_generated_lot_does_not_look_whether_its_code_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(self: Generation, rule: CodeRule, scope_key: str, taken: set[str]) -> Any:
        progressive = self._progressive(rule)
        for ordinal in progressive.candidates():
            code = rule.compose(ordinal)
            if isinstance(code, str):
                progressive.take(ordinal, code)
                return code, ordinal
            return code
        raise AssertionError

    monkeypatch.setattr(generation.Generation, "lot_code", blind)


def a_divided_unit_is_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    def inverted(unit: AlternativeUnit, value: int) -> int | None:
        return convert(replace(unit, operator="multiply"), value)

    monkeypatch.setattr(intake, "convert", inverted)


def a_lot_goes_out_on_its_block_day(monkeypatch: pytest.MonkeyPatch) -> None:
    def usable_a_day_longer(row: LotRow, day: int, statuses: dict[str, LotStatus]) -> bool:
        return unusable(row, day - 1, statuses)

    monkeypatch.setattr(lots, "unusable", usable_a_day_longer)
    monkeypatch.setattr(withdrawal, "unusable", usable_a_day_longer)


def a_reversal_adds_to_the_lineage_instead_of_taking_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsigned(*args: Any, sign: int = 1, **named: Any) -> None:
        publish_edges(*args, **named)

    monkeypatch.setattr(undoing, "publish_edges", unsigned)


def an_undone_document_line_is_not_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "line_undone", lambda *args: replace(line_undone(*args), reversed=False))


def a_posting_of_yesterday_is_told_as_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    def happened_now(occurred_at: int | None, day: int, time_ms: int, today: int, time_zone: str) -> int:
        return time_ms if occurred_at is None else occurred_at

    monkeypatch.setattr(intake, "happened_at", happened_now)


def the_other_side_of_a_transfer_is_posted_with_the_same_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsigned(changes: Changes, intake: Any, leg: Any, line: Any, reasons: Any) -> Any:
        row = move_stock(changes, intake, leg, line, reasons)
        if row is not None and leg.offset:
            posted = changes.records[-1].value
            assert isinstance(posted, Posting)
            posted.quantity = -posted.quantity
        return row

    monkeypatch.setattr(posting, "move_stock", unsigned)


PLANTS: tuple[Plant, ...] = (
    withdrawal_breaks_ties_backwards,
    a_reversal_forgets_what_the_lot_had_unloaded,
    month_end_is_a_day_late,
    a_generated_lot_does_not_look_whether_its_code_was_typed,
    a_divided_unit_is_multiplied,
    a_lot_goes_out_on_its_block_day,
    a_reversal_adds_to_the_lineage_instead_of_taking_from_it,
    an_undone_document_line_is_not_marked,
    a_posting_of_yesterday_is_told_as_of_now,
    the_other_side_of_a_transfer_is_posted_with_the_same_sign,
)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found_and_told_in_a_short_story(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(story: list[Line]) -> product.Outcome:
        return product.run(story, partitions=1)

    plant(monkeypatch)
    for seed in range(STORIES):
        story = Teller(seed).tell(70)
        if difference(story, run) is not None:
            short = shrunk(story, run)
            print(f"\n{plant.__name__} is found by {told(seed, short, run)}")
            assert len(short) <= SHORT
            return
    pytest.fail(f"{plant.__name__} is not found by {STORIES} stories")
