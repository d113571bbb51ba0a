"""Sending from the edge: one producer a topic, kept open, for requests that come side by side."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from processors.contract.cluster_facts import ClusterDiffers
from processors.contract.codec import Codec
from processors.contract.connection import ClusterError, Connection
from processors.contract.headers import Headers
from processors.contract.manifest import key_of
from processors.contract.reachable import Unreachable
from processors.contract.schema_ids import SchemaIdsError
from processors.contract.sending import NotSent, Sender


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to send, encoded; `time_ms` None: now. `partition` only where the record names its own."""

    key: bytes | None
    value: bytes | None
    time_ms: int | None = None
    headers: Headers = field(default_factory=list)
    partition: int | None = None


class Publisher(Protocol):
    """Where the edge's records go. Safe for several threads at once."""

    def publish(self, topic: str, value: object, headers: Headers | None = None, time_ms: int | None = None) -> None:
        """Send a value under its own key; return once the brokers have it. NotSent: it may not have been sent.

        EncodeError where the value cannot be written to the topic.
        """
        ...

    def send(self, topic: str, records: Sequence[Outgoing]) -> None:
        """Send encoded records in order; return once the brokers have them. NotSent: some may not have been sent."""
        ...


SEND_LIMIT_S: Final = 10.0
"""How long a request may take to be published: who sent it waits for that."""


class KafkaPublisher:
    """The publisher on a cluster. `codec` is asked once, before the first record: it may refuse the cluster."""

    def __init__(self, connection: Connection, codec: Callable[[], Codec]) -> None:
        self._connection, self._make_codec = connection, codec
        self._lock: Final = threading.Lock()
        self._codec: Codec | None = None
        self._senders: dict[str, Sender] = {}

    def publish(self, topic: str, value: object, headers: Headers | None = None, time_ms: int | None = None) -> None:
        with self._lock:  # a codec meets a topic for the first time in one thread only
            data = self._checked_codec().encode(topic, value)
        self.send(topic, [Outgoing(key_of(topic, value).encode(), data, time_ms, headers or [])])

    def send(self, topic: str, records: Sequence[Outgoing]) -> None:
        with self._lock:
            self._checked_codec()
            sender = self._senders.get(topic)
            if sender is None:
                sender = self._senders[topic] = Sender(self._connection, topic, SEND_LIMIT_S)
            for record in records:
                sender.hand_over(record, record.partition)
        try:
            sender.finish()
        except NotSent:
            with self._lock:  # its failures stay with it: the next one begins with a new one
                if self._senders.get(topic) is sender:
                    del self._senders[topic]
            raise

    def _checked_codec(self) -> Codec:
        if self._codec is None:
            try:
                self._codec = self._make_codec()
            except (Unreachable, ClusterError, ClusterDiffers, SchemaIdsError) as error:
                raise NotSent(1, str(error)) from error
        return self._codec
