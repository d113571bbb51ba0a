"""The minimal rule does the peers' work: one stock row per item, one result per movement."""

from benchmarks import company
from benchmarks.minimal import MinimalRule
from processors.contract.codec import Codec
from processors.contract.schema_ids import LockedIds
from processors.domain import quantity
from processors.domain.master import MasterData
from processors.domain.message import Message
from processors.domain.view import STOCK
from processors.runtime.memory_store import MemoryStores
from processors.runtime.overlay import TaskView


def test_loads_are_added_and_unloads_taken_off() -> None:
    rule, stocks = MinimalRule(), []
    view = TaskView(MemoryStores().open(0), Codec(LockedIds()).decode, rule.indexes)
    for place, movement in enumerate(company.lot_movements(1, 4)):
        message = Message("movements", 0, place, 1000 + place, "FOO|I00000", movement, b"")
        decision = rule.decide(message, view, MasterData(), {}, {})
        ((register, key, row),), (reply,) = decision.rows, decision.records
        assert register is STOCK
        view.put(register, key, row)
        stocks.append(reply.value.stock_after)
    assert stocks == [amount * quantity.ONE for amount in (12, 8, 4, 16)]
