"""A store in memory: for tests and `simulate`, under the same contract as the one on disk."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from processors.runtime.store import Entries, Put, Stamp, Store


class MemoryStore:
    """`Store` over dictionaries; keys are kept in order for `prefix`."""

    def __init__(self) -> None:
        self.wipe()

    def wipe(self) -> None:
        self._rows: dict[str, dict[str, bytes]] = defaultdict(dict)
        self._keys: dict[str, list[bytes]] = defaultdict(list)
        self._members: dict[tuple[str, str], tuple[str, ...]] = {}
        self._index_keys: dict[str, list[bytes]] = defaultdict(list)
        self._stamp = Stamp()

    def get(self, register: str, key: str) -> bytes | None:
        return self._rows[register].get(key)

    def prefix(self, register: str, prefix: str, after: str = "") -> Iterator[tuple[str, bytes]]:
        keys, wanted = self._keys[register], prefix.encode()
        first = max(bisect_left(keys, wanted), bisect_right(keys, after.encode()) if after else 0)
        for place in range(first, len(keys)):
            if not keys[place].startswith(wanted):
                return
            key = keys[place].decode()
            yield key, self._rows[register][key]

    def members(self, index: str, key: str) -> tuple[str, ...]:
        return self._members.get((index, key), ())

    def ordered(self, index: str, prefix: str, after: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
        keys, wanted = self._index_keys[index], prefix.encode()
        first = max(bisect_left(keys, wanted), bisect_right(keys, after.encode()) if after else 0)
        for place in range(first, len(keys)):
            if not keys[place].startswith(wanted):
                return
            key = keys[place].decode()
            yield key, self._members[index, key]

    def stamp(self) -> Stamp:
        return Stamp(dict(self._stamp.positions), dict(self._stamp.topic_ids), self._stamp.caught_up_at_ms)

    def write(self, puts: Sequence[Put], entries: Entries, positions: Mapping[str, int]) -> None:
        for register, encoded, value in puts:
            rows, keys, text = self._rows[register], self._keys[register], encoded.decode()
            if value is None:
                if rows.pop(text, None) is not None:
                    del keys[bisect_left(keys, encoded)]
            else:
                if text not in rows:
                    insort(keys, encoded)
                rows[text] = value
        for (index, key), entry in entries.items():
            keys, there = self._index_keys[index], (index, key) in self._members
            if entry:
                self._members[index, key] = tuple(sorted(entry))
                if not there:
                    insort(keys, key.encode())
            elif there:
                del self._members[index, key]
                del keys[bisect_left(keys, key.encode())]
        self._stamp.positions.update(positions)

    def caught_up(self, topic_ids: Mapping[str, str], at_ms: int) -> None:
        self._stamp.topic_ids, self._stamp.caught_up_at_ms = dict(topic_ids), at_ms

    def close(self) -> None:
        """Nothing to give back: a closed store opens again with what it held."""


class MemoryStores:
    """`Stores` that outlive a worker object, as files outlive a process; `lost()` is a machine's disk gone."""

    def __init__(self) -> None:
        self._stores: dict[int, MemoryStore] = defaultdict(MemoryStore)

    def open(self, partition: int) -> Store:
        return self._stores[partition]

    def lost(self) -> None:
        """Forget every row."""
        self._stores.clear()
