"""A task's rows as a batch sees them: the batch's own changes over a cache of decoded rows over the store."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Container, Iterator, Sequence
from heapq import merge
from itertools import groupby, islice, takewhile
from operator import itemgetter
from typing import Any, Final, TypeVar

from processors.domain.message import Index, Trail
from processors.domain.view import Register
from processors.runtime.store import Entries, Store

T = TypeVar("T")
Decode = Callable[[str, bytes], Any]

CACHE_ROWS = 100_000
"""Decoded rows kept per generation of a task's cache; at most two generations are held."""


class _Absent:
    """Stands in a cache for a row that is known not to be there."""


ABSENT: Final = _Absent()


class RowCache:
    """Decoded rows, and keys known to have none, in two generations: full, the young one becomes the old one."""

    def __init__(self, rows_max: int = CACHE_ROWS) -> None:
        self._max = rows_max
        self.young: dict[tuple[str, str], object] = {}
        """Read by the view itself, for the cost of a call."""
        self._old: dict[tuple[str, str], object] = {}

    def get(self, place: tuple[str, str]) -> object | None:
        """The row, ABSENT, or None where nothing is known. What is used stays."""
        row = self.young.get(place)
        if row is None:
            row = self._old.get(place)
            if row is not None:
                self.young[place] = row
        return row

    def put(self, place: tuple[str, str], row: object) -> None:
        if len(self.young) >= self._max:
            self._old, self.young = self.young, {}
        self.young[place] = row

    def drop(self, place: tuple[str, str]) -> None:
        """Know nothing of a row any more."""
        self.young.pop(place, None)
        self._old.pop(place, None)


