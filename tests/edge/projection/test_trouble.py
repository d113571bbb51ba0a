"""What the projection does where it cannot go on: all else goes on, and whoever looks is told what mends it."""

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewPartitions
from sqlalchemy import select

from processors.contract.manifest import key_of
from processors.contract.topics import apply
from processors.domain.events import Alert
from processors.edge.projection.rebuild import RecordUnreadable, rebuild
from processors.edge.projection.skipping import NotToSkip, skip
from processors.edge.store.engine import Store
from processors.edge.store.tables import table_of
from tests.edge.projection.topics import ALERTS, CODEC, LOTS, PARTITIONS, Topics, running
from tests.edge.store.rows import a_lot
from tests.faults.waiting import until

pytestmark = pytest.mark.real
UNREADABLE: list[int] = []
"""Offsets of what the cases before have left in the partition that they share."""


def put(topics: Topics, *records: tuple[bytes, bytes], partition: int = 1, topic: str = LOTS) -> int:
    """Write records, bytes as they are, to one partition; the offset of the first."""
    offsets: list[int] = []
    producer = Producer(topics.connection.settings())
    for key, value in records:
        told = lambda _, message: offsets.append(message.offset() or 0)  # noqa: E731  # a callback of one line
        producer.produce(topic, value, key, partition=partition, on_delivery=told)
    producer.flush(30)
    return min(offsets)


def a_record(code: str) -> tuple[bytes, bytes]:
    lot = a_lot(code)
    return key_of(LOTS, lot).encode(), CODEC.encode(LOTS, lot)


def skip_the_known(topics: Topics, store: Store) -> None:
    for offset in UNREADABLE:
        skip(store, topics.connection, CODEC, LOTS, 1, offset)


def lots(store: Store) -> set[str]:
    with store.read() as connection:
        return set(connection.scalars(select(table_of(LOTS).c.lot_code)))


def test_a_topic_that_gets_more_partitions_is_followed_in_all_of_them(topics: Topics, store: Store) -> None:
    admin = topics.connection.admin()
    with running(topics, store) as projection:
        until(lambda: projection.status.state == "following", lambda: f"{projection.status} {store.lag()}")
        count = len(admin.list_topics(ALERTS, timeout=10).topics[ALERTS].partitions)
        admin.create_partitions([NewPartitions(ALERTS, count + 1)])[ALERTS].result(30)
        until(lambda: len(admin.list_topics(ALERTS, timeout=10).topics[ALERTS].partitions) > count, "it has more")
        alert = Alert(f"in {count}", "stock_negative", "FG", "A", *[None] * 7, message="text", at=1)
        put(topics, (b"FG|A", CODEC.encode(ALERTS, alert)), topic=ALERTS, partition=count)
        asked = select(table_of(ALERTS).c.alert_id).where(table_of(ALERTS).c.topic_partition == count)

        def is_there() -> bool:
            with store.read() as connection:
                return connection.scalar(asked) == f"in {count}"

        until(is_there, lambda: f"{projection.status} {store.lag()}")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (b"FG|A||X", b"\0\0\x0f\xff\xff what a newer release wrote", "schema id 1048575 is not known"),
        (b"FG|A||X", b"no record", "expected the magic byte 0"),
        (b"", a_record("X")[1], "expected a key"),
        (b"\xff", a_record("X")[1], "utf-8"),
    ],
    ids=["a schema of tomorrow", "no record", "no key", "a key that is no text"],
)
def test_a_record_that_cannot_be_read_holds_its_partition_and_nothing_else(
    topics: Topics, store: Store, key: bytes, value: bytes, reason: str
) -> None:
    name = f"{len(UNREADABLE)}"
    skip_the_known(topics, store)
    with running(topics, store) as projection:
        topics.write()
        until(lambda: projection.status.state == "following", lambda: f"{projection.status} {store.lag()}")
        before, behind = a_record(f"before {name}"), a_record(f"behind {name}")
        offset = put(topics, before, (key, value), behind) + 1
        UNREADABLE.append(offset)
        until(lambda: store.lag().state == "held", lambda: f"{projection.status} {store.lag()}")
        restarts = projection.status.restarts
        (held,) = store.lag().held
        assert (held.topic, held.partition, held.offset) == (LOTS, 1, offset)
        assert reason in held.reason
        message = store.lag().message or ""
        assert f"{LOTS}/1" in message
        assert f"offset {offset}" in message
        assert f"lotstream edge skip {LOTS} 1 {offset}" in message
        put(topics, a_record(f"elsewhere {name}"), partition=2)
        until(lambda: f"elsewhere {name}" in lots(store), "other partitions go on")
        assert f"before {name}" in lots(store)
        assert f"behind {name}" not in lots(store)
        with pytest.raises(RecordUnreadable, match=f"lotstream edge skip {LOTS} 1 {offset}"):
            rebuild(store, topics.connection, CODEC)
        with pytest.raises(NotToSkip, match="can be read"):
            skip(store, topics.connection, CODEC, LOTS, 1, offset - 1)
        assert reason in skip(store, topics.connection, CODEC, LOTS, 1, offset)
        until(lambda: f"behind {name}" in lots(store), lambda: f"it goes on behind it: {store.lag()}")
        until(lambda: store.lag().state == "following", lambda: str(store.lag()))
        assert (projection.status.restarts, store.lag().held) == (restarts, ())
        rebuild(store, topics.connection, CODEC)
        assert {f"before {name}", f"behind {name}"} <= lots(store)


def test_a_held_partition_is_held_again_after_a_restart(topics: Topics, store: Store) -> None:
    skip_the_known(topics, store)
    for _ in range(2):
        with running(topics, store):
            put(topics, (b"key", b"no record"), topic=ALERTS, partition=0)
            until(lambda: bool(store.lag().held), lambda: str(store.lag()))
            until(lambda: not any(each.records for each in store.lag().topics if each.topic == LOTS), "others go on")
    (held,) = store.lag().held
    assert (held.topic, held.partition) == (ALERTS, 0)


def test_a_topic_that_is_made_anew_is_noticed_while_it_is_followed(topics: Topics, store: Store) -> None:
    admin = topics.connection.admin()
    with running(topics, store) as projection:
        until(lambda: projection.status.state == "following", lambda: f"{projection.status} {store.lag()}")
        admin.delete_topics([LOTS])[LOTS].result(30)
        until(lambda: LOTS not in admin.list_topics(timeout=10).topics, "it is gone")
        apply(admin, PARTITIONS)
        topics.write(size=200)
        until(lambda: store.lag().state == "stopped" and "anew" in str(store.lag().message), lambda: str(store.lag()))
        assert LOTS in str(store.lag().message)
        assert "lotstream edge rebuild" in str(store.lag().message)
        assert projection.status.error == store.lag().message
