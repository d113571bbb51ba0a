"""The log port in memory: a broker with transactions, markers, groups and fencing, for `simulate` and for histories.

Offsets, markers, open transactions and last stable offsets are as on a real broker, so that the loop meets the same
cases. A test can make the next call of a kind fail (`MemoryLog.faults`), as a broker does.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from processors.runtime.errors import BatchAborted, Fenced, OutcomeUnknown
from processors.runtime.log import Output, Reader, Record, TopicPartition

Fault = Literal["abort", "unknown-committed", "unknown-aborted", "fenced"]


@dataclass(slots=True, eq=False)
class Transaction:
    """One transaction of a producer; its records become visible when `state` is committed."""

    producer_id: str
    state: Literal["open", "committed", "aborted"] = "open"
    first: dict[TopicPartition, int] = field(default_factory=dict)
    """Its first offset in each partition it wrote to."""
    offsets: dict[TopicPartition, int] = field(default_factory=dict)
    group: "Group | None" = None
    records: list[Record] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """One offset of a partition: a record, or a marker where `record` is None."""

    record: Record | None
    transaction: Transaction | None


@dataclass(slots=True)
class Group:
    """A consumer group: who is in it, in which generation, and the committed offsets."""

    members: dict[str, "MemoryLog"] = field(default_factory=dict)
    generation: int = 0
    offsets: dict[TopicPartition, int] = field(default_factory=dict)


class MemoryBroker:
    """Topics, transactions and groups of one cluster in memory. Not thread-safe."""

    def __init__(self, partitions: Mapping[str, int]) -> None:
        self._partitions = dict(partitions)
        self.entries: dict[TopicPartition, list[Entry]] = {
            (topic, p): [] for topic, count in partitions.items() for p in range(count)
        }
        self.groups: dict[str, Group] = defaultdict(Group)
        self.producers: dict[str, tuple[int, Transaction | None]] = {}
        self._ids = {topic: f"id-{topic}" for topic in partitions}
        self._open: list[Transaction] = []
        self.journal: list[Record] = []
        """Records of committed transactions, in the order of their commits."""

    def partitions(self, topic: str) -> int:
        return self._partitions[topic]

    def append(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int,
        headers: list[tuple[str, bytes | None]] | None = None,
        transaction: Transaction | None = None,
    ) -> int:
        """Append one record; returns its offset."""
        entries = self.entries[topic, partition]
        record = Record(topic, partition, len(entries), timestamp_ms, key, value, headers)
        entries.append(Entry(record, transaction))
        if transaction is not None:
            transaction.first.setdefault((topic, partition), record.offset)
            transaction.records.append(record)
            if transaction not in self._open:
                self._open.append(transaction)
        return record.offset

    def settle(self, transaction: Transaction, state: Literal["committed", "aborted"]) -> None:
        """Commit or abort: markers in each partition, offsets of the group when committed."""
        if transaction.state != "open":
            return
        transaction.state = state
        for partition in transaction.first:
            self.entries[partition].append(Entry(None, None))
        if transaction in self._open:
            self._open.remove(transaction)
        if state == "committed":
            self.journal += transaction.records
            if transaction.group is not None:
                transaction.group.offsets.update(transaction.offsets)

    def end(self, partition: TopicPartition, *, committed: bool) -> int:
        """End offset, or the last stable one."""
        entries = self.entries[partition]
        if committed:
            return min([len(entries), *(t.first[partition] for t in self._open if partition in t.first)])
        return len(entries)

    def visible(self, partition: TopicPartition, start: int, most: int) -> tuple[list[Record], int]:
        """Committed records from `start` on and the position behind them."""
        records: list[Record] = []
        position = start
        stable = self.end(partition, committed=True)
        entries = self.entries[partition]
        while position < stable and len(records) < most:
            entry = entries[position]
            if entry.record is not None and (entry.transaction is None or entry.transaction.state == "committed"):
                records.append(entry.record)
            position += 1
        return records, position

    def records(self, topic: str) -> list[Record]:
        """All committed records of a topic, partition by partition."""
        found: list[Record] = []
        for partition in range(self._partitions[topic]):
            found += self.visible((topic, partition), 0, 1 << 60)[0]
        return found

    def recreate(self, topic: str) -> None:
        """Delete a topic and make it again, empty, with another identity."""
        self._ids[topic] += "+"
        for partition in range(self._partitions[topic]):
            self.entries[topic, partition] = []

    def topic_id(self, topic: str) -> str:
        return self._ids[topic]

    def rebalance(self, group: Group) -> None:
        """Share the partition numbers out anew: a new generation; members learn it in their next `consume`."""
        group.generation += 1
        for member in group.members.values():
            member.changed = True


class MemoryLog:
    """`Log` of one member. `faults` maps a call (`flush`, `commit`) to what its next uses do, in order."""

    def __init__(self, broker: MemoryBroker, group: str, instance: str) -> None:
        self._broker, self._group, self._instance = broker, broker.groups[group], instance
        self._generation = -1
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._assignment: frozenset[TopicPartition] = frozenset()
        self._topics: Sequence[str] = ()
        self._on_change: Callable[[], None] = lambda: None
        self._transaction: Transaction | None = None
        self.changed = False
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self._epoch = 0
        self._produced: dict[TopicPartition, int] = {}
        self.renew_producer()

    def subscribe(self, topics: Sequence[str], on_change: Callable[[], None]) -> None:
        self._topics, self._on_change = tuple(topics), on_change
        self._group.members[self._instance] = self
        self._broker.rebalance(self._group)

    def _rejoin(self) -> None:
        if self._group.members.get(self._instance) is not self:
            raise Fenced(f"{self._instance} is another process now")
        names = sorted(self._group.members)
        place = names.index(self._instance)
        mine: set[TopicPartition] = set()
        for topic in self._topics:
            count = self._broker.partitions(topic)
            share, extra = divmod(count, len(names))
            first = place * share + min(place, extra)
            mine |= {(topic, p) for p in range(first, first + share + (place < extra))}
        self._assignment = frozenset(mine)
        self._paused = set(mine)
        self._positions = {}
        self._generation = self._group.generation
        self.changed = False
        self._on_change()

    def consume(self, max_records: int, wait_s: float) -> list[Record]:
        if self.changed:
            self._rejoin()
            return []
        records: list[Record] = []
        for partition in sorted(self._assignment - self._paused):
            if len(records) < max_records:
                found, position = self._broker.visible(
                    partition, self._positions[partition], max_records - len(records)
                )
                records += found
                self._positions[partition] = position
        return records

    def assignment(self) -> frozenset[TopicPartition]:
        return self._assignment

    def position(self, topic: str, partition: int) -> int | None:
        return self._positions.get((topic, partition))

    def start_at(self, positions: Mapping[TopicPartition, int]) -> None:
        self._positions = dict(positions)
        self._paused = set()

    def seek(self, positions: Mapping[TopicPartition, int]) -> None:
        for partition, offset in positions.items():
            if partition in self._assignment:
                self._positions[partition] = offset

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        self._paused |= set(partitions)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        self._paused -= set(partitions)

    def committed(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return {partition: self._group.offsets.get(partition, 0) for partition in partitions}

    def _fault(self, call: str) -> Fault | None:
        return self.faults[call].pop(0) if self.faults[call] else None

    def _check_producer(self) -> None:
        epoch, transaction = self._broker.producers[self._instance]
        if epoch != self._epoch or (self._transaction is not None and transaction is not self._transaction):
            raise Fenced(f"{self._instance} has a newer producer")

    def begin(self) -> None:
        self._check_producer()
        self._produced = {}
        self._transaction = Transaction(self._instance, group=self._group)
        self._broker.producers[self._instance] = (self._epoch, self._transaction)

    def produce(self, outputs: Sequence[Output], *, tracked: bool = False) -> None:
        self._check_producer()
        for topic, partition, key, value, headers, timestamp_ms in outputs:
            offset = self._broker.append(topic, partition, key, value, timestamp_ms, headers, self._transaction)
            if tracked:
                self._produced[topic, partition] = offset

    def produced(self) -> Mapping[TopicPartition, int]:
        return self._produced

    def flush(self) -> None:
        self._check_producer()
        if self._fault("flush") == "abort":
            raise BatchAborted("a record was not acknowledged")

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self._check_producer()
        assert self._transaction is not None, "commit outside a transaction"
        fault = self._fault("commit")
        stale = self._generation != self._group.generation or self._group.members.get(self._instance) is not self
        if fault == "fenced":
            raise Fenced("fenced by a newer producer")
        if fault == "abort" or (offsets and stale):
            raise BatchAborted("the group has moved on")
        self._transaction.offsets.update(offsets)
        if fault != "unknown-aborted":
            self._broker.settle(self._transaction, "committed")
        if fault in ("unknown-committed", "unknown-aborted"):
            raise OutcomeUnknown("the commit did not answer")
        self._transaction = None

    def abort(self) -> None:
        self._check_producer()
        if self._transaction is not None:
            self._broker.settle(self._transaction, "aborted")
            self._transaction = None

    def renew_producer(self) -> None:
        epoch, transaction = self._broker.producers.get(self._instance, (0, None))
        if transaction is not None:
            self._broker.settle(transaction, "aborted")
        self._epoch = epoch + 1
        self._transaction = None
        self._broker.producers[self._instance] = (self._epoch, None)

    def ends(self, partitions: Iterable[TopicPartition], *, committed: bool) -> dict[TopicPartition, int]:
        return {partition: self._broker.end(partition, committed=committed) for partition in partitions}

    def starts(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    def topic_ids(self, topics: Iterable[str]) -> dict[str, str]:
        return {topic: self._broker.topic_id(topic) for topic in topics}

    def reader(self, positions: Mapping[TopicPartition, int]) -> Reader:
        return MemoryReader(self._broker, positions)

    def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> list[int]:
        return [self._broker.append(topic, 0, key, value, 0) for key, value in records]

    def lag(self) -> dict[str, int]:
        behind: dict[str, int] = dict.fromkeys(self._topics, 0)
        for place in self._assignment:
            behind[place[0]] += self._broker.end(place, committed=True) - self._positions.get(place, 0)
        return behind

    def close(self) -> None:
        """As with static membership: the slot stays a member until another takes its place or `leave` is called."""

    def leave(self) -> None:
        """The session timed out: the group goes on without this member."""
        if self._group.members.get(self._instance) is self:
            del self._group.members[self._instance]
            self._broker.rebalance(self._group)


class MemoryReader:
    """`Reader` over a `MemoryBroker`."""

    def __init__(self, broker: MemoryBroker, positions: Mapping[TopicPartition, int]) -> None:
        self._broker, self._positions = broker, dict(positions)

    def read(self, max_records: int, wait_s: float) -> list[Record]:
        records: list[Record] = []
        for partition, position in self._positions.items():
            if len(records) < max_records:
                found, self._positions[partition] = self._broker.visible(
                    partition, position, max_records - len(records)
                )
                records += found
        return records

    def position(self, topic: str, partition: int) -> int:
        return self._positions[topic, partition]

    def close(self) -> None:
        """Nothing to give back."""
