"""Shelves and naive model find bugs of counting: each of these, planted in the product, is found within a few stories.

`pytest -s` shows the short story that each of them comes down to.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from processors.counting import scanning, seen
from processors.domain import posting, undoing
from processors.domain.changes import Changes
from processors.domain.count_lines import PositionRow
from processors.domain.counts import pieces, positions, settling
from processors.domain.counts.late import settle_late
from processors.domain.counts.positions import LaterCounts
from processors.domain.counts.settling import Settling
from processors.domain.moved import book_at
from processors.domain.view import POSITIONS, View
from processors.ledger import settlement
from tests.model.count_comparison import differences
from tests.model.count_deeds import Teller
from tests.model.count_shrinking import shrunk, told
from tests.model.count_world import run
from tests.model.naive_codes import Form
from tests.model.shelf_check import problems

STORIES = 80
SHORT = 18
"""Deeds, those of lists included, that a story of a planted bug comes down to at most."""

Plant = Callable[[pytest.MonkeyPatch], None]


def a_movement_at_the_very_moment_of_a_count_is_taken_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def before(view: View, key: str, stock: int, moment: int) -> int:
        return book_at(view, key, stock, moment - 1)

    monkeypatch.setattr(settling, "book_at", before)


def a_late_movement_is_not_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (posting, undoing):
        monkeypatch.setattr(module, "settle_late", lambda *_: [])


def a_late_movement_is_corrected_at_the_newest_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def newest(found: list[tuple[int, str, PositionRow]]) -> LaterCounts | None:
        counts = right(found)
        if counts is None:
            return None
        _, key, last = max(found, key=lambda place: place[:2])
        return LaterCounts(key, last, counts.adjusted)

    right = positions._later
    monkeypatch.setattr(positions, "_later", newest)


def an_older_count_is_adjusted_after_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settling, "_superseded", lambda *_: False)


def unread_goods_are_taken_out_as_they_stand_at_the_close(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_the_close(view: View, key: str, stock: int, first: int, last: int) -> int:
        return book_at(view, key, stock, last)

    monkeypatch.setattr(settlement, "lowest_book", at_the_close)


def a_place_where_nothing_was_read_and_nothing_booked_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlement, "note_gone_through", lambda *_: None)


def a_read_that_is_sent_twice_counts_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(step: Any, kind: str, inventory: str, id: str) -> Any:
        return None if kind == seen.SCAN else right(step, kind, inventory, id)

    right = scanning.seen.find
    monkeypatch.setattr(scanning.seen, "find", find)


def a_list_that_is_closed_again_settles_its_lines_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlement, "PENDING", frozenset({*settlement.PENDING, "settled"}))


def a_piece_found_elsewhere_is_not_taken_out_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces.Pieces, "_relocate", lambda self, row, desk, _: self._outcomes.adjust(row, desk))


def a_piece_that_was_read_is_taken_for_missing_by_its_late_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(positions, "is_held", lambda *_: False)


def what_is_corrected_is_not_kept_with_its_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(changes: Changes, *rest: Any) -> Any:
        reasons = settle_late(changes, *rest)
        for key, row in changes.positions.items():
            kept = changes.view.get(POSITIONS, key)
            if row is not None and kept is not None:
                changes.positions[key] = replace(row, adjusted=kept.adjusted)
        return reasons

    for module in (posting, undoing):
        monkeypatch.setattr(module, "settle_late", forgetful)


PLANTS: tuple[Plant, ...] = (
    a_movement_at_the_very_moment_of_a_count_is_taken_for_later,
    a_late_movement_is_not_corrected,
    a_late_movement_is_corrected_at_the_newest_count,
    an_older_count_is_adjusted_after_a_newer_one,
    unread_goods_are_taken_out_as_they_stand_at_the_close,
    a_place_where_nothing_was_read_and_nothing_booked_is_forgotten,
    a_read_that_is_sent_twice_counts_twice,
    a_list_that_is_closed_again_settles_its_lines_again,
    a_piece_found_elsewhere_is_not_taken_out_there,
    a_piece_that_was_read_is_taken_for_missing_by_its_late_document,
    what_is_corrected_is_not_kept_with_its_count,
)


def wrong(deeds: list[Form]) -> str | None:
    """What is wrong with a story: with its shelves first, else with its lines."""
    try:
        ending = run(deeds, partitions=1)
    except Exception as failure:
        return f"failure {failure!r}"
    return next(problems(deeds, ending), None) or next(differences(ending), None)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found_and_told_in_a_short_story(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong_by_it(deeds: list[Form]) -> str | None:
        with monkeypatch.context() as planted:
            plant(planted)
            found = wrong(deeds)
        return found if found is not None and wrong(deeds) is None else None

    for seed in range(STORIES):
        deeds = Teller(seed, twins=False).tell(60)
        if wrong_by_it(deeds) is not None:
            short = shrunk(deeds, wrong_by_it)
            print(f"\n{plant.__name__} is found by {told(seed, short, wrong_by_it)}")
            assert len(short) <= SHORT
            return
    pytest.fail(f"{plant.__name__} is not found by {STORIES} stories")
