"""Values in their wire form, by the schemas in `schemas/` alone: magic byte, schema id, Avro."""

import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import fastavro

from tests.faults.checker.history import Value

SCHEMAS = Path(__file__).parents[3] / "schemas"
HEAD_BYTES = 5
Paths = dict[str, "Paths | None"]
"""Field of a logical type → None, or (an array of records) the fields of that type in them."""
DAY_MIN, DAY_MAX = (
    date.min.toordinal() - date(1970, 1, 1).toordinal(),
    date.max.toordinal() - date(1970, 1, 1).toordinal(),
)

NUMBER_END = 10**18
"""Decimals have 18 digits, 6 of them behind the point."""


class Unreadable(ValueError):
    """Bytes that are no record of the topic."""


class Wire:
    """Decodes and encodes records; ids come from `ids.lock.json`."""

    def __init__(self, schemas: Path = SCHEMAS) -> None:
        self._ids: dict[str, dict[int, str]] = {}
        """Topic → id → record, as the subjects name them."""
        self._schemas: dict[str, Any] = {}
        self._decimals: dict[str, Paths] = {}
        self._dates: dict[str, Paths] = {}
        locked = json.loads((schemas / "ids.lock.json").read_text())["subjects"]
        for subject, versions in locked.items():
            newest = versions[max(versions, key=int)]
            record = newest["record"]
            topic = subject.removesuffix(f"-{record}" if subject.endswith(f"-{record}") else "-value")
            self._ids.setdefault(topic, {})[newest["id"]] = record
            if record not in self._schemas:
                schema = json.loads((schemas / f"{record}.avsc").read_text())
                self._schemas[record] = fastavro.parse_schema(_plain(schema))
                self._decimals[record] = _logical_fields(schema, "decimal")
                self._dates[record] = _logical_fields(schema, "date")

    def decode(self, topic: str, data: bytes | None) -> Value:
        """The record as plain values: decimals in millionths, days and times as numbers. Raises Unreadable."""
        if data is None or len(data) < HEAD_BYTES or data[0] != 0:
            raise Unreadable("expected a magic byte 0, a schema id and a value")
        record = self._ids[topic].get(int.from_bytes(data[1:HEAD_BYTES], "big"))
        if record is None:
            raise Unreadable(f"no schema of {topic} has the id {int.from_bytes(data[1:HEAD_BYTES], 'big')}")
        stream = io.BytesIO(data)
        stream.seek(HEAD_BYTES)
        try:
            value = fastavro.schemaless_reader(stream, self._schemas[record], None)
        except Exception as failure:
            raise Unreadable(f"not a {record}: {failure}") from failure
        if stream.tell() != len(data):
            raise Unreadable(f"{len(data) - stream.tell()} bytes behind the {record}")
        assert isinstance(value, dict), "every schema is a record's"
        _each(value, self._decimals[record], _number)
        _each(value, self._dates[record], _day)
        return value

    def encode(self, topic: str, record: str, value: Value) -> bytes:
        """The bytes of a record given as plain values; absent fields take their default."""
        id = next(id for id, name in self._ids[topic].items() if name == record)
        stream = io.BytesIO()
        stream.write(b"\0" + id.to_bytes(4, "big"))
        fastavro.schemaless_writer(stream, self._schemas[record], _copied(value, self._decimals[record]))
        return stream.getvalue()


def _plain(schema: Any) -> Any:
    """The schema without logical types: values come as they lie on the wire."""
    if isinstance(schema, dict):
        return {name: _plain(part) for name, part in schema.items() if name != "logicalType"}
    return [_plain(part) for part in schema] if isinstance(schema, list) else schema


def _logical_fields(schema: Any, name: str) -> Paths:
    paths: Paths = {}
    for each in schema["fields"]:
        kinds = each["type"] if isinstance(each["type"], list) else [each["type"]]
        for kind in kinds:
            if not isinstance(kind, dict):
                continue
            if kind.get("logicalType") == name:
                paths[each["name"]] = None
            elif kind["type"] == "array" and isinstance(kind["items"], dict) and kind["items"].get("type") == "record":
                inner = _logical_fields(kind["items"], name)
                if inner:
                    paths[each["name"]] = inner
    return paths


def _each(value: Value, paths: Paths, change: Callable[[Any], Any]) -> None:
    for name, inner in paths.items():
        if value.get(name) is None:
            continue
        if inner is None:
            value[name] = change(value[name])
        else:
            for part in value[name]:
                _each(part, inner, change)


def _day(number: int) -> int:
    if not DAY_MIN <= number <= DAY_MAX:
        raise Unreadable(f"{number} is no day of the years 1 to 9999")
    return number


def _number(data: bytes) -> int:
    number = int.from_bytes(data, "big", signed=True)
    if abs(number) >= NUMBER_END:
        raise Unreadable(f"{number} has more than 18 digits")
    return number


def _decimal(number: int) -> bytes:
    return number.to_bytes((number + (number < 0)).bit_length() // 8 + 1, "big", signed=True)


def _copied(value: Value, paths: Paths) -> Value:
    copy = {
        name: [dict(p) if isinstance(p, dict) else p for p in part] if isinstance(part, list) else part
        for name, part in value.items()
    }
    _each(copy, paths, _decimal)
    return copy
