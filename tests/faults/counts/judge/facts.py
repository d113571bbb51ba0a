"""What is judged: a history, and what whoever moved, planted and read knows of it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.faults.checker.history import History, Place, Record, Value, key_of

ROW = ("item_class", "item_code", "variant", "warehouse", "location", "lot_code")
Thing = tuple[str, str | None]
"""Key of a stock row, and the serial of a piece in it; None: goods without serials."""


@dataclass(slots=True)
class Facts:
    """What whoever moved, planted and read knows. Things come as (place, serial), whose place has a `key`.

    `things`: what stands there now; `planted`: what is there beyond the papers; `late`: places of which papers came
    after their lists were closed; `lines`: the list that counted a thing, and its quantity; `reads`: place of a scan →
    its id, status and code of its answer, and, where it was sent again, its id once more; `commands`: place → id and
    status.
    """

    things: dict[Any, int]
    planted: dict[Any, int]
    late: set[Any]
    lines: dict[Any, tuple[str, int]]
    reads: dict[Place, tuple[str, str, str | None, str | None]]
    commands: dict[Place, tuple[str, str]]
    inventory: str


@dataclass(slots=True)
class Posted:
    """A posting as the book sees it: `rank` 0 a movement, 1 an adjustment or correction."""

    record: Record
    row: str
    quantity: int
    moment: int
    rank: int


class Case:
    """A history with the facts, and what several invariants look at."""

    def __init__(self, history: History, facts: Facts) -> None:
        self.history, self.facts = history, facts
        self.planted = by_key(facts.planted)
        self.things = by_key(facts.things)
        self.lines_read = by_key(facts.lines)
        self.late = {place.key for place in facts.late}

    @cached_property
    def postings(self) -> list[Posted]:
        """All postings; a reversal stands at its original's moment."""
        found = []
        for record, value in values_of(self.history, "postings"):
            rank = 0 if value["adjustment_id"] is None else 1
            found.append(Posted(record, row_of(value), value["quantity"], value["occurred_at"], rank))
        return found

    @cached_property
    def by_row(self) -> dict[str, list[Posted]]:
        rows: dict[str, list[Posted]] = defaultdict(list)
        for posted in self.postings:
            rows[posted.row].append(posted)
        return rows

    @cached_property
    def lines(self) -> dict[Thing, tuple[Record, Value]]:
        """Thing → its row of `count-line-register`."""
        return {
            (row_of(row), row["serial_code"]): (record, row)
            for record, row in self.history.newest("count-line-register")
        }

    @cached_property
    def adjustments(self) -> list[tuple[Record, Value]]:
        return list(values_of(self.history, "adjustments"))


def row_of(value: Value) -> str:
    """Key of the stock row that a record is about."""
    return key_of(*(value[name] for name in ROW))


def values_of(history: History, topic: str) -> Iterator[tuple[Record, Value]]:
    for record in history.of(topic):
        if record.value is not None:
            yield record, record.value


def by_key(things: dict[Any, Any]) -> dict[Thing, Any]:
    return {(place.key, serial): value for (place, serial), value in things.items()}
