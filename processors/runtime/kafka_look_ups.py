"""What is asked of the cluster from outside the group: where logs begin and end, and which topics they are."""

from collections.abc import Iterable
from typing import Any

from confluent_kafka import IsolationLevel, KafkaException, TopicCollection
from confluent_kafka import TopicPartition as Partition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from processors.runtime.kafka_client import KafkaSettings, connect, connection, until_answered
from processors.runtime.log import TopicPartition

LATEST: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's stubs leave it out
EARLIEST: Any = OffsetSpec.earliest()  # type: ignore[no-untyped-call]


class KafkaLookUps:
    """The questions of `Log` that need no membership. Each is put again while the broker is away, up to a limit."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._admin = AdminClient(connection(settings))
        connect(self._admin)

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

        answer: dict[str, str] = until_answered(ask, "topic ids")
        return answer

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

        answer: dict[TopicPartition, int] = until_answered(ask, "offsets")
        return answer
