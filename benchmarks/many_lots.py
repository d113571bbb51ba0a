"""One decision over many rows: FEFO over 100,000 lots in stock, 200 lots in a movement, 10,000 serials typed by hand.

`python -m benchmarks.many_lots`: the ledger's decision and the store, without a broker; milliseconds a movement.
"""

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import machine
from processors.cli.wiring import ledger
from processors.contract.codec import Codec
from processors.contract.schema_ids import LockedIds
from processors.domain.master import Company, Item, MasterData, Template, Warehouse
from processors.domain.message import Message
from processors.domain.movement import Movement, MovementLot
from processors.domain.quantity import ONE
from processors.runtime.overlay import TaskView
from processors.runtime.rocks_store import RocksStores

DAY = 20_700
TIME_MS = DAY * 86_400_000
LOTS = 100_000


class Ledger:
    """The real processor over a store on disk, one movement a batch."""

    def __init__(self, directory: Path) -> None:
        self.codec = Codec(LockedIds())
        self.processor = ledger(self.codec, 50_000)
        registers = [register.topic for register in self.processor.registers]
        self.store = RocksStores(directory, registers, [index.name for index in self.processor.indexes]).open(0)
        self.view = TaskView(self.store, self.codec.decode, self.processor.indexes)
        self.master = MasterData()
        self._number = 0

    def post(
        self, template: str, quantity: int, lots: tuple[MovementLot, ...] = (), serials: tuple[str, ...] = ()
    ) -> float:
        """Decide and apply one movement; seconds. AssertionError where it is refused."""
        self._number += 1
        item = "SER" if serials else "LOT"
        movement = Movement(
            f"m{self._number}", "post", None, template, "W", quantity * ONE, None, "FG", item, None, None, DAY,
            lots=lots, serials=serials,
        )  # fmt: skip
        message = Message("movements", 0, self._number, TIME_MS, f"FG|{item}", movement, b"")
        started = time.perf_counter()
        decision = self.processor.decide(message, self.view, self.master, {}, {})
        assert decision.refusal is None, decision.refusal
        for register, key, row in decision.rows:
            self.view.put(register, key, row)
        puts = [
            (t, k.encode(), None if r is None else self.codec.encode(t, r)) for (t, k), r in self.view.changes.items()
        ]
        self.store.write(puts, self.view.entries, {})
        self.view.keep()
        return time.perf_counter() - started


def measure() -> dict[str, float]:
    """What was done → milliseconds."""
    with tempfile.TemporaryDirectory() as directory:
        one = Ledger(Path(directory))
        plain = {"description": "", "variants": (), "item_type": None, "characteristic": None, "product_category": None}
        for code, lotted, serialled in (("LOT", True, False), ("SER", False, True)):
            one.master.put(
                Item("FG", code, unit="pc", alternative_units=(), barcodes=(), lot_managed=lotted,
                     serial_managed=serialled,
                     withdrawal_policy="fefo" if lotted else "manual",
                     lot_validity_days=90 if lotted else None, **plain)  # type: ignore[arg-type]  # fields by name
            )  # fmt: skip
        one.master.put(Company())
        one.master.put(Warehouse("W", "main"))
        one.master.put(Template("W", "LD", "load", "load", lot_management=True, create_serials=True))
        one.master.put(Template("W", "UN", "unload", "unload", lot_management=True))
        loads = []
        for first in range(0, LOTS, 200):
            lots = tuple(MovementLot(f"L{n:06d}", 10 * ONE, expiry_date=DAY + n) for n in range(first, first + 200))
            loads.append(one.post("LD", 2000, lots))
        unloads = [one.post("UN", 25) for _ in range(200)]
        wide = one.post("UN", 2000)
        serials = tuple(f"S{n:06d}" for n in range(10_000))
        typed, untyped = (one.post(template, 10_000, serials=serials) for template in ("LD", "UN"))
    return {
        f"an unload by FEFO over three of {LOTS:,} lots in stock, median": statistics.median(unloads) * 1e3,
        "an unload by FEFO over 200 of them": wide * 1e3,
        "a load of 200 lots, median": statistics.median(loads) * 1e3,
        "a load of 10,000 serials typed by hand": typed * 1e3,
        "an unload of them": untyped * 1e3,
    }


def main() -> None:
    print(machine.described())
    for what, took_ms in measure().items():
        print(f"{what}: {took_ms:.2f} ms")


if __name__ == "__main__":
    main()
