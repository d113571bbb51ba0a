"""Sending records to one topic outside of the worker: idempotent, in order, to the partition that murmur2 gives."""

import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from confluent_kafka import Producer

from processors.contract.connection import Connection
from processors.contract.headers import Headers
from processors.contract.manifest import topic_of

SEND_LIMIT_S: Final = 60.0
"""How long a record may take until the broker has it."""
ANY: Final = -1
"""To librdkafka: the partition that the partitioner gives."""


class Sendable(Protocol):
    """A record to send; `time_ms` None: the time of sending."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def time_ms(self) -> int | None: ...
    @property
    def headers(self) -> Headers: ...


class NotSent(Exception):
    """Some records may not have been sent: how many, and why the first of them was not."""

    def __init__(self, count: int, reason: str) -> None:
        super().__init__(f"{count} records may not have been sent: {reason}")
        self.count = count


class Sender:
    """A producer for one topic, open for one record after the other. `limit_s`: how long a record may take."""

    def __init__(self, connection: Connection, topic: str, limit_s: float = SEND_LIMIT_S) -> None:
        self._topic, self._limit_s = topic, limit_s
        self._failures: list[str] = []
        self._producer = Producer(
            connection.settings(
                partitioner="murmur2_random",
                acks="all",
                linger_ms=5,
                enable_idempotence=True,
                message_max_bytes=topic_of(topic).max_message_bytes,
                delivery_timeout_ms=int(limit_s * 1000),
            )
        )

    def hand_over(self, record: Sendable, partition: int | None = None) -> None:
        """Send soon, behind those before it. `partition`: of a record that names its own; None: its key tells."""
        moment = time.time_ns() // 1_000_000 if record.time_ms is None else record.time_ms
        while True:
            try:
                self._producer.produce(
                    self._topic,
                    record.value,
                    record.key,
                    partition=ANY if partition is None else partition,
                    timestamp=moment,
                    headers=list(record.headers),
                    on_delivery=self._delivered,
                )
                break
            except BufferError:  # the client's queue is full: let it deliver
                self._producer.poll(0.1)
        self._producer.poll(0)

    def _delivered(self, error: object, _: object) -> None:
        if error is not None:
            self._failures.append(str(error))

    def finish(self) -> None:
        """Return once the broker has all of them; NotSent where it may not."""
        missing = self._producer.flush(self._limit_s)
        if self._failures or missing:
            reason = self._failures[0] if self._failures else f"no answer within {self._limit_s:g} s"
            raise NotSent(len(self._failures) + missing, reason)


def send(
    connection: Connection,
    topic: str,
    records: Iterable[Sendable],
    on_sent: Callable[[], None] = lambda: None,
    placed: Callable[[Sendable], int | None] = lambda _: None,
) -> int:
    """Send records in order and return their number once the broker has them all; NotSent where it may not.

    `on_sent` is called for each record handed over, to show progress. `placed`: the partition of a record that names
    its own; None: its key tells.
    """
    sender, count = Sender(connection, topic), 0
    for record in records:
        sender.hand_over(record, placed(record))
        count += 1
        on_sent()
    sender.finish()
    return count
