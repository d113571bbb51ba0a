"""The rows of one task: the second port of the loop, beside the log and the counters.

A store holds the encoded rows of one partition's registers, the indexes derived from them, and how far each changelog
has been applied. It is written only after the commit, in one step, together with those positions.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring as _quoted
from typing import Protocol


@dataclass(slots=True)
class Stamp:
    """How far a store has come, and of which topics."""

    positions: dict[str, int] = field(default_factory=dict)
    """Changelog topic → next offset to be applied."""
    topic_ids: dict[str, str] = field(default_factory=dict)
    caught_up_at_ms: int = 0
    """Wall clock at the last time the store was known to be at the end of its changelogs."""


Put = tuple[str, bytes, bytes | None]
"""One changed row: register, key in UTF-8, value; None where it is gone."""


Entries = Mapping[tuple[str, str], Collection[str]]
"""(index, index key) → all members that it has from now on; empty: the entry goes away."""


class Store(Protocol):
    """One task's rows. Raises StoreUnusable where the files are damaged: wipe, restore."""

    def get(self, register: str, key: str) -> bytes | None: ...

    def prefix(self, register: str, prefix: str, after: str = "") -> Iterator[tuple[str, bytes]]:
        """Rows whose key starts with `prefix` and comes after `after`, ascending by the key's UTF-8 bytes."""
        ...

    def members(self, index: str, key: str) -> tuple[str, ...]:
        """Members of an index at a key, ascending."""
        ...

    def ordered(self, index: str, prefix: str, after: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
        """Index keys that start with `prefix` and come after `after`, with their members, ascending by UTF-8 bytes."""
        ...

    def stamp(self) -> Stamp: ...

    def write(self, puts: Sequence[Put], entries: Entries, positions: Mapping[str, int]) -> None:
        """Apply all of it or nothing; `positions` are merged into the stamp's."""
        ...

    def caught_up(self, topic_ids: Mapping[str, str], at_ms: int) -> None:
        """Note that the store is at the end of these topics' changelogs."""
        ...

    def wipe(self) -> None: ...

    def close(self) -> None: ...


class Stores(Protocol):
    """Opens the stores of a worker's tasks."""

    def open(self, partition: int) -> Store: ...


def joined(members: Collection[str]) -> bytes:
    """The stored form of an index entry, a JSON array; members may hold any character."""
    if len(members) == 1:
        (member,) = members
        return f"[{_quoted(member)}]".encode()
    return f"[{', '.join(map(_quoted, sorted(members)))}]".encode()


def parted(entry: bytes | None) -> tuple[str, ...]:
    """The members of a stored index entry."""
    if not entry:
        return ()
    if entry.count(b'"') == 2 and b"\\" not in entry:  # one member with nothing escaped, as a rule
        return (entry[2:-2].decode(),)
    return tuple(json.loads(entry))
