"""Reading one partition outside of the worker, on and on: the answers to what one has sent, a row while it changes."""

from collections.abc import Iterator
from typing import Final, Literal

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from processors.contract.connection import CALL_LIMIT_S, Connection
from processors.contract.partitions import partition_of
from processors.contract.reading import ReadRecord, record_of

WAIT_MS: Final = 10
"""How long the broker lets a reader wait that has read everything: an answer is there at once when it comes."""


class Follower:
    """The committed records of the partition in which a route lies, one after the other.

    start: `beginning`, or `end`: only what is written after the follower was made.
    KafkaException where the cluster does not answer or has no such topic.
    """

    def __init__(self, connection: Connection, topic: str, route: str, start: Literal["beginning", "end"]) -> None:
        self._consumer = Consumer(
            connection.settings(
                **{
                    "group.id": "lotstream-read",
                    "enable.auto.commit": False,
                    "enable.partition.eof": True,
                    "isolation.level": "read_committed",
                    "auto.offset.reset": "earliest",
                    "fetch.message.max.bytes": 16 * 1024 * 1024,
                    "fetch.wait.max.ms": WAIT_MS,
                }
            )
        )
        try:
            found = self._consumer.list_topics(topic, timeout=CALL_LIMIT_S).topics[topic]
            if found.error is not None:
                raise KafkaException(found.error)
            place = TopicPartition(topic, partition_of(route, len(found.partitions)), OFFSET_BEGINNING)
            if start == "end":
                place.offset = self._consumer.get_watermark_offsets(place, timeout=CALL_LIMIT_S, cached=False)[1]
            self._consumer.assign([place])
        except BaseException:
            self._consumer.close()
            raise

    def poll(self, wait_s: float) -> list[ReadRecord]:
        """What has come; waits up to `wait_s` seconds for the first of it."""
        return self._poll(wait_s)[0]

    def to_end(self) -> Iterator[ReadRecord]:
        """Everything up to the partition's present end."""
        at_end = False
        while not at_end:
            records, at_end = self._poll(0.1)
            yield from records

    def _poll(self, wait_s: float) -> tuple[list[ReadRecord], bool]:
        """Records, and whether the end was reached behind them."""
        records: list[ReadRecord] = []
        at_end = False
        while message := self._consumer.poll(0 if records or at_end else wait_s):
            error = message.error()
            if error is None:
                records.append(record_of(message))
                at_end = False
            elif error.code() == KafkaError._PARTITION_EOF:
                at_end = True
            elif not error.retriable():
                raise KafkaException(error)
        return records, at_end

    def close(self) -> None:
        self._consumer.close()

    def __enter__(self) -> "Follower":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
