"""What the ledger remembers of a count list: its scope and rules as they were when it was opened."""

import json
from dataclasses import asdict, dataclass
from typing import Final, Literal

from processors.domain import keys
from processors.domain.count_lines import CountLine
from processors.domain.moments import end_of_day
from processors.domain.registers import StateRow

KIND: Final = "count-list"


@dataclass(frozen=True, slots=True)
class ListFacts:
    """Scope and rules of a list. Tolerances in millionths, None: not limited; `settled`: the last settlement done."""

    warehouse: str
    locations: tuple[str, ...]
    opened_at: int
    as_of: int | None
    uncounted: Literal["ignore", "zero"]
    tolerance_quantity: int | None
    tolerance_percent: int | None
    tolerance_value: int | None
    beyond_tolerance: Literal["accept", "recount", "approval"]
    compensate_late: bool
    settled: int = 0

    def moment(self, counted_at: int, time_zone: str) -> int:
        """The moment at which a count is compared with the book: its last read, or the end of the closing day."""
        return counted_at if self.as_of is None else min(counted_at, end_of_day(time_zone, self.as_of))

    def covers(self, warehouse: str, location: str | None) -> bool:
        """Whether a place is in the list's scope."""
        return warehouse == self.warehouse and (not self.locations or location in self.locations)


def list_row_key(inventory: str, list: str) -> str:
    """Key of the private row."""
    return keys.join(KIND, keys.join(inventory, list))


def facts_of(line: CountLine) -> ListFacts:
    """The facts that an `opened` record tells."""
    return ListFacts(
        line.warehouse or "",
        line.locations,
        line.counted_at or 0,
        line.as_of,
        line.uncounted or "ignore",
        line.tolerance_quantity,
        line.tolerance_percent,
        line.tolerance_value,
        line.beyond_tolerance or "accept",
        line.compensate_late,
    )


def facts_row(inventory: str, list: str, facts: ListFacts, time_ms: int) -> StateRow:
    """The private row of a list."""
    text = json.dumps(asdict(facts), separators=(",", ":"))
    id = keys.join(inventory, list)
    return StateRow(KIND, None, None, id, None, None, None, None, text, None, None, None, time_ms)


def read_facts(row: StateRow) -> ListFacts:
    """The inverse of `facts_row`."""
    facts = json.loads(row.continuation or "{}")
    facts["locations"] = tuple(facts["locations"])
    return ListFacts(**facts)
