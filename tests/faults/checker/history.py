"""What the checker looks at: records as they lie in the topics, and what else is known about a run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Value = dict[str, Any]
Place = tuple[str, int, int]
"""Topic, partition, offset."""
RowKey = tuple[str, ...]


@dataclass(slots=True)
class Record:
    """One committed record. `value` None: a tombstone, or bytes that are no record of the topic (`raw` has them)."""

    topic: str
    partition: int
    offset: int
    time_ms: int
    key: bytes | None
    value: Value | None
    raw: bytes | None = None
    headers: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        return (self.topic, self.partition, self.offset)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the sender knows must come of one input. `status`: done, duplicate, refused or unreadable.

    `code`: the first reason, where refused or unreadable. `lots` and `serials`: the codes of the reply, None where they
    depend on what other items took.
    """

    status: str
    code: str | None = None
    lots: tuple[str, ...] | None = None
    serials: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """One event that breaks one invariant."""

    invariant: str
    place: Place
    what: str

    def __str__(self) -> str:
        topic, partition, offset = self.place
        return f"{self.invariant}: {topic}/{partition}@{offset}: {self.what}"


@dataclass(slots=True)
class History:
    """Everything a run has left behind.

    `records`: topic → its records in order of partition and offset, for inputs and events. `rows`: topic → key → newest
    record, for registers; a row that is gone has none. `expected`: place of an input → what the sender
    knows. `seen`: place → digest of the value, as a reader saw it during the run; `digests`: the same of what is there
    at the end. `store`: register → key → value bytes of the workers' stores. `committed`: input topic and partition →
    the group's offset at the end.
    """

    partitions: int
    records: dict[str, list[Record]] = field(default_factory=dict)
    rows: dict[str, dict[bytes, Record]] = field(default_factory=dict)
    expected: dict[Place, Expected] = field(default_factory=dict)
    seen: dict[Place, int] = field(default_factory=dict)
    digests: dict[Place, int] = field(default_factory=dict)
    store: dict[str, dict[bytes, bytes]] | None = None
    committed: dict[tuple[str, int], int] | None = None
    _master: dict[str, dict[str, Value]] = field(default_factory=dict)

    def of(self, topic: str) -> list[Record]:
        return self.records.get(topic, [])

    def newest(self, topic: str) -> Iterator[tuple[Record, Value]]:
        """The rows of a register, decoded."""
        for record in self.rows.get(topic, {}).values():
            if record.value is not None:
                yield record, record.value

    def master(self, kind: str) -> dict[str, Value]:
        """Accepted master data of a kind: key without the kind → value."""
        if kind not in self._master:
            prefix = f"{kind}|".encode()
            self._master[kind] = {
                key[len(prefix) :].decode(): record.value
                for key, record in self.rows.get("master-register", {}).items()
                if key.startswith(prefix) and record.value is not None
            }
        return self._master[kind]

    @property
    def company(self) -> Value:
        return self.master("company").get("company", {})


def key_of(*parts: str | None) -> str:
    """Key of parts (`contract.md` §1): joined by `|`, an inner `|` or `\\` escaped."""
    return "|".join((part or "").replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def item_of(value: Value) -> str:
    """`class|code` of anything about an item."""
    return key_of(value["item_class"], value["item_code"])
