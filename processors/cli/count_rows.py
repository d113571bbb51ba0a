"""Rows about counts, as the commands look them up: of one inventory from its one partition, of all from the topic."""

from collections.abc import Iterator
from typing import Final, TypeVar

from processors.cli.cluster_options import Cluster
from processors.contract.following import Follower
from processors.contract.reading import ReadRecord, read_records
from processors.domain import keys
from processors.domain.count_registers import CountLineRow, CountListRow, InventoryRow
from processors.domain.master import ListType

INVENTORIES: Final = "inventory-register"
LISTS: Final = "count-list-register"
LINES: Final = "count-line-register"
MASTER: Final = "master-register"
Row = TypeVar("Row", InventoryRow, CountListRow, CountLineRow)


def inventories(cluster: Cluster, inventory: str | None = None) -> list[InventoryRow]:
    """All inventories, or the one, by their names."""
    return _rows(cluster, INVENTORIES, InventoryRow, inventory, None)


def lists(cluster: Cluster, inventory: str, list_: str | None = None) -> list[CountListRow]:
    """The lists of an inventory, or the one, by their names."""
    return _rows(cluster, LISTS, CountListRow, inventory, list_)


def lines(cluster: Cluster, inventory: str, list_: str | None = None, line: str | None = None) -> list[CountLineRow]:
    """The lines of an inventory, a list, or the one, by list and line: numbers by their size, made ones last."""
    found = _rows(cluster, LINES, CountLineRow, inventory, list_)
    return sorted((row for row in found if line in (None, row.line)), key=_place)


def blind_types(cluster: Cluster) -> set[str]:
    """Codes of the list types whose counters must not know what is expected."""
    types: dict[bytes | None, ListType] = {}
    for record in read_records(cluster.connection, MASTER):
        if record.key is not None and record.key.startswith(b"list_type|"):
            value = cluster.codec.decode(MASTER, record.value)
            if isinstance(value, ListType):
                types[record.key] = value
    return {type.code for type in types.values() if type.blind}


def _place(row: CountLineRow) -> tuple[str, bool, int, str]:
    digits = row.line.isdigit()
    return row.list, not digits, int(row.line) if digits else 0, row.line


def _rows(cluster: Cluster, topic: str, row: type[Row], inventory: str | None, list_: str | None) -> list[Row]:
    """The newest of each key that begins with the parts given; keys are judged before values are decoded."""
    wanted = tuple(part for part in (inventory, list_) if part is not None)
    newest: dict[tuple[str, ...], bytes] = {}
    for record in _records(cluster, topic, inventory):
        assert record.key is not None, "a row has a key"
        parts = keys.split(record.key.decode())
        if parts[: len(wanted)] == wanted:
            newest.pop(parts, None)
            if record.value is not None:
                newest[parts] = record.value
    values = [cluster.codec.decode(topic, data) for _, data in sorted(newest.items())]
    return [value for value in values if isinstance(value, row)]


def _records(cluster: Cluster, topic: str, inventory: str | None) -> Iterator[ReadRecord]:
    if inventory is None:
        yield from read_records(cluster.connection, topic)
        return
    with Follower(cluster.connection, topic, keys.join(inventory), "beginning") as follower:
        yield from follower.to_end()
