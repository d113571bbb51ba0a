"""lotstream's runtime with the least of rules: one stock row per item, one reply per movement, no checks.

`python -m benchmarks.minimal --slot N` is `lotstream worker ledger --slot N` with these rules in the ledger's place:
the same loop, log, store, transactions and records, so what it takes is the runtime's own cost.
"""

import sys
from collections.abc import Sequence

from processors.cli import wiring, worker
from processors.domain import keys
from processors.domain.decision import Decision, Emit
from processors.domain.events import Reply
from processors.domain.master import MasterData
from processors.domain.message import Continuation, Index, Message, Trail
from processors.domain.movement import Movement
from processors.domain.progressives import Claim, Claimed, Grants, Need
from processors.domain.registers import LotRow, SerialRow, StockRow
from processors.domain.view import COUNTERS, LOTS, SERIALS, STATE, STOCK, View


class MinimalRule:
    """Adds loads (template `IN`), takes off everything else."""

    name = "ledger"
    inputs = ("master-data", "movements", "register-edits")
    order = ("master-register", "movements", "register-edits")
    registers = (STOCK, LOTS, SERIALS, COUNTERS, STATE)
    state = STATE
    indexes: Sequence[Index] = ()
    trails: Sequence[Trail] = ()

    def weight(self, message: Message, master: MasterData) -> int:
        return 1

    def needs(self, messages: Sequence[Message], view: View, master: MasterData) -> list[Need]:
        return []

    def decide(self, message: Message, view: View, master: MasterData, grants: Grants, claimed: Claimed) -> Decision:
        movement = message.value
        if not isinstance(movement, Movement):
            return Decision(records=[Emit("master-register", message.key, movement)])
        key = keys.join(movement.item_class, movement.item_code, "", "W1", "", "")
        row, amount = view.get(STOCK, key), movement.quantity or 0
        loaded, unloaded = (row.loaded, row.unloaded) if row is not None else (0, 0)
        if movement.template == "IN":
            loaded += amount
        else:
            unloaded += amount
        id, now = movement.movement_id, message.time_ms
        changed = StockRow(
            movement.item_class, movement.item_code, None, "W1", None, None, loaded, unloaded, loaded - unloaded, 0,
            movement.unit or "", id, now, now,
        )  # fmt: skip
        reply = Reply(message.topic, id, "done", (), (), (), changed.stock, (id,), now)
        return Decision(rows=[(STOCK, key, changed)], records=[Emit("replies", id, reply, message.key)])

    def resume(
        self, continuation: Continuation, view: View, master: MasterData, grants: Grants, claimed: Claimed
    ) -> Decision:
        raise AssertionError("these rules wait for nothing")

    def claim_of(self, row: LotRow | SerialRow, key: str, partition: int, master: MasterData) -> Claim | None:
        return None


def main() -> None:
    wiring.processor = lambda *_: MinimalRule()
    worker.command(["ledger", *sys.argv[1:]])


if __name__ == "__main__":
    main()
