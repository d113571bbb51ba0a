"""Records that are written at once, outside any transaction."""

from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaError, Producer

from processors.runtime.errors import Unreachable
from processors.runtime.kafka_client import KafkaSettings, connection

APPEND_LIMIT_S = 30.0


class KafkaAppender:
    """An idempotent producer; made with the worker, because it gets its id in half a second, in the background."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._producer = Producer({**connection(settings), "enable.idempotence": True, "acks": "all", "linger.ms": 1})

    def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> list[int]:
        """See `Log`."""
        offsets: list[int | None] = []
        failures: list[str] = []

        def delivered(error: KafkaError | None, message: Any) -> None:
            offsets.append(message.offset())
            if error is not None:
                failures.append(error.str())

        for key, value in records:
            self._producer.produce(topic, value, key, 0, on_delivery=delivered)
        left = self._producer.flush(APPEND_LIMIT_S)
        if left or failures:
            raise Unreachable(f"cannot append to {topic}: {'; '.join(failures) or 'no answer'}")
        return [offset for offset in offsets if offset is not None]
