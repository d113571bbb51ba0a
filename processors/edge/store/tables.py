"""The tables: one a topic, named after it, made from the records that the topic carries.

Columns are the fields of the record's Avro schema, under their names and in their order; `column_types` has how
decimals, days and times are kept. Parts that are no single value (lists, records in records) are JSON text, in the form
of `contract.md` §1. Every row tells where it came from: `topic_partition`, `topic_offset`.

- A register (compacted topic) has one row a key, `record_key`, the topic's own; a tombstone deletes it.
- An event's row is named by its place, and stays.
- `master_register` has every kind of master record as JSON; `dead_letters` the refused records of all inputs.
- `offsets`: how far the store is, the next offset of every partition. It is changed in the transaction of the rows.
  `skipped`: records that were left out of it by hand. `projection`: who projects, and how that goes.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    and_,
)
from sqlalchemy import literal_column as literally
from sqlalchemy.types import TypeEngine

from processors.contract.codec import current_schema
from processors.contract.manifest import DEAD_LETTERS, MANIFEST, Topic
from processors.edge.store.column_types import CODE, Days, Millionths, Milliseconds

METADATA: Final = MetaData()

_INDEXES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "stock_register": (("warehouse", "location"), ("lot_code",), ("item_code",)),
    "lot_register": (("lot_code",), ("supplier_lot",), ("customer_lot",), ("expiry_date",), ("item_code",)),
    "serial_register": (("serial_code",), ("lot_code",), ("warehouse", "location"), ("item_code",), ("reserved_for",)),
    "reservation_register": (("document_number",), ("item_class", "item_code")),
    "counter_register": (("code_type",),),
    "count_list_register": (("state",),),
    "count_line_register": (("item_class", "item_code"), ("state",)),
    "postings": (("item_class", "item_code", "occurred_at"), ("movement_id",), ("document_number",), ("posted_at",)),
    "register_history": (
        ("item_class", "item_code", "lot_code", "serial_code", "occurred_at"),
        ("lot_code",),
        ("document_number",),
        ("movement_id",),
    ),
    "lineage": (("transformation_id",), ("item_class", "item_code", "lot_code", "serial_code"), ("lot_code",)),
    "adjustments": (("adjustment_id",), ("inventory", "list", "line"), ("item_class", "item_code", "counted_at")),
    "scan_feedback": (("scan_id",), ("inventory", "list")),
    "alerts": (("alert_id",), ("at",)),
    "replies": (("request_id",), ("decided_at",)),
    "master_register": (("kind",),),
    "dead_letters": (("error_code",), ("refused_at",)),
}
"""Table → what people look for, beside its key. Each costs the projection time: only what a page or filter asks."""

STAGE_DAYS: Final = ("warn_from", "block_from", "expiry_date")
"""The days of a lot on which people are told of it, each with an index of the lots in stock alone."""

_PLAIN: Final[dict[str, TypeEngine[Any]]] = {
    "decimal": Millionths(),
    "date": Days(),
    "timestamp-millis": Milliseconds(),
    "boolean": Boolean(),
    "int": BigInteger(),
    "long": BigInteger(),
    "string": CODE,
    "enum": CODE,
}


def table_name(topic: str) -> str:
    """The table of a topic; all dead letters share one."""
    return "dead_letters" if topic.endswith(DEAD_LETTERS) else topic.replace("-", "_")


def is_json(schema: Any) -> bool:
    """Whether a field of this Avro type is kept as JSON text."""
    return _kind(schema) not in _PLAIN


def _kind(schema: Any) -> str:
    if isinstance(schema, list):
        return _kind(next(branch for branch in schema if branch != "null"))
    if isinstance(schema, dict):
        return str(schema.get("logicalType") or schema["type"])
    return str(schema)


def _place(*, primary: bool) -> list[Column[Any]]:
    return [
        Column("topic_partition", Integer, primary_key=primary, autoincrement=False, nullable=False),
        Column("topic_offset", BigInteger, primary_key=primary, autoincrement=False, nullable=False),
    ]


def _record_columns(record: type) -> list[Column[Any]]:
    columns: list[Column[Any]] = []
    for field in current_schema(record)["fields"]:
        nullable = isinstance(field["type"], list)
        columns.append(Column(field["name"], _PLAIN.get(_kind(field["type"]), Text()), nullable=nullable))
    return columns


def _table(topic: Topic) -> Table:
    name = table_name(topic.name)
    if topic.by_record:
        columns = [_key(), Column("kind", CODE, nullable=False), Column("id", CODE, nullable=False)]
        columns += [Column("record", Text, nullable=False), *_place(primary=False)]
    elif topic.compacted:
        columns = [_key(), *_record_columns(topic.records[0]), *_place(primary=False)]
    else:
        columns = [*_place(primary=True), *_record_columns(topic.records[0])]
    return _made(name, columns)


def _key() -> Column[Any]:
    return Column("record_key", CODE, primary_key=True)


def _made(name: str, columns: list[Column[Any]]) -> Table:
    indexes = [Index(f"{name}_by_{'_'.join(dict.fromkeys((by[0], by[-1])))}", *by) for by in _INDEXES.get(name, ())]
    # On SQLite a table with a key of its own is that key's tree, and no second one beside it.
    return Table(name, METADATA, *columns, *indexes, sqlite_with_rowid=False)


def _dead_letters() -> Table:
    columns: list[Column[Any]] = [
        # The input that refused it, and where the dead letter itself lies in `<topic>.dead-letters`.
        Column("topic", CODE, primary_key=True),
        *_place(primary=True),
        Column("record_key", LargeBinary),
        Column("value", LargeBinary),
        Column("headers", Text, nullable=False),  # JSON: [[name, base64 or null], …], the original ones
        Column("decoded", Text),  # JSON form of the value; null where it cannot be decoded
        Column("error_code", CODE, nullable=False),
        Column("error_kind", CODE, nullable=False),
        Column("error_message", Text, nullable=False),
        Column("error_attempt", Integer, nullable=False),
        Column("error_exception", Text),
        Column("error_stacktrace", Text),
        Column("error_partition", Integer),  # where the input's record was
        Column("error_offset", BigInteger),
        Column("refused_at", Milliseconds, nullable=False),  # the dead letter's timestamp
    ]
    return _made("dead_letters", columns)


PROJECTED: Final[tuple[str, ...]] = tuple(
    topic.name
    for topic in MANIFEST.values()
    if topic.kind in ("event", "dead-letters")
    or (topic.kind == "register" and topic.name not in ("ledger-state", "counting-state", "count-positions"))
)
"""The topics that are kept in SQL: all that is public, and what was refused."""

TABLES: Final[dict[str, Table]] = {
    **{name: _table(MANIFEST[name]) for name in PROJECTED if not name.endswith(DEAD_LETTERS)},
    **dict.fromkeys((name for name in PROJECTED if name.endswith(DEAD_LETTERS)), _dead_letters()),
}
"""Topic → table; the dead-letter topics share theirs."""


def table_of(topic: str) -> Table:
    """The table of a topic that is projected; KeyError for others."""
    return TABLES[topic]


def in_stock(lots: Any) -> ColumnElement[bool]:
    """Of lots (columns of `lot_register`) those in stock and not closed: as their indexes have it, to the letter."""
    return and_(lots.stock > literally("0"), ~lots.closed)


def _index_stage_days(lots: Table) -> None:
    for day in STAGE_DAYS:
        where = and_(in_stock(lots.c), lots.c[day].is_not(None))
        Index(f"lot_register_in_stock_by_{day}", lots.c[day], sqlite_where=where, postgresql_where=where)


_index_stage_days(TABLES["lot-register"])

OFFSETS: Final = _made(
    "offsets",
    [
        Column("topic", CODE, primary_key=True),
        Column("partition", Integer, primary_key=True, autoincrement=False),
        Column("next_offset", BigInteger, nullable=False),
        Column("end_offset", BigInteger, nullable=False),  # the partition's end when the projection last looked
        Column("record_time", Milliseconds),  # timestamp of the last record taken
        Column("topic_id", CODE, nullable=False),  # a topic that was deleted and made again has another
        Column("held_because", Text),  # why the record at next_offset cannot be read; null: it is followed
    ],
)

SKIPPED: Final = _made(
    "skipped",
    [
        # Records that cannot be read, and that somebody has decided to do without.
        Column("topic", CODE, primary_key=True),
        Column("partition", Integer, primary_key=True, autoincrement=False),
        Column("offset", BigInteger, primary_key=True, autoincrement=False),
        Column("reason", Text, nullable=False),  # why it could not be read
        Column("skipped_at", Milliseconds, nullable=False),
    ],
)

PROJECTION: Final = _made(
    "projection",
    [
        Column("name", CODE, primary_key=True),  # one row
        Column("state", CODE, nullable=False),  # following, or stopped
        Column("message", Text),  # why it stopped
        Column("looked_at", Milliseconds, nullable=False),  # when it last looked at the topics
        Column("leader", CODE),  # the process that projects; others stand by
        Column("leads_until", Milliseconds),  # unless it says so again, another may take its place then
    ],
)
