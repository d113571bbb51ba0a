"""The consumer groups of the workers, seen from outside: who is in them, and how far they are behind."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from processors.contract.connection import CALL_LIMIT_S
from processors.contract.manifest import MANIFEST

LATEST: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's stubs leave it out


@dataclass(frozen=True, slots=True)
class GroupState:
    """`members`: instance ids of the workers, in order. `behind`: topic → records not committed yet."""

    members: tuple[str, ...]
    behind: dict[str, int]


def group_state(admin: AdminClient, group: str, topics: Iterable[str], per_task: int) -> GroupState:
    """The state of a group now. A group that never was has no members, and everything is before it.

    KafkaException where the cluster does not answer or has no such topic.
    """
    places = [TopicPartition(name, p) for name in topics for p in range(MANIFEST[name].partitions(per_task))]
    described = admin.describe_consumer_groups([group], request_timeout=CALL_LIMIT_S)[group].result(CALL_LIMIT_S)
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)])
    ends = admin.list_offsets(dict.fromkeys(places, LATEST), isolation_level=IsolationLevel.READ_COMMITTED)
    committed = {(p.topic, p.partition): p.offset for p in asked[group].result(CALL_LIMIT_S).topic_partitions}
    behind: dict[str, int] = {}
    for place, future in ends.items():
        name, end = place.topic, future.result(CALL_LIMIT_S).offset
        left = end - max(committed.get((name, place.partition), 0), 0)
        # The marker of a transaction takes an offset behind its last record, which no consumer commits.
        behind[name] = behind.get(name, 0) + (0 if left == 1 and name in BY_WORKERS else left)
    members = sorted(str(member.group_instance_id or member.client_id) for member in described.members)
    return GroupState(tuple(members), behind)


BY_WORKERS: Final = frozenset(["count-lines", "count-results"])
"""Inputs of one processor that the other writes, in transactions."""
