"""Parts of a record that are no single value, as JSON text: the form of `contract.md` §1.

One function a type, made once from the schema, that writes the text straight from the value: a general encoder takes
four times as long, and every answer of the ledger has such parts.
"""

from collections.abc import Callable
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any, Final, cast

from processors.domain import quantity
from processors.domain.calendar import day_text, time_text

Text = Callable[[Any], str]

_QUOTED: Final = cast(Text, encode_basestring)
_PLAIN: Final[dict[str, Text]] = {
    "decimal": lambda value: f'"{quantity.text(value)}"',
    "date": lambda value: f'"{day_text(value)}"',
    "timestamp-millis": lambda value: f'"{time_text(value)}"',
    "boolean": lambda value: "true" if value else "false",
    "int": str,
    "long": str,
    "string": _QUOTED,
    "enum": _QUOTED,
}


def json_text(schema: Any) -> Callable[[Any], str | None]:
    """The function that gives the JSON text of a field of this Avro type; None stays None."""
    text = _text(_inner(schema))
    return lambda value: "[]" if value == () else None if value is None else text(value)


def _text(schema: Any) -> Text:
    if isinstance(schema, list):
        inner = _text(_inner(schema))
        return lambda value: "null" if value is None else inner(value)
    if isinstance(schema, str):
        return _PLAIN[schema]
    match schema.get("logicalType") or schema["type"]:
        case "array":
            item = _text(schema["items"])
            return lambda value: f"[{','.join(map(item, value))}]"
        case "record":
            return _record(schema)
        case kind:
            return _PLAIN[kind]


def _record(schema: Any) -> Text:
    fields = schema["fields"]
    assert len(fields) > 1, "attrgetter gives a tuple for several names only"
    values = attrgetter(*(field["name"] for field in fields))
    texts = [_text(field["type"]) for field in fields]
    form = "{{" + ",".join(f'"{field["name"]}":{{}}' for field in fields) + "}}"
    return lambda value: form.format(*[text(part) for text, part in zip(texts, values(value), strict=True)])


def _inner(schema: Any) -> Any:
    return next(branch for branch in schema if branch != "null") if isinstance(schema, list) else schema
