"""What the topics of a cluster are now: ids, partitions, where their logs begin and end."""

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.admin._topic import TopicDescription

from processors.contract.connection import CALL_LIMIT_S, Connection

PATIENT: Final[dict[str, Any]] = {"reconnect.backoff.max.ms": 1000, "log_level": 2}
"""A broker that was away is found again within a second, and not each try to find it is told."""
EARLIEST: Final[Any] = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # the client's stubs leave it out
LATEST: Final[Any] = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's stubs leave it out

Place = tuple[str, int]
"""Topic and partition."""


class TopicsMissing(Exception):
    """Topics that are to be read are not there."""

    def __init__(self, topics: Iterable[str]) -> None:
        super().__init__(f"not in the cluster: {', '.join(sorted(topics))}; lotstream topics plan says what is missing")


Topics = dict[str, tuple[str, int]]
"""Topic → its id, which is another one after it was deleted and made again, and its partition count."""


def topics_now(connection: Connection, topics: Collection[str]) -> Topics:
    """What topics are; TopicsMissing, or KafkaException where the cluster does not answer."""
    admin = _admin(connection)  # a name holds it until it has answered
    return _answered(_asked(admin, topics))


class TopicWatch:
    """Looks at topics again and again without anybody having to wait for the cluster. For one thread."""

    def __init__(self, connection: Connection, topics: Collection[str]) -> None:
        self._admin, self._topics = _admin(connection), topics
        self._asked: _Asked | None = None

    def look(self) -> Topics | None:
        """What the topics were a moment ago; None while there is no answer, which the next look may have.

        TopicsMissing; KafkaException where the cluster could not say.
        """
        asked = self._asked
        if asked is None:
            self._asked = _asked(self._admin, self._topics)
            return None
        if not all(future.done() for future in asked.values()):
            return None
        self._asked = None
        return _answered(asked)


_Asked = Mapping[str, "Future[TopicDescription]"]


def _asked(admin: AdminClient, topics: Collection[str]) -> _Asked:
    return admin.describe_topics(TopicCollection(list(topics)), request_timeout=CALL_LIMIT_S)


def _answered(asked: _Asked) -> Topics:
    found: Topics = {}
    missing = []
    for name, future in asked.items():
        try:
            topic = future.result(CALL_LIMIT_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
            missing.append(name)
        else:
            found[name] = (str(topic.topic_id), len(topic.partitions))
    if missing:
        raise TopicsMissing(missing)
    return found


def log_bounds(connection: Connection, places: Collection[Place]) -> dict[Place, tuple[int, int]]:
    """Partition → first offset of its log, and the end of what is committed."""
    admin, asked = _admin(connection), [TopicPartition(*place) for place in places]
    first = admin.list_offsets(dict.fromkeys(asked, EARLIEST), request_timeout=CALL_LIMIT_S)
    end = admin.list_offsets(
        dict.fromkeys(asked, LATEST), isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=CALL_LIMIT_S
    )
    ends = {(p.topic, p.partition): future.result(CALL_LIMIT_S).offset for p, future in end.items()}
    return {
        (p.topic, p.partition): (future.result(CALL_LIMIT_S).offset, ends[p.topic, p.partition])
        for p, future in first.items()
    }


def _admin(connection: Connection) -> AdminClient:
    return AdminClient({**connection.settings(), **PATIENT})
