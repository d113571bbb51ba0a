"""Ordinals that a partition was handed and has not used: ascending intervals, never overlapping."""

from collections.abc import Sequence

from processors.domain.progressives import Interval


def above(intervals: Sequence[Interval], floor: int) -> list[Interval]:
    """What is left of the intervals at and above `floor`."""
    return [(max(first, floor), last) for first, last in intervals if last >= floor]


def extended(intervals: list[Interval], first: int, last: int) -> list[Interval]:
    """The intervals with `first`-`last` behind them, merged where it goes on without a gap."""
    if intervals and intervals[-1][1] == first - 1:
        return [*intervals[:-1], (intervals[-1][0], last)]
    return [*intervals, (first, last)]


def size(intervals: Sequence[Interval]) -> int:
    """How many ordinals."""
    return sum(last - first + 1 for first, last in intervals)
