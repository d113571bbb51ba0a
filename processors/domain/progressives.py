"""Ordinals of generated codes as a decision sees them: what it may need, what it was given, what it claims.

A decision never counts by itself. Which ordinals of a counter it may use follows from the counter's row (through the
view: `next_ordinal`, `free`) and from what was handed out for the batch (`Grants`); both are values, so the same
message decided again takes the same ordinals (architecture §5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from processors.domain import keys
from processors.domain.registers import CounterRow


@dataclass(frozen=True, slots=True)
class Counter:
    """Identity of a progressive: code type + scope + root values. `item` is None where the scope is the company."""

    kind: Literal["lot", "serial"]
    code_type: str
    item: tuple[str, str, str] | None
    root_key: str

    @property
    def key(self) -> str:
        """Text form: `kind|code_type|class|code|variant|root_key`, the item parts empty at company scope."""
        return keys.join(self.kind, self.code_type, *(self.item or ("", "", "")), self.root_key)

    @property
    def company_wide(self) -> bool:
        return self.item is None


@dataclass(frozen=True, slots=True)
class Need:
    """How many ordinals of a counter a batch may use in a partition, and the partition's row of `counter-register`."""

    counter: Counter
    partition: int
    count: int
    row: CounterRow | None


Interval = tuple[int, int]
"""First and last ordinal, both included."""

Grants = Mapping[tuple[str, int], tuple[Interval, ...]]
"""(counter key, partition) → intervals handed out, ascending, all at or above the row's `next_ordinal`.

Free ordinals of a `fill_gaps` counter stand in the row, not here; they are used first.
"""


class OrdinalsShort(Exception):
    """A decision ran out of ordinals: reserve `count` more of `counter` for `partition`, decide the batch again."""

    def __init__(self, counter: Counter, partition: int, count: int) -> None:
        super().__init__(f"{counter.key}: {count} ordinals short in partition {partition}")
        self.counter, self.partition, self.count = counter, partition, count


@dataclass(frozen=True, slots=True)
class Claim:
    """A code that must be unique across the company: `text` is claimed for `owner` (the item `class|code|variant`).

    `register` and `key` name the row that will hold the code once committed: a new owner of the partition resolves a
    tentative claim by looking there.
    """

    text: str
    owner: str
    partition: int
    register: Literal["lot-register", "serial-register"]
    key: str


Claimed = Mapping[str, str]
"""Codes found firmly claimed by another owner in this batch's earlier tries: claim text → owner."""


def parse_intervals(text: str) -> list[Interval]:
    """Intervals of the `free` field (`3-5,9` → [(3, 5), (9, 9)]); empty text gives none."""
    intervals: list[Interval] = []
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        intervals.append((int(first), int(last or first)))
    return intervals


def intervals_text(intervals: list[Interval]) -> str:
    """The inverse of `parse_intervals`; intervals ascending and apart."""
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in intervals)
