"""What others saw: a reader during the run, the workers' stores, the group's offsets; and where rows lie."""

from collections.abc import Iterator

from tests.faults.checker.history import History, Violation, item_of
from tests.faults.checker.outcomes import Outcomes
from tests.faults.checker.partitions import partition_of


def nothing_uncommitted_seen(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """What a reader saw during the run is there at the end, as it saw it."""
    del outcomes
    for place, digest in history.seen.items():
        if place not in history.digests:
            yield Violation("nothing-uncommitted-seen", place, "was seen by a reader and is not in the log")
        elif history.digests[place] != digest:
            yield Violation("nothing-uncommitted-seen", place, "was seen by a reader with another value")


def store_is_the_register(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """The workers' stores hold the newest value of every key of every register, and nothing else."""
    del outcomes
    if history.store is None:
        return
    for topic, stored in history.store.items():
        rows = history.rows.get(topic, {})
        for key, record in rows.items():
            if stored.get(key) != record.raw:
                what = "is not in the store" if key not in stored else "is otherwise in the store"
                yield Violation("store-is-the-register", record.place, f"{key.decode()} {what}")
        for key in stored.keys() - rows.keys():
            yield Violation("store-is-the-register", (topic, -1, -1), f"{key.decode()} is in the store only")


def lag_is_zero(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """The group has committed past the last record of every input."""
    del outcomes
    if history.committed is None:
        return
    last: dict[tuple[str, int], int] = {}
    for topic in ("movements", "master-data"):
        for record in history.of(topic):
            last[topic, record.partition] = record.offset
    for (topic, partition), offset in last.items():
        committed = history.committed.get((topic, partition), -1)
        if committed <= offset:
            yield Violation("lag-is-zero", (topic, partition, offset), f"the group has committed up to {committed}")


def rows_in_their_partition(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """No key of a register lies in two partitions, and an item's rows lie where its movements lie."""
    del outcomes
    for topic in ("stock-register", "lot-register", "serial-register"):
        for record, row in history.newest(topic):
            if partition_of(item_of(row).encode(), history.partitions) != record.partition:
                yield Violation("rows-in-their-partition", record.place, f"{item_of(row)} belongs elsewhere")
    for record, row in history.newest("counter-register"):
        if row["partition"] != record.partition:
            yield Violation("rows-in-their-partition", record.place, f"a counter of partition {row['partition']}")
