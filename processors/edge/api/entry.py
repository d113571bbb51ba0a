"""One thing that can be looked up, as data: its path, its source, its filters, its orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from processors.contract.codec import current_schema
from processors.contract.generated_codec import NEUTRAL
from processors.contract.manifest import MANIFEST
from processors.edge.api.filters import Filter
from processors.edge.store.queries_registers import DIFFERENCES, Order


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to look up at `/api/v1/<path>`.

    `source` is the store's; `record` gives its fields (None: `fields`). `sorts` are columns, of which `sort` names one
    (with `-` before it: the other way round); the first is taken where none is asked for, "" being the key's order.
    """

    path: str
    source: str
    title: str
    filters: tuple[Filter, ...]
    record: type | None
    sorts: tuple[str, ...] = ("",)
    newest_first: bool = False
    fields: tuple[tuple[str, Any], ...] = ()
    """Further fields behind the record's: name and Avro type."""

    @property
    def columns(self) -> list[tuple[str, Any]]:
        """Column and Avro type, in order."""
        record = current_schema(self.record)["fields"] if self.record else []
        return [(field["name"], field["type"]) for field in record] + list(self.fields)

    @property
    def is_register(self) -> bool:
        """True where rows have a key of their own; others are named by their place in their topic."""
        return self.source == DIFFERENCES or (self.source in MANIFEST and MANIFEST[self.source].compacted)

    @property
    def orders(self) -> dict[str, Order]:
        """What `sort` may be; the first is the default."""
        found: dict[str, Order] = {}
        if self.newest_first:
            found[f"-{self.sorts[0]}"] = Order(self.sorts[0], descending=True)
        for column in self.sorts:
            found[column or "key"] = Order(column or None)
        for column in self.sorts:
            found.setdefault(f"-{column or 'key'}", Order(column or None, descending=True))
        return found


def symbols(record: type, field: str) -> tuple[str, ...]:
    """What an enum field may be."""
    for each in current_schema(record)["fields"]:
        if each["name"] == field:
            kind = each["type"][1] if isinstance(each["type"], list) else each["type"]
            return tuple(symbol for symbol in kind["symbols"] if symbol != NEUTRAL)
    raise KeyError(field)


def record_of(topic: str) -> type:
    """The record of a topic that has one kind."""
    return MANIFEST[topic].records[0]


def entry(
    path: str,
    source: str,
    title: str,
    filters: Sequence[Filter],
    sorts: tuple[str, ...] = ("",),
    newest_first: bool = False,
    fields: tuple[tuple[str, Any], ...] = (),
) -> Entry:
    """The entry of a topic with one kind of record."""
    return Entry(path, source, title, tuple(filters), record_of(source), sorts, newest_first, fields)