class TaskView:
    """`View` of one task (partition), and the changes that a batch makes to it.

    Changes are kept one row per (register, key); `forget` drops them, `keep` hands them to the cache after the commit.
    `uncached`: topics of registers whose rows are written once and hardly ever read again.
    """

    def __init__(
        self,
        store: Store,
        decode: Decode,
        indexes: Sequence[Index],
        cache_rows: int = CACHE_ROWS,
        uncached: Container[str] = (),
        trails: Sequence[Trail] = (),
    ) -> None:
        self._store, self._decode, self._uncached = store, decode, uncached
        self._cache = RowCache(cache_rows)
        self._indexes: dict[str, list[Index]] = {}
        for index in indexes:
            self._indexes.setdefault(index.register.topic, []).append(index)
        self._trails: dict[str, list[Trail]] = {}
        for trail in trails:
            self._trails.setdefault(trail.register.topic, []).append(trail)
        self._rows: dict[tuple[str, str], Any] = {}
        self._order: dict[str, list[str]] = {}
        self._entries: dict[tuple[str, str], set[str]] = {}
        self._entry_order: dict[str, list[str]] = {}
        self._stored: dict[tuple[str, str], tuple[str, ...]] = {}
        """Entries that the store was asked for: most are asked for again as soon as a row joins them."""

    # reading

    def get(self, register: Register[T], key: str) -> T | None:
        place = (register.topic, key)
        row: Any = self._rows.get(place, ABSENT)
        if row is ABSENT:
            row = self._cache.young.get(place) or self._cache.get(place)
            if row is None:
                stored = self._store.get(register.topic, key)
                row = ABSENT if stored is None else self._decode(register.topic, stored)
                self._cache.put(place, row)
            if row is ABSENT:
                return None
        return row  # type: ignore[no-any-return]  # the codec's row class is the register's

    def once(self, register: Register[T], key: str) -> T | None:
        row: Any = self._rows.get((register.topic, key), ABSENT)
        if row is ABSENT:
            stored = self._store.get(register.topic, key)
            return None if stored is None else self._decode(register.topic, stored)
        return row  # type: ignore[no-any-return]  # as in `get`

    def prefix(self, register: Register[T], prefix: str, after: str = "") -> Iterator[tuple[str, T]]:
        topic = register.topic
        order = self._order.get(topic)
        if order is None:
            order = self._order[topic] = sorted(key for place, key in self._rows if place == topic)
        first = max(bisect_left(order, prefix), bisect_right(order, after) if after else 0)
        changed = []
        for place in range(first, len(order)):
            if not order[place].startswith(prefix):
                break
            changed.append(order[place])
        if not changed:
            for key, stored in self._store.prefix(topic, prefix, after):
                yield key, self._decode(topic, stored)
            return
        # A changed row comes first among equals, so it hides the stored one.
        both = merge(
            ((key.encode(), 0, None) for key in changed),
            ((key.encode(), 1, stored) for key, stored in self._store.prefix(topic, prefix, after)),
            key=itemgetter(0, 1),
        )
        for encoded, same in groupby(both, key=itemgetter(0)):
            _, rank, stored_bytes = next(same)
            key = encoded.decode()
            row = self._rows[topic, key] if rank == 0 else self._decode(topic, stored_bytes or b"")
            if row is not None:
                yield key, row

    def members(self, index: str, key: str) -> tuple[str, ...]:
        place = (index, key)
        entry = self._entries.get(place)
        if entry is not None:
            return tuple(sorted(entry))
        stored = self._stored.get(place)
        if stored is None:
            stored = self._stored[place] = self._store.members(index, key)
        return stored

    def ordered(self, index: str, prefix: str) -> Iterator[str]:
        for _, members in self._ordered(index, prefix, ""):
            yield from members

    def trail(self, trail: str, prefix: str, after: str = "") -> Iterator[tuple[str, str]]:
        for key, members in self._ordered(trail, prefix, after):
            for member in members:
                yield key, member

    def _ordered(self, index: str, prefix: str, after: str) -> Iterator[tuple[str, Sequence[str]]]:
        order = self._entry_order.get(index)
        if order is None:
            order = self._entry_order[index] = sorted(key for name, key in self._entries if name == index)
        first = max(bisect_left(order, prefix), bisect_right(order, after) if after else 0)
        changed = list(takewhile(lambda key: key.startswith(prefix), islice(order, first, None)))
        stored = self._store.ordered(index, prefix, after)
        if not changed:
            yield from stored
            return
        both = merge(
            ((key.encode(), 0, ()) for key in changed),
            ((key.encode(), 1, members) for key, members in stored),
            key=itemgetter(0, 1),
        )
        for encoded, same in groupby(both, key=itemgetter(0)):
            _, rank, members = next(same)
            key = encoded.decode()
            yield key, members if rank else sorted(self._entries[index, key])

    # changing

    def put(self, register: Register[Any], key: str, row: object | None) -> None:
        """Change a row; None takes it away."""
        topic = register.topic
        place = (topic, key)
        indexes = self._indexes.get(topic)
        if indexes is not None:
            before = self.get(register, key)
            for index in indexes:
                if before is None or row is None or index.same is None or not index.same(before, row):
                    self._index(index, key, before, row)
        trails = self._trails.get(topic)
        if trails is not None:
            told = self.once(register, key) if row is None else row
            for trail in trails if told is not None else ():
                for index_key in trail.keys_of(told):
                    place_of_entry = (trail.name, index_key)
                    order = self._entry_order.get(trail.name)
                    if order is not None and place_of_entry not in self._entries:
                        insort(order, index_key)
                    self._entries[place_of_entry] = {key} if row is not None else set()
        order = self._order.get(topic)
        if order is not None and place not in self._rows:
            insort(order, key)
        self._rows[place] = row

    def _index(self, index: Index, key: str, before: object | None, after: object | None) -> None:
        old = None if before is None else index.key_of(before)
        new = None if after is None else index.key_of(after)
        if old == new:
            return
        for index_key, present in ((old, False), (new, True)):
            if index_key is None:
                continue
            place = (index.name, index_key)
            entry = self._entries.get(place)
            if entry is None:
                members = () if index.single else self.members(index.name, index_key)
                entry = self._entries[place] = set(members)
                order = self._entry_order.get(index.name)
                if order is not None:
                    insort(order, index_key)
            (entry.add if present else entry.discard)(key)

    @property
    def changes(self) -> dict[tuple[str, str], Any]:
        """(register topic, key) → row, None where it is gone; in the order of the first change."""
        return self._rows

    @property
    def entries(self) -> Entries:
        """The index entries that the changes touch, as they are with them."""
        return self._entries

    def forget(self) -> None:
        """Drop the batch's changes."""
        self._rows, self._order, self._entries, self._entry_order, self._stored = {}, {}, {}, {}, {}

    def keep(self) -> None:
        """The changes are committed and stand in the store: they are the rows now."""
        for place, row in self._rows.items():
            if place[0] in self._uncached:
                self._cache.drop(place)
            else:
                self._cache.put(place, ABSENT if row is None else row)
        self.forget()
