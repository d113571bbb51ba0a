"""The log port on a real broker, through confluent-kafka: its parts, put together.

Reading order: `kafka_client` (settings), `kafka_member` (the group), `kafka_transactions`, `kafka_reader`,
`kafka_look_ups`, `kafka_appender`.
"""

from collections.abc import Mapping

from processors.runtime.crash_points import CrashPoint, no_crash
from processors.runtime.kafka_appender import KafkaAppender
from processors.runtime.kafka_client import KafkaSettings
from processors.runtime.kafka_look_ups import KafkaLookUps
from processors.runtime.kafka_member import KafkaMember
from processors.runtime.kafka_reader import KafkaReader
from processors.runtime.kafka_transactions import KafkaTransactions
from processors.runtime.log import Reader, TopicPartition

__all__ = ["KafkaLog", "KafkaSettings"]


class KafkaLog:
    """`Log` over confluent-kafka. One thread uses it; librdkafka's own threads do the network.

    The methods are those of its parts, bound once: one of them is called for every record.
    """

    def __init__(self, settings: KafkaSettings, crash: CrashPoint = no_crash) -> None:
        self._settings = settings
        member = KafkaMember(settings)
        transactions = KafkaTransactions(settings, member.group_metadata, crash)
        look_ups = KafkaLookUps(settings)
        appender = KafkaAppender(settings)

        self.subscribe, self.consume, self.close = member.subscribe, member.consume, member.close
        self.assignment, self.position, self.lag = member.assignment, member.position, member.lag
        self.start_at, self.seek = member.start_at, member.seek
        self.pause, self.resume, self.committed = member.pause, member.resume, member.committed

        self.begin, self.produce, self.flush = transactions.begin, transactions.produce, transactions.flush
        self.produced, self.commit, self.abort = transactions.produced, transactions.commit, transactions.abort
        self.renew_producer = transactions.renew

        self.ends, self.starts, self.topic_ids = look_ups.ends, look_ups.starts, look_ups.topic_ids
        self.append = appender.append

    def reader(self, positions: Mapping[TopicPartition, int]) -> Reader:
        return KafkaReader(self._settings, positions)
