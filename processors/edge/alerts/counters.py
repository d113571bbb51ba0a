"""Progressives that run out: how much of their range is used, and how many days the rest lasts (`domain.md` §6, §7)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from processors.domain.code_progressive import running
from processors.domain.events import Alert
from processors.domain.master import CodeType
from processors.domain.progressives import Counter, parse_intervals
from processors.domain.registers import CounterRow

THRESHOLDS: Final = (90, 99)
"""Percent of the range; more than that is told, once for each."""
RATE_DAYS: Final = 28
"""The rate is that of so many days."""


@dataclass(frozen=True, slots=True)
class Use:
    """How far one progressive is used. `left`: ordinals still to give out, `percent`: of its range, rounded down."""

    counter: Counter
    used: int
    capacity: int

    @property
    def left(self) -> int:
        return max(self.capacity - self.used, 0)

    @property
    def percent(self) -> int:
        return 100 if self.capacity == 0 else self.used * 100 // self.capacity


def uses(rows: Iterable[CounterRow], code_types: Mapping[tuple[str, str], CodeType]) -> list[Use]:
    """The progressives that have an end, of all partitions; ordinals that were given back for reuse are not used.

    code_types: by (kind, code). One that is not there, or whose progressive has no end, is left out.
    """
    heads: dict[Counter, int] = {}
    free: dict[Counter, int] = {}
    for row in rows:
        item = (row.item_class or "", row.item_code or "", row.variant or "") if row.scope == "item" else None
        counter = Counter(row.kind, row.code_type, item, row.root_key)
        heads[counter] = max(heads.get(counter, 0), row.next_ordinal)
        given_back = sum(last - first + 1 for first, last in parse_intervals(row.free))
        free[counter] = free.get(counter, 0) + given_back
    found = []
    for counter, head in heads.items():
        code_type = code_types.get((counter.kind, counter.code_type))
        if code_type is None or (capacity := running(code_type).capacity) is None:
            continue
        reused = free[counter] if code_type.fill_gaps else 0
        found.append(Use(counter, min(head, capacity) - reused, capacity))
    return found


def threshold_of(use: Use) -> int | None:
    """The highest threshold that is passed; None below all of them."""
    return max((each for each in THRESHOLDS if use.used * 100 > use.capacity * each), default=None)


def days_left(use: Use, recent: int) -> int | None:
    """Whole days that the rest lasts if it goes on like the last `RATE_DAYS`, in which `recent` codes were made."""
    return None if recent <= 0 else use.left * RATE_DAYS // recent


def running_out(use: Use, threshold: int, recent: int, at: int) -> Alert:
    """The alert of a progressive that has passed a threshold."""
    counter, days = use.counter, days_left(use, recent)
    what = f"the progressive of {counter.kind} code type {counter.code_type}"
    if counter.item is not None:
        item_class, item_code, variant = counter.item
        what += f" for {item_class}|{item_code}" + (f", variant {variant}" if variant else "")
    what += f", root {counter.root_key}" if counter.root_key else ""
    lasts = (
        f"none was made in the last {RATE_DAYS} days"
        if days is None
        else f"at the rate of the last {RATE_DAYS} days they last {days} {'day' if days == 1 else 'days'}"
    )
    message = f"{what} is used to {use.percent} %: {use.left} of {use.capacity} codes are left; {lasts}. "
    message += "Give the items another code type before it ends"
    item = counter.item or (None, None, None)
    return Alert(
        f"counter_running_out/{counter.key}/{threshold}",
        "counter_running_out",
        item[0],
        item[1],
        item[2] or None,
        None,
        None,
        None,
        None,
        None,
        None,
        message,
        at,
    )
