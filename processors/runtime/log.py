"""The broker as the loop sees it: one of its three ports, beside the store and the counters.

`Log` is a member of a consumer group and a transactional producer in one. Positions count markers of transactions
too, so that "read up to an end offset" is always reached.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

TopicPartition = tuple[str, int]
Headers = list[tuple[str, bytes | None]]


@dataclass(slots=True)
class Record:
    """One record as consumed; `timestamp_ms` is its CreateTime."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None


Output = tuple[str, int, bytes | None, bytes | None, Headers, int]
"""One record to produce: topic, partition, key, value, headers, CreateTime in ms. A bare tuple: some six are made for
each movement, and making an object with names would cost as much as producing it."""

RowOutput = tuple[str, int, bytes, bytes | None, Headers, int]
"""An `Output` that is a register's row, or its tombstone: it always has a key."""


class Reader(Protocol):
    """Reads partitions from given offsets on, read_committed, outside any group."""

    def read(self, max_records: int, wait_s: float) -> list[Record]:
        """What is there, at most `max_records`; waits up to `wait_s` for the first."""
        ...

    def position(self, topic: str, partition: int) -> int:
        """The next offset to be read, past markers and aborted records."""
        ...

    def close(self) -> None: ...


class Log(Protocol):
    """Membership, consuming and one transaction at a time."""

    def subscribe(self, topics: Sequence[str], on_change: Callable[[], None]) -> None:
        """Join the group; `on_change` is called from within `consume` whenever the assignment changes."""
        ...

    def consume(self, max_records: int, wait_s: float) -> list[Record]:
        """Up to `max_records`, or what has arrived; waits up to `wait_s` for the first. Rebalances happen here only."""
        ...

    def assignment(self) -> frozenset[TopicPartition]: ...

    def position(self, topic: str, partition: int) -> int | None:
        """The next offset to be consumed, past markers; None while it is not known."""
        ...

    def start_at(self, positions: Mapping[TopicPartition, int]) -> None:
        """Consume from these offsets on; every assigned partition is named. Ends any pause."""
        ...

    def seek(self, positions: Mapping[TopicPartition, int]) -> None: ...

    def pause(self, partitions: Iterable[TopicPartition]) -> None: ...

    def resume(self, partitions: Iterable[TopicPartition]) -> None: ...

    def committed(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Stable committed offsets of the group; 0 where there is none."""
        ...

    def begin(self) -> None: ...

    def produce(self, outputs: Sequence[Output], *, tracked: bool = False) -> None:
        """Hand outputs over, in order. `tracked`: the offset of the last one of each partition is asked for."""
        ...

    def flush(self) -> None:
        """Every record of the transaction is acknowledged. Raises BatchAborted otherwise."""
        ...

    def produced(self) -> Mapping[TopicPartition, int]:
        """After `flush`: the offset of the last tracked output of each partition."""
        ...

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Send the offsets, commit. Raises BatchAborted, OutcomeUnknown or Fenced."""
        ...

    def abort(self) -> None: ...

    def renew_producer(self) -> None:
        """A new producer with the same id: completes or aborts whatever the old one left open."""
        ...

    def ends(self, partitions: Iterable[TopicPartition], *, committed: bool) -> dict[TopicPartition, int]:
        """End offsets: the last stable ones, or those that count open transactions too."""
        ...

    def starts(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """First offsets still in the log."""
        ...

    def topic_ids(self, topics: Iterable[str]) -> dict[str, str]:
        """Identity of each topic: another one after a topic was deleted and made again."""
        ...

    def reader(self, positions: Mapping[TopicPartition, int]) -> Reader: ...

    def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> list[int]:
        """Append (key, value) records to partition 0 in order, outside any transaction (idempotent, acks=all).

        Returns their offsets. Raises Unreachable where it is not known that all of them are written.
        """
        ...

    def lag(self) -> dict[str, int]:
        """Topic → records not consumed yet, as far as is known without asking."""
        ...

    def close(self) -> None: ...
