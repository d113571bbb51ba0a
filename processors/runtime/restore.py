"""Bring the stores of tasks to the end of their changelogs: at every assignment, for kept tasks too.

The end is taken with isolation READ_UNCOMMITTED and reading is read_committed, so an open transaction of a former owner
is waited for. Positions count markers: the end is always reached.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

from processors.domain.message import Index, Trail
from processors.runtime.crash_points import CrashPoint, no_crash
from processors.runtime.errors import StoreUnusable
from processors.runtime.log import Log, Record, TopicPartition
from processors.runtime.overlay import Decode
from processors.runtime.store import Store

logger = logging.getLogger(__name__)

CHUNK = 10_000
"""Records applied to the stores in one step; between steps the group is polled."""
STAMP_AGE_MS_MAX = 15 * 24 * 3600 * 1000
"""Half of `delete.retention.ms` of the registers: an older store may have missed tombstones."""


def restore(
    log: Log,
    stores: Mapping[int, Store],
    registers: Sequence[str],
    indexes: Sequence[Index],
    trails: Sequence[Trail],
    decode: Decode,
    now_ms: int,
    keep_alive: Callable[[], None],
    crash: CrashPoint = no_crash,
) -> int:
    """Catch the stores up; returns how many records were applied.

    `keep_alive` is called between chunks: it polls the group and may raise to leave the restore, which can be begun
    again at any time. Wipes a store that cannot be trusted: another topic id, ahead of the end, below the start, or not
    caught up for longer than `STAMP_AGE_MS_MAX`.
    """
    partitions = [(topic, p) for topic in registers for p in stores]
    ids = log.topic_ids(registers)
    starts = log.starts(partitions)
    ends = log.ends(partitions, committed=False)
    positions = {}
    for p, store in stores.items():
        reason = _untrusted(store, p, registers, ids, starts, ends, now_ms)
        if reason:
            logger.warning("store wiped", extra={"partition": p, "reason": reason})
            store.wipe()
        stamp = store.stamp()
        for topic in registers:
            positions[topic, p] = max(stamp.positions.get(topic, 0), starts[topic, p])
    applied = 0
    behind = {place: start for place, start in positions.items() if start < ends[place]}
    if behind:
        applied = _read(log, stores, behind, ends, indexes, trails, decode, keep_alive, crash)
    for store in stores.values():
        store.caught_up(ids, now_ms)
    return applied


def _untrusted(
    store: Store,
    p: int,
    registers: Sequence[str],
    ids: Mapping[str, str],
    starts: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    now_ms: int,
) -> str | None:
    stamp = store.stamp()
    if not stamp.positions:
        return None
    if stamp.caught_up_at_ms and now_ms - stamp.caught_up_at_ms > STAMP_AGE_MS_MAX:
        return "not caught up for longer than tombstones are kept"
    for topic in registers:
        position = stamp.positions.get(topic)
        if position is None:
            continue
        if stamp.topic_ids.get(topic, ids[topic]) != ids[topic]:
            return f"{topic} is another topic than the one it was filled from"
        if position < starts[topic, p]:
            return f"{topic}: applied up to {position}, the log begins at {starts[topic, p]}"
        if position > ends[topic, p]:
            return f"{topic}: applied up to {position}, the log ends at {ends[topic, p]}"
    return None


def _read(
    log: Log,
    stores: Mapping[int, Store],
    behind: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    indexes: Sequence[Index],
    trails: Sequence[Trail],
    decode: Decode,
    keep_alive: Callable[[], None],
    crash: CrashPoint,
) -> int:
    reader = log.reader(behind)
    waiting = set(behind)
    applied = 0
    try:
        while True:
            records = reader.read(CHUNK, 0.2)
            by_task: dict[int, list[Record]] = {p: [] for p in stores}
            for record in records:
                by_task[record.partition].append(record)
            for p, found in by_task.items():
                read = {t: reader.position(t, p) for t, q in waiting if q == p}
                if found or read:
                    _apply(stores[p], found, read, indexes, trails, decode)
            applied += len(records)
            waiting = {place for place in waiting if reader.position(*place) < ends[place]}
            if not waiting:
                return applied
            crash("during-restore")
            keep_alive()
    finally:
        reader.close()


def _apply(
    store: Store,
    records: Sequence[Record],
    positions: Mapping[str, int],
    indexes: Sequence[Index],
    trails: Sequence[Trail],
    decode: Decode,
) -> None:
    """Write a chunk: the last value of each key, and the index entries that change with it."""
    latest: dict[tuple[str, bytes], bytes | None] = {}
    for record in records:
        if record.key is None:
            raise StoreUnusable(f"{record.topic}/{record.partition}@{record.offset} has no key")
        latest[record.topic, record.key] = record.value
    by_register: dict[str, list[Index]] = {}
    for index in indexes:
        by_register.setdefault(index.register.topic, []).append(index)
    entries: dict[tuple[str, str], set[str]] = {}
    for (topic, encoded), value in latest.items():
        found = by_register.get(topic)
        if found is None:
            continue
        key = encoded.decode()
        stored = store.get(topic, key)
        before = None if stored is None else decode(topic, stored)
        after = None if value is None else decode(topic, value)
        for index in found:
            old = None if before is None else index.key_of(before)
            new = None if after is None else index.key_of(after)
            if old != new:
                if old is not None:
                    _entry(store, entries, index, old).discard(key)
                if new is not None:
                    _entry(store, entries, index, new).add(key)
    for trail in trails:
        for (topic, encoded), value in latest.items():
            if topic != trail.register.topic:
                continue
            key = encoded.decode()
            told = store.get(topic, key) if value is None else value
            for index_key in () if told is None else trail.keys_of(decode(topic, told)):
                entries[trail.name, index_key] = set() if value is None else {key}
    store.write([(register, key, value) for (register, key), value in latest.items()], entries, positions)


def _entry(store: Store, entries: dict[tuple[str, str], set[str]], index: Index, key: str) -> set[str]:
    """The members of an index entry as they stand so far."""
    entry = entries.get((index.name, key))
    if entry is None:
        entry = entries[index.name, key] = set() if index.single else set(store.members(index.name, key))
    return entry
