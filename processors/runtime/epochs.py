"""The epoch log and the registers as the counters ask for them (`counters.port`), over the log port."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence

from processors.contract.cluster_records import CounterEpoch
from processors.contract.codec import Codec
from processors.counters.port import EpochRecord, EpochState
from processors.domain.master import MasterData
from processors.domain.progressives import Claim
from processors.domain.registers import CounterRow, LotRow, SerialRow
from processors.domain.view import COUNTERS, LOTS, SERIALS
from processors.runtime.log import Log, TopicPartition

logger = logging.getLogger(__name__)

TOPIC = "counter-epochs"
ClaimOf = Callable[[LotRow | SerialRow, str, int, MasterData], Claim | None]
"""(row, key, partition, master data) → the company-wide claim that the row holds, if any: the processor's rule."""


class TopicEpochLog:
    """`EpochLog` on topic `counter-epochs`."""

    def __init__(self, log: Log, codec: Codec) -> None:
        self._log, self._codec = log, codec
        self._state = EpochState()
        self._reader = log.reader({(TOPIC, 0): log.starts([(TOPIC, 0)])[TOPIC, 0]})

    def append(self, records: Sequence[EpochRecord]) -> Sequence[int]:
        """Append in order; raises Unreachable where it is not known to be written."""
        written = []
        for record in records:
            value = CounterEpoch(record.kind, record.epoch, record.by, record.at, record.partition)
            written.append((record.key.encode(), self._codec.encode(TOPIC, value)))
        return self._log.append(TOPIC, written)

    def newest(self) -> EpochState:
        """The topic folded up to an end that is asked now."""
        end = self._log.ends([(TOPIC, 0)], committed=True)[TOPIC, 0]
        while self._reader.position(TOPIC, 0) < end:
            for record in self._reader.read(10_000, 0.1):
                value = self._codec.decode(TOPIC, record.value)
                assert isinstance(value, CounterEpoch), "the topic has one record type"
                self._state.add(
                    record.offset, EpochRecord(value.kind, value.by, value.at, value.epoch, value.partition)
                )
        return self._state

    def close(self) -> None:
        self._reader.close()


class TopicRegisters:
    """`Registers`: all partitions of the three registers, read committed up to ends noted with open transactions."""

    def __init__(
        self,
        log: Log,
        codec: Codec,
        partitions: int,
        claim_of: ClaimOf,
        master: Callable[[], MasterData],
        keep_alive: Callable[[], None],
    ) -> None:
        self._log, self._codec, self._claim_of, self._master = log, codec, claim_of, master
        self._keep_alive = keep_alive
        self._places = [(r.topic, p) for r in (COUNTERS, LOTS, SERIALS) for p in range(partitions)]
        self._ends: dict[TopicPartition, int] = {}

    def note_ends(self) -> None:
        self._ends = self._log.ends(self._places, committed=False)

    def rows(self) -> Iterator[CounterRow | Claim | None]:
        """The latest row of every key. Values are kept encoded until the end is reached: the last one counts.

        None is a sign of life while reading, or while an open transaction is waited for.
        """
        latest: dict[tuple[str, int, bytes], bytes] = {}
        starts = self._log.starts(self._places)
        reader = self._log.reader(starts)
        waiting = {place for place in self._places if starts[place] < self._ends[place]}
        try:
            while waiting:
                for record in reader.read(10_000, 0.2):
                    key = (record.topic, record.partition, record.key or b"")
                    if record.value is None:
                        latest.pop(key, None)
                    else:
                        latest[key] = record.value
                waiting = {place for place in waiting if reader.position(*place) < self._ends[place]}
                self._keep_alive()
                yield None
        finally:
            reader.close()
        for (topic, partition, key_bytes), value in latest.items():
            row = self._codec.decode(topic, value)
            if isinstance(row, CounterRow):
                yield row
            elif isinstance(row, LotRow | SerialRow):
                claim = self._claim_of(row, key_bytes.decode(), partition, self._master())
                if claim is not None:
                    yield claim


class WorkerClock:
    """`Clock` of a worker. `waiting` is what passes the time: once the loop runs, polling for its membership."""

    def __init__(self) -> None:
        self.waiting: Callable[[float], None] = time.sleep

    def monotonic(self) -> float:
        return time.monotonic()

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def wait(self, seconds: float) -> None:
        self.waiting(seconds)
