"""A broker with all topics, records in them as a worker writes them, and what must stand in SQL after that.

What must stand there is found from the topics alone, with a plain reader and nothing of the projection.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Producer
from sqlalchemy import select

from processors.contract.codec import Codec
from processors.contract.connection import Connection
from processors.contract.headers import dead_letter_headers
from processors.contract.manifest import DEAD_LETTERS, MANIFEST, key_of
from processors.contract.reading import read_records
from processors.contract.schema_ids import LockedIds
from processors.contract.topics import apply
from processors.domain.events import Alert
from processors.edge.projection.supervision import Projection
from processors.edge.store.engine import Store
from processors.edge.store.tables import PROJECTED, table_of
from processors.embedded.broker import Broker
from tests.edge.store.rows import a_lot

PARTITIONS = 3
LOTS, ALERTS, LETTERS = "lot-register", "alerts", "movements" + DEAD_LETTERS
CODEC = Codec(LockedIds())

Contents = dict[str, dict[tuple[object, ...], tuple[object, ...]]]
"""Topic → identity of a row → what it holds, as far as tests look."""


class Topics:
    """The topics of one broker, and a hand that writes to them."""

    def __init__(self, directory: Path) -> None:
        self.broker = Broker(directory)
        self._random = random.Random(7)
        self._number = 0

    def start(self) -> None:
        self.broker.start()
        apply(self.connection.admin(), PARTITIONS)

    @property
    def connection(self) -> Connection:
        return Connection(self.broker.bootstrap_servers)

    def write(self, transactions: int = 1, size: int = 40, *, abort: bool = False) -> None:
        """Write lots (some of which end), alerts and dead letters, in transactions; with `abort` none is committed."""
        producer = Producer(
            self.connection.settings(
                **{"transactional.id": f"writer-{self._number}", "partitioner": "murmur2_random", "linger.ms": 5}
            )
        )
        producer.init_transactions(30)
        for _ in range(transactions):
            producer.begin_transaction()
            for _ in range(size):
                self._write_one(producer)
            producer.flush(30)
            if abort:
                producer.abort_transaction(30)
            else:
                producer.commit_transaction(30)

    def _write_one(self, producer: Producer) -> None:
        self._number += 1
        number, lot = self._number, a_lot(f"L{self._random.randrange(60)}", self._number)
        key = key_of(LOTS, lot).encode()
        producer.produce(LOTS, None if number % 5 == 0 else CODEC.encode(LOTS, lot), key)
        alert = Alert(f"a{number}", "stock_negative", "FG", f"I{number % 9}", *[None] * 7, "text", number)
        producer.produce(ALERTS, CODEC.encode(ALERTS, alert), key_of(ALERTS, alert).encode())
        if number % 7 == 0:
            headers = dead_letter_headers([], "movements", 0, number, code="lot-unknown", kind="rule", message="none")
            producer.produce(LETTERS, b"bytes", b"key", headers=headers)

    def contents(self) -> Contents:
        """What must stand in SQL: of a register the last record of each key, of events each one."""
        found: Contents = {topic: {} for topic in PROJECTED}
        for topic in (LOTS, ALERTS, LETTERS):
            for record in read_records(self.connection, topic):
                key = record.key or b""
                if not MANIFEST[topic].compacted:
                    found[topic][record.partition, record.offset] = _held(topic, record.value)
                elif record.value is None:
                    found[topic].pop((key.decode(),), None)
                else:
                    found[topic][key.decode(),] = (record.partition, record.offset, *_held(topic, record.value))
        return found


def _held(topic: str, value: bytes | None) -> tuple[object, ...]:
    if topic == LETTERS:
        return (value,)
    record = CODEC.decode(topic, value)
    return (record.stock,) if topic == LOTS else (record.alert_id,)  # type: ignore[attr-defined]  # by its topic


def stored(store: Store) -> Contents:
    """What stands in SQL, in the same form."""
    lot, alert, letter = (table_of(topic).c for topic in (LOTS, ALERTS, LETTERS))
    asked = {
        LOTS: (1, select(lot.record_key, lot.topic_partition, lot.topic_offset, lot.stock)),
        ALERTS: (2, select(alert.topic_partition, alert.topic_offset, alert.alert_id)),
        LETTERS: (2, select(letter.topic_partition, letter.topic_offset, letter.value)),
    }
    with store.read() as connection:
        found: Contents = {topic: {} for topic in PROJECTED}
        for topic, (size, query) in asked.items():
            found[topic] = {tuple(row[:size]): tuple(row[size:]) for row in connection.execute(query)}
    return found


def in_step(topics: Topics, store: Store) -> Callable[[], bool]:
    """Whether the store holds what the topics hold now; the topics are read once."""
    wanted = topics.contents()
    return lambda: stored(store) == wanted


@contextmanager
def running(topics: Topics, store: Store) -> Iterator[Projection]:
    """A projection of these topics into a store, in a thread, until the end."""
    projection = Projection(store, topics.connection, lambda: Codec(LockedIds()))
    projection.start()
    try:
        yield projection
    finally:
        projection.stop()
