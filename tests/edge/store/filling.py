"""A store with given records in it, written the way the projection writes them."""

from collections.abc import Iterable

from processors.contract.codec import Codec
from processors.contract.headers import Headers
from processors.contract.manifest import DEAD_LETTERS, key_of
from processors.contract.reading import ReadRecord
from processors.contract.schema_ids import LockedIds
from processors.edge.store.changes import Move, RowMaker
from processors.edge.store.engine import Store
from processors.edge.store.writing import Writer

CODEC = Codec(LockedIds())
TOPIC_ID = "topic"


def fill(store: Store, records: Iterable[tuple[str, object]], time_ms: int = 0) -> None:
    """Write records (topic, value) to an up-to-date store, in their order, all in partition 0 of their topics."""
    maker, writer = RowMaker(CODEC), Writer(store)
    try:
        for topic, value in records:
            offset = writer.begin({topic: (TOPIC_ID, 1)})[topic, 0]
            placed = (0, offset, key_of(topic, value).encode(), CODEC.encode(topic, value))
            writer.write([maker.change(topic, [placed])], {(topic, 0): Move(offset, offset + 1, offset + 1, time_ms)})
        writer.look({})
    finally:
        writer.close()


def fill_dead_letter(store: Store, topic: str, key: bytes, value: bytes, headers: Headers, time_ms: int = 0) -> None:
    """Write one dead letter of an input (`topic`: the input)."""
    name = topic + DEAD_LETTERS
    maker, writer = RowMaker(CODEC), Writer(store)
    try:
        offset = writer.begin({name: (TOPIC_ID, 1)})[name, 0]
        record = ReadRecord(name, 0, offset, time_ms, key, value, headers)
        writer.write([maker.letters(name, [record])], {(name, 0): Move(offset, offset + 1, offset + 1, time_ms)})
        writer.look({})
    finally:
        writer.close()
