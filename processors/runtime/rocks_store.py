"""A store on disk: one RocksDB per task, through rocksdict in raw mode.

Keys are one byte for the register (its place in the processor's list), then the row's key in UTF-8. Indexes and the
stamp stand under bytes of their own. The write-ahead log is kept but not synced: a killed process loses nothing, a
machine that loses power falls back to a consistent earlier state and reads the rest from the topics again.
"""

import json
import logging
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rocksdict import BlockBasedOptions, Cache, Options, Rdict, ReadOptions, WriteBatch

from processors.runtime.errors import Fenced, StoreUnusable
from processors.runtime.store import Entries, Put, Stamp, Store, joined, parted

logger = logging.getLogger(__name__)

_STAMP = b"\xff"
_LAYOUT = b"\xfe"
"""Registers and indexes in their order, as the store was made for: with others its keys mean something else."""
_INDEX = 0x80
_LOCKED = "While lock file"
LOCKED_S_MAX = 10.0
"""How long a store may be held by a former process of its slot, which is fenced when its successor joins the group."""
CACHE_BYTES = 64 * 1024 * 1024
"""Block cache of one worker process, shared by its stores."""


class RocksStore:
    """`Store` over one RocksDB directory."""

    def __init__(self, path: Path, registers: Sequence[str], indexes: Sequence[str], cache: Cache) -> None:
        self._path = path
        self._prefixes = {register: bytes([place + 1]) for place, register in enumerate(registers)}
        self._index_prefixes = {index: bytes([_INDEX + place]) for place, index in enumerate(indexes)}
        self._layout = json.dumps([list(registers), list(indexes)]).encode()
        self._cache = cache
        self._open()

    def _open(self) -> None:
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_write_buffer_size(16 * 1024 * 1024)
        options.set_max_write_buffer_number(3)
        options.set_keep_log_file_num(2)
        options.set_max_open_files(256)
        table = BlockBasedOptions()
        table.set_bloom_filter(10, False)
        table.set_block_cache(self._cache)
        options.set_block_based_table_factory(table)
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            self._db = Rdict(str(self._path), options)
            layout = self._db.get(_LAYOUT)
            if layout is not None and layout != self._layout:
                self._db.close()
                raise StoreUnusable(f"{self._path}: made for other registers or indexes")
            self._db.put(_LAYOUT, self._layout)
            found = self._db.get(_STAMP)
            self._stamp = _stamp_of(found) if isinstance(found, bytes) else Stamp()
        except StoreUnusable:
            raise
        except Exception as failure:
            raise StoreUnusable(f"{self._path}: {failure}") from failure

    def get(self, register: str, key: str) -> bytes | None:
        value: bytes | None = self._db.get(self._prefixes[register] + key.encode())
        return value

    def prefix(self, register: str, prefix: str, after: str = "") -> Iterator[tuple[str, bytes]]:
        return self._scan(self._prefixes[register], prefix, after)

    def ordered(self, index: str, prefix: str, after: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
        return ((key, parted(value)) for key, value in self._scan(self._index_prefixes[index], prefix, after))

    def _scan(self, place: bytes, prefix: str, after: str) -> Iterator[tuple[str, bytes]]:
        """All keys of a register or index (`place`) that start with `prefix` and come after `after`."""
        start = place + prefix.encode()
        # The smallest key after another one is that key and a zero byte.
        first = max(start, place + after.encode() + b"\0") if after else start
        options = ReadOptions()
        options.set_iterate_upper_bound(_after(start))
        cursor = self._db.iter(options)
        cursor.seek(first)
        while cursor.valid():
            yield cursor.key()[1:].decode(), cursor.value()
            cursor.next()

    def members(self, index: str, key: str) -> tuple[str, ...]:
        return parted(self._db.get(self._index_prefixes[index] + key.encode()))

    def stamp(self) -> Stamp:
        return Stamp(dict(self._stamp.positions), dict(self._stamp.topic_ids), self._stamp.caught_up_at_ms)

    def write(self, puts: Sequence[Put], entries: Entries, positions: Mapping[str, int]) -> None:
        batch = WriteBatch(raw_mode=True)
        prefixes = self._prefixes
        for register, key, value in puts:
            if value is None:
                batch.delete(prefixes[register] + key)
            else:
                batch.put(prefixes[register] + key, value)
        for (index, index_key), members in entries.items():
            place = self._index_prefixes[index] + index_key.encode()
            if members:
                batch.put(place, joined(members))
            else:
                batch.delete(place)
        self._stamp.positions.update(positions)
        batch.put(_STAMP, _stamp_bytes(self._stamp))
        self._db.write(batch)

    def caught_up(self, topic_ids: Mapping[str, str], at_ms: int) -> None:
        self._stamp.topic_ids, self._stamp.caught_up_at_ms = dict(topic_ids), at_ms
        self._db.put(_STAMP, _stamp_bytes(self._stamp))

    def wipe(self) -> None:
        self._db.close()
        del self._db
        shutil.rmtree(self._path, ignore_errors=True)
        self._open()

    def close(self) -> None:
        self._db.close()


class RocksStores:
    """Opens `state_dir/<partition>`; a damaged directory is wiped and restored from the topics."""

    def __init__(self, state_dir: Path, registers: Sequence[str], indexes: Sequence[str]) -> None:
        self._dir, self._registers, self._indexes = state_dir, tuple(registers), tuple(indexes)
        self._cache = Cache(CACHE_BYTES)

    def open(self, partition: int) -> Store:
        path = self._dir / str(partition)
        try:
            return self._unlocked(path)
        except StoreUnusable as failure:
            logger.warning("store made anew", extra={"partition": partition, "reason": str(failure)})
            shutil.rmtree(path, ignore_errors=True)
            return RocksStore(path, self._registers, self._indexes, self._cache)

    def _unlocked(self, path: Path) -> Store:
        """The store, once no other process has it: a former worker of this slot must not find it wiped under its hands.

        Raises Fenced where that one does not end within `LOCKED_S_MAX`.
        """
        deadline = time.monotonic() + LOCKED_S_MAX
        while True:
            try:
                return RocksStore(path, self._registers, self._indexes, self._cache)
            except StoreUnusable as failure:
                if _LOCKED not in str(failure):
                    raise
                if time.monotonic() > deadline:
                    raise Fenced(
                        f"{path} is in use by another process: does a worker of this slot run twice?"
                    ) from None
                time.sleep(0.05)


def _after(prefix: bytes) -> bytes:
    """The smallest key above every key with this prefix (the first byte is never 0xff here)."""
    cut = prefix.rstrip(b"\xff")
    return cut[:-1] + bytes([cut[-1] + 1])


def _stamp_bytes(stamp: Stamp) -> bytes:
    return json.dumps([stamp.positions, stamp.topic_ids, stamp.caught_up_at_ms]).encode()


def _stamp_of(text: bytes) -> Stamp:
    positions, topic_ids, caught_up_at_ms = json.loads(text)
    return Stamp(positions, topic_ids, caught_up_at_ms)
