"""Topics to a history: everything that is committed, from the start, read with isolation read_committed."""

import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition

from tests.faults.checker.history import History, Place, Record
from tests.faults.checker.outcomes import DEAD_LETTERS
from tests.faults.checker.wire import Unreadable, Wire

INPUTS = ("master-data", "movements")
EVENTS = ("replies", "postings", "register-history", "lineage")
REGISTERS = (
    "stock-register",
    "lot-register",
    "serial-register",
    "reservation-register",
    "counter-register",
    "ledger-state",
)
TOPICS = (*INPUTS, *EVENTS, *(f"{topic}{DEAD_LETTERS}" for topic in INPUTS), "master-register", *REGISTERS)
LIMIT_S = 120.0
CHUNK = 5000


def read_history(
    bootstrap_servers: str, partitions: int, events: Sequence[str] = (), registers: Sequence[str] = ()
) -> History:
    """Read all topics of the ledger from the start to where they end now; and others, as events or as registers."""
    topics = (*TOPICS, *events, *registers)
    return history_of(map(_record, committed(bootstrap_servers, topics)), partitions, events, registers)


def history_of(
    records: Iterable[Record], partitions: int, events: Sequence[str] = (), registers: Sequence[str] = ()
) -> History:
    """A history of committed records that are not decoded yet, those of a partition in order."""
    wire, history = Wire(), History(partitions)
    history.records = {topic: [] for topic in (*TOPICS, *events) if topic not in REGISTERS}
    history.rows = {topic: {} for topic in (*REGISTERS, "master-register", *registers)}
    for record in records:
        history.digests[record.place] = digest(record.raw)
        if record.topic in history.rows:
            history.rows[record.topic][record.key or b""] = record
        if record.topic in history.records:
            _decode(wire, record)
            history.records[record.topic].append(record)
    for rows in history.rows.values():
        for key in [key for key, record in rows.items() if record.raw is None]:
            del rows[key]
        for record in rows.values():
            _decode(wire, record)
    return history


def committed(bootstrap_servers: str, topics: Sequence[str]) -> Iterator[Any]:
    """The committed messages of some topics, each partition in order."""
    consumer = Consumer({**settings(bootstrap_servers), "enable.partition.eof": True})
    try:
        found = consumer.list_topics(timeout=30).topics
        places = [TopicPartition(topic, p, 0) for topic in topics for p in found[topic].partitions]
        consumer.assign(places)
        open_places = {(place.topic, place.partition) for place in places}
        deadline = time.monotonic() + LIMIT_S
        while open_places:
            assert time.monotonic() < deadline, f"not read to the end within {LIMIT_S:g} s: {sorted(open_places)}"
            for message in consumer.consume(CHUNK, 0.5):
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    open_places.discard((message.topic(), message.partition()))
                else:
                    raise RuntimeError(error.str())
    finally:
        consumer.close()


def settings(bootstrap_servers: str) -> dict[str, Any]:
    """Options of a consumer that belongs to no group and sees what is committed."""
    return {
        "bootstrap.servers": bootstrap_servers,
        "group.id": "faults-reader",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "fetch.wait.max.ms": 50,
        "fetch.message.max.bytes": 17 * 1024 * 1024,
        "log_level": 2,
    }


def digest(data: bytes | None) -> int:
    """What is kept of a value to compare it later."""
    return -1 if data is None else zlib.crc32(data)


def place_of(message: Any) -> Place:
    return (message.topic(), message.partition(), message.offset())


def _record(message: Any) -> Record:
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        None,
        message.value(),
        dict(message.headers() or ()),
    )


def _decode(wire: Wire, record: Record) -> None:
    if record.raw is None or record.topic.endswith(DEAD_LETTERS):
        return
    try:
        record.value = wire.decode(record.topic, record.raw)
    except Unreadable:
        if record.topic not in INPUTS:
            raise
