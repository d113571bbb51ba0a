"""The report of differences (`domain.md` §10): lines of a count beside the adjustments that were posted for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from processors.cli.cluster_options import Cluster
from processors.contract.json_form import to_json
from processors.contract.reading import read_records
from processors.domain import keys, quantity
from processors.domain.count_lines import Adjustment
from processors.domain.count_registers import CountLineRow

TOPIC: Final = "adjustments"
COLUMNS: Final = (
    "list", "line", "warehouse", "item_class", "item_code", "variant", "lot_code", "serial_code", "location", "book",
    "counted", "difference", "unit", "template", "cost", "value", "corrected", "state", "reason",
)  # fmt: skip
ALL_COLUMNS: Final = (
    "inventory", *COLUMNS, "moved_during_count", "operator", "counted_at", "revision", "adjustment_id", "approved_by",
)  # fmt: skip
UNDECIDED: Final = ("recount", "approval", "refused")
"""Lines that have a result, but are not settled."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A counted line with what was posted for it. `corrected`: sum of the corrections since, in millionths, signed."""

    line: CountLineRow
    adjustment: Adjustment | None
    corrected: int

    @property
    def form(self) -> dict[str, Any]:
        """One row of the report, in its JSON form."""
        row, adjustment = to_json(self.line), self.adjustment
        cost = None if adjustment is None or adjustment.unit_cost is None else quantity.text(adjustment.unit_cost)
        return {
            **row,
            "template": None if adjustment is None else adjustment.template,
            "cost": cost,
            "corrected": quantity.text(self.corrected) if self.corrected else None,
        }


def differences_of(cluster: Cluster, lines: Sequence[CountLineRow], with_matched: bool) -> list[Difference]:
    """The lines that differ, those that wait for somebody, and those corrected since; with `with_matched` all."""
    posted: dict[str, Adjustment] = {}
    corrected: dict[tuple[str, str], int] = {}
    for adjustment in _adjustments(cluster, lines):
        if adjustment.kind == "difference":
            posted[adjustment.adjustment_id] = adjustment
        elif adjustment.kind == "correction":
            place = (adjustment.list, adjustment.line)
            corrected[place] = corrected.get(place, 0) + adjustment.difference
    rows = [
        Difference(line, posted.get(line.adjustment_id or ""), corrected.get((line.list, line.line), 0))
        for line in lines
    ]
    return [row for row in rows if with_matched or _differs(row)]


def _differs(row: Difference) -> bool:
    return bool(row.line.difference) or row.line.state in UNDECIDED or bool(row.corrected)


def _adjustments(cluster: Cluster, lines: Sequence[CountLineRow]) -> Iterable[Adjustment]:
    """Of the inventory of the lines, in any order. Keys are judged before values are decoded."""
    items = {keys.join(line.item_class, line.item_code).encode() for line in lines}
    inventories = {line.inventory for line in lines}
    if not items:
        return
    for record in read_records(cluster.connection, TOPIC):
        if record.key in items:
            value = cluster.codec.decode(TOPIC, record.value)
            if isinstance(value, Adjustment) and value.inventory in inventories:
                yield value


def summary(rows: Sequence[Difference]) -> str:
    """How many lines differ in which direction, and what they are worth: settled ones; what is undecided beside it."""
    settled = [row.line for row in rows if row.line.state == "settled"]
    more = [line for line in settled if (line.difference or 0) > 0]
    less = [line for line in settled if (line.difference or 0) < 0]
    undecided = sum(row.line.state in UNDECIDED for row in rows)
    told = (
        f"{len(more)} more, value {quantity.text(_value(more))}; {len(less)} less, value {quantity.text(_value(less))}"
    )
    return told + (f"; {undecided} to be reviewed" if undecided else "")


def _value(lines: Iterable[CountLineRow]) -> int:
    return sum(line.value or 0 for line in lines)
