"""All invariants over one history, and what they found, the first violating event first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.faults.checker import answers, codes, counters, outside, serials, stock
from tests.faults.checker.history import History, Violation
from tests.faults.checker.outcomes import Outcomes, collect

Invariant = Callable[[History, Outcomes], Iterator[Violation]]
INVARIANTS: tuple[Invariant, ...] = (
    answers.one_outcome_per_input,
    answers.one_effect_per_movement,
    answers.order_kept,
    answers.as_expected,
    stock.stock_is_its_postings,
    stock.lots_are_their_postings,
    serials.serials_in_one_place,
    serials.serials_are_the_stock,
    codes.codes_unique,
    codes.codes_fit_their_rule,
    codes.codes_given_once,
    counters.counters_cover_their_codes,
    counters.no_gap_unexplained,
    outside.rows_in_their_partition,
    outside.nothing_uncommitted_seen,
    outside.store_is_the_register,
    outside.lag_is_zero,
)


@dataclass(slots=True)
class Report:
    """What was looked at and what was found. `counts`: replies by status, and inputs."""

    violations: list[Violation]
    counts: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        seen = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
        if not self.violations:
            return f"no violation: {seen}"
        by_name: dict[str, int] = {}
        for violation in self.violations:
            by_name[violation.invariant] = by_name.get(violation.invariant, 0) + 1
        totals = ", ".join(f"{count} of {name}" for name, count in by_name.items())
        firsts = [next(v for v in self.violations if v.invariant == name) for name in by_name]
        return "\n".join([f"violations: {totals} ({seen}); the first of each:", *map(str, firsts)])


def check(history: History) -> Report:
    """Ask every invariant. Violations of one invariant stand in the order of the log."""
    outcomes = collect(history)
    found = []
    for invariant in INVARIANTS:
        found += sorted(invariant(history, outcomes), key=lambda violation: violation.place)
    counts = {"inputs": len(history.of("movements"))}
    for record in history.of("replies"):
        if record.value is not None:
            status = record.value["status"]
            counts[status] = counts.get(status, 0) + 1
    return Report(found, counts)
