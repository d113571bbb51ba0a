"""How far the store is: the next offset of every partition, and how much of each topic is still to come."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from processors.edge.store.tables import OFFSETS, PROJECTION, SKIPPED

Positions = dict[tuple[str, int], int]
"""(topic, partition) → the next offset to be read."""

RecordPlace = tuple[str, int, int]
"""Topic, partition and offset of one record."""


@dataclass(frozen=True, slots=True)
class TopicLag:
    """How far one topic's table is behind.

    `records`: offsets that are still to come, at most that many records. `behind_ms`: age of the last record taken
    when the projection last looked; 0 where nothing is to come.
    """

    topic: str
    records: int
    behind_ms: int


@dataclass(frozen=True, slots=True)
class Held:
    """A record that cannot be read, and why: its partition waits before it."""

    topic: str
    partition: int
    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lag:
    """`topics` in the order of their names; `looked_at`: when the projection last looked (ms UTC), None if never.

    `state`: `starting`, `following`, `held` (some partitions wait, all else goes on) or `stopped`; `message`: what is
    wrong and what mends it, for whoever looks; None where all is well.
    """

    topics: tuple[TopicLag, ...]
    looked_at: int | None
    state: str = "following"
    message: str | None = None
    held: tuple[Held, ...] = ()

    @property
    def records(self) -> int:
        return sum(topic.records for topic in self.topics)

    @property
    def behind_ms(self) -> int:
        return max((topic.behind_ms for topic in self.topics), default=0)


def positions(connection: Connection) -> Positions:
    """The next offset of every partition that has one."""
    rows = connection.execute(select(OFFSETS.c.topic, OFFSETS.c.partition, OFFSETS.c.next_offset))
    return {(topic, partition): offset for topic, partition, offset in rows}


def lag(connection: Connection) -> Lag:
    """How far the store is behind the topics, as the projection saw it when it last looked."""
    seen = connection.execute(select(PROJECTION.c.looked_at, PROJECTION.c.state, PROJECTION.c.message)).one_or_none()
    if seen is None:
        return Lag((), None)
    looked_at, state, message = seen
    at = OFFSETS.c
    records: dict[str, int] = {}
    behind: dict[str, int] = {}
    held: list[Held] = []
    for topic, partition, next_offset, end_offset, record_time, held_because in connection.execute(
        select(at.topic, at.partition, at.next_offset, at.end_offset, at.record_time, at.held_because)
    ):
        if held_because is not None:
            held.append(Held(topic, partition, next_offset, held_because))
        missing = max(end_offset - next_offset, 0)
        age = max(looked_at - record_time, 0) if missing and record_time is not None else 0
        records[topic] = records.get(topic, 0) + missing
        behind[topic] = max(behind.get(topic, 0), age)
    lags = tuple(TopicLag(topic, records[topic], behind[topic]) for topic in sorted(records))
    held.sort(key=lambda each: (each.topic, each.partition))
    if held and state != "stopped":
        state, message = "held", _what_is_held(held)
    return Lag(lags, looked_at or None, state, message, tuple(held))


def _what_is_held(held: list[Held]) -> str:
    first, *others = held
    also = f", and {len(others)} more such" if others else ""
    return (
        f"{first.topic}/{first.partition} waits before the record at offset {first.offset}, which cannot be read{also}:"
        f" {first.reason}. All other partitions go on. A newer release's record: upgrade the edge. One that nobody can"
        f" read: lotstream edge skip {first.topic} {first.partition} {first.offset}"
    )


def skipped_records(connection: Connection) -> dict[RecordPlace, str]:
    """The records that are left out because they cannot be read and somebody has said so, with why they cannot."""
    at = SKIPPED.c
    rows = connection.execute(select(at.topic, at.partition, at.offset, at.reason))
    return {(topic, partition, offset): reason for topic, partition, offset, reason in rows}


def topic_ids(connection: Connection) -> dict[str, str]:
    """Which topic each table was filled from: name → the id that the cluster gave it."""
    rows = connection.execute(select(OFFSETS.c.topic, OFFSETS.c.topic_id).distinct())
    return {row.topic: row.topic_id for row in rows}


def state_tag(connection: Connection, topics: Collection[str] = ()) -> str:
    """A short text that is another one after any change of these topics' tables; of all tables without any.

    For ETags: ask in the connection that reads the rows.
    """
    at = OFFSETS.c
    asked = select(at.topic, func.count(), func.sum(at.next_offset), func.min(at.topic_id)).group_by(at.topic)
    if topics:
        asked = asked.where(at.topic.in_(sorted(topics)))
    state = [tuple(map(str, row)) for row in connection.execute(asked.order_by(at.topic))]
    return hashlib.blake2b(repr(state).encode(), digest_size=12).hexdigest()
