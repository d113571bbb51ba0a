"""Counts told to one task of the ledger, record by record, as counting would send them."""

from typing import Any

from processors.domain import keys, quantity
from processors.domain.count_lines import Adjustment, CountLine, LineResult
from processors.domain.decision import Decision
from processors.domain.master import Company, Item, Location, MasterRecord, Template, Warehouse
from processors.domain.message import Continuation, Message
from processors.domain.quantity import ONE
from tests.ledger.ledger_story import NOON, SALT, Ledger, a_movement, published

SHELVES = Warehouse(
    "W1", "Main", adjustment_load_template="CIN", adjustment_unload_template="COU", check_location_stock=True,
    locations=(Location("A", "Shelf A"), Location("B", "Shelf B")),
)  # fmt: skip
COMPANY: tuple[MasterRecord, ...] = (
    Company(),
    SHELVES,
    Template("W1", "CIN", "Found", "load", lot_management=True, physical_inventory=True),
    Template("W1", "COU", "Lost", "unload", lot_management=True, physical_inventory=True),
)


class Counted(Ledger):
    """A ledger whose warehouse W1 is counted on list I1/L1 (and others where they are opened)."""

    def __init__(self, *records: MasterRecord) -> None:
        super().__init__(*COMPANY, *records)
        self.adjustments: list[Adjustment] = []
        self.alerts: list[Any] = []
        self.settlement: dict[str, int] = {}

    def move(
        self, item: Item, template: str, amount: str, id: str, at: int, location: str | None = "A", **more: Any
    ) -> Decision:
        """A movement that happened `at` milliseconds after noon and arrives an hour later, or at `time_ms`."""
        arrives = more.pop("time_ms", NOON + 3_600_000)
        movement = a_movement(item, template, amount, id, location=location, occurred_at=NOON + at, **more)
        return self.noted(self.send(movement, arrives))

    def work_off(self, decision: Decision) -> list[Decision]:
        """Resume what a decision left to do, slice by slice."""
        barriers, steps = list(decision.barriers), []
        while barriers:
            barrier = barriers.pop()
            resumed = Continuation(barrier.id, self.partition, barrier.text, NOON + 3_600_000)
            steps.append(self.processor.resume(resumed, self.view, self.master, {}, {}))
            self.view.take(self.noted(steps[-1]))
            barriers += steps[-1].barriers
        return steps

    def open(self, list_: str = "L1", at: int = 0, **rules: Any) -> None:
        self.tell("opened", list_, partition=self.partition, warehouse="W1", counted_at=NOON + at, **rules)

    def count(
        self, item: Item, counted: str, at: int, line: str = "1", list_: str = "L1", location: str | None = "A",
        since: int | None = None, revision: int = 1, **more: Any,
    ) -> None:  # fmt: skip
        self.tell(
            "line", list_, line=line, revision=revision, item_class=item.item_class, item_code=item.item_code,
            warehouse="W1", location=location, counted=quantity.parse(counted), unit=item.unit,
            counted_from=NOON + (at if since is None else since), counted_at=NOON + at, operator="Ada", **more,
        )  # fmt: skip

    def settle(self, list_: str = "L1", at: int = 1_000_000, **more: Any) -> dict[str, LineResult]:
        """Settle a list and give its results by line."""
        self.settlement[list_] = self.settlement.get(list_, 0) + 1
        decision = self.tell(
            "settle", list_, partition=self.partition, settlement=self.settlement[list_], counted_at=NOON + at, **more
        )
        return self.follow(decision)

    def settle_line(
        self, item: Item, line: str = "1", list_: str = "L1", location: str | None = "A", **more: Any
    ) -> dict[str, LineResult]:
        self.settlement[list_] = self.settlement.get(list_, 0) + 1
        values = {"revision": 1} | more
        decision = self.tell(
            "settle_line", list_, line=line, settlement=self.settlement[list_], item_class=item.item_class,
            item_code=item.item_code, warehouse="W1", location=location, **values,
        )  # fmt: skip
        return self.follow(decision)

    def tell(self, kind: str, list_: str, **fields: Any) -> Decision:
        names = CountLine.__dataclass_fields__
        values: dict[str, Any] = (
            dict.fromkeys(list(names)[:19]) | {"kind": kind, "inventory": "I1", "list": list_} | fields
        )
        line = CountLine(**values)
        self.offset += 1
        key = keys.join(line.item_class or "", line.item_code or "")
        message = Message("count-lines", self.partition, self.offset, NOON + 3_600_000, key, line, b"")
        decision = self.processor.decide(message, self.view, self.master, {}, {})
        self.view.take(decision)
        return self.noted(decision)

    def follow(self, decision: Decision) -> dict[str, LineResult]:
        """Work a settlement off and give its results; it ends once."""
        told = [record for step in self.work_off(decision) for record in published(step, "count-results")]
        assert [record.kind for record in told].count("settled") == 1
        return {result.line: result for record in told for result in record.lines}

    def noted(self, decision: Decision) -> Decision:
        self.adjustments += published(decision, "adjustments")
        self.alerts += published(decision, "alerts")
        return decision

    def held(self, item: Item = SALT, location: str = "A", lot: str = "") -> str:
        """Stock of W1 at a location."""
        return self.stock(f"{item.item_class}|{item.item_code}||W1|{location}|{lot}") or "0"


def told(amount: int) -> str:
    return quantity.text(amount * ONE)
