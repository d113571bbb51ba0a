"""A progressive for one message: what is offered, in which order, and the row that remains (domain.md §7)."""

from collections import deque
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.domain import keys
from processors.domain.ordinals import Progressive, release, row_key
from processors.domain.progressives import Counter, Interval, OrdinalsShort, parse_intervals
from processors.domain.registers import CounterRow

COUNTER = Counter("lot", "SEQ", ("FOO", "JAM", "RED"), "2026")
COMPANY = Counter("serial", "SN", None, "")


def a_row(next_ordinal: int = 0, free: str = "", **values: object) -> CounterRow:
    row = CounterRow(
        code_type="SEQ",
        kind="lot",
        scope="item",
        item_class="FOO",
        item_code="JAM",
        variant="RED",
        root_key="2026",
        partition=3,
        next_ordinal=next_ordinal,
        free=free,
        last_code=None,
        last_number=None,
        last_letters=None,
        assigned=0,
        skipped=0,
        updated_at=0,
    )
    return replace(row, **values)  # type: ignore[arg-type]


def a_progressive(row: CounterRow | None, *granted: Interval, fill_gaps: bool = False) -> Progressive:
    return Progressive(COUNTER, row, fill_gaps, granted, 3)


def offered(progressive: Progressive, wanted: int = 1) -> list[int]:
    """Everything a progressive offers until it is short; nothing is taken."""
    made: list[int] = []
    candidates = progressive.candidates(wanted)
    with pytest.raises(OrdinalsShort) as short:
        deque(map(made.append, candidates), maxlen=0)
    assert (short.value.counter, short.value.partition) == (COUNTER, 3)
    return made


@pytest.mark.parametrize(
    ("row", "granted", "fill_gaps", "expected"),
    [
        (None, [(0, 2)], False, [0, 1, 2]),
        (None, [], False, []),
        (a_row(5), [(3, 7)], False, [5, 6, 7]),
        (a_row(5), [(3, 4), (9, 9), (12, 13)], False, [9, 12, 13]),
        (a_row(5, "1,3-4"), [(5, 5)], False, [5]),
        (a_row(5, "1,3-4"), [(5, 5)], True, [1, 3, 4, 5]),
        (a_row(5, ""), [(5, 5)], True, [5]),
    ],
)
def test_free_ordinals_come_first_smallest_first_and_then_those_granted(
    row: CounterRow | None, granted: list[Interval], fill_gaps: bool, expected: list[int]
) -> None:
    assert offered(a_progressive(row, *granted, fill_gaps=fill_gaps)) == expected


def test_the_first_code_of_a_counter_makes_its_row() -> None:
    progressive = a_progressive(None, (0, 9))
    ordinal = next(progressive.candidates())
    progressive.take(ordinal, "26-000", "000")
    assert progressive.changed
    assert progressive.row(77) == a_row(1, assigned=1, last_code="26-000", last_number="000", updated_at=77)


def test_a_counter_of_the_company_has_no_item_in_its_row() -> None:
    progressive = Progressive(COMPANY, None, False, ((40, 41),), 7)
    progressive.take(next(progressive.candidates()), "X")
    row = progressive.row(1)
    assert (row.scope, row.item_class, row.item_code, row.variant) == ("company", None, None, None)
    assert (row.kind, row.code_type, row.root_key, row.partition, row.next_ordinal) == ("serial", "SN", "", 7, 41)


def test_a_code_in_use_costs_one_skipped_ordinal() -> None:
    progressive = a_progressive(a_row(4, assigned=4), (4, 9))
    candidates = progressive.candidates()
    progressive.skip(next(candidates))
    progressive.take(next(candidates), "five", None, "F")
    assert progressive.row(1) == a_row(6, assigned=5, skipped=1, last_code="five", last_letters="F", updated_at=1)


def test_taking_a_free_ordinal_shrinks_the_gap_and_leaves_the_counter_where_it_was() -> None:
    progressive = a_progressive(a_row(9, "2-4,7"), (9, 9), fill_gaps=True)
    candidates = progressive.candidates()
    progressive.take(next(candidates), "two")
    progressive.skip(next(candidates))
    assert progressive.row(1).free == "4,7"
    assert progressive.row(1).next_ordinal == 9
    progressive.take(next(candidates), "four")
    progressive.take(next(candidates), "seven")
    progressive.take(next(candidates), "nine")
    assert (progressive.row(1).free, progressive.row(1).next_ordinal) == ("", 10)


