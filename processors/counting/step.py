"""What one decision has changed so far, over the view: what it reads again, it reads as it left it."""

from typing import Any, TypeVar, cast

from processors.counting.registers import LISTS, list_key
from processors.domain import keys
from processors.domain.count_registers import CountListRow
from processors.domain.decision import Barrier, Decision, Emit
from processors.domain.master import MasterData
from processors.domain.view import Register, View

T = TypeVar("T")


class Step:
    """Rows by key, records and barriers in order. `time_ms`: of the message; `partitions`: how many the ledger has."""

    __slots__ = ("_rows", "barriers", "master", "partitions", "records", "time_ms", "view")

    def __init__(self, view: View, master: MasterData, time_ms: int, partitions: int) -> None:
        self.view, self.master, self.time_ms, self.partitions = view, master, time_ms, partitions
        self._rows: dict[tuple[str, str], tuple[Register[Any], object | None]] = {}
        self.records: list[Emit] = []
        self.barriers: list[Barrier] = []

    def get(self, register: Register[T], key: str) -> T | None:
        """The row as it stands by now."""
        changed = self._rows.get((register.topic, key))
        return self.view.get(register, key) if changed is None else cast(T | None, changed[1])

    def put(self, register: Register[T], key: str, row: T | None) -> None:
        """Change a row; None takes it away."""
        self._rows[register.topic, key] = (register, row)

    def lists_of(self, inventory: str) -> list[CountListRow]:
        """All lists of an inventory as they stand by now, by their keys. A few dozen: not for every read."""
        prefix = f"{keys.part(inventory)}|"
        rows = dict(self.view.prefix(LISTS, prefix))
        for (topic, key), (_, row) in self._rows.items():
            if topic == LISTS.topic and key.startswith(prefix):
                rows[key] = cast(CountListRow, row)
        return [rows[key] for key in sorted(rows, key=str.encode)]

    def put_list(self, row: CountListRow) -> None:
        self.put(LISTS, list_key(row.inventory, row.list), row)

    def decision(self) -> Decision:
        """All of it: changed rows in the order of their first change, records, barriers."""
        rows = [(register, key, row) for (_, key), (register, row) in self._rows.items()]
        return Decision(rows=rows, records=self.records, barriers=self.barriers)
