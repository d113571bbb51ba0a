"""Where contenders meet: one broker, one backlog of movements; each runs on it alone, from nothing, in its turn.

A run begins with the contender's group and its output topics gone, a new state directory and a new prefix in Redis, so
that nothing is left of a former one. What is there for all, the movements and the master data, stays.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # re-exported without being named as such
    AdminClient,
    NewTopic,
    OffsetSpec,
)

from benchmarks import company
from benchmarks.sending import publish
from benchmarks.stack import Stack
from benchmarks.worker import measured
from processors.cli import wiring
from processors.contract.manifest import MANIFEST
from processors.contract.topics import apply

LIMIT_S = 60.0
LEDGER_GROUP = "lotstream-ledger"
PEER_RESULTS = "peer-results"
EARLIEST, LATEST = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]
KEPT = {"movements", "register-edits", "master-data", "master-register", "meta"}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a contender: its number, its group and a directory of its own."""

    number: int
    group: str
    directory: Path


class Arena:
    """A running stack and what is done to it between runs."""

    def __init__(self, stack: Stack, items: int) -> None:
        self.stack = stack
        self.items = items
        self.admin: AdminClient = wiring.connection(stack.settings).admin()
        self._runs = 0
        records = company.master([company.lot_item(number) for number in range(items)])
        measured(stack, publish(stack, "master-data", records))
        self._clear("master-data")

    @property
    def partitions(self) -> int:
        return self.stack.settings.partitions

    def fresh(self, name: str, *, ours: bool) -> Run:
        """Begin a run; `ours`: of the product, whose group and topics have fixed names."""
        self._runs += 1
        group = LEDGER_GROUP if ours else f"peer-{name}-{self._runs}"
        there = set(self.admin.list_topics(timeout=LIMIT_S).topics)
        gone = {topic for topic in there if "peer-" in topic}
        if ours:
            self._forget(group)
            gone |= (set(MANIFEST) - KEPT) & there
        self._delete(gone)
        if ours:
            apply(self.admin, self.partitions)
        else:
            config = {"max.message.bytes": str(1024 * 1024)}
            for made in self.admin.create_topics([NewTopic(PEER_RESULTS, self.partitions, 1, config=config)]).values():
                made.result(LIMIT_S)
        directory = self.stack.directory / f"run-{self._runs}"
        directory.mkdir()
        return Run(self._runs, group, directory)

    def clear_movements(self) -> None:
        """Remove the backlog: the next run begins with an empty log."""
        self._clear("movements")

    def committed(self, group: str) -> int:
        """How many of the movements that are there a group has committed."""
        starts = self.ends("movements", EARLIEST)
        places = [TopicPartition("movements", number) for number in range(self.partitions)]
        asked = self.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)])
        found = asked[group].result(LIMIT_S).topic_partitions
        return sum(max(0, place.offset - starts[place.partition]) for place in found if place.offset >= 0)

    def waiting(self) -> int:
        """How many movements are there."""
        starts = self.ends("movements", EARLIEST)
        return sum(end - starts[number] for number, end in self.ends("movements").items())

    def ends(self, topic: str, spec: OffsetSpec | None = None, **options: Any) -> dict[int, int]:
        """Partition → offset, of the end or of what `spec` asks for."""
        spec = spec or LATEST
        asked = {TopicPartition(topic, number): spec for number in range(self.partitions)}
        found = self.admin.list_offsets(asked, request_timeout=LIMIT_S, **options)
        return {place.partition: future.result(LIMIT_S).offset for place, future in found.items()}

    def _clear(self, topic: str) -> None:
        count = len(self.admin.list_topics(topic, timeout=LIMIT_S).topics[topic].partitions)
        ends = [TopicPartition(topic, number, -1) for number in range(count)]
        for done in self.admin.delete_records(ends).values():
            done.result(LIMIT_S)

    def _forget(self, group: str) -> None:
        """Delete a group; a static member that left is counted as there until its session is over."""
        until = time.monotonic() + LIMIT_S
        while True:
            try:
                self.admin.delete_consumer_groups([group])[group].result(LIMIT_S)
                return
            except KafkaException as error:
                code = error.args[0].code()
                if code == KafkaError.GROUP_ID_NOT_FOUND:
                    return
                if code != KafkaError.NON_EMPTY_GROUP or time.monotonic() > until:
                    raise
            time.sleep(0.2)

    def _delete(self, topics: Iterable[str]) -> None:
        names = sorted(topics)
        if not names:
            return
        for done in self.admin.delete_topics(names, operation_timeout=LIMIT_S).values():
            done.result(LIMIT_S)
        until = time.monotonic() + LIMIT_S
        while set(names) & set(self.admin.list_topics(timeout=LIMIT_S).topics):
            assert time.monotonic() < until, f"topics are still there: {names}"
            time.sleep(0.1)
