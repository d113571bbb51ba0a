"""The worker's own work without a broker: the real loop, a store on disk, a log in memory that drops the outputs.

    python -m benchmarks.hot_path [--kind movements|serials] [--messages N] [--items N] [--profile FILE]

CPU µs of the loop's thread, which other processes on the machine disturb less than they do a throughput: what to
compare a change with, both versions by turns, several times, the least of each. `--profile`: the dearest functions.
"""

import argparse
import cProfile
import gc
import pstats
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import company
from benchmarks.figures import Figure, show
from processors.cli import wiring
from processors.contract.codec import Codec
from processors.contract.manifest import MANIFEST, key_of
from processors.contract.partitions import partition_of
from processors.contract.schema_ids import LockedIds
from processors.counters.allocator import Allocator
from processors.counters.memory import MemoryServer, MemoryState
from processors.counters.memory_log import MemoryEpochLog, SteppedClock
from processors.domain.movement import Movement
from processors.runtime.log import Output
from processors.runtime.loop import Loop
from processors.runtime.memory_log import MemoryBroker, MemoryLog
from processors.runtime.rocks_store import RocksStores
from processors.runtime.worker import COLLECT_YOUNG_TURNS

PARTITIONS = 12
PIECES = 10_000
TIME_MS = company.TODAY * 86_400_000


class DroppingLog(MemoryLog):
    """A log that keeps nothing of what it is given once `dropping` is set; offsets go on as if it did."""

    dropping = False
    dropped = 0

    def produce(self, outputs: Sequence[Output], *, tracked: bool = False) -> None:
        if not self.dropping:
            super().produce(outputs, tracked=tracked)
            return
        self.dropped += len(outputs)
        if tracked:
            self._produced.update(dict.fromkeys({output[:2] for output in outputs}, self.dropped))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=["movements", "serials"], default="movements")
    parser.add_argument("--messages", type=int, help="default 60,000 movements, or 20 loads of 10,000 serials")
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--profile", help="write a cProfile to this file, and list the dearest functions")
    given = parser.parse_args(arguments)
    count = given.messages or (60_000 if given.kind == "movements" else 20)
    profile = cProfile.Profile() if given.profile else None
    with tempfile.TemporaryDirectory() as directory:
        spent_s, outputs = measure(Path(directory), given.kind, count, given.items, profile)
    pieces = count if given.kind == "movements" else count * PIECES
    what = "movement" if given.kind == "movements" else "serial"
    figures: list[Figure] = [
        (f"{what}s", f"{pieces:,}", ""),
        (f"CPU of the loop, µs a {what}", f"{spent_s / pieces * 1e6:.1f}", ""),
        (f"records to produce a {what}", f"{outputs / pieces:.2f}", ""),
    ]
    show(f"hot path, {given.kind}", figures)
    if profile is not None:
        profile.dump_stats(given.profile)
        pstats.Stats(profile).sort_stats("tottime").print_stats(40)


def measure(directory: Path, kind: str, count: int, items: int, profile: cProfile.Profile | None) -> tuple[float, int]:
    """CPU seconds of the loop's thread, and records that it would have produced."""
    counts = {topic.name: topic.partitions(PARTITIONS) for topic in MANIFEST.values()}
    codec, broker = Codec(LockedIds()), MemoryBroker(counts)
    processor = wiring.ledger(codec, 50_000)
    log = DroppingLog(broker, "lotstream-ledger", "ledger-0")
    registers, indexes = (
        [r.topic for r in processor.registers],
        [i.name for i in (*processor.indexes, *processor.trails)],
    )
    counters = Allocator(MemoryState(MemoryServer()), MemoryEpochLog(), SteppedClock(), "ledger-0")
    loop = Loop(processor, log, RocksStores(directory, registers, indexes), counters, codec, counts)

    def send(topic: str, values: Iterable[object]) -> None:
        for value in values:
            key = key_of(topic, value).encode()
            broker.append(topic, partition_of(key, counts[topic]), key, codec.encode(topic, value), TIME_MS)

    made = company.lot_item if kind == "movements" else company.serial_item
    send("master-data", company.master([made(number) for number in range(items)]))
    loop.start()
    while loop.turn(0):
        pass
    log.dropping = True
    send("movements", company.lot_movements(items, count) if kind == "movements" else _serial_loads(items, count))
    gc.collect()
    gc.freeze()
    gc.disable()  # as `runtime.worker` does
    started, turns = time.thread_time(), 0
    if profile is not None:
        profile.enable()
    while loop.turn(0):
        turns += 1
        if turns % COLLECT_YOUNG_TURNS == 0:
            gc.collect(0)
    if profile is not None:
        profile.disable()
    spent_s = time.thread_time() - started
    loop.close()
    return spent_s, log.dropped


def _serial_loads(items: int, count: int) -> Iterable[Movement]:
    return (company.serial_load(f"S{number}", number % items, PIECES) for number in range(count))


if __name__ == "__main__":
    main()
