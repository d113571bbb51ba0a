"""All invariants over one history: those of counting, and those of the ledger that hold beside them."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.faults.checker import answers as ledger_answers
from tests.faults.checker import outside, serials
from tests.faults.checker.history import History, Violation
from tests.faults.checker.outcomes import collect
from tests.faults.counts.judge import answers, differences, lines, stock
from tests.faults.counts.judge.facts import Case, Facts, values_of

INVARIANTS: tuple[Callable[[Case], Iterator[Violation]], ...] = (
    differences.differences_are_what_was_planted,
    differences.books_are_the_papers_of_that_moment,
    differences.corrections_undo_their_movement,
    differences.adjustments_are_their_postings,
    stock.shelves_are_the_stock,
    lines.lines_are_what_was_read,
    lines.settled_once_by_each_partition,
    answers.every_read_has_its_answer,
    answers.every_command_has_its_reply,
    answers.nothing_internal_is_refused,
    answers.counting_lags_behind_nothing,
)
OF_THE_LEDGER = (
    ledger_answers.one_outcome_per_input,
    ledger_answers.one_effect_per_movement,
    ledger_answers.as_expected,
    serials.serials_are_the_stock,
    outside.rows_in_their_partition,
    outside.nothing_uncommitted_seen,
    outside.store_is_the_register,
    outside.lag_is_zero,
)


def judge(history: History, facts: Facts) -> list[Violation]:
    """Ask every invariant."""
    found = judge_counting(history, facts)
    plain = _without_adjustments(history)
    outcomes = collect(plain)
    for of_the_ledger in OF_THE_LEDGER:
        found += sorted(of_the_ledger(plain, outcomes), key=lambda violation: violation.place)
    return found


def judge_counting(history: History, facts: Facts) -> list[Violation]:
    """Ask those of counting."""
    case, found = Case(history, facts), list[Violation]()
    for invariant in INVARIANTS:
        found += sorted(invariant(case), key=lambda violation: violation.place)
    return found


def _without_adjustments(history: History) -> History:
    """The history as movements made it: without what counts have posted, and the replies to commands."""
    records = dict(history.records)
    records["postings"] = [r for r, value in values_of(history, "postings") if value["adjustment_id"] is None]
    ids = {value["adjustment_id"] for _, value in values_of(history, "adjustments")}
    records["register-history"] = [
        r for r, value in values_of(history, "register-history") if value["movement_id"] not in ids
    ]
    records["replies"] = [r for r, value in values_of(history, "replies") if value["request_topic"] == "movements"]
    for topic in [topic for topic in records if topic.endswith(".dead-letters")]:
        if topic not in ("movements.dead-letters", "master-data.dead-letters"):
            del records[topic]
    return replace(history, records=records)
