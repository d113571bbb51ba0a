"""The worker as a member of its consumer group: assignment, consuming, positions, committed offsets."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaException
from confluent_kafka import TopicPartition as Partition

from processors.runtime.errors import BatchAborted, Fenced
from processors.runtime.kafka_client import RECORD_BYTES_MAX, Complaints, KafkaSettings, connection, until_answered
from processors.runtime.kafka_reader import to_records
from processors.runtime.log import Record, TopicPartition


class KafkaMember:
    """The consuming half of `Log`. Static membership: a slot's next process takes its place over at once."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._assignment: frozenset[TopicPartition] = frozenset()
        self._fetching = False
        """Whether `start_at` has handed the assignment to the client; until then there is nothing to pause or seek."""
        self._positions: dict[TopicPartition, int] = {}
        self._on_change: Callable[[], None] = lambda: None
        self._consumer = Consumer(
            {
                **connection(settings),
                "error_cb": Complaints(),
                "group.id": settings.group,
                "group.instance.id": settings.instance,
                "client.id": settings.instance,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "partition.assignment.strategy": "range",
                "session.timeout.ms": settings.session_timeout_ms,
                "heartbeat.interval.ms": max(500, settings.session_timeout_ms // 10),
                "max.poll.interval.ms": 300_000,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 100,
                "fetch.max.bytes": 64 * 1024 * 1024,
                "max.partition.fetch.bytes": RECORD_BYTES_MAX,
                "queued.max.messages.kbytes": 64 * 1024,
                "queued.min.messages": 20_000,
            }
        )

    def subscribe(self, topics: Sequence[str], on_change: Callable[[], None]) -> None:
        """See `Log`. Nothing of a new partition is fetched before `start_at`: its task is restored first."""
        self._on_change = on_change
        self._consumer.subscribe(list(topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)

    def _assigned(self, consumer: Consumer, partitions: list[Partition]) -> None:
        # Empty, to answer the group. Partitions that are assigned, paused, and assigned again at other offsets begin to
        # be fetched up to a second late.
        consumer.assign([])
        self._fetching = False
        self._assignment = frozenset((p.topic, p.partition) for p in partitions)
        self._positions = {}
        self._on_change()

    def _revoked(self, consumer: Consumer, partitions: list[Partition]) -> None:
        consumer.unassign()
        self._assignment = frozenset()
        self._fetching = False
        self._positions = {}
        self._on_change()

    def consume(self, max_records: int, wait_s: float) -> list[Record]:
        """See `Log`. Raises Fenced where the group has given this identity to another process."""
        try:
            first = self._consumer.poll(wait_s)
            if first is None:
                return []
            return to_records([first, *self._consumer.consume(max_records - 1, 0)], self._positions)
        except KafkaException as failure:
            raise Fenced(str(failure)) from failure

    def assignment(self) -> frozenset[TopicPartition]:
        return self._assignment

    def position(self, topic: str, partition: int) -> int | None:
        return self._positions.get((topic, partition))

    def start_at(self, positions: Mapping[TopicPartition, int]) -> None:
        partitions = [Partition(topic, partition, offset) for (topic, partition), offset in positions.items()]
        self._consumer.assign(partitions)
        self._consumer.resume(partitions)
        self._fetching = True
        self._positions = dict(positions)

    def seek(self, positions: Mapping[TopicPartition, int]) -> None:
        for (topic, partition), offset in positions.items():
            if (topic, partition) not in self._assignment:
                continue
            self._positions[topic, partition] = offset
            if not self._fetching:
                continue
            try:
                self._consumer.seek(Partition(topic, partition, offset))
            except KafkaException as failure:
                raise Fenced(f"cannot seek {topic}/{partition} to {offset}: {failure}") from failure

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        if self._fetching:
            self._consumer.pause([Partition(*p) for p in partitions if p in self._assignment])

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        if self._fetching:
            self._consumer.resume([Partition(*p) for p in partitions if p in self._assignment])

    def committed(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        asked = [Partition(*p) for p in partitions]
        if not asked:
            return {}

        def ask() -> dict[TopicPartition, int] | None:
            answers = self._consumer.committed(asked, timeout=self._settings.call_timeout_s)
            if any(answer.error is not None for answer in answers):
                return None
            return {(a.topic, a.partition): max(a.offset, 0) for a in answers}

        answer: dict[TopicPartition, int] = until_answered(ask, "committed offsets")
        return answer

    def group_metadata(self) -> Any:
        """What sends offsets in this member's name; a broker refuses it from a former owner."""
        try:
            return self._consumer.consumer_group_metadata()
        except KafkaException as failure:
            raise BatchAborted(str(failure)) from failure

    def lag(self) -> dict[str, int]:
        behind: dict[str, int] = {}
        for topic, partition in self._assignment:
            _, end = self._consumer.get_watermark_offsets(Partition(topic, partition), cached=True)
            position = self._positions.get((topic, partition), 0)
            behind[topic] = behind.get(topic, 0) + max(0, end - position)
        return behind

    def close(self) -> None:
        """Leave without a rebalance (static membership): the slot's next process goes on at once."""
        self._consumer.close()
