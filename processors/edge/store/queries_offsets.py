"""How far the store is: the next offset of every partition, and how much of each topic is still to come."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from processors.edge.store.tables import OFFSETS, PROJECTION

Positions = dict[tuple[str, int], int]
"""(topic, partition) → the next offset to be read."""


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
class Lag:
    """`topics` in the order of their names; `looked_at`: when the projection last looked (ms UTC), None if never.

    `state`: `following` or `stopped`; `message`: why it stopped.
    """

    topics: tuple[TopicLag, ...]
    looked_at: int | None
    state: str = "following"
    message: str | None = None

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
    for topic, next_offset, end_offset, record_time in connection.execute(
        select(at.topic, at.next_offset, at.end_offset, at.record_time)
    ):
        missing = max(end_offset - next_offset, 0)
        age = max(looked_at - record_time, 0) if missing and record_time is not None else 0
        records[topic] = records.get(topic, 0) + missing
        behind[topic] = max(behind.get(topic, 0), age)
    lags = tuple(TopicLag(topic, records[topic], behind[topic]) for topic in sorted(records))
    return Lag(lags, looked_at, state, message)


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
