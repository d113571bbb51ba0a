"""Reading partitions from given offsets on, and what a consumed message is to us: a record, a position, or an end."""

import logging
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError
from confluent_kafka import TopicPartition as Partition

from processors.runtime.errors import Fenced
from processors.runtime.kafka_client import RECORD_BYTES_MAX, KafkaSettings, connection
from processors.runtime.log import Record, TopicPartition

logger = logging.getLogger(__name__)


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
