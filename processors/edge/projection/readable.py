"""What of a batch can be read, and before which records partitions have to wait."""

from processors.contract.codec import Codec
from processors.contract.reading import ReadRecord
from processors.contract.topics_now import Place
from processors.edge.store.changes import Placed, RowMaker, TableChange, Unreadable
from processors.edge.store.queries_offsets import RecordPlace


class Readable:
    """Makes rows of batches, each up to the first record of a partition that cannot be read. For one thread.

    `skipped`: records that are left out where they cannot be read: somebody has decided that for each of them.
    """

    def __init__(self, codec: Codec) -> None:
        self._rows = RowMaker(codec)
        self.skipped: set[RecordPlace] = set()
        self._held: dict[Place, tuple[int, str]] = {}
        self._fresh: dict[RecordPlace, str] = {}

    @property
    def held(self) -> dict[RecordPlace, str]:
        """The records before which partitions wait, with why they cannot be read."""
        return {(*place, offset): reason for place, (offset, reason) in self._held.items()}

    def change(self, topic: str, records: list[Placed]) -> TableChange:
        """What the records of a topic change: of each partition up to the first that cannot be read."""
        while True:
            try:
                return self._rows.change(topic, records)
            except Unreadable as found:
                at = found.partition, found.offset
                if (topic, *at) in self.skipped:
                    records = [record for record in records if record[:2] != at]
                else:
                    self._held[topic, found.partition] = found.offset, found.reason
                    records = [each for each in records if each[0] != found.partition or each[1] < found.offset]

    def letters(self, topic: str, records: list[ReadRecord]) -> TableChange:
        """What dead letters add: they can be anything, so each can be read."""
        return self._rows.letters(topic, records)

    def held_now(self) -> dict[RecordPlace, str]:
        """The records before which partitions have begun to wait since this was asked last, with the reasons."""
        fresh = self.held
        new = {place: reason for place, reason in fresh.items() if place not in self._fresh}
        self._fresh = fresh
        return new

    def freed(self) -> list[RecordPlace]:
        """The records before which a partition need not wait any more; it is held no longer."""
        free = [place for place in self.held if place in self.skipped]
        for topic, partition, offset in free:
            del self._held[topic, partition]
            del self._fresh[topic, partition, offset]
        return free
