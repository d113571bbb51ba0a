"""The log port on a real broker, through confluent-kafka: member, transactional producer, readers, admin."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Producer,
    TopicCollection,
)
from confluent_kafka import TopicPartition as Partition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from processors.runtime.crash_points import CrashPoint, no_crash
from processors.runtime.errors import BatchAborted, Fenced, OutcomeUnknown, Unreachable
from processors.runtime.log import Output, Reader, Record, TopicPartition

logger = logging.getLogger(__name__)

LATEST: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's stubs leave it out
EARLIEST: Any = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
APPEND_LIMIT_S = 30.0
RECORD_BYTES_MAX = 17 * 1024 * 1024
"""Above the largest `max.message.bytes` of the manifest (16 MiB, dead letters)."""


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Who this member is and how long it waits. Times in milliseconds or seconds as their names say."""

    bootstrap_servers: str
    group: str
    instance: str
    """`group.instance.id` and `transactional.id`: stable per worker slot, such as `ledger-3`."""
    transaction_timeout_ms: int = 10_000
    session_timeout_ms: int = 10_000
    call_timeout_s: float = 10.0
    unknown_after_s: float = 15.0
    """A commit that has not answered for so long has an unknown outcome."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Client options for security and tuning, passed to every client."""


class KafkaLog:
    """`Log` over confluent-kafka. One thread uses it; librdkafka's own threads do the network."""

    def __init__(self, settings: KafkaSettings, crash: CrashPoint = no_crash) -> None:
        self._settings = settings
        self._crash = crash
        self._assignment: frozenset[TopicPartition] = frozenset()
        self._fetching = False
        """Whether `start_at` has handed the assignment to the client; until then there is nothing to pause or seek."""
        self._positions: dict[TopicPartition, int] = {}
        self._on_change: Callable[[], None] = lambda: None
        self._consumer = Consumer(
            {
                **connection(settings),
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
        self._admin = AdminClient(connection(settings))
        self._producer = self._new_producer()
        _connect(self._admin)
        # Made at once: an idempotent producer takes half a second to get its id, and gets it in the background.
        self._appender = Producer({**connection(settings), "enable.idempotence": True, "acks": "all", "linger.ms": 1})
        self._produced: dict[TopicPartition, int] = {}

    # membership and consuming

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

        answer: dict[TopicPartition, int] = self._until_answered(ask, "committed offsets")
        return answer

    # transaction

    def _new_producer(self) -> Producer:
        producer = Producer(
            {
                **connection(self._settings),
                "client.id": self._settings.instance,
                "transactional.id": self._settings.instance,
                "transaction.timeout.ms": self._settings.transaction_timeout_ms,
                "partitioner": "murmur2_random",
                "linger.ms": 2,
                "batch.size": 1_000_000,
                "batch.num.messages": 10_000,
                "compression.type": "lz4",
                "message.max.bytes": RECORD_BYTES_MAX,
                "queue.buffering.max.messages": 2_000_000,
                "queue.buffering.max.kbytes": 1_048_576,
            }
        )
        _connect(producer)
        deadline = time.monotonic() + 120
        while True:
            try:
                producer.init_transactions(self._settings.call_timeout_s)
                return producer
            except KafkaException as failure:
                error = failure.args[0]
                if not error.retriable() or time.monotonic() > deadline:
                    raise Fenced(f"cannot start transactions as {self._settings.instance}: {error}") from failure
                logger.warning("waiting for the broker to start transactions", extra={"reason": error.str()})

    def renew_producer(self) -> None:
        self._producer = self._new_producer()

    def begin(self) -> None:
        self._produced = {}
        self._transactional(self._producer.begin_transaction)

    def produce(self, output: Output) -> None:
        callback: dict[str, Any] = {"on_delivery": self._delivered} if output.tracked else {}
        headers: Any = output.headers  # the stub's list is invariant
        while True:
            try:
                self._producer.produce(
                    output.topic,
                    output.value,
                    output.key,
                    output.partition,
                    timestamp=output.timestamp_ms,
                    headers=headers,
                    **callback,
                )
                return
            except BufferError:
                self._delivering(self._producer.poll, 0.05)
            except KafkaException as failure:
                raise self._named(failure.args[0]) from failure

    def _delivered(self, error: KafkaError | None, message: Any) -> None:
        if error is None:
            self._produced[message.topic(), message.partition()] = message.offset()

    def produced(self) -> Mapping[TopicPartition, int]:
        return self._produced

    def _delivering(self, call: Callable[[float], int], wait_s: float) -> int:
        """What calls delivery callbacks. A fatal error is raised in the middle of them, and then hides behind one."""
        try:
            return call(wait_s)
        except KafkaException as failure:
            raise self._named(failure.args[0]) from failure
        except SystemError as failure:
            raise Fenced(str(failure.__cause__ or failure)) from failure

    def flush(self) -> None:
        deadline = time.monotonic() + self._settings.transaction_timeout_ms / 1000
        while self._delivering(self._producer.flush, 1.0):
            if time.monotonic() > deadline:
                raise BatchAborted(f"{len(self._producer)} records not acknowledged in time")

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        sent = [Partition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
        if sent:
            try:
                metadata = self._consumer.consumer_group_metadata()
            except KafkaException as failure:
                raise BatchAborted(str(failure)) from failure
            self._transactional(self._producer.send_offsets_to_transaction, sent, metadata)
        self._crash("after-offsets-sent")
        deadline = time.monotonic() + self._settings.unknown_after_s
        while True:
            try:
                self._producer.commit_transaction(self._settings.call_timeout_s)
                return
            except KafkaException as failure:
                error: KafkaError = failure.args[0]
                if error.fatal():
                    raise Fenced(error.str()) from failure
                if error.txn_requires_abort():
                    raise BatchAborted(error.str()) from failure
                if not error.retriable() or time.monotonic() > deadline:
                    raise OutcomeUnknown(error.str()) from failure

    def abort(self) -> None:
        """Raises OutcomeUnknown where even the abort gets no answer: a new producer settles it."""
        deadline = time.monotonic() + self._settings.unknown_after_s
        while True:
            try:
                self._producer.abort_transaction(self._settings.call_timeout_s)
                return
            except KafkaException as failure:
                error: KafkaError = failure.args[0]
                if error.fatal():
                    raise Fenced(error.str()) from failure
                if not error.retriable() or time.monotonic() > deadline:
                    raise OutcomeUnknown(error.str()) from failure

    def _transactional(self, call: Callable[..., Any], *arguments: Any) -> None:
        deadline = time.monotonic() + self._settings.transaction_timeout_ms / 1000
        while True:
            try:
                call(*arguments)
                return
            except KafkaException as failure:
                error: KafkaError = failure.args[0]
                if not error.retriable():
                    raise self._named(error) from failure
                if time.monotonic() > deadline:
                    raise BatchAborted(error.str()) from failure

    @staticmethod
    def _named(error: KafkaError) -> Exception:
        if error.txn_requires_abort():
            return BatchAborted(error.str())
        return Fenced(error.str())

    # looking around

    def _until_answered(self, ask: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = ask()
                if answer is not None:
                    return answer
                reason = "not stable yet"
            except KafkaException as failure:
                reason = failure.args[0].str()
            if time.monotonic() > deadline:
                raise Unreachable(f"no {what} from the broker for 60 s: {reason}")
            time.sleep(0.05)

    def _offsets(
        self, partitions: Iterable[TopicPartition], spec: Any, isolation: IsolationLevel
    ) -> dict[TopicPartition, int]:
        asked = {Partition(*p): spec for p in partitions}
        if not asked:
            return {}

        def ask() -> dict[TopicPartition, int]:
            futures = self._admin.list_offsets(
                asked, isolation_level=isolation, request_timeout=self._settings.call_timeout_s
            )
            try:
                return {(p.topic, p.partition): future.result().offset for p, future in futures.items()}
            except KafkaException:
                # A broker that started again has new leader epochs; the client learns them with its metadata only.
                self._admin.list_topics(timeout=self._settings.call_timeout_s)
                raise

        answer: dict[TopicPartition, int] = self._until_answered(ask, "offsets")
        return answer

    def ends(self, partitions: Iterable[TopicPartition], *, committed: bool) -> dict[TopicPartition, int]:
        isolation = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
        return self._offsets(partitions, LATEST, isolation)

    def starts(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return self._offsets(partitions, EARLIEST, IsolationLevel.READ_UNCOMMITTED)

    def topic_ids(self, topics: Iterable[str]) -> dict[str, str]:
        names = list(topics)

        def ask() -> dict[str, str]:
            futures = self._admin.describe_topics(TopicCollection(names), request_timeout=self._settings.call_timeout_s)
            return {name: str(future.result().topic_id) for name, future in futures.items()}

        answer: dict[str, str] = self._until_answered(ask, "topic ids")
        return answer

    def reader(self, positions: Mapping[TopicPartition, int]) -> Reader:
        return KafkaReader(self._settings, positions)

    def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> list[int]:
        offsets: list[int | None] = []
        failures: list[str] = []

        def delivered(error: KafkaError | None, message: Any) -> None:
            offsets.append(message.offset())
            if error is not None:
                failures.append(error.str())

        for key, value in records:
            self._appender.produce(topic, value, key, 0, on_delivery=delivered)
        left = self._appender.flush(APPEND_LIMIT_S)
        if left or failures:
            raise Unreachable(f"cannot append to {topic}: {'; '.join(failures) or 'no answer'}")
        return [offset for offset in offsets if offset is not None]

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


class KafkaReader:
    """`Reader` over a consumer of its own, outside any group."""

    def __init__(self, settings: KafkaSettings, positions: Mapping[TopicPartition, int]) -> None:
        self._positions = dict(positions)
        self._consumer = Consumer(
            {
                **connection(settings),
                "group.id": f"{settings.group}-reader",
                "client.id": f"{settings.instance}-reader",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 50,
                "fetch.max.bytes": 64 * 1024 * 1024,
                "max.partition.fetch.bytes": RECORD_BYTES_MAX,
                "queued.max.messages.kbytes": 128 * 1024,
                "check.crcs": False,
            }
        )
        self._consumer.assign([Partition(t, p, offset) for (t, p), offset in positions.items()])

    def read(self, max_records: int, wait_s: float) -> list[Record]:
        first = self._consumer.poll(wait_s)
        if first is None:
            return []
        return to_records([first, *self._consumer.consume(max_records - 1, 0)], self._positions)

    def position(self, topic: str, partition: int) -> int:
        return self._positions[topic, partition]

    def close(self) -> None:
        self._consumer.close()


def _connect(client: Producer | AdminClient) -> None:
    """Wait until a new client knows its broker: what it is asked before that, it tries again 0.5 or even 3 s later."""
    with contextlib.suppress(KafkaException):  # whoever asks it next finds out, and knows how long to wait
        client.list_topics(timeout=5)


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """Client options every client of this member shares."""
    return {
        "bootstrap.servers": settings.bootstrap_servers,
        "log_level": 3,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1000,
        "socket.nagle.disable": True,
        "topic.metadata.refresh.interval.ms": 30_000,
        **settings.extra,
    }


def to_records(messages: list[Any], positions: dict[TopicPartition, int]) -> list[Record]:
    """Records of consumed messages; `positions` advance past them, and past markers where the end is reached."""
    records = []
    for message in messages:
        error = message.error()
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        if error is None:
            positions[topic, partition] = offset + 1
            records.append(
                Record(
                    topic, partition, offset, message.timestamp()[1], message.key(), message.value(), message.headers()
                )
            )
        elif error.code() == KafkaError._PARTITION_EOF:
            if offset > positions.get((topic, partition), -1):
                positions[topic, partition] = offset
        elif error.fatal() or error.code() in (KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID):
            # `_FATAL` does not call itself fatal; such a consumer would poll for ever and be given nothing.
            raise Fenced(error.str())
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise Fenced(f"{topic}/{partition}: offset {offset} is not in the log: {error.str()}")
        else:
            logger.warning("broker says", extra={"topic": topic, "partition": partition, "reason": error.str()})
    return records