def test_released_ordinals_of_a_counter_without_gap_filling_stay_where_they_are() -> None:
    progressive = a_progressive(a_row(9, "2-4"), (9, 9))
    progressive.take(next(progressive.candidates()), "nine")
    assert progressive.row(1).free == "2-4"


def test_what_was_offered_and_not_taken_is_offered_again() -> None:
    progressive = a_progressive(a_row(9, "2"), (9, 11), fill_gaps=True)
    assert list(islice(progressive.candidates(), 2)) == [2, 9]
    assert not progressive.changed
    assert offered(progressive) == [2, 9, 10, 11]


def test_the_lots_of_one_movement_go_on_from_each_other() -> None:
    progressive = a_progressive(a_row(9, "2"), (9, 11), fill_gaps=True)
    taken = []
    for _ in range(3):
        ordinal = next(progressive.candidates())
        progressive.take(ordinal, str(ordinal))
        taken.append(ordinal)
    assert taken == [2, 9, 10]


def test_too_few_ordinals_say_how_many_are_missing() -> None:
    progressive = a_progressive(a_row(5), (5, 6), (8, 8))
    candidates = progressive.candidates(wanted=10)
    progressive.take(next(candidates), "five")
    progressive.skip(next(candidates))
    progressive.take(next(candidates), "eight")
    with pytest.raises(OrdinalsShort) as short:
        next(candidates)
    assert short.value.count == 8


def test_ten_thousand_ordinals_are_taken_in_order() -> None:
    progressive = a_progressive(None, (0, 9_999))
    for ordinal in islice(progressive.candidates(10_000), 10_000):
        progressive.take(ordinal, str(ordinal))
    row = progressive.row(1)
    assert (row.next_ordinal, row.assigned, row.last_code) == (10_000, 10_000, "9999")


def test_the_key_of_a_row_leads_back_to_its_counter_and_partition() -> None:
    assert keys.split(row_key(COUNTER, 3)) == (COUNTER.key, "3")


@pytest.mark.parametrize(
    ("free", "ordinal", "expected"),
    [
        ("", 4, "4"),
        ("3", 4, "3-4"),
        ("5", 4, "4-5"),
        ("3,5", 4, "3-5"),
        ("0-1,7-8", 4, "0-1,4,7-8"),
        ("0-1,7-8", 9, "0-1,7-9"),
        ("3-5", 4, "3-5"),
    ],
)
def test_a_released_ordinal_joins_the_gaps_beside_it(free: str, ordinal: int, expected: str) -> None:
    row = release(a_row(10, free), ordinal, 5)
    assert (row.free, row.next_ordinal) == (expected, 10)


def test_only_an_ordinal_that_was_given_out_can_be_released() -> None:
    with pytest.raises(ValueError, match="below 10"):
        release(a_row(10), 10, 5)


@given(st.lists(st.tuples(st.sampled_from(["take", "skip", "release"]), st.integers(0, 30)), max_size=60))
def test_no_ordinal_is_given_out_twice_unless_it_was_released(story: list[tuple[str, int]]) -> None:
    row, held, top = a_row(), set[int](), 0
    for action, pick in story:
        if action == "release":
            if not held:
                continue
            ordinal = sorted(held)[pick % len(held)]
            held.remove(ordinal)
            row = release(row, ordinal, 1)
            continue
        progressive = a_progressive(row, (top, top), fill_gaps=True)
        ordinal = next(progressive.candidates())
        free = [each for first, last in parse_intervals(row.free) for each in range(first, last + 1)]
        assert ordinal not in held
        assert ordinal == (min(free) if free else row.next_ordinal)
        if action == "take":
            progressive.take(ordinal, str(ordinal))
            held.add(ordinal)
        else:
            progressive.skip(ordinal)
        assert progressive.row(1).next_ordinal >= row.next_ordinal
        row = progressive.row(1)
        top = row.next_ordinal
