"""Doing without a record that cannot be read: somebody's decision, for one record at a time."""

from processors.contract.codec import Codec
from processors.contract.connection import Connection
from processors.contract.manifest import DEAD_LETTERS
from processors.contract.reading import ReadRecord, read_records
from processors.edge.store.changes import RowMaker, Unreadable
from processors.edge.store.engine import Store
from processors.edge.store.tables import PROJECTED
from processors.edge.store.writing import Writer


class NotToSkip(Exception):
    """There is no such record, or it can be read; the message says which."""


def skip(store: Store, connection: Connection, codec: Codec, topic: str, partition: int, offset: int) -> str:
    """Leave a record out of SQL, now and at every rebuild, and say why it cannot be read.

    A projection that waits before it goes on within seconds. NotToSkip; KafkaException where the cluster does not
    answer.
    """
    if topic not in PROJECTED or topic.endswith(DEAD_LETTERS):
        raise NotToSkip(f"expected a topic of registers or events, got {topic}")
    record = _record_at(connection, topic, partition, offset)
    try:
        RowMaker(codec).change(topic, [(partition, offset, record.key, record.value)])
    except Unreadable as found:
        writer = Writer(store)
        try:
            writer.skip((topic, partition, offset), found.reason)
        finally:
            writer.close()
        return found.reason
    raise NotToSkip(f"the record at offset {offset} of {topic}/{partition} can be read: it is not left out")


def _record_at(connection: Connection, topic: str, partition: int, offset: int) -> ReadRecord:
    for record in read_records(connection, topic, offset=offset):
        if (record.partition, record.offset) == (partition, offset):
            return record
    raise NotToSkip(f"{topic}/{partition} has no committed record at offset {offset}")
