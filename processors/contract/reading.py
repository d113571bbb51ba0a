"""Reading topics outside of the worker: committed records of one topic, up to its present end or for ever."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Message, TopicPartition

from processors.contract.connection import CALL_LIMIT_S, Connection
from processors.contract.headers import Headers

Start = Literal["beginning", "end"] | int
"""Where to begin: or, as a number, at the first record of that time (milliseconds UTC) or later."""


@dataclass(slots=True)
class ReadRecord:
    """One committed record, undecoded; `time_ms` is its timestamp."""

    topic: str
    partition: int
    offset: int
    time_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def read_records(
    connection: Connection, topic: str, start: Start = "beginning", *, follow: bool = False, offset: int | None = None
) -> Iterator[ReadRecord]:
    """The committed records of a topic, those of one partition in order.

    Ends at the present end of every partition; with `follow` never. `offset` begins every partition at that offset
    instead. KafkaException where the cluster does not answer or has no such topic.
    """
    consumer = Consumer(
        connection.settings(
            **{
                "group.id": "lotstream-read",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "fetch.message.max.bytes": 16 * 1024 * 1024,
                # An empty partition answers after this wait: whoever reads to the end waits for the slowest.
                "fetch.wait.max.ms": 500 if follow else 20,
            }
        )
    )
    try:
        places = _places(consumer, topic, start, offset)
        consumer.assign(places)
        open_ends = {place.partition for place in places}
        while follow or open_ends:
            for message in consumer.consume(1000, 0.2 if follow else 0.02):
                error = message.error()
                if error is None:
                    yield record_of(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    open_ends.discard(message.partition())
                elif not error.retriable():
                    raise KafkaException(error)
    finally:
        consumer.close()


def _places(consumer: Consumer, topic: str, start: Start, offset: int | None) -> list[TopicPartition]:
    found = consumer.list_topics(topic, timeout=CALL_LIMIT_S).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    numbers = sorted(found.partitions)
    if offset is not None:
        return [TopicPartition(topic, number, offset) for number in numbers]
    match start:
        case "beginning":
            return [TopicPartition(topic, number, OFFSET_BEGINNING) for number in numbers]
        case "end":
            return [TopicPartition(topic, number, OFFSET_END) for number in numbers]
        case time_ms:
            asked = [TopicPartition(topic, number, time_ms) for number in numbers]
            return list(consumer.offsets_for_times(asked, timeout=CALL_LIMIT_S))


def record_of(message: Message) -> ReadRecord:
    """A consumed message, as a record."""
    partition, offset = message.partition(), message.offset()
    assert partition is not None, "a consumed message has its place"
    assert offset is not None, "a consumed message has its place"
    return ReadRecord(
        message.topic() or "",
        partition,
        offset,
        message.timestamp()[1],
        message.key(),
        message.value(),
        _headers(message),
    )


def _headers(message: Message) -> Headers:
    found = message.headers() or []
    pairs = found.items() if isinstance(found, dict) else found
    return [(name, value.encode() if isinstance(value, str) else value) for name, value in pairs]
