"""The same loop without a broker: only its three ports differ (memory log, memory stores, memory counters).

One worker per processor owns every partition. Each input is appended and worked off, with all that follows from it,
before the next.
"""

from collections.abc import Callable, Mapping, Sequence

from processors.contract.codec import Codec
from processors.contract.manifest import MANIFEST
from processors.counters.port import Counters
from processors.runtime.log import Record
from processors.runtime.loop import Loop
from processors.runtime.memory_log import MemoryBroker, MemoryLog
from processors.runtime.memory_store import MemoryStores
from processors.runtime.processor import Processor

TURNS_MAX = 10_000
"""One input that keeps a loop busy for so many turns is a bug."""


CountersFor = Callable[[str], Counters]
"""The counters of a worker, by its name: wiring's part."""


class Simulation:
    """A broker in memory and the workers of some processors on it."""

    def __init__(
        self, processors: Sequence[Processor], codec: Codec, partitions: int, counters_for: CountersFor
    ) -> None:
        counts = {topic.name: topic.partitions(partitions) for topic in MANIFEST.values()}
        self.broker = MemoryBroker(counts)
        self._workers: list[Loop] = []
        for processor in processors:
            name = f"{processor.name}-0"
            log = MemoryLog(self.broker, f"lotstream-{processor.name}", name)
            loop = Loop(processor, log, MemoryStores(), counters_for(name), codec, counts)
            loop.start()
            self._workers.append(loop)
        self.work_off()

    def send(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, time_ms: int
    ) -> Sequence[Record]:
        """Append one input and work it off; the records that followed, in the order of their commits."""
        before = len(self.broker.journal)
        self.broker.append(topic, partition, key, value, time_ms)
        self.work_off()
        return self.broker.journal[before:]

    def work_off(self) -> None:
        """Turn every loop until none has anything to do."""
        for _ in range(TURNS_MAX):
            busy = [loop.turn(0) for loop in self._workers]  # every loop, also behind a busy one
            if not any(busy):
                return
        raise RuntimeError(f"still busy after {TURNS_MAX} turns")

    def rows(self, topics: Sequence[str]) -> Mapping[tuple[str, bytes], bytes]:
        """(register, key) → final row, encoded, in the order of topics and keys."""
        rows: dict[tuple[str, bytes], bytes] = {}
        for topic in topics:
            latest = {record.key or b"": record.value for record in self.broker.records(topic)}
            for key in sorted(latest):
                value = latest[key]
                if value is not None:
                    rows[topic, key] = value
        return rows
