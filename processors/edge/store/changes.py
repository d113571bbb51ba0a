"""Records as rows: what a batch of one topic's records changes in its table.

Rows are tuples in the order of the table's columns, with values as they stand in records (`column_types`, left side).
Of a register's key only the last record of a batch counts: what was before it is not even decoded.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

from processors.contract.codec import Codec, Undecodable, current_schema
from processors.contract.headers import CODE as ERROR_CODE
from processors.contract.headers import ERRORS_PREFIX, attempt_of, original_headers
from processors.contract.headers import KIND as ERROR_KIND
from processors.contract.json_form import to_json
from processors.contract.manifest import DEAD_LETTERS, MANIFEST, Topic
from processors.contract.reading import ReadRecord
from processors.domain import keys
from processors.domain.master import master_id
from processors.edge.store.json_parts import json_text
from processors.edge.store.tables import is_json, table_name

Row = tuple[Any, ...]
Placed = tuple[int, int, bytes | None, bytes | None]
"""A record of a register or event topic: partition, offset, key, value."""
Fields = Callable[[Any], Row]


@dataclass(slots=True)
class TableChange:
    """New rows of one table (of a register: also in place of old ones) and the keys of rows that are gone."""

    table: str
    rows: list[Row] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Move:
    """How far a batch brings one partition. `record_time`: of its last record (ms UTC), None where it had none."""

    expected: int
    next_offset: int
    end_offset: int
    record_time: int | None


Moves = Mapping[tuple[str, int], Move]
"""(topic, partition) → its move."""


class Unreadable(Exception):
    """A record that is none of its topic, or of a schema that cannot be had; `reason` says which."""

    def __init__(self, topic: str, partition: int, offset: int, reason: str) -> None:
        super().__init__(f"{topic}/{partition}, offset {offset}: {reason}")
        self.topic, self.partition, self.offset, self.reason = topic, partition, offset, reason


class RowMaker:
    """Makes rows of the records of all topics that are kept in SQL. For one thread."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._fields: dict[str, Fields] = {}

    def change(self, topic: str, records: Iterable[Placed]) -> TableChange:
        """What records of a register or an event topic change, in the order in which they came.

        Unreadable: nobody may go on behind that record in its partition, for the topic is written by lotstream alone.
        """
        found = MANIFEST[topic]
        return self._register(found, records) if found.compacted else self._events(found, records)

    def _register(self, topic: Topic, records: Iterable[Placed]) -> TableChange:
        change = TableChange(table_name(topic.name))
        last = {record[2]: record for record in records}
        decode, name, fields = self._codec.decode, topic.name, self._fields_of(topic)
        for partition, offset, key_bytes, value in last.values():
            try:
                key = (key_bytes or b"").decode()
                if value is not None:
                    change.rows.append((key, *fields(decode(name, value)), partition, offset))
            except (Undecodable, UnicodeDecodeError) as error:
                raise Unreadable(name, partition, offset, str(error)) from error
            if not key:
                raise Unreadable(name, partition, offset, "expected a key, as every record of a register has one")
            if value is None:
                change.gone.append(key)
        return change

    def _events(self, topic: Topic, records: Iterable[Placed]) -> TableChange:
        change = TableChange(table_name(topic.name))
        decode, name, fields = self._codec.decode, topic.name, self._fields_of(topic)
        for partition, offset, _, value in records:
            try:
                change.rows.append((partition, offset, *fields(decode(name, value))))
            except Undecodable as error:
                raise Unreadable(name, partition, offset, str(error)) from error
        return change

    def _fields_of(self, topic: Topic) -> Fields:
        fields = self._fields.get(topic.name)
        if fields is None:
            fields = self._fields[topic.name] = _master if topic.by_record else _fields(topic.records[0])
        return fields

    def letters(self, topic: str, records: Iterable[ReadRecord]) -> TableChange:
        """What dead letters add; `topic` is theirs (`movements.dead-letters`)."""
        change = TableChange(table_name(topic))
        change.rows = [self._letter(topic.removesuffix(DEAD_LETTERS), record) for record in records]
        return change

    def _letter(self, topic: str, record: ReadRecord) -> Row:
        told = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
        original = [
            [n, None if v is None else base64.b64encode(v).decode()] for n, v in original_headers(record.headers)
        ]
        return (
            topic,
            record.partition,
            record.offset,
            record.key,
            record.value,
            json.dumps(original, ensure_ascii=False),
            self._decoded(topic, record.value),
            told.get(ERROR_CODE, ""),
            told.get(ERROR_KIND, ""),
            told.get(ERRORS_PREFIX + "message", ""),
            attempt_of(record.headers),
            told.get(ERRORS_PREFIX + "exception"),
            told.get(ERRORS_PREFIX + "stacktrace"),
            _number(told.get(ERRORS_PREFIX + "partition")),
            _number(told.get(ERRORS_PREFIX + "offset")),
            record.time_ms,
        )

    def _decoded(self, topic: str, value: bytes | None) -> str | None:
        try:
            return json.dumps(to_json(self._codec.decode(topic, value)), ensure_ascii=False)
        except Undecodable:
            return None


def _number(text: str | None) -> int | None:
    """A whole number that SQL can hold; None for anything else: whoever wrote the header wrote what they liked."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def _fields(record: type) -> Fields:
    """The values of a record's fields, in order, with JSON text for those that are no single value."""
    fields = current_schema(record)["fields"]
    values: Fields = attrgetter(*(each["name"] for each in fields))
    parts = [(at, json_text(each["type"])) for at, each in enumerate(fields) if is_json(each["type"])]
    if not parts:
        return values

    def with_parts(value: Any) -> Row:
        row = list(values(value))
        for at, text in parts:
            row[at] = text(row[at])
        return tuple(row)

    return with_parts


def _master(record: Any) -> Row:
    """Kind, id and JSON of a master record. The id is what follows the kind in its key."""
    kind, *rest = master_id(record)
    made: type = type(record)
    return kind, keys.join(*rest), _master_text(made)(record)


@lru_cache(maxsize=64)
def _master_text(record: type) -> Callable[[Any], str | None]:
    return json_text(current_schema(record))
