"""Planted bugs of counting. Each is the real worker with one rule changed from outside; each must be found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MUTANT = "COUNTS_MUTANT"
MODULE = "tests.faults.counts.mutant_worker"


def settled_twice() -> None:
    """A line that has its result is settled once more, by whoever asks again."""
    from processors.domain.counts.settling import Settling

    settle = Settling.settle

    def twice(self: Any, row: Any) -> None:
        settle(self, row)
        settle(self, row)

    Settling.settle = twice  # type: ignore[method-assign]
    Settling._superseded = lambda self, row: False  # type: ignore[method-assign]


def movements_are_differences() -> None:
    """The book is that of the moment of closing: what moved since the count is taken for a difference."""
    from processors.domain.counts import settling

    settling.book_at = lambda view, key, stock, moment: stock  # type: ignore[assignment]


def late_papers_move_goods() -> None:
    """A movement that happened before a count and comes after it changes the stock that was counted."""
    from processors.domain.counts import late

    later: Any = lambda *arguments: None  # noqa: E731
    for module in _modules_with("first_counts", late.first_counts):
        module.first_counts = later


def reads_count_twice() -> None:
    """A scan that comes again is decided again."""
    from processors.counting import seen

    find = seen.find
    seen.find = lambda step, kind, *others: None if kind == seen.SCAN else find(step, kind, *others)


def _modules_with(name: str, value: Any) -> list[Any]:
    import sys

    import processors.cli

    assert processors.cli, "everything is imported"
    return [module for module in list(sys.modules.values()) if getattr(module, name, None) is value]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A planted bug, and the invariants of which one must then be broken."""

    plant: Callable[[], None]
    seen_as: frozenset[str]


MUTANTS: dict[str, Mutant] = {
    "a line is settled twice": Mutant(
        settled_twice, frozenset(["differences-are-what-was-planted", "adjustments-are-their-postings"])
    ),
    "what moved during the count is a difference": Mutant(
        movements_are_differences, frozenset(["differences-are-what-was-planted"])
    ),
    "late papers move goods": Mutant(late_papers_move_goods, frozenset(["shelves-are-the-stock"])),
    "reads count twice": Mutant(reads_count_twice, frozenset(["every-read-has-its-answer", "lines-are-what-was-read"])),
}
