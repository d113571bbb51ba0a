"""A progressive while one message uses it: which ordinals may be taken, and the counter row that follows.

Free ordinals of the row come first (`fill_gaps`, smallest first), then those granted for the batch. What was neither
taken nor skipped leaves no trace: the next message, or the same one decided again, is offered the same.
"""

from collections.abc import Iterator
from dataclasses import replace

from processors.domain import keys
from processors.domain.progressives import Counter, Interval, OrdinalsShort, intervals_text, parse_intervals
from processors.domain.registers import CounterRow


class Progressive:
    """One counter in one partition, for one message.

    `row` is the partition's row of the counter (None: never used), `granted` the ordinals handed out for the batch,
    ascending; those below the row's `next_ordinal` were used by an earlier message and are passed over.
    """

    __slots__ = (
        "_assigned",
        "_counter",
        "_free",
        "_granted",
        "_last",
        "_next",
        "_partition",
        "_row",
        "_skipped",
    )

    def __init__(
        self,
        counter: Counter,
        row: CounterRow | None,
        fill_gaps: bool,
        granted: tuple[Interval, ...],
        partition: int,
    ) -> None:
        self._counter, self._row, self._granted, self._partition = counter, row, granted, partition
        self._next = row.next_ordinal if row else 0
        self._free: list[Interval] | None = parse_intervals(row.free) if row and fill_gaps and row.free else None
        """None: the row's free ordinals stay as they are."""
        self._assigned = self._skipped = 0
        self._last: tuple[str, str | None, str | None] | None = None

    def candidates(self, wanted: int = 1) -> Iterator[int]:
        """Ordinals to try, ascending; each is then taken, or skipped because its code is in use.

        `wanted` is how many will be taken in all. Raises OrdinalsShort, with how many are missing, when there are no
        more; `row` must then not be used.
        """
        before = self._assigned
        for first, last in tuple(self._free or ()):
            yield from range(first, last + 1)
        for first, last in self._granted:
            yield from range(max(first, self._next), last + 1)
        raise OrdinalsShort(self._counter, self._partition, max(1, wanted - (self._assigned - before)))

    def take(self, ordinal: int, code: str, number: str | None = None, letters: str | None = None) -> None:
        """The candidate's code is given out; `number` and `letters` as they show in it (`codes.shown`)."""
        self._leave_behind(ordinal)
        self._assigned += 1
        self._last = (code, number, letters)

    def skip(self, ordinal: int) -> None:
        """The candidate's code is in use already, typed by hand or of another root: it is not offered again."""
        self._leave_behind(ordinal)
        self._skipped += 1

    @property
    def changed(self) -> bool:
        """True where the row has to be written."""
        return bool(self._assigned or self._skipped)

    def row(self, updated_at: int) -> CounterRow:
        """The counter's new row in this partition; `updated_at` in milliseconds UTC.

        `next_ordinal` never falls. `assigned` and `skipped` count since the counter began; a release lowers neither.
        """
        row = self._row or _first_row(self._counter, self._partition)
        code, number, letters = self._last or (row.last_code, row.last_number, row.last_letters)
        return replace(
            row,
            next_ordinal=self._next,
            free=row.free if self._free is None else intervals_text(self._free),
            last_code=code,
            last_number=number,
            last_letters=letters,
            assigned=row.assigned + self._assigned,
            skipped=row.skipped + self._skipped,
            updated_at=updated_at,
        )

    def _leave_behind(self, ordinal: int) -> None:
        if ordinal >= self._next:
            self._next = ordinal + 1
        elif self._free:
            _remove(self._free, ordinal)


def row_key(counter: Counter, partition: int) -> str:
    """Key of a counter's row, `counter|partition`: the counter's own key is one part, so its `|` are escaped."""
    return keys.join(counter.key, str(partition))


def release(row: CounterRow, ordinal: int, updated_at: int) -> CounterRow:
    """The row once an ordinal is free again: a reversal left its lot or serial with no document (domain.md §7).

    Only for a code type with `fill_gaps`: of any other a released ordinal stays unused. Releasing a free one again
    changes nothing. ValueError for an ordinal that this partition never gave out (not below `next_ordinal`).
    """
    if not 0 <= ordinal < row.next_ordinal:
        raise ValueError(f"expected an ordinal below {row.next_ordinal} to release, got {ordinal}")
    free = parse_intervals(row.free)
    if any(first <= ordinal <= last for first, last in free):
        return row
    first = last = ordinal
    apart = []
    for interval in free:
        if interval[1] == ordinal - 1:
            first = interval[0]
        elif interval[0] == ordinal + 1:
            last = interval[1]
        else:
            apart.append(interval)
    return replace(row, free=intervals_text(sorted([*apart, (first, last)])), updated_at=updated_at)


def _first_row(counter: Counter, partition: int) -> CounterRow:
    item_class, item_code, variant = counter.item or (None, None, None)
    return CounterRow(
        code_type=counter.code_type,
        kind=counter.kind,
        scope="company" if counter.item is None else "item",
        item_class=item_class,
        item_code=item_code,
        variant=variant or None,
        root_key=counter.root_key,
        partition=partition,
        next_ordinal=0,
        free="",
        last_code=None,
        last_number=None,
        last_letters=None,
        assigned=0,
        skipped=0,
        updated_at=0,
    )


def _remove(intervals: list[Interval], ordinal: int) -> None:
    """Take one ordinal out; candidates come smallest first, so it is found in the first interval or soon after."""
    for place, (first, last) in enumerate(intervals):
        if first <= ordinal <= last:
            rest = [(first, ordinal - 1)] if first < ordinal else []
            if ordinal < last:
                rest.append((ordinal + 1, last))
            intervals[place : place + 1] = rest
            return
