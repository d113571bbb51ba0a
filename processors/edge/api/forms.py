"""Rows of the store in their JSON form (`contract.md` §1), and the JSON Schema of every record."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from processors.contract.generated_codec import NEUTRAL
from processors.domain import quantity
from processors.domain.calendar import day_text, time_text
from processors.edge.api.entry import Entry
from processors.edge.store.queries_registers import DEAD_LETTER_TOPIC
from processors.edge.store.sight import HIDDEN

DECIMAL_PATTERN: Final = r"^[+-]?[0-9]{1,12}(\.[0-9]{0,6})?$"


def kind_of(schema: Any) -> str:
    """Avro type of a field without its null: `decimal`, `date`, `timestamp-millis`, `string`, `record` …"""
    if isinstance(schema, list):
        return kind_of(schema[1])
    return str(schema.get("logicalType") or schema["type"]) if isinstance(schema, dict) else str(schema)


def _nested(value: str) -> Any:
    return json.loads(value)


def bytes_text(value: bytes) -> str:
    """A key as text; bytes that are no UTF-8 as `\\x…`."""
    return value.decode("utf-8", "backslashreplace")


_FORMS: Final[dict[str, Callable[[Any], Any]]] = {
    "decimal": quantity.text,
    "date": day_text,
    "timestamp-millis": time_text,
    "array": _nested,
    "map": _nested,
    "record": _nested,
    "bytes": bytes_text,
    "boolean": bool,
}


def item(entry: Entry, row: Mapping[str, Any]) -> dict[str, Any]:
    """One row as the API shows it: its key or id, then its fields."""
    form: dict[str, Any] = {"key": row["record_key"]} if entry.is_register else {"id": place_id(row)}
    for name, schema in entry.columns:
        value = row[name]
        shape = _FORMS.get(kind_of(schema))
        form[name] = shape(value) if shape is not None and value is not None else value
    return form


def place_id(row: Mapping[str, Any]) -> str:
    """What names an event: its partition and offset; a dead letter's begins with its input."""
    place = f"{row['topic_partition']}-{row['topic_offset']}"
    return f"{row['topic']}-{place}" if "error_code" in row else place


def base64_text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def entry_schema(entry: Entry) -> dict[str, Any]:
    """JSON Schema of `item`."""
    name = "key" if entry.is_register else "id"
    what = "The record's key." if entry.is_register else "Its place: partition and offset."
    properties: dict[str, Any] = {name: {"type": "string", "description": what}}
    for field, schema in entry.columns:
        properties[field] = _loose(field, schema) if entry.source in _LOOSE else json_schema(schema)
        if field in HIDDEN.get(entry.source, ()):
            properties[field] = _hidden_or(properties[field])
    return {"type": "object", "required": list(properties), "properties": properties}


def _hidden_or(schema: dict[str, Any]) -> dict[str, Any]:
    """Null too: what is counted blind is hidden from who counts."""
    if "enum" in schema and None not in schema["enum"]:
        schema = {**schema, "enum": [*schema["enum"], None]}
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": list(dict.fromkeys([*kinds, "null"])), "description": "Null also where it is hidden."}


_LOOSE: Final = frozenset(["master-register", DEAD_LETTER_TOPIC])


def _loose(field: str, schema: Any) -> dict[str, Any]:
    """Records of several kinds: any object."""
    if kind_of(schema) == "record":
        return {"type": ["object", "null"], "description": "The record in its JSON form, of whatever kind it is."}
    if kind_of(schema) == "bytes":
        return {"type": ["string", "null"], "description": "The record's key as text."}
    return json_schema(schema)


def record_schema(schema: Any, *, needed: bool) -> dict[str, Any]:
    """JSON Schema of a record. `needed`: as an answer has it, all fields there; else fields with a default may lack."""
    properties = {field["name"]: _described(field, needed=needed) for field in schema["fields"]}
    required = [field["name"] for field in schema["fields"] if needed or "default" not in field]
    form: dict[str, Any] = {"type": "object", "properties": properties}
    if schema.get("doc"):
        form["description"] = schema["doc"]
    if required:
        form["required"] = required
    return form if needed else {**form, "additionalProperties": False}


def _described(field: Mapping[str, Any], *, needed: bool) -> dict[str, Any]:
    form = json_schema(field["type"], needed=needed)
    return {**form, "description": field["doc"]} if field.get("doc") else form


def json_schema(schema: Any, *, needed: bool = True) -> dict[str, Any]:
    """JSON Schema of an Avro type in its JSON form."""
    if isinstance(schema, list):
        form = json_schema(schema[1], needed=needed)
        if "enum" in form:
            return {**form, "type": ["string", "null"], "enum": [*form["enum"], None]}
        return {**form, "type": [form["type"], "null"]}
    match kind_of(schema):
        case "decimal":
            return {"type": "string", "pattern": DECIMAL_PATTERN}
        case "date":
            return {"type": "string", "format": "date"}
        case "timestamp-millis":
            return {"type": "string", "format": "date-time"}
        case "boolean":
            return {"type": "boolean"}
        case "int":
            return {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
        case "long":
            return {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
        case "enum":
            return {"type": "string", "enum": [symbol for symbol in schema["symbols"] if symbol != NEUTRAL]}
        case "bytes":
            return {"type": "string", "contentEncoding": "base64"}
        case "array":
            return {"type": "array", "items": json_schema(schema["items"], needed=needed)}
        case "map":
            return {"type": "object", "additionalProperties": json_schema(schema["values"], needed=needed)}
        case "record":
            return record_schema(schema, needed=needed)
        case _:
            return {"type": "string"}
