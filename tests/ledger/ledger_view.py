"""Rows in dictionaries, with the view's contract: what the ledger's tests decide against."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from processors.domain.decision import Decision
from processors.domain.message import Index, Trail
from processors.domain.view import Register

T = TypeVar("T")


class LedgerView:
    """All registers of one task. `take` applies a decision as the loop would after its commit."""

    def __init__(self, indexes: Sequence[Index], trails: Sequence[Trail] = ()) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self._indexes, self._trails = indexes, trails
        self._members: dict[tuple[str, str], set[str]] = {}

    def get(self, register: Register[T], key: str) -> T | None:
        row: T | None = self.rows.get(register.topic, {}).get(key)
        return row

    def once(self, register: Register[T], key: str) -> T | None:
        return self.get(register, key)

    def prefix(self, register: Register[T], prefix: str, after: str = "") -> Iterator[tuple[str, T]]:
        rows = self.rows.get(register.topic, {})
        for key in sorted(
            (key for key in rows if key.startswith(prefix) and key.encode() > after.encode()), key=str.encode
        ):
            yield key, rows[key]

    def members(self, index: str, key: str) -> tuple[str, ...]:
        return tuple(sorted(self._members.get((index, key), ())))

    def ordered(self, index: str, prefix: str) -> Iterator[str]:
        keys = (key for name, key in self._members if name == index and key.startswith(prefix))
        for key in sorted(keys, key=str.encode):
            yield from self.members(index, key)

    def trail(self, trail: str, prefix: str, after: str = "") -> Iterator[tuple[str, str]]:
        keys = (key for name, key in self._members if name == trail and key.startswith(prefix))
        for key in sorted((key for key in keys if key.encode() > after.encode()), key=str.encode):
            yield from ((key, member) for member in self.members(trail, key))

    def take(self, decision: Decision) -> None:
        for register, key, row in decision.rows:
            rows = self.rows.setdefault(register.topic, {})
            for index in self._indexes:
                if index.register.topic == register.topic:
                    self._move(index, key, rows.get(key), row)
            for trail in self._trails:
                if trail.register.topic == register.topic and (told := rows.get(key) if row is None else row):
                    for index_key in trail.keys_of(told):
                        self._members[trail.name, index_key] = {key} if row is not None else set()
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row

    def drop(self, topic: str, key: str) -> None:
        """Take a row away behind the ledger's back."""
        row = self.rows[topic].pop(key)
        for index in self._indexes:
            if index.register.topic == topic:
                self._move(index, key, row, None)

    def _move(self, index: Index, key: str, before: object | None, after: object | None) -> None:
        old = None if before is None else index.key_of(before)
        new = None if after is None else index.key_of(after)
        if old is not None:
            self._members[index.name, old].discard(key)
        if new is not None:
            self._members.setdefault((index.name, new), set()).add(key)
