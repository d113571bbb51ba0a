"""The worker's transactional producer: one transaction at a time, its errors told apart (architecture §4)."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import TopicPartition as Partition

from processors.runtime.bounded_call import BoundedCalls
from processors.runtime.crash_points import CrashPoint
from processors.runtime.errors import BatchAborted, Fenced, OutcomeUnknown
from processors.runtime.kafka_client import RECORD_BYTES_MAX, KafkaSettings, connect, connection
from processors.runtime.log import Output, TopicPartition

logger = logging.getLogger(__name__)

START_LIMIT_S = 120.0
"""How long a producer may wait for a broker to start its transactions: the coordinator may be moving, or still away."""


class KafkaTransactions:
    """The producing half of `Log`. `group_metadata`: in whose name offsets are sent."""

    def __init__(self, settings: KafkaSettings, group_metadata: Callable[[], Any], crash: CrashPoint) -> None:
        self._settings, self._group_metadata, self._crash = settings, group_metadata, crash
        self._produced: dict[TopicPartition, int] = {}
        self._calls = BoundedCalls(f"{settings.instance}-offsets")
        self._producer = self._new_producer()

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
        connect(producer)
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                producer.init_transactions(self._settings.call_timeout_s)
                return producer
            except KafkaException as failure:
                error = failure.args[0]
                if not error.retriable() or time.monotonic() > deadline:
                    raise Fenced(f"cannot start transactions as {self._settings.instance}: {error}") from failure
                logger.warning("waiting for the broker to start transactions", extra={"reason": error.str()})

    def renew(self) -> None:
        """See `Log.renew_producer`. The old one ends first: in the background it would go on to commit."""
        del self._producer
        self._producer = self._new_producer()

    def begin(self) -> None:
        self._produced = {}
        self._transactional(self._producer.begin_transaction)

    def produce(self, outputs: Sequence[Output], *, tracked: bool = False) -> None:
        """See `Log`. By place, as one call to the next: reading arguments by name costs as much as a header."""
        last = {output[:2]: number for number, output in enumerate(outputs)} if tracked else {}
        asked = set(last.values())
        produce: Any = self._producer.produce
        for number, (topic, partition, key, value, headers, timestamp_ms) in enumerate(outputs):
            callback = self._delivered if number in asked else None
            while True:
                try:
                    produce(topic, value, key, partition, callback, callback, timestamp_ms, headers)
                    break
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
            self._transactional(self._send_offsets, sent, self._group_metadata())
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

    def _send_offsets(self, offsets: list[Partition], metadata: Any) -> None:
        """The one call whose limit the client keeps only with an answer: a broker that dies may owe it for ever."""
        limit_s = self._settings.transaction_timeout_ms / 1000
        send = partial(self._producer.send_offsets_to_transaction, offsets, metadata, limit_s)
        self._calls.call(send, limit_s + self._settings.call_timeout_s)

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
